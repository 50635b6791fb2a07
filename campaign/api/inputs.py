"""What programs send: JSON of exactly the types that the contract names, and no field that it doesn't."""

import json
from functools import cache
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import JSONParser
from rest_framework.utils.json import strict_constant

from campaign.api.shapes import Choice, Said, Shape, shown
from campaign.details import TYPED_LIMIT
from campaign.mailboxes import TYPED_LIMIT as ADDRESS_TYPED_LIMIT
from campaign.models.signature import Kind, Status


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
            raise ParseError(detail) from None


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
            shown(name): [
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
    status = Choice(
        [Status.HELD.value, Status.PUBLISHED.value], help_text="The status that the caller saw."
    )
    reason = StrictText(
        said={"minLength": 1, "maxLength": 40, "pattern": "^[a-z0-9]+(?:[_-][a-z0-9]+)*$"},
        help_text="One of the campaign's reasons; the signer reads its text.",
    )


class FeatureInput(DecisionInput):
    featured = StrictFlag()
