"""The two floors of the web: F1 answers a constant, F2 writes and tells the worker."""

import json
import os

from celery import Celery
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from benchmarks.floor.models import Narrow, Wide

CONSTANT = json.dumps({"published": 1_000_000, "padding": "x" * 163}).encode()
assert len(CONSTANT) == 200
# As many rows as one signing writes in the product that is measured.
ROWS = int(os.environ.get("FLOOR_ROWS", "4"))

queue = Celery("floor")
queue.config_from_object(settings, namespace="CELERY")


def constant(request: HttpRequest) -> HttpResponse:
    return HttpResponse(CONSTANT, content_type="application/json")


def write(request: HttpRequest) -> HttpResponse:
    typed = json.loads(request.body)
    name, email = typed["name"], typed["email"]
    with transaction.atomic():
        wide = Wide.objects.create(
            public_id="0123456789abcdef",
            campaign=1,
            statement=1,
            consent=1,
            name=name,
            sort_name="",
            kind=typed["kind"],
            discipline=1,
            credit=typed["credit"],
            organisation="",
            country=typed["country"],
            show_name=True,
            featured=False,
            email=email,
            canonical_email=email,
            language=typed["language"],
            newsletter=False,
            source="",
            name_fold=name,
            sort_key=name,
            search=f"{name} {typed['credit']}",
            details_key="0" * 64,
            status="pending",
            revision=1,
        )
        for _ in range(ROWS - 1):
            Narrow.objects.create(
                campaign=1,
                wide=wide.pk,
                kind="confirm",
                state="received",
                key="0" * 64,
                n=1,
                shown=True,
            )
    queue.send_task("floor.noted")
    return JsonResponse({"status": "noted"}, status=202)


urlpatterns = [path("constant/", constant), path("write/", write)]
