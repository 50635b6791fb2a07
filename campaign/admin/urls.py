"""Where the admin hangs: everything below the prefix that includes this."""

from django.urls import path

from campaign.admin.organisation import welcome
from campaign.admin.site import site

urlpatterns = [
    path("welcome/<uidb64>/<token>/", welcome, name="welcome"),
    path("", site.urls),
]
