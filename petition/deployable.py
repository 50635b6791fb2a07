"""Whether a release can come in while the one before still serves.

    python -m petition.deployable

Part of `make check`. The rule (docs/operations.md, Deploys): expand, then migrate what is there, then
contract, each in a release of its own. Looked at is every migration after `RELEASED`. What none of the
rules can know, a migration says in a sentence, ``while_old_code_serves``, and answers for. Messages of
the release before are still waiting as well: the `TASKS` that they name and the `QUEUES` that they wait
in must be there.
"""

import sys
from collections.abc import Iterator, Sequence

import django
from celery import current_app
from django.conf import settings
from django.contrib.postgres import operations as postgres
from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

RELEASED = "0003_mail_providers"
"""The last migration that serves somewhere. It moves with each release (docs/operations.md, Deploys).

Those up to here are of before the first deployment: no old code was serving while they ran.
"""
TASKS = (
    *("campaign.deliver", "campaign.sweep", "campaign.dispatch", "campaign.ring"),
    *("campaign.milestones", "campaign.release", "campaign.look_at_sites", "campaign.fold"),
    *("campaign.remind", "campaign.expire", "campaign.empty", "campaign.remove"),
    *("campaign.export", "campaign.take_uploads", "campaign.freeze_print_lists"),
    *("campaign.links", "campaign.search_names", "campaign.unvouch"),
)
"""The tasks of the release that `RELEASED` is of, and no newer ones; they move with it."""
QUEUES = ("celery", "mail", "long")
"""Its queues; they move with it too."""

GONE = (
    operations.RemoveField,
    operations.DeleteModel,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
)
LOCKING = (operations.AddIndex, operations.AddConstraint, operations.AlterUniqueTogether)
READ = "the release before still reads it; drop it in the one after its last use"
WAITING = "nobody can write while it looks at each row; AddIndexConcurrently, or NOT VALID"
BINDING = "it binds the release before too; say in while_old_code_serves why that keeps it"


def main() -> int:
    django.setup()
    refused = [*mistakes(RELEASED), *unheard()]
    for line in refused:
        sys.stderr.write(f"{line}\n")
    return 1 if refused else 0


def mistakes(released: str) -> Iterator[str]:
    """A line for each operation after that migration which code of that release doesn't survive.

    Raises KeyError when there is no migration of that name.
    """
    loader = MigrationLoader(None)
    before = loader.graph.forwards_plan(("campaign", released))
    state: ProjectState = loader.project_state(("campaign", released))
    made: set[str] = set()
    for leaf in loader.graph.leaf_nodes("campaign"):
        for key in loader.graph.forwards_plan(leaf):
            if key not in before:
                migration = loader.graph.nodes[key]
                yield from of_migration(migration, state, made)
                state = migration.mutate_state(state)


def unheard() -> Iterator[str]:
    """A line for each task and queue of the release whose waiting messages nobody would take."""
    current_app.loader.import_default_modules()
    for task in sorted({*TASKS} - {*current_app.tasks}):
        yield f"task {task}: a worker throws away the messages that still name it; keep it for a release"
    for queue in sorted({*QUEUES} - {queue.name for queue in settings.CELERY_TASK_QUEUES}):
        yield f"queue {queue}: nobody takes the messages that still wait in it; keep it for a release"


def of_migration(migration: Migration, state: ProjectState, made: set[str]) -> Iterator[str]:
    """The mistakes of one; ``made`` are the models that are new since the release."""
    answered = getattr(migration, "while_old_code_serves", "")
    state = state.clone()
    for operation in _flat(migration.operations):
        if isinstance(operation, operations.CreateModel):
            made.add(operation.name_lower)
        elif (why := _refusal(operation, state, made)) and not answered:
            yield f"{migration.app_label}.{migration.name}: {operation.describe()}: {why}"
        operation.state_forwards(migration.app_label, state)


def _flat(every: Sequence[Operation]) -> Iterator[Operation]:
    for operation in every:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        else:
            yield operation


def _refusal(operation: Operation, state: ProjectState, made: set[str]) -> str:
    """Why code that doesn't know of this operation fails, or its signers wait; '' if they don't."""
    model = getattr(operation, "model_name_lower", getattr(operation, "name_lower", ""))
    if model in made:
        return ""
    if isinstance(operation, GONE):
        return READ
    if isinstance(operation, operations.AddField):
        return _addition(operation.field)
    if isinstance(operation, operations.AlterField):
        old = state.models["campaign", model].get_field(operation.name)
        return _narrowing(old, operation.field)
    if isinstance(operation, operations.RemoveIndex):
        return _unindexing(operation)
    if isinstance(operation, operations.RemoveConstraint):
        return _unbinding(state.models["campaign", model].get_constraint_by_name(operation.name))
    if isinstance(operation, postgres.AddConstraintNotValid):
        return BINDING
    if isinstance(operation, LOCKING) and not isinstance(operation, postgres.AddIndexConcurrently):
        return WAITING
    if isinstance(operation, (operations.RunSQL, operations.RunPython)):
        return "say in while_old_code_serves what it locks, and for how long"
    return ""


def _unindexing(operation: operations.RemoveIndex) -> str:
    if isinstance(operation, postgres.RemoveIndexConcurrently):
        return "the release before may still read by it; say in while_old_code_serves who did"
    return "nobody can read or write meanwhile; RemoveIndexConcurrently, after its last reader"


def _unbinding(constraint: models.BaseConstraint) -> str:
    """A CHECK that goes lets more in; a UNIQUE that goes takes the index that an upsert names."""
    if isinstance(constraint, models.CheckConstraint):
        return ""
    return "INSERT ... ON CONFLICT of the release before still names it"


def _addition(field: models.Field) -> str:  # type: ignore[type-arg]
    if field.many_to_many:
        return ""  # a table of its own
    if field.generated:
        return "nobody can read or write while PostgreSQL computes it for each row"
    if not (field.null or field.has_db_default()):
        return "its INSERTs don't name the column; null=True or db_default"
    return WAITING if _is_indexed(field) else ""


def _is_indexed(field: models.Field) -> bool:  # type: ignore[type-arg]
    """Whether the column gets an index of its own; a foreign key does, unless told otherwise."""
    return field.unique or getattr(field, "db_index", False)


def _narrowing(old: models.Field, new: models.Field) -> str:  # type: ignore[type-arg]
    if old.null and not new.null:
        # Django names every column in its INSERTs: no default of the database takes the place of a NULL.
        return "the release before still writes NULL, and nobody can write while rows are looked at"
    if old.has_db_default() and not (new.has_db_default() or old.has_default() or new.null):
        return "the release before leaves it to the database to fill"
    if old.db_column != new.db_column:
        return READ
    if old.get_internal_type() != new.get_internal_type():
        return "another type rewrites the table; add a column"
    if (old.max_length or 0) > (new.max_length or sys.maxsize):
        return "the release before still writes longer ones"
    if _is_indexed(new) and not _is_indexed(old):
        return WAITING
    return ""


if __name__ == "__main__":
    sys.exit(main())
