"""What a campaign file says beyond the columns of a campaign: each part kept in rows, and read from them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from campaign import identity, suspicions
from campaign.campaign_file import FileMistake
from campaign.file_keys import INNER_COLUMNS, KEYS
from campaign.logos import LogoFile
from campaign.models.campaign import Campaign, Discipline, ProtectedName
from campaign.models.logo import Logo
from campaign.models.signature import Signature
from campaign.models.statement import Consent, StatementText, StatementVersion

Row = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """``keep`` brings the rows to a key's value and says in lines what changed; ``kept`` is the value."""

    keep: Callable[[Campaign, Any], list[str]]
    kept: Callable[[Campaign], Any]


def values(campaign: Campaign) -> Row:
    """All values of its file, as `CampaignFile.values` has them."""
    found: Row = {key.name: getattr(campaign, key.column) for key in KEYS if key.column}
    for table, key in INNER_COLUMNS:
        found.setdefault(table, {})[key.name] = getattr(campaign, key.column)
    return found | {name: part.kept(campaign) for name, part in PARTS.items()}


# --- Disciplines and names -------------------------------------------------------------------


def _keep_disciplines(campaign: Campaign, wanted: list[Row]) -> list[str]:
    there = {discipline.slug: discipline for discipline in campaign.disciplines.all()}
    lines = []
    for slug in there.keys() - {row["slug"] for row in wanted}:
        if Signature.objects.filter(discipline=there[slug]).exists():
            reason = _("%(slug)s is missing, and there are signatures with it")
            raise FileMistake("disciplines", reason % {"slug": repr(slug)})
        there[slug].delete()
        lines.append(f"discipline {slug}: removed")
    for position, row in enumerate(wanted):
        slug, names = row["slug"], row["names"]
        values = {"names": names, "position": position}
        old = there.get(slug)
        if old is None or old.names != names or old.position != position:
            Discipline.objects.update_or_create(campaign=campaign, slug=slug, defaults=values)
            lines.append(f"discipline {slug}: {'changed' if old else 'added'}")
    return lines


def _disciplines(campaign: Campaign) -> list[Row]:
    rows = Discipline.objects.filter(campaign=campaign)
    return [{"slug": row.slug, "names": row.names} for row in rows]


def _keep_protected_names(campaign: Campaign, wanted: list[Row]) -> list[str]:
    """Bring the rows to what the file says, each by its name, so that history keeps pointing at them."""
    rows = {
        each: row["name"] if each != row["name"] else ""
        for row in wanted
        for each in (row["name"], *row["aliases"])
    }
    there = {row.name: row for row in campaign.protected_names.all()}
    # The featured names of released batches stay: no file names them.
    gone = {name for name, row in there.items() if row.batch_id is None} - rows.keys()
    campaign.protected_names.filter(name__in=gone).delete()
    lines = [f"protected name {name}: removed" for name in sorted(gone)]
    fresh: list[ProtectedName] = []
    changed: list[ProtectedName] = []
    for name, alias_of in rows.items():
        row = there.get(name) or ProtectedName(campaign=campaign, name=name)
        skeletons = sorted(identity.skeletons(name))
        stands = (row.alias_of, row.skeletons, row.batch_id) == (alias_of, skeletons, None)
        if row.pk is None or not stands:
            row.alias_of, row.skeletons, row.batch = alias_of, skeletons, None
            (changed if row.pk else fresh).append(row)
            lines.append(f"protected name {name}: {'changed' if row.pk else 'added'}")
    # Not one by one: each statement gives the campaign another stamp.
    added = ProtectedName.objects.bulk_create(fresh, batch_size=1000)
    ProtectedName.objects.bulk_update(changed, ["alias_of", "skeletons", "batch"], batch_size=1000)
    suspicions.look_for(campaign, added)
    return lines


def _protected_names(campaign: Campaign) -> list[Row]:
    """In the order of the names; an alias whose name is gone stands for itself."""
    rows = list(ProtectedName.objects.filter(campaign=campaign, batch=None))
    found: dict[str, Row] = {
        row.name: {"name": row.name, "aliases": []} for row in rows if not row.alias_of
    }
    for row in rows:
        if row.alias_of in found:
            found[row.alias_of]["aliases"].append(row.name)
        elif row.alias_of:
            found[row.name] = {"name": row.name, "aliases": []}
    return list(found.values())


# --- The statement and its consents ----------------------------------------------------------

A_COMMIT: Final = timedelta(seconds=5)
"""What the end of an edit lasts at most: until it is committed everybody sees what was there before."""


def current_version(campaign: Campaign) -> StatementVersion | None:
    return StatementVersion.objects.filter(campaign=campaign).last()


