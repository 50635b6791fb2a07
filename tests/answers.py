"""Answers that must be alike, whoever asks."""

from typing import Any


def headers_of(response: Any) -> dict[str, str]:
    """All headers but the name of the request, which is random."""
    return {name: text for name, text in response.items() if name != "X-Request-ID"}
