from django.apps import AppConfig


class CampaignConfig(AppConfig):
    """The product: one app, because everything turns around a Signature of a Campaign."""

    name = "campaign"
    default_auto_field = "django.db.models.BigAutoField"
