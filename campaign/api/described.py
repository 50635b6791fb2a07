"""What the OpenAPI document says beyond types: groups, summaries, headers, examples, which problems.

In one place beside the views, so that they stay as short as what they do. `describe` runs at the end
of making the document; a test sees to it that no operation is left out.
"""

from typing import Any

from django.conf import settings

from campaign.api.examples import ANSWERS, REQUESTS, SLUG, TOMBSTONE, problem_example

READING, SIGNING, ORGANISING = "Reading", "Signing", "Organising"
_TAGS = {
    READING: "Public, without a key, from any site by CORS. Answers may be kept for seconds and are "
    "asked for again by `If-None-Match`.",
    SIGNING: "For forms: the public page's, those of the campaign's `sites` by CORS, and a server's "
    "with a key of scope `sign`. Nothing is published before its mail is confirmed.",
    ORGANISING: "For servers of the organiser, with an API key of one campaign. Never kept, never by "
    "CORS.",
}

SUMMARIES = {
    "campaigns_list": "All campaigns",
    "campaigns_retrieve": "One campaign with its statement",
    "statements_retrieve": "The exact text that was signed",
    "signers_list": "The list of signers, or what changed in it",
    "signers_retrieve": "One signer",
    "signers_csv": "The whole list for a spreadsheet",
    "signers_jsonl": "The whole list, an object a line",
    "counts_retrieve": "All numbers",
    "vouchers_retrieve": "Beside how many names each organisation stands",
    "corrections_retrieve": "What was removed from the list, and why",
    "feed_retrieve": "The newest signers as an Atom feed",
    "badge_retrieve": "The count as a picture",
    "challenge_retrieve": "A proof of work to do before signing",
    "signatures_create": "Ask to sign",
    "signatures_resend": "Ask for the mail again",
    "signatures_confirm": "Confirm by the token of the mail",
    "private_signatures_list": "All confirmed signatures, with what is private",
    "private_signatures_retrieve": "One confirmed signature",
    "private_signatures_csv": "All of them for a spreadsheet",
    "private_signatures_jsonl": "All of them, an object a line",
    "private_signatures_approve": "Publish a held signature",
    "private_signatures_reject": "Reject a signature",
    "private_signatures_hold": "Hold a published signature",
    "private_signatures_restore": "Take a rejection back",
    "private_signatures_feature": "Put a signature first, or back",
}

_DESCRIPTION = """\
A campaign is a public statement that creators sign. This API reads its signers and numbers, takes
signatures, and lets the organiser's servers moderate.

- **First call**: `GET /api/v1/campaigns/`. Public reads need no key and are open to every site.
- **Form**: JSON in UTF-8, `snake_case`, times in ISO 8601 UTC with `Z`, opaque ids. Unknown fields and
  parameters are refused, and a value of another type is never converted.
- **Errors** are `application/problem+json` (RFC 9457) with a stable `code`; a bad input names each field
  in `errors`.
- **Pages**: follow `next` until it is null; there is no offset. A mirror uses `updated_since` and begins
  again at `next_since`.
- **Caching**: `ETag` and `If-None-Match` (304), `Cache-Control` of 30 seconds in all. Ask every 30
  seconds at most.
- **Limits**: bodies of 256 KiB, 200 signers a page, 600 requests a minute of one key, 3 mails a day to
  one address.
- **Signing twice** is prevented by `Idempotency-Key`, for 24 hours.
- **Versions**: inside v1 fields, parameters, values and codes are added, never removed or retyped. What
  goes is announced 12 months ahead by `Deprecation` (RFC 9745) and `Sunset` (RFC 8594).
- **Data**: numbers are CC0 1.0. Signers are personal data, published for the statement: quote and report
  them with a link to it; no marketing, no profiling. Text and data mining is reserved
  (`tdm-reservation: 1`).

`docs/api.md` in the source has all of this in full, recipes in curl, Python and JavaScript, and webhooks.
"""

