"""The Celery application of worker, scheduler and every process that enqueues."""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")

app = Celery("petition")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["campaign"])


@setup_logging.connect
def leave_logging(**_: object) -> None:
    """Keep the logging of the settings: Celery's own would write lines of another form beside it."""
