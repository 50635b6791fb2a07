"""What a campaign's form does: sign, send the mail again, take back what was typed."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import floods, letters, mail_domains, networks, publication, representing, signing
from campaign.details import REPRESENTATIVE, read_details, read_represented
from campaign.errors import (
    BotCheckRequired,
    CampaignClosed,
    CampaignError,
    CampaignPaused,
    ConsentChanged,
    InvalidInput,
    RateLimited,
    StatementChanged,
)
from campaign.languages import Speech, offered
from campaign.models.campaign import Campaign
from campaign.publication import PublicStatement
from campaign.web.answers import private_page
from campaign.web.forms import (
    TEXTS,
    by_field,
    mistakes,
    read_form,
    typed_representation,
    typed_signature,
    typed_version,
)
from campaign.web.language import speak_for
from campaign.web.moment import SOLUTION, TICKET, one_moment
from campaign.web.shown import SignForm, campaign_context

KEPT = (
    *TEXTS,
    *REPRESENTATIVE,
    "for_another",
    "show_name",
    "newsletter",
    "consent",
    "statement_version",
    "consent_version",
)
RESEND_PAUSE = 60
"""Seconds in which the page asks for patience; what an address gets a day is limited by `outbox`."""
CHANGED: dict[type[CampaignError], dict[str, str | Promise]] = {
    StatementChanged: {"title": _("This is the statement as it stands now.")},
    ConsentChanged: {"consent": _("Please read it and agree again.")},
}
"""Where the page leads whoever signed another text than the one of now."""


@dataclass(frozen=True)
class Place:
    """Where a form stands: the template of its page, what is around all that it answers, its URL."""

    page: str
    layout: str
    url: str

    def context(self, campaign: Campaign) -> dict[str, str]:
        """What the templates of the form and of its answers need of it."""
        return {"layout": self.layout, "form_url": reverse(self.url, args=[campaign.slug])}


PAGE = Place("pages/campaign.html", "base.html", "campaign")


@dataclass(frozen=True)
class _Sent:
    """One POST of a form."""

    request: HttpRequest
    campaign: Campaign
    place: Place
    form: QueryDict
    speech: Speech

    def language(self) -> str:
        """That of the page that the form stood on; whoever tampered with it gets the one of the answer."""
        said = self.form.get("language", "")
        return said if said in offered(self.campaign.languages) else self.speech.language

    def statement(self) -> PublicStatement:
        return publication.statement(self.campaign, self.speech.language)

    def address_field(self) -> str:
        """Whose address the mail goes to: that of who sits before the form."""
        return "representative_email" if typed_representation(self.form) else "email"

    def network(self) -> networks.Hashes | None:
        return networks.hashes(networks.of(self.request))

    def kept(self) -> dict[str, Any]:
        """What was typed, to stand in the form again; the flags only where they were sent."""
        return {name: self.form[name] for name in KEPT if name in self.form}


def answer(request: HttpRequest, campaign: Campaign, place: Place) -> HttpResponse:
    """What its buttons do; raises BadForm or FormTooLarge. Where it came from is asked before."""
    form = read_form(request)
    speech = speak_for(request, campaign, form.get("language"))
    sent = _Sent(request, campaign, place, form, speech)
    with translation.override(speech.interface):
        match form.get("action"):
            case "resend":
                return resend(sent)
            case "edit":
                return edit(sent)
            case "meant":
                return sign_as_meant(sent)
            case _:
                return sign(sent)


def sign(sent: _Sent) -> HttpResponse:
    try:
        _ask(sent)
    except InvalidInput as error:
        return _again(sent, by_field(error.errors), error, status=422)
    except (StatementChanged, ConsentChanged, CampaignClosed, CampaignPaused) as error:
        return _again(sent, CHANGED.get(type(error), {}), error, status=error.status)
    except BotCheckRequired as error:
        return _one_moment(sent, error)
    except RateLimited as error:
        return _later(sent, error)
    return _look_in_inbox(sent)


def _ask(sent: _Sent) -> None:
    """Sign for oneself, or for somebody else, whose own consent is asked for in their mail."""
    typed = typed_signature(sent.form, language=sent.language())
    version = typed_version(sent.form, "statement_version")
    network = sent.network()
    another = typed_representation(sent.form)
    if sent.campaign.state() == "open":  # or nobody works for a refusal
        try:
            _admit(sent, network)
        except BotCheckRequired:
            # Nobody waits only to hear that an address was mistyped.
            read = read_represented if another else read_details
            read(sent.campaign, {**typed, **another})
            raise
    if another:
        representing.ask(
            campaign=sent.campaign,
            typed={**typed, **another},
            statement_version=version,
            network=network,
        )
    else:
        signing.sign(
            campaign=sent.campaign,
            typed=typed,
            statement_version=version,
            consent_version=typed_version(sent.form, "consent_version"),
            network=network,
        )


def _admit(sent: _Sent, network: networks.Hashes | None) -> None:
    solution, ticket = sent.form.get(SOLUTION), sent.form.get(TICKET, "")
    email = sent.form.get(sent.address_field(), "")
    floods.admit(sent.campaign, network, email=email, solution=solution, ticket=ticket)


def sign_as_meant(sent: _Sent) -> HttpResponse:
    """Sign with the address that was most likely meant; the first request expires by itself."""
    form = sent.form.copy()
    field = sent.address_field()
    form[field] = mail_domains.meant(form.get(field, "")) or form.get(field, "")
    return sign(_Sent(sent.request, sent.campaign, sent.place, form, sent.speech))


def resend(sent: _Sent) -> HttpResponse:
    if typed_representation(sent.form):
        return sign(sent)
    errors: dict[str, str | Promise] = {}
    try:
        floods.count(sent.campaign, sent.network())
        signing.resend(campaign=sent.campaign, email=sent.form.get("email", ""))
    except RateLimited as error:
        return _later(sent, error)
    except InvalidInput as error:
        errors = by_field(error.errors)
        return _again(sent, errors, error, status=422)
    return _look_in_inbox(sent, again=True)


def edit(sent: _Sent) -> HttpResponse:
    """The form with all that was typed in it, to correct it."""
    return _again(sent)


def _again(
    sent: _Sent,
    errors: dict[str, str | Promise] | None = None,
    error: CampaignError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page with what was typed still in its form, and what stands in the way."""
    form = SignForm(values=sent.kept(), errors=errors or {})
    if not _is_of_now(sent):
        # Who has not seen the new text has not agreed to it.
        form.values.pop("consent", None)
    context = {
        **campaign_context(sent.campaign, sent.speech),
        **sent.place.context(sent.campaign),
        "form": form,
        "error": error,
        "mistakes": mistakes(form.errors),
    }
    return private_page(sent.request, sent.place.page, context, speech=sent.speech, status=status)


