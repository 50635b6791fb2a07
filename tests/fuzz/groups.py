"""Every place where a stranger's text comes in, by its group."""

from tests.fuzz import files, forms, listed, requests, signing, tokens
from tests.fuzz.fields import Field

GROUPS: dict[str, list[Field]] = {
    "sign": signing.SIGN,
    "forms": forms.FORMS,
    "tokens": tokens.TOKENS,
    "addresses": requests.PLACES,
    "headers": requests.HEAD,
    "listed": listed.LISTED,
    "files": [Field(name, send, make) for name, send, make in files.FILES],
}
