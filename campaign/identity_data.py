"""GROUND. The tables behind `campaign.identity`: characters, link endings, mail providers.

Everything here is built once at import (about 100 ms) and only read afterwards.
"""

import re
import unicodedata
from typing import Final

from confusable_homoglyphs import confusables


def _ranges(codes: list[int]) -> str:
    """The body of a regular-expression class that matches exactly these sorted code points."""
    parts: list[str] = []
    start = previous = -2
    for code in [*codes, -2]:
        if code == previous + 1:
            previous = code
            continue
        if start >= 0:
            parts.append(f"\\U{start:08x}-\\U{previous:08x}")
        start = previous = code
    return "".join(parts)


# Nothing from here on but Han ideographs and what `clean` removes: not worth the scan.
_SCANNED: Final = 0x1FFFF
_FORMAT: list[int] = []
_MARKS: list[int] = []
_NEITHER_LETTER_NOR_MARK: list[int] = []
_MODIFIERS_AND_NUMERALS: list[int] = []
for _code in range(_SCANNED):
    _category = unicodedata.category(chr(_code))
    if _category in {"Cf", "Cc"} and chr(_code) not in "\t\n\v\f\r\x85":
        _FORMAT.append(_code)
    if _category[0] == "M":
        _MARKS.append(_code)
    elif _category[0] in "PSZ":
        _NEITHER_LETTER_NOR_MARK.append(_code)
    elif _category in {"Lm", "No"}:
        _MODIFIERS_AND_NUMERALS.append(_code)

MARKS: Final = _ranges(_MARKS)

# Marks that no name needs: Hebrew points and accents and Arabic ones (also the hamza above a letter),
# which hardly anybody types, and those that Unicode made for any letter. Not kana's, which make another.
POINTS: Final = _ranges([
    code for code in _MARKS
    if unicodedata.name(chr(code)).startswith(("HEBREW ", "ARABIC ", "COMBINING "))
    and code not in {0x3099, 0x309A}
])  # fmt: skip

# Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt) beyond the Cf above, then
# U+FFF9-FFFC, lone surrogates, private use and noncharacters. Unassigned code points stay: they
# may be letters of a later Unicode than this Python's (Han names use the newest extensions).
INVISIBLE: Final = _ranges(_FORMAT) + (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\uffa0\ufe00-\ufe0f\ufff0-\ufffc"
    "\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e0fff"
    "\U000f0000-\U0010ffff"
    + "".join(f"{chr(p * 0x10000 + 0xFFFE)}-{chr(p * 0x10000 + 0xFFFF)}" for p in range(1, 15))
)

# Latin, Greek and Cyrillic by block (Blocks.txt): after these letters, and no others, a mark is
# an accent that people leave out. Elsewhere it is part of the letter (か and が, Hindi vowels).
ACCENTED_SCRIPTS: Final = (
    "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u1d00-\u1dbf\u1e00-\u1eff"
    "\u2c60-\u2c7f\ua720-\ua7ff\uab30-\uab6f\u0370-\u03ff\u1f00-\u1fff"
    "\u0400-\u0482\u048a-\u052f\u1c80-\u1c8f\ua640-\ua66e\ua680-\ua69d"
)

# Scripts written without spaces, and Hangul, whose given names are written joined to the surname.
SPACELESS: Final = (
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb"
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u302f\u3031-\u303c\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001b000-\U0001b16f"
    "\U00020000-\U000323af"
)

# Typed for an apostrophe or a hyphen by one keyboard and not by the next. U+00B4 must go before
# NFKC, which would turn it into a space and cut "O´Brien" in two.
TYPOGRAPHY: Final = str.maketrans(
    dict.fromkeys("‘’‛′`´ʹʻʼʽʾʿˈ՚＇｀\u1fbd\u1fbf\u1ffd", "'")
    | dict.fromkeys("‐‑‒–—―−﹘﹣－⁃", "-")
)

