"""What the person is asked, as data: a pain scale around every exercise, and the guide's questions.

Answers are recorded for the therapist and never interpreted; only where the guide itself sends
somebody to a doctor, that advice is shown at once (``now``, ``soon``). Words stand in ``texts/``.
"""

import enum
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files

from sensorhub.model.errors import InputError
from sensorhub.model.placement import Side

MAX_TEXT = 500
"""Longest answer in the person's own words, in characters."""

SEPARATOR = ","
"""Between the options of an answer that may hold several."""


class QuestionKind(enum.StrEnum):
    """How a question is answered."""

    SCALE = "scale"  # a whole number, 0 to 10
    CHOICE = "choice"  # one of the options
    CHOICES = "choices"  # any number of the options
    YES_NO = "yes_no"
    TEXT = "text"  # the person's own words


class QuestionId(enum.StrEnum):
    """Everything the person can be asked. The values are stored: they never change."""

    PAIN_BEFORE = "pain_before"
    PAIN = "pain"  # after an exercise
    PAIN_AFTER = "pain_after"
    HURT = "hurt"  # said by the person, never asked
    EFFORT = "effort"
    BLADDER_BOWEL = "bladder_bowel"
    NUMBNESS = "numbness"
    PAIN_WORD = "pain_word"
    WHERE = "where"
    TIGHT = "tight"
    GRINDING = "grinding"
    POPPING = "popping"
    WEIGHT = "weight"
    LIFTING = "lifting"
    POSTURE = "posture"
    RELIEF = "relief"
    COMMENT = "comment"


class Asking(enum.StrEnum):
    """How much a session asks."""

    NOTHING = "nothing"
    PAIN = "pain"  # before, after each exercise, at the end
    EVERYTHING = "everything"  # the guide's questions first


class Advice(enum.StrEnum):
    """What the guide says to an answer."""

    NOW = "now"  # this needs a doctor now
    SOON = "soon"  # see a doctor before going on


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        options: what may be chosen, by id, in the order to be shown; ``yes`` and ``no`` of a yes/no
            question, "0" to "10" of a scale, empty for own words.
        exercise: which exercise it is about, empty: the whole session.
        side: on which side that was.
        advice: options that show the guide's advice at once and pause the programme.
    """

    id: QuestionId
    kind: QuestionKind
    options: tuple[str, ...] = ()
    exercise: str = ""
    side: Side = Side.NONE
    advice: Mapping[str, Advice] = field(default_factory=dict)

    def read(self, value: str) -> str:
        """The answer as it is stored; empty: no answer.

        Raises:
            InputError: it is no answer to this question; the sentence says what would be.
        """
        # Half a surrogate pair fits in no file, and control characters command a terminal.
        text = " ".join("".join(c for c in value if c.isprintable() or c.isspace()).split())
        if not text:
            return ""
        if self.kind is QuestionKind.TEXT:
            if len(text) > MAX_TEXT:
                raise InputError(f"Please not more than {MAX_TEXT} characters.")
            return text
        chosen = [part.strip() for part in text.split(SEPARATOR)]
        if self.kind is not QuestionKind.CHOICES and len(chosen) > 1:
            raise InputError("Please one answer.", hint=f"One of {', '.join(self.options)}.")
        for part in chosen:
            if part not in self.options:
                raise InputError(
                    f"{part!r} is no answer to this question.",
                    hint=f"It takes {', '.join(self.options)}.",
                )
        return SEPARATOR.join(option for option in self.options if option in chosen)

    def advice_for(self, answer: str) -> Advice | None:
        """What the guide says to this answer (as :meth:`read` gives it); None: nothing."""
        found = {self.advice[part] for part in answer.split(SEPARATOR) if part in self.advice}
        return Advice.NOW if Advice.NOW in found else next(iter(found), None)


_SCALE = tuple(str(number) for number in range(11))
_OPTIONS = {QuestionKind.SCALE: _SCALE, QuestionKind.YES_NO: ("yes", "no")}


def pain_question(
    question_id: QuestionId, *, exercise: str = "", side: Side = Side.NONE
) -> Question:
    """How much does it hurt, 0 to 10: before, after an exercise, at the end."""
    return Question(question_id, QuestionKind.SCALE, _SCALE, exercise, side)


def guide_questions() -> tuple[Question, ...]:
    """The guide's questions, in the order they are asked."""
    return _guide()


def find_question(question_id: QuestionId) -> Question:
    """The question of that id, about no exercise in particular."""
    if question_id is QuestionId.HURT:
        return Question(question_id, QuestionKind.YES_NO, _OPTIONS[QuestionKind.YES_NO])
    for question in guide_questions():
        if question.id is question_id:
            return question
    return pain_question(question_id)


@functools.cache
def _guide() -> tuple[Question, ...]:
    text = (files("sensorhub.coach") / "questions.toml").read_text(encoding="utf-8")
    found = []
    for row in tomllib.loads(text)["question"]:
        question = Question(QuestionId(row["id"]), QuestionKind(row["kind"]))
        options = _OPTIONS.get(question.kind) or tuple(row.get("options", ()))
        advice = {option: Advice(what) for option, what in row.get("advice", {}).items()}
        if unknown := advice.keys() - set(options):
            raise InputError(f"questions.toml: {question.id} has no option {sorted(unknown)}.")
        found.append(replace(question, options=options, advice=advice))
    return tuple(found)
