from django.db import migrations, models


class Migration(migrations.Migration):
    """One more kind of mail, and the note that an address got it."""

    dependencies = [
        ("campaign", "0014_events_without_index_by_user"),
    ]

    operations = [
        migrations.AlterField(
            model_name="mail",
            name="kind",
            field=models.CharField(
                choices=[
                    ("confirm", "please confirm"),
                    ("reminder", "please confirm, once more"),
                    ("signed_already", "link to your page"),
                    ("published", "your signature is published"),
                    ("rejected", "your signature was not accepted"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="suppression",
            name="reason",
            field=models.CharField(
                choices=[
                    ("not_me", "said that it wasn't them"),
                    ("erased", "erased their data"),
                    ("rejected", "was rejected, then erased their data"),
                    ("reminded", "got the one reminder"),
                ],
                max_length=20,
            ),
        ),
    ]
