"""What a signer typed: read, cleaned and checked by the same rules at every door."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from campaign import identity, mailboxes
from campaign.errors import FieldError, InvalidInput
from campaign.languages import offered
from campaign.models.address import canonical_address
from campaign.models.campaign import Campaign, Discipline
from campaign.models.question import ANSWER_MAX, QUESTION_MAX
from campaign.models.report import NOTE_MAX, ReportReason
from campaign.models.signature import Kind
from campaign.models.statement import Consent, StatementText

TEXT_PROBLEMS: dict[str, str | Promise] = {
    "blank": _("Please fill this in."),
    "too_long": _("Please use at most 200 characters."),
    "link": _("Please leave out web and mail addresses."),
    "markup": _("Please leave out markup such as < and >."),
    "formula": _("This begins like a spreadsheet formula; please write it another way."),
    "broken": _("Some letters did not arrive whole. Please type them again."),
    "no_letters": _("Please write it with letters: pictures alone are not a name."),
}
NOTE_TOO_LONG = _("Please use at most 1,000 characters.")
ANSWER_TOO_LONG = _("Please use at most 2,000 characters.")
ADDRESS_PROBLEMS: dict[str, str | Promise] = {
    "blank": _("Please give your e-mail address."),
    "too_long": _("This e-mail address is too long."),
    "malformed": _("This is not a whole e-mail address. It looks like name@example.org."),
    "impossible": _(
        "No mail can be delivered to this address. Please look at the part after the @."
    ),
}
PROBLEMS: dict[str, str | Promise] = {
    "unknown_choice": _("Please choose one of the list."),
    "consent_required": _("You can only sign if you agree."),
    "unknown_language": _("This campaign does not speak this language."),
    "duplicate": _("This address has signed with this name already."),
    "own_address": _("This is your own address. Please give theirs, or sign for yourself alone."),
}
REPRESENTATIVE = ("representative_name", "representative_email", "representative_role")
"""What somebody who signs for somebody else says of themselves, in the order of the form."""
CORRECTABLE = ("name", "kind", "discipline", "credit", "organisation", "country")
"""What a signer may correct afterwards, in the order of the form."""
SOURCE_MAX = 60
REPLACEMENT = "\ufffd"
"""Stands where bytes were no UTF-8: nobody's name has it."""
TYPED_LIMIT = 2000
"""Characters of a line that are looked at; cleaning takes the invisible ones out of them."""


