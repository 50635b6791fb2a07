"""Why a signature is refused: a campaign's own reasons, or ours, in words for its signer and the public."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.models.campaign import Campaign
from campaign.models.signature import RejectionReason

Text = str | Promise

PUBLIC: dict[str, Text] = {
    RejectionReason.IMPERSONATION: _(
        "We could not confirm that they came from those whose names they gave."
    ),
    RejectionReason.NOT_A_NAME: _("What was given is not a name that we can publish."),
    RejectionReason.NOT_ELIGIBLE: _("They came from others than creators and who stands for them."),
    RejectionReason.DUPLICATE: _("The same signer was on the list already."),
    RejectionReason.CONTENT: _("The text that was given cannot be published."),
}
"""Our reasons for the corrections page; the signer of one reads `RejectionReason`."""


@dataclass(frozen=True)
class Reason:
    """One reason; where the campaign has no words of its own, ours are in the active language."""

    slug: str
    default_language: str
    names: Mapping[str, str] = field(default_factory=dict)
    public: Mapping[str, str] = field(default_factory=dict)

    def for_signer(self, language: str | None) -> Text:
        """What its signer reads, in a language of the campaign."""
        return self._of(self.names, language) or dict(RejectionReason.choices).get(self.slug, "")

    def for_public(self, language: str | None) -> Text:
        """What the corrections page says of all that were refused for it."""
        return self._of(self.public, language) or PUBLIC.get(self.slug, "")

    def _of(self, texts: Mapping[str, str], language: str | None) -> str:
        return texts.get(language or "", "") or texts.get(self.default_language, "")


def offered(campaign: Campaign) -> list[Reason]:
    """The reasons that moderators choose among, in the campaign's order; ours if it has none."""
    first = campaign.default_language
    rows = campaign.rejection_reasons
    if not rows:
        return [Reason(slug, first) for slug in RejectionReason.values]
    return [Reason(row["slug"], first, row["names"], row["public"]["names"]) for row in rows]


def find(campaign: Campaign, slug: str) -> Reason:
    """The reason of that slug; one of ours that the campaign offers no more still has its words."""
    known = (reason for reason in offered(campaign) if reason.slug == slug)
    return next(known, Reason(slug, campaign.default_language))
