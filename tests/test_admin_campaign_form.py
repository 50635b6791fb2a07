"""A campaign made and edited in the admin, as in its file."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from campaign import campaign_file, campaign_parts
from campaign.admin.file_form import Form
from campaign.admin.file_inputs import document, spelled, tidied
from campaign.campaign_file import parse, plain, read
from campaign.file_keys import KEYS
from campaign.file_values import ByLanguage, Rows, Table
from campaign.management.commands.load_demo import DEMO
from campaign.models import (
    AuditEntry,
    Campaign,
    Consent,
    Logo,
    Membership,
    ProtectedName,
    StatementVersion,
)
from campaign.models.membership import Role
from campaign.organising import load_campaign
from campaign.rules import RULES
from tests import factories
from tests.campaign_form import inputs
from tests.factories import make_campaign, make_member, make_signature, make_user
from tests.pictures import picture

pytestmark = pytest.mark.django_db

ADD = "/admin/campaign/campaign/add/"


def edit(campaign: Campaign) -> str:
    return f"/admin/campaign/campaign/{campaign.pk}/edit/"


@pytest.fixture
def owner() -> User:
    return make_user(username="owner")


@pytest.fixture
def art(owner: User) -> Campaign:
    campaign = make_campaign()
    Membership.objects.create(user=owner, campaign=campaign, role="owner")
    return campaign


@pytest.fixture
def desk(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def opened(desk: Client, path: str) -> dict[str, str]:
    response = desk.get(path)
    assert response.status_code == 200
    return inputs(response.content.decode())


def state(campaign: Campaign) -> dict[str, Any]:
    return campaign_parts.values(Campaign.objects.get(pk=campaign.pk))


def refused(desk: Client, path: str, posted: dict[str, Any], status: int = 422) -> str:
    response = desk.post(path, {**posted, "_save": "on"})
    assert response.status_code == status, response.status_code
    return response.content.decode()


def saved(desk: Client, path: str, posted: dict[str, Any]) -> None:
    response = desk.post(path, {**posted, "_save": "on"})
    assert response.status_code == 302, re.findall(
        r'class="errors">([^<]*)', response.content.decode()
    )


# --- Editing ---------------------------------------------------------------------------------


def test_saving_the_form_as_it_was_opened_changes_nothing(desk: Client, art: Campaign) -> None:
    before, entries = state(art), AuditEntry.objects.count()
    saved(desk, edit(art), opened(desk, edit(art)))
    assert state(art) == before
    assert AuditEntry.objects.count() == entries
    page = desk.get(f"/admin/campaign/campaign/{art.pk}/change/").content.decode()
    assert "Nothing has changed." in page


def test_the_demo_campaign_goes_through_the_form_unchanged(desk: Client, owner: User) -> None:
    load_campaign(parse((DEMO / "campaign.toml").read_text(encoding="utf-8"), folder=DEMO))
    demo = Campaign.objects.get()
    Membership.objects.create(user=owner, campaign=demo, role="owner")
    before = state(demo)
    saved(desk, edit(demo), opened(desk, edit(demo)))
    assert state(demo) == before


def test_every_key_of_a_file_has_an_input() -> None:
    values = read(plain(parse(factories.campaign_file()).values)).values
    form = Form(spelled(values))
    paths = {getattr(each, "path", getattr(each, "name", "")) for each in form.fields}
    for key in KEYS:
        if isinstance(key.kind, Table):
            assert {f"{key.name}.{inner.name}" for inner in key.kind.keys} <= paths
        elif isinstance(key.kind, ByLanguage):
            inner = {each.name for each in key.kind.table.keys}
            assert {f"{key.name}.en.{name}" for name in inner} <= paths
        else:
            assert key.name in paths
        if isinstance(key.kind, Rows) and key.name in {"disciplines"}:
            assert {f"{key.name}[1].{inner.name}" for inner in key.kind.table.keys} <= paths


def test_what_a_form_spells_is_read_as_the_same_file() -> None:
    values = parse((DEMO / "campaign.toml").read_text(encoding="utf-8"), folder=DEMO).values
    again = read(document(tidied(spelled(values)))).values
    assert {**again, "logo": None} == {**values, "logo": None}


@pytest.mark.parametrize(
    ("posted", "key", "value"),
    [
        ({"goal": "2000"}, "goal", 2000),
        ({"closes_at": "2027-01-22T00:00"}, "closes_at", datetime(2027, 1, 22, tzinfo=UTC)),
        ({"opens_at": ""}, "opens_at", None),
        ({"publication": "after_verification"}, "publication", "after_verification"),
        ({"sites": "https://a.example\r\n\r\nhttps://b.example"}, "sites", ["https://a.example", "https://b.example"]),
        ({"colours.accent": "#B3261E"}, "colours", {"accent": "#b3261e"}),
        ({"organiser.name": "Other"}, "organiser.name", "Other"),
        ({"statement.en.consent": "I agree."}, "statement.en.consent", "I agree."),
        (
            {"protected_names": "R.E.M.\r\n  REM\r\n\tRapid Eye\r\n=LOVE"},
            "protected_names",
            [{"name": "=LOVE", "aliases": []}, {"name": "R.E.M.", "aliases": ["REM", "Rapid Eye"]}],
        ),
        (
            {"disciplines[3].slug": "dancer", "disciplines[3].fr": "Danse", "disciplines[3].place": "1",
             "disciplines[1].place": "2", "disciplines[2].slug": "", "disciplines[2].en": "", "disciplines[2].fr": ""},
            "disciplines",
            [{"slug": "musician", "names": {"en": "Musician", "fr": "Musicien, musicienne"}}, {"slug": "dancer", "names": {"fr": "Danse"}}][::-1],
        ),
    ],
)  # fmt: skip
def test_a_change_is_saved_and_on_record(
    desk: Client, owner: User, art: Campaign, posted: dict[str, str], key: str, value: Any
) -> None:
    if "disciplines[3].place" in posted:
        posted["disciplines[3].place"] = "0"
    saved(desk, edit(art), opened(desk, edit(art)) | posted)
    found: Any = state(art)
    for part in key.split("."):
        found = found[part]
    assert found == value
    entry = AuditEntry.objects.filter(action="campaign_edited").get()
    assert (entry.user, entry.campaign) == (owner, art)
    assert entry.details == {"keys": [key if key != "colours" else "colours.accent"]}
    # The file and the form never disagree.
    assert load_campaign(parse(campaign_file.write(state(art)))) == []


def test_a_changed_text_is_a_new_version_with_its_note(desk: Client, art: Campaign) -> None:
    signature = make_signature(art)
    posted = opened(desk, edit(art)) | {"statement.en.body": "We made it. Ask us before."}
    page = refused(desk, edit(art), posted)
    assert "Is needed, since this text has changed" in page
    assert StatementVersion.objects.count() == 1
    saved(desk, edit(art), posted | {"statement.en.note": "“First” became “before”."})
    assert [version.number for version in StatementVersion.objects.all()] == [1, 2]
    assert StatementVersion.objects.last().notes == {"en": "“First” became “before”."}  # type: ignore[union-attr]
    signature.refresh_from_db()
    assert signature.statement.version.number == 1


def test_the_same_note_again_is_none(desk: Client, art: Campaign) -> None:
    make_signature(art)
    first = {"statement.en.body": "One.", "statement.en.note": "A comma."}
    saved(desk, edit(art), opened(desk, edit(art)) | first)
    page = refused(desk, edit(art), opened(desk, edit(art)) | {"statement.en.body": "Two."})
    assert "Is needed, since this text has changed" in page
    # A note alone can be mended, and makes no version.
    saved(desk, edit(art), opened(desk, edit(art)) | {"statement.en.note": "A full stop."})
    assert StatementVersion.objects.last().number == 2  # type: ignore[union-attr]
    assert StatementVersion.objects.last().notes == {"en": "A full stop."}  # type: ignore[union-attr]


def test_before_anybody_has_signed_a_text_changes_without_a_note(
    desk: Client, art: Campaign
) -> None:
    saved(desk, edit(art), opened(desk, edit(art)) | {"statement.en.body": "We made it."})
    assert StatementVersion.objects.last().notes == {}  # type: ignore[union-attr]


def test_a_language_is_added_with_its_text(desk: Client, art: Campaign) -> None:
    posted = opened(desk, edit(art)) | {"languages": "en\r\nfr\r\nde"}
    more = inputs(desk.post(edit(art), posted | {"_more": "on"}).content.decode())
    assert more["statement.de.title"] == ""
    german = {"statement.de.title": "T", "statement.de.body": "B", "statement.de.consent": "C"}
    saved(desk, edit(art), more | german | {"disciplines[1].de": "Musik"})
    assert state(art)["statement"]["de"]["title"] == "T"
    assert state(art)["disciplines"][0]["names"]["de"] == "Musik"
    assert StatementVersion.objects.count() == 1
    assert Consent.objects.filter(language="de").count() == 1


# --- Mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("posted", "at", "reason"),
    [
        ({"goal": "many"}, "f-goal", "Must be a whole number"),
        ({"goal": "0"}, "f-goal", "Must be between 1 and 2,000,000,000"),
        ({"goal": ""}, "f-goal", "Is missing"),
        ({"goal": "9" * 400}, "f-goal", "Must be a whole number"),
        ({"opens_at": "soon"}, "f-opens-at", "Must be a time"),
        ({"closes_at": "2020-01-01T00:00"}, "f-closes-at", "Must be after opens_at"),
        ({"languages": ""}, "f-languages", "Is empty"),
        ({"languages": "en\nfr\nEnglish"}, "f-languages", "No. 3: 'English' is not a language such as en or pt-BR"),
        ({"publication": "now"}, "f-publication", "Must be one of"),
        ({"statement.en.title": ""}, "f-statement-en-title", "Is empty"),
        ({"statement.fr.body": ""}, "f-statement-fr-body", "Is empty"),
        ({"statement.en.title": "a\0b"}, "f-statement-en-title", "control character"),
        ({"colours.accent": "#ffff00"}, "f-colours-accent", "Has a contrast of 1.0"),
        ({"protected_names": "A\n B\nA"}, "f-protected-names", "Names &#x27;A&#x27; twice"),
        ({"protected_names": f"A\n {'B' * 201}"}, "f-protected-names", "is longer than 200 characters"),
        ({"disciplines[1].slug": "A B"}, "f-disciplines-1-slug", "must be of small letters"),
        ({"disciplines[4].fr": "Danse"}, "f-disciplines-3-slug", "Is empty"),
        ({"disciplines[2].slug": "musician"}, "f-disciplines", "twice"),
        ({"organiser.privacy_url": "javascript:alert(1)"}, "f-organiser-privacy-url", "Must begin with https://"),
    ],
)  # fmt: skip
def test_a_mistake_stands_at_its_input_and_nothing_is_lost(
    desk: Client, art: Campaign, posted: dict[str, str], at: str, reason: str
) -> None:
    before = state(art)
    typed = opened(desk, edit(art)) | {"statement.fr.consent": "Mot à mot <b>", **posted}
    page = refused(desk, edit(art), typed)
    assert f'<a href="#{at}">' in page
    assert reason in page.replace("&#x27;", "'") or reason in page
    again = inputs(page)
    assert again["statement.fr.consent"] == "Mot à mot <b>"
    for name, text in posted.items():
        if "[4]" not in name and "\0" not in text and name != "publication":
            assert again[name].replace("\r\n", "\n") == text
    assert again["shown"] == typed["shown"]
    assert state(art) == before


def test_all_mistakes_are_shown_at_once(desk: Client, art: Campaign) -> None:
    posted = {"goal": "x", "statement.en.title": "", "sites": "nowhere"}
    page = refused(desk, edit(art), opened(desk, edit(art)) | posted)
    for at in ("f-goal", "f-statement-en-title", "f-sites"):
        assert f'<a href="#{at}">' in page


def test_the_texts_of_a_language_misspelt_come_back_with_it(desk: Client, art: Campaign) -> None:
    typed = opened(desk, edit(art)) | {"languages": "en\nFrench", "statement.fr.title": "Titre"}
    page = refused(desk, edit(art), typed)
    again = inputs(page) | {"languages": "en\nfr"}
    more = inputs(desk.post(edit(art), again | {"_more": "on"}).content.decode())
    assert more["statement.fr.title"] == "Titre"


def test_a_form_that_is_nonsense_is_no_failure(desk: Client, art: Campaign) -> None:
    before = state(art)
    hostile = {
        "disciplines[99999999999].slug": "x", "disciplines[1].x[2].y": "z", "disciplines[]": "a",
        "goal[1]": "5", "statement": "x", "statement..title": "y", "logo.base64": "é", "languages": "\n",
        "<script>": "alert(1)", "logo.none": "",
    }  # fmt: skip
    for action in ("_save", "_look", "_more"):
        response = desk.post(edit(art), hostile | {action: "on"})
        assert response.status_code in {200, 422}
        assert "<script>alert" not in response.content.decode()
    assert state(art) == before


def test_looking_saves_nothing_and_says_what_would_change(desk: Client, art: Campaign) -> None:
    before = state(art)
    typed = opened(desk, edit(art)) | {"statement.en.body": "Some *new* <b>text</b>.", "goal": "7"}
    response = desk.post(edit(art), typed | {"_look": "on"})
    page = response.content.decode()
    assert "Saving would change:" in page
    assert "<b>Goal, Statement: Text (en)</b>" in page
    assert "Some <em>new</em> &lt;b&gt;text&lt;/b&gt;." in page
    assert state(art) == before
    assert inputs(page)["goal"] == "7"


def test_looking_misses_the_note_that_saving_would_miss(desk: Client, art: Campaign) -> None:
    make_signature(art)
    typed = opened(desk, edit(art)) | {"statement.en.body": "Other words."}
    for action in ("_look", "_save"):
        response = desk.post(edit(art), typed | {action: "on"})
        assert response.status_code == 422
        assert "is needed, since this text has changed" in response.content.decode()


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ({"goal": "7", "organiser.name": "We"}, "Goal, Organiser: Name"),
        (
            {"colours.accent": "#00457c", "sites": "https://a.example"},
            "Sites, Colours: Colour of buttons and links",
        ),
        ({"statement.en.note": "A slip."}, "Statement: What has changed (en)"),
        ({"disciplines[1].slug": "singer"}, "Disciplines"),
    ],
)
def test_what_was_changed_is_named_as_the_form_names_it(
    desk: Client, art: Campaign, typed: dict[str, str], named: str
) -> None:
    response = desk.post(edit(art), opened(desk, edit(art)) | typed, follow=True)
    assert f"Saved. Changed: {named}" in response.content.decode()


# --- Two at once -----------------------------------------------------------------------------


def test_what_a_colleague_changed_meanwhile_is_not_overwritten_unseen(
    desk: Client, art: Campaign
) -> None:
    mine, theirs = opened(desk, edit(art)), opened(desk, edit(art))
    saved(desk, edit(art), theirs | {"goal": "5", "protected_names": "Somebody"})
    page = refused(desk, edit(art), mine | {"sender": "Art <a@example.org>"}, status=409)
    assert "Somebody has changed this campaign since you opened this form" in page
    assert "by owner." in page
    assert "<b>goal, sender, protected_names</b>" in page or "goal" in page
    assert state(art)["goal"] == 5
    again = inputs(page)
    assert again["sender"] == "Art <a@example.org>"
    saved(desk, edit(art), again)
    assert (state(art)["goal"], state(art)["sender"]) == (1000, "Art <a@example.org>")


def test_a_pause_meanwhile_is_no_change_of_what_the_form_shows(desk: Client, art: Campaign) -> None:
    mine = opened(desk, edit(art))
    desk.post(f"/admin/campaign/campaign/{art.pk}/pause/")
    saved(desk, edit(art), mine | {"goal": "5"})
    assert Campaign.objects.get().paused_at is not None


def test_loading_a_file_after_an_edit_says_what_it_replaces(desk: Client, art: Campaign) -> None:
    saved(desk, edit(art), opened(desk, edit(art)) | {"goal": "5", "sites": ""})
    text = factories.campaign_file().replace("sites = [", "sites = [ # ")
    text = re.sub(r"sites = .*", "sites = []", text)
    lines = load_campaign(parse(text))
    assert lines[0] == "goal: 5 -> 1000"
    assert len(lines) == 2
    assert re.fullmatch(
        r"goal: replaces an edit made in the admin on \d{4}-\d\d-\d\d \d\d:\d\d UTC", lines[1]
    )
    assert load_campaign(parse(text)) == []


# --- The logo --------------------------------------------------------------------------------


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("logo.png", content, "image/png")


def test_a_logo_is_put_up_kept_and_taken_down(desk: Client, art: Campaign) -> None:
    saved(desk, edit(art), {**opened(desk, edit(art)), "logo": upload(picture())})
    assert bytes(Logo.objects.get().content) == picture()
    saved(desk, edit(art), opened(desk, edit(art)) | {"goal": "9"})
    assert bytes(Logo.objects.get().content) == picture()
    saved(desk, edit(art), opened(desk, edit(art)) | {"logo.none": "on"})
    assert not Logo.objects.exists()
    assert Campaign.objects.get().logo == {}


def test_a_chosen_logo_outlives_a_mistake_elsewhere(desk: Client, art: Campaign) -> None:
    posted = {**opened(desk, edit(art)), "logo": upload(picture()), "goal": "x"}
    page = refused(desk, edit(art), posted)
    assert "The picture that you chose is kept" in page
    saved(desk, edit(art), inputs(page) | {"goal": "9"})
    assert bytes(Logo.objects.get().content) == picture()


@pytest.mark.parametrize("content", [b"<svg/>", b"x" * 40_000, b""])
def test_what_is_no_logo_is_said_at_its_input(desk: Client, art: Campaign, content: bytes) -> None:
    page = (
        refused(desk, edit(art), {**opened(desk, edit(art)), "logo": upload(content)})
        if content
        else ""
    )
    assert content == b"" or '<a href="#f-logo">' in page
    assert not Logo.objects.exists()


# --- Making one ------------------------------------------------------------------------------

NEW = {
    "slug": "film", "languages": "en", "goal": "100", "publication": "after_review", "bot_check": "auto",
    "retention_months": "12", "statement.en.title": "T", "statement.en.body": "B", "statement.en.consent": "C",
}  # fmt: skip


def test_who_may_make_a_campaign_makes_one_and_owns_it() -> None:
    maker, client = make_user("add_campaign", username="maker"), Client()
    client.force_login(maker)
    response = client.post(ADD, opened(client, ADD) | NEW | {"_save": "on"})
    made = Campaign.objects.get()
    assert (response.status_code, response["Location"]) == (
        302,
        f"/admin/campaign/campaign/{made.pk}/change/",
    )
    assert (made.slug, made.opens_at) == ("film", None)
    assert Membership.objects.get().role == "owner"
    assert Membership.objects.get().user == maker
    assert AuditEntry.objects.get().action == "campaign_made"
    assert client.get(edit(made)).status_code == 200


def test_a_short_name_that_is_taken_is_refused_and_the_other_stays(art: Campaign) -> None:
    client = Client()
    client.force_login(make_user("add_campaign", username="maker"))
    before = state(art)
    page = refused(client, ADD, opened(client, ADD) | NEW | {"slug": "art"})
    assert "Is the short name of another campaign" in page
    assert state(art) == before
    assert Campaign.objects.count() == 1


def test_a_short_name_stays(desk: Client, art: Campaign) -> None:
    saved(desk, edit(art), opened(desk, edit(art)) | {"slug": "other"})
    assert Campaign.objects.get().slug == "art"


# --- Who may ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "status"),
    [("owner", 200), ("moderator", 403), ("reader", 403), ("organisation", 403), (None, 403)],
)
def test_only_owners_edit_and_take_the_file(art: Campaign, role: str | None, status: int) -> None:
    user = make_member(art, Role(role), username="x") if role else make_user(username="x")
    client = Client()
    client.force_login(user)
    file = f"/admin/campaign/campaign/{art.pk}/file/"
    assert client.get(edit(art)).status_code == status
    assert client.get(file).status_code == status
    before = state(art)
    assert client.post(edit(art), {"goal": "5"}).status_code == (422 if role == "owner" else 403)
    assert client.get(ADD).status_code == 403
    assert client.post(ADD, NEW).status_code == 403
    assert (state(art), Campaign.objects.count()) == (before, 1)


def test_an_owner_of_another_campaign_finds_nothing(desk: Client, art: Campaign) -> None:
    other = make_campaign(slug="film")
    for path in (edit(other), f"/admin/campaign/campaign/{other.pk}/file/"):
        assert desk.get(path).status_code == 404


def test_the_file_that_is_downloaded_is_the_one_that_is_printed(
    desk: Client, art: Campaign
) -> None:
    response = desk.get(f"/admin/campaign/campaign/{art.pk}/file/")
    assert response["Content-Disposition"] == 'attachment; filename="art.toml"'
    assert "no-store" in response["Cache-Control"]
    assert load_campaign(parse(response.content.decode())) == []
    assert ProtectedName.objects.count() == 3


def test_the_form_names_every_rule_that_no_campaign_can_switch_off(
    desk: Client, art: Campaign
) -> None:
    page = desk.get(edit(art)).content.decode()
    [told] = re.findall(r"Held always: ([^<]*)\.<", page)
    assert told.split(" · ") == [str(rule.label) for rule in RULES if rule.default is None]
    assert "Addresses that were rejected before" in told