@dataclass(frozen=True, kw_only=True)
class Details:
    """Checked details of one signature. Texts are clean, the address can exist, choices are real."""

    name: str
    email: str
    kind: Kind
    discipline: Discipline | None
    credit: str
    organisation: str
    country: str
    language: str
    show_name: bool
    newsletter: bool
    source: str

    def columns(self, text: StatementText, consent: Consent | None) -> dict[str, Any]:
        """The columns of a signature that these details fill, given to this text and consent."""
        key = self.key(text, consent)
        return {**vars(self), "statement": text, "consent": consent, "details_key": key}

    def key(self, text: StatementText, consent: Consent | None) -> str:
        """A digest of what identifies the same request made again: all but the source.

        With the text and the consent, or who agrees to a new one would confirm what an earlier request,
        perhaps a stranger's, had agreed to. With the address as it is mailed, or the mail would go to
        the spelling of an earlier request, which perhaps does not exist.
        """
        typed = [
            *(text.pk, consent.pk if consent else None),
            mailboxes.mailed_address(self.email),
            *(self.name, self.kind, self.discipline.slug if self.discipline else ""),
            *(self.credit, self.organisation, self.country, self.language),
            *(self.show_name, self.newsletter),
        ]
        return hashlib.sha256(json.dumps(typed).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class ReportDetails:
    """Checked details of a report; the note is clean, line by line."""

    email: str
    reason: ReportReason
    note: str


@dataclass(frozen=True, kw_only=True)
class Representative:
    """Checked details of who signs for somebody else."""

    name: str
    email: str
    role: str


class _Reader:
    """Reads one mapping of typed values and gathers every mistake in it."""

    def __init__(self, campaign: Campaign, typed: Mapping[str, Any]) -> None:
        self.campaign = campaign
        self.typed = typed
        self.errors: list[FieldError] = []

    def fail(self, field: str, code: str, message: str | Promise) -> None:
        self.errors.append(FieldError(field, code, str(message)))

    def end(self) -> None:
        """Raises InvalidInput with every mistake at once, if there was one."""
        if self.errors:
            raise InvalidInput(self.errors)

    def text(self, field: str, *, needed: bool = False) -> str:
        """A cleaned line of free text that is a possible name, '' for none."""
        typed = str(self.typed.get(field) or "")
        # Checked before cleaning too: normalising megabytes is work that a stranger could order.
        text = identity.clean(typed[:TYPED_LIMIT])
        code = "too_long" if len(typed) > TYPED_LIMIT else identity.name_problem(text)
        if REPLACEMENT in text:
            code = "broken"
        if code and (needed or code != "blank"):
            self.fail(field, code, TEXT_PROBLEMS[code])
        return text

    def address(self, field: str) -> str:
        try:
            return mailboxes.parse_address(str(self.typed.get(field) or ""))
        except mailboxes.AddressError as error:
            self.fail(field, error.code, ADDRESS_PROBLEMS[error.code])
            return ""

    def kind(self) -> Kind:
        value = str(self.typed.get("kind") or Kind.PERSON)
        if value not in Kind.values:
            self.fail("kind", "unknown_choice", PROBLEMS["unknown_choice"])
            return Kind.PERSON
        return Kind(value)

    def discipline(self) -> Discipline | None:
        slug = str(self.typed.get("discipline") or "")
        if not slug:
            return None
        for discipline in self.campaign.disciplines.all():
            if discipline.slug == slug:
                return discipline
        self.fail("discipline", "unknown_choice", PROBLEMS["unknown_choice"])
        return None

    def country(self) -> str:
        code = str(self.typed.get("country") or "").upper()
        if code and code not in countries:
            self.fail("country", "unknown_choice", PROBLEMS["unknown_choice"])
        return code

    def language(self) -> str:
        language = str(self.typed.get("language") or self.campaign.default_language)
        if language not in offered(self.campaign.languages):
            self.fail("language", "unknown_language", PROBLEMS["unknown_language"])
        return language

    def report_reason(self) -> ReportReason:
        value = str(self.typed.get("reason") or "")
        if value not in ReportReason.values:
            self.fail("reason", "unknown_choice", PROBLEMS["unknown_choice"])
            return ReportReason.OTHER
        return ReportReason(value)

    def note(self) -> str:
        """Free text for moderators, of several lines."""
        return self.lines("note", NOTE_MAX, NOTE_TOO_LONG)

    def lines(self, field: str, longest: int, too_long: str | Promise) -> str:
        """Clean text of several lines, '' for none."""
        typed = str(self.typed.get(field) or "")
        cleaned = [identity.clean(line) for line in typed[: 2 * longest].splitlines()]
        text = "\n".join(line for line in cleaned if line)
        if len(typed) > 2 * longest or len(text) > longest:
            self.fail(field, "too_long", too_long)
        return text

    def needed_lines(self, field: str, longest: int, too_long: str | Promise) -> str:
        """The same, and a mistake where there is none."""
        text = self.lines(field, longest, too_long)
        if not text:
            self.fail(field, "blank", TEXT_PROBLEMS["blank"])
        elif REPLACEMENT in text:
            self.fail(field, "broken", TEXT_PROBLEMS["broken"])
        return text

    def consent(self) -> None:
        if self.typed.get("consent") is not True:
            self.fail("consent", "consent_required", PROBLEMS["consent_required"])


def read_question(campaign: Campaign, typed: Mapping[str, Any]) -> str:
    """The checked ``question`` of a moderator to a signer. Raises InvalidInput."""
    return _read_lines(campaign, typed, "question", QUESTION_MAX, NOTE_TOO_LONG)


def read_answer(campaign: Campaign, typed: Mapping[str, Any]) -> str:
    """The checked ``answer`` of a signer to it. Raises InvalidInput."""
    return _read_lines(campaign, typed, "answer", ANSWER_MAX, ANSWER_TOO_LONG)


def _read_lines(
    campaign: Campaign, typed: Mapping[str, Any], field: str, longest: int, too_long: str | Promise
) -> str:
    reader = _Reader(campaign, typed)
    text = reader.needed_lines(field, longest, too_long)
    reader.end()
    return text


def read_details(campaign: Campaign, typed: Mapping[str, Any]) -> Details:
    """The checked details of somebody who signs; flags are booleans, the rest is text.

    Raises InvalidInput with every mistake at once, in the active language.
    """
    reader = _Reader(campaign, typed)
    reader.consent()
    return _read(reader, email=reader.address("email"))


def read_represented(
    campaign: Campaign, typed: Mapping[str, Any]
) -> tuple[Details, Representative]:
    """Whom somebody signs for, and who does: `REPRESENTATIVE` are their own fields. Raises InvalidInput.

    The address is the other's, and may be missing. Consent and news are for them alone to agree to.
    """
    reader = _Reader(campaign, {**typed, "newsletter": False})
    name, email, role = REPRESENTATIVE
    representative = Representative(
        name=reader.text(name, needed=True), email=reader.address(email), role=reader.text(role)
    )
    theirs = reader.address("email") if typed.get("email") else ""
    if theirs and representative.email and _mailbox(theirs) == _mailbox(representative.email):
        reader.fail("email", "own_address", PROBLEMS["own_address"])
    return _read(reader, email=theirs), representative


def _mailbox(address: str) -> str:
    return mailboxes.mailbox_key(canonical_address(address))


def read_imported(campaign: Campaign, typed: Mapping[str, Any]) -> Details:
    """The same for a line of an imported file: the address may be missing, consent stands elsewhere."""
    reader = _Reader(campaign, typed)
    return _read(reader, email=reader.address("email") if typed.get("email") else "")


def read_correction(campaign: Campaign, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the `CORRECTABLE` fields that are typed, checked; the others are no change."""
    reader = _Reader(campaign, typed)
    read: dict[str, Callable[[], Any]] = {
        "name": lambda: reader.text("name", needed=True),
        "kind": reader.kind,
        "discipline": reader.discipline,
        "credit": lambda: reader.text("credit"),
        "organisation": lambda: reader.text("organisation"),
        "country": reader.country,
    }
    corrected = {field: read[field]() for field in CORRECTABLE if field in typed}
    reader.end()
    return corrected


def read_address(campaign: Campaign, typed: str, *, field: str = "email") -> str:
    """A checked e-mail address, of that ``field`` of the form; raises InvalidInput."""
    reader = _Reader(campaign, {field: typed})
    address = reader.address(field)
    reader.end()
    return address


def read_report(campaign: Campaign, typed: Mapping[str, Any]) -> ReportDetails:
    """The checked details of a report: email, reason, note. Raises InvalidInput as `read_details`."""
    reader = _Reader(campaign, typed)
    details = ReportDetails(
        email=reader.address("email"), reason=reader.report_reason(), note=reader.note()
    )
    reader.end()
    return details


def _read(reader: _Reader, *, email: str) -> Details:
    details = Details(
        name=reader.text("name", needed=True),
        email=email,
        kind=reader.kind(),
        discipline=reader.discipline(),
        credit=reader.text("credit"),
        organisation=reader.text("organisation"),
        country=reader.country(),
        language=reader.language(),
        show_name=reader.typed.get("show_name", True) is not False,
        newsletter=reader.typed.get("newsletter") is True,
        source=identity.clean(str(reader.typed.get("source") or "")[:SOURCE_MAX])[:SOURCE_MAX],
    )
    reader.end()
    return details
