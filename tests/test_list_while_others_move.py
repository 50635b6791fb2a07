"""Whoever pages through the list while others move finds every lasting signer exactly once.

A signer is lasting for a walk who is on the list, matches its filter and keeps its place in its order
(featured, sort name and name, first publication) from the walk's first page to its last. One whose
place changes meanwhile may be seen twice or not at all; nobody is seen who is not on the list then.
"""

from collections import Counter
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from campaign import counts, moderation, moves, paging, signing
from campaign.errors import CampaignError
from campaign.history import ORGANISER
from campaign.models import Campaign, Signature
from campaign.paging import ORDERS
from tests.factories import bring_to, make_campaign, make_signature, make_user, manage_token

pytestmark = pytest.mark.django_db

CAMPAIGN = "/api/v1/campaigns/art/"
WHICH = st.integers(0, 30)
NAMES = st.sampled_from(["Ana", "Bo", "Cleo", "Dee", "Ana Lu"])

Place = tuple[bool, str, Any]


class Walk:
    """One reader on the way through the list, forward or back."""

    def __init__(self, order: str, size: int, query: dict[str, str], backward: bool) -> None:
        self.query = query
        self.direction = "previous" if backward else "next"
        self.seen: Counter[str] = Counter()
        self.url: str | None = (
            f"{CAMPAIGN}signers/?{urlencode({**query, 'order': order, 'page_size': size})}"
        )
        self.lasting = self.found()
        self.moved: set[str] = set()
        if backward:
            while (following := Client().get(self.url).json()["next"]) is not None:
                self.url = following
        self.turn()

    def found(self) -> dict[str, Place]:
        """Where each signer of the list that it asks for stands now."""
        rows = Signature.objects.filter(status="published", show_name=True)
        if "country" in self.query:
            rows = rows.filter(country=self.query["country"])
        if "q" in self.query:
            rows = rows.filter(name_fold__startswith=self.query["q"])
        return {row.public_id: (row.featured, row.sort_key, row.published_at) for row in rows}

    def look_round(self) -> None:
        """Who has moved since the last look is not lasting."""
        now = self.found()
        left = {i for i, place in self.lasting.items() if now.get(i) != place}
        self.moved |= left | (now.keys() - self.lasting.keys())
        self.lasting = {i: place for i, place in self.lasting.items() if i not in left}

    def turn(self) -> None:
        """Read one page: all of it is on the list now, and nobody who kept the place comes again."""
        assert self.url is not None
        body = Client().get(self.url).json()
        self.url = body[self.direction]
        page = [signer["id"] for signer in body["results"]]
        assert set(page) <= self.found().keys()
        self.seen.update(page)
        again = {i for i, times in self.seen.items() if times > 1}
        assert again <= self.moved
        if self.url is None:
            assert self.lasting.keys() <= self.seen.keys()


class List(RuleBasedStateMachine):
    """Signers who come, change and go, and readers in between."""

    campaign: Campaign
    by: Any

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.walks: list[Walk] = []
        for name in ("Ana", "Bo", "Ana", "Cleo", "Ana Lu", "Dee"):
            make_signature(self.campaign, name=name, country="FR")

    def teardown(self) -> None:
        try:
            for walk in self.walks:
                while walk.url is not None:
                    walk.turn()
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    def pick(self, which: int) -> Signature:
        rows = list(Signature.objects.order_by("pk"))
        return rows[which % len(rows)]

    # --- Who moves -----------------------------------------------------------------------------

    @rule(name=NAMES, country=st.sampled_from(["FR", "DE", None]), shown=st.booleans())
    def sign(self, name: str, country: str | None, shown: bool) -> None:
        make_signature(self.campaign, name=name, country=country, show_name=shown)

    @rule(which=WHICH, to=st.sampled_from(["withdrawn", "rejected", "held", "published", "erased"]))
    def bring(self, which: int, to: str) -> None:
        with suppress(CampaignError), transaction.atomic():
            bring_to(self.pick(which), to)

    @rule(which=WHICH)
    def restore(self, which: int) -> None:
        signature = self.pick(which)
        with suppress(CampaignError), transaction.atomic():
            moderation.restore(signature_id=signature.pk, revision=signature.revision, by=self.by)

    @rule(which=WHICH, shown=st.booleans())
    def show(self, which: int, shown: bool) -> None:
        with suppress(CampaignError), transaction.atomic():
            signing.show(manage_token(self.pick(which)), show_name=shown)

    @rule(which=WHICH, name=NAMES)
    def rename(self, which: int, name: str) -> None:
        signature = self.pick(which)
        with suppress(CampaignError), transaction.atomic():
            signing.correct(
                manage_token(signature), typed={"name": name}, revision=signature.revision
            )

    @rule(
        which=WHICH,
        changes=st.fixed_dictionaries(
            {"featured": st.booleans()},
            optional={"sort_name": NAMES, "country": st.sampled_from(["FR", "DE", ""])},
        ),
    )
    def amend(self, which: int, changes: dict[str, Any]) -> None:
        with suppress(CampaignError), transaction.atomic():
            moves.amend(signature_id=self.pick(which).pk, actor=ORGANISER, changes=changes)

    @rule(limit=st.integers(1, 20))
    def fold(self, limit: int) -> None:
        counts.fold(limit)

    # --- Who reads -----------------------------------------------------------------------------

    @initialize(
        ways=st.lists(
            st.tuples(
                st.sampled_from(sorted(ORDERS)),
                st.integers(1, 2),
                st.sampled_from([{}, {}, {"country": "FR"}, {"q": "ana"}]),
                st.booleans(),
            ),
            min_size=3,
            max_size=3,
        )
    )
    def begin(self, ways: list[tuple[str, int, dict[str, str], bool]]) -> None:
        self.walks = [Walk(*way) for way in ways]

    @precondition(lambda self: any(walk.url for walk in self.walks))
    @rule(which=WHICH)
    def turn(self, which: int) -> None:
        going = [walk for walk in self.walks if walk.url]
        going[which % len(going)].turn()

    # --- What always holds ---------------------------------------------------------------------

    @invariant()
    def walks_notice(self) -> None:
        for walk in self.walks:
            walk.look_round()

    @invariant()
    def counts_equal_the_list_and_a_recount(self) -> None:
        numbers = counts.snapshot(self.campaign.pk)
        received = numbers.pop(("received", "all", ""))
        assert numbers == counts.recount(self.campaign.pk)
        body = Client().get(f"{CAMPAIGN}counts/").json()
        assert body["received"] == received >= Signature.objects.count()
        left = body["held"] + body["withdrawn"] + body["removed"]
        assert body["confirmed"] == body["published"] + left == Signature.objects.count()
        listed = Client().get(f"{CAMPAIGN}signers/?page_size=200").json()["results"]
        assert len({signer["id"] for signer in listed}) == len(listed)
        assert body["published"] - body["anonymous"] == len(listed)
        for name in ("discipline", "country", "kind"):
            shown = Counter(signer[name] for signer in listed)
            assert {part[name]: part["published"] for part in body[f"by_{name}"]} == shown
        proofs = Counter(signer["evidence"]["method"] for signer in listed)
        assert {p["evidence"]: p["published"] for p in body["by_evidence"]} == proofs
        assert sum(part["published"] for part in body["by_day"]) == body["published"]


def test_every_lasting_signer_is_found_once_and_counts_are_the_list_at_every_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "WALK", 4)  # so that a handful of signers takes every way
    List.campaign = make_campaign(publication="after_verification")
    List.by = make_user()
    run_state_machine_as_test(
        List,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
