"""The Django project: wiring only, no rule of the product."""

from petition.celery import app as celery_app

__all__ = ["celery_app"]
