"""Two hundred pairs of a protected name and a name that somebody signs with, made for the tests.

Written down before the matcher was tuned. A third, chosen by a digest of the pair (`is_kept_back`),
was not looked at while tuning and is reported by itself. The protected names belong to people long
dead or are invented; an alias stands behind "=".

ATTACKED and what stands beside it were written later: a hostile reviewer found these ways after the
matcher was written, and it was mended until they were held. They measure nothing but that.
MARKED was written with its mend, when names in these scripts had been cut at every mark, or passed with points.

FALSE: what an impersonator, or a clumsy one, types for that name. HONEST: another person or body.
"""

from hashlib import sha256
from typing import NamedTuple


class Pair(NamedTuple):
    """A protected name, its alias if the pair needs one, what is typed, and whether it is false."""

    protected: str
    alias: str
    typed: str
    sort: str
    is_false: bool

    @property
    def is_kept_back(self) -> bool:
        """Whether it was left out while tuning: a third, by nothing but its letters."""
        digest = sha256(f"{self.protected}|{self.typed}".encode()).digest()
        return digest[0] % 3 == 0


FALSE = {
    "case and accents": """
        Clara Schumann | CLARA SCHUMANN
        Émile Zola | emile zola
        Antonín Dvořák | Antonin Dvorak
        Camille Saint-Saëns | Camille Saint Saens
        Herbert Grünwald | Herbert Gruenwald
        Søren Kierkegaard | Soren Kierkegaard
        R.E.M.A. | REMA
        Sarah Bernhardt | SarahBernhardt
        Oscar Wilde | Ｏｓｃａｒ Ｗｉｌｄｅ
    """,
    "look-alikes": """
        Clara Schumann | Сlara Schumann
        Oscar Wilde | Оscar Wildе
        Virginia Woolf | Virginia Wооlf
        Scott Joplin | Ѕсоtt Јорlіn
        Emily Dickinson | EmiIy Dickinson
        Sarah Bernhardt | Ѕarah Βernhardt
        Niccolò Paganini | Niϲϲolò Paganini
        Frida Kahlo | 𝐅𝐫𝐢𝐝𝐚 𝐊𝐚𝐡𝐥𝐨
        Mary Shelley | Rnary Shelley
        Enrico Caruso | ᴇɴʀɪᴄᴏ ᴄᴀʀᴜsᴏ
        Colette | Соlеttе
        Лев Толстой | Лeв Toлcтoй
        Κωνσταντίνος Καβάφης | Kωνσταντίνος Kαβάφης
        Robert Johnson | Robert Јohnson
    """,
    "look-alikes and a slip": """
        Virginia Woolf | Virginiа Wolf
        Clara Schumann | Clаra Shumann
        Emily Dickinson | Еmily Dickenson
        Scott Joplin | Jорlin Scott
    """,
    "digits and signs": """
        Clara Schumann | C1ara 5chumann
        Oscar Wilde | 0scar W1lde
        Mary Shelley | M4ry Sh3ll3y
        Velvet Lantern | V3lvet L4ntern
        Sarah Bernhardt | $arah Bernhardt
        Enrico Caruso | Enric0 Carus0
        Molière | M0lière
    """,
    "ornaments": """
        Frida Kahlo | ★ Frida Kahlo ★
        Mark Twain | "Mark Twain"
        Mary Shelley | Mary Shelley™
        Oscar Wilde | O.s.c.a.r W.i.l.d.e
        Clara Schumann | C l a r a  S c h u m a n n
    """,
    "slips of the finger": """
        Clara Schumann | Clara Schuman
        Clara Schumann | Clara Shcumann
        Virginia Woolf | Virgina Woolf
        Sarah Bernhardt | Sara Bernhard
        Emily Dickinson | Emily Dickenson
        Enrico Caruso | Enrico Carruso
        Scott Joplin | Scot Joplin
        Edgar Allan Poe | Edgar Allen Poe
        Niccolò Paganini | Nicolo Paganinni
        Ludwig van Beethoven | Ludwig van Bethoven
        Vincent van Gogh | Vincent van Gough
        Fyodor Dostoevsky | Fyodor Dostoyevsky
        Rembrandt | Rembrant
        Voltaire | Volatire
        Louis Armstrong | Louis Amrstrong
        Oscar Wilde | Oscar Wlide
        Frida Kahlo | Frida Khalo
        Anna Akhmatova | Anna Achmatova
    """,
    "as it sounds": """
        Oscar Wilde | Oskar Wylde
        Frida Kahlo | Frieda Kahlo
        Mark Twain | Marc Twain
        Mary Shelley | Mary Shelly
        Bessie Smith | Bessy Smith
        George Eliot | George Elliott
    """,
    "another script": """
        Fyodor Dostoevsky | Фёдор Достоевский
        Oscar Wilde | Оскар Уайльд
        Clara Schumann | Клара Шуман
        Лев Толстой | Lev Tolstoy
        Anna Akhmatova | Анна Ахматова
        Frida Kahlo | Фрида Кало
    """,
    "another order": """
        Clara Schumann | Schumann Clara
        Clara Schumann | Schumann, Clara
        Edgar Allan Poe | Poe, Edgar Allan
        Vincent van Gogh | van Gogh, Vincent
        Ludwig van Beethoven | Beethoven, Ludwig van
        Virginia Woolf | Wolf, Virginia
    """,
    "initials and middle names": """
        Clara Schumann | C. Schumann
        Clara Schumann | Clara S.
        Virginia Woolf | V Woolf
        Oscar Wilde | Wilde O.
        Edgar Allan Poe | Edgar A. Poe
        Edgar Allan Poe | E. A. Poe
        Edgar Allan Poe | Edgar Poe
        Johann Sebastian Bach | J.S. Bach
        H. G. Wells | HG Wells
        H. G. Wells | Herbert George Wells
        Samuel L. Harker | Samuel Harker
        Clara Schumann | Clara Josephine Schumann
    """,
    "inside a longer one": """
        Clara Schumann | The real Clara Schumann
        Oscar Wilde | Oscar Wilde Official
        Frida Kahlo | fridakahloofficial
        Mark Twain | Mark Twain (author)
        Virginia Woolf | Virginia Woolf's Estate
        Colette | Colette Official
        Velvet Lantern | Velvet Lantern Band
        Scott Joplin | realScottJoplin
        Enrico Caruso | Enrico Caruso 1873
        Bessie Smith | Bessie Smith Jr.
    """,
    "titles": """
        Clara Schumann | Dr. Clara Schumann
        Oscar Wilde | Sir Oscar Wilde
        Sarah Bernhardt | Mme Sarah Bernhardt
        Niccolò Paganini | Maestro Paganini, Niccolò
        Émile Zola | M. Émile Zola
    """,
    "aliases": """
        Mark Twain = Samuel Clemens | Samuel Clemens
        Mark Twain = Samuel Clemens | S. Clemens
        George Eliot = Mary Ann Evans | Mary Anne Evans
        Molière = Jean-Baptiste Poquelin | Jean Baptiste Poquelin
        Velvet Lantern = VLTN | V.L.T.N.
        The Glass Harbour = Glass Harbour | Glass Harbor
        The Paper Rooks | Paper Rooks
        Bessie Smith = Empress of the Blues | The Empress of the Blues
    """,
}

