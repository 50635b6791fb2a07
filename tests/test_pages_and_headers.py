"""What pages and API say about their answers: who may keep them, in which language, from where."""

import io
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from campaign import publication
from campaign.models import Signature
from campaign.models.signature import Status
from petition import wsgi
from petition.wsgi import application
from tests.factories import (
    confirm_token,
    details,
    make_campaign,
    make_signature,
    manage_token,
    not_me_token,
)

BASE = "/api/v1/campaigns/art/"
PAGES = [
    *("/", "/art/", "/art/signers/", "/art/corrections/"),
    *("/embed/art/", "/embed/art/counter/", "/embed/art/demo/"),
]
SPOKEN = ["/api/v1/campaigns/", BASE]
FILES = [f"{BASE}signers.csv", f"{BASE}signers.jsonl"]
# In no language, or in the one of the address: one copy is good for every browser.
UNSPOKEN = [
    *(f"{BASE}signers/", f"{BASE}counts/", f"{BASE}feed.atom", f"{BASE}statements/1/fr.txt"),
    *(*FILES, "/colours/b3261e.css", "/api/schema/", "/api/docs/"),
]
PUBLIC = [*PAGES, *SPOKEN, *UNSPOKEN]
MISSING = [
    *("/nobody/", "/nobody/signers/", "/no/such/page", "/confirm/x/"),
    *("/api/", "/api/v1/nothing/", "/api/v1/campaigns/nobody/", f"{BASE}signers/nobody/"),
]


@pytest.fixture
def signature(db: None) -> Signature:
    return make_signature(make_campaign(publication="after_verification"))


def vary(response: Any) -> set[str]:
    """On what an answer depends besides its coding."""
    return {part for part in response.get("Vary", "").split(", ") if part} - {"Accept-Encoding"}


# --- Who may keep it -------------------------------------------------------------------------


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_answer_may_be_kept_for_a_moment(
    client: Client, signature: Signature, path: str
) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    response = client.get(path)
    assert response.status_code == 200
    stale = 5 if path in FILES else 25
    assert response["Cache-Control"] == f"public, max-age=5, stale-while-revalidate={stale}"
    assert before <= parsedate_to_datetime(response["Last-Modified"]) <= datetime.now(UTC)
    assert "ETag" in response
    assert not response.cookies


@pytest.mark.parametrize("path", PUBLIC)
def test_only_an_etag_makes_a_304(client: Client, signature: Signature, path: str) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    earlier = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    assert client.get(path, headers={"If-Modified-Since": later}).status_code == 200
    assert client.get(path, headers={"If-Unmodified-Since": earlier}).status_code == 200


def test_a_withdrawn_name_is_not_kept_by_a_304_of_the_same_second(
    client: Client, signature: Signature
) -> None:
    first = client.get(f"{BASE}signers/")
    Signature.objects.update(show_name=False)
    since = {"If-Modified-Since": first["Last-Modified"]}
    assert client.get(f"{BASE}signers/", headers=since).json()["results"] == []


def test_a_304_may_be_read_from_another_site(client: Client, signature: Signature) -> None:
    first = client.get(f"{BASE}signers/")
    again = client.get(
        f"{BASE}signers/",
        headers={"If-None-Match": first["ETag"], "Origin": "https://elsewhere.example"},
    )
    assert (again.status_code, again.content) == (304, b"")
    for name in ("Access-Control-Allow-Origin", "Cache-Control", "ETag", "tdm-reservation"):
        assert again[name] == first[name], name


@pytest.mark.parametrize("path", MISSING)
def test_what_is_not_there_is_kept_by_nobody(
    client: Client, signature: Signature, path: str
) -> None:
    response = client.get(path)
    assert response.status_code in {400, 404}
    assert "no-store" in response["Cache-Control"]
    assert "ETag" not in response


@pytest.mark.parametrize("path", [*PUBLIC, *MISSING])
def test_every_public_answer_reserves_mining(
    client: Client, signature: Signature, path: str
) -> None:
    for method in ("get", "head", "options"):
        assert getattr(client, method)(path)["tdm-reservation"] == "1", method


