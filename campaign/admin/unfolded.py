"""Unfold's classes, typed as those of Django that they extend: Unfold itself ships no types."""

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db import DataError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

M = TypeVar("M", bound=Model)

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite
    from django.contrib.admin import ModelAdmin as _ModelAdmin
    from django.contrib.admin.views.main import ChangeList as _ChangeList
    from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
    from django.core.paginator import Paginator
    from django.forms import ModelForm
else:
    from django import forms
    from django.contrib.auth import admin as auth
    from django.core import paginator
    from unfold import admin as unfold
    from unfold.sites import UnfoldAdminSite as AdminSite
    from unfold.views import ChangeList as _ChangeList

    class _Typed:
        """Lets a class be written with the model that only the type checker asks for."""

        def __class_getitem__(cls, _model: Any) -> Any:
            return cls

    class _ModelAdmin(_Typed, unfold.ModelAdmin): ...

    class DjangoUserAdmin(_Typed, auth.UserAdmin): ...

    class Paginator(_Typed, paginator.Paginator): ...

    class ModelForm(_Typed, forms.ModelForm): ...


__all__ = [
    "AdminSite",
    "ChangeList",
    "DjangoUserAdmin",
    "ModelAdmin",
    "ModelForm",
    "PageAdmin",
    "Paginator",
    "ReadOnlyAdmin",
]


class ChangeList(_ChangeList):
    """A filter that the database cannot compare is a wrong filter, not a failure of ours."""

    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
        # Such as a NUL, an unbalanced regular expression, the year 0.
        except (DataError, ValueError, OverflowError) as error:
            raise IncorrectLookupParameters from error


class ModelAdmin(_ModelAdmin[M]):
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[_ChangeList]:
        return ChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        # The lists' own form refuses a NUL; the autocompletion has none.
        return super().get_search_results(request, queryset, search_term.replace("\0", ""))

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **options: Any
    ) -> HttpResponse | None:
        try:
            for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(chosen)
        except ValidationError as error:
            raise BadRequest from error
        return super().response_action(request, queryset, *args, **options)


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


class PageAdmin(ReadOnlyAdmin[M]):
    """Facts of which each has a page of our own, for who may view it; its buttons post elsewhere."""

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page of one row; raises Http404."""
        raise NotImplementedError

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return self.page(request, object_id)
