"""What the public list is asked for, and what may be chosen: from its address, and from the counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy

from campaign import identity
from campaign.models.signature import Evidence, Kind
from campaign.paging import ORDERS

TRUE = "true"

ORDER_NAMES: dict[str, str | Promise] = {
    "featured": gettext_lazy("Featured first"),
    "newest": gettext_lazy("Newest first"),
    "oldest": gettext_lazy("Oldest first"),
    "name": gettext_lazy("By name"),
}
FILTER_NAMES: dict[str, tuple[str | Promise, str | Promise]] = {
    "discipline": (gettext_lazy("Discipline"), gettext_lazy("Every discipline")),
    "country": (gettext_lazy("Country"), gettext_lazy("Every country")),
    "kind": (gettext_lazy("Kind"), gettext_lazy("Every kind")),
    "evidence": (gettext_lazy("Confirmed how"), gettext_lazy("In every way")),
}


@dataclass(frozen=True)
class Option:
    """One value that a filter may have, in words, and how many on the whole list have it."""

    value: str
    name: str
    number: int
    chosen: bool


@dataclass(frozen=True)
class Filter:
    """One choice; ``every`` is what it says while nothing is chosen."""

    field: str
    name: str | Promise
    every: str | Promise
    options: list[Option]


@dataclass(frozen=True)
class Chosen:
    """Something that is asked for, in words, and the address of the list without it."""

    name: str
    href: str


Words = Mapping[str, Mapping[str, str]]
"""Of each filter all values that there are, in words and in the order that they are offered in."""


def words(disciplines: Mapping[str, str], countries: Mapping[str, str]) -> Words:
    return {
        "discipline": disciplines,
        "country": countries,
        "kind": {kind.value: capfirst(str(kind.label)) for kind in Kind},
        "evidence": {mark.value: capfirst(str(mark.label)) for mark in Evidence},
    }


def read(request: HttpRequest, known: Words) -> dict[str, str]:
    """What the address asks of the list; what it doesn't know is left out, not guessed at."""
    values = {**known, "featured": (TRUE,), "order": ORDERS}
    asked = {
        name: value
        for name, among in values.items()
        if (value := request.GET.get(name, "")) in among
    }
    q = identity.clean(request.GET.get("q", "")[: identity.NAME_LIMIT])
    return {"q": q, **asked} if q else asked


def conditions(asked: Mapping[str, str]) -> dict[str, Any]:
    """As `publication.signers` takes its ``filters``."""
    found: dict[str, Any] = {name: asked[name] for name in FILTER_NAMES if name in asked}
    return {**found, "featured": True} if "featured" in asked else found


def offered(known: Words, asked: Mapping[str, str], counts: Mapping[str, Any]) -> list[Filter]:
    """The filters that leave a choice, with the values that somebody has, or that are asked for."""
    filters = []
    for field, (name, every) in FILTER_NAMES.items():
        numbers = {each[field]: each["published"] for each in counts[f"by_{field}"]}
        options = [
            Option(value, text, numbers.get(value, 0), asked.get(field) == value)
            for value, text in known[field].items()
            if value in numbers or asked.get(field) == value
        ]
        # Where everybody has the same there is nothing to choose.
        if len(numbers) > 1 or field in asked:
            filters.append(Filter(field, name, every, options))
    return filters


def chosen(known: Words, asked: Mapping[str, str], here: Mapping[str, str]) -> list[Chosen]:
    """What is asked for beside the words, each to be taken back alone."""
    names = {field: known[field][asked[field]] for field in FILTER_NAMES if field in asked}
    if "featured" in asked:
        names["featured"] = gettext("Featured only")
    return [Chosen(name, address(here, without=field)) for field, name in names.items()]


def number(asked: Mapping[str, str], counts: Mapping[str, Any]) -> int | None:
    """How many fit, where the counts know it without a look at the list; else None."""
    match sorted(asked.keys() - {"order"}):
        case []:
            return int(counts["published"]) - int(counts["anonymous"])
        case [field] if field in FILTER_NAMES:
            parts = counts[f"by_{field}"]
            return sum(int(each["published"]) for each in parts if each[field] == asked[field])
        case _:
            return None


def address(here: Mapping[str, str], *, without: str = "", **more: str) -> str:
    """The list as it is asked for, but for one thing and with others."""
    query = {name: value for name, value in here.items() if name != without}
    return "?" + urlencode({**query, **more})