def note_published(was: Campaign, version: StatementVersion | None) -> None:
    """Note that a version was public, in the languages that the campaign had: both as before the edit.

    After an edit that changes its texts, the languages or the opening, with the campaign locked, and as
    its last step: it may have opened meanwhile. A version is public while the campaign is visible, and
    once somebody is bound to it: an import of before the opening has asked them to sign that very text.
    """
    if version is None:
        return
    spoken = version.texts.filter(language__in=was.languages)
    languages = {*version.published, *spoken.values_list("language", flat=True)}
    if languages == set(version.published):
        return
    if was.is_visible(timezone.now() + A_COMMIT) or _is_signed(version):
        version.published = sorted(languages)
        version.save(update_fields=["published"])


def _is_signed(version: StatementVersion) -> bool:
    """Whether anybody was imported under it: nobody else is bound to a text before the opening."""
    bound = Signature.objects.filter(batch__campaign=version.campaign_id)
    return bound.filter(statement__version=version).exists()


def _keep_statement(campaign: Campaign, wanted: dict[str, Row]) -> list[str]:
    return _keep_texts(campaign, wanted) + _keep_consents(campaign, wanted)


def _keep_texts(campaign: Campaign, wanted: dict[str, Row]) -> list[str]:
    digests = {
        language: StatementText.digest(text["title"], text["body"])
        for language, text in wanted.items()
    }
    version = current_version(campaign)
    there = {text.language: text.sha256 for text in version.texts.all()} if version else {}
    changed = any(
        there[language] != digests[language] for language in there.keys() & digests.keys()
    )
    added = set(digests) - set(there)
    if version is None or changed:
        version = StatementVersion.objects.create(
            campaign=campaign, number=version.number + 1 if version else 1
        )
        added = set(digests)
    noted = _keep_notes(version, {lang: text["note"] for lang, text in wanted.items()})
    for language in sorted(added):
        StatementText.objects.create(
            version=version,
            language=language,
            title=wanted[language]["title"],
            body=wanted[language]["body"],
            sha256=digests[language],
        )
    lines = [
        f"statement version {version.number} {lang}: {digests[lang]}" for lang in sorted(added)
    ]
    return lines + noted


def _keep_notes(version: StatementVersion, wanted: dict[str, str]) -> list[str]:
    notes = {language: note for language, note in wanted.items() if note}
    if version.notes == notes:
        return []
    version.notes = notes
    version.save(update_fields=["notes"])
    return [f"note on statement version {version.number}: changed"]


def _keep_consents(campaign: Campaign, wanted: dict[str, Row]) -> list[str]:
    lines = []
    for language, text in wanted.items():
        newest = Consent.objects.filter(campaign=campaign, language=language).last()
        wording = {"text": text["consent"], "covers_print": text["consent_covers_print"]}
        if newest is None or any(getattr(newest, name) != value for name, value in wording.items()):
            Consent.objects.create(campaign=campaign, language=language, **wording)
            lines.append(f"consent {language}: {'changed' if newest else 'added'}")
    return lines


def _statement(campaign: Campaign) -> dict[str, Row]:
    """The newest version in each language of the campaign that it is in, and the newest consents."""
    version = current_version(campaign)
    texts = {text.language: text for text in version.texts.all()} if version else {}
    consents = Consent.objects.filter(campaign=campaign).order_by("pk")
    newest = {consent.language: consent for consent in consents}
    return {
        language: {
            "title": texts[language].title,
            "body": texts[language].body,
            "note": version.notes.get(language, "") if version else "",
            "consent": newest[language].text,
            "consent_covers_print": newest[language].covers_print,
        }
        for language in campaign.languages
        if language in texts
    }


# --- The logo --------------------------------------------------------------------------------


def _keep_logo(campaign: Campaign, logo: LogoFile | None) -> list[str]:
    """The bytes; the facts of them are a column, which says when they change."""
    kept = Logo.objects.filter(campaign=campaign)
    if logo is None:
        kept.delete()
    elif not kept.filter(digest=campaign.logo["digest"]).exists():
        values = {"digest": campaign.logo["digest"], "content": logo.content}
        Logo.objects.update_or_create(campaign=campaign, defaults=values)
    return []


def _logo(campaign: Campaign) -> LogoFile | None:
    kept = Logo.objects.filter(campaign=campaign).first()
    if kept is None:
        return None
    facts = campaign.logo
    return LogoFile(bytes(kept.content), facts["format"], facts["width"], facts["height"])


PARTS: dict[str, Part] = {
    "logo": Part(_keep_logo, _logo),
    "disciplines": Part(_keep_disciplines, _disciplines),
    "protected_names": Part(_keep_protected_names, _protected_names),
    "statement": Part(_keep_statement, _statement),
}
"""By key, in the order in which they are kept."""
