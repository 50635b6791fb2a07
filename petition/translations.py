"""Whether the catalogues of every language are whole: ``python -m petition.translations``.

Part of `make check`. None of it needs GNU gettext, which a bare machine doesn't have.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import polib
from django.utils.translation.template import templatize

BASE = Path(__file__).resolve().parent.parent
LOCALES = Path("campaign", "locale")

Message = tuple[str | None, str, str]
"""Context, text and its plural form ('' for none), as the sources mark them."""

# How many texts stand in a call, and whether a context stands before them.
_MARKS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), (1, False)),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (2, False)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), (1, True)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), (2, True)),
}
_LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(rf"\b(_|\w*gettext\w*)\((\s*{_LITERAL}(?:\s*,\s*{_LITERAL})*)")
_PLACEHOLDER = re.compile(r"%\((\w+)\)\w|%[sd]|\{(\w*)\}")


def marked_in_code(source: str) -> Iterator[Message]:
    """What the calls with literals mark in a module of Python."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
            yield from _message(name, [text for text in texts if isinstance(text, str)])


def marked_in_template(source: str) -> Iterator[Message]:
    """What a template's tags and arguments mark, as Django gathers it for gettext."""
    for name, literals in _CALL.findall(templatize(source)):
        yield from _message(name, list(ast.literal_eval(f"({literals},)")))


def _message(name: str, texts: list[str]) -> Iterator[Message]:
    number, has_context = _MARKS.get(name, (0, False))
    if number and len(texts) >= number + has_context:
        context = texts[0] if has_context else None
        first, *second = texts[has_context : has_context + number]
        yield context, first, "".join(second)


def marked(base: Path = BASE) -> dict[Message, str]:
    """Every message of code and templates, and a file that marks it."""
    found: dict[Message, str] = {}
    for path in sorted([*base.glob("campaign/**/*.py"), *base.glob("petition/*.py")]):
        found |= dict.fromkeys(marked_in_code(path.read_text()), str(path.relative_to(base)))
    for path in sorted(each for each in base.glob("templates/**/*.*") if each.is_file()):
        found |= dict.fromkeys(marked_in_template(path.read_text()), str(path.relative_to(base)))
    return found


def gaps(folder: Path, messages: Mapping[Message, str]) -> Iterator[str]:
    """What is missing or wrong in the catalogue of one language, a line each; ``folder`` is its own."""
    path = folder / "LC_MESSAGES" / "django.po"
    source = polib.pofile(str(path))
    entries = [entry for entry in source if not entry.obsolete]
    known = {(entry.msgctxt, entry.msgid, entry.msgid_plural) for entry in entries}
    # A text that elsewhere has a plural is its singular: gettext keeps both as one.
    known |= {(context, text, "") for context, text, _plural in known}
    for message, file in messages.items():
        if message not in known:
            yield f"{file}: not gathered: {message[1]!r}"
    forms = int(re.findall(r"nplurals=(\d)", source.metadata["Plural-Forms"])[0])
    for entry in source:
        if entry.obsolete or entry.fuzzy or not entry.translated():
            state = "obsolete" if entry.obsolete else "a guess" if entry.fuzzy else "untranslated"
            yield f"{path.name}:{entry.linenum}: {state}: {entry.msgid!r}"
        elif entry.msgid_plural and len(entry.msgstr_plural) != forms:
            yield f"{path.name}:{entry.linenum}: needs {forms} plural forms: {entry.msgid!r}"
        elif problem := _placeholders_differ(entry):
            yield f"{path.name}:{entry.linenum}: {problem}: {entry.msgid!r}"
    translated = [entry for entry in entries if entry.translated()]
    if _texts(polib.mofile(str(path.with_suffix(".mo")))) != _texts(translated):
        yield f"{path.name}: is not what django.mo was compiled of"


def _texts(entries: Iterable[polib.POEntry]) -> object:
    return {(e.msgctxt, e.msgid): (e.msgstr, tuple(e.msgstr_plural.items())) for e in entries}


def _placeholders_differ(entry: polib.POEntry) -> str:
    """A form of the plural may leave a number out ("one of them"); nothing may be made up."""
    asked = _placeholders(entry.msgid) | _placeholders(entry.msgid_plural)
    for text in [entry.msgstr] if entry.msgstr else entry.msgstr_plural.values():
        if made_up := _placeholders(text) - asked:
            return f"made up {', '.join(sorted(made_up))}"
        if entry.msgstr and (lost := asked - _placeholders(text)):
            return f"lost {', '.join(sorted(lost))}"
    return ""


def _placeholders(text: str) -> set[str]:
    return {match[0] for match in _PLACEHOLDER.finditer(text)}


def main() -> int:
    """Print every gap of every catalogue; 1 if there is any."""
    messages = marked()
    folders = sorted(each.parent for each in (BASE / LOCALES).glob("*/LC_MESSAGES"))
    found = {folder.name: list(gaps(folder, messages)) for folder in folders}
    for language, lines in found.items():
        for line in lines:
            sys.stdout.write(f"{language}: {line}\n")
    whole = [language for language, lines in found.items() if not lines]
    sys.stdout.write(f"{len(messages)} messages; whole in {', '.join(whole) or 'no language'}\n")
    return int(len(whole) < len(found))


if __name__ == "__main__":
    sys.exit(main())
