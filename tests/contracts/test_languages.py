"""Every language says everything, with the same blanks, and names every exercise."""

import string
import tomllib
from importlib.resources import files
from typing import Any

import pytest

from sensorhub.coach.dose import Dose
from sensorhub.coach.prompts import Prompt, PromptKey
from sensorhub.coach.questions import QuestionId, QuestionKind, find_question
from sensorhub.coach.texts import DEFAULT_LANGUAGE, languages, load_texts
from sensorhub.exercises.definition import TRANSLATIONS, load_library
from sensorhub.model.errors import SensorhubError
from sensorhub.model.outcomes import FlagCode, QualityFlag
from sensorhub.model.placement import Placement, Side
from sensorhub.transports.symptoms import Symptom

OTHERS = [language for language in languages() if language != DEFAULT_LANGUAGE]


def table(language: str) -> dict[str, Any]:
    text = (files("sensorhub.coach.texts") / f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def leaves(branch: dict[str, Any], path: str = "") -> dict[str, set[str]]:
    """Every text by its path, and the blanks in it."""
    found: dict[str, set[str]] = {}
    for key, value in branch.items():
        if isinstance(value, dict):
            found |= leaves(value, f"{path}{key}.")
        else:
            blanks = {name for _, name, _, _ in string.Formatter().parse(value) if name}
            found[f"{path}{key}"] = blanks
            assert value.strip() == value or key in ("left", "right", "set"), f"{path}{key}"
    return found


def test_there_is_more_than_one_language() -> None:
    assert {"en", "de"} <= set(languages())
    assert sorted(TRANSLATIONS) == sorted(OTHERS)


@pytest.mark.parametrize("language", OTHERS)
def test_the_same_texts_with_the_same_blanks(language: str) -> None:
    own = {path: blanks for path, blanks in leaves(table(language)).items() if not _own(path)}
    assert own == leaves(table(DEFAULT_LANGUAGE))


def _own(path: str) -> bool:
    """English has these in the errors and flags themselves."""
    return path.startswith(("troubles.", "flags."))


def _kinds(kind: type[SensorhubError] = SensorhubError) -> set[str]:
    """What links report when they fail, beside symptoms."""
    return {kind.kind, *(one for child in kind.__subclasses__() for one in _kinds(child))}


@pytest.mark.parametrize("language", OTHERS)
def test_every_trouble_of_a_link_and_every_flag_has_words(language: str) -> None:
    troubles, flags = table(language)["troubles"], table(language)["flags"]
    assert set(flags) == set(FlagCode)
    assert set(Symptom) <= set(troubles)
    assert {"device", "input", "transport", "link_lost"} <= set(troubles) & _kinds()
    texts = load_texts(language, library=load_library())
    for code in FlagCode:
        for placement in (None, Placement.PELVIS):
            said = texts.flag(QualityFlag(code, placement, 1.0, 2.5, "English."))
            assert said != "English."
            assert "{" not in said
    assert "1.5" in texts.flag(QualityFlag(FlagCode.GAP, None, 1.0, 2.5, "English."))


def test_what_a_language_has_no_words_for_is_said_as_it_is() -> None:
    flag = QualityFlag(FlagCode.GAP, None, 1.0, 2.5, "English.")
    for language in languages():
        texts = load_texts(language, library=load_library())
        assert texts.trouble("something new", "It failed.") == "It failed."
    english = load_texts(DEFAULT_LANGUAGE, library=load_library())
    assert english.flag(flag) == "English."
    assert english.trouble("busy", "The adapter is busy.") == "The adapter is busy."


@pytest.mark.parametrize("language", languages())
def test_every_prompt_is_there_and_no_other(language: str) -> None:
    assert set(table(language)["prompts"]) == set(PromptKey)
    assert set(table(language)["placements"]) == set(Placement)
    assert set(table(language)["questions"]) == set(QuestionId)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("question_id", QuestionId)
def test_every_option_of_every_question_has_words(language: str, question_id: QuestionId) -> None:
    texts = load_texts(language, library=load_library())
    question = find_question(question_id)
    words = texts.question(question)
    assert words.ask
    assert tuple(words.options) == question.options
    assert all(words.options.values())
    if question.kind in (QuestionKind.CHOICE, QuestionKind.CHOICES):
        assert set(table(language)["questions"][question_id]["options"]) == set(question.options)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("exercise_id", load_library())
def test_every_exercise_is_described(language: str, exercise_id: str) -> None:
    exercise = load_library()[exercise_id]
    english, words = exercise.words(DEFAULT_LANGUAGE), exercise.words(language)
    for name in ("title", "start", "movement", "easier"):
        mine, theirs = getattr(words, name), getattr(english, name)
        assert bool(mine) is bool(theirs), f"add [{language}] with {name} to {exercise_id}.toml"
        assert mine != theirs or not mine, f"{exercise_id}.toml: {name} is English"
    for one in (english, words):
        # Titles stand in the middle of a sentence, the rest are sentences.
        assert not one.title.endswith(".")
        assert all(
            text.endswith((".", "!")) for text in (one.start, one.movement, one.easier) if text
        )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Next: Clam, left, 10 repetitions, set 1 of 2."),
        ("de", "Als Nächstes: Muschel, links, 10 Wiederholungen, Satz 1 von 2."),
    ],
)
def test_a_whole_sentence(language: str, text: str) -> None:
    blanks = {
        "exercise": "clam", "side": Side.LEFT, "dose": Dose(reps=10), "number": 1, "of": 2,
    }  # fmt: skip
    prompt = Prompt(PromptKey.GET_READY, blanks)
    assert load_texts(language, library=load_library()).prompt(prompt) == text
