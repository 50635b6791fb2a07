"""What an organisation sees that opens its members' links itself: the same page, whoever has signed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaign import leaving, signing, vouching
from campaign.history import Actor
from campaign.models import Campaign, Mail, MemberLink, Signature, Voucher, Vouching
from campaign.models.signature import Status
from tests.batches import imported
from tests.factories import details, make_campaign, make_signature, manage_token
from tests.vouchers import link_for, make_voucher, member_form, own_user

pytestmark = pytest.mark.django_db

NAME = "Zoë Moreau"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def voucher(campaign: Campaign) -> Voucher:
    return make_voucher(campaign)


def before(campaign: Campaign, email: str, **given: Any) -> Signature:
    """A signature by the campaign's own page; its mails are forgotten."""
    signature = make_signature(campaign, **details(email=email, **given))
    Mail.objects.all().delete()
    return signature


def unsigned(_voucher: Voucher, _email: str) -> None:
    """Nothing was ever signed."""


def listed(voucher: Voucher, email: str) -> None:
    before(voucher.campaign, email)


def unlisted(voucher: Voucher, email: str) -> None:
    before(voucher.campaign, email, show_name=False)


def otherwise(voucher: Voucher, email: str) -> None:
    before(voucher.campaign, email, name="Another Name")


def held(voucher: Voucher, email: str) -> None:
    before(voucher.campaign, email, status=Status.HELD)


def rejected(voucher: Voucher, email: str) -> None:
    before(voucher.campaign, email, status=Status.REJECTED)


def pending(voucher: Voucher, email: str) -> None:
    before(voucher.campaign, email, status=Status.PENDING)


def brought(voucher: Voucher, email: str) -> None:
    """In a file that waits for its release."""
    imported(voucher.campaign, ["name,email\n", f"{NAME},{email}\n"])


def brought_and_said(voucher: Voucher, email: str) -> None:
    """The same, and the signer has hidden the name since."""
    brought(voucher, email)
    its = Signature.objects.get(email=email)
    signing.show(manage_token(its), show_name=False)


def used(voucher: Voucher, email: str) -> str:
    return use(voucher, email)


def used_otherwise(voucher: Voucher, email: str) -> str:
    return use(voucher, email, name="Another Name", show_name="no")


def replaced(voucher: Voucher, email: str) -> None:
    """Used, and then a newer one was made."""
    use(voucher, email)


def withdrawn(voucher: Voucher, email: str) -> str:
    link = use(voucher, email)
    leaving.withdraw(manage_token(Signature.objects.get(email=email)))
    return link


def erased(voucher: Voucher, email: str) -> str:
    link = use(voucher, email)
    leaving.erase(manage_token(Signature.objects.get(email=email)))
    return link


def refused(voucher: Voucher, email: str) -> str:
    """They said that the organisation must not vouch for them."""
    link = use(voucher, email)
    signature = Signature.objects.get(email=email)
    its = Vouching.objects.get(signature=signature)
    vouching.refuse(manage_token(signature), vouching_id=its.pk)
    return link


def denied(voucher: Voucher, email: str) -> str:
    """A moderator took the proof back."""
    link = use(voucher, email)
    its = Vouching.objects.get(signature__email=email)
    vouching.revoke_proof(proof_id=its.proof_id, actor=Actor.moderator(voucher.admitted_by))
    return link


def use(voucher: Voucher, email: str, **given: str) -> str:
    """Sign by a link; that one."""
    link = link_for(voucher, email)
    assert Client().post(link, member_form(email=email, **given)).status_code == 200
    return link


State = Callable[[Voucher, str], str | None]
BEFORE: list[State] = [
    *(unsigned, listed, unlisted, otherwise, held, rejected, pending),
    *(brought, brought_and_said),
]
BY_LINK: list[State] = [used, used_otherwise, replaced, withdrawn, erased, refused, denied]
STATES = BEFORE + BY_LINK


