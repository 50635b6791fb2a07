"""Why a rule would hold a signature, in a sentence; and how the two about protected names say it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import identity
from campaign.likeness import Way
from campaign.matcher import Likeness, Protected
from campaign.models.signature import HoldReason


@dataclass(frozen=True)
class Finding:
    """Why a rule would hold a signature, in a sentence, with the facts that it rests on.

    ``likeness`` is the protected name and the way in which it is like it, ``signatures`` are the ids
    of those that it points at.
    """

    reason: HoldReason
    text: str | Promise
    facts: Mapping[str, object] = field(default_factory=dict)
    likeness: Likeness | None = None
    signatures: Sequence[int] = ()

    @property
    def sentence(self) -> str:
        return str(self.text) % self.facts


# --- About protected names -------------------------------------------------------------------


def looks_like(its: Protected, where: str, typed: str) -> Finding:
    """What was ``typed`` there, in name, credit or organisation, looks like a protected name, or is one."""
    same = _letters(typed) == _letters(its.name)
    text = (_THE_SAME if same else _LOOK_ALIKE)[where]
    return _about(HoldReason.PROTECTED_NAME, text, Likeness(its, Way.LOOKS))


def is_nearly(likeness: Likeness) -> Finding:
    """It is nearly a protected name."""
    return _about(HoldReason.NEAR_NAME, _NEAR[likeness.way], likeness)


def was_like(why: HoldReason, likeness: Likeness) -> Finding:
    """It was like a protected name when somebody looked: which, and no more, since it may have changed."""
    return _about(why, "%(name)s", likeness)


def _about(why: HoldReason, text: str | Promise, likeness: Likeness) -> Finding:
    its = likeness.protected
    name = _ALIAS % {"name": its.name, "whose": its.alias_of} if its.alias_of else _NAME % its.name
    return Finding(why, text, {"name": name}, likeness)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, identity.search_fold(text)))


_NAME: Final[Any] = _("“%s”")
_ALIAS: Final[Any] = _("“%(name)s” (an alias of “%(whose)s”)")
_THE_SAME: Final[dict[str, Any]] = {
    "name": _("It is the protected name %(name)s."),
    "credit": _("Its credit is the protected name %(name)s."),
    "organisation": _("Its organisation is the protected name %(name)s."),
}
_LOOK_ALIKE: Final[dict[str, Any]] = {
    "name": _("It looks like the protected name %(name)s, written with other characters."),
    "credit": _("Its credit looks like the protected name %(name)s."),
    "organisation": _("Its organisation looks like the protected name %(name)s."),
}
_NEAR: Final[dict[Way, Any]] = {
    Way.SAME: _("Its words are those of the protected name %(name)s."),
    Way.SLIP: _("It is a letter or two from the protected name %(name)s."),
    Way.SOUND: _("It sounds like the protected name %(name)s."),
    Way.ORDER: _("It is the protected name %(name)s in another order."),
    Way.INITIALS: _("It is the protected name %(name)s with initials."),
    Way.PARTS: _("It is the protected name %(name)s, with a middle name more or less."),
    Way.WITHIN: _("It has the protected name %(name)s in it."),
    Way.SCRIPT: _("It is the protected name %(name)s in another script."),
    Way.CREDIT: _("Its credit or organisation has the protected name %(name)s in it."),
    Way.TOGETHER: _("Its name and its credit or organisation make the protected name %(name)s."),
}
