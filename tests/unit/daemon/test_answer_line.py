"""Answers typed letter by letter become what a question takes, or a key stays a key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.coach.questions import QuestionId, find_question
from sensorhub.daemon.screen.answer_line import AnswerLine
from sensorhub.daemon.screen.keys import KEYS


def typed(question_id: QuestionId, letters: str) -> list[str]:
    line, question = AnswerLine(), find_question(question_id)
    values = [line.type(one, question) for one in letters if line.takes(one, question)]
    return [value for value in values if value is not None]


@pytest.mark.parametrize(
    ("question", "letters", "answers"),
    [
        (QuestionId.PAIN_BEFORE, "10\n", ["10"]),
        (QuestionId.PAIN_BEFORE, "14\x7f\r", ["1"]),
        (QuestionId.PAIN_BEFORE, "\n", [""]),
        (QuestionId.PAIN_BEFORE, "5", []),
        (QuestionId.NUMBNESS, "y", ["yes"]),
        (QuestionId.NUMBNESS, "j", ["yes"]),
        (QuestionId.NUMBNESS, "n", ["no"]),
        (QuestionId.PAIN_WORD, "3\n", ["sharp"]),
        (QuestionId.WHERE, "3 1\n", ["groin,hip_side"]),
        (QuestionId.WHERE, "99\n", ["99"]),
        (QuestionId.COMMENT, "quite good, 7\n", ["quite good, 7"]),
    ],
)
def test_letters_become_an_answer(question: QuestionId, letters: str, answers: list[str]) -> None:
    assert typed(question, letters) == answers


def test_a_key_stays_a_key_but_in_own_words() -> None:
    line = AnswerLine()
    assert not line.takes("q", find_question(QuestionId.PAIN_BEFORE))
    assert not line.takes("h", find_question(QuestionId.WHERE))
    assert line.takes("h", find_question(QuestionId.COMMENT))
    assert len(set(KEYS.values())) == 7


@given(st.sampled_from(QuestionId), st.text(max_size=700))
def test_anything_may_be_typed(question_id: QuestionId, letters: str) -> None:
    line, question = AnswerLine(), find_question(question_id)
    for letter in letters:
        if line.takes(letter, question):
            line.type(letter, question)
    assert len(line.text) <= 500
