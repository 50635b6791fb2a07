"""Protected and rejected names as they are folded since points go and vowels that are marks stay."""

from typing import Any

from django.db import migrations

from campaign import blocks, identity


def fold(apps: Any, _editor: Any) -> None:
    """Beside what is stored, which code of before goes on asking for."""
    _protected(apps.get_model("campaign", "ProtectedName"))
    _rejected(apps.get_model("campaign", "Signature"), apps.get_model("campaign", "RejectedName"))


def _protected(rows: Any) -> None:
    changed = []
    for row in rows.objects.order_by("pk"):
        its = identity.skeletons(row.name)
        if not its.issubset(row.skeletons):
            row.skeletons = sorted(its.union(row.skeletons))
            changed.append(row)
    rows.objects.bulk_update(changed, ["skeletons"], batch_size=1000)


def _rejected(signatures: Any, numbers: Any) -> None:
    its = signatures.objects.filter(status="rejected", pk__in=numbers.objects.values("signature"))
    # Locked, or a restoration at this moment would lift the old numbers and leave these.
    named = its.exclude(name="").select_for_update().order_by("pk")
    numbers.objects.bulk_create(
        (
            numbers(campaign_id=campaign, signature_id=pk, key=key)
            for campaign, pk, name in named.values_list("campaign", "pk", "name")
            for key in blocks.keys(name)
        ),
        batch_size=1000,
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = (("campaign", "0066_texts_published_before"),)
    while_old_code_serves = (
        "It locks the signatures that were rejected as impersonations, and each protected name that it"
        " writes, for the second that it takes: no signer waits who is not one of these. It adds and takes"
        " nothing away, so the release before finds what it found. What that writes meanwhile of a name with"
        " points is folded as before: the campaign file is loaded once more afterwards."
    )
    operations = (migrations.RunPython(fold, migrations.RunPython.noop),)
