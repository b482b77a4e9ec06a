"""A stored session through the stages again: raw log -> events -> blocks -> motion -> outcomes.

This is the one batch path: the end of a session, recovery after a crash and re-scoring an old
session all come here. It reads the store and nothing else (no clock, no settings), so the same log
gives the same outcomes, to the last bit, anywhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from calibration.alignment import Alignment
from sensorhub.devices.base import DeviceFamily
from sensorhub.devices.registry import family as registered_family
from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.model.errors import SensorhubError
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import FlagCode, QualityFlag, SetOutcome
from sensorhub.model.placement import Placement
from sensorhub.model.samples import SampleBlock
from sensorhub.model.units import NS_PER_S
from sensorhub.model.words import many
from sensorhub.motion.assembler import assemble_all, assemble_each
from sensorhub.motion.clock import ClockModel
from sensorhub.sessions.stages.analysis import Span, run_set, track, within
from sensorhub.sessions.stages.correction import corrected, read_alignment, read_calibration
from sensorhub.sessions.stages.wearing import Wearing
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.values import SensorInfo, StoredSession, StoredSet

FindFamily = Callable[[str], DeviceFamily]


@dataclass(frozen=True, slots=True)
class Processed:
    """What a session's raw log gives today.

    Attributes:
        outcomes: by set number; sets that cannot be analysed are missing.
        refusals: why, in sentences, by set number.
        damaged_records: how many records each chunk of the raw log had that could not be read.
    """

    outcomes: Mapping[int, SetOutcome]
    refusals: Mapping[int, str]
    damaged_records: tuple[int, ...] = ()


def process_session(
    store: StoreReader, name: str, *, find_family: FindFamily = registered_family
) -> Processed:
    """Run every set of a session through the stages.

    Args:
        find_family: device family by name; raises InputError for one it does not know.

    Raises:
        StoreError: the store cannot be read.
        InputError: there is no such session, or a sensor's family or calibration is not known.
    """
    session = store.session(name)
    motion: dict[Placement, list[MotionBlock]] = {}
    alignments: dict[Placement, Alignment] = {}
    damaged: list[int] = []
    unsure_s: dict[str, float] = {}
    for sensor in session.sensors:
        if (alignment := read_alignment(sensor.alignment)) is not None:
            alignments[sensor.placement] = alignment
        blocks = sensor_blocks(
            store,
            session,
            sensor,
            find_family=find_family,
            on_clock=partial(_note_uncertainty, unsure_s, sensor.placement),
            on_damage=damaged.append,
        )
        motion[sensor.placement] = track(blocks, sensor.placement)
    wearing = Wearing(alignments)
    outcomes: dict[int, SetOutcome] = {}
    refusals: dict[int, str] = {}
    for one in session.sets:
        try:
            outcome = _analyse(session, one, motion, wearing)
            outcomes[one.number] = replace(outcome, clock_uncertainty_s=MappingProxyType(unsure_s))
        except Exception as error:  # noqa: BLE001 (one set's defect must not cost the others)
            refusals[one.number] = why_not(error)
    return Processed(outcomes, refusals, tuple(damaged))


def _note_uncertainty(unsure_s: dict[str, float], placement: Placement, clock: ClockModel) -> None:
    if clock.estimate is not None:
        unsure_s[placement.value] = clock.estimate.uncertainty_s


def damage(records: Sequence[int]) -> str:
    """That chunks of the raw log cannot be read, and how many packets were in them."""
    pieces, packets = many(len(records), "piece"), many(sum(records), "packet")
    return f"{pieces} of the raw log, {packets} in all, could not be read again"


def why_not(error: Exception) -> str:
    """Why something could not be analysed, as a sentence: our own, or that this is a defect."""
    if isinstance(error, SensorhubError):
        return str(error)
    return f"The results could not be computed ({error!r}). This is a defect, please report it."


def sensor_blocks(
    store: StoreReader,
    session: StoredSession,
    sensor: SensorInfo,
    *,
    find_family: FindFamily = registered_family,
    on_clock: Callable[[ClockModel], None] | None = None,
    on_damage: Callable[[int], None] | None = None,
) -> Iterator[SampleBlock]:
    """All samples of one sensor of a session, its calibration applied, decoded as they are asked.

    A long log is much larger as objects than it is on the disk, so nothing of it is kept here:
    one chunk is in memory at a time, and of a sensor that back-fills its blocks until the end.

    Args:
        on_clock: gets the sensor's clock as it is known in the end.
        on_damage: told of each chunk that cannot be read how many records it had.

    Raises:
        StoreError: the store cannot be read.
        InputError: the sensor's family or its calibration is not known to this program.
    """
    calibration = read_calibration(sensor.calibration)
    family = find_family(sensor.family)
    decoder = family.new_decoder()
    records = store.records(session.name, sensor.placement, on_damage=on_damage)
    events = (event for record in records for event in decoder.feed(record))
    assemble = assemble_all if family.backfills else assemble_each
    blocks = assemble(events, sensor.placement, on_clock=on_clock)
    return (corrected(block, calibration) for block in blocks)


def _analyse(
    session: StoredSession,
    one: StoredSet,
    motion: Mapping[Placement, list[MotionBlock]],
    wearing: Wearing,
) -> SetOutcome:
    exercise = find_exercise(one.exercise)
    analyzer = SetAnalyzer(exercise, side=one.side, placements=tuple(sorted(motion)), live=False)
    span = Span(one.started_ns / NS_PER_S)
    if one.ended_ns is not None:
        span = replace(span, end_s=one.ended_ns / NS_PER_S)
    inside = {p: [within(b, span) for b in motion[p]] for p in analyzer.placements}
    analyzer.align(wearing.of_set(exercise, inside))
    if one.ended_ns is not None:
        analyzer.pace(start_s=span.start_s, now_s=span.end_s)
    outcome = run_set(analyzer, motion, span=span)
    if session.interrupted and one.ended_ns == session.ended_ns:
        cut_s = outcome.end_s if one.ended_ns is None else span.end_s
        text = "The session was cut off during this set; what came before that is here."
        cut_off = QualityFlag(FlagCode.INTERRUPTED, None, cut_s, cut_s, text)
        outcome = replace(outcome, flags=(*outcome.flags, cut_off))
    return outcome