def _later(sent: _Sent, error: RateLimited) -> HttpResponse:
    response = _again(sent, error=error, status=error.status)
    response["Retry-After"] = str(error.retry_after)
    return response


def _one_moment(sent: _Sent, error: BotCheckRequired) -> HttpResponse:
    return one_moment(
        sent.request,
        error,
        campaign=sent.campaign,
        speech=sent.speech,
        network=sent.network(),
        kept={**sent.kept(), "action": "sign"},
        ticket=sent.form.get(TICKET, ""),
        context={**sent.place.context(sent.campaign), "statement": sent.statement()},
    )


def _is_of_now(sent: _Sent) -> bool:
    """Whether the form showed the statement and the consent that are the current ones."""
    now = sent.statement()
    return typed_version(sent.form, "statement_version") in (None, now.version) and typed_version(
        sent.form, "consent_version"
    ) in (None, now.consent_version)


def _look_in_inbox(sent: _Sent, *, again: bool = False) -> HttpResponse:
    """Where to look for the mail: made of what was typed alone, so it tells nobody anything."""
    email = sent.form.get(sent.address_field(), "").strip()
    sender = letters.sender(sent.campaign)
    context = {
        **sent.place.context(sent.campaign),
        "campaign": sent.campaign,
        "statement": sent.statement(),
        "email": email,
        "meant": mail_domains.meant(email),
        "mailbox": mail_domains.mailbox_page(email, sender=sender.address),
        "sender": sender,
        "kept": sent.kept(),
        "again": again,
        "for_another": bool(typed_representation(sent.form)),
        "pause": RESEND_PAUSE,
    }
    return private_page(sent.request, "pages/look_in_inbox.html", context, speech=sent.speech)
