"""Law *late*: what comes late lands where it belongs, counts for the dose, and is never a cue."""

from typing import cast

import numpy as np
import pytest
from sans_io_visit import FIRST_NS, SansIoVisit, Visited

from sensorhub.coach.dose import Dose
from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.progress import SetProgress
from sensorhub.coach.prompts import PromptKey
from sensorhub.coach.said import Said
from sensorhub.coach.snapshot import Snapshot
from sensorhub.coach.states import CoachState, Trigger
from sensorhub.daemon.visit.session import LiveSession
from sensorhub.exercises.definition import load_library
from sensorhub.model.events import DeviceEvent, SamplesArrived
from sensorhub.model.link import Record
from sensorhub.model.live import LiveState
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.units import NS_PER_S
from sensorhub.motion.assembler import BlockAssembler, assemble_all
from sensorhub.motion.recent import RecentBlocks
from sensorhub.motion.tracker import MotionTracker
from sensorhub.sessions.store.store import SessionLog
from sensorhub.sessions.store.values import Prescription

THIGH = Placement.THIGH_RIGHT
SECONDS = 60.0
OUTAGES_S = ((14.0, 23.0), (30.0, 33.0))


@pytest.fixture(scope="module")
def torn() -> Visited:
    return SansIoVisit("squat", outages_s=OUTAGES_S).run(SECONDS)