HONEST = {
    "the same last name": """
        Clara Schumann | Peter Schumann
        Clara Schumann | Martha Schumann
        Oscar Wilde | Jonathan Wilde
        Oscar Wilde | Olivia Wilde-Marsh
        Virginia Woolf | Leonard Woolf
        Emily Dickinson | Angela Dickinson
        Bessie Smith | Patricia Smith
        Bessie Smith | Barnaby Smith
        Robert Johnson | Linda Johnson
        Robert Johnson | Richard Johnson
        Mary Shelley | Percy Shelley
        Mary Shelley | Miriam Shelley
        Louis Armstrong | Lance Armitage
        Mark Twain | Shona Twain
        Edgar Allan Poe | Edith Poe
        H. G. Wells | Orson Wells
        Scott Joplin | Janet Joplin
        Johann Sebastian Bach | Anna Bach
        Samuel L. Harker | Jonathan Harker
        Vincent van Gogh | Theo van Gogh
    """,
    "the same first name": """
        Clara Schumann | Clara Barton
        Clara Schumann | Clara Schubert
        Oscar Wilde | Oscar Lindqvist
        Oscar Wilde | Oscar Wildman
        Virginia Woolf | Virginia Wolcott
        Emily Dickinson | Emily Dixon
        Bessie Smith | Bessie Coleman
        Robert Johnson | Robert Jameson
        Mary Shelley | Mary Sherman
        Louis Armstrong | Louis Armand
        Mark Twain | Mark Train
        Edgar Allan Poe | Edgar Allan Quist
        Scott Joplin | Scott Chaplin
        Vincent van Gogh | Vincent van Dam
        Ludwig van Beethoven | Ludwig van Houten
        Johann Sebastian Bach | Johann Sebastian Brandt
        Frida Kahlo | Frida Karlsson
        Enrico Caruso | Enrico Carbone
    """,
    "near neighbours": """
        Louis Armstrong | Louise Armstrong
        Emily Dickinson | Emil Dickinson
        Clara Schumann | Klaus Schumann
        Bessie Smith | Jessie Smith
        Bessie Smith | Bennie Smith
        Mary Shelley | Harry Shelley
        Mary Shelley | Mara Skelley
        Oscar Wilde | Oscar White
        Robert Johnson | Roberta Johnson
        Robert Johnson | Robert Johnston
        Mark Twain | Marta Twain
        Scott Joplin | Scott Joslin
        Anna Akhmatova | Alla Ahmedova
        George Eliot | Georgia Elliott
        Frida Kahlo | Friedrich Kahle
        Sarah Bernhardt | Sandra Bernhard
        Enrico Caruso | Enrica Carusi
        Virginia Woolf | Viviana Wolff
    """,
    "one-word names inside other names": """
        Colette | Colette Dubois
        Voltaire | Marie Voltaire
        Rembrandt | Rembrandt Visser
        Molière | Jean Molière-Petit
        Sappho | Sappho Marchetti
        Velvet Lantern | Velvet Rivers
        The Paper Rooks | The Paper Kites Choir
        R.E.M.A. | Rema Chandran
        Colette | Nicolette
        Rembrandt | Remy Brand
    """,
    "initials": """
        Clara Schumann | C. Schubert
        Oscar Wilde | O. Wright
        Clara Schumann | R. Schumann
        Edgar Allan Poe | T. Poe
        Johann Sebastian Bach | C.P.E. Bach
        H. G. Wells | Ida B. Wells
        Mark Twain | M. T.
        Mary Shelley | Mary S. Porter
    """,
    "other scripts": """
        Лев Толстой | Лев Троицкий
        Лев Толстой | Татьяна Толстая
        Anna Akhmatova | Анна Каренова
        Κωνσταντίνος Καβάφης | Κωνσταντίνος Βασιλείου
        Clara Schumann | 田中花子
        Oscar Wilde | محمد الحسن
        Clara Schumann | Clara Şahin
        Émile Zola | Emilie Zolakova
    """,
    "groups and bodies": """
        Velvet Lantern | Velvet Lane Theatre
        The Paper Rooks | Paper Boats
        The Glass Harbour | Glass Workers Union
        Bessie Smith = Empress of the Blues | Queens of the Blues
        Scott Joplin | Ragtime Society of Sedalia
        Sarah Bernhardt | Théâtre de la Ville
        Vincent van Gogh | Sunflower Press
        R.E.M.A. | The Remarkables
    """,
}


