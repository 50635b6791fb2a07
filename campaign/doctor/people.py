"""Whether somebody is there who may decide, and nobody gets in by a password alone."""

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from campaign import roles
from campaign.doctor.findings import Finding, fail, wanted, warn
from campaign.models.campaign import CONFIRM_GRACE, Campaign


def superusers() -> Iterator[Finding]:
    everyone = User.objects.filter(is_superuser=True, is_active=True)
    enrolled = TOTPDevice.objects.filter(confirmed=True).values("user")
    without = everyone.exclude(pk__in=enrolled).count()
    nobody = fail("there is no superuser", "run manage.py createsuperuser")
    yield wanted(everyone.exists(), f"{everyone.count()} superusers", nobody)
    if without:
        yield warn(
            f"{without} of them have no second factor", "they should log in and enrol one now"
        )
    if not settings.SECOND_FACTOR_REQUIRED:
        yield fail(
            "a password alone lets staff in", "a production start asks for the second factor"
        )


def moderators() -> Iterator[Finding]:
    """Every campaign that still runs has who may decide, and two where a decision takes two."""
    running = Q(closes_at=None) | Q(closes_at__gt=timezone.now() - CONFIRM_GRACE)
    for campaign in Campaign.objects.filter(running).order_by("slug"):
        n, needed = roles.holders(roles.MODERATE, campaign).count(), 2 if campaign.four_eyes else 1
        said = f"{n} people may moderate {campaign.slug}"
        todo = "invite a moderator on the page of its members"
        if n == 0:
            yield fail(said, todo)
        else:
            yield wanted(n >= needed, said, warn(f"{said}, and protected names take two", todo))
