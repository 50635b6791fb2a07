"""What tests of organisations that vouch begin with."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from campaign import link_batches, vouchers
from campaign.models import Campaign, LinkBatch, Voucher
from tests.factories import make_user


def make_voucher(campaign: Campaign, name: str = "Actors’ Guild", quota: int = 1000) -> Voucher:
    by = User.objects.filter(username="maker").first() or make_user(username="maker")
    return vouchers.admit(campaign=campaign, name=name, quota=quota, by=by)


def own_user(voucher: Voucher, username: str = "guild") -> User:
    """Somebody who may act for the organisation, and nothing else."""
    user = make_user(username=username)
    user.memberships.create(campaign=voucher.campaign, role="organisation", voucher=voucher)
    return user


def own_page(voucher: Voucher) -> str:
    return f"/admin/campaign/voucher/own/{voucher.pk}/"


def link_for(voucher: Voucher, *emails: str) -> str:
    """The path of the link in the file that the organisation gets back, of its first line."""
    text = "\n".join(["email", *emails]).encode()
    batch = link_batches.order(
        voucher=voucher, label="members", chunks=[text], by=voucher.admitted_by
    )
    link_batches.work()
    found = link_batches.fetch(batch=batch, by=voucher.admitted_by)
    lines = b"".join(found).decode().splitlines()
    found.close()
    link = lines[1].rpartition(",")[2]
    assert link.startswith(settings.BASE_URL), lines[1]
    return link.removeprefix(settings.BASE_URL)


def let_180_days_pass() -> None:
    """Of every list so far. Not by another clock: the next list's file would be as old by it."""
    LinkBatch.objects.update(created_at=timezone.now() - timedelta(days=180, seconds=5))


def member_form(**typed: str) -> dict[str, str]:
    """What a member types on the page of their link."""
    return {
        "action": "sign",
        "name": "Zoë Moreau",
        "email": "zoe@example.org",
        "discipline": "musician",
        "credit": "The Quarry Songs",
        "kind": "person",
        "show_name": "yes",
        "consent": "yes",
        "language": "en",
        **typed,
    }
