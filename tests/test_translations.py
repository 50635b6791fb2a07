"""The catalogues are whole, and what is compiled is what was translated.

None of it needs gettext, which a bare machine doesn't have.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test import Client

LOCALES: Path = settings.BASE_DIR / "campaign" / "locale"
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(LOCALES / language / "LC_MESSAGES" / "django.po"))


# The functions that mark a text, and whether a context stands before it.
MARKS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), False),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), False),
    **dict.fromkeys(("pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"), True),
}
TAG = re.compile(r"{%\s*trans(?:late)?\s(.*?)%}")
TEXT = re.compile(r"""^\s*(["'])(.*?)\1""")
CONTEXT = re.compile(r"""\scontext\s+(["'])(.*?)\1""")
IN_TAG = re.compile(r"""\b_\((["'])(.*?)\1\)""")


def marked_in_code(source: str) -> Iterator[tuple[str | None, str]]:
    """Every (context, text) that a call with a literal marks."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else name
        if name not in MARKS:
            continue
        texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
        if MARKS[name] and len(texts) > 1:
            yield str(texts[0]), str(texts[1])
        elif texts:
            yield None, str(texts[0])


def marked_in_template(source: str) -> Iterator[tuple[str | None, str]]:
    """Every (context, text) of a translate tag or a marked argument; blocks are left out."""
    for tag in TAG.findall(source):
        if text := TEXT.match(tag):
            context = CONTEXT.search(tag, text.end())
            yield context[2] if context else None, text[2]
    for found in IN_TAG.finditer(source):
        yield None, found[2]


def marked() -> dict[tuple[str | None, str], str]:
    """What the sources mark, and a file of each."""
    base: Path = settings.BASE_DIR
    found: dict[tuple[str | None, str], str] = {}
    for path in [*base.glob("campaign/**/*.py"), *base.glob("petition/**/*.py")]:
        found |= dict.fromkeys(marked_in_code(path.read_text()), str(path.relative_to(base)))
    for path in base.glob("templates/**/*.*"):
        found |= dict.fromkeys(marked_in_template(path.read_text()), str(path.relative_to(base)))
    return found


def test_marked_texts_are_found_in_code_and_templates() -> None:
    code = '_("a" "b"); translation.ngettext("one", "many", n); pgettext("where", "c"); _(name)'
    assert set(marked_in_code(code)) == {(None, "ab"), (None, "one"), ("where", "c")}
    template = """{% translate "a’s" %}{% translate 'b' context "where" %}
        {% translate "c" as c %}{% include "x" with y=_("d") %}{% blocktranslate %}e{% endblocktranslate %}"""
    assert set(marked_in_template(template)) == {
        *((None, "a’s"), ("where", "b")),
        *((None, "c"), (None, "d")),
    }
    assert (None, "Approve") in marked()
    assert (None, "Why it is held") in marked()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_marked_text_is_in_the_catalogue(language: str) -> None:
    known = {(entry.msgctxt, entry.msgid) for entry in catalogue(language) if not entry.obsolete}
    assert {text: path for text, path in marked().items() if text not in known} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_none_is_a_guess(language: str) -> None:
    po = catalogue(language)
    assert [entry.msgid for entry in po.untranslated_entries()] == []
    assert [entry.msgid for entry in po.fuzzy_entries()] == []
    assert [entry.msgid for entry in po.obsolete_entries()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_its_source(language: str) -> None:
    compiled = polib.mofile(str(LOCALES / language / "LC_MESSAGES" / "django.mo"))
    texts = {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in compiled}
    source = catalogue(language)
    assert texts == {
        (e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in source if not e.obsolete
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_kept(language: str) -> None:
    for entry in catalogue(language):
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text and "%(" in entry.msgid:
                names = {part.split(")")[0] for part in entry.msgid.split("%(")[1:]}
                kept = {part.split(")")[0] for part in text.split("%(")[1:]}
                assert kept <= names | {
                    part.split(")")[0] for part in entry.msgid_plural.split("%(")[1:]
                }
                assert entry.msgid_plural or kept == names


def test_a_problem_speaks_the_language_that_is_asked_for() -> None:
    body = Client().get("/api/nothing", headers={"accept-language": "fr"}).json()
    assert (body["title"], body["detail"]) == ("Introuvable", "Il n’y a rien ici.")
