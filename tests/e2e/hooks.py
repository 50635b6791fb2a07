"""A webhook of the running product."""

import base64

from tests.e2e.product import Product


def make_hook(product: Product, url: str) -> bytes:
    """Make a webhook for everything of the campaign; its secret."""
    code = (
        "from django.contrib.auth.models import User; from campaign import webhooks;"
        "from campaign.models import Campaign; from campaign.models.webhook import CHOSEN;"
        "by, _made = User.objects.get_or_create(username='hooks');"
        f"hook = webhooks.make(campaign=Campaign.objects.get(slug='art'), url={url!r},"
        " events=CHOSEN, by=by); print(webhooks.secret(hook))"
    )
    shown = product.manage("shell", "--no-imports", "-c", code).split()[-1]
    return base64.b64decode(shown.removeprefix("whsec_"))