# --- Found by an attacker --------------------------------------------------------------------

ATTACKED = {
    "behind many words": """
        Clara Schumann | In the name of all who love music and art and peace here I now sign Clara Schumann
        Oscar Wilde | one two three four five six seven eight nine ten eleven twelve thirteen Oscar Wilde
        Voltaire | In the name of all who love books and art and peace in this world I sign (Voltaire)
    """,
    "two middle names": """
        Clara Schumann | Clara Josephine Marie Schumann
        Clara Schumann | Clara J. M. Schumann
        Frida Kahlo | Frida Carmen Magdalena Calderón Kahlo
        Oscar Wilde | Oscar Fingal O'Flahertie Wills Wilde
    """,
    "one word and an addition": """
        Colette | Colette (Paris)
        Colette | Colette, The Novelists
        Colette | Colette – Willy
        Colette | Colette/Paris
        Colette | Colette · Paris
        Colette | Colette UK
        Colette | Colette from Burgundy
        R.E.M.A. | R.E.M.A. (Athens)
        R.E.M.A. = REMA | REMA, the band from Athens
        Velvet = Lantern | Members of Velvet
        Voltaire | François Arouet aka Voltaire
        Voltaire | François Arouet alias Voltaire
        Voltaire | François Arouet (Voltaire)
        Voltaire | François "Voltaire" Arouet
        紫式部 | 紫式部 (Murasaki Shikibu)
        Murasaki Shikibu = 紫式部 | 紫式部, Kyoto
        Rembrandt | Rembrant (Leiden)
    """,
    "digits": """
        Clara Schumann | Clara Schumann13
        Clara Schumann | Clara_Schumann13
        Clara Schumann | 13Clara Schumann
        Clara Schumann | Clara13 Schumann89
        Colette | Colette99
    """,
}

