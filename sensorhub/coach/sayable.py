"""Every sentence and number that can be said aloud during a plan, to be spoken ahead of time."""

from collections.abc import Iterator

from sensorhub.coach.dose import Dose
from sensorhub.coach.plan import Plan, PlannedSet
from sensorhub.coach.prompts import Blank, Prompt, PromptKey
from sensorhub.coach.questions import QuestionId, guide_questions, pain_question
from sensorhub.coach.texts import Texts
from sensorhub.exercises.definition import load_library
from sensorhub.exercises.thresholds import GuidedThresholds
from sensorhub.model.placement import Placement, Side

COUNT_AHEAD = 10
"""People do a few more than they were asked for, and are counted."""

_K = PromptKey

_ONCE = (
    _K.CHECKING, _K.SENSORS_READY, _K.KEEP_STILL, _K.BEGIN, _K.HALF_WAY, _K.LAST_ONE, _K.HOLD,
    _K.RELEASE, _K.SIGNAL_LOST, _K.SIGNAL_LOST_HOLD, _K.SIGNAL_BACK, _K.PACED_REST, _K.PAUSED,
    _K.GO_ON, _K.HURT, _K.PAIN_ROSE, _K.PAIN_SEVERE, _K.KEEPS_HURTING, _K.DOCTOR_NOW,
    _K.DOCTOR_SOON, _K.ALL_DONE, _K.STOPPED, _K.SLOWER, _K.RECOUNT_NONE, _K.CHECK_LEG,
    _K.CHECK_SENSOR, _K.CHECK_SIGNAL,
)  # fmt: skip

_WHERE = (
    _K.SENSOR_MISSING, _K.UPSIDE_DOWN, _K.WRONG_LEG, _K.SLIPPED, _K.MISPLACED, _K.BATTERY_LOW,
    _K.SWITCH_SIDE,
)  # fmt: skip


def sayable(plan: Plan, texts: Texts) -> tuple[str, ...]:
    """Each text once, the texts of every :class:`~sensorhub.coach.said.Said` that is ``aloud``.

    A text that is not among them has to be spoken when it comes: there are a few with a number
    that nobody can foresee, as what is left of a set after a pause.
    """
    prompts = [Prompt(key) for key in _ONCE]
    prompts += [Prompt(key, {"placement": placement}) for key in _WHERE for placement in Placement]
    for planned in plan.planned_sets():
        prompts += _of_set(planned)
    said = [texts.prompt(prompt) for prompt in prompts]
    said += [texts.question(question).ask for question in guide_questions()]
    for question_id in (QuestionId.PAIN_BEFORE, QuestionId.PAIN_AFTER):
        said.append(texts.question(pain_question(question_id)).ask)
    for item in plan.items:
        about = pain_question(QuestionId.PAIN, exercise=item.exercise)
        said.append(texts.question(about).ask)
    return tuple(dict.fromkeys(said))


def _of_set(planned: PlannedSet) -> Iterator[Prompt]:
    about: dict[str, Blank] = {"exercise": planned.exercise, "side": planned.side}
    whole: dict[str, Blank] = {
        **about,
        "dose": planned.dose,
        "number": planned.number,
        "of": planned.of,
    }
    yield Prompt(_K.GET_READY, whole)
    if planned.side in (Side.LEFT, Side.RIGHT):
        yield Prompt(_K.OTHER_SIDE, whole)
    yield Prompt(_K.HOW, {"exercise": planned.exercise})
    yield Prompt(_K.SKIPPED, about)
    yield Prompt(_K.NO_SENSOR, about)
    yield Prompt(_K.REST, {"seconds": round(planned.rest_s)})
    for done in _amounts(planned.dose):
        enough = _size(done) >= _size(planned.dose)
        yield Prompt(_K.SET_DONE if enough else _K.SET_SHORT, {**about, "done": done})
        yield Prompt(_K.RECOUNT, {**about, "done": done})
        yield Prompt(_K.RECOUNT_MORE, {**about, "done": done})
    reps = planned.dose.reps
    for count in range(1, (reps or 0) + COUNT_AHEAD + 1 if reps else 1):
        yield Prompt(_K.COUNT, {"count": count})
    for seconds in range(1, round(planned.dose.hold_s or 0.0) + 1):
        yield Prompt(_K.SECONDS_LEFT, {"seconds": seconds})
        yield Prompt(_K.HOLD_AGAIN, {"seconds": seconds})
    thresholds = load_library()[planned.exercise].thresholds
    if isinstance(thresholds, GuidedThresholds):
        yield from _paced(thresholds, reps or 0)


def _paced(thresholds: GuidedThresholds, reps: int) -> Iterator[Prompt]:
    for number in range(1, reps + 2):
        if thresholds.strengths:
            percent = thresholds.strengths[(number - 1) % len(thresholds.strengths)]
            yield Prompt(_K.PACED_HOLD_AT, {"count": number, "percent": percent})
        else:
            yield Prompt(_K.PACED_HOLD, {"count": number})


def _amounts(dose: Dose) -> Iterator[Dose]:
    if dose.reps is not None:
        yield from (Dose(reps=count) for count in range(dose.reps + COUNT_AHEAD + 1))
    elif dose.hold_s is not None:
        yield from (Dose(hold_s=float(s)) for s in range(round(dose.hold_s) + COUNT_AHEAD + 1))
    else:
        yield dose


def _size(dose: Dose) -> float:
    """In the dose's own unit, whole seconds as they are said."""
    return float(round(dose.reps or dose.hold_s or dose.duration_s or 0.0))
