"""Unfold's classes, typed as those of Django that they extend: Unfold itself ships no types.

And cut by campaign: a list shows the rows of the campaigns in which somebody may see them, whatever
asks for it, and a row of another campaign is not there (404).
"""

from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db import DataError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.functional import Promise
from django.utils.translation import gettext_noop

from campaign import audit, roles
from campaign.models.audit import AuditAction
from campaign.models.campaign import Campaign

M = TypeVar("M", bound=Model)

# What Unfold says on these pages and says in English only: named here, our catalogues have it.
SAID_BY_UNFOLD = (
    gettext_noop("Apply Filters"),
    gettext_noop("Dark"),
    gettext_noop("Go back"),
    gettext_noop("Light"),
    gettext_noop("Return to site"),
    gettext_noop("Run"),
    gettext_noop("Select action"),
    gettext_noop("Select action to run"),
    gettext_noop("Select all rows"),
    gettext_noop("Select record"),
    gettext_noop("Select value"),
    gettext_noop("System"),
    gettext_noop("Type to search"),
)

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite, RelatedFieldListFilter
    from django.contrib.admin import ModelAdmin as _ModelAdmin
    from django.contrib.admin.views.main import ChangeList as _ChangeList
    from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
    from django.core.paginator import Paginator
    from django.forms import ModelForm
else:
    from django import forms
    from django.contrib.admin import RelatedFieldListFilter
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
    "CampaignFilter",
    "ChangeList",
    "DjangoUserAdmin",
    "ModelAdmin",
    "ModelForm",
    "PageAdmin",
    "Paginator",
    "ReadOnlyAdmin",
]


FILTERED = ("exact", "id__exact", "isnull")
"""How a list's own filters compare a field or relation in an address; no other comparison is taken."""


class ChangeList(_ChangeList):
    """A filter that the database cannot compare is a wrong filter, not a failure of ours."""

    def get_filters(self, request: HttpRequest) -> Any:
        try:
            return super().get_filters(request)
        except DisallowedModelAdminLookup as error:
            raise IncorrectLookupParameters from error

    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
        # Such as a NUL, an unbalanced regular expression, the year 0.
        except (DataError, ValueError, OverflowError) as error:
            raise IncorrectLookupParameters from error


class CampaignFilter(RelatedFieldListFilter):
    """Offers of a relation (the campaign, or what is a campaign's) what is in sight of the list."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        path = "pk" if field.related_model is Campaign else "campaign"
        rows = field.related_model._default_manager.complex_filter(field.get_limit_choices_to())
        seen = roles.within(rows, request.user, model_admin.view_right(), path=path)
        return [(str(row.pk), str(row)) for row in seen]


class ModelAdmin(_ModelAdmin[M]):
    """Rows of campaigns, each for whom may see it: by `roles`, asked with the row's campaign.

    ``campaign_path`` is the lookup from a row to its campaign, "pk" of a campaign itself; of rows that
    are no campaign's it is "", and only a right that holds everywhere opens them. ``right`` says what
    opens them where it isn't Django's own "view".
    """

    campaign_path: ClassVar[str] = "campaign"
    right: ClassVar[str] = ""

    # --- In sight

    def view_right(self) -> str:
        return self.right or f"{self.opts.app_label}.view_{self.opts.model_name}"

    def campaign_of(self, obj: Any) -> Campaign | None:
        """The campaign of a row, where there is one."""
        names = [name for name in self.campaign_path.split("__") if name not in {"", "pk"}]
        found = reduce(getattr, names, obj)
        return found if isinstance(found, Campaign) else None

    def may(self, request: HttpRequest, right: str, obj: Any = None) -> bool:
        """Whether the right holds for this row; without one, whether for any that there can be."""
        if not self.campaign_path:
            return roles.everywhere(request.user, right)
        if obj is None:
            return bool(request.user.has_perm(right))
        campaign = self.campaign_of(obj)
        if campaign is None:
            return roles.everywhere(request.user, right)
        return roles.may(request.user, right, campaign)

    def within(self, rows: QuerySet[M], request: HttpRequest, right: str) -> QuerySet[M]:
        """Those of the rows for which the right holds."""
        if self.campaign_path:
            return roles.within(rows, request.user, right, path=self.campaign_path)
        return rows if roles.everywhere(request.user, right) else rows.none()

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        return self.within(super().get_queryset(request), request, self.view_right())

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> M | None:
        found = super().get_object(request, object_id, from_field)
        if found is None and self.has_view_permission(request):
            raise Http404  # Django itself leads to the index, with the id in a message
        if found is None:
            raise PermissionDenied
        return found

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Django lets an address ask for any field, and a relation leads into other tables: letter by letter
        # ?email__startswith= or ?campaign__memberships__user__password__startswith= would spell out the rest.
        return any(
            lookup in {name, *(f"{name}__{how}" for how in FILTERED)}
            for name in map(_parameter, self.get_list_filter(request))
        )

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        # Django's own takes "change" for "view" too; here only who may view may read an address.
        return self.may(request, self.view_right(), obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, f"{self.opts.app_label}.add_{self.opts.model_name}")

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self.may(request, f"{self.opts.app_label}.change_{self.opts.model_name}", obj)

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self.may(request, f"{self.opts.app_label}.delete_{self.opts.model_name}", obj)

    # --- On record

    def construct_change_message(  # type: ignore[override]
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[str]:
        """The names of the fields."""
        return list(form.changed_data)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return self._record(request, AuditAction.ROW_ADDED, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return self._record(request, AuditAction.ROW_CHANGED, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return [self._record(request, AuditAction.ROW_DELETED, obj, "") for obj in queryset]

    def _record(self, request: HttpRequest, action: AuditAction, obj: Any, message: Any) -> Any:
        """In the place of Django's own log, which keeps the row's name, and that of who is erased."""
        assert isinstance(request.user, User)
        about = {"model": self.opts.model_name or "", "id": obj.pk}
        what = {"fields": message} if isinstance(message, list) else {"act": str(message)}
        return audit.record(
            action,
            by=request.user,
            campaign=self.campaign_of(obj),
            details={**about, **(what if message else {})},
        )

    # --- What nobody would type

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


def _parameter(offered: Any) -> str:
    """What a filter of a list is called in its address."""
    first = offered[0] if isinstance(offered, (list, tuple)) else offered
    return first if isinstance(first, str) else first.parameter_name


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


class PageAdmin(ReadOnlyAdmin[M]):
    """Facts of which each has a page of our own, for who may view it; its buttons post elsewhere."""

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page of one row; raises Http404.

        Each admin has its own. No `abstractmethod`: its metaclass clashes with that of `ModelAdmin`.
        """
        raise NotImplementedError

    def context(self, request: HttpRequest, title: str | Promise) -> dict[str, Any]:
        """What every template of a page below this admin needs."""
        request.current_app = self.admin_site.name
        return {**self.admin_site.each_context(request), "title": title, "opts": self.opts}

    def find(self, request: HttpRequest, pk: int, rows: QuerySet[M]) -> M:
        """That one of the rows, for a page or a button, if it is in sight; raises Http404.

        Raises PermissionDenied for who may see none.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.within(rows, request, self.view_right()).filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

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
