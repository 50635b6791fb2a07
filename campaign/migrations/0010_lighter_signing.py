import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("campaign", "0009_idempotency"),)
    operations = (
        migrations.AlterField(
            model_name="mail",
            name="campaign",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="campaign.campaign",
            ),
        ),
        migrations.AlterField(
            model_name="mailquota",
            name="campaign",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="campaign.campaign",
            ),
        ),
        migrations.AlterField(
            model_name="tallychange",
            name="campaign",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="campaign.campaign",
            ),
        ),
        migrations.AlterField(
            model_name="signature",
            name="batch",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="campaign.importbatch",
            ),
        ),
        migrations.AddIndex(
            model_name="signature",
            index=models.Index(
                condition=models.Q(("batch__isnull", False)),
                fields=["batch"],
                name="signature_batch",
            ),
        ),
    )
