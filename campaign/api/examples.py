"""Examples of what the API takes and answers, for its document; a test holds them against the shapes."""

from typing import Any

from campaign.api.problems import every_code, problem
from campaign.errors import FieldError

SLUG = "my-campaign"
_API = f"https://petition.example/api/v1/campaigns/{SLUG}"
_AT = "2026-02-01T09:30:00.000Z"
_LATER = "2026-02-01T09:29:30.000Z"
_ID = "5h2kq0z7r9m4w1xa"

_SIGNER: dict[str, Any] = {
    "id": _ID,
    "name": "Zoë Example",
    "sort_name": "Example, Zoë",
    "kind": "person",
    "discipline": "author",
    "credit": "The Night Porter",
    "organisation": None,
    "country": "IE",
    "featured": False,
    "evidence": {"method": "email", "at": "2026-01-30T18:04:11.000Z"},
    "statement_version": 1,
    "language": "en",
    "signed_at": "2026-01-30T18:03:52.000Z",
    "updated_at": "2026-01-31T08:12:40.512Z",
}
_TOMBSTONE = {"id": "r8d3c6v0k2t7y5ne", "removed": True, "updated_at": _AT}
_PAGE = {"results": [_SIGNER], "next": None, "previous": None}
_MORE = f"{_API}/signers/?page_size=1&cursor=WzAsICJmZWF0dXJlZCIsIDEsICIuLi4iXQ"

_CAMPAIGN = {
    "slug": SLUG,
    "state": "open",
    "languages": ["en", "fr"],
    "language": "en",
    "title": "Art is not a quarry",
    "body_markdown": "We made it.\n\nAsk us first.\n",
    "body_html": "<p>We made it.</p>\n<p>Ask us first.</p>\n",
    "consent": "I agree that my name is published as a signer of this statement.",
    "statement": {
        "version": 1,
        "sha256": "c3a3fbbc93f3e00936888e2568ecd37b1176a7573d6eae08a0e88975a032ee3f",
    },
    "opens_at": "2026-01-22T14:00:00.000Z",
    "closes_at": None,
    "is_open": True,
    "publication_paused_at": None,
    "list_frozen_at": None,
    "goal": 1000,
    "disciplines": [{"slug": "musician", "name": "Musician"}, {"slug": "author", "name": "Author"}],
    "organiser": {
        "name": "Example Guild",
        "address": "1 Example Street, Dublin",
        "contact": "privacy@petition.example",
        "privacy_url": "https://petition.example/privacy",
    },
    "counts": {"published": 713, "as_of": _AT},
    "links": {
        "self": f"{_API}/",
        "page": f"https://petition.example/{SLUG}/",
        "statement": f"{_API}/statements/1/en.txt",
        "signatures": f"{_API}/signatures/",
        "signers": f"{_API}/signers/",
        "counts": f"{_API}/counts/",
        "csv": f"{_API}/signers.csv",
        "jsonl": f"{_API}/signers.jsonl",
        "feed": f"{_API}/feed.atom",
        "badge": f"{_API}/badge.svg",
        "corrections": f"{_API}/corrections/",
    },
}

_COUNTS = {
    "as_of": _AT,
    "received": 1104,
    "confirmed": 741,
    "published": 713,
    "anonymous": 12,
    "held": 9,
    "withdrawn": 11,
    "removed": 8,
    "by_discipline": [
        {"discipline": "author", "published": 402},
        {"discipline": "musician", "published": 288},
        {"discipline": None, "published": 11},
    ],
    "by_country": [{"country": "IE", "published": 690}, {"country": None, "published": 11}],
    "by_kind": [{"kind": "person", "published": 695}, {"kind": "group", "published": 6}],
    "by_evidence": [{"evidence": "email", "published": 701}],
    "by_day": [
        {"day": "2026-01-30", "published": 604},
        {"day": "2026-01-31", "published": 109},
    ],
}

