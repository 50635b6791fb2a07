"""The public numbers of a campaign, each of one snapshot; with `publication`, all that the public sees."""

from typing import Any

from django.utils import timezone

from campaign import counts as counting
from campaign.models.campaign import Campaign
from campaign.models.voucher import Voucher
from campaign.publication import instant


def counts(campaign: Campaign) -> dict[str, Any]:
    """All public numbers of a campaign, of one snapshot: the API's `counts/`, to the letter."""
    as_of = timezone.now()
    numbers = counting.snapshot(campaign.pk)

    def total(state: str, dimension: str = "all") -> int:
        return numbers.get((state, dimension, ""), 0)

    def broken_down(dimension: str) -> list[dict[str, Any]]:
        parts = [
            {dimension: key or None, "published": n}
            for (state, of, key), n in numbers.items()
            if state == "published" and of == dimension
        ]
        if dimension == "day":
            return sorted(parts, key=lambda part: part["day"])
        return sorted(parts, key=lambda part: (-part["published"], part[dimension] or "~"))

    published, held = total("published"), total("held")
    withdrawn, removed = total("withdrawn"), total("removed")
    return {
        "as_of": instant(as_of),
        "received": total("received"),
        "confirmed": published + held + withdrawn + removed,
        "published": published,
        "anonymous": total("published", "anonymous"),
        "held": held,
        "withdrawn": withdrawn,
        "removed": removed,
        **{
            f"by_{of}": broken_down(of)
            for of in ("discipline", "country", "kind", "evidence", "day")
        },
    }


def vouchers(campaign: Campaign) -> dict[str, Any]:
    """Beside how many names each organisation stands, of one snapshot: the API's `vouchers/`.

    Of those alone who let it stand there: whatever counted the others too would say, each time that
    it changes, of whom the organisation is that stands nowhere.
    """
    as_of = timezone.now()
    numbers = {
        int(key): n
        for (state, of, key), n in counting.snapshot(campaign.pk).items()
        if state == "published" and of == "voucher"
    }
    named = Voucher.objects.filter(pk__in=numbers).values_list("pk", "name")
    ranked = sorted((-numbers[pk], name) for pk, name in named)
    results = [{"name": name, "published": -n} for n, name in ranked]
    return {"as_of": instant(as_of), "results": results}
