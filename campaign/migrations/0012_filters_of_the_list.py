"""Indexes for the filters of the public list, in the place of one that every signing paid for."""

import django.db.models.deletion
from django.db import migrations, models

LISTED = models.Q(("show_name", True), ("status", "published"))


def _index(name: str, fields: list[str], condition: models.Q) -> migrations.AddIndex:
    index = models.Index(condition=condition, fields=fields, name=name)
    return migrations.AddIndex(model_name="signature", index=index)


class Migration(migrations.Migration):
    dependencies = (("campaign", "0011_corrections"),)
    operations = (
        migrations.AlterField(
            "signature",
            "discipline",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="campaign.discipline",
            ),
        ),
        _index("signature_country", ["campaign", "country"], LISTED),
        _index("signature_discipline", ["campaign", "discipline"], LISTED),
        _index(
            "signature_kind",
            ["campaign", "kind"],
            models.Q(("show_name", True), ("status", "published"), ~models.Q(("kind", "person"))),
        ),
        _index(
            "signature_evidence",
            ["campaign", "evidence"],
            models.Q(
                ("show_name", True), ("status", "published"), ~models.Q(("evidence", "email"))
            ),
        ),
    )
