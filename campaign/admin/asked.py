"""What several pages of the admin ask for alike: how many were shown, and why a list is taken out."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ShownForm(forms.Form):
    """How many the page said would be published."""

    waiting = forms.IntegerField(min_value=0)


class ReasonField(forms.CharField):
    """Why personal data are taken out in bulk; it stays on record."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Reason"),
            min_length=5,
            max_length=500,
            help_text=_(
                "What it is for, naming no signer: it stays in the audit trail, with your name."
            ),
        )