# --- Languages -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PAGES, *SPOKEN])
def test_what_speaks_the_browsers_language_says_so(
    client: Client, signature: Signature, path: str
) -> None:
    response = client.get(path, headers={"Accept-Language": "fr"})
    assert (response["Content-Language"], vary(response)) == ("fr", {"Accept-Language"})


@pytest.mark.parametrize("path", [*PAGES, *SPOKEN])
def test_what_speaks_the_language_of_its_address_is_one_copy(
    client: Client, signature: Signature, path: str
) -> None:
    response = client.get(f"{path}?language=fr", headers={"Accept-Language": "en"})
    assert (response["Content-Language"], vary(response)) == ("fr", set())


@pytest.mark.parametrize("path", [*PAGES, *SPOKEN])
def test_a_language_that_there_is_not_leaves_it_to_the_browser(
    client: Client, signature: Signature, path: str
) -> None:
    response = client.get(f"{path}?language=nl", headers={"Accept-Language": "fr"})
    assert (response["Content-Language"], vary(response)) == ("fr", {"Accept-Language"})


@pytest.mark.parametrize("path", UNSPOKEN)
def test_what_speaks_no_language_is_one_copy(
    client: Client, signature: Signature, path: str
) -> None:
    response = client.get(path, headers={"Accept-Language": "fr"})
    assert vary(response) <= {"Accept"}  # the document is there in two forms
    spoken = {
        f"{BASE}statements/1/fr.txt": "fr",
        "/api/docs/": "en",
        f"{BASE}feed.atom": "en",
    }
    assert response.get("Content-Language") == spoken.get(path)


# --- Where a form comes from -----------------------------------------------------------------

OURS = [None, "http://testserver", "https://testserver", "https://partner.example"]
THEIRS = [
    *("null", "https://elsewhere.example", "http://partner.example", "https://PARTNER.example"),
    *("https://partner.example/", "http://[", "x"),
]


def post(client: Client, path: str, form: dict[str, str], origin: str | None) -> int:
    headers = {"Origin": origin} if origin else {}
    return int(client.post(path, form, headers=headers).status_code)


@pytest.mark.parametrize("origin", [*OURS, *THEIRS])
def test_the_form_is_taken_from_our_pages_and_the_campaigns_sites(
    client: Client, signature: Signature, origin: str | None
) -> None:
    form = {name: str(value) for name, value in details(email="form@example.org").items()}
    status = post(client, "/art/", {**form, "consent": "yes"}, origin)
    assert status == (200 if origin in OURS else 403)
    assert Signature.objects.filter(email="form@example.org").exists() == (origin in OURS)


@pytest.mark.parametrize("origin", [None, "null", "http://testserver", "https://elsewhere.example"])
def test_where_a_token_is_the_authority_a_sandbox_may_post(
    client: Client, signature: Signature, origin: str | None
) -> None:
    pending = make_signature(status=Status.PENDING, name="Another One")
    expected = 403 if origin == "https://elsewhere.example" else 200
    assert post(client, f"/confirm/{confirm_token(pending)}/", {}, origin) == expected
    pending.refresh_from_db()
    assert (pending.status == Status.PUBLISHED) == (expected == 200)
    another = make_signature(status=Status.PENDING, name="One More")
    assert post(client, f"/not-me/{not_me_token(another)}/", {}, origin) == expected


# --- Probes and failures ---------------------------------------------------------------------


@pytest.mark.parametrize("host", ["testserver", "10.1.2.3:8000", "elsewhere.example", "", "%"])
@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.django_db
def test_a_probe_is_answered_whatever_the_host(client: Client, method: str, host: str) -> None:
    for path in ("/healthz", "/readyz"):
        response = getattr(client, method)(path, headers={"Host": host})
        assert response.status_code == 200, response.content
        assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("host", ["10.1.2.3:8000", "elsewhere.example"])
@pytest.mark.parametrize("path", ["/", "/healthz/", "/readyz/x", "/api/v1/campaigns/", "/admin/"])
def test_nothing_else_is_answered_to_another_host(client: Client, path: str, host: str) -> None:
    assert client.get(path, headers={"Host": host}).status_code == 400


