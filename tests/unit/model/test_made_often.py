"""Values made often behave like the frozen dataclasses they are written as."""

from dataclasses import dataclass, replace

import pytest

from sensorhub.model.often import made_often


@made_often
@dataclass(frozen=True, slots=True)
class Pair:
    left: int
    right: int = 2


def test_it_is_a_dataclass_like_any_other() -> None:
    one = Pair(1)
    assert (one.left, one.right) == (1, 2)
    assert one == Pair(left=1, right=2)
    assert replace(one, right=5) == Pair(1, 5)
    assert len({one, Pair(1, 2), Pair(2)}) == 2
    assert repr(one) == "Pair(left=1, right=2)"
    with pytest.raises(TypeError):
        Pair()  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        one.other = 3  # type: ignore[attr-defined]
