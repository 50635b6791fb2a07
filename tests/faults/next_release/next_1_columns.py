"""Columns on the tables that every signer writes, as `docs/operations.md` wants them."""

from pathlib import Path

from django.db import migrations, models

from campaign.migrations import __path__ as released

NEWEST = max(path.stem for path in Path(released[0]).glob("0*.py"))


class Migration(migrations.Migration):
    dependencies = (("campaign", NEWEST),)
    operations = (
        migrations.AddField("signature", "next_note", models.CharField(max_length=200, null=True)),
        migrations.AddField("signature", "next_flag", models.BooleanField(db_default=False)),
        migrations.AddField("mail", "next_flag", models.BooleanField(db_default=False)),
        migrations.CreateModel(
            "NextThing",
            [("id", models.BigAutoField(primary_key=True)), ("at", models.DateTimeField())],
        ),
    )
