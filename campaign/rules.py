"""Why a confirmed signature waits for a moderator, whatever the campaign's policy says.

Each rule is a small function that looks at one case and says what it finds, with the facts. No rule
rejects anything. A campaign switches rules in its file (`[rules]`); some hold always: see
`docs/decisions/36-rules.md`.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Final, NamedTuple

from disposable_email_domains import blocklist
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import background, blocks, departed, identity, limits, mailboxes, networks, protected
from campaign.background import Background
from campaign.likeness import Way
from campaign.mail_domains import FREE, registrable
from campaign.matcher import Likeness, Matcher, Protected
from campaign.models.campaign import Campaign, Publication
from campaign.models.signature import STANDING, HoldReason, Kind, Signature, Status
from campaign.networks import Reach
from campaign.placeholders import is_placeholder
from campaign.reasons import Finding, is_nearly, looks_like

OF_ADDRESS: Final = frozenset(
    {
        HoldReason.SECOND_NAME,
        HoldReason.REJECTED_BEFORE,
        HoldReason.MAIL_DOMAIN,
        HoldReason.DISPOSABLE,
        HoldReason.MANY,
        HoldReason.LEFT,
    }
)
"""Whose sentences tell something of the address: not for who may not see addresses."""
NAMED: Final = 5
"""Protected names that are named of one signature."""
FROM_ONE_NETWORK: Final = 20
FROM_ONE_SITE: Final = 100
FROM_ONE_DOMAIN: Final = 50
AT_ONCE: Final = timedelta(hours=1)
"""More than so many within an hour is many. Ours: above a household or an office that signs together,
below what is worth a robot's while. A site is a wide network: a /48 has 65,536 narrow ones to come
from, and a /24 of a mobile provider has many people. Off unless a campaign's file names them."""


class Rule(NamedTuple):
    """A rule by the name that it has in a campaign file, and how it stands where the file is silent.

    One whose ``default`` is None holds always, and no file may name it.
    """

    name: str
    find: "Callable[[Case], Iterator[Finding]]"
    label: str | Promise = ""
    default: bool | None = None


class Case:
    """One signature, stored or only tried, with what is known; ``others`` are those of its address."""

    def __init__(
        self, signature: Signature, others: Sequence[Signature], *, counts: bool = False
    ) -> None:
        self.signature = signature
        self.others = others
        self.counts = counts
        """Whether this is the confirmation itself, which the limits count."""

    @cached_property
    def matcher(self) -> Matcher:
        return protected.matcher(self.signature.campaign)

    @cached_property
    def skeletons(self) -> frozenset[str]:
        return identity.skeletons(self.signature.name)

    @cached_property
    def background(self) -> Background:
        return background.of(self.signature, blocks.keys(self.signature.name, self.skeletons))

    @cached_property
    def looks(self) -> list[tuple[Protected, str]]:
        """The protected names that its name, credit or organisation looks like, and which it is."""
        signature = self.signature
        found: dict[int, tuple[Protected, str]] = {}
        for field_name in ("name", "credit", "organisation"):
            text = getattr(signature, field_name)
            if text:
                skeletons = self.skeletons if field_name == "name" else identity.skeletons(text)
                for each in self.matcher.looks(skeletons):
                    found.setdefault(each.pk, (each, field_name))
        return list(found.values())[:NAMED]

    @property
    def domain(self) -> str:
        return mailboxes.domain_of(self.signature.email) if self.signature.email else ""


# --- The rules -------------------------------------------------------------------------------


def protected_name(case: Case) -> Iterator[Finding]:
    for its, where in case.looks:
        yield looks_like(its, where, getattr(case.signature, where))


def near_name(case: Case) -> Iterator[Finding]:
    its = case.signature
    looks = {its.pk for its, _where in case.looks}
    near = case.matcher.near(its.name, its.credit, its.organisation)
    for each in [each for each in near if each.protected.pk not in looks][:NAMED]:
        yield is_nearly(each)


def second_name(case: Case) -> Iterator[Finding]:
    its = case.signature.name_fold
    found = [o for o in case.others if o.status in STANDING and o.name_fold != its]
    if its and found:  # of who withdrew nobody knows whether it was another name
        names = ", ".join(other.name for other in found[:NAMED])
        yield Finding(
            HoldReason.SECOND_NAME,
            _("This address has also signed as: %(names)s."),
            {"names": names},
            signatures=[other.pk for other in found],
        )


def rejected_before(case: Case) -> Iterator[Finding]:
    found = [other.pk for other in case.others if other.rejection_reason]
    if found or case.background.was_rejected:
        yield Finding(
            HoldReason.REJECTED_BEFORE,
            _("A signature of this address was rejected before."),
            signatures=found,
        )


