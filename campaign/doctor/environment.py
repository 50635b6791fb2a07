"""The settings: secrets, addresses, proxies."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import run_checks

from campaign.doctor.findings import Finding, fail, ok, wanted, warn

LONG = 50
"""Characters of a key; what `django-admin startproject` makes, and Django's own check wants."""


def development() -> Iterator[Finding]:
    if settings.DEVELOPMENT:
        yield warn(
            "this is development, not production",
            "set SECRET_KEY, DATABASE_URL and the other needed variables, and ask again",
        )


def secrets() -> Iterator[Finding]:
    for name in ("SECRET_KEY", "HASH_KEY"):
        key = str(getattr(settings, name))
        good = len(key) >= LONG and len(set(key)) >= 10 and not key.startswith("django-insecure")
        bad = fail(f"{name} can be guessed", "make one: `openssl rand -base64 48`")
        yield wanted(good, f"{name} is long enough", bad)
    if settings.HASH_KEY == settings.SECRET_KEY:
        yield warn(
            "HASH_KEY is SECRET_KEY: with a new one, who erased their data could be imported again",
            "set HASH_KEY to what SECRET_KEY is now, and keep it for ever",
        )


def addresses() -> Iterator[Finding]:
    base = urlsplit(settings.BASE_URL)
    insecure = fail(f"BASE_URL is {settings.BASE_URL}", "links in mails must begin with https://")
    yield wanted(base.scheme == "https", f"BASE_URL is {settings.BASE_URL}", insecure)
    if "*" in settings.ALLOWED_HOSTS:
        yield fail(
            "ALLOWED_HOSTS takes any host", "name the hosts: mails would link to any of them"
        )
    if settings.DEBUG:
        yield fail("DEBUG is on: errors show settings and data to anybody", "unset DEBUG")
    if not settings.METRICS_TOKEN:
        yield warn("nobody reads /metrics", "set METRICS_TOKEN, and alert by deploy/alerts.yml")


def proxies() -> Iterator[Finding]:
    if not settings.TRUSTED_PROXIES:
        yield warn(
            "TRUSTED_PROXIES is empty: behind a proxy all signers share one network and its limits",
            "name the network of the proxy in front",
        )
    for network in settings.TRUSTED_PROXIES:
        if network.prefixlen == 0:
            yield fail(f"TRUSTED_PROXIES trusts everybody ({network})", "name the proxy's network")
        else:
            yield ok(f"proxies in {network} are believed")


def framework() -> Iterator[Finding]:
    """Django's own deployment checks."""
    found = [each for each in run_checks(include_deployment_checks=True) if each.level >= 30]
    for each in found:
        yield warn(f"Django says {each.id}", str(each.msg).splitlines()[0])
    if not found:
        yield ok("Django's deployment checks have nothing to say")
