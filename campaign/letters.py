"""What stands in a mail: rendered when it is sent, in the signer's language, as HTML and plain text."""

import re
from collections.abc import Callable
from email.utils import formataddr, parseaddr
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from campaign import identity, mailboxes, outbox, rejections
from campaign.contrast import ACCENT, lightened
from campaign.languages import direction, interface_language
from campaign.links import LIFETIME, Purpose, link_path
from campaign.mime import Letter
from campaign.models.alert import Alert, AlertKind
from campaign.models.campaign import Campaign
from campaign.models.mail import (
    BY_STRANGERS,
    OF_REPRESENTATIONS,
    TO_REPORTERS,
    Mail,
    MailKind,
    Recipient,
)
from campaign.models.membership import Membership
from campaign.models.notice import AccountAct, Notice
from campaign.models.question import QUESTIONS, Question
from campaign.models.report import Report
from campaign.models.representation import Representation
from campaign.models.signature import Signature, Status
from campaign.models.statement import StatementText, current_text
from campaign.models.vouching import Vouching

NAME_IN_MAIL = 60
"""Characters of a typed name that may stand in a mail to a mailbox that nobody has confirmed yet."""


class Sender(NamedTuple):
    """The From of a mail in its parts; ``name`` is '' where there is none."""

    name: str
    address: str


# What a template's conditions leave behind in plain text.
_EMPTY_LINES = re.compile(r"\n{3,}")

# No word that a stranger typed: a subject is read even by who never opens the mail.
SUBJECTS: dict[str, str | Promise] = {
    MailKind.CONFIRM: _("Please confirm your signature: %(title)s"),
    MailKind.REMINDER: _("Not confirmed yet: %(title)s"),
    MailKind.SIGNED_ALREADY: _("Your signature: %(title)s"),
    MailKind.PUBLISHED: _("Your signature is accepted: %(title)s"),
    MailKind.REJECTED: _("About your signature: %(title)s"),
    MailKind.QUESTION: _("A question about your signature: %(title)s"),
    MailKind.VOUCHED: _("Somebody vouches for you: %(title)s"),
    MailKind.REPRESENT_CONFIRM: _("Please confirm that you sign for somebody: %(title)s"),
    MailKind.REPRESENTED: _("Somebody signed for you: %(title)s"),
    MailKind.REPORT_CONFIRM: _("Please confirm your report: %(title)s"),
    MailKind.REPORT_KEPT: _("About your report: %(title)s"),
    MailKind.REPORT_REMOVED: _("About your report: %(title)s"),
    MailKind.MY_DATA: _("Your data: %(title)s"),
}


# What has happened, and for a reader who opens the mail how often; see `bell` for what is counted.
ALERTS: dict[str, tuple[str | Promise, str | Promise]] = {
    AlertKind.PROTECTED: (
        _("A protected name is held: %(title)s"),
        ngettext_lazy(
            "%(n)s signature that may be of a protected name waits for you, held or already on the list.",
            "%(n)s signatures that may be of protected names wait for you, held or already on the list.",
            "n",
        ),
    ),
    AlertKind.REPORTED: (
        _("A featured signer is reported: %(title)s"),
        ngettext_lazy(
            "%(n)s report about a featured signer is open.",
            "%(n)s reports about featured signers are open.",
            "n",
        ),
    ),
    AlertKind.QUEUE: (
        _("Signatures wait for a decision: %(title)s"),
        ngettext_lazy(
            "%(n)s signature waits for a decision longer than this campaign means to let anybody wait.",
            "%(n)s signatures wait for a decision longer than this campaign means to let anybody wait.",
            "n",
        ),
    ),
    AlertKind.RATE: (
        _("Many more come than usual: %(title)s"),
        ngettext_lazy(
            "%(n)s came in ten minutes, many more than usual.",
            "%(n)s came in ten minutes, many more than usual.",
            "n",
        ),
    ),
}
# What became of an account; which one and when stands below it.
ACCOUNTS: dict[AccountAct, tuple[str | Promise, str | Promise]] = {
    AccountAct.PASSWORD: (
        _("Your password was changed"),
        _("The password of your account was changed. All other sessions have ended."),
    ),
    AccountAct.ADDRESS: (
        _("Your mail address was changed"),
        _("The mail address of your account was changed. From now on mails go to the new one."),
    ),
    AccountAct.FACTOR: (
        _("A second factor was set up"),
        _("An app was set up as the second factor of your account. One of before counts no more."),
    ),
    AccountAct.FACTOR_RESET: (
        _("Your second factor was reset"),
        _(
            "The second factor of your account was taken away. At the next login you set up a new one."
        ),
    ),
    AccountAct.CODES: (
        _("You have new recovery codes"),
        _("New recovery codes were made for your account. The old ones open nothing any more."),
    ),
    AccountAct.CODE_USED: (
        _("A recovery code was used"),
        _("Somebody logged in to your account with one of your recovery codes."),
    ),
    AccountAct.CODE_AGAIN: (
        _("A used code was tried again"),
        _(
            "Somebody typed your password, and a code of your app that was used already. It was refused."
            " If you clicked twice, that was you."
        ),
    ),
}
_LANES = {AlertKind.PROTECTED: "protected", AlertKind.REPORTED: "reported", AlertKind.QUEUE: ""}