def rejected_name(case: Case) -> Iterator[Finding]:
    if case.background.rejected:
        yield Finding(
            HoldReason.REJECTED_NAME,
            _("Somebody who signed with a name like this was rejected as an impersonation."),
            signatures=case.background.rejected,
        )


def on_list(case: Case) -> Iterator[Finding]:
    if case.background.listed:
        yield Finding(
            HoldReason.ON_LIST,
            _(
                "From another address, somebody of this name stands on the list with another credit."
            ),
            signatures=case.background.listed,
        )


def featured(case: Case) -> Iterator[Finding]:
    if case.signature.featured and case.signature.status == Status.PENDING:
        yield Finding(HoldReason.FEATURED, _("It was brought in to be featured."))


def organisation(case: Case) -> Iterator[Finding]:
    if case.signature.kind == Kind.ORGANISATION:
        text = _("It signs as an organisation: somebody must know that it may.")
        yield Finding(HoldReason.ORGANISATION, text)
    elif case.signature.kind == Kind.GROUP:
        text = _("It signs as a group: somebody must know that it may.")
        yield Finding(HoldReason.ORGANISATION, text)


def represented(case: Case) -> Iterator[Finding]:
    if case.signature.represented:
        yield Finding(HoldReason.REPRESENTED, _("Somebody else signed for them."))


def left(case: Case) -> Iterator[Finding]:
    its = case.signature
    if not _is_brought(its):
        return
    if departed.is_left_alone(its):
        text = _("Its address has erased its data, or said that it didn’t sign.")
        yield Finding(HoldReason.LEFT, text)
    elif departed.withdrew(its.campaign_id, [(its.canonical_email, its.name)]):
        text = _("Somebody of this address withdrew, under a name that reads like this one.")
        yield Finding(HoldReason.LEFT, text)


def name_left(case: Case) -> Iterator[Finding]:
    its = case.signature
    if _is_brought(its) and departed.names_that_left(its.campaign_id, [its.name]):
        yield Finding(
            HoldReason.NAME_LEFT,
            _("Somebody withdrew, or erased their data, under a name like this one."),
        )


def _is_brought(signature: Signature) -> bool:
    """Whether a file brings it, and not its signer: who left may sign again."""
    return signature.status == Status.HELD and HoldReason.IMPORTED in signature.hold_reasons


def mail_domain(case: Case) -> Iterator[Finding]:
    """The address is at a domain that the campaign lists, for others than those that are named.

    No other domain contradicts anything: members of a guild write from wherever they like.
    """
    signature = case.signature
    listed = signature.campaign.organisations
    named = signature.organisation if signature.kind == Kind.PERSON else signature.name
    owners = [each["name"] for each in listed if case.domain in each["domains"]] if listed else []
    fold = identity.search_fold(named)
    if owners and fold and fold not in map(identity.search_fold, owners):
        yield Finding(
            HoldReason.MAIL_DOMAIN,
            _("Its mail domain %(domain)s belongs to %(owner)s, and it names %(named)s."),
            {"domain": case.domain, "owner": owners[0], "named": named},
        )


def disposable(case: Case) -> Iterator[Finding]:
    parts = case.domain.split(".")
    above = (".".join(parts[n:]) for n in range(len(parts) - 1))
    if any(domain in blocklist for domain in above):
        yield Finding(
            HoldReason.DISPOSABLE,
            _("%(domain)s gives mailboxes to throw away."),
            {"domain": case.domain},
        )


def no_name(case: Case) -> Iterator[Finding]:
    if case.signature.kind == Kind.PERSON and is_placeholder(case.signature.name):
        yield Finding(HoldReason.NO_NAME, _("It may be a placeholder, or a row of the keyboard."))


def network(case: Case) -> Iterator[Finding]:
    if not case.counts:
        return
    since = timezone.now() - AT_ONCE
    for reach, limit in ((Reach.NARROW, FROM_ONE_NETWORK), (Reach.WIDE, FROM_ONE_SITE)):
        if networks.number_since(case.signature, since, reach=reach, at_most=limit) == limit:
            text = _("More than %(number)s confirmed from its network within an hour.")
            yield _many(text, limit)
            return


def domain(case: Case) -> Iterator[Finding]:
    its = case.domain
    if not case.counts or not its or its in FREE:
        return
    bucket = f"domain:{case.signature.campaign_id}:{registrable(its)}"
    seconds = int(AT_ONCE.total_seconds())
    if not limits.take(bucket, limit=FROM_ONE_DOMAIN, seconds=seconds).allowed:
        text = _("More than %(number)s confirmed from its mail domain within an hour.")
        yield _many(text, FROM_ONE_DOMAIN)


def _many(text: str | Promise, limit: int) -> Finding:
    return Finding(HoldReason.MANY, text, {"number": limit})


