"""Words in the person's language: one TOML a language beside this file.

The coach speaks in :class:`~sensorhub.coach.prompts.Prompt`; this turns them into sentences. The
names and instructions of the exercises stand in the exercises' own files.
"""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from sensorhub.coach.dose import Dose, counted
from sensorhub.coach.prompts import Blank, Prompt
from sensorhub.coach.questions import Question, QuestionKind
from sensorhub.coach.said import Said
from sensorhub.exercises.definition import Exercise, ExerciseWords
from sensorhub.model.errors import InputError
from sensorhub.model.outcomes import QualityFlag
from sensorhub.model.placement import Placement, Side

DEFAULT_LANGUAGE = "en"

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class QuestionText:
    """A question in words; ``options`` gives the words of each option, in order."""

    ask: str
    options: Mapping[str, str]


class Texts:
    """Everything the hub says, in one language; made by :func:`load_texts`.

    Args:
        language: its short name: ``en``, ``de`` ...
        table: the parsed TOML.
        library: exercises by id, which bring their own names.
    """

    def __init__(
        self, language: str, table: Mapping[str, Any], *, library: Mapping[str, Exercise]
    ) -> None:
        self.language = language
        self._table = table
        self._library = library

    @property
    def name(self) -> str:
        """What the language calls itself."""
        return str(self._table["language"])

    def prompt(self, prompt: Prompt) -> str:
        """The sentence with its blanks filled in."""
        exercise = str(prompt.blanks.get("exercise", ""))
        blanks = {
            name: self._dose(value, exercise, done=name == "done")
            if isinstance(value, Dose)
            else self._blank(name, value)
            for name, value in prompt.blanks.items()
        }
        if isinstance(seconds := prompt.blanks.get("seconds"), int):
            blanks["duration"] = self._seconds(seconds)
        if "exercise" in blanks:
            words = self.exercise(exercise)
            blanks |= {"start": words.start, "movement": words.movement}
        if {"number", "of"} <= prompt.blanks.keys():
            several = prompt.blanks["of"] != 1
            blanks["set"] = self._word("set", blanks) if several else ""
        return str(self._table["prompts"][prompt.key]).format_map(blanks)

    def said(self, prompt: Prompt) -> Said:
        """The prompt as it is shown and spoken."""
        return Said(self.prompt(prompt), urgent=prompt.urgent, prompt=prompt)

    def question(self, question: Question) -> QuestionText:
        """The question and its options."""
        entry = self._table["questions"][question.id]
        about = {
            "exercise": self.exercise(question.exercise).title if question.exercise else "",
            "side": self.side(question.side),
        }
        return QuestionText(
            str(entry["ask"]).format_map(about),
            {option: self._option(question, entry, option) for option in question.options},
        )

    def exercise(self, exercise_id: str) -> ExerciseWords:
        """Name and instructions of an exercise; an unknown one is called by its id."""
        found = self._library.get(exercise_id)
        return (
            ExerciseWords(exercise_id, "", "", "") if found is None else found.words(self.language)
        )

    def side(self, side: Side) -> str:
        """``, left``: to follow the name of an exercise; empty where there is no side to name."""
        return self._word(side.value) if side in (Side.LEFT, Side.RIGHT) else ""

    def placement(self, placement: Placement) -> str:
        """Where a sensor is worn."""
        return str(self._table["placements"][placement.value])

    def trouble(self, code: str, english: str) -> str:
        """What is wrong with a link and what to do; in English as it was said.

        Args:
            code: of the error, see :class:`~sensorhub.model.errors.SensorhubError`.
            english: the sentences of the error itself, for what this language has no words for.
        """
        return str(self._table.get("troubles", _NONE).get(code, english))

    def flag(self, flag: QualityFlag) -> str:
        """What the reader of a result must know; in English as it was said."""
        text = self._table.get("flags", _NONE).get(flag.code.value)
        if text is None:
            return flag.text
        where = "" if flag.placement is None else self.placement(flag.placement)
        lasted_s = flag.end_s - flag.start_s
        seconds = f"{lasted_s:.1f}" if lasted_s >= 0.05 else "< 0.1"
        return str(text).format_map({"placement": where, "seconds": seconds})

    def dose(self, dose: Dose, exercise_id: str = "") -> str:
        """How much is asked for; of an exercise in which breaths are counted, breaths."""
        return self._dose(dose, exercise_id, done=False)

    def done(self, done: Dose, exercise_id: str = "") -> str:
        """How much was done."""
        return self._dose(done, exercise_id, done=True)

    def _blank(self, name: str, value: Blank) -> str:
        if isinstance(value, Side):
            return self.side(value)
        if isinstance(value, Placement):
            return self.placement(value)
        return self.exercise(str(value)).title if name == "exercise" else str(value)

    def _option(self, question: Question, entry: Mapping[str, Any], option: str) -> str:
        if question.kind is QuestionKind.SCALE:
            return option
        words = self._table["answers"] if question.kind is QuestionKind.YES_NO else entry["options"]
        return str(words[option])

    def _dose(self, dose: Dose, exercise_id: str, *, done: bool) -> str:
        if dose.reps is not None:
            exercise = self._library.get(exercise_id)
            one = "repetition" if exercise is None else counted(exercise)
            if dose.reps == 1:
                return self._word(one)
            return self._word(f"{one}s", {"count": str(dose.reps)})
        if dose.hold_s is not None:
            held = {"duration": self._seconds(dose.hold_s, whole=done)}
            return self._word("held_s" if done else "hold_s", held)
        return self._seconds(dose.duration_s or 0.0, whole=done)

    def _seconds(self, seconds: float, *, whole: bool = False) -> str:
        number = f"{seconds:.0f}" if whole else f"{seconds:g}"
        return self._word("second") if number == "1" else self._word("seconds", {"seconds": number})

    def _word(self, key: str, blanks: Mapping[str, str] = _NONE) -> str:
        return str(self._table["words"][key]).format_map(blanks)


def languages() -> tuple[str, ...]:
    """The languages there are, by their short names."""
    names = (entry.name for entry in files("sensorhub.coach.texts").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_texts(language: str, *, library: Mapping[str, Exercise]) -> Texts:
    """The words of one language. Raises InputError where there is no such language."""
    if language not in languages():
        raise InputError(
            f"There is no language {language!r}.", hint=f"Known: {', '.join(languages())}."
        )
    return Texts(language, _table(language), library=library)


@functools.cache
def _table(language: str) -> Mapping[str, Any]:
    folder = files("sensorhub.coach.texts")
    return tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))
