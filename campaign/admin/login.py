"""Logging in: user name, password and the second factor on one form; too many tries wait."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from unfold.forms import AuthenticationForm
from unfold.widgets import BASE_INPUT_CLASSES

from campaign import audit, second_factor
from campaign.admin import tries
from campaign.admin.shown import ShowsPasswords
from campaign.models.audit import AuditAction


class LoginForm(ShowsPasswords, AuthenticationForm):  # type: ignore[misc]
    """Who logs in. Nothing says whether it was the name, the password, or both that were wrong."""

    token = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=40,
        help_text=_("Of your app, or a recovery code. Leave it empty until you have set one up."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "class": " ".join(BASE_INPUT_CLASSES)}
        ),
    )
    error_messages = {
        **AuthenticationForm.error_messages,
        "token_needed": _("Please type your password again, and the code that your app shows."),
        "token_wrong": _(
            "This code is not right, or was used already. Wait for the next one, and type your"
            " password again."
        ),
    }
    succeeded = AuditAction.LOGIN

    @sensitive_variables("cleaned")
    def clean(self) -> dict[str, Any]:
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not name or not password:
            cleaned: dict[str, Any] = super().clean()
            return cleaned
        owner = User.objects.filter(username=name).first()
        with tries.counted(self.request, name, owner):
            cleaned = super().clean()
            self._check_token()
        audit.record(self.succeeded, by=self.get_user())
        return cleaned

    def _check_token(self) -> None:
        """The second factor of who has one; its device then goes into the session (django-otp)."""
        user = self.get_user()
        if second_factor.device_of(user) is None:
            return
        token = self.cleaned_data.get("token", "")
        if not token:
            raise self._error("token_needed")
        device = second_factor.verify(user, token)
        if device is None:
            raise self._error("token_wrong")
        user.otp_device = device

    def _error(self, code: str) -> forms.ValidationError:
        return forms.ValidationError(self.error_messages[code], code=code)
