"""Who may open and do what in the admin, and what its answers carry."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from campaign import removal
from campaign.criteria import Rule
from campaign.models import (
    ApiKey,
    Campaign,
    ImportBatch,
    Mail,
    MailProvider,
    Signature,
    Suppression,
)
from campaign.models.api_key import Scope
from campaign.models.mail import MailStatus
from campaign.models.signature import Status
from campaign.outbox import address_hash
from tests.factories import make_campaign, make_key, make_signature, make_user
from tests.receiver import make_webhook

pytestmark = pytest.mark.django_db


@pytest.fixture
def there() -> dict[str, Any]:
    """One of everything that the pages below are about."""
    campaign = make_campaign()
    signature = make_signature(campaign, status=Status.HELD, name="Waits Here")
    batch = ImportBatch.objects.create(campaign=campaign, file_name="a.csv", consent_note="note")
    mail = Mail.objects.get(signature=signature)
    Mail.objects.filter(pk=mail.pk).update(status=MailStatus.FAILED, attempts=30, error="refused")
    make_key(campaign, *Scope)
    left = Suppression.objects.create(
        campaign=campaign, address_hash=address_hash("gone@example.org"), reason="not_me"
    )
    removed = removal.preview(
        campaign=campaign, rule=Rule(name="nobody"), by=make_user(username="looker")
    )
    return {
        "signature": signature.pk,
        "removal": removed.pk,
        "batch": batch.pk,
        "campaign": campaign.pk,
        "mail": mail.pk,
        "left": left.pk,
        "key": ApiKey.objects.values_list("pk", flat=True)[0],
        "hook": make_webhook(campaign, "https://hooks.example.org/x").pk,
        "provider": MailProvider.objects.values_list("pk", flat=True)[0],
    }


WHO: dict[str, tuple[str, ...]] = {
    "viewer": ("view_signature", "view_importbatch"),
    "moderator": ("view_signature", "view_importbatch", "moderate_signature"),
    "operator": (
        *("view_campaign", "change_campaign", "view_mail", "change_mail"),
        *("view_mailprovider", "change_mailprovider", "view_suppression", "delete_suppression"),
    ),
    "keeper": ("view_apikey", "add_apikey", "change_apikey", "view_auditentry"),
    "clerk": (),
}


def client_of(who: str) -> Client:
    client = Client()
    if who == "superuser":
        client.force_login(User.objects.create_superuser("root", "r@example.org", "secret"))
    elif who == "outsider":
        client.force_login(make_user("view_signature", "moderate_signature", staff=False))
    elif who != "anonymous":
        client.force_login(make_user(*WHO[who], username=who))
    return client


SIGNATURE, BATCH, CAMPAIGN = (
    "/admin/campaign/signature/",
    "/admin/campaign/importbatch/",
    "/admin/campaign/campaign/",
)
KEY = "/admin/campaign/apikey/"
REMOVAL = "/admin/campaign/removal/"
LOGIN = 302
# A decision without a complete form is a 422 or, where there is no form to show, a redirect.
NOT_THEIRS = dict.fromkeys(("clerk", "viewer", "moderator", "keeper"), 404)
"""Who may see no campaign to steer."""

TABLE: list[tuple[str, str, dict[str, int]]] = [
    ("GET", SIGNATURE, {"viewer": 200, "moderator": 200}),
    ("GET", SIGNATURE + "{signature}/change/", {"viewer": 200, "moderator": 200}),
    ("POST", SIGNATURE + "{signature}/change/", {"viewer": 405, "moderator": 405}),
    ("GET", SIGNATURE + "add/", {}),
    ("POST", SIGNATURE + "{signature}/delete/", {}),
    ("POST", SIGNATURE, {"moderator": 200}),
    ("POST", SIGNATURE + "{signature}/approve/", {"moderator": 422}),
    ("POST", SIGNATURE + "{signature}/reject/", {"moderator": 422}),
    ("POST", SIGNATURE + "{signature}/hold/", {"moderator": 422}),
    ("GET", SIGNATURE + "try/", {"viewer": 200, "moderator": 200}),
    ("POST", SIGNATURE + "try/", {"viewer": 422, "moderator": 422}),
    ("GET", SIGNATURE + "?status=reported", {"viewer": 200, "moderator": 200}),
    ("POST", SIGNATURE + "{signature}/keep/", {"moderator": 422}),
    ("POST", SIGNATURE + "{signature}/restore/", {"moderator": 422}),
    ("POST", SIGNATURE + "{signature}/check/", {"moderator": 422}),
    ("POST", SIGNATURE + "{signature}/proofs/1/revoke/", {"moderator": 422}),
    ("POST", SIGNATURE + "{signature}/ask/", {"moderator": 422}),
    ("POST", SIGNATURE + "{signature}/defer/", {"moderator": 422}),
    ("POST", SIGNATURE + "{signature}/take_up/", {"moderator": 422}),
    ("POST", SIGNATURE + "{signature}/undo/", {"moderator": 302}),
    ("POST", SIGNATURE + "many/approve/", {"moderator": 302}),
    ("POST", SIGNATURE + "many/reject/", {"moderator": 302}),
    ("GET", BATCH, {"viewer": 200, "moderator": 200}),
    ("GET", BATCH + "{batch}/change/", {"viewer": 200, "moderator": 200}),
    ("POST", BATCH + "{batch}/preview/", {"moderator": 302}),
    ("POST", BATCH + "{batch}/release/", {"moderator": 302}),
    ("GET", REMOVAL, {"operator": 200}),
    ("GET", REMOVAL + "add/", {"operator": 200}),
    ("POST", REMOVAL + "add/", {"operator": 422}),
    ("GET", REMOVAL + "{removal}/change/", {"operator": 200}),
    ("POST", REMOVAL + "{removal}/change/", {"operator": 405}),
    ("POST", REMOVAL + "{removal}/delete/", {}),
    ("POST", REMOVAL + "{removal}/start/", {"operator": 422}),
    ("POST", REMOVAL + "{removal}/stop/", {"operator": 302}),
    ("POST", REMOVAL + "{removal}/undo/", {"operator": 302}),
    ("GET", CAMPAIGN, {"operator": 200}),
    ("GET", CAMPAIGN + "{campaign}/change/", {"operator": 200}),
    ("POST", CAMPAIGN + "{campaign}/change/", {"operator": 405}),
    ("GET", CAMPAIGN + "{campaign}/statistics/", {"operator": 200}),
    ("GET", CAMPAIGN + "{campaign}/mails/", {"operator": 200}),
    ("POST", CAMPAIGN + "{campaign}/pause/", {**NOT_THEIRS, "operator": 302}),
    ("POST", CAMPAIGN + "{campaign}/resume/", {**NOT_THEIRS, "operator": 302}),
    ("POST", CAMPAIGN + "{campaign}/preview/", {"operator": 302}),
    ("POST", CAMPAIGN + "{campaign}/four-eyes/", {**NOT_THEIRS, "operator": 302}),
    ("POST", CAMPAIGN + "{campaign}/brake/", {**NOT_THEIRS, "operator": 302}),
    ("POST", CAMPAIGN + "{campaign}/unbrake/", {**NOT_THEIRS, "operator": 302}),
    ("POST", CAMPAIGN + "{campaign}/freeze/", {**NOT_THEIRS, "operator": 302}),
    ("POST", CAMPAIGN + "{campaign}/thaw/", {**NOT_THEIRS, "operator": 302}),
    ("POST", CAMPAIGN + "{campaign}/publish-held/", {**NOT_THEIRS, "operator": 302}),
    ("GET", "/admin/campaign/webhook/", {"operator": 200}),
    ("GET", "/admin/campaign/webhook/add/", {"operator": 200}),
    ("GET", "/admin/campaign/webhook/{hook}/change/", {"operator": 200}),
    ("POST", "/admin/campaign/webhook/{hook}/change/", {"operator": 200}),
    ("POST", "/admin/campaign/webhook/{hook}/delete/", {}),
    ("POST", "/admin/campaign/webhook/{hook}/rotate/", {"operator": 200}),
    ("POST", "/admin/campaign/webhook/{hook}/test/", {"operator": 302}),
    ("GET", "/admin/campaign/webhookdelivery/", {"operator": 200}),
    ("POST", "/admin/campaign/webhookdelivery/", {"operator": 200}),
    ("GET", "/admin/campaign/webhookdelivery/add/", {}),
    ("GET", "/admin/campaign/mail/", {"operator": 200}),
    ("GET", "/admin/campaign/mail/{mail}/change/", {"operator": 200}),
    ("POST", "/admin/campaign/mail/{mail}/change/", {}),
    ("GET", "/admin/campaign/mailprovider/", {"operator": 200}),
    ("GET", "/admin/campaign/mailprovider/{provider}/change/", {"operator": 200}),
    ("GET", "/admin/campaign/mailprovider/add/", {}),
    ("GET", "/admin/campaign/suppression/", {"operator": 200}),
    ("GET", "/admin/campaign/suppression/{left}/delete/", {"operator": 200}),
    ("GET", "/admin/campaign/suppression/add/", {}),
    ("GET", KEY, {"keeper": 200}),
    ("GET", KEY + "add/", {"keeper": 200}),
    ("POST", KEY + "add/", {"keeper": 422}),
    ("GET", KEY + "{key}/change/", {"keeper": 200}),
    ("POST", KEY + "{key}/change/", {"keeper": 405}),
    ("POST", KEY + "{key}/delete/", {}),
    ("POST", KEY + "{key}/revoke/", {"keeper": 302}),
    ("GET", "/admin/campaign/auditentry/", {"keeper": 200}),
    ("GET", "/admin/auth/user/", {}),
    ("GET", "/admin/auth/user/add/", {}),
    ("GET", "/admin/auth/group/", {}),
]
READ_ONLY = (
    *("signature/add/", "/delete/", "suppression/add/"),
    "webhookdelivery/add/",
)


@pytest.mark.parametrize(
    "who", ["anonymous", "outsider", "clerk", "viewer", "moderator", "operator", "keeper"]
)
def test_every_page_and_action_asks_who_it_is(who: str, there: dict[str, Any]) -> None:
    client = client_of(who)
    got, wanted = {}, {}
    for method, path, allowed in TABLE:
        url = path.format(**there)
        response = client.generic(method, url)
        got[method, url] = response.status_code
        inside = allowed.get(who, 403)
        wanted[method, url] = LOGIN if who in {"anonymous", "outsider"} else inside
        if who in {"anonymous", "outsider"}:
            assert response.headers["Location"].startswith("/admin/login/")
    assert got == wanted
    assert Signature.objects.get().status == Status.HELD


def test_a_superuser_opens_every_page_and_adds_or_edits_no_fact(there: dict[str, Any]) -> None:
    client = client_of("superuser")
    for method, path, allowed in TABLE:
        if method == "GET":
            url = path.format(**there)
            closed = not allowed and any(part in url for part in READ_ONLY)
            assert client.get(url).status_code == (403 if closed else 200), url


def test_a_decision_is_never_made_by_a_get(there: dict[str, Any]) -> None:
    client = client_of("superuser")
    decisions = [
        path.format(**there)
        for method, path, _allowed in TABLE
        if method == "POST"
        and not path.endswith(
            ("/change/", "/delete/", "/add/", "/try/", SIGNATURE, "/webhookdelivery/")
        )
    ]
    assert len(decisions) > 18
    pages = set()
    for url in decisions:
        looked = client.get(url)
        assert looked.status_code == 302, url
        assert url.startswith(looked["Location"]), url
        pages.add(looked["Location"])
        assert client.head(url).status_code == 405, url
    for page in pages:
        assert client.get(page, follow=True).status_code == 200, page
    assert Signature.objects.get().status == Status.HELD


def test_a_decision_needs_the_csrf_token(there: dict[str, Any]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root", "r@example.org", "secret"))

    form = {"revision": 1, "status": "held"}
    response = client.post(f"{SIGNATURE}{there['signature']}/approve/", form)

    assert response.status_code == 403
    assert Signature.objects.get().status == Status.HELD


def test_a_viewer_sees_no_buttons(there: dict[str, Any]) -> None:
    client = client_of("viewer")

    page = client.get(f"{SIGNATURE}{there['signature']}/change/").content.decode()
    queue = client.get(SIGNATURE).content.decode()

    assert "Waits Here" in page
    assert "/approve/" not in page
    assert "/reject/" not in page
    assert "approve_selected" not in queue


def test_the_policy_is_relaxed_for_the_admin_alone_and_its_pages_are_never_kept(
    there: dict[str, Any],
) -> None:
    client = client_of("superuser")
    for url in (SIGNATURE, f"{SIGNATURE}{there['signature']}/change/", "/admin/auth/user/"):
        response = client.get(url)
        assert "'unsafe-eval'" in response.headers["Content-Security-Policy"], url
        assert "no-store" in response.headers["Cache-Control"], url
    login = Client().get("/admin/login/")
    assert "'unsafe-eval'" in login.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in login.headers["Content-Security-Policy"]
    assert "no-store" in login.headers["Cache-Control"]
    outside = Client().get("/art/")
    assert "unsafe" not in outside.headers["Content-Security-Policy"]


def test_whoever_may_not_see_signatures_sees_no_address_of_a_signer(there: dict[str, Any]) -> None:
    client = client_of("operator")
    email = Signature.objects.get().email
    mail = f"/admin/campaign/mail/{there['mail']}/change/"
    for url in ("/admin/", "/admin/campaign/mail/", mail, CAMPAIGN):
        text = client.get(url, follow=True).content.decode()
        assert email not in text, url
        assert "Waits Here" not in text, url


# --- What an operator does -------------------------------------------------------------------


def test_signing_is_paused_and_resumed(there: dict[str, Any]) -> None:
    client, url = client_of("operator"), f"{CAMPAIGN}{there['campaign']}/"

    client.post(f"{url}pause/")
    paused_at = Campaign.objects.get().paused_at
    assert paused_at is not None
    client.post(f"{url}pause/")
    assert Campaign.objects.get().paused_at == paused_at
    assert "Resume signing" in client.get(f"{url}change/").content.decode()

    client.post(f"{url}resume/")
    assert Campaign.objects.get().paused_at is None


def test_a_new_preview_link_revokes_the_old_one(there: dict[str, Any]) -> None:
    client, url = client_of("operator"), f"{CAMPAIGN}{there['campaign']}/"
    old = Campaign.objects.get().preview_key
    assert f"/preview/{old}/" in client.get(f"{url}change/").content.decode()

    client.post(f"{url}preview/")

    new = Campaign.objects.get().preview_key
    text = client.get(f"{url}change/").content.decode()
    assert new != old
    assert f"/preview/{new}/" in text
    assert old not in text


def test_a_failed_mail_is_tried_again_and_a_sent_one_is_not(there: dict[str, Any]) -> None:
    sent = make_signature(name="Sent Already", status=Status.PENDING)
    Mail.objects.filter(signature=sent).update(status=MailStatus.SENT)
    chosen = {
        "action": "try_again",
        "_selected_action": list(Mail.objects.values_list("pk", flat=True)),
    }

    response = client_of("operator").post("/admin/campaign/mail/", chosen, follow=True)

    assert "1 failed mail is tried again." in response.content.decode()
    again = Mail.objects.get(pk=there["mail"])
    assert (again.status, again.attempts, again.error) == (MailStatus.QUEUED, 0, "")
    assert Mail.objects.get(signature=sent).status == MailStatus.SENT


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"domain": "Example.ORG", "canonical_domain": "example.org"}, "example.org"),
        (
            {"domain": "bücher.example.org", "canonical_domain": "bücher.example.org"},
            "xn--bcher-kva.example.org",
        ),
        ({"domain": "not a domain", "canonical_domain": "example.org"}, None),
        ({"domain": "a@b.org", "canonical_domain": "example.org"}, None),
        # googlemail.com is itself an alias of gmail.com.
        ({"domain": "example.org", "canonical_domain": "googlemail.com"}, None),
        ({"domain": "example.org", "canonical_domain": "example.org", "tag": "a"}, None),
    ],
)
def test_a_provider_is_kept_in_ascii_form_and_final(
    typed: dict[str, str], kept: str | None, db: None
) -> None:
    before = set(MailProvider.objects.values_list("domain", flat=True))

    client_of("superuser").post("/admin/campaign/mailprovider/add/", typed)

    added = set(MailProvider.objects.values_list("domain", flat=True)) - before
    assert added == ({kept} if kept else set())


def test_an_address_left_alone_is_found_by_typing_it(there: dict[str, Any]) -> None:
    client = client_of("operator")
    found = client.get("/admin/campaign/suppression/", {"q": "Gone@example.org"})
    assert [row.pk for row in found.context["cl"].result_list] == [there["left"]]
    none = client.get("/admin/campaign/suppression/", {"q": "other@example.org"})
    assert list(none.context["cl"].result_list) == []

    client.post(f"/admin/campaign/suppression/{there['left']}/delete/", {"post": "yes"})
    assert not Suppression.objects.exists()


def test_who_may_edit_users_makes_no_superuser_of_themselves(db: None) -> None:
    root = User.objects.create_superuser("root", "r@example.org", "secret")
    client = Client()
    clerk = make_user("view_user", "change_user", username="clerk")
    client.force_login(clerk)

    page = f"/admin/auth/user/{clerk.pk}/change/"
    sent = {"username": "clerk", "is_active": "on", "is_superuser": "on", "is_staff": "on"}
    client.post(page, {**sent, "first_name": "Cleo"})

    clerk.refresh_from_db()
    assert (clerk.first_name, clerk.is_superuser) == ("Cleo", False)
    assert client.post(f"/admin/auth/user/{root.pk}/change/", sent).status_code == 403
    passwords = {"password1": "another-Long-1", "password2": "another-Long-1"}
    assert client.post(f"/admin/auth/user/{root.pk}/password/", passwords).status_code == 403
    root.refresh_from_db()
    assert root.check_password("secret")


def test_who_may_edit_groups_adds_no_right_to_their_own(db: None) -> None:
    clerk = make_user("view_group", "change_group", "add_group", username="clerk")
    group = Group.objects.create(name="clerks")
    clerk.groups.add(group)
    moderate = Permission.objects.get(codename="moderate_signature")
    page = f"/admin/auth/group/{group.pk}/change/"
    sent = {"name": "renamed", "permissions": [moderate.pk]}
    client = Client()
    client.force_login(clerk)

    client.post(page, sent)
    client.post("/admin/auth/group/add/", {**sent, "name": "another"})

    group.refresh_from_db()
    assert (group.name, group.permissions.count()) == ("renamed", 0)
    assert Group.objects.get(name="another").permissions.count() == 0

    client_of("superuser").post("/admin/auth/group/add/", {**sent, "name": "moderators"})
    assert Group.objects.get(name="moderators").permissions.get() == moderate


# --- What nobody would type ------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        *(SIGNATURE + "?why=%00", SIGNATURE + "?why=nonsense", SIGNATURE + "?kind__exact=%00"),
        *(SIGNATURE + "?name=%00", SIGNATURE + "?signed_at__year=0", BATCH + "?file_name=%00"),
        *(CAMPAIGN + "?slug=%00", "/admin/campaign/mail/?kind__exact=%00"),
        *("/admin/campaign/suppression/?reason__exact=%00", "/admin/auth/user/?username=%00"),
        *("/admin/campaign/mailprovider/?domain=%00", "/admin/auth/group/?name=%00"),
    ],
)
def test_a_filter_that_is_none_opens_the_list_without_it(url: str, there: dict[str, Any]) -> None:
    response = client_of("superuser").get(url)

    assert response.status_code == 302
    assert response.headers["Location"] == f"{url.partition('?')[0]}?e=1"


def test_an_autocompletion_takes_a_nul(there: dict[str, Any]) -> None:
    asked = {"app_label": "auth", "model_name": "user", "field_name": "groups", "term": "\0"}
    assert client_of("superuser").get("/admin/autocomplete/", asked).status_code == 200


@pytest.mark.parametrize("digits", ["9" * 20, "9" * 5000], ids=["20", "5000"])
@pytest.mark.parametrize("where", [SIGNATURE, BATCH, CAMPAIGN])
def test_an_id_of_too_many_digits_is_nobody(where: str, digits: str, there: dict[str, Any]) -> None:
    assert client_of("superuser").get(f"{where}{digits}/change/").status_code == 404


@pytest.mark.parametrize("chosen", ["\0", "x", "9" * 5000], ids=["nul", "letter", "5000"])
@pytest.mark.parametrize(
    ("url", "action"), [(SIGNATURE, "approve_selected"), ("/admin/campaign/mail/", "try_again")]
)
def test_an_action_on_what_is_no_id_is_refused(
    url: str, action: str, chosen: str, there: dict[str, Any]
) -> None:
    sent = {"action": action, "_selected_action": [chosen]}
    assert client_of("superuser").post(url, sent).status_code == 400


def test_a_decision_with_broken_filters_is_made_and_opens_the_next(there: dict[str, Any]) -> None:
    other = make_signature(status=Status.HELD, name="Waits Too")
    sent = {"revision": 1, "status": "held", "filters": "kind__exact=%00"}

    response = client_of("superuser").post(f"{SIGNATURE}{there['signature']}/approve/", sent)

    assert Signature.objects.get(pk=there["signature"]).status == Status.PUBLISHED
    assert response.status_code == 302
    assert f"/{other.pk}/change/" in response.headers["Location"]


def test_the_admin_has_the_icon_of_the_pages(db: None) -> None:
    text = Client().get("/admin/login/").content.decode()
    assert '<link rel="icon" href="/static/campaign/icon.svg" type="image/svg+xml"' in text
