"""The settings of production, with hashed static files in the run's own folder."""

from petition.settings import *  # noqa: F403 - a settings module is a namespace
from petition.settings import RUN_DIR, STORAGES

STATIC_ROOT = RUN_DIR / "static"
STORAGES["staticfiles"]["BACKEND"] = "tests.e2e.storage.Storage"

# The receivers of these tests live on this machine.
OUTBOUND_PRIVATE = True
