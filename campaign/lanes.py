"""In which lane of the work a signature is: conditions on signatures, for who shows or counts a lane."""

from django.db.models import Q

from campaign import suspicions, vouching
from campaign.models.evidence import Site, SiteStatus
from campaign.models.report import Report, ReportStatus
from campaign.models.signature import GUARDED, STANDING, Kind, Status
from campaign.models.vouching import Vouching
from campaign.waiting import ASKED, DEFERRED, TO_DECIDE

OPEN_REPORTS = Report.objects.filter(status=ReportStatus.OPEN)
_IS_REPORTED = Q(pk__in=OPEN_REPORTS.values("signature"))
_WAITS = ASKED | DEFERRED

# Each condition is that of an index of the held, word for word, and what few rows are left to look at.
_IS_GUARDED = Q(hold_reasons__overlap=GUARDED)
_IS_PERSON = Q(kind=Kind.PERSON)
_OTHERWISE = TO_DECIDE & ~_IS_REPORTED

REPORTED = _IS_REPORTED & ~_WAITS
"""Somebody has reported it, published or held."""
PROTECTED = _OTHERWISE & _IS_GUARDED
"""Held, and has or is like a protected name."""
SUSPECT = (
    Q(status=Status.PUBLISHED)
    & Q(pk__in=suspicions.open_ones().values("signature"))
    & ~_IS_REPORTED
    & ~_WAITS
)
"""Published before a name that it is like became protected."""
GROUPS = _OTHERWISE & ~_IS_GUARDED & ~_IS_PERSON
"""Held, and an organisation or a group."""
REST = _OTHERWISE & ~_IS_GUARDED & _IS_PERSON
"""Held, and none of the others."""

SITES = Q(status__in=STANDING) & Q(
    pk__in=Site.objects.filter(status=SiteStatus.FOUND).values("signature")
)
"""Has shown that a site is its signer's, and waits for somebody to say whose site it is."""
FALLEN = Q(status=Status.PUBLISHED) & Q(
    pk__in=Vouching.objects.filter(**vouching.FALLEN).values("signature")
)
"""Published, and an organisation that vouched for it no longer does."""
