"""What programs send: JSON of exactly the types that the contract names, and no field that it doesn't."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import JSONParser
from rest_framework.utils.json import strict_constant

from campaign.details import TYPED_LIMIT
from campaign.mailboxes import TYPED_LIMIT as ADDRESS_TYPED_LIMIT
from campaign.models.signature import Evidence, Kind, RejectionReason, Status
from campaign.paging import ORDERS
from campaign.private_reads import SHOWN


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are unique: of two show_name, who says which one was meant?"""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


class JsonParser(JSONParser):
    """JSON in UTF-8 (RFC 8259, 8.1), whatever charset is named; too deep to be read is a mistake too.

    As it is, and not compressed (RFC 9110, 8.4): a small body may unpack to a large one.

    DRF decodes by the codec that the header names: `charset=zlib` would unpack a bomb.
    """

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        coding = parser_context["request"].headers.get("Content-Encoding", "identity")
        if coding.lower() != "identity":
            raise UnsupportedMediaType(coding)
        try:
            return json.loads(
                stream.read().decode("utf-8"),
                parse_constant=strict_constant,
                object_pairs_hook=_unique,
            )
        except (ValueError, RecursionError) as error:
            detail = gettext("The body is not JSON in UTF-8: %(error)s") % {"error": error}
            raise ParseError(detail[:200]) from None


