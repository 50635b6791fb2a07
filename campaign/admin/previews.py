"""What a campaign's mails look like: each kind in each language, to a signer who doesn't exist."""

from collections.abc import Mapping
from typing import Any

from campaign import letters
from campaign.languages import offered, own_name
from campaign.models.campaign import Campaign
from campaign.models.mail import MailKind


def shown(campaign: Campaign, asked: Mapping[str, str]) -> dict[str, Any]:
    """The mail of ``kind`` and ``language``, the first of each unless asked for, and all there are."""
    languages = offered(campaign.languages)
    kind = asked.get("kind", "")
    language = asked.get("language", "")
    kind = kind if kind in MailKind.values else MailKind.values[0]
    language = language if language in languages else languages[0]
    letter = letters.example(campaign, kind, language)
    return {
        "kind": kind,
        "kinds": MailKind.choices,
        "language": language,
        "languages": [(code, own_name(code)) for code in languages],
        "letter": letter,
        "html": str(letter.alternatives[0][0]),
    }
