"""The catalogues are whole, and what is compiled is what was translated."""

from pathlib import Path

import polib
import pytest
from django.conf import settings

LOCALES: Path = settings.BASE_DIR / "campaign" / "locale"
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(LOCALES / language / "LC_MESSAGES" / "django.po"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_none_is_a_guess(language: str) -> None:
    po = catalogue(language)
    assert [entry.msgid for entry in po.untranslated_entries()] == []
    assert [entry.msgid for entry in po.fuzzy_entries()] == []


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
