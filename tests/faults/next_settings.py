"""The settings of the end-to-end tests, with the migrations of a release after this one."""

from tests.e2e.settings import *  # noqa: F403 - a settings module is a namespace

MIGRATION_MODULES = {"campaign": "tests.faults.next_release"}
