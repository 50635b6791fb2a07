"""Where the admin hangs: everything below the prefix that includes this."""

from django.urls import path

from campaign.admin.site import site

urlpatterns = [path("", site.urls)]
