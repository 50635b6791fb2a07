"""The app of staff that makes codes, as the product reads it: a table of django-otp's."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("campaign", "0055_password_again"), ("otp_totp", "0003_add_timestamps"))
    operations = (
        migrations.CreateModel(
            name="CodeApp",
            fields=[],
            options={
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("otp_totp.totpdevice",),
        ),
    )
