"""The questions that are open, one at a time, and the rule by which pain stops the programme."""

from collections import deque
from collections.abc import Iterable

from sensorhub.coach.prompts import PromptKey
from sensorhub.coach.questions import (
    Asking,
    Question,
    QuestionId,
    QuestionKind,
    guide_questions,
    pain_question,
)
from sensorhub.coach.settings import PAIN_RISE, PAIN_SEVERE

OWN_WORDS_TIMES = 3.0
"""Own words take so many times as long as a choice."""

PAIN_IDS = frozenset({QuestionId.PAIN_BEFORE, QuestionId.PAIN, QuestionId.PAIN_AFTER})


class Interview:
    """A queue of questions; the first of them is the one that is open.

    Args:
        asking: which questions are asked without being asked for.
    """

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._queue: deque[Question] = deque()

    @property
    def question(self) -> Question | None:
        """The one to be answered now."""
        return self._queue[0] if self._queue else None

    def ask_first(self) -> None:
        """The session begins."""
        if self._asking is Asking.EVERYTHING:
            self.ask_guide()
        self._ask_pain(QuestionId.PAIN_BEFORE)

    def ask_guide(self) -> None:
        """The person wants the guide's questions, or has not heard them yet."""
        self._add(guide_questions())

    def ask_after(self, exercise: str) -> None:
        """An exercise is done."""
        self._ask_pain(QuestionId.PAIN, exercise)

    def ask_hurt(self, exercise: str) -> None:
        """It hurt: somebody is there to be asked, whatever else is asked."""
        self._add([pain_question(QuestionId.PAIN, exercise=exercise)])

    def ask_last(self) -> None:
        """The session ends."""
        self._ask_pain(QuestionId.PAIN_AFTER)

    def drop(self) -> None:
        """The open question is done with, answered or not."""
        if self._queue:
            self._queue.popleft()

    def clear(self) -> None:
        """Ask nothing any more."""
        self._queue.clear()

    def limit_s(self, answer_s: float) -> float:
        """How long the open question waits, in seconds."""
        own_words = self.question is not None and self.question.kind is QuestionKind.TEXT
        return answer_s * OWN_WORDS_TIMES if own_words else answer_s

    def _ask_pain(self, question_id: QuestionId, exercise: str = "") -> None:
        if self._asking is not Asking.NOTHING:
            self._add([pain_question(question_id, exercise=exercise)])

    def _add(self, questions: Iterable[Question]) -> None:
        self._queue.extend(q for q in questions if q not in self._queue)


class PainRule:
    """Pain that rises or is severe stops the programme. No setting changes that."""

    def __init__(self) -> None:
        self._before: int | None = None

    def judge(self, question: Question, answer: str) -> PromptKey | None:
        """What is said to stop the programme; None: it goes on."""
        if question.id not in PAIN_IDS:
            return None
        pain = int(answer)
        # Who did not say it before the first set is measured by what they said first.
        if question.id is QuestionId.PAIN_BEFORE or self._before is None:
            self._before = pain
        if pain >= PAIN_SEVERE:
            return PromptKey.PAIN_SEVERE
        if pain - self._before >= PAIN_RISE:
            return PromptKey.PAIN_ROSE
        return None