def link_in(voucher: Voucher, state: State) -> str:
    """The link of a member of whom that is so."""
    email = f"{state.__name__}@example.org"
    return state(voucher, email) or link_for(voucher, email)


def asked(links: dict[str, str], form: dict[str, str] | None) -> dict[str, Any]:
    """What the page answers to the same request for a member of each state."""
    if form is None:
        return {state: Client().get(link) for state, link in links.items()}
    return {
        state: Client().post(link, typed(form, f"{state}@example.org"))
        for state, link in links.items()
    }


def typed(form: dict[str, str], email: str) -> dict[str, str]:
    return {name: email if value == "OWN" else value for name, value in form.items()}


def headers(answer: Any) -> dict[str, str]:
    """Those that are no number of the request."""
    return {name: value for name, value in answer.items() if name != "X-Request-ID"}


def assert_alike(answers: dict[str, Any], status: int) -> str:
    """All of them are one page, with one status and the same headers; that page."""
    first = answers["unsigned"]
    for state, answer in answers.items():
        assert answer.status_code == status, state
        assert answer.content == first.content, state
        assert headers(answer) == headers(first), state
        assert not answer.cookies
    return str(first.content.decode())


SIGN = member_form(email="OWN", member="yes")
JOIN = {"action": "join", "own_email": "OWN", "language": "en", "member": "yes"}
RENEW = {"action": "renew", "language": "en"}
FORMS = {
    "open": None,
    "sign": SIGN,
    "sign in French": {**SIGN, "language": "fr"},
    "join": JOIN,
    "mail me": RENEW,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_whatever_is_done_with_a_link_its_page_is_the_same_whoever_has_signed(
    voucher: Voucher, form: dict[str, str] | None
) -> None:
    page = assert_alike(
        asked({state.__name__: link_in(voucher, state) for state in STATES}, form), 200
    )
    for private in ("/manage/", "/signers/", NAME, "Another Name", "data.json"):
        allowed = "/art/signers/?language=" if private == "/signers/" else "\0"
        assert private not in page.replace(allowed, ""), private


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({**SIGN, "email": "other@example.org"}, 422),
        ({**SIGN, "email": "", "consent": "", "name": ""}, 422),
        ({**SIGN, "email": "", "statement_version": "9"}, 422),
        ({**JOIN, "own_email": "other@example.org"}, 422),
        ({**JOIN, "own_email": "nobody"}, 422),
    ],
)
def test_what_is_wrong_with_a_form_is_said_alike(
    voucher: Voucher, form: dict[str, str], status: int
) -> None:
    assert_alike(asked({state.__name__: link_in(voucher, state) for state in STATES}, form), status)


@pytest.mark.parametrize(
    ("column", "form", "status"),
    [
        ("paused_at", None, 409),
        ("paused_at", SIGN, 409),
        ("paused_at", JOIN, 409),
        ("paused_at", RENEW, 200),
        ("closes_at", None, 409),
        ("closes_at", SIGN, 409),
        ("closes_at", JOIN, 409),
        ("closes_at", RENEW, 200),
        ("frozen_at", None, 200),
        ("frozen_at", SIGN, 200),
        ("frozen_at", JOIN, 200),
        ("braked_at", SIGN, 200),
        ("opens_at", None, 409),
        ("opens_at", SIGN, 409),
        ("opens_at", JOIN, 409),
        ("opens_at", RENEW, 409),
    ],
)
def test_a_campaign_that_is_paused_closed_frozen_or_to_come_answers_alike(
    voucher: Voucher, column: str, form: dict[str, str] | None, status: int
) -> None:
    links = {state.__name__: link_in(voucher, state) for state in STATES}
    ahead = timedelta(days=1 if column == "opens_at" else 0)
    Campaign.objects.filter(pk=voucher.campaign_id).update(**{column: timezone.now() + ahead})
    assert_alike(asked(links, form), status)