_PARAMETERS: dict[tuple[str, str], tuple[str, Any]] = {
    ("path", "slug"): ("The campaign, as in the address of its page.", SLUG),
    ("path", "public_id"): ("The id of a signer.", "5h2kq0z7r9m4w1xa"),
    ("path", "version"): ("The number of a version that was ever published.", 1),
    ("path", "language"): ("One of that version's languages.", "en"),
    ("query", "language"): (
        "Of texts. Where it is not there or not given, `Accept-Language` has a say.",
        "fr",
    ),
    ("query", "discipline"): ("A slug of the campaign's `disciplines`.", "author"),
    ("query", "country"): ("ISO 3166-1 alpha-2.", "IE"),
    ("query", "kind"): ("What signed.", "person"),
    ("query", "evidence"): ("How far identity is shown.", "email"),
    ("query", "featured"): ("Only the featured ones, or only the others.", "true"),
    ("query", "q"): (
        "Every word begins a word of name, credit or organisation, without accents and case.",
        "zoe ex",
    ),
    ("query", "order"): (
        "`featured` by `sort_name` and then the newest (if left out), `newest`, `oldest`, or `name`.",
        "newest",
    ),
    ("query", "cursor"): (
        "A place in the order, from `next` or `previous` of an answer; never made up.",
        None,
    ),
    ("query", "page_size"): ("How many, 1 to 200.", 100),
    ("query", "status"): ("Only these.", "held"),
    ("query", "newsletter"): ("Only who wants news, or only the others.", "true"),
    ("query", "updated_since"): ("", "2026-02-01T09:29:30.000Z"),
    ("header", "Idempotency-Key"): ("", "7f8a1c6e-3f0b-4a52-9f0e-2f6f8c1d9b7a"),
}
"""What is said of a parameter, unless the code says it (""), and an example."""


def _text(description: str, example: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}, "example": example}


_HEADERS = {
    "ETag": _text(
        "Names this answer; send it as `If-None-Match`. Of numbers it stays while they do.",
        'W/"0f1e2d3c4b5a69788796a5b4c3d2e1f0"',
    ),
    "Last-Modified": _text(
        "When the answer was made. Conditions go by the ETag alone.",
        "Sun, 01 Feb 2026 09:30:00 GMT",
    ),
    "Cache-Control": _text("How long anybody may keep it.", "public, max-age=5"),
    "Vary": _text("Which request headers chose the answer.", "Accept-Language"),
    "Content-Language": _text("The language of the texts.", "en"),
    "Content-Disposition": _text("A name for the file.", 'attachment; filename="my-campaign.csv"'),
    "Retry-After": _text("Seconds to wait before the next try.", "17"),
    "WWW-Authenticate": _text("What the key lacks (RFC 6750).", 'Bearer realm="petition"'),
    "RateLimit": _text(
        "What is left (`r`) of the key's minute, and its end (`t`).", '"key";r=599;t=42'
    ),
    "RateLimit-Policy": _text("The limit of a key.", '"key";q=600;w=60'),
    "tdm-reservation": _text("1: text and data mining is reserved (W3C TDMRep).", "1"),
}
_TRANSLATED = {"campaigns_list", "campaigns_retrieve", "badge_retrieve", "corrections_retrieve"}
_SPOKEN = _TRANSLATED | {"statements_retrieve", "feed_retrieve"}
_FILES = {
    "signers_csv",
    "signers_jsonl",
    "private_signatures_csv",
    "private_signatures_jsonl",
}
_OF_STATUS = {
    "401": ["WWW-Authenticate"],
    "429": ["Retry-After"],
    "503": ["Retry-After"],
}

_OWN_PROBLEMS: dict[str, dict[str, list[str]]] = {
    "signatures_create": {
        "400": ["invalid_input", "malformed_json", "idempotency_key_invalid", "bad_request"],
        "403": [
            "bot_check_required",
            "origin_not_allowed",
            "insufficient_scope",
            "https_required",
        ],
        "409": ["statement_changed", "campaign_paused", "campaign_closed"],
    },
    "signatures_resend": {"403": ["origin_not_allowed", "insufficient_scope", "https_required"]},
    "signatures_confirm": {
        "400": ["token_invalid", "invalid_input", "malformed_json", "bad_request"],
        "403": ["origin_not_allowed", "https_required"],
        "410": ["token_expired", "signature_gone"],
    },
}


