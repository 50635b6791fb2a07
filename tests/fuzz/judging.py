"""What holds of every answer, whatever was sent."""

import csv
import io
import json
import re
from email import message_from_bytes
from html.parser import HTMLParser
from unicodedata import category, is_normalized
from xml.etree import ElementTree

from django.db import connection

from campaign import letters
from campaign.models import Mail, Report, Representation, Signature
from tests.fuzz.inputs import CANARY
from tests.fuzz.web import Answer

CODE = re.compile(r"[a-z][a-z0-9_]*\Z")
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
"""What nobody sees, or what turns the line around (Unicode's Default_Ignorable_Code_Point)."""
STORED = {
    Signature: ("name", "sort_name", "credit", "organisation", "source"),
    Representation: ("name", "role"),
}
HEADERS = set(
    "mime-version subject from to date message-id reply-to auto-submitted list-unsubscribe content-type"
    " list-unsubscribe-post x-auto-response-suppress list-id precedence content-language".split()
)
ADDRESS = re.compile(r"[!-~]+@[^\s@<>,;]+\.[^\s@<>,;]+\Z")


def fault(value: str | bytes, answer: Answer) -> str:
    """What is wrong with an answer to that input, '' for nothing."""
    if answer.broken or answer.outcome == "raised":
        return answer.broken or "raised"
    if answer.outcome in {"500", "502", "504"}:
        return f"answered {answer.outcome}"
    if any("\r" in text or "\n" in text for text in answer.headers.values()):
        return "a line break in a header"
    if "set-cookie" in answer.headers:
        return "a cookie"
    if not re.match(r"/(?!/)|http://testserver/|\?|\Z", answer.headers.get("location", "")):
        return f"leads away, to {answer.headers['location'][:200]}"
    if answer.kind in {"application/problem+json", "application/json"}:
        return _json(answer)
    if answer.kind == "text/html":
        return _html(value, answer)
    if answer.kind in {"application/atom+xml", "image/svg+xml"}:
        return _xml(answer)
    return _cells(answer) if answer.kind == "text/csv" else ""


def _json(answer: Answer) -> str:
    body = json.loads(answer.body)
    if answer.outcome < "400":
        return ""
    if answer.kind != "application/problem+json":
        return "an error that is no problem"
    shape = {"type": str, "title": str, "status": int, "code": str, "detail": str}
    for name, kind in shape.items():
        if not isinstance(body.get(name), kind):
            return f"a problem without its {name}: {body}"
    if str(body["status"]) != answer.outcome or not CODE.match(body["code"]):
        return f"a problem of another status, or without a code: {body}"
    for each in body.get("errors", []):
        if each.keys() != {"field", "code", "message"} or not CODE.match(each["code"]):
            return f"an error of another shape: {each}"
    return "" if len(answer.body) < 20_000 else "a problem of more than 20 kB"


def _html(value: str | bytes, answer: Answer) -> str:
    body = answer.body.decode()
    if CANARY not in body.lower():
        return ""
    if isinstance(value, str) and re.search(r"<\w|[\"'] on", value) and value in body:
        return "the input stands in the page as it was"
    page = _Page()
    page.feed(body)
    return page.fault


class _Page(HTMLParser):
    """Finds an element or attribute that no template has."""

    fault = ""
    _inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [tag, *(name for name, _value in attrs)]
        if any(CANARY in name or name.startswith("on") or name == "style" for name in names):
            self.fault = f"an element of somebody else's: {self.get_starttag_text()}"
        for name, value in attrs:
            leads = name in {"href", "src", "action", "formaction"}
            if leads and re.match(r"\s*(javascript|data|vbscript):|//", value or "", re.IGNORECASE):
                self.fault = f"a link of somebody else's: {value}"
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in {"script", "style"} and CANARY in data:
            self.fault = f"text in a {self._inside}: {data[:200]}"


def _xml(answer: Answer) -> str:
    names = {node.tag.lower() for node in ElementTree.fromstring(answer.body).iter()}
    return next((f"an element {name}" for name in names if CANARY in name), "")


def _cells(answer: Answer) -> str:
    text = answer.body.decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline=""), strict=True):
        for cell in row:
            if cell[:1] in set("=+-@\t\r\n"):
                return f"a formula: {cell[:200]!r}"
    return ""


# --- What is kept ----------------------------------------------------------------------------


def stored_fault() -> str:
    """What is wrong with what this transaction has stored so far, '' for nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for model, fields in STORED.items():
        for row in model._default_manager.order_by("-pk").values(*fields, "email")[:1]:
            for name in fields:
                if said := improper(row[name]):
                    return f"stored {name} {said}: {row[name]!r}"
            if row["email"] and not ADDRESS.match(row["email"]):
                return f"stored address {row['email']!r}"
    for note in Report.objects.order_by("-pk").values_list("note", flat=True)[:1]:
        for line in note.split("\n"):
            if said := improper(line, longest=1000):
                return f"stored note {said}: {line!r}"
    return _mail_fault()


def improper(text: str, longest: int = 200) -> str:
    """Why no line of ours may be so, '' if it may."""
    if not is_normalized("NFC", text):
        return "is not NFC"
    if any(category(char) in {"Cc", "Cs", "Co", "Zl", "Zp"} for char in text):
        return "has a control, a surrogate or a private character"
    if UNSEEN.search(text):
        return "has what nobody sees"
    if text != " ".join(text.split()):
        return "has white space too much"
    return "is too long" if len(text) > longest else ""


def _mail_fault() -> str:
    """The newest mail owed, as it would be sent."""
    mail = Mail.objects.order_by("-pk").first()
    if mail is None:
        return ""
    message = letters.render(mail)
    sent = message_from_bytes(message.message().as_bytes())
    if len(sent.get_all("To", [])) != 1 or "," in sent["To"] or len(message.recipients()) != 1:
        return f"a mail to {sent.get_all('To')}"
    return next((f"a header {name}" for name in sent if name.lower() not in HEADERS), "")
