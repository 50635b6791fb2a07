"""Floor F3: the product's templates, rendered and sent one after the other over one connection."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string

from benchmarks.campaign import SLUG
from campaign.models import Signature


def main(number: str, tag: str) -> int:
    """Send so many mails that ask to confirm; no database, no inlining of styles, no note of it."""
    rows = Signature.objects.select_related("campaign", "discipline", "statement__version")
    signature = rows.filter(campaign__slug=SLUG)[0]
    title = signature.statement.title
    server = get_connection()
    server.open()
    for n in range(int(number)):
        token = f"{settings.BASE_URL}/%s/{'x' * 70}{n:08}/"
        context = {
            "signature": signature,
            "campaign": signature.campaign,
            "statement": signature.statement,
            "greeting": f"Signer {n}",
            "reason": "",
            "is_visible": True,
            "campaign_url": f"{settings.BASE_URL}/{SLUG}/",
            "confirm_url": token % "confirm",
            "manage_url": token % "manage",
            "not_me_url": token % "not-me",
        }
        message = EmailMultiAlternatives(
            subject=f"Please confirm your signature: {title}",
            body=render_to_string("mail/confirm.txt", context),
            to=[f"plain-{tag}-{n}@example.org"],
            connection=server,
        )
        message.attach_alternative(render_to_string("mail/confirm.html", context), "text/html")
        server.send_messages([message])
    server.close()
    return int(number)
