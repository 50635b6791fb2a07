"""What people, programs and attackers may put where a text or a file is expected, made by a seed.

Markup carries CANARY in its names, so that an answer in which it became an element or an attribute shows it.
"""

import string
import sys
from collections.abc import Callable, Sequence
from random import Random
from urllib.parse import quote

CANARY = "zqx"
LONGEST = 100_000
"""Characters of the longest text."""

MARKUP = [
    f"<{CANARY}>",
    f"<script>{CANARY}</script>",
    f'"><{CANARY} ',
    f"'><img src=x on{CANARY}=1>",
    f'" on{CANARY}="1',
    f"' on{CANARY}='1",
    f"</textarea><{CANARY}>",
    f"</title><{CANARY}>",
    f"</script><{CANARY}>",
    f"--><{CANARY}><!--",
    f"]]><{CANARY}/>",
    f"javascript:{CANARY}()",
    f"[a](javascript:{CANARY})",
    f"&lt;{CANARY}&gt;",
    f"&#60;{CANARY}&#62;",
    f"\\u003c{CANARY}\\u003e",
    f"%3C{CANARY}%3E",
    f"%253C{CANARY}%253E",
    f"＜{CANARY}＞",
    f"<svg/on{CANARY}=1>",
    f"<a href=//{CANARY}.example>",
    f"<!DOCTYPE a [<!ENTITY {CANARY} SYSTEM 'file:///etc/passwd'>]>&{CANARY};",
]
TRADE = [
    *MARKUP,
    # SQL, of PostgreSQL and of everybody else, and its patterns
    *(
        "'",
        "''",
        "\\'",
        "' OR '1'='1",
        "'; DROP TABLE campaign_signature; --",
        "$$; SELECT pg_sleep(9); $$",
    ),
    *(
        "%",
        "_",
        "%%%",
        "a%' ESCAPE '",
        "\\",
        "\\\\",
        "E'\\x00'",
        "1; SELECT 1",
        ":*",
        "a & !b | (c",
        "<->",
    ),
    # templates and formats
    *(
        "{{ 7*7 }}",
        "{% debug %}",
        "{{ settings.SECRET_KEY }}",
        "${7*7}",
        "#{7*7}",
        "{0}",
        "{}",
        "{0.__class__}",
    ),
    *(
        "%s",
        "%n",
        "%d%s%x",
        "%(title)s",
        "%(slug)s",
        "%",
        "100 %",
        "$title",
        "\\N{SPACE}",
        "{name!r:>99999}",
    ),
    # spreadsheets
    *(
        "=1+1",
        "=cmd|' /C calc'!A0",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "＝1",
        ";=1",
        '"=1"',
        "a,b;c\td",
        '"',
    ),
    # headers, mail and logs
    *(
        "a\r\nBcc: zqx@example.org",
        "a\nSet-Cookie: zqx=1",
        "%0d%0aX-Zqx: 1",
        "=?utf-8?q?zqx?=",
        "\u2028Bcc: zqx",
    ),
    *(
        "zqx@example.org,b@example.org",
        '"zqx" <a@example.org>',
        "a@b@c",
        "a@[127.0.0.1]",
        "a@xn--a.example",
    ),
    *(
        "\x1b[31mzqx\x1b[0m",
        '{"level": "ERROR"}',
        "a@example.org\0",
        "(c)a@example.org",
        "a@例え.テスト",
    ),
    # paths, sites and shells
    *(
        "../../etc/passwd",
        "..%2f..%2f",
        "/",
        "//zqx.example",
        "\\\\zqx\\a",
        "file:///etc/passwd",
        "C:\\",
        ".",
        "..",
    ),
    *(
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/",
        "https://a:b@zqx.example/",
        "localhost",
    ),
    *(
        "$(id)",
        "`id`",
        "| id",
        "; id",
        "null",
        "None",
        "undefined",
        "true",
        "NaN",
        "[]",
        "{}",
        "[object Object]",
    ),
    # what is no letter, or more than one
    *(
        "\0",
        "a\0b",
        "\x7f",
        "\x85",
        "\ufeff",
        "\ufffe",
        "\uffff",
        "\ufffd",
        "\U0010ffff",
        "\u2800",
        "\u3164",
    ),
    *(
        "\u202e",
        "\u202eabc\u202c",
        "\u2066a\u2069",
        "\u200b",
        "a\u200db",
        "\u00ad",
        "\u115f",
        "\U000e0041",
        "\u034f",
    ),
    *(
        "e\u0301",
        "\u0958",
        "\ufdfa",
        "ﬃ",
        "ß",
        "ẞ",
        "İ",
        "ı",
        "ς",
        "ŉ",
        "Ǆ",
        "ǅ",
        "ΐ",
        "ﷺ" * 20,
        "𝕏",
        "①",
        "Ⅷ",
    ),
    *("👩‍👩‍👧‍👦", "🇫🇷", "☺️", "𓀀", "क्ष", "각", "\u1112\u1161\u11ab", "\u0345", "\u05d0\u05b0"),
    # half a character
    *(
        "\ud800",
        "\udfff",
        "\udc00\ud800",
        "a\ud83d",
        "\udcff",
        "\udcc3\udc28",
        "\udced\udca0\udc80",
    ),
    # as regular expressions and parsers like it least
    *(
        "a" * 50 + "!",
        "(" * 60,
        "[" * 60,
        "a@" * 60,
        "." * 99,
        "-" * 99,
        "1." * 60,
        "a-" * 60,
        "=?" * 50,
        ",;" * 99,
    ),
]
NUMBERS = [
    *(
        "0",
        "-0",
        "00",
        "-1",
        "1",
        "2",
        "7",
        "199",
        "200",
        "201",
        "1e9",
        "1.5",
        "1_0",
        "+1",
        " 1",
        "0x10",
        "١٢",
        "²",
    ),
    *(
        str(2**bits + step)
        for bits in (7, 8, 15, 16, 31, 32, 53, 63, 64, 128)
        for step in (-1, 0, 1)
    ),
    *("9" * 19, "9" * 400, "-" + "9" * 5000, "Infinity", "1e400", "0.1e-400", "٣٤"),
]
TIMES = [
    *(
        "2026-01-22T14:00:00Z",
        "2026-01-22",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "0000-01-01T00:00:00Z",
    ),
    *(
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "2026-06-30T23:59:60Z",
        "2026-01-22T24:00:00Z",
    ),
    *(
        "2026-01-22T14:00:00.123456789Z",
        "2026-01-22T14:00:00+99:99",
        "2026-01-22t14:00:00z",
        "1e9",
        "-1",
    ),
    *(
        "2026-01-22T14:00:00 00:00",
        "20260122T140000Z",
        "2026-W04-4",
        "+002026-01-22T14:00:00Z",
        "٢٠٢٦-01-22",
    ),
]