def describe(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """Complete the document; a postprocessing hook of drf-spectacular."""
    result["info"] |= {
        "description": _DESCRIPTION,
        "license": {
            "name": "CC0 1.0 for numbers; signers are personal data, see above",
            "url": "https://creativecommons.org/publicdomain/zero/1.0/",
        },
    }
    result["servers"] = [{"url": settings.BASE_URL}]
    result["tags"] = [{"name": name, "description": said} for name, said in _TAGS.items()]
    result["components"]["headers"] = _HEADERS
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            _operation(operation, method=method, private="/private/" in path)
    return result


def _operation(operation: dict[str, Any], *, method: str, private: bool) -> None:
    name = operation["operationId"]
    signing = method == "post" or name == "challenge_retrieve"
    operation["tags"] = [ORGANISING if private else SIGNING if signing else READING]
    operation["summary"] = SUMMARIES[name]
    for parameter in operation.get("parameters", ()):
        _parameter(parameter)
    if "requestBody" in operation:
        for content in operation["requestBody"]["content"].values():
            content["examples"] = _named(REQUESTS[name])
    reading = operation["tags"] == [READING]
    if reading:
        operation["responses"]["304"] = {
            "description": "`If-None-Match` names the answer that would be given: nothing is sent."
        }
        problem = {"schema": {"$ref": "#/components/schemas/ProblemShape"}}
        operation["responses"]["412"] = {"content": {"application/problem+json": problem}}
    for status, answer in operation["responses"].items():
        _answer(answer, status=status, operation=operation, method=method)
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _parameter(parameter: dict[str, Any]) -> None:
    said, example = _PARAMETERS[parameter["in"], parameter["name"]]
    # Of a choice the library only lists the values once more.
    if said:
        parameter["description"] = said
    if parameter["name"] == "order":
        # A client that always sends defaults would be refused with `updated_since`.
        parameter["schema"].pop("default", None)
    if parameter.get("required"):
        parameter["example"] = example
    elif example is not None:
        # Within the shape: the docs page fills a parameter's own example in, and all filters at once
        # find nobody.
        parameter["schema"]["examples"] = [example]


def _answer(answer: dict[str, Any], *, status: str, operation: dict[str, Any], method: str) -> None:
    name, [tag] = operation["operationId"], operation["tags"]
    headers = _OF_STATUS.get(status, [])
    content = answer.get("content", {})
    if "application/problem+json" in content:
        codes = _codes(operation, status=status, method=method)
        answer["description"] = ", ".join(f"`{code}`" for code in codes)
        content["application/problem+json"]["examples"] = {
            code: {"value": problem_example(code, operation=name, method=method)} for code in codes
        }
    else:
        headers = _headers_of(name, tag)
        shown = TOMBSTONE if status == "410" else ANSWERS[name]
        answer["description"] = answer.get("description") or "; ".join(shown)
        for each in content.values():
            each["examples"] = _named(shown)
    answer["headers"] = {each: {"$ref": f"#/components/headers/{each}"} for each in headers}


def _headers_of(name: str, tag: str) -> list[str]:
    """The headers of a good answer."""
    headers = ["Cache-Control", "tdm-reservation"]
    if tag == READING:
        headers += ["ETag", "Last-Modified"]
    if tag == ORGANISING:
        headers += ["RateLimit", "RateLimit-Policy"]
    if tag != READING or name in _TRANSLATED:
        headers += ["Vary"]
    if name in _SPOKEN:
        headers += ["Content-Language"]
    if name in _FILES:
        headers += ["Content-Disposition"]
    return headers


def _codes(operation: dict[str, Any], *, status: str, method: str) -> list[str]:
    """The problems that this operation answers with that status."""
    own = _OWN_PROBLEMS.get(operation["operationId"], {}).get(status)
    if own is not None:
        return own
    private = operation["tags"] == [ORGANISING]
    paged = any(each["name"] == "cursor" for each in operation.get("parameters", ()))
    return {
        "400": ["invalid_input", *(["malformed_json"] if method == "post" else [])]
        + (["bad_cursor"] if paged else []),
        "401": [*(["key_required"] if private else []), "key_invalid", "key_expired"],
        "403": [*(["insufficient_scope"] if private else []), "https_required"]
        + (["in_person_only"] if operation["operationId"].endswith("_approve") else []),
        "404": ["not_found"],
        "405": ["method_not_allowed"],
        "406": ["not_acceptable"],
        "409": ["changed_meanwhile", *(["move_refused", "list_frozen"] if private else [])],
        "410": ["signature_gone"],
        "412": ["precondition_failed"],
        "413": ["too_large"],
        "415": ["unsupported_media_type"],
        "422": ["idempotency_key_reused"],
        "429": ["rate_limited"],
        "500": ["internal_error"],
        "503": ["not_ready"],
    }[status]


def _named(examples: dict[str, Any]) -> dict[str, Any]:
    """The document's form of examples: each under a short key, with a sentence."""
    return {
        f"example_{n}": {"summary": said, "value": value}
        for n, (said, value) in enumerate(examples.items(), start=1)
    }
