"""The styles of a mail's elements are those that a program which inlines the finished mail gives them."""

from html.parser import HTMLParser

import css_inline
import pytest
from django.template.loader import render_to_string

from campaign import letters
from campaign.inlining import inlined
from campaign.models import Mail
from campaign.models.mail import MailKind
from campaign.models.signature import Status
from tests.factories import make_campaign, make_signature


class Styles(HTMLParser):
    """The elements in order, each with the declarations of its style attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "tbody":  # a parser's own, which nobody wrote
            return
        style = dict(attributes).get("style") or ""
        self.found.append((tag, [one.strip() for one in style.split(";") if one.strip()]))


def styles(html: str) -> list[tuple[str, list[str]]]:
    reader = Styles()
    reader.feed(html)
    return reader.found


@pytest.mark.django_db
@pytest.mark.parametrize("accent", ["", 'colours = {accent = "#123456"}'])
@pytest.mark.parametrize("kind", [kind for kind in MailKind.values if kind != "alert"])
def test_they_are_the_same_for_every_mail(kind: str, accent: str) -> None:
    make_signature(make_campaign(extra=accent), status=Status.PENDING)
    mail = Mail.objects.get()
    context = letters._context(mail, mail.about)
    ours = render_to_string(f"mail/{kind}.html", context, using="mail")
    plain = render_to_string(f"mail/{kind}.html", context, using="django")
    assert "style=" not in plain
    program = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)
    assert styles(ours) == styles(program.inline(plain))
    assert ("#123456" in ours) == bool(accent)


def test_a_class_without_a_rule_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        inlined('<p class="misspelt">', {".line": "margin: 0"})
