"""GROUND. The tables behind `campaign.likeness`: words that make no name, sounds, given names.

Modest on purpose: each line is one that people sign with, or that tells two persons apart.
"""

import re
from typing import Final

from campaign.identity_data import HONORIFICS

FILLERS: Final = frozenset(
    """
    the an le la les il el lo los las der die das os and und et of de du von by from
    sir dame lord lady herr frau fraulein monsieur madame mademoiselle signor signora signore
    senor senora senorita maestro maestra dott dottor ing dipl phd md mag obe cbe mbe kbe
    esq senior junior hrh ii iii iv
    real official officiel officielle offiziell oficial ufficiale original genuine true verified
    authentic legit only actual account page profile channel hq tv live news online
    fan fans fanclub club team crew management mgmt office estate family foundation legacy tribute
    band group duo trio quartet orchestra ensemble choir collective project music records
    uk usa eu for as
    itself himself herself myself me my am im ich bin je suis soy it its is this that hi hello hey
    not signed sincerely yours author writer novelist poet singer songwriter actor actress artist
    musician composer painter rapper dj mc producer comedian
    """.split()
).union(HONORIFICS)
"""What may stand beside a name and leaves it that name: articles, titles, claims, trades."""

PARTICLES: Final = frozenset(
    "van von der den de di da del della du la le les el al bin ibn ben af av zu zur".split()
)
"""Parts of a last name that many leave out."""

GLUED: Final = re.compile(
    r"\A(?:the|real|official|iam|its|im|not|team|dj|mc)*(?P<name>.{5,}?)"
    r"(?:official|oficial|real|music|band|hq|tv|fans?|club|page|live|online|estate|team|\d)*\Z"
)
"""A name in one word with what is glued to it: "thereal...", "...official2".

Each part in one way only: a run of digits inside the repetition would take 2^n steps to fail.
"""

_PUNCTUATION = (
    r"""[][(){},;:/|•·–—"“”„«»（）［］【】「」、，：；／]|\s[-~+@]\s|(?<=\w\w\w)[.!?]\s"""
    r"|\b(?:a\.?k\.?a\b\.?|(?:alias|fka|dit|genannt|feat|ft)\b)"
)
BREAKS: Final = re.compile(_PUNCTUATION, re.IGNORECASE)
SEPARATORS: Final = re.compile(rf"{_PUNCTUATION}|\b(?:of|from)\b", re.IGNORECASE)
"""What stands between a name of one word and what is added to it: "Colette (Paris)", "aka Colette". A
credit breaks at signs alone: "translator of Colette" is not hers."""

BEFORE: Final = frozenset(
    """
    biography biographer biographie biographe biografie biograf biografin biografia biografa book
    books buch bucher livre livres libro libri novel roman translator ubersetzer ubersetzerin
    traducteur traductrice traductor traductora traduttore traduttrice editor scholar student pupil
    fan fans admirer museum society prize
    """.split()
)
AFTER: Final = BEFORE.union(
    """
    museo musee gesellschaft societe foundation stiftung fondation fundacion fondazione estate legacy
    preis prix premio award specialist expert studies school schule ecole college gymnasium conservatory
    conservatoire institute institut university archive archiv archives festival competition theatre
    theater teatro quartet orchestra ensemble choir tribute fanclub street strasse
    house studio
    """.split()
)
TOPICS: Final = AFTER.union("on about uber sur sobre su over rue boulevard place platz".split())
"""What makes a credit one about somebody, or about what bears their name: anywhere before it, directly after
it, directly before it."""

_SPELT: Final = {
    "sch": "s",
    "sh": "s",
    "ch": "k",
    "kh": "k",
    "ck": "k",
    "c": "k",
    "q": "k",
    "gh": "g",
    "th": "t",
    "ph": "f",
    "x": "ks",
    "z": "s",
    "w": "v",
    "j": "i",
    "ie": "i",
    "y": "i",
}
_SPELLING: Final = re.compile("|".join(_SPELT) + "|(?<=.)h")
_DOUBLED: Final = re.compile(r"(.)\1+")


def sound(word: str) -> str:
    """A word as it is heard, roughly, in small Latin letters: the same of "Oskar" and "Oscar".

    No language's phonetics, only the ways in which Europe's languages spell one another's names.
    """
    heard = _SPELLING.sub(lambda found: _SPELT.get(found.group(), ""), word)
    return _DOUBLED.sub(r"\1", heard) or word


_ROMAN: Final = {
    **dict(
        zip(
            "абвгдезиклмнопрстуфыэієґћђљњџј",
            "a b v g d e z i k l m n o p r s t u f y e i e g c dj lj nj dz j".split(),
            strict=True,
        )
    ),
    **dict(zip("жхцчшщюяθχψ", "zh kh ts ch sh shch yu ya th ch ps".split(), strict=True)),
    **dict.fromkeys("ъь", ""),
    **dict(
        zip(
            "αβγδεζηικλμνξοπρσςτυφω",
            "a v g d e z i i k l m n x o p r s s t y f o".split(),
            strict=True,
        )
    ),
}
ROMAN: Final = str.maketrans(_ROMAN)
"""Cyrillic and Greek, folded, in Latin letters as names are mostly written (BGN/PCGN, simplified)."""
FOREIGN: Final = re.compile(f"[{''.join(_ROMAN)}]")