def render(mail: Mail, connection: BaseEmailBackend | None = None, *, language: str = "") -> Letter:
    """The message of one mail row, to be sent over that connection; in another language if asked to."""
    to = mail.notice or mail.recipient
    campaign = mail.notice.campaign if mail.notice else mail.about.campaign
    name = "account" if mail.notice and mail.notice.act else mail.kind
    with translation.override(interface_language(language or to.language)):
        context = _of_notice(mail.notice) if mail.notice else _context(mail, mail.about)
        said = context["subject"] if mail.notice else SUBJECTS[mail.kind]
        subject = str(said) % {"title": context["statement"].title}
        text = render_to_string(f"mail/{name}.txt", context, using="mail")
        html = render_to_string(f"mail/{name}.html", context, using="mail")
        spoken = translation.get_language()
    headers = {
        "Message-ID": message_id(mail),
        "Auto-Submitted": "auto-generated",
        "Content-Language": spoken or "en",
    }
    if mail.kind in BY_STRANGERS:
        headers |= {
            "List-Unsubscribe": f"<{context['not_me_url']()}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    if settings.MAIL_PROVIDER == "postmark":
        # It gives each mail an id of its own, and tells this one with what becomes of it.
        headers["X-PM-Metadata-anymail_id"] = message_id(mail)
    letter = Letter(
        subject=" ".join(subject.split()),
        body=_EMPTY_LINES.sub("\n\n", text).strip() + "\n",
        from_email=formataddr(sender(campaign)),
        to=[mailboxes.ascii_address(to.email)],
        headers=headers,
        connection=connection,
    )
    letter.attach_alternative(html, "text/html")
    return letter


def message_id(mail: Mail) -> str:
    """The same for every copy of a mail, so that a mailbox can tell a second copy."""
    about = "alert" if mail.kind == MailKind.ALERT else mail.about.public_id
    return f"<{about}.{mail.pk}@{urlsplit(settings.BASE_URL).hostname}>"


def example(campaign: Campaign, kind: str, language: str) -> Letter:
    """A mail as it would go out now, to nobody: nothing of it is stored, and its links lead nowhere."""
    if kind == MailKind.ALERT:
        return example_alert(campaign, AlertKind.PROTECTED, language)
    waits = kind in {MailKind.CONFIRM, MailKind.REMINDER, *OF_REPRESENTATIONS}
    signature = Signature(
        campaign=campaign,
        statement=current_text(campaign, language),
        public_id="example",
        name="Zoë Example",
        email="zoe@example.org",
        canonical_email="zoe@example.org",
        status=Status.PENDING if waits else Status.PUBLISHED,
        language=language,
        created_at=timezone.now(),
        confirmed_at=None if waits else timezone.now(),
        rejection_reason=rejections.offered(campaign)[0].slug if kind == MailKind.REJECTED else "",
    )
    report = None
    if kind in TO_REPORTERS:
        about = {"campaign": campaign, "signature": signature, "language": language}
        report = Report(**about, public_id="example", email="reporter@example.org")
    mail = Mail(campaign=campaign, signature=signature, report=report, kind=kind)
    if kind in {*OF_REPRESENTATIONS, MailKind.MY_DATA}:
        about = {"campaign": campaign, "signature": signature, "language": language}
        by = Representation(
            **about, public_id="example", name="Ada Example", email="ada@example.org"
        )
        mail.representation = None if kind == MailKind.REPRESENTED else by
    return render(mail)


def example_alert(campaign: Campaign, kind: AlertKind, language: str) -> Letter:
    """The mail of one kind of alert, as `example`."""
    member = Membership(campaign=campaign, user=User(email="moderator@example.org"))
    notice = Notice(alert=Alert(campaign=campaign, kind=kind, n=2), membership=member)
    return render(Mail(campaign=campaign, notice=notice, kind=MailKind.ALERT), language=language)


def sender(campaign: Campaign | None) -> Sender:
    """Whom a campaign's mails are from: its own address, or the installation's, as of those of none."""
    return Sender(*parseaddr((campaign and campaign.sender) or settings.DEFAULT_FROM_EMAIL))


def _context(mail: Mail, signature: Signature) -> dict[str, Any]:
    campaign, now = signature.campaign, timezone.now()
    report, to = mail.report, mail.recipient
    # A reporter has signed no text: the current one, in their language.
    statement = current_text(campaign, report.language) if report else signature.statement
    return {
        **_frame(campaign, statement),
        "signature": signature,
        "greeting": "" if report else _greeting(mail.representation or signature),
        "entry": _short(signature.name),
        "reason": rejections.find(campaign, signature.rejection_reason).for_signer(
            signature.language
        ),
        "is_visible": campaign.is_visible(now),
        "is_listed": signature.is_listed and campaign.is_visible(now),
        "is_withdrawn": signature.status == Status.WITHDRAWN,
        "link_ends": min(now + LIFETIME[Purpose.CONFIRM], signature.deleted_at),
        "campaign_url": f"{settings.BASE_URL}{reverse('campaign', args=[campaign.slug])}"
        f"?language={signature.language}",
        "confirm_url": _url(Purpose.CONFIRM, signature),
        "manage_url": _url(Purpose.MANAGE, signature),
        "not_me_url": _url(Purpose.NOT_ME, to),
        "report_url": _url(Purpose.REPORT, to),
        "represent_url": _url(Purpose.REPRESENT, to),
        "my_data_url": _url(Purpose.MY_DATA, to),
        "representative": _short(signature.representation.name)
        if mail.kind == MailKind.REPRESENTED
        else "",
        **_asked(mail),
        **_vouched(mail),
    }


def _of_notice(notice: Notice) -> dict[str, Any]:
    account_url = settings.BASE_URL + reverse("admin:account")
    about = _of_alert(notice.alert) if notice.alert else _of_account(notice)
    return {**about, "account_url": account_url}


def _of_account(notice: Notice) -> dict[str, Any]:
    """What became of an account and when; around it stands no campaign."""
    subject, what = ACCOUNTS[AccountAct(notice.act)]
    language = translation.get_language() or "en"
    return {
        **_frame(None, StatementText(title=str(subject), language=language)),
        "subject": subject,
        "what": what,
        "account": notice.account,
        "at": notice.at,
        "site": urlsplit(settings.BASE_URL).hostname,
    }


def _of_alert(alert: Alert) -> dict[str, Any]:
    """A kind, a number and where to look: what a mailbox may know of people who wait for a decision."""
    campaign = alert.campaign
    kind = AlertKind(alert.kind)
    subject, what = ALERTS[kind]
    if kind in _LANES:
        asked = urlencode({"status": _LANES[kind], "campaign__id__exact": campaign.pk})
        look = f"{reverse('admin:campaign_signature_changelist')}?{asked}"
    else:
        look = reverse("admin:campaign_campaign_statistics", args=[campaign.pk])
    return {
        **_frame(campaign, current_text(campaign, translation.get_language() or "")),
        "subject": subject,
        "what": what % {"n": alert.n},
        "look_url": settings.BASE_URL + look,
    }


def _frame(campaign: Campaign | None, statement: StatementText) -> dict[str, Any]:
    """What every mail shows around its words, of a campaign or of none."""
    accent = f"#{(campaign and campaign.accent) or ACCENT}"
    return {
        "campaign": campaign,
        "statement": statement,
        "statement_direction": direction(statement.language),
        "accent": accent,
        "accent_in_the_dark": lightened(accent),
    }


def _asked(mail: Mail) -> dict[str, Any]:
    """The newest question to the signer, and where it is answered; of an example, an example."""
    if mail.kind != MailKind.QUESTION:
        return {}
    question = mail.about.questions.last() if mail.about.pk else None
    question = question or Question(public_id="example", text=str(QUESTIONS[0]))
    path = link_path(Purpose.ANSWER, subject=question.public_id, revision=question.revision)
    return {"question": question.text, "answer_url": settings.BASE_URL + path}


def _vouched(mail: Mail) -> dict[str, Any]:
    """Which organisations say that the signer is one of theirs; of an example, an example."""
    if mail.kind != MailKind.VOUCHED:
        return {}
    if not mail.about.pk:
        return {"organisations": _("Example Guild")}
    names = vouched_unshown(mail.about).values_list("voucher__name", flat=True)
    return {"organisations": ", ".join(names)}


def vouched_unshown(signature: Signature) -> QuerySet[Vouching]:
    """What its signer is told of: whom they let stand beside their name they know."""
    return signature.vouchings.filter(ended_at=None, shown_at=None).order_by("pk")


def _greeting(to: Signature | Representation) -> str:
    """The name, where it may stand in a mail: a stranger could have typed an advertisement."""
    return _short(to.name) if to.confirmed_at is None else to.name


def _short(name: str) -> str:
    """The name where it is short and nothing like a link, else nothing."""
    return "" if len(name) > NAME_IN_MAIL or identity.linkish(name) else name


def _url(purpose: Purpose, to: Recipient) -> Callable[[], str]:
    """An address that is signed when a template asks for it, and only once: no mail has them all."""
    return cache(lambda: settings.BASE_URL + outbox.link_to(purpose, to))
