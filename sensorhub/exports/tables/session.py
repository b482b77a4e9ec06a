"""``session.csv``: who, when, with what, and how it felt."""

import json
from collections.abc import Callable

from sensorhub.exports.tables.columns import moment, seconds, text, whole, yes_no
from sensorhub.exports.tables.table import Table
from sensorhub.model.units import NS_PER_S
from sensorhub.sessions.store.values import AnswerKind, NoticeCode, StoredSession


def _duration_s(session: StoredSession) -> float | None:
    if session.ended_ns is None:
        return None
    return (session.ended_ns - session.started.hub_ns) / NS_PER_S


def _rating(kind: AnswerKind) -> Callable[[StoredSession], int | None]:
    def value(session: StoredSession) -> int | None:
        text = session.answer(kind).strip()
        return int(text) if text.isascii() and text.isdigit() else None

    return value


def _versions(session: StoredSession) -> str | None:
    found = {one.outcome.detector_version for one in session.sets if one.outcome is not None}
    return " ".join(sorted(found - {""})) or None


def _calibrations(session: StoredSession) -> str | None:
    words = [f"{s.placement.value}:{_calibration(s.calibration)}" for s in session.sensors]
    return " ".join(words) or None


def _calibration(text: str) -> str:
    """When it was measured and in which form it is kept; ``unreadable`` is better than no CSV."""
    if not text:
        return "none"
    try:
        table = json.loads(text)
        return f"{table['measured_on']}:v{table['version']}"
    except (ValueError, TypeError, LookupError, RecursionError):
        return "unreadable"


def _clocks_ms(session: StoredSession) -> str | None:
    """The same for every set of a session: what was known when it ended."""
    unsure_s: dict[str, float] = {}
    for one in session.sets:
        if one.outcome is not None:
            unsure_s |= one.outcome.clock_uncertainty_s
    return " ".join(f"{place}:{1000 * s:.1f}" for place, s in sorted(unsure_s.items())) or None


def _lost(session: StoredSession) -> int:
    codes = (NoticeCode.RECORDS_LOST, NoticeCode.RECORDS_DAMAGED)
    return sum(notice.count for notice in session.notices if notice.code in codes)


SESSION: Table[StoredSession] = Table(
    file="session.csv",
    title="The session",
    row_meaning="One row: who, when, with what, and how it felt.",
    key=("session",),
    columns=(
        text("session", "Name of the session.", lambda s: s.name, required=True),
        text(
            "person",
            "Pseudonym: made at random on the hub, names are kept nowhere.",
            lambda s: s.person,
            required=True,
        ),
        moment(
            "started_at",
            "Wall-clock time of the start, with the offset of local time. All other times of day"
            " count from here.",
            lambda s: s.started.utc,
            required=True,
        ),
        moment(
            "ended_at",
            "Wall-clock time of the end; empty: it is still running.",
            lambda s: None if s.ended_ns is None else s.wall_clock(s.ended_ns / NS_PER_S),
        ),
        seconds(
            "duration_s",
            "From start to end.",
            _duration_s,
            decimals=1,
            minimum=0,
        ),
        yes_no(
            "clock_synchronised",
            "Whether the hub's wall clock had been set from the network when the session started;"
            " empty: the hub does not know.",
            lambda s: s.started.synchronised,
        ),
        text("plan", "Name of the plan; empty: a single exercise.", lambda s: s.info.plan),
        whole(
            "pain_before",
            "Pain before, 0 (none) to 10 (worst imaginable), as the person said; empty: not asked"
            " or not answered.",
            _rating(AnswerKind.PAIN_BEFORE),
            minimum=0,
            maximum=10,
        ),
        whole(
            "pain_after",
            "Pain afterwards, as above.",
            _rating(AnswerKind.PAIN_AFTER),
            minimum=0,
            maximum=10,
        ),
        whole(
            "effort",
            "How hard it was, 0 (no effort) to 10 (as hard as possible), as the person said; empty:"
            " not asked or not answered.",
            _rating(AnswerKind.EFFORT),
            minimum=0,
            maximum=10,
        ),
        text(
            "comment",
            "What the person wanted to say, in their words.",
            lambda s: s.answer(AnswerKind.COMMENT),
        ),
        whole("sets", "Sets begun.", lambda s: len(s.sets), minimum=0, required=True),
        text(
            "sensors",
            "Sensors worn, each as placement:family:device.",
            lambda s: " ".join(
                f"{n.placement.value}:{n.family}:{n.device_id or '?'}" for n in s.sensors
            ),
        ),
        text(
            "calibrations",
            "Sensor calibration in force, each as placement:day it was measured:version of its"
            " form; none: the sensor was used as it is.",
            _calibrations,
        ),
        text(
            "clock_uncertainties_ms",
            "How well each sensor's clock is known against the hub's, plus or minus, each as"
            " placement:milliseconds. Of sensors that are only listened to it is how far arrivals"
            " scatter: what all of them were late by cannot be seen. Empty: no final results.",
            _clocks_ms,
        ),
        yes_no(
            "interrupted",
            "Whether the session was cut off (power, crash) and closed when the hub started again.",
            lambda s: s.interrupted,
            required=True,
        ),
        whole(
            "stored_packets_lost",
            "Packets that arrived but could not be stored, or not be read again. What never arrived"
            " is in the gap columns.",
            _lost,
            minimum=0,
            required=True,
        ),
        text(
            "notices",
            "What happened to the log itself, in sentences.",
            lambda s: " ".join(notice.text for notice in s.notices) or None,
        ),
        yes_no(
            "simulated",
            "yes: simulated sensors, nobody exercised.",
            lambda s: s.info.simulated,
            required=True,
        ),
        text(
            "software_version",
            "Version of the program that recorded the session.",
            lambda s: s.info.software,
        ),
        text(
            "detector_versions",
            "Versions of the counting and timing behind the results.",
            _versions,
        ),
        whole(
            "hurts",
            "How often the person said that it hurt.",
            lambda s: sum(a.kind is AnswerKind.HURT for a in s.answers),
            minimum=0,
            required=True,
        ),
    ),
)
