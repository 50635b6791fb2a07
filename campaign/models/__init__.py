"""What is stored, one file a concept."""

from campaign.models.access import CodeApp, LoginTry, StaffSession
from campaign.models.address import MailProvider, Suppression, Unreachable
from campaign.models.alert import Alert, Pulse
from campaign.models.api_key import ApiKey
from campaign.models.approval import Approval
from campaign.models.audit import AuditEntry, AuditNote
from campaign.models.batch import ImportBatch
from campaign.models.brake import BrakeRelease
from campaign.models.campaign import Campaign, Discipline, ProtectedName
from campaign.models.event import Event, EventNote
from campaign.models.evidence import Proof, Site
from campaign.models.idempotency import IdempotencyKey
from campaign.models.logo import Logo
from campaign.models.mail import Mail, MailDay, MailPace, MailQuota
from campaign.models.membership import Membership
from campaign.models.name_numbers import LeftName, RejectedName, WithdrawnName
from campaign.models.network import SignatureNetwork
from campaign.models.notice import Notice
from campaign.models.print_list import PrintEntry, PrintList
from campaign.models.question import Question
from campaign.models.removal import Removal, RemovalItem
from campaign.models.report import Report
from campaign.models.representation import Representation
from campaign.models.signature import Signature
from campaign.models.statement import Consent, StatementText, StatementVersion
from campaign.models.suspicion import NameSearch, Suspicion
from campaign.models.tally import HourTally, Tally, TallyChange
from campaign.models.upload import Upload
from campaign.models.voucher import LinkBatch, Voucher
from campaign.models.vouching import MemberLink, Refusal, Vouching
from campaign.models.webhook import Milestone, Webhook, WebhookDelivery

__all__ = [
    "Alert",
    "ApiKey",
    "Approval",
    "AuditEntry",
    "AuditNote",
    "BrakeRelease",
    "Campaign",
    "CodeApp",
    "Consent",
    "Discipline",
    "Event",
    "EventNote",
    "HourTally",
    "IdempotencyKey",
    "ImportBatch",
    "LeftName",
    "LinkBatch",
    "LoginTry",
    "Logo",
    "Mail",
    "MailDay",
    "MailPace",
    "MailProvider",
    "MailQuota",
    "MemberLink",
    "Membership",
    "Milestone",
    "NameSearch",
    "Notice",
    "PrintEntry",
    "PrintList",
    "Proof",
    "ProtectedName",
    "Pulse",
    "Question",
    "Refusal",
    "RejectedName",
    "Removal",
    "RemovalItem",
    "Report",
    "Representation",
    "Signature",
    "SignatureNetwork",
    "Site",
    "StaffSession",
    "StatementText",
    "StatementVersion",
    "Suppression",
    "Suspicion",
    "Tally",
    "TallyChange",
    "Unreachable",
    "Upload",
    "Voucher",
    "Vouching",
    "Webhook",
    "WebhookDelivery",
    "WithdrawnName",
]
