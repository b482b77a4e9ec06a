"""Frames: the latest only, in every language, each thing said once, nothing of anybody else."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from web_rig import snapshot_of

from sensorhub.coach.prompts import Prompt, PromptKey
from sensorhub.coach.questions import QuestionId, find_question
from sensorhub.coach.said import Said, note
from sensorhub.coach.snapshot import SensorView, Tempo
from sensorhub.model.placement import Placement
from sensorhub.web.board import Board, Kind


@pytest.fixture
def board() -> Iterator[Board]:
    """A board that somebody looks at."""
    made = Board(wall_ms=lambda: 5000.0)
    with made.viewer():
        yield made


def frame(board: Board, person: str = "P-A") -> dict[str, object]:
    found: dict[str, object] = json.loads(board.frame_for(person, fresh=True))
    return found


def test_a_slow_viewer_gets_the_latest_and_nobody_waits() -> None:
    async def go() -> None:
        board = Board(wall_ms=lambda: 0.0)
        with board.viewer() as box:
            for count in range(1000):
                board.publish(snapshot_of(count), person="P-A", plan="x")
            assert await box.wait(60.0)
            assert frame(board)["live"]["count"] == 999  # type: ignore[index]
            assert box.dropped == 999
            assert not await box.wait(0.01), "there is one frame and not a thousand"

    asyncio.run(go())


def test_nothing_is_encoded_while_nobody_looks() -> None:
    board = Board(wall_ms=lambda: 0.0)
    board.publish(snapshot_of(3), person="P-A", plan="x")
    assert frame(board)["kind"] == "beat"


def test_a_sign_of_life_is_no_picture(board: Board) -> None:
    board.publish(snapshot_of(3), person="P-A", plan="x")
    assert frame(board)["kind"] == "live"
    beat = json.loads(board.frame_for("P-A", fresh=False))
    assert beat.keys() == {"kind", "n", "t", "text"}


@pytest.mark.parametrize("kind", list(Kind))
def test_others_are_told_that_somebody_exercises_and_nothing_more(board: Board, kind: Kind) -> None:
    if kind is Kind.LIVE:
        board.publish(snapshot_of(3), person="P-A", plan="secret")
    else:
        board.show(kind, person="P-A", text="secret")
    seen = board.frame_for("P-B", fresh=True)
    assert "secret" not in seen
    assert json.loads(seen)["kind"] == ("idle" if kind is Kind.FAILED else "busy")


def test_each_thing_said_has_one_number_for_ever(board: Board) -> None:
    first = Said("Begin.", prompt=Prompt(PromptKey.BEGIN))
    again = replace(first)  # the same words a second time are said a second time
    board.publish(snapshot_of(0, said=(first,)), person="P-A", plan="x")
    board.publish(snapshot_of(0, said=(first, again, note("plain"))), person="P-A", plan="x")
    said = frame(board)["said"]
    assert [one["id"] for one in said] == [1, 2, 3]  # type: ignore[attr-defined]
    assert said[0]["text"] == {"en": "Begin.", "de": "Los."}  # type: ignore[index]
    assert said[2] == {  # type: ignore[index]
        "id": 3,
        "key": "",
        "text": {"en": "plain"},
        "sound": {},
        "aloud": False,
        "urgent": False,
    }


def test_a_frame_says_how_old_it_is_and_how_each_link_is(board: Board) -> None:
    thigh = SensorView(Placement.THIGH_RIGHT, "streaming", None, 0.98, 77, age_s=0.03)
    pelvis = SensorView(Placement.PELVIS, "signal lost", 1.2, 0.5, None, age_s=1.25)
    tempo = Tempo(1.0, 1.5, 3.0)
    shot = snapshot_of(2, sensors=(thigh, pelvis), tempo=tempo, counted_age_s=0.02)
    board.publish(shot, person="P-A", plan="x")
    seen = frame(board)
    assert seen["age_ms"] == 30
    assert seen["counted_age_ms"] == 20
    assert seen["sensors"] == [
        {
            "placement": "thigh_right",
            "state": "streaming",
            "lost_s": None,
            "age_ms": 30,
            "share": 0.98,
            "battery": 77,
            "problem": "",
            "reason": "",
        },
        {
            "placement": "pelvis",
            "state": "signal lost",
            "lost_s": 1.2,
            "age_ms": 1250,
            "share": 0.5,
            "battery": None,
            "problem": "",
            "reason": "",
        },
    ]
    assert seen["tempo"]["too_fast"] is True  # type: ignore[index]
    assert seen["live"]["unsure"] == 1  # type: ignore[index]


def test_why_a_link_gave_up_is_said_in_every_language(board: Board) -> None:
    given_up = SensorView(
        Placement.THIGH_RIGHT, "gave up", None, 0.0, None,
        problem="Not allowed.", hint="Log in again.", code="denied", gave_up=True,
    )  # fmt: skip
    unknown = replace(given_up, code="something new")
    board.publish(snapshot_of(0, sensors=(given_up, unknown)), person="P-A", plan="x")
    first, second = frame(board)["sensors"]
    assert first["reason"] == "denied"
    assert first["problem"]["en"] == "Not allowed. Log in again."
    assert first["problem"]["de"].startswith("Bluetooth ist hier nicht erlaubt.")
    assert second["problem"]["de"] == "Not allowed. Log in again."


def test_a_question_is_asked_in_every_language(board: Board) -> None:
    board.publish(
        snapshot_of(0, question=find_question(QuestionId.NUMBNESS)), person="P-A", plan="x"
    )
    question = frame(board)["question"]
    assert question["options"] == ["yes", "no"]  # type: ignore[index]
    assert question["words"]["de"] == {"yes": "ja", "no": "nein"}  # type: ignore[index]
    assert set(question["ask"]) == {"en", "de"}  # type: ignore[index]


def test_a_frame_is_small(board: Board) -> None:
    said = [Said("Begin.", prompt=Prompt(PromptKey.BEGIN)) for _ in range(6)]
    board.publish(snapshot_of(2, said=said), person="P-A", plan="x")
    assert len(board.frame_for("P-A", fresh=True)) < 2048
