"""One of a thing and several of it, each by its name: spoken, and in the terminal."""

import pytest

from sensorhub.coach.dose import Dose, counted
from sensorhub.coach.prompts import Blank, Prompt, PromptKey
from sensorhub.coach.texts import load_texts
from sensorhub.exercises.definition import load_library
from sensorhub.model.outcomes import FlagCode, QualityFlag

LIBRARY = load_library()


def test_the_german_flag_of_a_wrong_side_is_true_of_every_reason_for_it() -> None:
    """The sensor is on the other leg than was asked for, or the other leg moved."""
    flag = QualityFlag(FlagCode.WRONG_SIDE, None, 0.0, 1.0, "as in English")
    said = load_texts("de", library=LIBRARY).flag(flag)
    assert "auf der der Sensor sitzt, oder das andere Bein hat sich bewegt" in said


@pytest.mark.parametrize(
    ("language", "key", "blanks", "said"),
    [
        ("en", PromptKey.REST, {"seconds": 1}, "Rest for 1 second."),
        ("en", PromptKey.REST, {"seconds": 20}, "Rest for 20 seconds."),
        ("en", PromptKey.HOLD_AGAIN, {"seconds": 1}, "Go back into the position: 1 second to go."),
        ("en", PromptKey.SECONDS_LEFT, {"seconds": 1}, "1"),
        ("en", PromptKey.SET_DONE, {"done": Dose(hold_s=1.2)}, "Well done: 1 second held."),
        ("en", PromptKey.SET_SHORT, {"done": Dose(reps=1)}, "The set is over: 1 repetition."),
        ("de", PromptKey.REST, {"seconds": 1}, "1 Sekunde Pause."),
        (
            "de",
            PromptKey.SET_SHORT,
            {"done": Dose(hold_s=1.0)},
            "Der Satz ist zu Ende: 1 Sekunde gehalten.",
        ),
    ],
)
def test_one_is_said_as_one(
    language: str, key: PromptKey, blanks: dict[str, Blank], said: str
) -> None:
    assert load_texts(language, library=LIBRARY).prompt(Prompt(key, blanks)) == said


@pytest.mark.parametrize(
    ("language", "exercise", "reps", "said"),
    [
        ("en", "tissue_blowing", 8, "Well done: 8 breaths."),
        ("en", "tissue_blowing", 1, "Well done: 1 breath."),
        ("en", "squat", 8, "Well done: 8 repetitions."),
        ("de", "tissue_blowing", 8, "Gut gemacht: 8 Atemzüge."),
        ("de", "tissue_blowing", 1, "Gut gemacht: 1 Atemzug."),
    ],
)
def test_breaths_are_no_repetitions(language: str, exercise: str, reps: int, said: str) -> None:
    prompt = Prompt(PromptKey.SET_DONE, {"exercise": exercise, "done": Dose(reps=reps)})
    assert load_texts(language, library=LIBRARY).prompt(prompt) == said


def test_a_dose_in_the_terminal() -> None:
    assert str(Dose(reps=1)) == "1 repetition"
    assert Dose(reps=8).words(counted(LIBRARY["tissue_blowing"])) == "8 breaths"
    assert Dose(reps=1).words(counted(LIBRARY["tissue_blowing"])) == "1 breath"
    assert Dose(hold_s=20.0).words("breath") == "hold 20 s"