# Letters that Unicode does not decompose, by what people type who lack the key ("Lodz", "Soren").
UNDECOMPOSED: Final = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ħ": "h",
    "ŧ": "t", "ŋ": "n", "ĸ": "k", "ƀ": "b", "ɓ": "b", "ɖ": "d", "ɗ": "d", "ƒ": "f", "ǥ": "g",
    "ɠ": "g", "ɣ": "g", "ƙ": "k", "ɫ": "l", "ƶ": "z", "ƴ": "y", "ɛ": "e", "ə": "e", "ǝ": "e",
    "ɔ": "o", "ɵ": "o", "ɨ": "i", "ʉ": "u", "ʊ": "u", "ʋ": "v", "ȷ": "j",
})  # fmt: skip


# --- confusables (UTS 39, confusables.txt, by way of confusable_homoglyphs) ---------------------

# What confusables.txt lacks or leaves as a class of its own, and what impersonators do use.
_SMALL_CAPITALS: Final = dict(
    zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True)
)
# Of a pair of cases both are mapped, or "ПИТЕР" and "Питер" would not meet.
_DRAWN_ALIKE: Final = dict(
    zip(
        "$@€¢£¥₳฿₣₲₦₱₴∂℘" "ПпИиЯяЄєΕεΩω" "ᗩᑕᑎᗰᔕᗯᘔᑫƧƨ" "ƆɔɟɛƐ" "¡",
        "saecly" "abfgnpsdp" "NnNnRrEeEeWw" "ACNMSWZqSs" "CcfeE" "i",
        strict=True,
    )
)  # fmt: skip
# Zeros of other scripts are rings; confusables.txt knows only some. The Arabic ones are dots.
_RINGS: Final = {
    chr(code): "o"
    for code in range(0x660, _SCANNED)
    if unicodedata.category(chr(code)) == "Nd"
    and unicodedata.digit(chr(code)) == 0
    and not unicodedata.decomposition(chr(code))
    and code not in {0x660, 0x6F0}
}
_EXTRA: Final = (
    _DRAWN_ALIKE
    | _RINGS
    | {chr(0x1F150 + n): chr(0x41 + n) for n in range(26)}  # negative circled letters
    | {chr(0x1F170 + n): chr(0x41 + n) for n in range(26)}  # negative squared letters
)
_LATIN_NAME = re.compile(
    r"LATIN (CAPITAL|SMALL) LETTER (?:(?:TURNED|REVERSED|INVERTED|SIDEWAYS|SCRIPT|INSULAR|OPEN|"
    r"DOTLESS|BARRED|STRETCHED|CLOSED|LENIS|TAILLESS|LONG|BROKEN|VOLAPUK|ANGLICANA) )*"
    r"([A-Z])(?: WITH .+| ROTUNDA)?"
)


def _latin_variants(table: dict[str, str]) -> dict[str, str]:
    """Latin letters by the letter in their Unicode name (ꞧ, Ꞩ, ɐ), where the table has no letter.

    confusables.txt leaves most of these alone, and gives hooks as apostrophes (ƈ as "c'").
    """
    variants: dict[str, str] = {}
    for code in [*range(0x180, 0x2B0), *range(0x1D00, 0x1DC0), *range(0x1E00, 0x1F00),
                 *range(0x2C60, 0x2C80), *range(0xA720, 0xA800), *range(0xAB30, 0xAB70)]:  # fmt: skip
        char = chr(code)
        named = _LATIN_NAME.fullmatch(unicodedata.name(char, ""))
        if named is None or unicodedata.decomposition(char):
            continue
        known = table.get(char, char)
        bare = "".join(c for c in unicodedata.normalize("NFD", known) if not _is_mark(c))
        if not (bare.isascii() and bare.isalpha()):
            variants[char] = named[2] if named[1] == "CAPITAL" else named[2].lower()
    return variants


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _prototypes() -> dict[str, str]:
    """Each confusable character and the prototype of its class, as confusables.txt maps them.

    The package stores each line "source → target" of that file under both ends, source first, so
    the direction is lost but can be recovered: a target of several characters is never a source;
    of two characters the one with several entries is the target; of a pair alone, the one stored
    first is the source. Characters of right-to-left scripts are wrapped in U+200E there.
    """
    entries: dict[str, list[str]] = {}
    for key, values in confusables.confusables_data.items():
        targets = entries.setdefault(key.replace("\u200e", ""), [])
        targets += [value["c"].replace("\u200e", "") for value in values]
    position = {key: place for place, key in enumerate(entries)}
    table: dict[str, str] = {}
    for key, targets in entries.items():
        if len(key) != 1 or len(targets) != 1:
            continue
        target = targets[0]
        if len(target) > 1 or len(entries[target]) > 1 or position[key] < position[target]:
            table[key] = target
    for small, letter in _SMALL_CAPITALS.items():
        root = table.get(small, small)
        if not root.isascii():
            table[root] = letter
        table.setdefault(small, letter)
    table |= _latin_variants(table) | _EXTRA
    for key in table:  # a target may hold sources again, since rows were added
        for _ in range(4):
            table[key] = "".join(table.get(char, char) for char in table[key])
    return {key: target for key, target in table.items() if key != target}