class Said:
    """A field of which the schema says more than the library finds out, in words of JSON Schema."""

    said: Mapping[str, Any] = {}

    def __init__(self, *, said: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.said = self.said if said is None else said


class StrictText(Said, serializers.CharField):
    """A JSON string; a number is refused, never converted."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_blank": True, "trim_whitespace": False, **kwargs})
        # What a person cannot see is taken out by the verbs; refusing it here would puzzle them.
        self.validators = []

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class StrictFlag(Said, serializers.BooleanField):
    """JSON's true or false; "true", 1 and "on" are refused."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return bool(data)


class StrictNumber(serializers.IntegerField):
    """A JSON whole number, which 1.0 is too (JSON Schema, 6.1.1); "1" and true are refused."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is float and data.is_integer():
            data = int(data)
        if type(data) is not int:
            self.fail("invalid")
        return int(super().to_internal_value(data))


NOTE_MAX = 2000
"""Characters of a note."""
# Of JSON Schema; how they are read stands in `details` and `mailboxes`.
LINE = {"maxLength": TYPED_LIMIT, "format": "name"}
ADDRESS = {"minLength": 1, "maxLength": ADDRESS_TYPED_LIMIT, "format": "email"}
UNKNOWN_SHOWN = 10
"""Unknown fields that an answer names: a body may have ten thousand."""


def _shown(name: object) -> str:
    """A name that somebody sent, as far as it can stand in an answer: short, no lone surrogates."""
    return str(name)[:100].encode(errors="backslashreplace").decode()


class Shape(serializers.Serializer[Any]):
    """What is sent, in a body or a query."""

    closed = True
    """Whether the schema can say that there is no other field."""


class ShapeToo(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """For the schema: what the fields say, last, since the library would wrap it in a choice."""

    target_class = Shape
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        shape: Any = self.target
        found: Any = auto_schema._map_serializer(shape, direction, bypass_extensions=True)
        for name, field in shape.fields.items():
            found["properties"][name] |= getattr(field, "said", {})
        return {**found, "additionalProperties": False} if shape.closed else found


class StrictInput(Shape):
    """Refuses fields that it doesn't know: a misspelt show_name would publish who asked not to be."""

    default_error_messages = {
        "unknown_field": _("There is no such field."),
        "not_an_object": _("A JSON object is needed."),
    }

    @classmethod
    def read(cls, data: Any) -> dict[str, Any]:
        """The checked values of a body; raises ValidationError.

        By one instance for all: each of its own copies every field first, a tenth of a signing.
        """
        values: dict[str, Any] = _shared(cls).run_validation(data)
        return values

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError(
                {
                    "": [
                        serializers.ErrorDetail(
                            str(self.error_messages["not_an_object"]), "not_an_object"
                        )
                    ]
                }
            )
        values: Any = {}
        mistakes: dict[str, Any] = {
            _shown(name): [
                serializers.ErrorDetail(str(self.error_messages["unknown_field"]), "unknown_field")
            ]
            for name in [name for name in data if name not in self.fields][:UNKNOWN_SHOWN]
        }
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            mistakes |= error.detail if isinstance(error.detail, dict) else {}
        if mistakes:
            raise serializers.ValidationError(mistakes)
        return values


@cache
def _shared(kind: type[StrictInput]) -> StrictInput:
    return kind()


class SignInput(StrictInput):
    """The body of a request to sign."""

    name = StrictText(
        said={"minLength": 1, **LINE},
        help_text="As it will be published: at most 200 characters, no link, no markup.",
    )
    email = StrictText(said=ADDRESS, help_text="Where the confirmation goes; never published.")
    kind = StrictText(
        said={"enum": [*Kind.values, ""]},
        required=False,
        help_text="person if left out or empty.",
    )
    discipline = StrictText(
        required=False, allow_null=True, help_text="A slug of the campaign's own list."
    )
    credit = StrictText(
        said=LINE,
        required=False,
        allow_null=True,
        help_text="One line by which people know the signer.",
    )
    organisation = StrictText(said=LINE, required=False, allow_null=True)
    country = StrictText(
        said={"pattern": "^([A-Za-z]{2})?$"},
        required=False,
        allow_null=True,
        help_text="ISO 3166-1 alpha-2.",
    )
    language = StrictText(
        required=False,
        help_text="Of the statement that was read; the campaign's first if left out.",
    )
    show_name = StrictFlag(default=True, help_text="false: counted, listed nowhere.")
    newsletter = StrictFlag(default=False)
    consent = StrictFlag(
        said={"const": True}, help_text="Must be true: the wording of `consent` was agreed to."
    )
    source = StrictText(  # type: ignore[assignment]
        required=False,
        allow_null=True,
        help_text="Where the signer came from, at most 60 characters.",
    )
    statement_version = StrictNumber(
        required=False, allow_null=True, min_value=1, max_value=2**31 - 1
    )
    altcha = StrictText(
        required=False,
        allow_null=True,
        help_text="The solved challenge, as ALTCHA encodes it, where 403 `bot_check_required` asks.",
    )


class ConfirmInput(StrictInput):
    token = StrictText(said={"minLength": 1}, help_text="Of the link in the confirmation mail.")


class ResendInput(StrictInput):
    email = StrictText(said=ADDRESS)


class StrictChoice(serializers.ChoiceField):
    """A JSON string that is one of these."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=_shown(data))
        return str(super().to_internal_value(data))


class NoteText(StrictText):
    """What colleagues read beside a decision."""

    said = {"maxLength": NOTE_MAX}

    default_error_messages = {"too_long": _("Please use at most 2000 characters.")}

    def to_internal_value(self, data: Any) -> str:
        note = super().to_internal_value(data)
        if len(note) > NOTE_MAX:
            self.fail("too_long")
        # A NUL and a lone surrogate can be written in JSON, but not sent to the database.
        return note.replace("\0", "").encode(errors="ignore").decode()


class DecisionInput(StrictInput):
    """What the caller saw: another revision by now is 409 `changed_meanwhile`."""

    revision = StrictNumber(min_value=1, max_value=2**31 - 1)


class HoldInput(DecisionInput):
    note = NoteText(default="", help_text="For colleagues; the signer never sees it.")


class RejectInput(HoldInput):
    status = StrictChoice(
        [Status.HELD.value, Status.PUBLISHED.value], help_text="The status that the caller saw."
    )
    reason = StrictChoice(RejectionReason.choices, help_text="The signer reads it.")


class FeatureInput(DecisionInput):
    featured = StrictFlag()


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
        raise serializers.ValidationError({_shown(name): [mistake]})


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
    kind = serializers.ChoiceField(Kind.values, required=False)
    evidence = serializers.ChoiceField(Evidence.values, required=False)
    featured = serializers.ChoiceField(["true", "false"], required=False)
    q = QueryText(max_length=200, allow_blank=True)
    order = serializers.ChoiceField(list(ORDERS), default="featured")
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

    status = serializers.ChoiceField([status.value for status in SHOWN], required=False)
    newsletter = serializers.ChoiceField(
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
