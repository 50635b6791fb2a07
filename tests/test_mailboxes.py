"""When two mail addresses are the same mailbox, and which are none."""

import smtplib

import pytest
from django.core.mail.message import sanitize_address
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.identity_data import PROVIDERS
from campaign.mailboxes import (
    AddressError,
    Provider,
    ascii_address,
    canonical_address,
    mailbox_key,
    parse_address,
)

TABLE = {
    domain: Provider(domain=target, dots=dots, tag=tag) for domain, target, dots, tag in PROVIDERS
}


@pytest.mark.parametrize(
    ("typed", "kept", "envelope"),
    [
        ("Anna@Example.ORG", "Anna@example.org", "Anna@example.org"),
        (" anna@example.org\r\n", "anna@example.org", "anna@example.org"),
        ("\u200banna@example.org\ufeff\u202c", "anna@example.org", "anna@example.org"),
        ("anna@bücher.example.org", "anna@bücher.example.org", "anna@xn--bcher-kva.example.org"),
        ("anna@xn--bcher-kva.example.org", "anna@bücher.example.org",
         "anna@xn--bcher-kva.example.org"),
        ("anna@BÜCHER.de", "anna@bücher.de", "anna@xn--bcher-kva.de"),
        ("o'neil+x_y@例え.jp", "o'neil+x_y@例え.jp", "o'neil+x_y@xn--r8jz45g.jp"),
    ],
)  # fmt: skip
def test_an_address_is_kept_as_typed_with_its_domain_normalised(
    typed: str, kept: str, envelope: str
) -> None:
    assert parse_address(typed) == kept
    assert ascii_address(kept) == envelope
    assert parse_address(kept) == kept
    assert parse_address(envelope) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "blank"),
        (" \u200b\n", "blank"),
        ("a" * 65 + "@example.org", "too_long"),
        ("a@" + "b" * 60 + ("." + "b" * 60) * 4 + ".org", "too_long"),
        ("x" * 5000, "too_long"),
        ("anna", "malformed"),
        ("@example.org", "malformed"),
        ("anna@", "malformed"),
        ("anna@@example.org", "malformed"),
        ("anna bell@example.org", "malformed"),
        ("anna@exa mple.org", "malformed"),
        ("anna@example.org\r\nBcc: x@example.org", "malformed"),
        ("anna\r\n@example.org", "malformed"),
        ("a\x00b@example.org", "malformed"),
        ("Foo <a@example.org>", "malformed"),
        ("<a@example.org>", "malformed"),
        ('"a b"@example.org', "malformed"),
        ('"ab"@example.org', "malformed"),
        ("a(comment)@example.org", "malformed"),
        ("a@example.org,b@example.org", "malformed"),
        (".a@example.org", "malformed"),
        ("a..b@example.org", "malformed"),
        ("=?utf-8?q?victim?=@gmail.com", "malformed"),
        ("=?unicode_escape?q?=5Cud800?=@example.org", "malformed"),
        ("=?utf-8?q??=@example.org", "malformed"),
        ("a.=?utf-8?b?eA==?=@example.org", "malformed"),
        ("a=?b@example.org", "malformed"),
        ("a?=@example.org", "malformed"),
        ("a@localhost", "impossible"),
        ("a@host.local", "impossible"),
        ("a@x.test", "impossible"),
        ("a@x.invalid", "impossible"),
        ("a@x.example", "impossible"),
        ("a@x.internal", "impossible"),
        ("a@x.onion", "impossible"),
        ("a@example", "impossible"),
        ("a@example.123", "impossible"),
        ("a@1.2.3.4", "impossible"),
        ("a@[1.2.3.4]", "impossible"),
        ("a@[IPv6:::1]", "impossible"),
        ("a@xn--zzzzzz99999.org", "impossible"),
        ("a@-x.org", "impossible"),
        ("a@x..org", "impossible"),
        ("zoë@example.org", "impossible"),
        ("zoe\u0308@example.org", "impossible"),
    ],
)
def test_an_address_that_is_not_taken_says_why(typed: str, code: str) -> None:
    with pytest.raises(AddressError) as error:
        parse_address(typed)
    assert error.value.code == code


@given(st.one_of(st.text(max_size=300), st.text('ab.@+-\r\n"<>[]é王', max_size=40), st.emails()))
@settings(max_examples=300)
def test_what_is_taken_can_stand_in_a_header(text: str) -> None:
    try:
        kept = parse_address(text)
    except AddressError as error:
        assert error.code in {"blank", "too_long", "malformed", "impossible"}
        return
    envelope = ascii_address(kept)
    assert envelope.isascii()
    assert envelope.isprintable()
    assert " " not in envelope
    assert len(envelope) <= 254
    assert envelope.count("@") == 1
    assert parse_address(kept) == kept
    once = canonical_address(kept, TABLE)
    assert canonical_address(once, TABLE) == once
    assert not once.startswith("@")


