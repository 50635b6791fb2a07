"""The moderators' queue and decisions, through the admin's own pages."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaign import leaving, moves, placing, signing
from campaign.history import ORGANISER, SIGNER
from campaign.models import Campaign, Event, EventNote, ImportBatch, Mail, Signature
from campaign.models.event import Verb
from campaign.models.mail import MailKind
from campaign.models.signature import Evidence, HoldReason, Status
from tests.factories import (
    MODERATOR,
    bring_to,
    first_page_leads_to,
    make_campaign,
    make_signature,
    make_user,
    manage_token,
    release,
)

pytestmark = pytest.mark.django_db

QUEUE = "/admin/campaign/signature/"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def desk() -> Client:
    """The browser of a moderator."""
    client = Client()
    client.force_login(make_user(*MODERATOR))
    return client


def page(signature: Signature) -> str:
    return f"{QUEUE}{signature.pk}/change/"


def names(response: Any) -> list[str]:
    return [row.name for row in response.context["cl"].result_list]


def press(client: Client, signature: Signature, verb: str, **typed: str) -> Any:
    """Read the form of that button off the signature's page, fill it in, and press."""
    form = carried(client, signature, verb)
    return client.post(f"{QUEUE}{signature.pk}/{verb}/", {**form, **typed}, follow=True)


def carried(client: Client, signature: Signature, verb: str) -> dict[str, str]:
    """What the form of that button carries on the page."""
    text = client.get(page(signature)).content.decode()
    form = re.search(rf'action="{QUEUE}{signature.pk}/{verb}/">(.*?)</form>', text, re.DOTALL)
    assert form, f"no {verb} button"
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[1]))


def correct(signature: Signature, **typed: str) -> None:
    """As the signer does on their own page."""
    form = {"name": signature.name, "credit": "", "organisation": "", **typed}
    signing.correct(manage_token(signature), typed=form, revision=signature.revision)


def words(response: Any) -> str:
    """The page with its white space folded."""
    return " ".join(response.content.decode().split())


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


# --- The list --------------------------------------------------------------------------------


def test_the_first_page_leads_to_the_held_ones_the_oldest_first(
    desk: Client, campaign: Campaign
) -> None:
    first = make_signature(status=Status.HELD, name="First Held")
    make_signature(status=Status.PENDING, name="Not Confirmed")
    make_signature(status=Status.HELD, name="Second Held")
    make_signature(status=Status.PUBLISHED, name="Published Already")
    make_signature(status=Status.REJECTED, name="Rejected Already")
    Signature.objects.filter(pk=first.pk).update(confirmed_at=timezone.now())

    assert first_page_leads_to(desk) == f"{QUEUE}?status=rest"
    response = desk.get(f"{QUEUE}?status=rest")

    assert names(response) == ["Second Held", "First Held"]
    assert ">2</span>" in re.sub(r"\s+", "", response.content.decode())


def test_a_row_says_why_it_is_held_and_which_name_it_looks_like(
    desk: Client, campaign: Campaign
) -> None:
    make_signature(status=Status.HELD, name="Scаrlett Johansson", email="x@mail.example.org")

    text = desk.get(QUEUE).content.decode()

    assert "Protected name: Scarlett Johansson" in text
    assert "mail.example.org" in text
    assert "x@mail.example.org" not in text


