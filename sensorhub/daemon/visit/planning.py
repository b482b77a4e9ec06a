"""What of a plan the worn sensors can measure, and what the coach must know of it."""

from collections.abc import Mapping, Sequence

from sensorhub.coach.announcer import Brief
from sensorhub.coach.plan import Plan, PlannedSet, refuse_beyond_caps
from sensorhub.daemon.visit.running_set import can_be_done
from sensorhub.exercises.definition import Exercise
from sensorhub.model.errors import InputError
from sensorhub.model.outcomes import Evidence
from sensorhub.model.placement import Placement


def doable_sets(
    sets: Sequence[PlannedSet],
    *,
    library: Mapping[str, Exercise],
    placements: Sequence[Placement],
) -> list[PlannedSet]:
    """The sets that the worn sensors can measure (or that need none), in order.

    Raises:
        InputError: there is none; or a set asks for more than any plan may.
    """
    refuse_beyond_caps(sets)
    worn = tuple(placements)
    found = [s for s in sets if can_be_done(library[s.exercise], s.side, worn)]
    if not found:
        wanted = {seg for s in sets for seg in library[s.exercise].primary}
        there = f" with a sensor on {' and '.join(worn)}" if worn else " without a sensor"
        raise InputError(
            f"None of these exercises can be measured{there}.",
            hint=f"Wear one on the {' or '.join(sorted(wanted))}, on the side that exercises.",
        )
    return found


def is_paced(exercise: Exercise) -> bool:
    """Nothing of it is measured: the hub paces it."""
    return exercise.evidence is Evidence.GUIDED


def needs_sensor(plan: Plan, *, library: Mapping[str, Exercise]) -> bool:
    """Whether anything of it is measured; what is only paced is done without any sensor."""
    return not all(is_paced(library[item.exercise]) for item in plan.items)


def of_use(plan: Plan, *, library: Mapping[str, Exercise]) -> tuple[Placement, ...]:
    """Where a sensor adds something to the plan, the places that count first."""
    places = (place for item in plan.items for place in library[item.exercise].placements)
    return tuple(dict.fromkeys(places))


def briefs_for(
    sets: Sequence[PlannedSet],
    *,
    library: Mapping[str, Exercise],
    placements: Sequence[Placement],
) -> Mapping[str, Brief]:
    """What is special about each exercise of these sets, with these sensors worn."""
    thighs = [p for p in placements if p.segment == Placement.THIGH.segment]
    one_sensor = thighs == [Placement.THIGH]
    found = {}
    for exercise in (library[planned.exercise] for planned in sets):
        found[exercise.id] = Brief(
            asked_s=exercise.dose.pace_s or None,
            one_sensor=one_sensor and Placement.THIGH in exercise.placements,
            paced=is_paced(exercise),
        )
    return found
