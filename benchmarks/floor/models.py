"""Plain tables, about as wide as the rows that signing writes, with no index but their key."""

from typing import ClassVar

from django.db import models


class Wide(models.Model):
    """As wide as a signature."""

    public_id = models.CharField(max_length=16)
    campaign = models.BigIntegerField()
    statement = models.BigIntegerField()
    consent = models.BigIntegerField()
    name = models.CharField(max_length=200)
    sort_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    discipline = models.BigIntegerField()
    credit = models.CharField(max_length=200)
    organisation = models.CharField(max_length=200)
    country = models.CharField(max_length=2)
    show_name = models.BooleanField()
    featured = models.BooleanField()
    email = models.CharField(max_length=254)
    canonical_email = models.CharField(max_length=254)
    language = models.CharField(max_length=10)
    newsletter = models.BooleanField()
    source = models.CharField(max_length=60)
    name_fold = models.CharField(max_length=1000)
    sort_key = models.CharField(max_length=1000)
    search = models.TextField()
    details_key = models.CharField(max_length=64)
    status = models.CharField(max_length=10)
    revision = models.IntegerField()
    signed_at = models.DateTimeField(auto_now_add=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["Wide"]] = models.Manager()

    def __str__(self) -> str:
        return self.name


class Narrow(models.Model):
    """As wide as a change of the counts, a mail owed, a slot of the quota."""

    campaign = models.BigIntegerField()
    wide = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=10)
    key = models.CharField(max_length=64)
    n = models.IntegerField()
    shown = models.BooleanField()
    at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["Narrow"]] = models.Manager()

    def __str__(self) -> str:
        return self.kind
