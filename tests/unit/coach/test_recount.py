"""After a set: whoever heard another number than is recorded is told, and told why."""

import pytest

from sensorhub.coach.dose import Dose
from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.prompts import Prompt, PromptKey
from sensorhub.coach.recount import Heard, recount
from sensorhub.coach.texts import languages, load_texts
from sensorhub.exercises.definition import load_library
from sensorhub.model.outcomes import (
    Breath,
    FlagCode,
    Hold,
    QualityFlag,
    Repetition,
    RepetitionKind,
    SetOutcome,
)
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import Gap

KICKS = PlannedSet("donkey_kick_fire_hydrant", Side.RIGHT, 1, 1, Dose(reps=10), 5.0)


def judged(full: int = 0, partial: int = 0, *codes: FlagCode, missing_s: float = 0.0) -> SetOutcome:
    kinds = [RepetitionKind.FULL] * full + [RepetitionKind.PARTIAL] * partial
    found = [
        Repetition(3.0 * k, 3.0 * k + 1, 3.0 * k + 2, 1.0, kind=one) for k, one in enumerate(kinds)
    ]
    flags = [QualityFlag(code, Placement.THIGH_RIGHT, 0.0, 1.0, "Doubt.") for code in codes]
    gaps = (Gap(Placement.THIGH_RIGHT, 10.0, 10.0 + missing_s),) if missing_s else ()
    return SetOutcome(
        KICKS.exercise,
        Side.RIGHT,
        0.0,
        60.0,
        repetitions=tuple(found),
        gaps=gaps,
        flags=tuple(flags),
    )


def heard(done: int, most: int | None = None, *, tried: bool = False) -> Heard:
    return Heard(Dose(reps=done), done if most is None else most, tried)


def keys(prompts: list[Prompt]) -> list[PromptKey]:
    return [prompt.key for prompt in prompts]


@pytest.mark.parametrize(
    ("said", "outcome", "told"),
    [
        (heard(10), judged(10), []),
        (heard(10), judged(10, 1), []),
        (heard(10), judged(7), [PromptKey.RECOUNT]),
        # Withdrawn while it ran, and the end said the smaller number: what was heard counts.
        (heard(7, 10), judged(7), [PromptKey.RECOUNT]),
        (heard(10), judged(6, 4), [PromptKey.RECOUNT_PARTIAL]),
        (heard(10), judged(6, 1), [PromptKey.RECOUNT_PARTIAL_REST]),
        # With most of it gone it is also said what to look at.
        (heard(10), judged(3, 4), [PromptKey.RECOUNT_PARTIAL_REST, PromptKey.CHECK_LEG]),
        (heard(10), judged(3), [PromptKey.RECOUNT, PromptKey.CHECK_LEG]),
        (heard(5), judged(10), [PromptKey.RECOUNT_MORE]),
        (heard(10), judged(), [PromptKey.RECOUNT_NONE, PromptKey.CHECK_LEG]),
        (heard(10), judged(missing_s=30.0), [PromptKey.RECOUNT_NONE, PromptKey.CHECK_SIGNAL]),
        # A lost sample now and then is no reason.
        (heard(10), judged(missing_s=0.3), [PromptKey.RECOUNT_NONE, PromptKey.CHECK_LEG]),
        (heard(10), judged(0, 0, FlagCode.WRONG_SIDE), [PromptKey.RECOUNT_NONE]),
        # Nothing heard: who skipped the set knows why, who waited for a count does not.
        (heard(0), judged(), []),
        (heard(0, tried=True), judged(), [PromptKey.CHECK_LEG]),
    ],
)
def test_what_is_said_after_a_set_of_repetitions(
    said: Heard, outcome: SetOutcome, told: list[PromptKey]
) -> None:
    assert keys(recount(KICKS, said, outcome)) == told


@pytest.mark.parametrize(
    ("said_s", "held_s", "told"),
    [
        (30.0, [29.0], []),
        (30.0, [14.0, 14.0], []),
        (30.0, [12.0], [PromptKey.RECOUNT]),
        (4.0, [30.0], [PromptKey.RECOUNT_MORE]),
        (30.0, [], [PromptKey.RECOUNT_NONE, PromptKey.CHECK_LEG]),
    ],
)
def test_what_is_said_after_a_hold(
    said_s: float, held_s: list[float], told: list[PromptKey]
) -> None:
    planned = PlannedSet("modified_thomas_stretch", Side.LEFT, 1, 1, Dose(hold_s=30.0), 5.0)
    holds = tuple(Hold(40.0 * k, 40.0 * k + s, s, 0.5) for k, s in enumerate(held_s))
    outcome = SetOutcome(planned.exercise, Side.LEFT, 0.0, 90.0, holds=holds)
    assert keys(recount(planned, Heard(Dose(hold_s=said_s), 0, tried=False), outcome)) == told


def test_breaths_are_compared_as_breaths_and_a_set_by_the_clock_with_nothing() -> None:
    planned = PlannedSet("tissue_blowing", Side.NONE, 1, 1, Dose(reps=8), 5.0)
    breaths = tuple(Breath(6.0 * k, 6.0 * k + 6.0, 2.0, 4.0, 0.01) for k in range(8))
    outcome = SetOutcome(planned.exercise, Side.NONE, 0.0, 60.0, breaths=breaths)
    assert not recount(planned, heard(8), outcome)
    none = SetOutcome(planned.exercise, Side.NONE, 0.0, 60.0)
    assert keys(recount(planned, heard(8), none))[1:] == [PromptKey.CHECK_SENSOR]
    by_clock = Heard(Dose(duration_s=60.0), 0, tried=False)
    assert not recount(planned, by_clock, none)


@pytest.mark.parametrize("language", languages())
def test_the_numbers_are_said(language: str) -> None:
    texts = load_texts(language, library=load_library())
    partly, _ = recount(KICKS, heard(10), judged(3, 4))
    words = texts.prompt(partly)
    assert "3 " in words
    assert "4 " in words
    assert "10" not in words