class Listener:
    """Log and view of a session: keeps what is said, the pictures, and the outcome of the set."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.pictures: list[Snapshot] = []
        self.outcomes: list[SetOutcome] = []

    def say(self, said: Said, *, elapsed_s: float) -> None:
        self.said.append(said)

    def show(self, snapshot: Snapshot) -> None:
        self.pictures.append(snapshot)

    def close(self) -> None: ...

    def append(self, placement: Placement, record: Record) -> None: ...

    def identify_sensor(self, *_: object, **__: object) -> None: ...

    def begin_set(
        self, exercise: str, side: Side, *, started_ns: int, prescribed: Prescription
    ) -> int:
        return 1

    def end_set(
        self, number: int, *, ended_ns: int, live: SetOutcome | None, said_count: int | None
    ) -> None:
        assert live is not None
        self.outcomes.append(live)

    @property
    def counts_said(self) -> list[int]:
        prompts = [said.prompt for said in self.said if said.prompt is not None]
        return [cast("int", one.blanks["count"]) for one in prompts if one.key is PromptKey.COUNT]

    def said_of(self, key: PromptKey) -> list[Said]:
        return [one for one in self.said if one.prompt is not None and one.prompt.key is key]


def lived(
    visited: Visited, *, beside: Visited | None = None, reps: int = 10, set_at_s: float = 3.0
) -> Listener:
    """The visit as the hub lives it: events as they came, 25 looks a second."""
    now_ns = [FIRST_NS]
    listener = Listener()
    session = LiveSession(
        [PlannedSet("squat", Side.BOTH, 1, 1, Dose(reps=reps), 0.0)],
        library=load_library(),
        placements=[THIGH] if beside is None else [THIGH, Placement.PELVIS],
        log=cast("SessionLog", listener),
        view=listener,
        cue=lambda *_: None,
        now_ns=lambda: now_ns[0],
        began_s=FIRST_NS / NS_PER_S,
    )
    begun = False
    told = [(event.host_time_ns, THIGH, event) for event in visited.events]
    if beside is not None:
        told += [(event.host_time_ns, Placement.PELVIS, event) for event in beside.events]
    told.sort(key=lambda one: one[0])
    while now_ns[0] < visited.last_ns and not session.done:
        now_ns[0] += NS_PER_S // 25
        while told and told[0][0] <= now_ns[0]:
            _, placement, event = told.pop(0)
            session.on_event(placement, event)
        session.tick()
        if not begun and now_ns[0] - FIRST_NS >= set_at_s * NS_PER_S:
            assert listener.pictures[-1].state is CoachState.PREPARING
            begun = True
            session.key(Trigger.KEY_NEXT)
    session.stop()
    return listener


def missed(visited: Visited) -> int:
    """How many squats came to their end while the cable was out."""
    truth = cast("list[dict[str, float]]", visited.truth["repetitions"])
    return sum(any(a < one["end_s"] < b for a, b in OUTAGES_S) for one in truth)


def test_what_was_missed_is_counted_in_silence_and_the_dose_is_asked_for_once(
    torn: Visited,
) -> None:
    listener = lived(torn)
    assert any(isinstance(e, SamplesArrived) and e.backfilled for e in torn.events)
    counts = listener.counts_said
    assert counts == sorted(set(counts))
    assert 2 <= 10 - len(counts) <= 5, counts  # those that nobody saw are not said afterwards
    assert counts[-1] == 10
    [done] = listener.said_of(PromptKey.SET_DONE)
    assert done.text == "Well done: 10 repetitions."
    shown = [p.live.count for p in listener.pictures if p.live is not None]
    assert max(shown) == 10
    [outcome] = listener.outcomes
    assert outcome.full_repetitions == 10


@pytest.mark.parametrize("torn_one", [THIGH, Placement.PELVIS])
def test_with_two_sensors_either_may_be_late(torn_one: Placement) -> None:
    """What is shown after the set is what it would be with nothing lost."""

    def visits(outages_s: tuple[tuple[float, float], ...]) -> SetOutcome:
        worn = [
            SansIoVisit(
                "squat",
                placement=placement.value,
                outages_s=outages_s if placement is torn_one else (),
            ).run(SECONDS)
            for placement in (THIGH, Placement.PELVIS)
        ]
        [outcome] = lived(worn[0], beside=worn[1]).outcomes
        return outcome

    late, whole = visits(OUTAGES_S), visits(())
    assert late.full_repetitions == whole.full_repetitions == 10
    for one, other in zip(late.repetitions, whole.repetitions, strict=True):
        assert one.start_s == pytest.approx(other.start_s, abs=0.1)
        assert one.rom_rad == pytest.approx(other.rom_rad, abs=0.03)
    assert late.gaps == whole.gaps == ()


def test_a_dose_that_was_done_while_nobody_saw_it_is_done() -> None:
    """The link is lost before the eighth of ten squats, and comes back when all is over."""
    visited = SansIoVisit("squat", outages_s=((30.0, 48.0),)).run(SECONDS)
    listener = lived(visited)
    assert max(listener.counts_said) < 10
    [done] = listener.said_of(PromptKey.SET_DONE)
    assert done.text == "Well done: 10 repetitions."
    assert not listener.said_of(PromptKey.LAST_ONE)


def test_while_it_runs_a_set_has_what_the_final_analysis_has(torn: Visited) -> None:
    """Also where what is long over was forgotten."""
    assembler, recent = BlockAssembler(THIGH), RecentBlocks(THIGH)
    for event in torn.events:
        for block in assembler.push(event):
            recent.live(assembler.position, block)
        if isinstance(event, SamplesArrived) and event.backfilled:
            recent.late(event)
    whole = assemble_all(torn.events, THIGH)
    same_blocks(recent.merged(), whole)
    since_s = FIRST_NS / NS_PER_S + 20.0  # within the first outage
    recent.forget(since_s)
    kept = recent.merged()
    same_blocks(kept, whole[-len(kept) :])
    assert kept[0].start_s == pytest.approx(FIRST_NS / NS_PER_S + 23.0, abs=0.5)


def same_blocks(some: list, others: list) -> None:  # type: ignore[type-arg]
    assert [(b.start_s, len(b)) for b in some] == [(b.start_s, len(b)) for b in others]
    assert np.array_equal(
        np.concatenate([b.acc_mps2 for b in some]), np.concatenate([b.acc_mps2 for b in others])
    )


def test_many_blocks_at_once_are_the_same_ticks(torn: Visited) -> None:
    blocks = assemble_live(torn.events)
    one_by_one, at_once = MotionTracker(THIGH), MotionTracker(THIGH)
    half = len(blocks) // 2
    motion = [one_by_one.push(block) for block in blocks]
    whole = [at_once.push_all(blocks[:half]), *(at_once.push(block) for block in blocks[half:])]
    for column in ("time_s", "up", "acc_mps2", "orientation"):
        assert np.array_equal(
            np.concatenate([getattr(block, column) for block in motion if len(block)]),
            np.concatenate([getattr(block, column) for block in whole if len(block)]),
        )
    heard = [tuple(up) for block in motion for up in block.heard.up]
    assert heard == [tuple(up) for block in whole for up in block.heard.up]
    assert [g for b in motion for g in b.gaps] == [g for b in whole for g in b.gaps]


def assemble_live(events: list[DeviceEvent]) -> list:  # type: ignore[type-arg]
    assembler = BlockAssembler(THIGH)
    return [block for event in events for block in assembler.push(event)]


def held(*holds_s: float | None) -> list[LiveState]:
    return [LiveState(0, 0, 0, hold_s, None, None) for hold_s in holds_s]


def test_a_hold_that_went_on_unseen_counts_once() -> None:
    """Live it broke off at 5 s and began anew; known late, it is one hold of 12 s."""
    progress = SetProgress(Dose(hold_s=30.0), now_s=0.0)
    for at_s, live in enumerate(held(1.0, 5.0, None, 1.0)):
        progress.update(float(at_s), live)
    assert progress.held_s == 6.0
    progress.recount(4.0, held(1.0, 5.0, 9.0, 12.0))
    assert progress.held_s == 12.0
    said = [p for hold_s in (15.0, 16.0) for p in progress.update(5.0, held(hold_s)[0])]
    assert [p.blanks["seconds"] for p in said if p.key is PromptKey.SECONDS_LEFT] == [15]


def test_seconds_that_went_by_unseen_are_not_said_afterwards() -> None:
    progress = SetProgress(Dose(hold_s=30.0), now_s=0.0)
    progress.update(1.0, held(1.0)[0])
    progress.recount(2.0, held(1.0, 26.0))
    assert progress.update(2.1, held(26.1)[0]) == []
    assert [p.key for p in progress.update(3.2, held(27.2)[0])] == [PromptKey.SECONDS_LEFT]


def test_repetitions_that_came_late_are_no_pace() -> None:
    """Three at once, then one a second later: nobody was too fast."""
    progress = SetProgress(Dose(reps=10), now_s=0.0, asked_s=4.0)
    counted = [LiveState(n, 0, 0, None, None, None) for n in range(7)]
    for at_s in (1.0, 5.0):
        progress.update(at_s, counted[round(at_s) // 4 + 1])
    progress.recount(6.0, counted[3:6])
    said = progress.update(6.5, counted[6])
    assert [p.key for p in said] == [PromptKey.COUNT]
    tempo = progress.tempo
    assert tempo is not None
    assert tempo.last_s is None


def test_nothing_is_looked_at_that_no_set_needs(torn: Visited) -> None:
    """What is kept of a long visit between two sets is bounded."""
    recent, assembler = RecentBlocks(THIGH), BlockAssembler(THIGH)
    most = 0
    for event in torn.events:
        for block in assembler.push(event):
            recent.live(assembler.position, block)
            recent.forget(block.end_s - 10.0)
            most = max(most, sum(map(len, recent.merged())))
    assert most <= 1100