CHALLENGE: dict[str, Any] = {
    "parameters": {
        "algorithm": "PBKDF2/SHA-256",
        "cost": 1000,
        "keyLength": 32,
        "keyPrefix": "5f0c9a1b7d3e8246a0b1c2d3e4f50617",
        "nonce": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "salt": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
        "keySignature": "6d1a0c3e5f7b9d8c2e4f6a8b0c1d3e5f7091a2b3c4d5e6f708192a3b4c5d6e7f",
        "expiresAt": 1769938500,
        "data": {"campaign": SLUG},
    },
    "signature": "1c3e5f7091a2b3c4d5e6f708192a3b4c5d6e7f6d1a0c3e5f7b9d8c2e4f6a8b0c",
}

_PRIVATE = {
    "id": _ID,
    "status": "held",
    "revision": 1,
    "name": "Zoë Example",
    "sort_name": None,
    "kind": "person",
    "discipline": "author",
    "credit": "The Night Porter",
    "organisation": None,
    "country": "IE",
    "show_name": True,
    "featured": False,
    "email": "zoe.example@example.org",
    "newsletter": False,
    "language": "en",
    "source": "partner-site",
    "hold_reasons": ["review"],
    "rejection_reason": None,
    "evidence": {"method": "email", "at": "2026-01-30T18:04:11.000Z", "note": None},
    "statement_version": 1,
    "statement_language": "en",
    "signed_at": "2026-01-30T18:03:52.000Z",
    "confirmed_at": "2026-01-30T18:04:11.000Z",
    "published_at": None,
    "updated_at": "2026-01-30T18:04:11.000Z",
}
_KEPT_OF_WHO_LEFT = {
    "id",
    "status",
    "revision",
    "statement_version",
    "statement_language",
    "signed_at",
    "confirmed_at",
    "published_at",
    "updated_at",
}
_PRIVATE_GONE = {
    name: value if name in _KEPT_OF_WHO_LEFT else None for name, value in _PRIVATE.items()
} | {"id": "r8d3c6v0k2t7y5ne", "status": "withdrawn", "hold_reasons": []}

_CSV = (
    "id,name,sort_name,kind,discipline,credit,organisation,country,featured,evidence,evidence_at,"
    "statement_version,language,signed_at,updated_at,evidence_by\n"
    f'{_ID},Zoë Example,"Example, Zoë",person,author,The Night Porter,,IE,false,email,'
    "2026-01-30T18:04:11.000Z,1,en,2026-01-30T18:03:52.000Z,2026-01-31T08:12:40.512Z,\n"
)
_JSONL = f'{{"id":"{_ID}","name":"Zoë Example","kind":"person", …}}\n'
_ATOM = (
    '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
    "<title>Art is not a quarry</title>…</feed>\n"
)
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" role="img" lang="en">… 713 signatures …</svg>\n'

_ACCEPTED = {"status": "check_your_inbox"}


def _decided(status: str, *, revision: int = 1, featured: bool = False) -> dict[str, Any]:
    return {
        "id": _ID,
        "status": status,
        "revision": revision,
        "featured": featured,
        "changed": True,
    }


REQUESTS: dict[str, dict[str, Any]] = {
    "signatures_create": {
        "The least that is needed": {
            "name": "Zoë Example",
            "email": "zoe.example@example.org",
            "consent": True,
        },
        "Everything": {
            "name": "Zoë Example",
            "email": "zoe.example@example.org",
            "kind": "person",
            "discipline": "author",
            "credit": "The Night Porter",
            "organisation": None,
            "country": "IE",
            "language": "en",
            "show_name": True,
            "newsletter": False,
            "consent": True,
            "source": "partner-site",
            "statement_version": 1,
        },
    },
    "signatures_resend": {"An address": {"email": "zoe.example@example.org"}},
    "signatures_confirm": {"The token of a mail's link": {"token": "WzEyMywxXQ:1vW2yz:6hJ0rT…"}},
    "private_signatures_approve": {"What was seen": {"revision": 1}},
    "private_signatures_reject": {
        "What was seen, and why": {
            "revision": 1,
            "status": "held",
            "reason": "impersonation",
            "note": "Her agent knows nothing of it.",
        }
    },
    "private_signatures_hold": {"What was seen": {"revision": 1, "note": "Asked the agent."}},
    "private_signatures_restore": {"What was seen": {"revision": 1}},
    "private_signatures_feature": {"Put first": {"revision": 1, "featured": True}},
}
"""By operation: the bodies that it takes, each under what it shows."""

