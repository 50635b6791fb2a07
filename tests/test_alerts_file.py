"""The alert rules go by numbers that there are, and each has its page in the runbook."""

import re
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from campaign.models.mail import MailStatus
from tests.factories import bearer, make_campaign

FILE = settings.BASE_DIR / "deploy" / "alerts.yml"
RUNBOOK = (settings.BASE_DIR / "docs" / "operations.md").read_text(encoding="utf-8")
RULES: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["groups"][0]["rules"]


@pytest.fixture
def numbers(client: Client, settings: Settings) -> dict[str, dict[str, set[str]]]:
    """Every number by its name, with its labels and their values."""
    settings.METRICS_TOKEN = "x" * 24
    make_campaign()
    said = client.get("/metrics", headers=bearer(settings.METRICS_TOKEN)).content.decode()
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(said):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_rule_goes_by_numbers_and_labels_that_there_are(
    rule: dict[str, Any], numbers: dict[str, dict[str, set[str]]]
) -> None:
    used = re.findall(r"(petition_\w+)(?:\{([^}]*)\})?", rule["expr"])
    assert used or rule["alert"] == "NoNumbers"
    for name, selectors in used:
        assert name in numbers, f"{rule['alert']}: there is no {name}"
        for label, values in re.findall(r"(\w+)(?:=~?|!=|!~)\"([^\"]*)\"", selectors):
            assert set(values.split("|")) <= numbers[name][label], (name, label, values)
    for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
        by = re.findall(r"by \((\w+)\)", rule["expr"])
        assert label in by or all(label in numbers[name] for name, _selectors in used)


def matching(alert: str, label: str, value: str) -> int:
    """How many parts of a rule watch the series of that label, by Prometheus's own four matchers."""
    [rule] = [rule for rule in RULES if rule["alert"] == alert]
    parts = re.findall(rf"\{{{label}(=~|!~|!=|=)\"([^\"]*)\"\}}", rule["expr"])
    assert parts
    return sum(
        (re.fullmatch(wanted, value) is None) == sign.startswith("!") for sign, wanted in parts
    )


def test_every_scheduled_task_is_watched_for_being_late_by_one_rule(settings: Settings) -> None:
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    for task in [*tasks, "campaign.one_that_comes_later"]:
        name = task.removeprefix("campaign.")
        assert matching("TaskLate", "task", name) + matching("ChoreLate", "task", name) == 1, task


def test_every_queue_is_watched_for_the_age_of_its_oldest_message(settings: Settings) -> None:
    for each in settings.CELERY_TASK_QUEUES:
        assert matching("QueueUntaken", "queue", each.name) == 1, each.name


def test_each_rule_says_how_urgent_it_is_and_has_its_page_in_the_runbook() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names)) > 10
    assert all(rule["labels"]["severity"] in ("page", "ticket") for rule in RULES)
    alerts = RUNBOOK.partition("## Alerts")[2].partition("\n## ")[0]
    assert re.findall(r"^### (\w+)$", alerts, flags=re.MULTILINE) == names


@pytest.mark.django_db
def test_every_number_is_explained_in_the_runbook(
    numbers: dict[str, dict[str, set[str]]],
) -> None:
    explained = set(re.findall(r"`(petition_\w+)(?:\{[^}]*\})?`", RUNBOOK))
    assert {name for name in numbers if not name.endswith("_created")} <= explained
    assert numbers["petition_mails_last_hour"]["status"] == set(MailStatus.values)


def test_the_runbook_names_commands_that_there_are() -> None:
    commands = set(re.findall(r"manage\.py (\w+)", RUNBOOK))
    there = {
        path.stem for path in (settings.BASE_DIR / "campaign/management/commands").glob("*.py")
    }
    assert {"doctor", "backup", "restore"} <= commands
    assert commands <= there | {"migrate"}
