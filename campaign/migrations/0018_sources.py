from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaign", "0017_reports")]

    operations = [
        migrations.AddIndex(
            model_name="signature",
            index=models.Index(
                fields=["campaign", "source", "status"],
                name="signature_source",
                condition=models.Q(("source", ""), _negated=True),
            ),
        )
    ]