Make = Callable[[Random, Sequence[str]], str]


def text(rng: Random, genuine: Sequence[str] = ()) -> str:
    """One text. ``genuine`` are good values of the place: sent as they are, and bent."""
    [make] = rng.choices(_MAKERS, _WEIGHTS)
    return make(rng, genuine)


def mutated(rng: Random, value: str) -> str:
    """A text with a few letters flipped, cut, doubled, moved, or replaced by what looks alike."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randint(0, len(value))
        to = min(len(value), at + rng.randint(1, 8))
        match rng.randrange(9):
            case 0:
                value = value[:at]
            case 1:
                value = value[:at] + value[to:]
            case 2:
                value = value[:to] + value[at:]
            case 3 if at < len(value):
                value = value[:at] + chr(ord(value[at]) ^ 1 << rng.randrange(7)) + value[at + 1 :]
            case 4:
                value = value[:at] + _anything(rng) + value[at:]
            case 5:
                value = value[:at] + value[at:to].swapcase() + value[to:]
            case 6:
                value = value[:at] + quote(value[at:to].encode(errors="replace")) + value[to:]
            case 7:
                value = value[at:] + value[:at]
            case _:
                value = value[:at] + rng.choice(TRADE) + value[to:]
    return value


def _anything(rng: Random) -> str:
    """A character of any plane; of the first, where most surprises are, as often as of all others."""
    return chr(rng.randrange(rng.choice((0x80, 0x800, 0x3000, 0x10000, sys.maxunicode + 1))))


def _characters(rng: Random, _genuine: Sequence[str]) -> str:
    return "".join(_anything(rng) for _ in range(rng.randint(0, 40)))


def _block(rng: Random, _genuine: Sequence[str]) -> str:
    """Neighbours, which are of one script: that is nearer to a name than letters of a hundred."""
    first = ord(_anything(rng))
    return "".join(
        chr(min(sys.maxunicode, first + rng.randrange(64))) if rng.random() < 0.85 else " "
        for _ in range(rng.randint(1, 30))
    )


def _ascii(rng: Random, _genuine: Sequence[str]) -> str:
    return "".join(rng.choices(string.printable, k=rng.randint(0, 30)))


def _trade(rng: Random, _genuine: Sequence[str]) -> str:
    return rng.choice(TRADE)


def _number(rng: Random, _genuine: Sequence[str]) -> str:
    return rng.choice(rng.choice((NUMBERS, TIMES)))


def _tower(rng: Random, _genuine: Sequence[str]) -> str:
    """Letters under towers of marks, of any script."""
    marks = "".join(chr(rng.choice((0x300, 0x591, 0x610, 0x93C, 0x20D0)) + n) for n in range(12))
    return "".join(c + marks * rng.randint(0, 20) for c in rng.choice(("Zoe", "李", "م", "é ")))


def _long(rng: Random, genuine: Sequence[str]) -> str:
    """From 200 characters to LONGEST, of something short again and again."""
    part = (
        rng.choice(
            ("a", " ", "é", "e\u0301", "李", "👩", "\u200b", "\n", "a ", "\ufdfa", *TRADE, *genuine)
        )
        or "a"
    )
    length = int(200 * (LONGEST / 200) ** rng.random())
    return (part * (length // len(part) + 1))[:length]


def _genuine(rng: Random, genuine: Sequence[str]) -> str:
    return rng.choice(genuine) if genuine else _characters(rng, genuine)


def _bent(rng: Random, genuine: Sequence[str]) -> str:
    return mutated(rng, _genuine(rng, genuine))


def _dressed(rng: Random, genuine: Sequence[str]) -> str:
    """A good value with something invisible, hostile or white in it."""
    value, inside = _genuine(rng, genuine), rng.choice(TRADE)
    at = rng.choice((0, len(value), rng.randint(0, len(value))))
    return value[:at] + inside + value[at:]


def _encoded(rng: Random, genuine: Sequence[str]) -> str:
    value = _mixed(rng, genuine)
    for _ in range(rng.randint(1, 2)):
        value = quote(value.encode(errors="replace"), safe=rng.choice(("", "/", "<>")))
    return value


def _mixed(rng: Random, genuine: Sequence[str]) -> str:
    makers = (_characters, _block, _ascii, _trade, _trade, _number, _genuine)
    return "".join(rng.choice(makers)(rng, genuine) for _ in range(rng.randint(2, 4)))


_MAKERS: list[Make] = [
    *(_characters, _block, _ascii, _trade, _number, _tower, _long),
    *(_genuine, _bent, _dressed, _encoded, _mixed),
]
_WEIGHTS = [9, 14, 5, 12, 5, 3, 2, 4, 16, 16, 4, 10]


def wire(value: str) -> bytes:
    """UTF-8 as nobody should send it: half characters too, and the bytes that they may stand for."""
    try:
        return value.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return value.encode(errors="surrogatepass")


def bent_bytes(rng: Random, value: bytes) -> bytes:
    """A file with bytes flipped, cut, doubled and put in."""
    content = bytearray(value)
    for _ in range(rng.randint(1, 6)):
        at = rng.randint(0, len(content))
        to = min(len(content), at + rng.randint(1, 60))
        match rng.randrange(5):
            case 0:
                del content[at:to]
            case 1:
                content[at:at] = content[at:to]
            case 2 if at < len(content):
                content[at] ^= 1 << rng.randrange(8)
            case 3:
                content[at:to] = wire(rng.choice(TRADE))
            case _:
                content[at:to] = rng.randbytes(to - at)
    return bytes(content[: rng.randint(0, len(content))] if rng.random() < 0.05 else content)
