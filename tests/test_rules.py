"""What holds a name whose mailbox is confirmed, and what a campaign switches: sign, open the link, look."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from campaign import moderation, rules, signing
from campaign.campaign_file import FileMistake, parse
from campaign.identity import skeletons
from campaign.models import Campaign, ProtectedName, Signature
from campaign.models.name_numbers import RejectedName
from campaign.models.signature import RejectionReason, Status
from campaign.organising import load_campaign
from tests.factories import (
    bring_to,
    campaign_file,
    confirm_token,
    details,
    make_campaign,
    make_signature,
    make_user,
    manage_token,
)

pytestmark = pytest.mark.django_db

FOLDED = "campaign.migrations.0067_names_with_points"
ORGANISATIONS = [
    {"name": "Guild of Glass Writers", "domains": ["glass.example.org"]},
    {"name": "Paper Union", "domains": ["paper.example.org"]},
]


def open_campaign(**switches: bool) -> Campaign:
    """One that publishes as soon as the mailbox is confirmed, with these lines under [rules]."""
    lines = [f"{name} = {'true' if on else 'false'}" for name, on in switches.items()]
    text = campaign_file(publication="after_verification")
    load_campaign(parse("\n".join([text, "[rules]", *lines])))
    return Campaign.objects.get(slug="art")


def arrive(client: Client, campaign: Campaign, **typed: Any) -> Signature:
    """Sign and open the link of the mail, by the API."""
    pending = make_signature(campaign, status=Status.PENDING, **typed)
    token = {"token": confirm_token(pending)}
    answer = client.post("/api/v1/signatures/confirm/", token, content_type="application/json")
    assert answer.status_code == 200
    return Signature.objects.get(pk=pending.pk)


def listed(client: Client) -> list[str]:
    return [each["name"] for each in client.get("/api/v1/campaigns/art/signers/").json()["results"]]


def says(signature: Signature) -> list[str]:
    return [finding.sentence for finding in rules.explain(signature)]


# --- Each rule, and its switch ---------------------------------------------------------------

FINDS: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "near_name",
        "near_name",
        {"name": "Scarlet Johanson"},
        "It sounds like the protected name “Scarlett Johansson”.",
    ),
    (
        "near_name",
        "near_name",
        {"name": "Johansson, Scarlett"},
        "It is the protected name “Scarlett Johansson” in another order.",
    ),
    (
        "near_name",
        "near_name",
        {"name": "Emma Miller", "credit": "Scarlett Johansson, actress"},
        "Its credit or organisation has the protected name “Scarlett Johansson” in it.",
    ),
    (
        "near_name",
        "near_name",
        {"name": "Scarlett", "credit": "Johansson"},
        "Its name and its credit or organisation make the protected name “Scarlett Johansson”.",
    ),
    (
        "disposable",
        "disposable",
        {"email": "zoe@mailinator.com"},
        "mailinator.com gives mailboxes to throw away.",
    ),
    (
        "no_name",
        "no_name",
        {"name": "Mickey Mouse"},
        "It may be a placeholder, or a row of the keyboard.",
    ),
    (
        "mail_domain",
        "mail_domain",
        {"email": "zoe@paper.example.org", "organisation": "Guild of Glass Writers"},
        "Its mail domain paper.example.org belongs to Paper Union, and it names Guild of Glass Writers.",
    ),
]


@pytest.mark.parametrize(("rule", "reason", "typed", "sentence"), FINDS)
def test_a_rule_holds_and_says_why(
    client: Client, rule: str, reason: str, typed: dict[str, Any], sentence: str
) -> None:
    campaign = open_campaign()
    Campaign.objects.update(organisations=ORGANISATIONS)
    held = arrive(client, campaign, **typed)
    assert (held.status, held.hold_reasons) == (Status.HELD, [reason])
    assert says(held) == [sentence]
    assert listed(client) == []


@pytest.mark.parametrize(("rule", "reason", "typed", "sentence"), FINDS)
def test_a_rule_that_is_off_holds_nothing(
    client: Client, rule: str, reason: str, typed: dict[str, Any], sentence: str
) -> None:
    campaign = open_campaign(**{rule: False})
    Campaign.objects.update(organisations=ORGANISATIONS)
    arrived = arrive(client, campaign, **typed)
    assert (arrived.status, arrived.hold_reasons) == (Status.PUBLISHED, [])
    assert says(arrived) == []


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"name": "Sc\u0430rlett Johansson"}, "protected_name"),
        ({"credit": "R.E.M"}, "protected_name"),
        ({"kind": "organisation", "name": "Guild of Glass Writers"}, "organisation"),
        ({"kind": "group", "name": "The Paper Rooks"}, "organisation"),
    ],
)
def test_what_is_always_looked_at_has_no_switch(
    client: Client, typed: dict[str, Any], reason: str
) -> None:
    off = {rule.name: False for rule in rules.RULES if rule.default is not None}
    held = arrive(client, open_campaign(**off), **typed)
    assert (held.status, held.hold_reasons) == (Status.HELD, [reason])
    always = [rule.name for rule in rules.RULES if rule.default is None]
    assert always == [
        *("protected_name", "second_name", "rejected_before", "organisation", "represented"),
        *("left", "name_left"),
    ]
    for name in always:
        with pytest.raises(FileMistake, match=f"rules.{name}: is not a key"):
            open_campaign(**{name: False})


def test_a_rule_that_there_is_not_is_a_mistake_and_changes_nothing(client: Client) -> None:
    open_campaign(no_name=False)
    with pytest.raises(FileMistake, match=r"rules\.nmae: is not a key of a campaign file"):
        open_campaign(nmae=False)
    with pytest.raises(FileMistake, match=r"rules\.no_name: must be true or false"):
        parse(campaign_file() + '\n[rules]\nno_name = "off"')
    assert Campaign.objects.get().rules == {"no_name": False}


def test_an_honest_name_at_an_honest_address_is_published_with_every_rule_on(
    client: Client,
) -> None:
    campaign = open_campaign(
        **{rule.name: True for rule in rules.RULES if rule.default is not None}
    )
    Campaign.objects.update(organisations=ORGANISATIONS)
    for typed in (
        {"name": "Zoë Moreau", "organisation": "Guild of Glass Writers"},
        {"name": "Scarlett O’Hara"},
        {"name": "Eva Johansson", "email": "eva@glass.example.org"},
        {"name": "Li Na", "organisation": "Paper Union", "email": "li@paper.example.org"},
        {"name": "Remi Johnson", "credit": "Songs for the REM sleep"},
        {"name": "くノ"},  # whose letters look like two signs, and not like a placeholder
    ):
        arrived = arrive(client, campaign, **typed)
        assert (arrived.status, arrived.hold_reasons) == (Status.PUBLISHED, []), typed


# --- A name that somebody has already --------------------------------------------------------


def test_a_name_on_the_list_is_held_with_another_credit_and_not_with_the_same(
    client: Client,
) -> None:
    campaign = open_campaign()
    first = arrive(client, campaign, name="Ana Prado", credit="Sea Songs")
    same = arrive(client, campaign, name="Ana Prado", credit="sea songs")
    bare = arrive(client, campaign, name="ANA PRADO", credit="")
    other = arrive(client, campaign, name="Ana Prado", credit="A Novel")
    assert [each.status for each in (same, bare)] == ["published", "published"]
    assert (other.status, other.hold_reasons) == (Status.HELD, ["on_list"])
    [finding] = rules.explain(other)
    assert set(finding.signatures) == {first.pk, same.pk}
    assert "another credit" in finding.sentence


def test_a_name_of_a_featured_signer_is_held_whatever_the_credit(client: Client) -> None:
    campaign = open_campaign()
    first = arrive(client, campaign, name="Ana Prado", credit="")
    moderation.feature(
        signature_id=first.pk, revision=1, featured=True, by=make_user("moderate_signature")
    )
    assert arrive(client, campaign, name="Ana Prado", credit="").hold_reasons == ["on_list"]


def test_who_corrects_into_a_held_name_is_held_again(client: Client) -> None:
    campaign = open_campaign()
    signature = arrive(client, campaign, name="Ana Prado")
    signing.correct(
        manage_token(signature), typed={"name": "Johansson Scarlett"}, revision=signature.revision
    )
    signature.refresh_from_db()
    assert (signature.status, signature.hold_reasons) == ("held", ["renamed", "near_name"])
    assert listed(client) == []


# --- After a rejection -----------------------------------------------------------------------


def reject(signature: Signature, reason: RejectionReason = RejectionReason.IMPERSONATION) -> None:
    moderation.reject(
        signature_id=signature.pk,
        revision=signature.revision,
        reason=reason,
        by=make_user("moderate_signature", username=f"by{signature.pk}"),
    )


@pytest.mark.parametrize("later", ["Ana Prado", "PRADO, Ana", "Dr. Anna Prado", "Аna Prado"])
def test_a_name_that_was_rejected_as_false_is_held_from_any_address_with_its_history(
    client: Client, later: str
) -> None:
    campaign = open_campaign()
    false = arrive(client, campaign, name="Ana Prado")
    reject(false)
    again = arrive(client, campaign, name=later)
    assert (again.status, again.hold_reasons) == (Status.HELD, ["rejected_name"])
    [finding] = rules.explain(again)
    assert list(finding.signatures) == [false.pk]
    assert arrive(client, campaign, name="Ana Torres").status == Status.PUBLISHED


def test_the_block_outlives_the_erasure_and_keeps_no_name(client: Client) -> None:
    campaign = open_campaign()
    false = arrive(client, campaign, name="Ana Prado")
    reject(false)
    bring_to(false, Status.ERASED)
    assert arrive(client, campaign, name="Ana Prado").hold_reasons == ["rejected_name"]
    for row in RejectedName.objects.values():
        assert set(row) == {"id", "campaign_id", "signature_id", "key"}


def test_a_rejection_for_another_reason_or_one_taken_back_blocks_nobody(client: Client) -> None:
    campaign = open_campaign()
    reject(arrive(client, campaign, name="Ana Prado"), RejectionReason.CONTENT)
    assert arrive(client, campaign, name="Ana Prado").status == Status.PUBLISHED
    mistaken = arrive(client, campaign, name="Lev Marsh")
    reject(mistaken)
    mistaken.refresh_from_db()
    moderation.restore(
        signature_id=mistaken.pk, revision=mistaken.revision, by=make_user("moderate_signature")
    )
    assert arrive(client, campaign, name="Lev Marsh").status == Status.PUBLISHED
    assert not RejectedName.objects.exists()


def test_a_rejected_name_of_another_campaign_blocks_nobody_here(client: Client) -> None:
    other = make_campaign(slug="other", publication="after_verification")
    reject(make_signature(other, name="Ana Prado"))
    assert arrive(client, open_campaign(), name="Ana Prado").status == Status.PUBLISHED


# --- Names written with marks ----------------------------------------------------------------


def protecting(*names: str) -> Campaign:
    text = campaign_file(publication="after_verification")
    more = "".join(f'"{name}", ' for name in names)
    load_campaign(parse(text.replace("protected_names = [", f"protected_names = [{more}")))
    return Campaign.objects.get(slug="art")


@pytest.mark.parametrize(
    ("protected", "typed"),
    [
        ("עמוס עוז", "עָמוֹס עוֹז"),
        ("עָמוֹס עוֹז", "עמוס עוז"),
        ("أم كلثوم", "أُمّ كُلْثُوم"),
        ("أُمّ كُلْثُوم", "أم كلثوم"),
    ],
)
def test_a_protected_name_is_held_with_its_points_and_without(
    client: Client, protected: str, typed: str
) -> None:
    held = arrive(client, protecting(protected), name=typed)
    assert (held.status, held.hold_reasons) == (Status.HELD, ["protected_name"])
    assert listed(client) == []


@pytest.mark.parametrize(
    ("protected", "typed"), [("राम कुमार", "रीमा कुमारी"), ("सीता देवी", "सोते दिवि")]
)
def test_another_name_of_the_same_consonants_is_not_held(
    client: Client, protected: str, typed: str
) -> None:
    arrived = arrive(client, protecting(protected), name=typed)
    assert (arrived.status, arrived.hold_reasons) == (Status.PUBLISHED, [])
    assert listed(client) == [typed]


OF_BEFORE = "\u05e2\u05b8\u05delo\u05e2l\u05d6"
"""What an earlier release stored of the protected name עָמוֹס עוֹז."""


def test_the_migration_protects_a_pointed_name_that_an_earlier_release_stored(
    client: Client,
) -> None:
    campaign = protecting("עָמוֹס עוֹז")
    ProtectedName.objects.filter(name="עָמוֹס עוֹז").update(skeletons=[OF_BEFORE])
    others = list(ProtectedName.objects.exclude(name="עָמוֹס עוֹז").order_by("pk").values())
    for _ in range(2):
        import_module(FOLDED).fold(apps, None)
    kept = ProtectedName.objects.get(name="עָמוֹס עוֹז").skeletons
    assert OF_BEFORE in kept  # for code of before, which may still serve
    assert len(kept) == 1 + len(skeletons("עמוס עוז"))
    held = arrive(client, campaign, name="עמוס עוז")
    assert held.hold_reasons == ["protected_name"]
    assert others == list(ProtectedName.objects.exclude(name="עָמוֹס עוֹז").order_by("pk").values())


@pytest.mark.parametrize("is_run", [True, False])
def test_the_migration_knows_a_pointed_name_again_that_was_rejected_before(
    client: Client, is_run: bool
) -> None:
    campaign = open_campaign()
    false = arrive(client, campaign, name="עָמוֹס עוֹז")
    reject(false)
    RejectedName.objects.all().delete()
    RejectedName.objects.create(campaign=campaign, signature=false, key=1)
    if is_run:
        for _ in range(2):
            import_module(FOLDED).fold(apps, None)
    again = arrive(client, campaign, name="עמוס עוז")
    assert again.hold_reasons == (["rejected_name"] if is_run else [])


def test_the_migration_blocks_no_name_of_which_nothing_is_kept(client: Client) -> None:
    campaign = open_campaign()
    restored = arrive(client, campaign, name="עָמוֹס עוֹז")
    reject(restored)
    restored.refresh_from_db()
    moderation.restore(
        signature_id=restored.pk, revision=restored.revision, by=make_user("moderate_signature")
    )
    reject(arrive(client, campaign, name="Ana Prado"), RejectionReason.CONTENT)
    import_module(FOLDED).fold(apps, None)
    assert not RejectedName.objects.exists()


# --- Many at once ----------------------------------------------------------------------------


def test_many_from_one_mail_domain_are_held_only_where_the_file_says_so(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "FROM_ONE_DOMAIN", 2)
    campaign = open_campaign(domain=True)
    found = [
        arrive(client, campaign, name=f"Signer Number{n}", email=f"signer{n}@rush.example.org")
        for n in "abc"
    ]
    free = [
        arrive(client, campaign, name=f"Somebody Else{n}", email=f"somebody{n}@gmail.com")
        for n in "abc"
    ]
    assert [each.hold_reasons for each in found] == [[], [], ["many"]]
    assert says(found[2]) == ["Many came from one network or one domain in a short time."]
    assert [each.status for each in free] == ["published"] * 3
    open_campaign()
    last = arrive(client, campaign, name="Signer Last", email="last@rush.example.org")
    assert last.status == Status.PUBLISHED


def test_the_domains_under_one_that_somebody_registered_count_as_one(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "FROM_ONE_DOMAIN", 2)
    campaign = open_campaign(domain=True)

    def reasons(*domains: str) -> list[list[str]]:
        names = [domain.replace(".", " ") for domain in domains]
        return [
            arrive(client, campaign, name=f"Signer {name}", email=f"signer@{domain}").hold_reasons
            for name, domain in zip(names, domains, strict=True)
        ]

    under_one = ("a.rush.co.uk", "b.rush.co.uk", "c.d.rush.co.uk")
    assert reasons(*under_one) == [[], [], ["many"]]
    assert reasons("one.co.uk", "two.co.uk", "three.co.uk") == [[], [], []]


def test_many_from_one_network_are_held_only_where_the_file_says_so(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "FROM_ONE_NETWORK", 2)
    open_campaign(network=True)
    reasons = [comes(client, n, "198.51.100.7") for n in "abc"]
    assert reasons == [[], [], ["many"]]
    assert comes(client, "d", "203.0.113.9") == []
    open_campaign()
    assert comes(client, "e", "198.51.100.7") == []


def test_many_from_narrow_networks_of_one_wide_one_are_held(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "FROM_ONE_SITE", 2)
    open_campaign(network=True)
    reasons = [comes(client, n, f"2001:db8:7:{n}::1") for n in "abc"]
    assert reasons == [[], [], ["many"]]
    assert comes(client, "d", "2001:db8:8:d::1") == []


def comes(client: Client, n: str, address: str) -> list[str]:
    """Why somebody is held who signs and confirms from that address."""
    path = "/api/v1/campaigns/art/signatures/"
    typed = details(name=f"Signer Number{n}", email=f"signer{n}@example.org")
    client.post(path, typed, content_type="application/json", REMOTE_ADDR=address)
    token = {"token": confirm_token(Signature.objects.latest("pk"))}
    client.post("/api/v1/signatures/confirm/", token, content_type="application/json")
    return Signature.objects.latest("pk").hold_reasons


# --- The list of protected names changes -----------------------------------------------------


def test_a_name_that_is_protected_or_no_longer_is_so_from_the_next_confirmation_on(
    client: Client,
) -> None:
    campaign = open_campaign()
    assert arrive(client, campaign, name="Ana Prado").status == Status.PUBLISHED
    text = campaign_file(publication="after_verification")
    load_campaign(parse(text.replace('"Scarlett Johansson"', '"Ana Prado"')))
    assert arrive(client, campaign, name="A. Prado").hold_reasons == ["near_name"]
    assert arrive(client, campaign, name="Scarlett Johansson").status == Status.PUBLISHED
    ProtectedName.objects.all().delete()
    assert arrive(client, campaign, name="Prado Ana").status == Status.PUBLISHED


def test_an_alias_says_whose_it_is(client: Client) -> None:
    campaign = open_campaign()
    ProtectedName.objects.create(
        campaign=campaign,
        name="Clara Wieck",
        alias_of="Clara Schumann",
        skeletons=sorted(skeletons("Clara Wieck")),
    )
    held = arrive(client, campaign, name="clara wieck")
    assert held.hold_reasons == ["protected_name"]
    whose = "“Clara Wieck” (an alias of “Clara Schumann”)"
    assert says(held) == [f"It is the protected name {whose}."]
