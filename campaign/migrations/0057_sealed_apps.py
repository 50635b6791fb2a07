"""The secrets of the apps that staff have enrolled, sealed; and unsealed all the way back."""

from typing import Any

from django.db import migrations

from campaign import vault

PLAIN = 20
"""Bytes of a secret that is not sealed."""


def seal(apps: Any, _editor: Any) -> None:
    for app in _rows(apps):
        if len(secret := bytes.fromhex(app.key)) == PLAIN:
            _write(app, vault.seal(secret, about=f"totp {app.user_id}"))


def unseal(apps: Any, _editor: Any) -> None:
    for app in _rows(apps):
        if len(sealed := bytes.fromhex(app.key)) == PLAIN + vault.LONGER:
            secret = vault.unseal(sealed, about=f"totp {app.user_id}")
            # Under another HASH_KEY nobody can read it: its user needs a new one anyway.
            if secret is not None:
                _write(app, secret)


def _rows(apps: Any) -> Any:
    return apps.get_model("otp_totp", "TOTPDevice").objects.select_for_update().order_by("pk")


def _write(app: Any, key: bytes) -> None:
    app.key = key.hex()
    app.save(update_fields=["key"])


class Migration(migrations.Migration):
    dependencies = (("campaign", "0056_code_app"),)
    while_old_code_serves = (
        "It locks the rows of the apps of staff while it seals each: milliseconds, and no signer waits. A"
        " process of the release before then finds each of their codes wrong until it is gone: who logs in"
        " during the deploy tries again, or uses a recovery code. What it enrols stays plain until its next"
        " code."
    )
    operations = (migrations.RunPython(seal, unseal),)
