"""What is sent, in a body or a query: what both have in common, and what the schema says of it."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers


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


class Said:
    """A field of which the schema says more than the library finds out, in words of JSON Schema."""

    said: Mapping[str, Any] = {}

    def __init__(self, *, said: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.said = self.said if said is None else said


def shown(name: object) -> str:
    """A name that somebody sent, as far as it can stand in an answer: short, no lone surrogates."""
    return str(name)[:100].encode(errors="backslashreplace").decode()


class Choice(serializers.ChoiceField):
    """One of these texts. The answer to another names it, but not the whole of a megabyte."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=shown(data))
        return str(super().to_internal_value(shown(data)))
