"""Unfold's classes, typed as those of Django that they extend: Unfold itself ships no types."""

from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import Model
from django.http import HttpRequest

M = TypeVar("M", bound=Model)

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite, ModelAdmin
    from django.contrib.admin.views.main import ChangeList
    from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
    from django.core.paginator import Paginator
    from django.forms import ModelForm
else:
    from django import forms
    from django.contrib.auth import admin as auth
    from django.core import paginator
    from unfold import admin as unfold
    from unfold.sites import UnfoldAdminSite as AdminSite
    from unfold.views import ChangeList

    class _Typed:
        """Lets a class be written with the model that only the type checker asks for."""

        def __class_getitem__(cls, _model: Any) -> Any:
            return cls

    class ModelAdmin(_Typed, unfold.ModelAdmin): ...

    class DjangoUserAdmin(_Typed, auth.UserAdmin): ...

    class Paginator(_Typed, paginator.Paginator): ...

    class ModelForm(_Typed, forms.ModelForm): ...


__all__ = [
    "AdminSite",
    "ChangeList",
    "DjangoUserAdmin",
    "ModelAdmin",
    "ModelForm",
    "Paginator",
    "ReadOnlyAdmin",
]


class ReadOnlyAdmin(ModelAdmin[M]):
    """Facts: to be looked at. Whatever changes them is a verb behind a button of its own."""

    actions_on_top = True
    show_full_result_count = False
    list_disable_select_all = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        # Django's own takes "change" for "view" too; here only who may view may read an address.
        return bool(request.user.has_perm(f"{self.opts.app_label}.view_{self.opts.model_name}"))