@pytest.mark.parametrize("state", [listed, unlisted, otherwise], ids=lambda each: each.__name__)
@pytest.mark.parametrize("form", [SIGN, JOIN], ids=["sign", "join"])
def test_what_stood_before_shows_nothing_more_and_its_signer_alone_is_told(
    client: Client, voucher: Voucher, state: State, form: dict[str, str]
) -> None:
    state(voucher, "zoe@example.org")
    stood = Signature.objects.get()

    client.post(link_for(voucher, "zoe@example.org"), typed(form, "zoe@example.org"))

    after = Signature.objects.get(pk=stood.pk)
    for column in ("status", "name", "show_name", "newsletter", "email", "member_of"):
        assert getattr(after, column) == getattr(stood, column), column
    assert not Vouching.objects.filter(signature=stood, shown_at__isnull=False).exists()
    places_another = state is otherwise and form is SIGN
    told = [] if places_another else [("vouched", stood.pk)]
    assert list(Mail.objects.values_list("kind", "signature")) == told
    assert Signature.objects.count() == 1 + places_another


def test_a_link_that_was_used_changes_nothing_more(client: Client, voucher: Voucher) -> None:
    use(voucher, "zoe@example.org", show_name="no")
    link = link_for(voucher, "zoe@example.org")
    stood = Signature.objects.values().get(), MemberLink.objects.values().get()
    for form in (SIGN, {**SIGN, "name": "Another Name"}, JOIN):
        assert client.post(link, typed(form, "zoe@example.org")).status_code == 200
    assert (Signature.objects.values().get(), MemberLink.objects.values().get()) == stood
    assert Vouching.objects.get().shown_at is None
    assert not Mail.objects.exists()


def test_the_button_that_mails_the_link_writes_to_who_signed_by_it_and_to_nobody_else(
    client: Client, voucher: Voucher
) -> None:
    listed(voucher, "ann@example.org")
    for email in ("ann@example.org", "nobody@example.org"):
        client.post(link_for(voucher, email), {"action": "renew"})
    assert not Mail.objects.exists()
    use(voucher, "zoe@example.org")
    link = link_for(voucher, "zoe@example.org")
    for _ in range(5):
        assert client.post(link, {"action": "renew"}).status_code == 200
    mails = Mail.objects.values_list("kind", "signature__email")
    assert list(mails) == [("signed_already", "zoe@example.org")] * 3


@pytest.mark.parametrize("state", BY_LINK, ids=lambda each: each.__name__)
def test_the_quota_and_a_second_list_do_not_tell_what_became_of_a_link(
    voucher: Voucher, state: State
) -> None:
    state(voucher, "zoe@example.org")
    for _ in range(2):
        voucher.refresh_from_db()
        assert (voucher.taken, MemberLink.objects.count()) == (1, 1)
        link_for(voucher, "zoe@example.org")
    vouching.take_back_address(voucher=voucher, email="zoe@example.org", by=voucher.admitted_by)
    voucher.refresh_from_db()
    assert (voucher.taken, MemberLink.objects.count()) == (0, 0)


def test_a_name_confirmed_by_hand_is_taken_back_alike_whether_its_signer_used_a_link(
    voucher: Voucher,
) -> None:
    by, seen = own_user(voucher), []
    use(voucher, "used@example.org")
    listed(voucher, "unused@example.org")
    links = {each: link_for(voucher, f"{each}@example.org") for each in ("used", "unused")}
    for each, link in links.items():
        signer = Signature.objects.get(email=f"{each}@example.org").public_id
        its = vouching.confirm_name(voucher=voucher, public_id=signer, by=by)
        vouching.take_back(vouching=its, by=by)
        voucher.refresh_from_db()
        seen.append((voucher.taken, Client().get(link).status_code))
    assert seen == [(2, 200), (2, 200)]
    for each in links:
        signer = Signature.objects.get(email=f"{each}@example.org").public_id
        vouching.confirm_name(voucher=voucher, public_id=signer, by=by)
        vouching.take_back_address(voucher=voucher, email=f"{each}@example.org", by=by)
    voucher.refresh_from_db()
    assert (voucher.taken, vouching.by_hand(voucher).count()) == (2, 2)