ATTACK_LOOKALIKES = {
    "honest additions": """
        Colette | Colette Dubois
        Colette | Dubois, Colette
        Colette | Marie Colette (Paris)
        Colette | Colette Dubois (Paris)
        Colette | Colette Dubois, author
        Voltaire | Jean Martin, Boulevard Voltaire
        Rembrandt | Visser, Rembrandt
        Rembrandt | Rembrandt Visser of Leiden
        Clara Schumann | Clara Weber (Zwickau)
        Clara Schumann | Peter Schumann, Clara Weber
        Oscar Wilde | Oscar Lindqvist aka Lindy
        Oscar Wilde | Wilde, Jonathan
        Velvet Lantern | Velvet Rivers (Lantern Lane)
        deadmau5 | Deirdre Maus
        Blink-182 | Blinky Jones
    """,
}


# --- Scripts that write vowels as marks ------------------------------------------------------

MARKED = {
    "Hindi": """
        राम कुमार | कुमार राम
        राम कुमार | राम  कुमार (official)
        राम कुमार | श्री राम कुमार
        राम कुमार | राम कुमारः
        राम कुमार | रामकुमार
        राम कुमार | राम कुमार2024
        राम कुमार | राम ा कुमार
        राम कुमार | रा̈म̈ कु̈मार
        कबीर | कबीर ि
        ज़ाकिर हुसैन | जाकिर हुसैन
        रवीन्द्रनाथ ठाकुर | रविन्द्रनाथ ठाकुर
    """,
    "Bengali": """
        মীনা কুমারী | কুমারী মীনা
        রবীন্দ্রনাথ ঠাকুর | রবিন্দ্রনাথ ঠাকুর
        রবীন্দ্রনাথ ঠাকুর | র. ঠাকুর
        রবীন্দ্রনাথ ঠাকুর | র‌বীন্দ্র‍নাথ ঠাকুর
    """,
    "Tamil": """
        கமலா தேவி | தேவி கமலா
        சுப்பிரமணிய பாரதி | சுப்ரமணிய பாரதி
        சுப்பிரமணிய பாரதி | சுப்பிரமணிய பாரதி (உண்மை)
    """,
    "Thai": """
        มานี ใจดี | ใจดี มานี
        สุนทร ภู่ | สุนทรภู่
        ปรีดา พรหมยงค์ | ปรีดา พรหมยงค
        ปรีดา พรหมยงค์ | ปรีดา พรหมยง์ค
    """,
    "Hebrew": """
        עמוס עוז | עָמוֹס עוֹז
        עָמוֹס עוֹז | עמוס עוז
        עמוס עוז | עוֹז עָמוֹס
        אמנון רמון | אַמְנוֹן רָמוֹן
        אמנון רמון | אַמְנֹ֣ון רָמֹ֑ון
        אמנון רמון | אמנ̈ו̈ן רמ̈ון̈
        אמנון רמון | אַמְנוֹן רָמוֹן (official)
        רחל | רָחֵל
    """,
    "Arabic": """
        أم كلثوم | أُمّ كُلْثُوم
        أُمّ كُلْثُوم | أم كلثوم
        أحمد شوقي | شَوْقِي أَحْمَد
        رؤوف مسعد | رووف مسعد
        رووف مسعد | رؤوف مسعد
        محمد عبده | مُحَمَّد عَبْدُه
        محمد عبده | محمـد عبـده
        رحمن الفارسي | رَحْمٰن الفارسي
    """,
}

