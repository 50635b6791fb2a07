"""GROUND. When two names are the same. Pure functions, no database.

A name has three shapes: what is kept (`clean`), what is searched (`search_fold`, `search_tokens`)
and what it could be mistaken for (`skeletons`). For addresses see `mailboxes`.
"""

import re
from collections.abc import Iterator
from typing import Final
from unicodedata import category, normalize

from campaign.identity_data import (
    ACCENTED_SCRIPTS,
    CLICKS,
    DROPPED,
    FAR_READING,
    HONORIFICS,
    INVISIBLE,
    LEET_AS_I,
    LEET_AS_L,
    LETTERLIKE,
    LUNATE,
    MARKS,
    NEVER_LETTERS,
    ORNAMENTS,
    OTHER_ENDINGS,
    PLAIN_ENDINGS,
    POINTS,
    READING,
    SIGNS,
    SKELETON,
    SPACELESS,
    TYPOGRAPHY,
    UNDECOMPOSED,
)

NAME_LIMIT: Final = 200
# A ligature may fold to 18 letters, and an index entry holds 2,704 bytes (PostgreSQL's btree).
FOLD_LIMIT: Final = 400
TOKEN_LIMIT: Final = 64
RUN_LIMIT: Final = 32
QUERY_WORD_LIMIT: Final = 10

_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
_BLANK_PICTURE = "\u2800"  # an empty braille cell is white, but not white space to Unicode
_STACKED = re.compile(f"([{MARKS}]{{4}})[{MARKS}]+")
_ACCENTS = re.compile(f"([{ACCENTED_SCRIPTS}])[{MARKS}]+")


# --- names: what is kept ------------------------------------------------------------------------


