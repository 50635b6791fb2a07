"""The first rows of the operator's table of mail providers."""

from typing import Any

from django.db import migrations

from campaign.identity_data import PROVIDERS


def add(apps: Any, schema_editor: Any) -> None:
    provider = apps.get_model("campaign", "MailProvider")
    provider.objects.bulk_create(
        provider(domain=domain, canonical_domain=canonical, dots=dots, tag=tag)
        for domain, canonical, dots, tag in PROVIDERS
    )


def remove(apps: Any, schema_editor: Any) -> None:
    domains = [domain for domain, *_rest in PROVIDERS]
    apps.get_model("campaign", "MailProvider").objects.filter(domain__in=domains).delete()


class Migration(migrations.Migration):
    dependencies = (("campaign", "0002_held_by_the_database"),)
    operations = (migrations.RunPython(add, remove),)