MARKED_HONEST = {
    "Hindi": """
        राम कुमार | रीमा कुमारी
        राम कुमार | रमा कौमारी
        सीता देवी | सोते दिवि
        सीता देवी | गीता देवी
        सीमा वर्मा | सोमा वर्मा
        सुनीता शर्मा | सुनील शर्मा
        मीना कुमारी | मनु कुमार
        कबीर | कुबेर
        रवीन्द्रनाथ ठाकुर | अवनीन्द्रनाथ ठाकुर
    """,
    "Bengali": """
        মীনা দাস | মনি দাস
        রিতা সেন | রত সিনা
        সীতা সেন | সতী সেনা
        রবীন্দ্রনাথ ঠাকুর | অবনীন্দ্রনাথ ঠাকুর
    """,
    "Tamil": """
        கமலா தேவி | கமல் தேவா
        சீதா ராமன் | சுதா ராமன்
        சீதா ராமன் | சீதா ரமணி
    """,
    "Thai": """
        สุดา ทองดี | สีดา ทองดี
        มานี ใจดี | มานะ ใจดี
        มานี ใจดี | มุนา ใจดู
    """,
    "Hebrew": """
        משה כהן | מֹשֶׁה לֵוִי
        עמוס עוז | עָמוֹס גִּלְבֹּעַ
        אמנון רמון | אַהֲרוֹן רָמוֹן
        רחל | רָחֵל לֵוִי
    """,
    "Arabic": """
        محمد علي | مُحَمَّد عُمَر
        أحمد شوقي | حَمْد شَوْقِي
        ليلى مراد | لَيْلى مُرْسي
        أم كلثوم | أُمّ هاشِم
    """,
}

FOR_ALIASES = {
    "what no fold can know": """
        林麗華 = 林丽华 | 林丽华
        むらさき しきぶ = ムラサキ シキブ | ムラサキ シキブ
        紫式部 = 紫式部さん | 紫式部さん
        มานี ใจดี = คุณมานี ใจดี | คุณมานี ใจดี
        Γιώργος Πετρίδης = Yorgos Petridis | Yorgos Petridis
        राम कुमार = Ram Kumar | Ram Kumar
    """,
}


CREDITS = {
    "who they are": """
        Clara Schumann | Clara Schumann, pianist
        Clara Schumann | for Clara Schumann
        Clara Schumann | Schumann, Clara
        Clara Schumann | the pianist Clara Schumann
        Clara Schumann | Clara Schumann and mother of eight
        Clara Schumann | known as Clara Schumann since my youth
        Clara Schumann | on behalf of Clara Schumann
        Clara Schumann | Сlara Schumann, pianist
        Clara Schumann | Clara Schumann13
        Vincent van Gogh | painter: Vincent van Gogh
        Colette | Colette, author
        Colette | the real Colette
        Colette | writer (Colette)
        Colette | Colette – Paris
        Velvet Lantern | Velvet Lantern, drums
    """,
}

CREDITS_HONEST = {
    "works": """
        Clara Schumann | author of a book on Clara Schumann
        Clara Schumann | the Clara Schumann biography
        Clara Schumann | author, the Clara Schumann biography
        Clara Schumann | Clara Schumann biographer
        Clara Schumann | translator of the letters of Clara Schumann
        Clara Schumann | pianist, who plays Schumann
        Colette | author of a book on Colette
        Colette | translator of Colette
        Colette | actress in a film about Colette
        Virginia Woolf | translator of Virginia Woolf
        Oscar Wilde | winner of the Oscar Wilde Prize
        Oscar Wilde | Oscar winner, Wilde Theatre
        Frida Kahlo | teacher, Frida Kahlo School
        Frida Kahlo | guide, Frida Kahlo Museum
        Frida Kahlo | fan of Frida Kahlo
        Clara Schumann | director, Clara Schumann Foundation
        Clara Schumann | Robert Schumann University
        Mark Twain | professor for Mark Twain Studies
        Mark Twain | author of "About Mark Twain"
        Voltaire | philosopher, Boulevard Voltaire
        Rembrandt | curator, Rembrandt House
        Sarah Bernhardt | usher, Théâtre Sarah-Bernhardt
        Velvet Lantern | painter of lanterns and velvet
        Bessie Smith | singer of the blues
        Robert Johnson | guitarist with Robert and Linda Johnson
    """,
}


def _pairs(false: dict[str, str], honest: dict[str, str]) -> list[Pair]:
    return [
        Pair(protected, alias, typed, sort, is_false)
        for table, is_false in ((false, True), (honest, False))
        for sort, lines in table.items()
        for line in lines.strip().splitlines()
        for names, _bar, typed in (line.strip().partition(" | "),)
        for protected, _equals, alias in (names.partition(" = "),)
    ]


PAIRS = _pairs(FALSE, HONEST)
ATTACKS = _pairs(ATTACKED, ATTACK_LOOKALIKES)
MARKED_PAIRS = _pairs(MARKED, MARKED_HONEST)
ALIAS_PAIRS = _pairs(FOR_ALIASES, {})
CREDIT_PAIRS = _pairs(CREDITS, CREDITS_HONEST)
