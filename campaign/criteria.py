"""Which signatures a rule means: chosen by what they are, never by a program that somebody types.

A name is chosen by its folded text with * for anything: no regular expression of a stranger's runs here,
and LIKE over a name of 200 characters ends at once.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final, Self

from django.db.models import BooleanField, F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import identity, mailboxes, networks
from campaign.errors import FieldError, InvalidInput
from campaign.models.campaign import Campaign
from campaign.models.signature import Evidence, Kind, Signature, Status
from campaign.networks import Reach

STANDING: Final = (Status.PUBLISHED, Status.HELD)
"""What a rule can remove."""
STARS = 5
LETTERS = 2
"""A name needs as many beside its stars; fewer mean nearly everybody."""
PROBLEMS: dict[str, str | Promise] = {
    "nothing": _("Choose at least one thing: a rule for everybody would empty the list."),
    "status": _("Choose at least one: published or held."),
    "window": _("This is not after the beginning."),
    "network": _("There is no signature of this campaign with that id."),
    "forgotten": _(
        "The network of that signature is not known: it is kept for 30 days, and of imports and "
        "programs there is none."
    ),
    "domain": _("This is not a mail domain. It looks like example.org."),
    "discipline": _("The campaign has no such discipline."),
    "letters": _("Use at least two letters besides *."),
    "stars": _("Use * five times at most."),
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What must all be true of a signature. Empty means any; times are those of its confirmation.

    ``network_of`` is the public id of a signature that came from the network that is meant, ``reach`` how
    near to it; ``name`` the whole name, with * for anything. ``known`` takes those too who are featured or
    whose evidence is more than a mailbox.
    """

    statuses: tuple[str, ...] = STANDING
    since: datetime | None = None
    until: datetime | None = None
    network_of: str = ""
    reach: str = Reach.NARROW
    domain: str = ""
    discipline: str = ""
    kind: str = ""
    evidence: str = ""
    name: str = ""
    known: bool = False

    def stored(self) -> dict[str, Any]:
        """As JSON has it; times in UTC."""
        times = {"since": self.since, "until": self.until}
        return {
            **asdict(self),
            "statuses": list(self.statuses),
            **{name: at.isoformat() if at else None for name, at in times.items()},
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """A rule as `stored` wrote it."""
        typed = {each.name: stored[each.name] for each in fields(cls) if each.name in stored}
        for name in ("since", "until"):
            typed[name] = datetime.fromisoformat(typed[name]) if typed.get(name) else None
        return cls(**{**typed, "statuses": tuple(typed["statuses"])})

    def chosen(self) -> list[str]:
        """The names of what it chooses by, beside the statuses."""
        return [name for name in _CHOICES if getattr(self, name)]


_CHOICES = ("since", "until", "network_of", "domain", "discipline", "kind", "evidence", "name")


def checked(campaign: Campaign, rule: Rule) -> Rule:
    """The rule as it can be carried out, its domain in the form that is stored. Raises InvalidInput."""
    errors: dict[str, str] = {}
    if not rule.chosen():
        errors["rule"] = "nothing"
    if not rule.statuses or not set(rule.statuses) <= set(STANDING):
        errors["statuses"] = "status"
    if rule.since and rule.until and rule.until <= rule.since:
        errors["until"] = "window"
    if rule.network_of and (problem := _network_problem(campaign, rule.network_of)):
        errors["network_of"] = problem
    domain = _domain(rule.domain)
    if rule.domain and not domain:
        errors["domain"] = "domain"
    if rule.discipline and not campaign.disciplines.filter(slug=rule.discipline).exists():
        errors["discipline"] = "discipline"
    if rule.name and (problem := _name_problem(rule.name)):
        errors["name"] = problem
    if errors:
        raise InvalidInput(
            [FieldError(name, code, str(PROBLEMS[code])) for name, code in errors.items()]
        )
    return Rule(**{**vars(rule), "domain": domain})


def _network_problem(campaign: Campaign, public_id: str) -> str:
    found = Signature.objects.filter(campaign=campaign, public_id=public_id)
    pk = found.values_list("pk", flat=True).first()
    if pk is None:
        return "network"
    return "" if networks.of_signature(pk) else "forgotten"


def _domain(typed: str) -> str:
    """The domain as addresses are stored with it, '' if no address can have it."""
    if not typed:
        return ""
    try:
        address = mailboxes.parse_address("x@" + typed.strip().removeprefix("@"))
    except mailboxes.AddressError:
        return ""
    return address.partition("@")[2]


def _name_problem(typed: str) -> str:
    if typed.count("*") > STARS:
        return "stars"
    letters = sum(len(part.strip()) for part in _parts(typed))
    return "" if letters >= LETTERS else "letters"


def _parts(typed: str) -> list[str]:
    """What stands between the stars, folded as names are.

    A space beside a star is one of the name: "Ann *" takes no Annika, "* Lee" no Ashlee.
    """
    # The fold takes the spaces off both ends; what the hyphens enclose has none there.
    fenced = [identity.search_fold(part) for part in typed.replace("*", "-*-").split("*")]
    last = len(fenced) - 1
    return [part[place > 0 : len(part) - (place < last)] for place, part in enumerate(fenced)]


# --- As the database asks it -----------------------------------------------------------------


def matching(campaign: Campaign, rule: Rule) -> QuerySet[Signature]:
    """Those of the campaign that the rule means, `is_known` ones among them."""
    found = Signature.objects.filter(still(campaign, rule), campaign=campaign)
    if rule.since:
        # No index has the time of confirmation; between them these two have that of the last change,
        # which is no earlier.
        listed = Q(listed_at__isnull=False, updated_at__gte=rule.since)
        found = found.filter(
            listed
            | Q(listed_at__isnull=True, confirmed_at__isnull=False, updated_at__gte=rule.since)
        )
    if rule.network_of:
        # A network never changes, it is only forgotten: asked once, and not before each move.
        pk = Signature.objects.get(campaign=campaign, public_id=rule.network_of).pk
        network = networks.of_signature(pk)
        if network is None:
            return found.none()
        rows = networks.rows(campaign.pk, network, Reach(rule.reach))
        found = found.filter(pk__in=rows.values("pk"))
    return found


def still(campaign: Campaign, rule: Rule) -> Q:
    """What can change of a signature between the look and the move."""
    condition = Q(status__in=rule.statuses)
    if rule.since:
        condition &= Q(confirmed_at__gte=rule.since)
    if rule.until:
        condition &= Q(confirmed_at__lt=rule.until)
    if rule.domain:
        condition &= Q(email__endswith="@" + rule.domain)
    if rule.discipline:
        condition &= Q(discipline__in=campaign.disciplines.filter(slug=rule.discipline))
    if rule.kind:
        condition &= Q(kind=Kind(rule.kind))
    if rule.evidence:
        condition &= Q(evidence=Evidence(rule.evidence))
    if rule.name:
        condition &= Q(_Like(F("name_fold"), Cast(Value(_pattern(rule.name)), TextField())))
    return condition


def is_known(rule: Rule) -> Q:
    """Whom a rule leaves out unless it says otherwise: the campaign has vouched for them."""
    if rule.known:
        return Q(pk__in=[])
    known = Q(featured=True)
    return known if rule.evidence else known | ~Q(evidence=Evidence.EMAIL)


class _Like(Func):
    template = "%(expressions)s"
    arg_joiner = " LIKE "
    output_field = BooleanField()


def _pattern(typed: str) -> str:
    quoted = (
        part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for part in _parts(typed)
    )
    return "%".join(quoted)
