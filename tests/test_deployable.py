"""What a migration may not do while the release before still serves."""

from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models.functions import Lower, Now
from django.utils import timezone
from kombu import Queue
from pytest_django import Settings

from petition.deployable import RELEASED, main, mistakes, of_migration, unheard
from tests.faults.next_release.next_1_columns import NEWEST

TEXT = models.CharField(max_length=200)
CHECK = models.CheckConstraint(condition=models.Q(name__gt="A"), name="next")


def lines(*operations: Operation, **said: str) -> list[str]:
    """What is said of a migration after the newest, with these operations."""
    kind = type("Migration", (migrations.Migration,), {"operations": operations, **said})
    state: Any = MigrationLoader(None).project_state(("campaign", NEWEST))
    return list(of_migration(kind("next", "campaign"), state, set()))


REFUSED = {
    "a column dropped": migrations.RemoveField("signature", "credit"),
    "a table dropped": migrations.DeleteModel("Report"),
    "a column renamed": migrations.RenameField("signature", "credit", "line"),
    "a table renamed": migrations.RenameModel("Report", "Complaint"),
    "a column that every INSERT must name": migrations.AddField(
        "signature", "next", models.CharField(max_length=9, default="")
    ),
    "a column that may not be empty any more": migrations.AlterField(
        "signature", "confirmed_at", models.DateTimeField()
    ),
    "the same, of one that the database fills": migrations.AlterField(
        "signature", "confirmed_at", models.DateTimeField(db_default=Now())
    ),
    "a column that the database fills no more": migrations.AlterField(
        "campaign", "retention_set_at", models.DateTimeField(default=timezone.now)
    ),
    "a column of another name": migrations.AlterField(
        "signature", "name", models.CharField(max_length=200, db_column="title")
    ),
    "a shorter column": migrations.AlterField("signature", "name", models.CharField(max_length=9)),
    "another type": migrations.AlterField("signature", "name", models.TextField()),
    "an index that stops all writing": migrations.AddIndex(
        "signature", models.Index(fields=["credit"], name="next")
    ),
    "an index that comes with a foreign key": migrations.AddField(
        "signature", "next", models.ForeignKey("campaign.Report", models.CASCADE, null=True)
    ),
    "an index that comes with a column that was there": migrations.AlterField(
        "signature", "name", models.CharField(max_length=9999, db_index=True)
    ),
    "a column that is computed for each row": migrations.AddField(
        "signature",
        "next",
        models.GeneratedField(
            expression=Lower("name"), output_field=models.TextField(), db_persist=True
        ),
    ),
    "a CHECK that looks at no row of before": AddConstraintNotValid("signature", CHECK),
    "an index dropped while nobody reads": migrations.RemoveIndex("signature", "next"),
    "an index dropped that is still read by": RemoveIndexConcurrently("signature", "next"),
    "a UNIQUE dropped that an upsert names": migrations.RemoveConstraint("notice", "notice_once"),
    "SQL that nobody answers for": migrations.RunSQL("SELECT 1", "SELECT 1"),
}


@pytest.mark.parametrize("operation", REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused(operation: Operation) -> None:
    [line] = lines(operation)
    assert line.startswith("campaign.next: ")


def test_what_a_sentence_answers_for_is_taken() -> None:
    said = "Reads one row and locks nothing."
    assert lines(migrations.RunSQL("SELECT 1", "SELECT 1"), while_old_code_serves=said) == []


ALLOWED = {
    "a column that may be empty": migrations.AddField(
        "signature", "next", models.CharField(max_length=9, null=True)
    ),
    "a column that the database fills": migrations.AddField(
        "signature", "next", models.CharField(max_length=9, db_default="")
    ),
    "a longer column": migrations.AlterField(
        "signature", "name", models.CharField(max_length=9999)
    ),
    "a foreign key without an index": migrations.AddField(
        "signature",
        "next",
        models.ForeignKey("campaign.Report", models.CASCADE, null=True, db_index=False),
    ),
    "an index made beside the writing": AddIndexConcurrently(
        "signature", models.Index(fields=["credit"], name="next")
    ),
    "a CHECK that binds nobody any more": migrations.RemoveConstraint(
        "signature", "signature_erased_is_empty"
    ),
    "the rows of before looked at": ValidateConstraint("signature", "signature_erased_is_empty"),
}


@pytest.mark.parametrize("operation", ALLOWED.values(), ids=ALLOWED.keys())
def test_it_is_allowed(operation: Operation) -> None:
    assert lines(operation) == []


def test_a_table_of_this_release_may_be_anything() -> None:
    made = migrations.CreateModel("Next", [("id", models.BigAutoField(primary_key=True))])
    filled = migrations.AddField("next", "text", TEXT)
    assert lines(made, filled, migrations.RemoveField("next", "text")) == []


def test_the_migrations_that_the_deploy_of_the_faults_runs_are_taken(settings: Settings) -> None:
    settings.MIGRATION_MODULES = {"campaign": "tests.faults.next_release"}
    assert list(mistakes(RELEASED)) == []


def test_what_came_after_an_old_release_is_told_by_its_names() -> None:
    told = "".join(mistakes("0001_first_release"))
    assert "campaign.0002_held_by_the_database: " in told
    assert "campaign.0001" not in told


# --- What `make check` runs ------------------------------------------------------------------

NEXT = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("campaign", "{newest}")]
    operations = [{operation}]
"""
UNSAFE = 'migrations.RemoveField("signature", "credit")'
SAFE = 'migrations.AddField("signature", "next", models.CharField(max_length=9, null=True))'


@pytest.fixture
def next_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, request: Any
) -> None:
    """The product as it is, and one migration more."""
    (package := tmp_path / f"release_{request.node.callspec.id.lower()}").mkdir()
    (package / "__init__.py").write_text(
        "from campaign import migrations\n__path__ = [*__path__, *migrations.__path__]\n"
    )
    (package / "9999_next.py").write_text(NEXT.format(newest=NEWEST, operation=request.param))
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.MIGRATION_MODULES = {"campaign": package.name}


@pytest.mark.usefixtures("next_release")
@pytest.mark.parametrize(
    ("next_release", "code", "said"),
    [
        pytest.param(UNSAFE, 1, "campaign.9999_next: Remove field credit", id="unsafe"),
        pytest.param(SAFE, 0, "", id="safe"),
    ],
    indirect=["next_release"],
)
def test_the_check_fails_for_the_next_migration_if_it_is_unsafe(
    code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main() == code
    told = capsys.readouterr().err
    assert told.startswith(said)
    assert bool(told) == bool(said)


def test_every_migration_since_the_release_is_safe() -> None:
    assert list(mistakes(RELEASED)) == []


# --- What the messages of the release before name --------------------------------------------


def test_every_task_and_queue_of_the_release_is_there() -> None:
    assert list(unheard()) == []


def test_a_task_that_a_waiting_message_names_may_not_go(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    current_app.loader.import_default_modules()
    monkeypatch.setitem(current_app.tasks, "campaign.folding", current_app.tasks["campaign.fold"])
    monkeypatch.delitem(current_app.tasks, "campaign.fold")
    assert main() == 1
    assert capsys.readouterr().err.startswith("task campaign.fold: ")


def test_a_queue_in_which_messages_wait_may_not_go(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.CELERY_TASK_QUEUES = [Queue("celery"), Queue("mails"), Queue("long")]
    assert main() == 1
    assert capsys.readouterr().err.startswith("queue mail: ")
