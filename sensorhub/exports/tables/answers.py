"""``answers.csv``: what the person said, as they said it. Nothing in here is interpreted."""

from dataclasses import replace

from sensorhub.coach.questions import (
    SEPARATOR,
    Advice,
    Question,
    QuestionId,
    QuestionKind,
    find_question,
)
from sensorhub.coach.texts import DEFAULT_LANGUAGE, QuestionText, load_texts
from sensorhub.exercises.definition import load_library
from sensorhub.exports.tables.columns import SIDES, moment, text, whole
from sensorhub.exports.tables.rows import AnswerRow
from sensorhub.exports.tables.table import Table
from sensorhub.model.units import NS_PER_S


def _question(row: AnswerRow) -> Question:
    return replace(find_question(row.answer.kind), exercise=row.exercise)


def _words(row: AnswerRow) -> QuestionText:
    texts = load_texts(DEFAULT_LANGUAGE, library=load_library())
    return texts.question(_question(row))


def _answer_words(row: AnswerRow) -> str:
    said = row.answer.text
    if _question(row).kind is QuestionKind.TEXT:
        return said
    options = _words(row).options
    return f"{SEPARATOR} ".join(options.get(part, part) for part in said.split(SEPARATOR))


def _advice(row: AnswerRow) -> str | None:
    return _question(row).advice_for(row.answer.text)


ANSWERS: Table[AnswerRow] = Table(
    file="answers.csv",
    title="What the person said",
    row_meaning="One row an answer, in the order they were given. Never interpreted.",
    key=("session", "number"),
    columns=(
        text("session", "Name of the session.", lambda row: row.session.name, required=True),
        whole(
            "number",
            "Number of the answer within the session, from 1.",
            lambda row: row.number,
            minimum=1,
            required=True,
        ),
        moment(
            "answered_at",
            "When it was said.",
            lambda row: row.session.wall_clock(row.answer.answered_ns / NS_PER_S),
            required=True,
        ),
        text(
            "question",
            "Id of the question; hurt: the person said unasked that it hurt.",
            lambda row: row.answer.kind,
            choices=tuple(QuestionId),
            required=True,
        ),
        text("asked", "The question in English.", lambda row: _words(row).ask, required=True),
        whole(
            "set_number",
            "The set it is about (of an exercise: its last set); 0: the whole session, or, where"
            " exercise is not empty, a set that was not begun.",
            lambda row: row.answer.set_number,
            minimum=0,
            required=True,
        ),
        text(
            "exercise",
            "Id of the exercise it is about; empty: the whole session.",
            lambda row: row.exercise or None,
        ),
        text(
            "side",
            "Side of the body that set was done on.",
            lambda row: row.side,
            choices=SIDES,
        ),
        text(
            "answer",
            "The answer: a number of a scale (0 to 10), the ids of what was chosen, separated by"
            " commas, or the person's own words.",
            lambda row: row.answer.text,
            required=True,
        ),
        text("answer_text", "The answer in English words.", _answer_words, required=True),
        text(
            "advice",
            "What the guide says to this answer, and was shown at once: now: this needs a doctor"
            " now. soon: see a doctor before going on. Empty: nothing.",
            _advice,
            choices=tuple(Advice),
        ),
    ),
)
