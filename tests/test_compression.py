"""Public answers come in gzip for who takes it, from copies and past them; private ones never do."""

import gzip
from typing import Any

import pytest
from django.test import Client

from campaign.models import Signature
from tests.factories import confirm_token, make_campaign, make_signature, manage_token
from tests.fronts import BASE, Process

# The web server's end of a request closes the connection, which a test's own transaction needs.
pytestmark = pytest.mark.django_db(transaction=True)

GZIP = {"accept_encoding": "gzip, deflate, br"}
PAST_THE_COPIES = "/art/signers/?q=moreau"


@pytest.fixture
def signature() -> Signature:
    return make_signature(make_campaign(publication="after_verification"), name="Zoë Moreau")


@pytest.fixture
def process(signature: Signature) -> Process:
    return Process()


@pytest.mark.parametrize(
    "address", ["/art/", "/art/?source=mail", PAST_THE_COPIES, f"{BASE}?language=en"]
)
def test_a_public_answer_is_the_same_text_compressed(process: Process, address: str) -> None:
    plain = process.get(address)
    small = process.get(address, **GZIP)
    assert gzip.decompress(small.body) == plain.body
    assert small["Content-Encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    for given in (plain, small):
        assert given["Content-Length"] == str(len(given.body))
        assert "Accept-Encoding" in given.vary()
    # A strong ETag would say that the bytes are the same.
    assert small["ETag"] == f"W/{plain['ETag'].removeprefix('W/')}"


def test_it_is_compressed_once_and_for_each_source_apart(process: Process) -> None:
    first = process.get("/art/", **GZIP)
    assert process.get("/art/", **GZIP).body is first.body
    by_mail = process.get("/art/?source=mail", **GZIP)
    by_post = process.get("/art/?source=post", **GZIP)
    assert b'value="mail"' in gzip.decompress(by_mail.body)
    assert b'value="mail"' not in gzip.decompress(by_post.body)
    assert len({by_mail["ETag"], by_post["ETag"], first["ETag"]}) == 3


@pytest.mark.parametrize("address", ["/art/", PAST_THE_COPIES])
def test_who_has_it_in_one_coding_has_it_in_the_other(process: Process, address: str) -> None:
    plain, small = process.get(address), process.get(address, **GZIP)
    for known in (plain["ETag"], small["ETag"]):
        for wishes in ({}, GZIP):
            given = process.get(address, if_none_match=known, **wishes)
            assert (given.status, given.body) == (304, b"")
            assert "content-encoding" not in given.headers
            assert "Accept-Encoding" in given.vary()


@pytest.mark.parametrize("refusal", ["", "identity", "br", "gzip;q=0", "br, gzip; q=0.0", "xgzip"])
def test_who_does_not_take_gzip_gets_none(process: Process, refusal: str) -> None:
    for address in ("/art/", PAST_THE_COPIES):
        assert "content-encoding" not in process.get(address, accept_encoding=refusal).headers


def test_what_is_small_or_no_text_stays_as_it_is(process: Process) -> None:
    for address in (f"{BASE}corrections/", "/art/share.png"):
        given = process.get(address, **GZIP)
        assert given.status == 200
        assert "content-encoding" not in given.headers
        assert "Accept-Encoding" not in given.vary()


def test_what_depends_on_a_person_is_never_compressed(
    process: Process, signature: Signature, client: Client
) -> None:
    """Its length would tell a token on it to who can put text beside it (BREACH)."""
    typed: Any = {"action": "sign", "name": "x" * 2000}
    answers: list[Any] = [
        process.get(f"/manage/{manage_token(signature)}/", **GZIP),
        process.get(f"/confirm/{confirm_token(signature)}/", **GZIP),
        client.post(
            "/art/", typed, headers={"Accept-Encoding": "gzip", "Origin": "http://testserver"}
        ),
    ]
    for answer in answers:
        assert answer["Cache-Control"] == "no-store"
        assert "content-encoding" not in {name.lower() for name in answer.headers}