_VOWELS: Final = re.compile("[aeiou]+")


def frame(word: str) -> str:
    """The consonants that are heard in a word: what stays when a name changes its script."""
    heard = sound(word)
    return _VOWELS.sub("", "v" + heard[1:] if re.match("u[aeio]", heard) else heard)


_GIVEN: Final = """
    alan allan allen; alana; alex; alexa; alexander; alexandra; alice; alicia; alina; alma; amelia
    ana anna ann anne hannah; andre; andrea; andreas; andrew; angela; angelo; anton; antonia
    antonio; ariel; ariane; arthur artur; barbara; barry; basil; ben; bella; bernard; bernardo; bernd
    bill; bob; boris; carl karl; carla karla; carlo karlo; carlos; carmen; carol; caroline
    catherine katherine kathrine katharine kathryn; cecile; cecil; cecilia; charles; charlie
    christian kristian; christina kristina; christine kristine; clara klara; claude; claudia
    claudio; claus klaus; colin; cora; dan; dana; daniel; daniela; danielle; danny; daria; dario; david
    dean; denis dennis; denise; diana; diane; don; donald; dora; doris; edgar; edith; edward; elena
    elias; elisa; elise; ella; ellen helen; elsa; emil; emilia; emilie emily; emilio; emma; enrica
    enrico; eric erik; erica erika; ernest; esther; eva; eve; felicia; felix; fiona; florian; florence
    frances; francis; franco; frank; franz; fred; freda; frida frieda; gary; george georg; georgia
    georgina; gerald; gina; giulia; giulio; grace; greta; gustav; harold; harry; heather; helena; henry
    henri; herbert; hugo; ian; ida; ilse; ina; ines; ira; irene; iris; isabel; ivan; jack; jacob
    jake; james; jamie; jan; jane; janet; janine; jason; jay; jean; jeff; jen; jenny; jeremy; jerry
    jessica; jessie; jim; joan; joanna; joel; johann; johanna; john jon; jonas; jonathan; jose; josef
    joseph; josephine; juan; juana; judith; judy; jules; julia; julian; juliana; julie; julio; julius
    june; karen; karin; kate; kathy cathy; kay; keith; ken; kevin; kim; lana; larry; laura; lauren
    laurence lawrence; laurent; lea; leah; lena; leo; leon; leona; leonard; leonardo; lia; lisa; lily
    lina; linda; liz; lola; lorena; louis luis; louisa luisa; louise; luca; lucas lukas; lucia; lucie
    lucy; luke; luna; lydia; mara; marc mark; marco; marcus markus; margaret; margot; maria; marian
    marianne; marie; marina; mario; marion; marius; marta martha; martin; martina; martine; mary
    matt; maura; max; maya; megan; melissa; mia; michael; michaela; michel; michele; michelle; mike
    mina; mira; miriam; mona; monica monika; morgan; nadia; nancy; natalia; natalie; nathan; neil; nell
    nick; nico; nicola; nicolas nicholas; nicole; nina; nora; norma; norman; olga; olive; oliver; olivia
    oscar oskar; otto; pablo; pamela; pat; patrice; patricia; patrick; paul; paula; pauline; paulo
    pedro; peggy; penny; perry; pete; peter; petra; phil; philip phillip; philippa; pia; rachel; ralph
    raul; ray; rebecca; regina; rene; renee; rhea; rita; rob; robert; roberta; roberto; robin; rod
    rodney; roger; roland; roman; ron; ronald; rosa; rose; rosie; ross; roy; rudi; rufus; ruth; sally
    sam; samuel; sandra; sara sarah; scott; sean shaun shawn; sergio; sharon; sheila; shelly; sid; silvia
    sylvia; silvio; simon; simona; simone; sofia sophia; sonia; stella; stefan stephan; stefanie
    stephanie; stephen steven; stuart; sue; susan; susanna; tamara; tanya tania; tara; tatiana; ted
    terence; teresa theresa; terry; theo; thomas tomas; tim; tina; toby; tom; tommy; toni; tony; tracy
    ulla; una; ursula; valentin; valentina; valeria; valerie; vera; verena; vera; vic; victor viktor
    victoria viktoria; vincent; viola; viviana; vivian; walter; wendy; will; william; wilma; yves
    yvonne; zoe
"""
GIVEN: Final = {
    name: spellings.split()[0]
    for line in _GIVEN.strip().splitlines()
    for spellings in line.split(";")
    for name in spellings.split()
}
