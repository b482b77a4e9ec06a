"""Outcomes as the plain object that ``analyze --json`` prints: degrees, rounded, strict JSON."""

import math
from typing import Any

from sensorhub.exercises.measures.table import for_people
from sensorhub.model.outcomes import (
    Breath,
    Hold,
    Measures,
    QualityFlag,
    Repetition,
    SetOutcome,
    Step,
)
from sensorhub.model.units import DEG_PER_RAD

JsonObject = dict[str, Any]


def outcome_as_json(outcome: SetOutcome) -> JsonObject:
    """One set as an object for machines; angles in degrees, times on the set's own clock."""
    return {
        "exercise": outcome.exercise,
        "side": outcome.side.value,
        "repetitions": [_repetition(r) for r in outcome.repetitions],
        "holds": [_hold(h) for h in outcome.holds],
        "breaths": [_breath(b) for b in outcome.breaths],
        "steps": [_step(s) for s in outcome.steps],
        "flags": [_flag(f) for f in outcome.flags],
        "summary": _summary(outcome),
    }


def _repetition(rep: Repetition) -> JsonObject:
    return {
        "start_s": _seconds(rep.start_s),
        "peak_s": _seconds(rep.peak_s),
        "end_s": _seconds(rep.end_s),
        "rom_deg": _degrees(rep.rom_rad),
        "hold_s": _seconds(rep.hold_s),
        "kind": rep.kind.value,
        "side": rep.side.value,
        "sure": rep.sure,
        "phase": rep.phase,
        "measures": _measures(rep.measures),
    }


def _hold(hold: Hold) -> JsonObject:
    return {
        "start_s": _seconds(hold.start_s),
        "end_s": _seconds(hold.end_s),
        "held_s": _seconds(hold.held_s),
        "angle_deg": _degrees(hold.angle_rad),
        "ended_by": hold.told_end,
        "evidence": hold.evidence.value,
        "measures": _measures(hold.measures),
    }


def _breath(breath: Breath) -> JsonObject:
    return {
        "start_s": _seconds(breath.start_s),
        "end_s": _seconds(breath.end_s),
        "period_s": _seconds(breath.period_s),
        "inhale_s": _seconds(breath.inhale_s),
        "exhale_s": _seconds(breath.exhale_s),
        "depth_deg": _degrees(breath.depth_rad),
        "sure": breath.sure,
        "measures": _measures(breath.measures),
    }


def _step(step: Step) -> JsonObject:
    return {
        "start_s": _seconds(step.start_s),
        "end_s": _seconds(step.end_s),
        "direction": step.direction,
        "measures": _measures(step.measures),
    }


def _flag(flag: QualityFlag) -> JsonObject:
    return {
        "code": flag.code.value,
        "placement": None if flag.placement is None else flag.placement.value,
        "start_s": _seconds(flag.start_s),
        "end_s": _seconds(flag.end_s),
        "text": flag.text,
    }


def _summary(outcome: SetOutcome) -> JsonObject:
    full = outcome.full_repetitions
    ranges_rad = [r.rom_rad for r in outcome.repetitions if math.isfinite(r.rom_rad)]
    sure_rad = [r.rom_rad for r in outcome.repetitions if r.sure and math.isfinite(r.rom_rad)]
    return {
        "start_s": _seconds(outcome.start_s),
        "end_s": _seconds(outcome.end_s),
        "full": full,
        "partial": len(outcome.repetitions) - full,
        "unsure": sum(not r.sure for r in outcome.repetitions),
        "held_s": _seconds(sum(h.held_s for h in outcome.holds)),
        "breaths": len(outcome.breaths),
        "steps": len(outcome.steps),
        "best_rom_deg": _degrees(max(sure_rad)) if sure_rad else None,
        "mean_rom_deg": _degrees(sum(ranges_rad) / len(ranges_rad)) if ranges_rad else None,
        "gaps_s": _seconds(sum(g.duration_s for g in outcome.gaps)),
        "detector_version": outcome.detector_version,
        "measures": _measures(outcome.measures),
    }


def _measures(measures: Measures) -> JsonObject:
    """By name, in the units of people."""
    shown = ((*for_people(name), value) for name, value in sorted(measures.items()))
    return {name: _number(factor * value, 4) for name, factor, value in shown}


def _seconds(value_s: float) -> float | None:
    return _number(value_s, 3)


def _degrees(value_rad: float) -> float | None:
    return _number(value_rad * DEG_PER_RAD, 2)


def _number(value: float, digits: int) -> float | None:
    """Strict JSON has no NaN: what is not known is null."""
    return round(value, digits) if math.isfinite(value) else None
