"""What a signer's own page says: how it stands with the signature, who sees it, and what was done."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import rejections, sites
from campaign.links import Purpose
from campaign.models.campaign import Publication
from campaign.models.evidence import SiteStatus
from campaign.models.signature import STANDING, Evidence, Signature, Status
from campaign.outbox import link_to
from campaign.web.marks import MEANINGS

NOTICES: dict[str, str | Promise] = {
    "unchanged": _("Nothing was changed."),
    "corrected": _("Your corrections are saved."),
    "held": _("Your corrections are saved. A moderator looks at them before they are shown."),
    "show": _("Your name is on the list now, or will be once your signature is published."),
    "hide": _("Your name is no longer shown. Your signature still counts."),
    "member": _("The organisation’s name stands beside yours now."),
    "no-member": _("The organisation’s name no longer stands beside yours."),
    "not-theirs": _("That organisation does not vouch for you any more."),
    "site": _("We look at the site now. Come back to this page in a few minutes."),
    "subscribe": _("You will get the campaign’s news by mail."),
    "unsubscribe": _("You will get no more news by mail."),
}
WILL_SHOW = _(
    "Your name will be shown with your signature, by your choice. Without it, your signature still counts."
)
WILL_COUNT = _("You will be counted without your name.")
UNSEEN: dict[str, str | Promise] = {
    "show": WILL_SHOW,
    "hide": WILL_COUNT,
    "member": _("If your name stands on the list, the organisation’s name stands beside it."),
}
"""The same of what nobody sees: not decided yet, or before the opening, or without its name."""
STANDINGS: dict[str, str | Promise] = {
    Status.PENDING: _("It waits for you to confirm it. Until then nothing of it is published."),
    Status.HELD: _("It is confirmed. A moderator looks at it before it is published."),
    Status.PUBLISHED: _("It is published."),
    Status.REJECTED: _("It was not accepted."),
}
SITES: dict[str, str | Promise] = {
    SiteStatus.WAITING: _("We look for the mark, again and again for a day."),
    SiteStatus.MISSING: _("We have not found the mark within a day."),
    SiteStatus.FOUND: _("We have found the mark. A moderator looks whether the site is yours."),
    SiteStatus.ACCEPTED: _("A moderator has accepted that it is yours."),
    SiteStatus.REFUSED: _("A moderator has not accepted that it is yours."),
}
LOOKED_FOR = (SiteStatus.WAITING, SiteStatus.MISSING)
SITE_ERRORS: dict[str, str | Promise] = {
    "not_answered": _("The site did not answer, over https, with a page."),
    "no_link": _("Its first page has no such link, and there is no such record."),
    "elsewhere": _(
        "Its first page leads to another site: please name that one, or use the record."
    ),
}


def notice_of(done: str, signature: Signature) -> str | Promise:
    """What was done, or nothing, and what is so by that."""
    if signature.status == Status.REJECTED and done in ("show", "hide"):
        done = "corrected"  # by a page from before the decision: neither is so of a rejected one
    is_seen = _seen(signature)["is_listed" if done == "member" else "is_public"]
    return (NOTICES if is_seen else {**NOTICES, **UNSEEN}).get(done, "")


def _seen(signature: Signature) -> dict[str, bool]:
    """What everybody sees of it now: that it counts, and its name; and whether a change hides that."""
    campaign = signature.campaign
    is_public = signature.status == Status.PUBLISHED and campaign.is_visible()
    # As in `signing`: what the campaign stands for beyond a mailbox is looked at again.
    vouched = signature.featured or signature.evidence != Evidence.EMAIL
    reviewed = vouched or campaign.publication == Publication.AFTER_REVIEW
    return {
        "is_public": is_public,
        "is_listed": is_public and signature.show_name,
        "is_reviewed": signature.status == Status.PUBLISHED and reviewed,
        "is_rejected": signature.status == Status.REJECTED,
    }


def _stands(signature: Signature) -> str | Promise:
    is_public = _seen(signature)["is_public"]
    if signature.status == Status.PUBLISHED and not signature.show_name:
        return _("You are counted without your name.") if is_public else WILL_COUNT
    if signature.status == Status.PUBLISHED and not is_public:
        return _("It will be on the list when the statement opens.")
    return STANDINGS[signature.status]


def standing(signature: Signature, language: str) -> dict[str, Any]:
    """How it stands with the signature, in words."""
    rejected, pending = signature.status == Status.REJECTED, signature.status == Status.PENDING
    return {
        "standing": _stands(signature),
        "will_show": WILL_SHOW,
        "will_count": WILL_COUNT,
        **_seen(signature),
        "reason": rejections.find(signature.campaign, signature.rejection_reason).for_signer(
            language
        )
        if rejected
        else "",
        "confirm_url": link_to(Purpose.CONFIRM, signature)
        if pending and signature.campaign.takes_confirmations()
        else "",
        "evidence": Evidence(signature.evidence).label if signature.evidence else "",
        "evidence_means": MEANINGS.get(signature.evidence, ""),
    }


def own_sites(signature: Signature) -> list[dict[str, Any]]:
    """What the signer's own sites are to show, and how it stands with each."""
    if signature.status not in STANDING:
        return []
    return [
        {
            "domain": site.domain,
            "shown": site.shown,
            "standing": SITES[site.status],
            "why": SITE_ERRORS.get(site.error, "") if site.status in LOOKED_FOR else "",
            "looked_for": site.status in LOOKED_FOR,
            "looked_at": site.looked_at,
            "record": sites.record_name(site.domain),
        }
        for site in signature.sites.order_by("pk")
    ]
