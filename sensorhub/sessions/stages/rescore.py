"""An old session through today's detectors: what would change, in sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sensorhub.devices.registry import family as registered_family
from sensorhub.model.outcomes import Breath, Hold, Repetition, RepetitionKind, SetOutcome, Step
from sensorhub.model.units import DEG_PER_RAD
from sensorhub.sessions.stages.process import FindFamily, damage, process_session
from sensorhub.sessions.store.outcome_json import encode_outcome
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.values import StoredSession, StoredSet

NOTABLE_DEG = 0.5
NOTABLE_S = 0.1
"""Smaller changes of an angle or a time are summed up in one sentence."""


@dataclass(frozen=True, slots=True)
class SetChange:
    """What became of one set; ``sentences`` is empty where nothing changed."""

    number: int
    exercise: str
    before: SetOutcome | None
    after: SetOutcome | None
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rescored:
    """A session judged anew; nothing is stored.

    Attributes:
        damaged_records: how many records each chunk of the raw log had that could not be read:
            what is found without them may be worse than what is stored.
    """

    session: StoredSession
    changes: tuple[SetChange, ...]
    damaged_records: tuple[int, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything is different."""
        return any(change.sentences for change in self.changes)

    def lines(self) -> Iterator[str]:
        """One line a change, for people, after what is wrong with the log."""
        if self.damaged_records:
            yield f"Session {self.session.name}: {damage(self.damaged_records)}."
        for change in self.changes:
            for sentence in change.sentences:
                yield f"set {change.number} ({change.exercise}): {sentence}"


def rescore_session(
    store: StoreReader, name: str, *, find_family: FindFamily = registered_family
) -> Rescored:
    """Run a session's raw log through the stages and compare with what is stored.

    Raises:
        StoreError: the store cannot be read.
        InputError: there is no such session, or a sensor's family is not known any more.
    """
    session = store.session(name)
    processed = process_session(store, session.name, find_family=find_family)
    changes = []
    for one in session.sets:
        after = processed.outcomes.get(one.number)
        refusal = processed.refusals.get(one.number, "")
        sentences = tuple(_compare(one, after, refusal))
        changes.append(SetChange(one.number, one.exercise, one.outcome, after, sentences))
    return Rescored(session, tuple(changes), processed.damaged_records)


def _compare(one: StoredSet, after: SetOutcome | None, refusal: str) -> Iterator[str]:
    before = one.outcome
    if after is None:
        if before is not None or refusal:
            yield f"cannot be analysed today: {refusal}"
        return
    if before is None:
        yield f"had no results, now {_counts(after)}"
        return
    if encode_outcome(before) == encode_outcome(after):
        return
    yield from differences(before, after)


def differences(before: SetOutcome, after: SetOutcome) -> Iterator[str]:
    """Sentences that say how ``after`` differs; at least one unless the two are equal."""
    if before == after:
        return
    said = list(_count_changes(before, after))
    said += _repetition_changes(before.repetitions, after.repetitions)
    said += _hold_changes(before.holds, after.holds)
    said += _flag_changes(before, after)
    if before.detector_version != after.detector_version:
        said.append(
            f"detector version {before.detector_version or '?'} -> {after.detector_version or '?'}"
        )
    yield from said or ["only times, angles or measures changed, by little"]


def _count_changes(before: SetOutcome, after: SetOutcome) -> Iterator[str]:
    pairs = (
        ("repetitions", before.full_repetitions, after.full_repetitions),
        ("partial repetitions", _partial(before), _partial(after)),
        ("holds", len(before.holds), len(after.holds)),
        ("breaths", len(before.breaths), len(after.breaths)),
        ("steps", len(before.steps), len(after.steps)),
    )
    for name, old, new in pairs:
        if old != new:
            yield f"{old} -> {new} {name}"


def _repetition_changes(before: Sequence[Repetition], after: Sequence[Repetition]) -> Iterator[str]:
    gone = set(range(len(before)))
    for number, new in enumerate(after, start=1):
        match = next((k for k in sorted(gone) if _overlap(before[k], new)), None)
        if match is None:
            yield f"repetition {number} is new, at {new.peak_s:.1f} s"
            continue
        gone.remove(match)
        old = before[match]
        if old.kind is not new.kind:
            yield f"repetition {number} now {new.kind.value}"
        change_deg = (new.rom_rad - old.rom_rad) * DEG_PER_RAD
        if abs(change_deg) >= NOTABLE_DEG:
            yield f"repetition {number}: range of motion {change_deg:+.1f} degrees"
    for k in sorted(gone):
        yield f"former repetition {k + 1} is gone, at {before[k].peak_s:.1f} s"


def _hold_changes(before: Sequence[Hold], after: Sequence[Hold]) -> Iterator[str]:
    if len(before) != len(after):
        return
    for number, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        if abs(new.held_s - old.held_s) >= NOTABLE_S:
            yield f"hold {number}: {old.held_s:.1f} -> {new.held_s:.1f} s"


def _flag_changes(before: SetOutcome, after: SetOutcome) -> Iterator[str]:
    old, new = {f.code for f in before.flags}, {f.code for f in after.flags}
    for code in sorted(new - old):
        yield f"new flag {code.value}"
    for code in sorted(old - new):
        yield f"flag {code.value} is gone"


def _partial(outcome: SetOutcome) -> int:
    return sum(r.kind is RepetitionKind.PARTIAL for r in outcome.repetitions)


def _overlap(one: Repetition, other: Repetition) -> bool:
    return one.start_s < other.end_s and other.start_s < one.end_s


def _counts(outcome: SetOutcome) -> str:
    kinds: Sequence[tuple[str, Sequence[Repetition | Hold | Breath | Step]]] = (
        ("repetitions", outcome.repetitions),
        ("holds", outcome.holds),
        ("breaths", outcome.breaths),
        ("steps", outcome.steps),
    )
    return ", ".join(f"{len(items)} {name}" for name, items in kinds if items) or "nothing counted"
