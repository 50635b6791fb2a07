"""What `make bench` makes of what it measured; nothing here is timed."""

import json
import math
import random
import statistics

import pytest

from benchmarks.figures import Figure, as_json, from_turns, table
from benchmarks.ranks import FAR, distance, halves, seen_from

SIGN = Figure(name="sign", value=780.0, unit="/s", goal=0.7, floor=1000.0)
GROWTH = Figure(name="growth: sign", value=6.5, unit="ms", goal=1.3, at_most=True, floor=5.0)
STORM = Figure(name="storm: errors", value=0, unit="errors", goal=0, at_most=True)


def test_a_figure_with_a_floor_is_judged_by_its_ratio() -> None:
    assert SIGN.ratio == 0.78
    assert SIGN.holds
    assert not Figure(name="sign", value=690.0, unit="/s", goal=0.7, floor=1000.0).holds


def test_a_goal_can_be_an_upper_limit_of_the_ratio() -> None:
    assert GROWTH.ratio == 1.3
    assert GROWTH.holds
    slower = Figure(name="sign", value=6.6, unit="ms", goal=1.3, at_most=True, floor=5.0)
    assert not slower.holds


def test_a_figure_without_a_floor_is_judged_by_its_value() -> None:
    assert STORM.ratio is None
    assert STORM.holds
    one = Figure(name="storm: errors", value=1, unit="errors", goal=0, at_most=True)
    assert not one.holds


@pytest.mark.parametrize(
    "figure",
    [
        Figure(name="sign", value=None, unit="/s", goal=0.7, floor=1000.0),
        Figure(name="p99", value=None, unit="ms", goal=50, at_most=True),
        Figure(name="sign", value=990.0, unit="/s", goal=0.7, floor=1000.0, fault="3 were wrong"),
    ],
)
def test_what_was_not_measured_or_went_wrong_does_not_hold(figure: Figure) -> None:
    assert not figure.holds


def test_the_medians_of_the_turns_are_compared() -> None:
    figure = from_turns(
        name="sign", values=[70.0, 10.0, 80.0], floors=[100.0, 400.0, 90.0], unit="/s", goal=0.7
    )
    assert (figure.value, figure.floor, figure.ratio) == (70.0, 100.0, 0.7)


def test_turns_that_all_failed_have_no_value() -> None:
    figure = from_turns(name="sign", values=[], floors=[9.0], unit="/s", goal=0.7, fault="all bad")
    assert (figure.value, figure.ratio, figure.holds) == (None, None, False)


def test_the_table_has_one_line_a_figure_with_what_went_wrong_behind_it() -> None:
    broken = Figure(name="304", value=None, unit="/s", goal=0.8, floor=9000.0, fault="2 were wrong")
    assert table([SIGN, STORM, broken]).splitlines() == [
        "figure                           value         floor    ratio  goal          holds",
        "sign                            780 /s      1,000 /s     0.78  >= 0.7 x      yes",
        "storm: errors                 0 errors             -        -  <= 0 errors   yes",
        "304                                  -      9,000 /s        -  >= 0.8 x      NO  2 were wrong",
    ]


def test_the_json_is_a_list_of_the_agreed_keys() -> None:
    assert json.loads(as_json([SIGN, STORM])) == [
        {
            "name": "sign",
            "value": 780.0,
            "unit": "/s",
            "floor": 1000.0,
            "ratio": 0.78,
            "goal": 0.7,
            "holds": True,
        },
        {
            "name": "storm: errors",
            "value": 0,
            "unit": "errors",
            "floor": None,
            "ratio": None,
            "goal": 0,
            "holds": True,
        },
    ]


# --- The rank test of `make bench ONLY="timing"` -----------------------------------------------


def times(seed: int, *, more: float = 0.0, n: int = 2000) -> list[float]:
    """Like those of requests: most close together, some far behind."""
    drawn = random.Random(seed)
    return [3 + more + drawn.lognormvariate(0, 0.8) for _ in range(n)]


def test_of_two_series_without_ties_the_distance_is_that_of_the_textbook() -> None:
    # U is 2 of 12, its mean 6, its variance 3 * 4 * 8 / 12.
    assert distance([1.0, 2.0, 5.0], [3.0, 4.0, 6.0, 7.0]) == pytest.approx(-4 / math.sqrt(8))


def test_ties_share_their_ranks() -> None:
    assert distance([1.0, 2.0], [1.0, 2.0]) == 0
    assert distance([1.0, 1.0], [1.0]) == 0


def test_times_of_one_kind_are_no_further_apart_than_chance_explains() -> None:
    found = [distance(times(2 * n), times(2 * n + 1)) for n in range(40)]
    assert max(map(abs, found)) < FAR
    assert 0.5 < statistics.pstdev(found) < 1.5


def test_control_a_difference_that_no_eye_sees_in_single_times_is_found() -> None:
    assert distance(times(1, more=0.2), times(2)) > FAR
    assert distance(times(1), times(2, more=0.2)) < -FAR


def test_the_smallest_difference_that_would_be_seen_is_known() -> None:
    some = times(1)
    least = seen_from(some)
    assert 0.01 < least < 0.2
    assert distance([each + 1.1 * least for each in some], some) > FAR


def test_halves_are_all_of_it_once() -> None:
    some = times(1)
    one, other = halves(some)
    assert sorted(one + other) == sorted(some)
    assert len(one) == len(other)
