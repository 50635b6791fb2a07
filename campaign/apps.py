from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignConfig(AppConfig):
    """The product: one app, because everything turns around a Signature of a Campaign."""

    name = "campaign"
    verbose_name = _("Petition")
    default_auto_field = "django.db.models.BigAutoField"
