"""GROUND. What people type where they don't want to give a name. Pure functions, no database.

A name found here is held and looked at, never refused: there are people called Test, and bands called
Nobody. The table is modest on purpose.
"""

import re
from typing import Final

from campaign.identity import readings, search_fold

_WORDS: Final = frozenset(
    """
    test tests testing tester testname prueba probe essai prova teste toets deneme proba zkouska
    anonymous anonym anonyme anonimo anonima anonymus anoniem anonim anon incognito isimsiz
    nobody noone none null nil nan undefined void empty blank noname nameless unnamed unknown
    niemand jemand keiner personne nadie nessuno ninguem ninguno nikt nikdo kimse
    unbekannt inconnu inconnue desconocido desconhecido sconosciuto onbekend nieznany bilinmiyor
    name firstname lastname surname fullname username vorname nachname nom prenom nombre apellido
    nome cognome sobrenome naam achternaam voornaam imie nazwisko isim soyisim
    foo foobar foobaz lorem ipsum dolor example sample dummy placeholder asd
    user admin administrator root guest gast invite someone somebody anybody person human citizen
    тест аноним никто имя фамилия неизвестный неизвестно проба ανωνυμος δοκιμη αγνωστος
    مجهول اختبار تجربة אנונימי בדיקה 测试 匿名 无名 無名 名無し テスト ななし 테스트 익명
    """.split()
)
_PHRASES: Final = frozenset(
    """
    no name; not me; no thanks; n a; first last; john doe; jane doe; joe bloggs; john q public; jane roe
    max mustermann; erika mustermann; lieschen mueller; otto normalverbraucher; fulano de tal
    monsieur tout le monde; m tout le monde; jan modaal; medelsvensson; pippo pluto; tizio caio
    mickey mouse; micky maus; mickey maus; topolino; minnie mouse; donald duck; daisy duck; goofy goof
    pato donald; bugs bunny; daffy duck; tom and jerry; homer simpson; bart simpson; peter griffin
    santa claus; father christmas; pere noel; weihnachtsmann; papa noel; easter bunny; osterhase
    bat man; batman; superman; super man; spiderman; spider man; james bond; harry potter
    darth vader; luke skywalker; sherlock holmes; indiana jones; frodo baggins; gandalf
    asterix; obelix; pippi langstrumpf; pippi longstocking; hello world; 홍길동; 山田太郎; 张三; 李四
    """.replace("\n", ";").split(";")
)
_PHRASES_FOLDED: Final = frozenset(" ".join(phrase.split()) for phrase in _PHRASES) - {""}
_ROWS: Final = (
    *("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm"),
    *("azertyuiop", "qsdfghjklm", "wxcvbn", "1234567890", "abcdefghijklmnopqrstuvwxyz"),
    *("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"),
)
_RUN: Final = 4
"""Letters in the order of a keyboard, from which on they are no word: shorter ones are (were, tre)."""
_SPLIT: Final = re.compile(r"[\W_]+")
_DISGUISED: Final = re.compile(r"[^a-zA-Z .'-]")
"""Where letters may stand that look like others, or digits for them."""
_ONE_LETTER: Final = re.compile(r"(.{1,3}?)\1{2,}\Z")
_NO_VOWEL: Final = re.compile(r"[bcdfghjklmnpqrstvwxz]{6,}\Z")
_ALPHABETIC: Final = re.compile(r"[a-zа-яα-ω]\Z")


def is_placeholder(name: str) -> bool:
    """Whether a name may be none: a word that stands for one, a figure of a story, a keyboard's row.

    One letter alone of an alphabet, one piece again and again ("aaaa", "lalala"), six consonants and
    more without a vowel. Of several words each must be such.
    """
    folded = search_fold(name)
    words = _SPLIT.sub(" ", folded).split()
    if not words:
        return False
    if " ".join(words) in _PHRASES_FOLDED:
        return True
    if len(words) == 1 and _ALPHABETIC.match(words[0]):
        return True
    return all(map(_is_none, words)) or (
        _DISGUISED.search(name) is not None
        and any(_all_known(_SPLIT.sub(" ", other).split()) for other in readings(name))
    )


def _all_known(words: list[str]) -> bool:
    """Each stands for a name; a name that reads as nothing but signs (くノ) has none that does."""
    return bool(words) and _WORDS.issuperset(words)


def _is_none(word: str) -> bool:
    return (
        word in _WORDS
        or _is_run(word)
        or (len(word) >= _RUN and _ONE_LETTER.match(word) is not None)
        or _NO_VOWEL.match(word) is not None
    )


def _is_run(word: str) -> bool:
    if len(word) < _RUN:
        return False
    return any(word in row or word[::-1] in row or _is_repeated_run(word, row) for row in _ROWS)


def _is_repeated_run(word: str, row: str) -> bool:
    """Such as "asdfasdf"."""
    half = word[: len(word) // 2]
    return len(half) > 2 and half * 2 == word and half in row
