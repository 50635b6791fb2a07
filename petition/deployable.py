"""Whether the database can be migrated while the release before still serves.

    python -m petition.deployable

Part of `make check`. The rule (docs/operations.md, Deploys): expand, then migrate what is there, then
contract, each in a release of its own. Looked at is every migration after `RELEASED`. What none of the
rules can know, a migration says in a sentence, ``while_old_code_serves``, and answers for.
"""

import sys
from collections.abc import Iterator, Sequence

import django
from django.contrib.postgres import operations as postgres
from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

RELEASED = "0051_retention_set_at"
"""The last migration that serves somewhere. It moves with each release (docs/operations.md, Deploys).

Those up to here are of before the first deployment: no old code was serving while they ran.
"""

GONE = (
    operations.RemoveField,
    operations.DeleteModel,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
)
LOCKING = (operations.AddIndex, operations.AddConstraint, operations.AlterUniqueTogether)
CONCURRENT = (postgres.AddIndexConcurrently, postgres.AddConstraintNotValid)
WAITING = "nobody can write while it looks at each row; AddIndexConcurrently, or NOT VALID"


def main() -> int:
    django.setup()
    refused = list(mistakes(RELEASED))
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
        return "the release before still reads it; drop it in the one after its last use"
    if isinstance(operation, operations.AddField):
        return _addition(operation.field)
    if isinstance(operation, operations.AlterField):
        old = state.models["campaign", model].get_field(operation.name)
        return _narrowing(old, operation.field)
    if isinstance(operation, LOCKING) and not isinstance(operation, CONCURRENT):
        return WAITING
    if isinstance(operation, (operations.RunSQL, operations.RunPython)):
        return "say in while_old_code_serves what it locks, and for how long"
    return ""


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
    if old.null and not new.null and not new.has_db_default():
        return "the release before still writes NULL"
    if old.get_internal_type() != new.get_internal_type():
        return "another type rewrites the table; add a column"
    if (old.max_length or 0) > (new.max_length or sys.maxsize):
        return "the release before still writes longer ones"
    if _is_indexed(new) and not _is_indexed(old):
        return WAITING
    return ""


if __name__ == "__main__":
    sys.exit(main())
