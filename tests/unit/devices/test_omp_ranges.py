"""Ranges of indices against plain sets of integers."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from sensorhub.devices.omp.ranges import IndexRanges

spans = st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda s: (s[0], s[0] + s[1]))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), spans), max_size=30), spans)
def test_ranges_are_a_set_of_integers(
    steps: list[tuple[bool, tuple[int, int]]], asked: tuple[int, int]
) -> None:
    ranges, plain = IndexRanges(), set[int]()
    for add, (start, stop) in steps:
        if add:
            ranges.add(start, stop)
            plain |= set(range(start, stop))
        else:
            taken = ranges.take(start, stop)
            assert _flat(taken) == sorted(plain & set(range(start, stop)))
            plain -= set(range(start, stop))
    assert _flat(list(ranges)) == sorted(plain)
    assert ranges.total == len(plain)
    assert bool(ranges) is bool(plain)
    assert _flat(ranges.within(*asked)) == sorted(plain & set(range(*asked)))
    held = list(ranges)
    assert all(stop < start for (_, stop), (start, _) in pairwise(held))


def test_memory_is_bounded_and_the_newest_stay() -> None:
    ranges = IndexRanges()
    for start in range(0, 3 * 5000, 3):
        ranges.add(start, start + 1)
    assert len(list(ranges)) == IndexRanges.MAX_RANGES
    assert list(ranges)[-1] == (14997, 14998)


def _flat(found: list[tuple[int, int]]) -> list[int]:
    return [index for start, stop in found for index in range(start, stop)]
