"""What programs ask for: query parameters of exactly the shapes that the contract names, and no other."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from campaign.api.shapes import Choice, Said, Shape, shown
from campaign.models.signature import Evidence, Kind, Status
from campaign.paging import ORDERS
from campaign.private_reads import SHOWN


class QueryInput(Shape):
    """Query parameters; an unknown one is refused, since a misspelt filter would filter nothing."""

    closed = False

    default_error_messages = {
        "unknown_parameter": _("There is no such parameter."),
        "repeated_parameter": _("This parameter goes once."),
    }

    def to_internal_value(self, data: Any) -> Any:
        for name in data:
            if name not in self.fields:
                self._refuse(name, "unknown_parameter")
            if len(data.getlist(name)) > 1:
                self._refuse(name, "repeated_parameter")
        # As a plain dict: of a form's empty field the library thinks that it was left out.
        return super().to_internal_value(data.dict())

    def _refuse(self, name: str, code: str) -> None:
        mistake = serializers.ErrorDetail(str(self.error_messages[code]), code)
        raise serializers.ValidationError({shown(name): [mistake]})


class QueryText(Said, serializers.CharField):
    """Taken as it stands: a space is no part of any value that we know, and not taken off either."""

    said = {"pattern": "^[^\\u0000]*$"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "trim_whitespace": False, **kwargs})


class PageSize(serializers.IntegerField):
    """A whole number in plain digits; Python would read " 1_0" as ten, and the digits of any script."""

    shape = re.compile(r"-?[0-9]{1,9}", re.ASCII)

    def to_internal_value(self, data: Any) -> int:
        if self.shape.fullmatch(data) is None:
            self.fail("invalid")
        return int(super().to_internal_value(data))


class CampaignQuery(QueryInput):
    language = QueryText(max_length=10)


def _in_utc(at: datetime) -> datetime:
    """The same time in UTC, or the first or last that there is where its zone leads beyond."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        return first if at.year == 1 else last


class StrictTime(QueryText):
    """A time as the API writes it, of any zone: date, T, time to the second or finer, Z or offset."""

    default_error_messages = {
        "not_a_time": _("A time with its zone is needed, such as 2026-01-22T14:00:00Z."),
        "in_future": _("This time is still to come."),
    }
    shape = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
    # The seconds of RFC 3339 go to 60, its fraction has no end, and its letters may be small.
    said = {
        "format": "date-time",
        "pattern": "^[0-9-]{10}T[0-9]{2}:[0-9]{2}:[0-5][0-9]"
        r"(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$",
    }
    # Clocks are wrong by minutes and zones by hours; a day is somebody's mistake.
    latest = timedelta(days=1)

    def to_internal_value(self, data: Any) -> Any:
        # Whoever forgets to encode the + of an offset sends a space.
        text = super().to_internal_value(data).replace(" ", "+")
        try:
            if self.shape.fullmatch(text) is None:
                raise ValueError
            at = _in_utc(datetime.fromisoformat(text))
        except ValueError:
            self.fail("not_a_time")
        if at > timezone.now() + self.latest:
            self.fail("in_future")
        return at


class SignersQuery(QueryInput):
    """The filters, order and page of the list, or what the feed of changes begins with."""

    default_error_messages = {
        "not_with_updated_since": _("updated_since goes with page_size alone."),
    }

    discipline = QueryText(max_length=60)
    country = serializers.RegexField(r"^[A-Za-z]{2}\Z", required=False, trim_whitespace=False)
    kind = Choice(Kind.values, required=False)
    evidence = Choice(Evidence.values, required=False)
    featured = Choice(["true", "false"], required=False)
    q = QueryText(max_length=200, allow_blank=True)
    order = Choice(list(ORDERS), default="featured")
    cursor = QueryText(max_length=8000, said={"pattern": "^[A-Za-z0-9_-]+$"})
    page_size = PageSize(default=50, min_value=1, max_value=200)
    updated_since = StrictTime(
        help_text=(
            "A feed of its own, with `page_size` alone: who changed at this time or later, in the "
            "order of `updated_at` and `id`, with tombstones of who left the list. Follow `next` to "
            "the end, then begin again at `next_since`."
        ),
    )

    def validate(self, attrs: Any) -> Any:
        if "updated_since" in attrs:
            others = self.initial_data.keys() - {"updated_since", "page_size", "cursor"}
            if others:
                told = str(self.error_messages["not_with_updated_since"])
                mistake = serializers.ErrorDetail(told, "not_with_updated_since")
                raise serializers.ValidationError({name: [mistake] for name in sorted(others)})
        return attrs

    def filters(self) -> dict[str, Any]:
        """The exact filters among the checked parameters."""
        given = self.validated_data
        found = {name: given[name] for name in ("discipline", "kind", "evidence") if name in given}
        if "country" in given:
            found["country"] = given["country"].upper()
        if "featured" in given:
            found["featured"] = given["featured"] == "true"
        return found


class PrivateQuery(QueryInput):
    """Which signatures a key reads or downloads."""

    status = Choice([status.value for status in SHOWN], required=False)
    newsletter = Choice(
        ["true", "false"], required=False, help_text="Without those who left by their own will."
    )

    def filters(self) -> dict[str, Any]:
        """The filters among the checked parameters."""
        given = self.validated_data
        found: dict[str, Any] = {}
        if "status" in given:
            found["status"] = Status(given["status"])
        if "newsletter" in given:
            found["newsletter"] = given["newsletter"] == "true"
        return found


class PrivateListQuery(PrivateQuery):
    """The same, page by page; a mirror leaves the filters out, or it never hears of who left them."""

    updated_since = StrictTime(
        help_text=(
            "Only what has changed at this time or later. Follow `next` to the end, then begin again "
            "at `next_since`."
        ),
    )
    cursor = QueryText(max_length=8000, said={"pattern": "^[A-Za-z0-9_-]+$"})
    page_size = PageSize(default=50, min_value=1, max_value=200)
