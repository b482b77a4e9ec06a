"""``repetitions.csv``: everything that was counted or timed."""

from collections.abc import Callable
from typing import TypeVar

from sensorhub.exercises.detectors.compound import HYDRANT, KICK
from sensorhub.exercises.detectors.side_steps import BACK, OUT
from sensorhub.exercises.measures.table import Of
from sensorhub.exports.tables.columns import (
    EVIDENCE,
    EVIDENCE_MEANING,
    GAP_MEANING,
    MDC_MEANING,
    SIDES,
    about_set,
    degrees,
    moment,
    seconds,
    text,
    whole,
    yes_no,
)
from sensorhub.exports.tables.detectable import detectable_change_deg
from sensorhub.exports.tables.measured import measure_columns
from sensorhub.exports.tables.rows import ITEM_NAMES, Item, ItemRow, gap_s
from sensorhub.exports.tables.table import Table
from sensorhub.model.outcomes import Breath, Evidence, Hold, Repetition, RepetitionKind, Step
from sensorhub.model.placement import Side
from sensorhub.model.units import DEG_PER_RAD, NS_PER_S

One = TypeVar("One", bound=Item)
Value = TypeVar("Value")


DIRECTIONS = (OUT, BACK, "cw", "ccw", KICK, HYDRANT)
"""All that detectors say of a step's or cycle's direction, or of the part that is missing."""


def _since_set_s(row: ItemRow, time_s: float) -> float:
    return time_s - row.set.started_ns / NS_PER_S


def _of(kind: type[One], take: Callable[[One], Value]) -> Callable[[ItemRow], Value | None]:
    """A value of one kind of item; None for the other kinds."""

    def value(row: ItemRow) -> Value | None:
        return take(row.item) if isinstance(row.item, kind) else None

    return value


def _hold_s(row: ItemRow) -> float | None:
    item = row.item
    if isinstance(item, Hold):
        return item.held_s
    return item.hold_s if isinstance(item, Repetition) else None


def _item_side(row: ItemRow) -> str | None:
    side = getattr(row.item, "side", Side.NONE)
    return side.value if side is not Side.NONE else None


def _direction(row: ItemRow) -> str | None:
    item = row.item
    if isinstance(item, Step):
        return item.direction
    return item.phase or None if isinstance(item, Repetition) else None


def _angle_deg(row: ItemRow) -> float | None:
    item = row.item
    if not isinstance(item, Hold) or item.evidence is Evidence.GUIDED:
        return None
    return item.angle_rad * DEG_PER_RAD


def _rom_deg(row: ItemRow) -> float | None:
    item = row.item
    if not isinstance(item, Repetition) or item.evidence is Evidence.GUIDED:
        return None
    return item.rom_rad * DEG_PER_RAD


def _mdc_deg(row: ItemRow) -> float | None:
    has_angle = _rom_deg(row) is not None or _angle_deg(row) is not None
    return detectable_change_deg(row.set.exercise) if has_angle else None


REPETITIONS: Table[ItemRow] = Table(
    file="repetitions.csv",
    title="Repetitions, holds, breaths and steps",
    row_meaning="One row for everything that was counted or timed, in order of time in each set.",
    key=("session", "set_number", "item", "number"),
    columns=(
        *about_set(),
        text(
            "item",
            "What this row is about.",
            lambda row: ITEM_NAMES[type(row.item)],
            choices=tuple(ITEM_NAMES.values()),
            required=True,
        ),
        whole(
            "number",
            "Number among its kind within the set, from 1; full and partial repetitions together.",
            lambda row: row.number,
            required=True,
            minimum=1,
        ),
        text(
            "kind",
            "Of a repetition: full, or partial where it went only part of the way.",
            _of(Repetition, lambda item: item.kind.value),
            choices=tuple(kind.value for kind in RepetitionKind),
        ),
        text(
            "item_side",
            "Side of this repetition or hold, where it is known by itself (alternating sides).",
            _item_side,
            choices=SIDES,
        ),
        text(
            "direction",
            "Of a step: out or back. Of a cycle: cw (clockwise) or ccw (counterclockwise), as seen"
            " by someone looking at the belly. Of a repetition of two parts: the part that is"
            " missing.",
            _direction,
            choices=DIRECTIONS,
        ),
        moment(
            "started_at",
            "Wall-clock time of the start, with the offset of local time.",
            lambda row: row.session.wall_clock(row.item.start_s),
            required=True,
        ),
        seconds(
            "start_s",
            "Start, since the set was started.",
            lambda row: _since_set_s(row, row.item.start_s),
            required=True,
        ),
        seconds(
            "peak_s",
            "Of a repetition: time of the greatest excursion, since the set was started.",
            lambda row: (
                _since_set_s(row, row.item.peak_s) if isinstance(row.item, Repetition) else None
            ),
        ),
        seconds(
            "end_s",
            "End, since the set was started.",
            lambda row: _since_set_s(row, row.item.end_s),
            required=True,
        ),
        seconds(
            "duration_s",
            "From start to end.",
            lambda row: row.item.end_s - row.item.start_s,
            required=True,
            minimum=0,
        ),
        degrees(
            "rom_deg",
            "Of a repetition: range of motion of its main movement, as the sensor's segment moved."
            " With one sensor on the thigh this is the thigh's movement, not the hip's. Empty where"
            " nothing was measured.",
            _rom_deg,
        ),
        degrees(
            "angle_deg",
            "Of a hold: mean angle of the held pose against the start pose. Empty where nothing was"
            " measured.",
            _angle_deg,
        ),
        degrees(
            "mdc_deg",
            MDC_MEANING,
            _mdc_deg,
        ),
        seconds(
            "hold_s",
            "Seconds held: of a repetition near its peak; of a hold the seconds credited, in the"
            " pose and still. Guided: the seconds the hub paced, not measured.",
            _hold_s,
            minimum=0,
        ),
        text(
            "ended_by",
            "Of a hold: why it ended. Measured: released, moved, gap, set_ended. Guided: paced, the"
            " hub's time for it was over; what the person did was not measured.",
            _of(Hold, lambda item: item.told_end),
        ),
        seconds(
            "inhale_s",
            "Of a breath: breathing in.",
            _of(Breath, lambda item: item.inhale_s),
            minimum=0,
        ),
        seconds(
            "exhale_s",
            "Of a breath: breathing out, and the pause after it.",
            _of(Breath, lambda item: item.exhale_s),
            minimum=0,
        ),
        degrees(
            "depth_deg",
            "Of a breath: how far the sensor tilted. It grows with the depth of the breath but is"
            " no volume.",
            _of(Breath, lambda item: item.depth_rad * DEG_PER_RAD),
            decimals=2,
        ),
        text(
            "evidence",
            EVIDENCE_MEANING,
            lambda row: row.item.evidence.value,
            choices=EVIDENCE,
            required=True,
        ),
        yes_no(
            "sure",
            "no: the detector would not swear to this one.",
            lambda row: row.item.sure,
            required=True,
        ),
        seconds(
            "gap_s",
            GAP_MEANING.format("this row"),
            lambda row: gap_s(row.outcome.gaps, row.item.start_s, row.item.end_s),
            required=True,
            minimum=0,
        ),
        text(
            "flags",
            "Quality flags of this row, by code, separated by blanks; empty: none.",
            lambda row: " ".join(row.item.flags) or None,
        ),
        *measure_columns((Of.REPETITION, Of.HOLD), lambda row: row.item.measures),
    ),
)