def test_a_probe_is_only_read(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


def test_a_bug_is_a_plain_page_that_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """No database mark: one more query would be one more error."""

    def fail() -> Any:
        raise RuntimeError("secret")

    monkeypatch.setattr(publication, "visible_campaigns", fail)
    response = Client(raise_request_exception=False).get("/", headers={"Accept-Language": "fr"})
    assert response.status_code == 500
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    assert b'lang="fr"' in response.content
    assert b"secret" not in response.content


def test_a_refusal_is_a_plain_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Any:
        raise PermissionDenied

    monkeypatch.setattr(publication, "visible_campaigns", fail)
    response = Client().get("/")
    assert (response.status_code, response["Cache-Control"]) == (403, "no-store")
    assert response["Content-Type"] == "text/html; charset=utf-8"


def served(path: str, query: str, content_type: str) -> tuple[str, str]:
    """The status and body that the web server gets of the product."""
    statuses: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": content_type,
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }
    body = application(environ, lambda status, *_rest: statuses.append(status))  # type: ignore[arg-type]
    return statuses[0][:3], b"".join(body).decode()


@pytest.mark.django_db(transaction=True)  # the web server's end of a request closes the connection
@pytest.mark.parametrize("charset", ["cp037", "zlib", "undefined", "rot13", "punycode", "utf-16"])
@pytest.mark.parametrize(
    "parameter",
    ["charset={}", 'CharSet="{}"', "charset*=utf-8''{}", "charset*=nope''{}", "foo*=nope''x"],
)
def test_no_charset_of_a_request_changes_what_is_answered(charset: str, parameter: str) -> None:
    make_campaign()
    content_type = f"text/plain; {parameter.format(charset)}"
    status, page = served("/art/", "language=fr", content_type)
    assert (status, '<html lang="fr"' in page) == ("200", True)
    status, body = served("/api/v1/campaigns/art/signers/", "q=nobody", content_type)
    assert (status, json.loads(body)["results"]) == ("200", [])


@pytest.mark.django_db
def test_a_form_with_a_large_file_is_refused_unread(client: Client) -> None:
    make_campaign()
    large = SimpleUploadedFile("x.bin", b"x" * 300_000)
    assert client.post("/art/", {"name": "Zoë", "file": large}).status_code == 413


@pytest.mark.django_db
def test_a_refused_method_leaves_no_token_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    path = f"/confirm/{confirm_token(make_signature(make_campaign(), status='pending'))}/"
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert client.generic(method, path).status_code == 405
    assert "/confirm/" not in caplog.text


@pytest.mark.django_db
def test_a_revision_of_a_thousand_digits_is_one_that_was_never_shown(client: Client) -> None:
    path = f"/manage/{manage_token(make_signature(make_campaign()))}/"
    form = {"action": "correct", "name": "Other", "revision": "9" * 5000}
    assert client.post(path, form).status_code == 409


@pytest.mark.django_db
def test_the_confirmation_page_says_that_news_will_come(client: Client) -> None:
    campaign = make_campaign()
    with_news = make_signature(campaign, status="pending", newsletter=True)
    without = make_signature(campaign, status="pending")
    assert "News by mail" in client.get(f"/confirm/{confirm_token(with_news)}/").content.decode()
    assert "News by mail" not in client.get(f"/confirm/{confirm_token(without)}/").content.decode()


@pytest.mark.parametrize("cookie", ["csrftoken=", "csrftoken=no-token", "sessionid=a; csrftoken=b"])
def test_a_cookie_of_somebody_elses_is_answered_with_none(
    client: Client, signature: Signature, cookie: str
) -> None:
    for path in ("/", "/art/", "/art/signers/", "/api/v1/campaigns/", "/confirm/none/"):
        answer = client.get(path, headers={"Cookie": cookie})
        assert "Set-Cookie" not in answer
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/art/", "/confirm/", "/api/v1/", "/static/"])
def test_of_a_path_no_more_is_read_than_any_of_ours_has(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    django = wsgi._django

    def noted(environ: Any, start_response: Any) -> Any:
        read.append(len(environ["PATH_INFO"]))
        return django(environ, start_response)

    monkeypatch.setattr(wsgi, "_django", noted)
    no_utf8 = ("\ud800" * 20_000).encode("utf-8", "surrogatepass").decode("latin-1")
    status, _page = served(path + no_utf8, "", "")
    assert status == ("400" if path == "/confirm/" else "404")
    assert read == [wsgi.LONGEST_PATH]
