"""Users and groups: Django's own, with Unfold's forms."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group, User
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from unfold.forms import UserChangeForm, UserCreationForm

from campaign import accounts
from campaign.admin import admission, desk
from campaign.admin.shown import OthersPasswordForm
from campaign.admin.site import site
from campaign.admin.unfolded import DjangoUserAdmin, ModelAdmin

# Whoever may edit users, but isn't a superuser, must not make one of themselves.
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User, site=site)
class UserAdmin(DjangoUserAdmin[User], ModelAdmin[User]):
    campaign_path = ""
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = OthersPasswordForm

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        rights = () if request.user.is_superuser else RIGHTS
        return (*super().get_readonly_fields(request, obj), "last_login", "date_joined", *rights)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def save_model(
        self, request: HttpRequest, obj: User, form: "ModelForm[User]", change: bool
    ) -> None:
        before = User.objects.get(pk=obj.pk).email if change else ""
        super().save_model(request, obj, form, change)
        accounts.address_changed(obj, before=before)

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002
        form_url: str = "",
    ) -> HttpResponse:
        """A password that somebody else sets ends the sessions of whoever had the old one."""
        response = super().user_change_password(request, id, form_url)
        user = User.objects.filter(pk=desk.row_id(id)).first()
        if request.method == "POST" and response.status_code == 302 and user is not None:
            by = admission.user_of(request)
            here = admission.session_of(request) if user == by else None
            accounts.password_changed(user, by=by, here=here)
        return response


def _may_touch(request: HttpRequest, obj: Any) -> bool:
    """A superuser's account is for superusers: its password would be theirs to set."""
    return obj is None or not obj.is_superuser or bool(request.user.is_superuser)


@admin.register(Group, site=site)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin[Group]):
    """Rights in all campaigns; only a superuser puts them in a group: the giver may be a member."""

    campaign_path = ""

    def get_readonly_fields(
        self, request: HttpRequest, obj: Group | None = None
    ) -> tuple[str, ...]:
        rights = () if request.user.is_superuser else ("permissions",)
        return (*super().get_readonly_fields(request, obj), *rights)
