"""Sets that have ended, with motion: what was counted aloud meets what the whole set says."""

from dataclasses import dataclass, field
from typing import cast

import pytest

from sensorhub.coach.dose import Dose
from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.progress import SetProgress
from sensorhub.coach.said import Said
from sensorhub.coach.states import Trigger
from sensorhub.coach.texts import load_texts
from sensorhub.daemon.visit.closing import ClosingSets
from sensorhub.daemon.visit.running_set import RunningSet
from sensorhub.exercises.definition import load_library
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.sessions.stages.analysis import Span, in_turns
from sensorhub.sessions.store.store import SessionLog
from tests.unit.exercises.counting_person import doing, motion_of

KICKS = "donkey_kick_fire_hydrant"


@dataclass
class FakeLog:
    """Keeps what is written of a set's end."""

    ended: list[tuple[SetOutcome | None, int | None]] = field(default_factory=list)

    def end_set(
        self, number: int, *, ended_ns: int, live: SetOutcome | None, said_count: int | None
    ) -> None:
        self.ended.append((live, said_count))


def done_with(leg: str, *, seed: int) -> tuple[FakeLog, str, int]:
    """Ten kicks with that leg, the sensor on the right one: log, what is said after, last count."""
    library = load_library()
    planned = PlannedSet(KICKS, Side.RIGHT, 1, 1, Dose(reps=10), 5.0)
    worn = (Placement.THIGH_RIGHT,)
    running = RunningSet(planned, library[KICKS], worn=worn, number=1, start_s=0.0)
    progress = SetProgress(planned.dose, now_s=0.0)
    motion, _ = motion_of(f'side = "{leg}"\n{doing(KICKS)}', worn, seed=seed)
    counted, end_s = 0, 0.0
    for block in in_turns({worn[0]: list(motion)}, span=Span(0.0), piece_s=0.2):
        running.push(block)
        end_s = float(block.time_s[-1]) if len(block) else end_s
        for prompt in progress.update(end_s, running.state(end_s)):
            counted = int(str(prompt.blanks.get("count", counted)))
    running.end(end_s)
    log, told = FakeLog(), list[Said]()
    texts = load_texts("en", library=library)
    closing = ClosingSets(cast("SessionLog", log), texts, tell=told.append)
    closing.add(running, progress.heard(Trigger.DOSE_DONE))
    closing.close_all()
    assert not closing.sets
    return log, " ".join(said.text for said in told if said.aloud), counted


@pytest.mark.parametrize("seed", range(3))
def test_kicks_of_the_leg_without_a_sensor_do_not_vanish_without_a_word(seed: int) -> None:
    log, told, counted = done_with("left", seed=seed)
    [(outcome, said_count)] = log.ended
    assert outcome is not None
    # The fault this is about: the live count believes the movement that the leg is dragged along.
    assert said_count == counted == 10 > outcome.full_repetitions
    assert "I could not be sure" in told or "incomplete" in told
    assert "Please check that the sensor is on the leg that moves" in told


def test_where_the_count_was_right_nothing_is_said() -> None:
    for seed in range(3):
        log, told, counted = done_with("right", seed=seed)
        [(outcome, said_count)] = log.ended
        assert outcome is not None
        assert said_count == counted == outcome.full_repetitions == 10
        assert not told