PROTOTYPES: Final = _prototypes()
SKELETON: Final = str.maketrans(PROTOTYPES)
# Read as letters before anything else, so that the case of what follows makes no difference.
# A sigma to NFKD, a c to the eye: read first.
LUNATE: Final = str.maketrans("ϲϹ", "cC")
LETTERLIKE: Final = str.maketrans(_SMALL_CAPITALS | _EXTRA)


def _reading(char: str) -> str:
    """One character as a reader takes it whatever the case around it, in lower case.

    UTS 39 sees a capital I as l. In "ВRAԁ PITT" (Cyrillic В, lower-case Komi ԁ) neither the
    skeleton of the typed text nor that of its casefold then meets "Brad Pitt"; this one does.
    """
    lower = char.lower()
    if len(lower) > 1:
        return PROTOTYPES.get(char, char).casefold()
    of_lower = PROTOTYPES.get(lower, lower)
    if char.isascii() or char == lower:
        return of_lower.casefold()
    of_typed = PROTOTYPES.get(char, char)
    if of_typed == "l" and of_lower == "i":
        return "i"
    found = of_typed if of_typed.isascii() else of_lower
    return "".join(PROTOTYPES.get(c, c) for c in found.casefold()).casefold()


READING: Final = str.maketrans(
    {
        char: _reading(char)
        for char in {*PROTOTYPES, *map(str.upper, PROTOTYPES), *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
        if len(char) == 1
    }
)

# The same where ASCII letters stay what they are: m would be r and n, each a letter to mistype.
FAR_READING: Final = {code: read for code, read in READING.items() if code > 127}

# Dropped before mapping: afterwards the katakana ノ, whose prototype is "/", would go too.
# A symbol that stands for a letter ("|an", "Ke$ha") stays.
DROPPED: Final = _ranges([
    code for code in _NEITHER_LETTER_NOR_MARK
    if not PROTOTYPES.get(chr(code), "").isalpha()
])  # fmt: skip


# Digits and signs that people type for letters. 1, ! and | are both l and i, hence two readings.
CLICKS: Final = "\u01c0\u01c3"  # letters of Khoisan languages that look like | and !
_LEET: Final = dict(zip("0345789$@", "oeastbgsa", strict=True))
LEET_AS_L: Final = str.maketrans(_LEET | dict.fromkeys("1!|" + CLICKS, "l"))
LEET_AS_I: Final = str.maketrans(_LEET | dict.fromkeys("1!|" + CLICKS, "i"))

_spaceless = re.compile(f"[{SPACELESS}]")
_never: list[int] = []
_ornament: list[int] = []
_in_spaceless: list[int] = []
_sign: list[int] = []
for _code in sorted(
    {*_NEITHER_LETTER_NOR_MARK, *_MODIFIERS_AND_NUMERALS, *map(ord, PROTOTYPES), *map(ord, "ªº")}
):
    _char, _category = chr(_code), unicodedata.category(chr(_code))
    if (_char.isascii() and _char not in "$@|") or _category[0] not in "LNPS":
        continue
    _plain, _prototype = unicodedata.normalize("NFKD", _char), PROTOTYPES.get(_char, _char)
    _pointless = not any(map(str.isalnum, _prototype))
    if _category[0] in "PS":
        _signified = "".join(filter(str.isalpha, _plain))
        if _prototype != _char and _prototype.isalpha():
            _sign.append(_code)
        elif len(_signified) > 1:
            _never.append(_code)
        elif _signified and not _signified.isascii():
            _ornament.append(_code)
    elif _char in CLICKS:
        _sign.append(_code)
    elif (_category == "Lm" or _pointless) and _spaceless.match(_char):
        _in_spaceless.append(_code)
    elif _category == "Lm" and _plain == _char:
        _letterlike = _prototype != _char and _prototype.isalpha()
        (_ornament if _letterlike else _never).append(_code)
    elif _category in {"No", "Lm"} or _pointless or _char in "ªº":
        _ornament.append(_code)

# What decorates a name and is no letter of it: ™, and modifier letters that stand for no letter
# (tatweel, ʻokina, stress marks).
NEVER_LETTERS: Final = _ranges(_never)
# What is read as a letter or a digit by one and as an ornament by the next (², ª, ①, ᵃ). A
# pattern: ー, 々 and ノ are letters beside a letter of their script, ⓒ and ⓡ inside a word.
ORNAMENTS: Final = (
    f"[{_ranges(_ornament)}]+"
    f"|(?<![{SPACELESS}])[{_ranges(_in_spaceless)}]+(?![{SPACELESS}])"
    "|(?<![\\wⒶ-ⓩ])[ⒸⓒⓇⓡⓅⓟ]+(?![Ⓐ-ⓩ])|[ⒸⓒⓇⓡⓅⓟ]+(?![\\wⒶ-ⓩ])"
)
# Signs that stand for a letter within a name ("Ke$ha") and for nothing beside it.
SIGNS: Final = _ranges(_sign)


# --- what reads as a link -----------------------------------------------------------------------


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Endings that nobody's name has: a bare word before them is a link, however short ("x.com").
PLAIN_ENDINGS: Final = _words(
    """com net org info biz edu gov mil app dev xyz online site website shop store top club icu
    cloud tech space link click page email mobi name pro agency digital media news blog wiki
    xn--p1ai рф бел укр срб қаз мкд 中国 中國 公司 网络 網絡 网址 在线 商城 香港 台灣 台湾 한국
    みんな भारत ไทย"""
)
# Endings that a name may have by chance ("will.i.am", "Dr.No"): all country codes of ISO 3166
# delegated by IANA, and generic ones that are words.
OTHER_ENDINGS: Final = _words(
    """ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br
    bs bt bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec
    ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk
    hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la
    lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my
    mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro
    rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj
    tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
    art band bar best bet bid bio cafe cam cash casino center chat city coach codes company
    community cool date day deals design direct download earth eco estate events exchange expert
    family fans fashion fit foundation fun fund fyi games gallery gift gold group guru health
    help house ink institute international jobs kim land lat law legal life limited live loan
    lol love ltd market marketing men moe money movie network ninja one ooo partners party photo
    photos pics pictures plus poker porn press productions pub quest racing red ren rent report
    review reviews rip rocks run sale school science services sex sexy show social solutions
    stream studio style support systems team theater tickets tips today tools tours town trade
    trading training tube university uno ventures video vip vision vote watch webcam win wine
    work works world wtf yoga zip zone asia cat tel travel museum coop aero berlin london nyc
    paris tokyo amsterdam africa swiss wales scot bzh"""
)
HONORIFICS: Final = _words(
    "dr mr mrs ms mx st ste jr sr prof rev fr sgt capt lt col gen mme mlle hon sra dra"
)


# --- mail ---------------------------------------------------------------------------------------

# Top-level names that the public DNS will never hold, beyond email_validator's own list (RFC 6761
# and kin): RFC 2606 (example), RFC 9476 (alt), ICANN's .internal, and the ones that routers use.
UNREACHABLE_TLDS: Final = _words(
    "example alt internal lan home corp private intranet localdomain localnet domain mail"
)


def _tags_only(domains: str) -> tuple[tuple[str, str, bool, str], ...]:
    return tuple((domain, domain, False, "+") for domain in domains.split())


# (domain, canonical domain, dots ignored, where a tag begins): first rows of the operator's table.
# A wrong row makes one signer of two people, a missing row only lets one person try twice and be
# seen by a moderator. So a row stands here only where the provider itself documents the rule, or
# (marked *) where it is generally reported. Left out on purpose:
# - Yahoo: its "-" addresses hang on a base name that is not the mailbox's name
#   (help.yahoo.com, AddressGuard), so cutting at "-" can at best find a name that is nobody's.
# - Proton's and Yandex's reported indifference to dots or hyphens: no document of theirs found.
# - Fastmail's tag@user.fastmail.com (subdomain addressing): not expressible as a row.
# - outlook.com, hotmail.com, live.com, msn.com and their national domains are different
#   mailboxes: tags only.
PROVIDERS: Final[tuple[tuple[str, str, bool, str], ...]] = (
    # Google: "Dots don't matter in Gmail addresses" (support.google.com/mail/answer/7436150).
    ("gmail.com", "gmail.com", True, "+"),
    ("googlemail.com", "gmail.com", True, "+"),
    # Tags at Hotmail since 2013 (zdnet.com, "Microsoft adds support for custom '+' email
    # addresses in Office 365").
    ("outlook.com", "outlook.com", False, "+"),
    ("hotmail.com", "hotmail.com", False, "+"),
    ("live.com", "live.com", False, "+"),
    ("msn.com", "msn.com", False, "+"),
    ("windowslive.com", "windowslive.com", False, "+"),
    *_tags_only(
        """hotmail.co.uk hotmail.fr hotmail.de hotmail.it hotmail.es hotmail.nl hotmail.be
        hotmail.se hotmail.no hotmail.dk hotmail.ca hotmail.com.br hotmail.com.ar hotmail.co.jp
        outlook.fr outlook.de outlook.es outlook.it outlook.at outlook.be outlook.cz outlook.dk
        outlook.hu outlook.ie outlook.pt outlook.jp outlook.in outlook.com.br outlook.com.ar
        outlook.com.au live.co.uk live.fr live.de live.it live.nl live.be live.at live.se live.no
        live.dk live.ie live.ca live.jp live.com.au live.com.mx live.com.pt live.com.ar"""
    ),
    # Apple: one mailbox under up to three domains (support.apple.com/118230); tags *.
    ("icloud.com", "icloud.com", False, "+"),
    ("me.com", "icloud.com", False, "+"),
    ("mac.com", "icloud.com", False, "+"),
    # Proton: proton.me/support/addresses-and-aliases: tags, and pm.me as the short form of the
    # same address; * the equivalent at its other domains is kept for the same account.
    ("proton.me", "proton.me", False, "+"),
    ("protonmail.com", "proton.me", False, "+"),
    ("protonmail.ch", "proton.me", False, "+"),
    ("pm.me", "proton.me", False, "+"),
    # Fastmail: fastmail.help/hc/en-us/articles/360060591053.
    ("fastmail.com", "fastmail.com", False, "+"),
    ("fastmail.fm", "fastmail.fm", False, "+"),
    # Yandex: "addresses using your username on all Yandex domains are linked to you when you
    # register" (yandex.com/support/id/authorization/email.html); tags *.
    ("yandex.ru", "yandex.ru", False, "+"),
    ("ya.ru", "yandex.ru", False, "+"),
    ("yandex.com", "yandex.ru", False, "+"),
    ("yandex.by", "yandex.ru", False, "+"),
    ("yandex.kz", "yandex.ru", False, "+"),
    # Each of these is a mailbox of its own; tags *.
    *_tags_only(
        """zoho.com zoho.eu zoho.in zohomail.com zohomail.eu zohomail.in hey.com mailbox.org
        posteo.de runbox.com"""
    ),
)
