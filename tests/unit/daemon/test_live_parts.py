"""Which sets can be done with the sensors worn, and what the hub says while it paces."""

import pytest

from sensorhub.cli.plans import find_plan, plan_of_one
from sensorhub.coach.said import note
from sensorhub.coach.texts import load_texts
from sensorhub.daemon.screen.live_view import LastingView, PlainView
from sensorhub.daemon.visit.pacer import pacer_for
from sensorhub.daemon.visit.planning import doable_sets
from sensorhub.daemon.visit.running_set import can_be_done
from sensorhub.exercises.definition import find_exercise, load_library
from sensorhub.model.errors import InputError
from sensorhub.model.placement import Placement, Side

RIGHT, LEFT, UNKNOWN = Placement.THIGH_RIGHT, Placement.THIGH_LEFT, Placement.THIGH


@pytest.mark.parametrize(
    ("name", "side", "worn", "can"),
    [
        ("squat", Side.BOTH, (RIGHT,), True),
        ("squat", Side.BOTH, (LEFT,), True),
        ("squat", Side.BOTH, (Placement.PELVIS,), False),
        ("clam", Side.RIGHT, (RIGHT,), True),
        ("clam", Side.LEFT, (RIGHT,), False),
        ("clam", Side.LEFT, (UNKNOWN,), True),
        ("clam", Side.LEFT, (RIGHT, LEFT), True),
        ("pelvic_tilt", Side.NONE, (Placement.PELVIS,), True),
        ("pelvic_tilt", Side.NONE, (RIGHT,), False),
        ("kegel_squeeze", Side.NONE, (), True),
    ],
)
def test_what_can_be_done(name: str, side: Side, worn: tuple[Placement, ...], can: bool) -> None:
    assert can_be_done(find_exercise(name), side, worn) is can


def test_a_plan_is_done_as_far_as_the_sensors_go() -> None:
    library = load_library()
    sets = find_plan("daily-hip").planned_sets()
    found = doable_sets(sets, library=library, placements=(RIGHT,))
    assert found == [s for s in sets if s.side is not Side.LEFT]
    squats = plan_of_one(library["squat"], side=None).planned_sets()
    with pytest.raises(InputError, match="thigh"):
        doable_sets(squats, library=library, placements=(Placement.BELLY,))


def test_the_pacer_says_each_hold_and_each_rest_once() -> None:
    exercise = find_exercise("kegel_squeeze")
    pacer = pacer_for(exercise, start_s=100.0)
    assert pacer is not None
    texts = load_texts("en", library=load_library())
    said = [
        texts.prompt(prompt) for tenth in range(400) if (prompt := pacer.say(100.0 + tenth / 10))
    ]
    assert said == [
        "Hold number 1, at 25 percent of all you can.",
        "Let go.",
        "Hold number 2, at 50 percent of all you can.",
        "Let go.",
        "Hold number 3, at 75 percent of all you can.",
        "Let go.",
        "Hold number 4, at 100 percent of all you can.",
        "Let go.",
    ]
    assert pacer_for(find_exercise("squat"), start_s=0.0) is None


class GoneStream:
    """A pipe that nobody reads any more."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def test_a_screen_that_is_gone_is_told_once() -> None:
    told: list[bool] = []
    view = LastingView(PlainView(GoneStream()), on_gone=lambda: told.append(True))  # type: ignore[arg-type]
    view.say(note("one"), elapsed_s=0.0)
    view.say(note("two"), elapsed_s=1.0)
    view.close()
    assert told == [True]
