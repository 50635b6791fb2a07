"""The catalogues are whole, what is compiled is what was translated, and a gap is found."""

import shutil
from collections.abc import Callable
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test import Client

from petition import translations

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
LOCALES = translations.BASE / translations.LOCALES
MESSAGES = translations.marked()


def test_there_is_a_catalogue_for_each_language_and_no_other() -> None:
    assert sorted(path.parent.name for path in LOCALES.glob("*/LC_MESSAGES")) == sorted(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_is_whole(language: str) -> None:
    assert list(translations.gaps(LOCALES / language, MESSAGES)) == []


def test_marked_texts_are_found_in_code_and_templates() -> None:
    code = '_("a" "b"); x.ngettext("one", "many", n); pgettext("where", "c"); _(name); other("d")'
    assert set(translations.marked_in_code(code)) == {
        (None, "ab", ""),
        (None, "one", "many"),
        ("where", "c", ""),
    }
    template = """{% translate "a’s" %}{% translate 'b' context "where" %}
        {% translate "c" as c %}{% include "x" with y=_("d") %}
        {% blocktranslate with shown=n trimmed %}
          e {{ shown }}
        {% endblocktranslate %}
        {% blocktranslate count n=n %}one{% plural %}{{ n }} of them{% endblocktranslate %}"""
    assert set(translations.marked_in_template(template)) == {
        (None, "a’s", ""),
        ("where", "b", ""),
        (None, "c", ""),
        (None, "d", ""),
        (None, "e %(shown)s", ""),
        (None, "one", "%(n)s of them"),
    }


def leave_out(po: polib.POFile) -> None:
    po.remove(po[0])


def forget(po: polib.POFile) -> None:
    po[0].msgstr = ""


def guess(po: polib.POFile) -> None:
    po[0].flags.append("fuzzy")


def lose_a_name(po: polib.POFile) -> None:
    next(e for e in po if "%(" in e.msgid and not e.msgid_plural).msgstr = "nobody"


def make_one_up(po: polib.POFile) -> None:
    po[0].msgstr += " %(nobody)s"


def lose_a_plural(po: polib.POFile) -> None:
    del next(e for e in po if e.msgid_plural).msgstr_plural[1]


def drop_from_the_sources(po: polib.POFile) -> None:
    po[0].obsolete = True


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (leave_out, "not gathered"),
        (forget, "untranslated"),
        (guess, "a guess"),
        (lose_a_name, "lost %("),
        (make_one_up, "made up %(nobody)s"),
        (lose_a_plural, "needs 2 plural forms"),
        (drop_from_the_sources, "obsolete"),
    ],
)
def test_a_gap_is_found(tmp_path: Path, spoil: Callable[[polib.POFile], None], said: str) -> None:
    folder = tmp_path / "fr"
    shutil.copytree(LOCALES / "fr", folder)
    path = folder / "LC_MESSAGES" / "django.po"
    po = polib.pofile(str(path))
    spoil(po)
    po.save()
    po.save_as_mofile(str(path.with_suffix(".mo")))
    found = list(translations.gaps(folder, MESSAGES))
    assert said in "\n".join(found)


def test_a_catalogue_that_was_not_compiled_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "fr"
    shutil.copytree(LOCALES / "fr", folder)
    path = folder / "LC_MESSAGES" / "django.po"
    po = polib.pofile(str(path))
    po[0].msgstr += "!"
    po.save()
    found = list(translations.gaps(folder, MESSAGES))
    assert found == ["django.po: is not what django.mo was compiled of"]


def test_a_problem_speaks_the_language_that_is_asked_for() -> None:
    body = Client().get("/api/nothing", headers={"accept-language": "fr"}).json()
    assert (body["title"], body["detail"]) == ("Introuvable", "Il n’y a rien ici.")