atext = "abzABZ019!#$%&'*+/=?^_`{|}~-."
pieces = [*atext, "=?", "?=", "?q?", "?b?", "utf-8", "=?utf-8?q?", "=?utf-8?b?eA==?=", "=5C"]


@given(
    st.lists(st.sampled_from(pieces), min_size=1, max_size=12).map("".join),
    st.sampled_from(["gmail.com", "bücher.de", "faß.de", "例え.jp", "XN--FA-HIA.de", "a-b.co.uk"]),
)
@settings(max_examples=500)
def test_mail_goes_to_the_address_that_was_taken_and_to_no_other(local: str, domain: str) -> None:
    try:
        envelope = ascii_address(parse_address(f"{local}@{domain}"))
    except AddressError:
        return
    assert sanitize_address(envelope, "utf-8") == envelope
    assert smtplib.quoteaddr(envelope) == f"<{envelope}>"


@pytest.mark.parametrize("local", ["a=b", "a?b", "=a", "a_b%c", "a=5Cb", "?a", "bounce=x=y", "a!b"])
def test_odd_but_lawful_local_parts_are_taken(local: str) -> None:
    assert parse_address(f"{local}@example.org") == f"{local}@example.org"


@pytest.mark.parametrize(
    ("canonical", "key"),
    [
        ("victim+1@example.org", "victim@example.org"),
        ("victim+1+2@example.org", "victim@example.org"),
        ("victim+@example.org", "victim@example.org"),
        ("victim@example.org", "victim@example.org"),
        ("vic.tim-x@example.org", "vic.tim-x@example.org"),
        ("+x@example.org", "+x@example.org"),
        ("+x+1@example.org", "+x@example.org"),
        ("++@example.org", "++@example.org"),
    ],
)
def test_tags_never_make_a_second_mailbox(canonical: str, key: str) -> None:
    assert mailbox_key(canonical) == key
    assert mailbox_key(key) == key


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("Anna.Bell+list@googlemail.com", "annabell@gmail.com"),
        ("ANNABELL@gmail.com", "annabell@gmail.com"),
        ("+x@gmail.com", "+x@gmail.com"),
        ("Anna.Bell+x@outlook.com", "anna.bell@outlook.com"),
        ("anna@hotmail.com", "anna@hotmail.com"),
        ("a.b+x@hotmail.co.uk", "a.b@hotmail.co.uk"),
        ("anna+x@outlook.fr", "anna@outlook.fr"),
        ("anna+x@live.de", "anna@live.de"),
        ("anna+x@zohomail.com", "anna@zohomail.com"),
        ("anna+x@hey.com", "anna@hey.com"),
        ("anna+x@gmx.de", "anna+x@gmx.de"),
        ("anna+x@me.com", "anna@icloud.com"),
        ("anna@mac.com", "anna@icloud.com"),
        ("a.b@pm.me", "a.b@proton.me"),
        ("anna@ya.ru", "anna@yandex.ru"),
        ("anna-x@yahoo.com", "anna-x@yahoo.com"),
        ("Anna.Bell+x@Example.org", "anna.bell+x@example.org"),
        ("Anna@bücher.de", "anna@xn--bcher-kva.de"),
        ("anna@xn--bcher-kva.de", "anna@xn--bcher-kva.de"),
    ],
)
def test_addresses_of_one_mailbox_are_one(address: str, canonical: str) -> None:
    assert canonical_address(address, TABLE) == canonical


def test_a_row_of_the_operator_folds_too() -> None:
    table = {"xn--bcher-kva.de": Provider(domain="buecher.de", dots=False, tag="-")}
    assert canonical_address("Anna-x@bücher.de", table) == "anna@buecher.de"
    assert canonical_address("-x@bücher.de", table) == "-x@buecher.de"
    assert canonical_address("a.b@gmail.com", {}) == "a.b@gmail.com"
    dots = {"d.org": Provider(domain="d.org", dots=True, tag="")}
    assert canonical_address("a.b+c@d.org", dots) == "ab+c@d.org"


def test_the_first_rows_are_final_and_lower_case() -> None:
    assert len(TABLE) == len(PROVIDERS)
    for domain, row in TABLE.items():
        assert domain == domain.lower()
        assert TABLE[row.domain].domain == row.domain
        assert (TABLE[row.domain].dots, TABLE[row.domain].tag) == (row.dots, row.tag)
