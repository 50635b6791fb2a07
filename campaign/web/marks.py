"""What the mark beside a name means, in plain words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from campaign.models.signature import Evidence

MEANINGS: dict[str, str | Promise] = {
    Evidence.EMAIL: gettext_lazy(
        "Somebody who reads this signer’s mailbox confirmed the signature. It says nothing about "
        "who they are."
    ),
    Evidence.ON_FILE: gettext_lazy(
        "The campaign states that it holds this signer’s own consent, on paper or by letter."
    ),
    Evidence.DOMAIN: gettext_lazy("The signer’s own web site or mail domain confirmed it."),
    Evidence.VOUCHED: gettext_lazy("Somebody whom the campaign knows stands up for this signer."),
    Evidence.STAFF: gettext_lazy("The campaign’s staff have checked who the signer is."),
}
