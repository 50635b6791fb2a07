"""Who did what, beside the events of single signatures: written once, and never changed."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaign.models.api_key import ApiKey
from campaign.models.campaign import Campaign


class AuditAction(models.TextChoices):
    KEY_MADE = "key_made", _("API key made")
    KEY_REVOKED = "key_revoked", _("API key revoked")
    EXPORT = "export", _("signatures exported")
    IMPORT = "import", _("signers imported")
    PRINT_LIST = "print_list", _("print list frozen")
    BRAKE_PULLED = "brake_pulled", _("brake pulled")
    BRAKE_LET_GO = "brake_let_go", _("brake let go")
    BRAKE_RELEASED = "brake_released", _("what a brake held published")
    FOUR_EYES = "four_eyes", _("four eyes switched")
    BATCH_PREVIEWED = "batch_previewed", _("import batch previewed")
    BATCH_RELEASED = "batch_released", _("import batch released")
    VOUCHER_ADMITTED = "voucher_admitted", _("organisation admitted")
    VOUCHER_QUOTA = "voucher_quota", _("organisation’s quota changed")
    VOUCHER_REVOKED = "voucher_revoked", _("organisation revoked")
    VOUCHER_LOGIN = "voucher_login", _("login of an organisation made")
    VOUCHER_LOGIN_GONE = "voucher_login_gone", _("login of an organisation taken")
    NAME_CONFIRMED = "name_confirmed", _("name confirmed by an organisation")
    NAME_TAKEN_BACK = "name_taken_back", _("name taken back by an organisation")
    LOOKED_AT = "looked_at", _("looked at what nobody vouches for any more")
    LINKS_MADE = "links_made", _("links for members made")
    LINKS_FETCHED = "links_fetched", _("links for members fetched")
    LINKS_REVOKED = "links_revoked", _("links for members revoked")
    LOGIN = "login", _("logged in")
    LOGIN_FAILED = "login_failed", _("login failed")
    LOCKED_OUT = "locked_out", _("locked out after too many tries")
    UNLOCKED = "unlocked", _("let in again after too many tries")
    PASSWORD_AGAIN = "password_again", _("password typed again")
    LOGOUT = "logout", _("logged out")
    SESSION_ENDED = "session_ended", _("sessions ended")
    PASSWORD_CHANGED = "password_changed", _("password changed")
    FACTOR_ADDED = "factor_added", _("second factor enrolled")
    FACTOR_RESET = "factor_reset", _("second factor reset")
    CODE_USED = "code_used", _("logged in by a recovery code")
    CODES_RENEWED = "codes_renewed", _("recovery codes renewed")
    CAMPAIGN_MADE = "campaign_made", _("campaign made in the admin")
    CAMPAIGN_EDITED = "campaign_edited", _("campaign edited in the admin")
    CAMPAIGN_LOADED = "campaign_loaded", _("campaign loaded from a file")
    REMOVAL = "removal", _("removal by rule started")
    REMOVAL_STOPPED = "removal_stopped", _("removal by rule stopped")
    REMOVAL_ENDED = "removal_ended", _("removal by rule ended")
    REMOVAL_UNDO = "removal_undo", _("undoing of a removal by rule started")
    REMOVAL_UNDONE = "removal_undone", _("removal by rule undone")
    INVITED = "invited", _("account made for a member")
    MEMBER_ADDED = "member_added", _("member added")
    MEMBER_CHANGED = "member_changed", _("role of a member changed")
    MEMBER_REMOVED = "member_removed", _("member removed")
    ALERTS_CHOSEN = "alerts_chosen", _("alerts by mail switched on or off")
    ADDRESSES_SEEN = "addresses_seen", _("mail domains seen in a list")
    PRIVATE_READ = "private_read", _("signatures read by an API key")
    TRAIL_EXPORTED = "trail_exported", _("audit trail exported")
    MAILS_RETRIED = "mails_retried", _("failed mails tried again")
    EMPTIED = "emptied", _("personal data erased, their time being over")
    ROW_ADDED = "row_added", _("added in the admin")
    ROW_CHANGED = "row_changed", _("changed in the admin")
    ROW_DELETED = "row_deleted", _("deleted in the admin")


class AuditEntry(models.Model):
    """One act: codes, ids and a number, never personal text. The database refuses to change or delete it.

    ``user`` or ``api_key`` acted, neither where it was a task or a stranger; a key that was made or
    revoked is ``api_key`` beside its user. ``number`` counts the rows that were handed out or changed,
    ``details`` are codes, ids and names of fields.
    """

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="audit", null=True, blank=True
    )
    at = models.DateTimeField(auto_now_add=True)
    action = models.CharField(max_length=20, choices=AuditAction)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    api_key = models.ForeignKey(ApiKey, models.PROTECT, null=True, blank=True, related_name="audit")
    number = models.PositiveIntegerField(null=True, blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        default_permissions = ("view",)
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.action} {self.at:%Y-%m-%d %H:%M}"


class AuditNote(models.Model):
    """What somebody typed for a list: the reason for taking it out, or who holds the consent that it was
    imported by (`audit.REASONED`)."""

    entry = models.OneToOneField(AuditEntry, models.PROTECT, related_name="note")
    text = models.TextField()

    def __str__(self) -> str:
        return self.text
