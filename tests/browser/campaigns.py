"""The campaigns that the pages in these tests show."""

SLUG = "art"

_CAMPAIGN = """\
slug = "{slug}"
languages = ["en", "fr", "es", "de", "ar"]
goal = 1000
opens_at = 2026-01-22T14:00:00Z
publication = "after_verification"
disciplines = [
  {{slug = "musician", en = "Musician", fr = "Musicien, musicienne"}},
  {{slug = "author", en = "Author", fr = "Auteur, autrice"}},
]
protected_names = ["A Famous Name"]
sites = ["{site}"]
{extra}

[organiser]
name = "The Quarry Alliance"
address = "1 Example Street, Exampleton"
contact = "privacy@example.org"
privacy_url = "https://example.org/privacy"

[statement.en]
title = "Art is not a quarry"
body = '''
We made it. **Ask us first.**

- Ask before you take.
- Name whom you took from.

> What is taken without asking is not given.

What we mean by [asking](https://example.org/asking) stands elsewhere.'''
consent = "I agree that my name is published with this statement, as I typed it."

[statement.fr]
title = "L’art n’est pas une carrière"
body = '''
Nous l’avons fait. **Demandez-nous d’abord.**

- Demandez avant de prendre.
- Nommez ceux à qui vous prenez.'''
consent = "J’accepte que mon nom soit publié avec cet appel, tel que je l’ai écrit."

[statement.es]
title = "El arte no es una cantera"
body = "Lo hicimos nosotros. **Pregúntennos primero.**"
consent = "Acepto que mi nombre se publique con este manifiesto."

[statement.de]
title = "Kunst ist kein Steinbruch"
body = "Wir haben sie gemacht. **Fragt uns zuerst.**"
consent = "Ich bin einverstanden, dass mein Name mit diesem Aufruf veröffentlicht wird."

[statement.ar]
title = "الفن ليس محجرا"
body = "نحن من صنعه. **اسألونا أولا.**"
consent = "أوافق على نشر اسمي مع هذا البيان."
"""


def campaign(
    *,
    slug: str = SLUG,
    site: str = "https://partner.example",
    bot_check: str = "off",  # all visitors of these tests come from one network
    extra: str = "",
) -> str:
    """The text of a campaign file; `extra` are lines of it, such as `goal = 7`."""
    extra = f'bot_check = "{bot_check}"\n{extra}'
    return _CAMPAIGN.format(slug=slug, site=site, extra=extra)