def test_the_list_can_be_widened_to_every_status(desk: Client, campaign: Campaign) -> None:
    for status in (Status.HELD, Status.PENDING, Status.PUBLISHED, Status.REJECTED):
        make_signature(status=status, name=f"One {status}")

    assert len(names(desk.get(f"{QUEUE}?status=all"))) == 4
    assert names(desk.get(f"{QUEUE}?status=rejected")) == ["One rejected"]
    assert names(desk.get(f"{QUEUE}?status=published")) == ["One published"]
    assert names(desk.get(f"{QUEUE}?why=protected_name")) == []
    assert desk.get(f"{QUEUE}?status=nonsense").status_code == 302


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("zoe", ["Zoë Moreau"]),
        ("MOREAU zo", ["Zoë Moreau"]),
        ("Zoe+tag@gmail.com", ["Zoë Moreau"]),
        ("@gmail.com", ["Zoë Moreau"]),
        ("nobody@example.org", []),
        ("not an@address", []),
        ("!!!", ["!!!"]),
        ("'; DROP TABLE", []),
        ("\\", []),
    ],
)
def test_search_finds_names_addresses_and_domains(
    desk: Client, campaign: Campaign, typed: str, found: list[str]
) -> None:
    make_signature(status=Status.HELD, name="Zoë Moreau", email="z.o.e@gmail.com", credit="")
    make_signature(status=Status.HELD, name="!!!", email="other@example.org", credit="")

    assert names(desk.get(QUEUE, {"q": typed})) == found


def test_search_finds_a_public_id(desk: Client, campaign: Campaign) -> None:
    signature = make_signature(status=Status.HELD, name="Found Me")
    make_signature(status=Status.HELD, name="Not Me")

    assert names(desk.get(QUEUE, {"q": signature.public_id})) == ["Found Me"]


