"""A campaign's logo."""

from django.db import models

from campaign.models.campaign import Campaign


class Logo(models.Model):
    """The bytes, apart from the campaign's row, which is read for every page; `Campaign.logo` is the rest."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, primary_key=True, related_name="+")
    # Asked by the page's picture. Not unique: two campaigns of one organiser have the same.
    digest = models.CharField(max_length=64, db_index=True)
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.digest