RULES: Final = (
    Rule("protected_name", protected_name, _("Protected names")),
    Rule("near_name", near_name, _("Names that are nearly a protected one"), True),
    Rule("second_name", second_name, _("A second name from one address")),
    Rule("rejected_before", rejected_before, _("Addresses that were rejected before")),
    Rule("rejected_name", rejected_name, _("Names like one that was rejected as false"), True),
    Rule("on_list", on_list, _("Names on the list already, with another credit"), True),
    Rule("featured", featured, _("Signers who are brought in to be featured"), True),
    Rule("organisation", organisation, _("Organisations and groups")),
    Rule("represented", represented, _("Who was signed for by somebody else")),
    Rule("left", left, _("Addresses that left, and are brought back by a file")),
    Rule("name_left", name_left, _("Names that left, and are brought back by a file")),
    Rule("mail_domain", mail_domain, _("Mail domains of another organisation"), True),
    Rule("disposable", disposable, _("Mailboxes to throw away"), True),
    Rule("no_name", no_name, _("What may be no name"), True),
    Rule("network", network, _("Many from one network within an hour"), False),
    Rule("domain", domain, _("Many from one mail domain within an hour"), False),
)


# --- What they say together ------------------------------------------------------------------


def hold_reasons(signature: Signature, others: Sequence[Signature]) -> list[str]:
    """Every reason to hold it, [] for none; ``others`` are the other signatures of its address.

    Asked of a pending one it is the confirmation itself, which the limits count.
    """
    case = Case(signature, others, counts=signature.status == Status.PENDING)
    reasons = [str(finding.reason) for finding in _findings(case)]
    if signature.campaign.publication == Publication.AFTER_REVIEW:
        reasons.append(HoldReason.REVIEW)
    return list(dict.fromkeys(reasons))


def explain(signature: Signature) -> list[Finding]:
    """What the rules say of a signature now, and what else holds it, each in a sentence.

    A reason that it is held for, and no rule finds any more, says what it said. Changes nothing.
    """
    now = try_out(signature)
    found = {finding.reason for finding in now}
    held_for = map(HoldReason, signature.hold_reasons)
    others = [Finding(each, f"{each.label}.") for each in held_for if each not in found]
    return now + others


def try_out(signature: Signature) -> list[Finding]:
    """What the rules say of a signature, stored or only thought of; reads alone."""
    others: list[Signature] = []
    if signature.canonical_email:
        rows = Signature.objects.filter(
            campaign=signature.campaign_id, canonical_email=signature.canonical_email
        )
        others = list(rows.exclude(pk=signature.pk).defer("search"))
    return list(_findings(Case(signature, others)))


def rule_is_on(name: str, campaign: Campaign) -> bool:
    """Whether the rule of that name holds in a campaign."""
    return is_on(next(rule for rule in RULES if rule.name == name), campaign)


def is_on(rule: Rule, campaign: Campaign) -> bool:
    """Whether a rule holds in a campaign."""
    return rule.default is None or bool(campaign.rules.get(rule.name, rule.default))


def _findings(case: Case) -> Iterator[Finding]:
    for rule in RULES:
        if is_on(rule, case.signature.campaign):
            yield from rule.find(case)


def left_reasons(signature: Signature) -> list[HoldReason]:
    """Why an imported one is not released, for somebody who has left; its address is locked."""
    case = Case(signature, [])
    return [finding.reason for rule in (left, name_left) for finding in rule(case)]


# --- Protected names alone -------------------------------------------------------------------


def matching_names(signatures: Sequence[Signature]) -> list[list[Protected]]:
    """For each of these signatures the protected names that it looks like, or nearly is."""
    return [[each.protected for each in found] for found in likenesses(signatures)]


def name_reasons(signatures: Sequence[Signature]) -> list[list[HoldReason]]:
    """For each of these signatures why its name alone holds it."""
    return [list(dict.fromkeys(map(reason, found))) for found in likenesses(signatures)]


def likenesses(signatures: Sequence[Signature]) -> list[list[Likeness]]:
    """For each the protected names that it looks like in name, credit or organisation, or nearly is."""
    prefetch_related_objects(signatures, "campaign")
    return [
        [finding.likeness for finding in _about_names(signature) if finding.likeness is not None]
        for signature in signatures
    ]


def _about_names(signature: Signature) -> Iterator[Finding]:
    case = Case(signature, [])
    for rule in RULES:
        if rule.find in (protected_name, near_name) and is_on(rule, signature.campaign):
            yield from rule.find(case)


def reason(likeness: Likeness) -> HoldReason:
    """Why a likeness holds."""
    return HoldReason.PROTECTED_NAME if likeness.way is Way.LOOKS else HoldReason.NEAR_NAME