def clean(text: str) -> str:
    """What is kept of a typed text: NFC, one space between words, nothing invisible.

    Gone: controls, zero-width, bidirectional and other default-ignorable characters (Unicode's
    Default_Ignorable_Code_Point), variation selectors, tags, private use, noncharacters, lone
    surrogates. Every run of white space is one space. Of more than four marks in a row four are
    kept: no orthography stacks more (pointed Hebrew has three), and a tower of marks paints over
    the names above and below it. Idempotent.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    # Removed before NFC, or a zero-width space would keep "e" and its accent apart.
    text = normalize("NFC", _INVISIBLE.sub("", text))
    text = _STACKED.sub(r"\1", text).replace(_BLANK_PICTURE, " ")
    return " ".join(text.split())


# --- names: search ------------------------------------------------------------------------------


def search_fold(text: str) -> str:
    """The text as search sees it: without case, compatibility forms, and Latin, Greek and
    Cyrillic accents. Idempotent; never empty unless `clean(text)` is.

    1. `clean`; apostrophes and hyphens of every kind become ' and -.
    2. NFKC and casefold (Unicode 3.13, toNFKC_Casefold), twice, since each can undo the other.
    3. Marks go after Latin, Greek and Cyrillic letters; letters that don't decompose are
       replaced (ø, ł, ı, æ ...). Marks of other scripts stay: か is not が.
    4. NFC.
    """
    text = clean(text)
    if text.isascii():
        return text.lower().replace("`", "'")
    for _ in range(4):  # each round is final for nearly all texts; the second finds that out
        before = text
        text = normalize("NFKC", text.translate(TYPOGRAPHY)).casefold()
        text = normalize("NFKD", text).casefold().translate(UNDECOMPOSED)
        text = clean(_ACCENTS.sub(r"\1", text))
        if text == before or text.isascii():
            break
    return text.replace("`", "'")


_NOT_WORD = re.compile(f"(?:[^\\w{MARKS}]|_)+")
_RUNS = re.compile(f"[{SPACELESS}]+|[^{SPACELESS}]+")
_SPACELESS = re.compile(f"[{SPACELESS}]")


def _runs(word: str) -> Iterator[tuple[str, bool]]:
    """A word without punctuation, cut where scripts without spaces begin and end."""
    if word.isascii():
        yield word, False
        return
    for run in _RUNS.findall(word):
        yield run, _SPACELESS.match(run) is not None


def search_tokens(*texts: str) -> list[str]:
    """What the index stores of a signer's texts, for prefix search: sorted, unique, each of at
    most 64 characters (256 bytes; PostgreSQL's lexeme limit is 2,046).

    Of each word (by white space) of the folded text: the word as it is ("will.i.am", "-m-",
    "!!!"), the word and its hyphenated parts without punctuation ("obrien", "rem", "luc"), and
    its pieces ("will", "i", "am"). Of each run in a script without spaces: every suffix, cut at
    32 characters, so that a prefix match finds adjacent characters anywhere.
    """
    found: set[str] = set()
    for text in texts:
        for word in search_fold(text).split():
            found.add(word[:TOKEN_LIMIT])
            if word.isascii() and word.isalnum():
                continue
            bare = {_NOT_WORD.sub("", word), *_NOT_WORD.split(word)}
            bare.update(_NOT_WORD.sub("", part) for part in word.split("-"))
            for piece in bare:
                for run, spaceless in _runs(piece):
                    if spaceless:
                        found.update(run[n : n + RUN_LIMIT] for n in range(len(run)))
                    else:
                        found.add(run[:TOKEN_LIMIT])
    found.discard("")
    return sorted(found)


def query_words(q: str) -> list[str]:
    """The words of a query, each of which must begin some token of `search_tokens` (AND).

    [] when nothing is left, and then the search finds nothing. A hyphen separates words
    ("jean-luc" finds "Jean Luc"), other punctuation is left out ("r.e.m." finds "REM"); only
    a word with fewer than two letters or digits keeps it ("-m-", "!!!"), which would otherwise
    find everybody whose name begins with M. At most ten words, no more than 200 characters read.
    """
    words: dict[str, None] = {}
    for word in search_fold(q[:NAME_LIMIT]).split():
        if len(_NOT_WORD.sub("", word)) < 2:
            words[word[:TOKEN_LIMIT]] = None
            continue
        for part in word.split("-"):
            for run, spaceless in _runs(_NOT_WORD.sub("", part)):
                words[run[: RUN_LIMIT if spaceless else TOKEN_LIMIT]] = None
    words.pop("", None)
    return list(words)[:QUERY_WORD_LIMIT]


# --- names: protection --------------------------------------------------------------------------

_DROPPED = re.compile(f"[{DROPPED}]+")
_NEVER_LETTERS = re.compile(f"[{NEVER_LETTERS}]+")
_ORNAMENTS = re.compile(ORNAMENTS)
_SIGNS = re.compile(f"[{SIGNS}]+")
_LEADING_MARKS = re.compile(f"\\A[{MARKS}]+(?=.)", re.DOTALL)
_ODD = re.compile(r"[013457-9!$@|]")
_LEET = re.compile(f"[013457-9!$@|{CLICKS}]")
_POINTS = re.compile(f"[{POINTS}]+")
_LAST_SIGNS = re.compile(rf"[!$@|{CLICKS}]+(?![\w!$@|])")


def skeletons(text: str) -> frozenset[str]:
    """What a name could be mistaken for. Two names are confusable when their sets intersect.

    Four skeletons (UTS 39, section 4: NFD, prototypes of confusables.txt, NFD) of the NFKD text
    without spaces, punctuation and symbols (all of them kept where nothing else is there: "!!!"),
    without ornaments (™, ², tatweel; see `identity_data`), and without marks after Latin, Greek
    and Cyrillic letters, points of Hebrew and Arabic, and marks made for any letter:

    1. of the text as typed, casefolded afterwards: finds a capital Cyrillic В, and I for l;
    2. of its casefold: makes the case not matter;
    3. of its upper case, left in capitals so that it meets only its like: finds 1 for i, and
       capitals mixed with look-alikes;
    4. letter by letter in the case typed, capital I as i: finds look-alikes in mixed case.

    With ornaments that may be letters ("Ke$ha", "ˢᶜᵃʳlett"): 3 and 4 once more, read as letters.
    With digits or signs among letters ("5car!ett"): two more in which 4 is a, 3 e, 5 s, 7 t, 0 o
    and so on, and 1 ! | are l in one and i in the other. A sign at a word's end is an l where it
    is all there is of that ("Pau!"), and otherwise no letter.
    Eight at most, never an empty one.

    Honest names that meet because the table says that they look alike: m and rn (Mamie,
    Marnie), capital I and l (Ian, Lan). That holds a signature for a moderator, no more.
    """
    text = clean(text).translate(LUNATE)
    if text.isascii() and not _ODD.search(text):
        return frozenset(_four(_letters(text)))
    text = _NEVER_LETTERS.sub("", text) or text
    bare = _ORNAMENTS.sub("", text)
    if not any(map(str.isalnum, bare)):
        bare = text  # written in ornaments alone: they are the name
    plain = _SIGNS.sub("", bare)
    if not any(map(str.isalnum, plain)):
        plain = bare
    found = set(_four(_letters(normalize("NFKD", plain))))
    if plain != text:
        found.update(_four(_letters(normalize("NFKD", text)))[2:])
    typed = normalize("NFKD", bare)
    inner = _LAST_SIGNS.sub("", typed)  # or the ! of "5carlett Johansson!" would be a letter
    if _LEET.search(typed) and any(map(str.isalpha, inner)):
        as_l = (inner if _LEET.search(inner) else typed).translate(LEET_AS_L)
        # Among small letters a capital I is an l to the eye; among capitals it is not.
        found.add(_four(_letters(as_l))[3 if typed.isupper() else 0])
        found.add(_four(_letters(inner.translate(LEET_AS_I)))[3])
    return frozenset(found)


def readings(text: str) -> list[str]:
    """A name as people may read it, folded (`search_fold`), unpointed, with its spaces, for near-misses.

    As it is typed; with characters beyond ASCII as the letters that they look like; and, where there
    are digits or signs among letters, with these as letters, 1 ! | as l and as i. One to four.
    """
    text = clean(text).translate(LUNATE)
    bare = _ORNAMENTS.sub("", _NEVER_LETTERS.sub("", text))
    if not any(map(str.isalnum, bare)):
        bare = text
    found = {_unpointed(search_fold(bare)): None}
    # Points go before letters are read: marks of other scripts are read as some of them.
    typed = _POINTS.sub("", normalize("NFKD", bare))
    if not bare.isascii():
        found[search_fold(typed.translate(LETTERLIKE).translate(FAR_READING))] = None
    inner = _LAST_SIGNS.sub("", typed)
    if _LEET.search(inner) and any(map(str.isalpha, inner)):
        found[search_fold(inner.translate(LEET_AS_L))] = None
        found[search_fold(inner.translate(LEET_AS_I))] = None
    return [each for each in found if each]


def _unpointed(text: str) -> str:
    """Without points; as it is where nothing else is there."""
    if text.isascii():
        return text
    return normalize("NFC", _POINTS.sub("", normalize("NFD", text)) or text)


def _letters(text: str) -> str:
    """The letters of a decomposed text; all of it but spaces where it has none."""
    kept = (_DROPPED.sub("", text) or text.replace(" ", "")).translate(LETTERLIKE)
    if kept.isascii():
        return kept
    # Accents go first, so that a mark is never mapped together with its letter by one path alone; and
    # points, since marks of other scripts are mapped to some of them.
    kept = _ACCENTS.sub(r"\1", _LEADING_MARKS.sub("", kept))
    return _POINTS.sub("", kept) or kept


def _four(kept: str) -> tuple[str, str, str, str]:
    if kept.isascii():
        return (
            kept.translate(SKELETON).casefold(),
            kept.casefold().translate(SKELETON).casefold(),
            kept.upper().translate(SKELETON),
            kept.translate(READING).casefold(),
        )
    return (
        _bare(kept.translate(SKELETON)).casefold(),
        _bare(kept.casefold().translate(SKELETON)).casefold(),
        _bare(kept.upper().translate(SKELETON)),
        _bare(kept.translate(READING)).casefold(),
    )


def _bare(text: str) -> str:
    return text if text.isascii() else normalize("NFC", _ACCENTS.sub(r"\1", normalize("NFD", text)))


# --- names: what is none ------------------------------------------------------------------------

_LINK = re.compile(
    r"[a-z][a-z0-9+.-]{1,15}://|\b(?:https?|ftps?|mailto|javascript|data|tel|sms|file):\S"
    r"|\bhttps?:|\bwww\d?\.\S|\S@\S|(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)"
)
_HOST = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?")
_LABEL = re.compile(r"[^\W_]*")
_MARKUP = re.compile(
    r"<[a-z/!?%]|&(?:#\d+|#x[0-9a-f]+|[a-z][a-z0-9]{1,31});|\]\(|\[/?[a-z]{1,6}[=\]]"
    r"|\{\{|\}\}|\{%|%\}|[$#]\{"
)
# After + - or @: a function call, two operands joined, or a DDE pipe. "-M-", "+/-" have none.
_FORMULA = re.compile(r"\w\(|\w\||[0-9)][ ]?[-+*/^%&][ ]?[\w(]|[a-z]{1,3}\d+[ ]?[-+*/^:!]")

_PUNCTUATION: Final = frozenset({"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm"})
_PLACEHOLDERS: Final = frozenset("._,-–—…·")


def _has_link(text: str, *, titles_are_names: bool) -> bool:
    text = normalize("NFKC", text).casefold().replace("\u3002", ".")
    if _LINK.search(text):
        return True
    if "." not in text:
        return False
    for host in _HOST.finditer(text):
        labels = host.group().split(".")
        follows = text[host.end() : host.end() + 2]
        path = len(follows) == 2 and follows[0] in "/?#:" and follows[1] != " "
        for place in range(1, len(labels)):
            before, label = labels[place - 1], labels[place]
            ending = _LABEL.match(label)
            last = place == len(labels) - 1
            name = label if label.startswith("xn--") else ending.group() if ending else ""
            if not before:
                continue
            if name in PLAIN_ENDINGS or name.startswith("xn--"):
                return True
            if not last or name not in OTHER_ENDINGS:
                continue
            if path or (len(before) > 1 and not (titles_are_names and before in HONORIFICS)):
                return True
    return False


def linkish(text: str) -> bool:
    """Whether a mail client may turn some of the text into a link, so that a stranger's name
    must not stand in a mail.

    Schemes, "www.", anything@anything, IPv4 addresses, and a bare domain: a word, a dot, and a
    known ending. One exception: a country code or word after a single letter ("will.i.am",
    "i.am") is no link unless a path follows, because initials are written like that and nearly
    no registry sells one-letter domains; after ".com" and its like any letter counts ("x.com").
    A client may link "will.i.am" all the same; whoever renders a mail may put U+2060 behind dots.
    """
    return _has_link(text, titles_are_names=False)


def name_problem(text: str) -> str | None:
    """Why a cleaned text is no name, credit or organisation, as a stable code; None if it is one.

    - `blank`; `too_long`: more than 200 characters, looked at before any pattern is tried.
    - `link`: as `linkish`, except that a title without its space is a name ("Dr.No"). A bare
      "buy-pills.com" is refused, hence also "Booking.com": nothing tells one from the other.
    - `markup`: HTML tags and entities, Markdown links, BBCode, template braces.
    - `formula`: begins with =, or with + - @ before a call, two operands or a pipe.
    - `no_letters`: neither a letter nor a digit, unless it is written in punctuation alone, of
      two characters at least and not of dots, dashes and commas alone: `!!!`, `†††` and `+/-`
      are names; emoji, and the "-" or "..." of somebody who skips a field, are none.
    """
    if not text or text.isspace():
        return "blank"
    if len(text) > NAME_LIMIT:
        return "too_long"
    plain = normalize("NFKC", text).strip()
    if plain.isalnum() and plain.isascii():
        return None
    lower = plain.casefold()
    if len(lower) > FOLD_LIMIT:
        return "too_long"
    if _MARKUP.search(lower):
        return "markup"
    if lower[:1] == "=" or (lower[:1] in {"+", "-", "@"} and _FORMULA.search(lower[1:])):
        return "formula"
    if _has_link(text, titles_are_names=True):
        return "link"
    if any(char.isalnum() for char in text):
        return None
    signs = text.replace(" ", "")
    if len(signs) < 2 or any(category(sign) not in _PUNCTUATION for sign in signs):
        return "no_letters"
    return "no_letters" if set(signs) <= _PLACEHOLDERS else None
