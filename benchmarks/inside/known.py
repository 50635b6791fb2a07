"""Whom the database knows: signers, entries of the list, and members of staff."""

from typing import Any

from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User

from benchmarks.campaign import SLUG
from campaign.models import Signature

STAFF = 60


def main(number: str) -> dict[str, Any]:
    """So many listed signers, drawn at random, as (name, address, public id); names of staff."""
    listed = Signature.objects.filter(campaign__slug=SLUG, status="published", show_name=True)
    drawn = listed.order_by("?").values_list("name", "email", "public_id")[: int(number)]
    names = [f"staff{n}" for n in range(STAFF)]
    password = MD5PasswordHasher().encode("a quarry song", "of quarries")  # see login_settings
    User.objects.bulk_create(
        User(username=name, password=password, is_staff=True) for name in names
    )
    return {"signers": list(drawn), "staff": names}