ANSWERS: dict[str, dict[str, Any]] = {
    "campaigns_list": {"One campaign": {"results": [_CAMPAIGN]}},
    "campaigns_retrieve": {"A campaign in English": _CAMPAIGN},
    "statements_retrieve": {"Title, blank line, body": "Art is not a quarry\n\nWe made it.\n"},
    "challenge_retrieve": {"Work to do": CHALLENGE},
    "signers_list": {
        "A page of the list": {**_PAGE, "next": _MORE},
        "What changed (`updated_since`)": {
            **_PAGE,
            "results": [_SIGNER, _TOMBSTONE],
            "next_since": _LATER,
        },
    },
    "signers_retrieve": {"A signer": _SIGNER},
    "signers_csv": {"A list of one": _CSV},
    "signers_jsonl": {"A list of one": _JSONL},
    "feed_retrieve": {"A feed": _ATOM},
    "badge_retrieve": {"A picture": _SVG},
    "counts_retrieve": {"All numbers": _COUNTS},
    "vouchers_retrieve": {
        "Two organisations": {
            "as_of": _AT,
            "results": [
                {"name": "Writers’ Union", "published": 87},
                {"name": "Actors’ Guild", "published": 12},
            ],
        }
    },
    "corrections_retrieve": {
        "One day": {
            "results": [
                {
                    "at": "2026-02-01T00:00:00.000Z",
                    "number": 2,
                    "reason": "We could not confirm that this is you.",
                }
            ]
        }
    },
    "signatures_create": {"Whatever is known of the address": _ACCEPTED},
    "signatures_resend": {"Whatever is known of the address": _ACCEPTED},
    "signatures_confirm": {
        "On the list now": {"status": "published", "signer": _SIGNER},
        "Waits for a moderator": {"status": "held", "signer": None},
    },
    "private_signatures_list": {
        "One who waits, one who left": {
            "results": [_PRIVATE, _PRIVATE_GONE],
            "next": None,
            "previous": None,
            "next_since": _LATER,
        }
    },
    "private_signatures_retrieve": {"A signature that waits": _PRIVATE},
    "private_signatures_csv": {"The first line": "id,status,revision,name,sort_name,kind,…\n"},
    "private_signatures_jsonl": {"One line": f'{{"id":"{_ID}","status":"held", …}}\n'},
    "private_signatures_approve": {"Published": _decided("published")},
    "private_signatures_reject": {"Rejected": _decided("rejected")},
    "private_signatures_hold": {"Held": _decided("held")},
    "private_signatures_restore": {"Held again": _decided("held")},
    "private_signatures_feature": {
        "Put first": _decided("published", revision=2, featured=True),
    },
}
"""By operation: what it answers with, each under what it shows."""

TOMBSTONE = {"Left the list": _TOMBSTONE}

_MISTAKES = {
    "signatures_create": [
        FieldError("name", "blank", "Please fill this in."),
        FieldError(
            "email",
            "malformed",
            "This is not a whole e-mail address. It looks like name@example.org.",
        ),
    ],
    "get": [FieldError("page", "unknown_parameter", "There is no such parameter.")],
    "post": [FieldError("e_mail", "unknown_field", "There is no such field.")],
}


def problem_example(code: str, *, operation: str, method: str) -> dict[str, Any]:
    """A problem with that code as this operation would answer it."""
    status, message = every_code()[code]
    if code == "invalid_input":
        return problem(status, code, message, _MISTAKES.get(operation) or _MISTAKES[method])
    body = problem(status, code, message)
    return {**body, "challenge": CHALLENGE} if code == "bot_check_required" else body