def test_the_number_of_queries_does_not_grow_with_the_rows(
    desk: Client, campaign: Campaign, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def queries() -> int:
        with django_assert_max_num_queries(20) as captured:
            assert desk.get(QUEUE).status_code == 200
        return len(captured)

    make_signature(status=Status.HELD, name="Scаrlett Johansson")
    make_signature(status=Status.HELD, name="Zoë Moreau")
    desk.get(QUEUE)  # what a process learns once
    few = queries()
    for number in range(12):
        make_signature(status=Status.HELD, name=f"Scаrlett Johansson {'I' * number}")
        make_signature(status=Status.HELD, name="Scаrlett Johansson", credit=f"Film {number}")

    assert queries() == few


def test_what_waits_for_its_batch_is_a_lane_of_its_own(desk: Client, campaign: Campaign) -> None:
    imported(campaign, "Imported One")
    make_signature(status=Status.HELD, name="To Decide")

    response = desk.get(QUEUE)

    assert names(response) == ["To Decide"]
    assert "signers.csv" in response.content.decode()
    assert names(desk.get(f"{QUEUE}?status=release")) == ["Imported One"]


def test_an_import_that_its_signer_renamed_is_work_to_do_and_says_why(
    desk: Client, campaign: Campaign
) -> None:
    batch = imported(campaign, "Imported One", "Imported Two")
    one = Signature.objects.get(name="Imported One")
    correct(one, name="Scarlett Johansson")

    queue = desk.get(QUEUE)
    assert names(queue) == ["Scarlett Johansson"]
    assert names(desk.get(f"{QUEUE}?status=release")) == ["Imported Two"]
    one.refresh_from_db()
    assert set(one.hold_reasons) > {HoldReason.RENAMED, HoldReason.IMPORTED}
    text = desk.get(page(one)).content.decode()
    for why in (
        "Why it is held",
        "The signer changed what is shown",
        "Imported with consent on file, not released yet",
        "Its name is like a protected name",
        "The release of its batch leaves it out: it is decided here.",
    ):
        assert why in text
    other = Signature.objects.get(name="Imported Two")
    assert "The release of its batch publishes it." in desk.get(page(other)).content.decode()

    release(batch)
    assert statuses([one, other]) == [Status.HELD, Status.PUBLISHED]


# --- One -------------------------------------------------------------------------------------


def test_the_page_shows_what_would_be_published_and_what_speaks_for_and_against(
    desk: Client, campaign: Campaign
) -> None:
    make_signature(status=Status.PUBLISHED, name="Earlier Name", email="shared@example.org")
    make_signature(status=Status.PUBLISHED, name="Scarlett Joh", email="else@example.org")
    signature = make_signature(
        status=Status.HELD,
        name="Scаrlett Johansson",
        email="shared@example.org",
        credit="A Film",
        organisation="An Agency",
    )

    text = desk.get(page(signature)).content.decode()

    for shown in ("Scаrlett Johansson", "A Film", "An Agency", "shared@example.org"):
        assert shown in text
    assert "Its name is like a protected name" in text
    assert "This address has signed with another name" in text
    assert "Earlier Name" in text
    assert "It looks like the protected name “Scarlett Johansson”" in text


def test_a_reason_that_needs_no_more_words_is_said_once(desk: Client, campaign: Campaign) -> None:
    signature = make_signature(status=Status.HELD, name="Ann Person")
    assert words(desk.get(page(signature))).count("The campaign reviews every signature") == 1


def test_a_reader_goes_through_the_list_and_decides_nothing(campaign: Campaign) -> None:
    first, second = (make_signature(status=Status.HELD, name=name) for name in ("Ann", "Bo"))
    client = Client()
    client.force_login(make_user("view_signature", username="reader"))

    text = words(client.get(page(first)))

    assert f'href="{page(second)}" data-key="n"' in text
    assert 'method="post" action="/admin/campaign' not in text
    assert "Keys" not in text


def test_approving_publishes_and_opens_the_next_one(desk: Client, campaign: Campaign) -> None:
    first = make_signature(status=Status.HELD, name="First Held")
    second = make_signature(status=Status.HELD, name="Second Held")

    response = press(desk, first, "approve")

    first.refresh_from_db()
    assert first.status == Status.PUBLISHED
    assert response.redirect_chain == [(page(second), 302)]
    assert "Approved" in said(response)
    assert "First Held" in said(response)
    assert Mail.objects.filter(signature=first, kind=MailKind.PUBLISHED).count() == 1
    event = Event.objects.filter(signature=first, verb=Verb.APPROVE).get()
    assert (event.actor, event.user and event.user.username) == ("moderator", "moderator")

    response = press(desk, second, "approve")
    assert response.redirect_chain == [(QUEUE, 302)]


def test_the_next_one_is_of_the_list_that_the_moderator_came_from(
    desk: Client, campaign: Campaign
) -> None:
    group = make_signature(status=Status.HELD, name="A Group", kind="group")
    make_signature(status=Status.HELD, name="A Person")
    other = make_signature(status=Status.HELD, name="Another Group", kind="group")

    filters = "kind__exact=group"
    form = carried(desk, group, "approve") | {"filters": filters}
    response = desk.post(f"{QUEUE}{group.pk}/approve/", form)

    assert response.headers["Location"] == f"{page(other)}?_changelist_filters=kind__exact%3Dgroup"


def test_rejecting_needs_a_reason_that_the_signer_is_told_and_keeps_the_note_inside(
    desk: Client, campaign: Campaign
) -> None:
    signature = make_signature(status=Status.HELD, name="Not Themselves")

    refused = press(desk, signature, "reject", note="called their agent")
    signature.refresh_from_db()
    assert refused.status_code == 422
    assert "This field is required" in refused.content.decode()
    assert "called their agent" in refused.content.decode()
    assert signature.status == Status.HELD

    press(desk, signature, "reject", reason="impersonation", note="called their agent")

    signature.refresh_from_db()
    assert (signature.status, signature.rejection_reason) == (Status.REJECTED, "impersonation")
    assert Mail.objects.filter(signature=signature, kind=MailKind.REJECTED).count() == 1
    assert EventNote.objects.get().text == "called their agent"
    text = desk.get(page(signature)).content.decode()
    assert "We could not confirm that this is you." in text
    assert "called their agent" in text


def test_what_was_renamed_while_a_moderator_looked_is_not_approved_unseen(
    desk: Client, campaign: Campaign
) -> None:
    signature = make_signature(status=Status.HELD, name="Harmless Name")
    form = carried(desk, signature, "approve")
    moves.amend(signature_id=signature.pk, actor=SIGNER, changes={"name": "Scarlett Johansson"})

    response = desk.post(f"{QUEUE}{signature.pk}/approve/", form, follow=True)

    signature.refresh_from_db()
    assert signature.status == Status.HELD
    assert response.redirect_chain == [(page(signature), 302)]
    assert "has changed since it was shown" in said(response)
    assert "Scarlett Johansson" in response.content.decode()
    assert not Mail.objects.filter(signature=signature, kind=MailKind.PUBLISHED).exists()


def test_two_moderators_who_decide_the_same_one_are_told(desk: Client, campaign: Campaign) -> None:
    signature = make_signature(status=Status.HELD, name="Looked At Twice")
    approval, rejection = (carried(desk, signature, verb) for verb in ("approve", "reject"))
    press(desk, signature, "approve")

    again = desk.post(f"{QUEUE}{signature.pk}/approve/", approval, follow=True)
    assert "Somebody else was faster" in said(again)

    rejection |= {"reason": "content"}
    against = desk.post(f"{QUEUE}{signature.pk}/reject/", rejection, follow=True)
    signature.refresh_from_db()
    assert signature.status == Status.PUBLISHED
    assert "has changed since it was shown" in said(against)


def test_a_signature_withdrawn_or_gone_meanwhile_is_said_so(
    desk: Client, campaign: Campaign
) -> None:
    signature = make_signature(status=Status.HELD, name="Leaves Now")
    form = carried(desk, signature, "approve")
    leaving.withdraw(manage_token(signature))

    response = desk.post(f"{QUEUE}{signature.pk}/approve/", form, follow=True)
    signature.refresh_from_db()
    assert signature.status == Status.WITHDRAWN
    assert "has changed since it was shown" in said(response)

    response = desk.post(f"{QUEUE}999999/approve/", form, follow=True)
    assert response.redirect_chain == [(QUEUE, 302)]
    assert "not here any more" in said(response)


def test_a_published_one_is_held_and_a_rejected_one_restored(
    desk: Client, campaign: Campaign
) -> None:
    signature = make_signature(status=Status.PUBLISHED, name="There And Back")

    response = press(desk, signature, "hold", note="a letter arrived")
    signature.refresh_from_db()
    assert (signature.status, signature.hold_reasons) == (Status.HELD, [HoldReason.MODERATOR])
    assert response.redirect_chain == [(page(signature), 302)]
    assert "a letter arrived" in response.content.decode()

    press(desk, signature, "reject", reason="content")
    press(desk, signature, "restore")
    signature.refresh_from_db()
    assert signature.status == Status.HELD


def test_a_rejected_one_that_its_signer_changed_says_what_a_restoring_does(
    desk: Client, campaign: Campaign
) -> None:
    signature = make_signature(status=Status.PUBLISHED, name="Not A Name")
    press(desk, signature, "reject", reason="not_a_name")
    before = words(desk.get(page(signature)))
    assert "Back on the list at once, as before the rejection." in before
    assert "What was rejected is not what stands here" not in before

    correct(signature, name="A Better Name")

    after = words(desk.get(page(signature)))
    for told in (
        "Why it would be held again",
        "The signer changed what is shown",
        "What was rejected is not what stands here: it has been changed since then.",
        "Held again, to be approved or not: this alone publishes nothing.",
        "<b>Changed</b>",
        "the signer",
    ):
        assert told in after
    assert "Why it is held" not in after
    assert ">Changed</span>" in desk.get(f"{QUEUE}?status=rejected").content.decode()

    press(desk, signature, "restore")
    signature.refresh_from_db()
    assert signature.status == Status.HELD
    assert not Mail.objects.filter(signature=signature, kind=MailKind.PUBLISHED).count() > 1


def test_the_past_is_told_in_the_language_of_the_moderator(
    desk: Client, campaign: Campaign
) -> None:
    signature = make_signature(status=Status.HELD, name="First Name", credit="A Film")
    correct(signature, name="Second Name", credit="Another")

    text = words(desk.get(page(signature), headers={"accept-language": "fr"}))

    assert '<b>Modifiée</b> <span class="quiet">le signataire</span> <p>Référence, Nom' in text
    assert "<b>Confirmée</b>" in text


def test_an_erased_one_shows_no_buttons_and_no_name(desk: Client, campaign: Campaign) -> None:
    signature = make_signature(status=Status.ERASED, name="Forgotten Person")

    text = desk.get(page(signature)).content.decode()

    assert signature.public_id in text
    assert "Forgotten Person" not in text
    assert 'method="post" action="/admin/campaign' not in text


def test_a_name_is_never_markup(desk: Client, campaign: Campaign) -> None:
    signature = make_signature(status=Status.HELD, name="Held")
    moves.amend(
        signature_id=signature.pk, actor=SIGNER, changes={"name": "<b>x</b>", "credit": "<i>y"}
    )
    signature.refresh_from_db()

    for response in (desk.get(page(signature)), desk.get(QUEUE), press(desk, signature, "approve")):
        text = response.content.decode()
        assert "<b>x</b>" not in text
        assert "<i>y" not in text


# --- Many ------------------------------------------------------------------------------------


def preview(client: Client, rows: list[Signature], verb: str = "approve") -> Any:
    chosen = {"action": f"{verb}_selected", "_selected_action": [row.pk for row in rows]}
    return client.post(QUEUE, chosen)


def items(response: Any) -> list[str]:
    return re.findall(r'name="item"\s+value="([^"]+)"', response.content.decode())


def test_many_are_listed_exactly_before_one_button_approves_them(
    desk: Client, campaign: Campaign
) -> None:
    rows = [make_signature(status=Status.HELD, name=f"Held {n}", credit=f"Song {n}") for n in "abc"]

    shown = preview(desk, rows[:2])

    text = shown.content.decode()
    assert all(part in text for part in ("Held a", "Song a", "Held b", "Song b"))
    assert "Held c" not in text
    assert set(Signature.objects.values_list("status", flat=True)) == {Status.HELD}
    assert items(shown) == [f"{row.pk}:{row.revision}:held" for row in rows[:2]]

    done = desk.post(f"{QUEUE}many/approve/", {"item": items(shown)}, follow=True)

    assert "Approved: 2." in said(done)
    assert statuses(rows) == [Status.PUBLISHED, Status.PUBLISHED, Status.HELD]


def test_of_many_the_one_that_changed_meanwhile_stays_held(
    desk: Client, campaign: Campaign
) -> None:
    rows = [make_signature(status=Status.HELD, name=f"Held {n}") for n in "abcd"]
    shown = items(preview(desk, rows))
    moves.amend(signature_id=rows[1].pk, actor=SIGNER, changes={"name": "Another Name"})
    leaving.withdraw(manage_token(rows[2]))

    done = desk.post(f"{QUEUE}many/approve/", {"item": shown}, follow=True)

    assert statuses(rows) == ["published", "held", "withdrawn", "published"]
    assert "Approved: 2." in said(done)
    assert "2 have changed since they were shown" in said(done)


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_many_that_have_all_left_the_list_meanwhile_are_said_to_have(
    desk: Client, campaign: Campaign, verb: str
) -> None:
    row = make_signature(campaign, status=Status.HELD)
    bring_to(row, Status.WITHDRAWN)
    chosen = {"action": f"{verb}_selected", "_selected_action": [row.pk]}
    answer = desk.post(f"{QUEUE}?status=rest", chosen, follow=True)
    assert "Those are not in this list any more." in answer.content.decode()
    row.refresh_from_db()
    assert row.status == Status.WITHDRAWN


def test_many_are_rejected_with_one_reason(desk: Client, campaign: Campaign) -> None:
    rows = [make_signature(status=Status.HELD, name=f"Held {n}") for n in "ab"]
    shown = items(preview(desk, rows, "reject"))

    refused = desk.post(f"{QUEUE}many/reject/", {"item": shown})
    assert refused.status_code == 422
    assert items(refused) == shown
    assert statuses(rows) == ["held", "held"]

    desk.post(f"{QUEUE}many/reject/", {"item": shown, "reason": "not_a_name"})
    assert statuses(rows) == ["rejected", "rejected"]
    assert Mail.objects.filter(kind=MailKind.REJECTED).count() == 2


def test_many_are_not_rejected_that_a_colleague_approved_meanwhile(
    desk: Client, campaign: Campaign
) -> None:
    rows = [make_signature(status=Status.HELD, name=f"Held {n}") for n in "ab"]
    shown = items(preview(desk, rows, "reject"))
    press(desk, rows[0], "approve")

    done = desk.post(f"{QUEUE}many/reject/", {"item": shown, "reason": "content"}, follow=True)

    assert statuses(rows) == ["published", "rejected"]
    assert "1 has changed since it was shown" in said(done)


def test_a_form_with_an_error_shows_again_what_it_showed_and_not_what_changed(
    desk: Client, campaign: Campaign
) -> None:
    row = make_signature(status=Status.HELD, name="Harmless Name")
    shown = items(preview(desk, [row], "reject"))
    form = carried(desk, row, "reject")
    moves.amend(signature_id=row.pk, actor=SIGNER, changes={"name": "Another Name"})

    refused = desk.post(f"{QUEUE}{row.pk}/reject/", form)
    assert refused.status_code == 422
    assert "Another Name" in refused.content.decode()
    assert 'name="revision" value="2"' in refused.content.decode()

    refused = desk.post(f"{QUEUE}many/reject/", {"item": shown})
    assert "Another Name" in refused.content.decode()
    assert items(refused) == [f"{row.pk}:2:held"]


@pytest.mark.parametrize(
    "broken", [[], ["x"], ["1:"], ["1:-2"], ["999999999999999999999:1:held"], ["1:1:nonsense"]]
)
def test_an_incomplete_list_decides_nothing(
    desk: Client, campaign: Campaign, broken: list[str]
) -> None:
    row = make_signature(status=Status.HELD)

    items_sent = [*broken, f"{row.pk}:1:held"] if broken else []
    desk.post(f"{QUEUE}many/approve/", {"item": items_sent})

    assert statuses([row]) == ["held"]


def test_more_than_anyone_reads_is_not_previewed(
    desk: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.admin.many.AT_ONCE", 2)
    rows = [make_signature(status=Status.HELD, name=f"Held {n}") for n in "abc"]

    response = desk.post(
        QUEUE,
        {
            "action": "approve_selected",
            "_selected_action": [rows[0].pk],
            "select_across": "1",
        },
        follow=True,
    )

    assert "At most 2 at once" in said(response)
    many = {"item": [f"{row.pk}:1:held" for row in rows]}
    desk.post(f"{QUEUE}many/approve/", many)
    assert statuses(rows) == ["held"] * 3


def statuses(rows: list[Signature]) -> list[str]:
    return [Signature.objects.get(pk=row.pk).status for row in rows]


# --- Batches ---------------------------------------------------------------------------------


def imported(campaign: Campaign, *named: str) -> ImportBatch:
    """A batch with consent on file, as `import_signers` leaves it."""
    batch = ImportBatch.objects.create(
        campaign=campaign, file_name="signers.csv", consent_note="folder 12"
    )
    now = timezone.now()
    like = make_signature(campaign, status=Status.PENDING, name="Template")
    placing.place(
        [
            Signature(
                campaign=campaign,
                batch=batch,
                statement=like.statement,
                name=name,
                signed_at=now,
                language="en",
                status=Status.HELD,
                hold_reasons=[HoldReason.IMPORTED],
                confirmed_at=now,
                evidence=Evidence.ON_FILE,
                evidence_at=now,
            )
            for name in named
        ],
        verb=Verb.IMPORT,
        actor=ORGANISER,
    )
    placing.discard([like.pk])
    return batch
