"""Passwords that can be looked at while they are typed (OWASP ASVS 4.0.3, 2.1.12)."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.forms.renderers import BaseRenderer
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_variables
from unfold.forms import AdminOwnPasswordChangeForm, AdminPasswordChangeForm

from campaign.admin import tries

if TYPE_CHECKING:
    _SetPasswordForm = SetPasswordForm[User]
else:
    _SetPasswordForm = SetPasswordForm


class PasswordInput(forms.PasswordInput):
    """With a button beside it that shows what is typed; a page without scripts has none."""

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        by_button = {**(attrs or {}), "x-bind:type": "shown ? 'text' : 'password'"}
        typed = super().render(name, value, by_button, renderer)
        return render_to_string("admin/campaign/password.html", {"input": typed})


class ShowsPasswords:
    """To be mixed into a form: its passwords can be shown."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            if isinstance(field.widget, forms.PasswordInput):
                field.widget = PasswordInput(field.widget.attrs)
                field.widget.is_required = field.required


class OwnPasswordForm(ShowsPasswords, AdminOwnPasswordChangeForm):  # type: ignore[misc]
    """One's own, by the old one; who guesses that in a session left open waits as at a login."""

    def __init__(self, *args: Any, request: HttpRequest, **options: Any) -> None:
        super().__init__(*args, **options)
        self.request = request

    @sensitive_variables()
    def clean_old_password(self) -> str:
        with tries.counted(self.request, self.user.get_username(), self.user):
            return str(super().clean_old_password())


class OthersPasswordForm(ShowsPasswords, AdminPasswordChangeForm):  # type: ignore[misc]
    """Somebody else's, by who may."""


class FirstPasswordForm(ShowsPasswords, _SetPasswordForm):
    """The first one, by a link."""
