"""The terminal: readable without colour, without a terminal, never silent about a lost signal."""

import io
import os
import pty
from collections.abc import Iterator
from dataclasses import replace
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.coach.dose import Dose
from sensorhub.coach.machine import CoachState
from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.said import note
from sensorhub.coach.snapshot import SensorView, Snapshot
from sensorhub.daemon.screen.digits import bar, big_number
from sensorhub.daemon.screen.live_view import PictureView, PlainView, picture, view_for
from sensorhub.model.live import LiveState
from sensorhub.model.placement import Placement, Side

SQUATS = PlannedSet("squat", Side.BOTH, 1, 2, Dose(reps=10), 20.0)
STRETCH = PlannedSet("kneeling_hip_flexor_stretch", Side.RIGHT, 1, 1, Dose(hold_s=30.0), 20.0)


def a_snapshot(
    *,
    at_s: float = 1.0,
    count: int = 0,
    partial: int = 0,
    unsure: int = 0,
    held_s: float = 0.0,
    lost_s: float | None = None,
    planned: PlannedSet = SQUATS,
    running: bool = True,
) -> Snapshot:
    live = LiveState(count, partial, unsure, held_s or None, 1.1, 1.5) if running else None
    sensor = SensorView(Placement.THIGH_RIGHT, "streaming", lost_s, 0.99, 87)
    return Snapshot(
        elapsed_s=at_s,
        state=CoachState.RUNNING if running else CoachState.PREPARING,
        title="Squat",
        planned=planned,
        live=live,
        banked_hold_s=held_s,
        remaining_rest_s=None,
        sensors=[sensor],
        simulated=True,
    )


def test_plain_lines_say_each_thing_once() -> None:
    out = io.StringIO()
    view = PlainView(out)
    view.say(note("Begin."), elapsed_s=62.04)
    for at_s, count, unsure in ((63, 0, 0), (64, 0, 0), (65, 1, 1), (66, 1, 0), (67, 2, 0)):
        view.show(a_snapshot(at_s=at_s, count=count, unsure=unsure))
    view.close()
    assert out.getvalue().splitlines() == [
        "[01:02.0] Begin.",
        "[01:03.0] thigh_right: streaming, 99% arriving, battery 87 %",
        "[01:05.0]   1 of 10, not sure yet",
        "[01:06.0]   1 confirmed",
        "[01:07.0]   2 of 10",
    ]


def test_plain_holding_is_said_every_five_seconds() -> None:
    out = io.StringIO()
    view = PlainView(out)
    for step in range(140):
        view.show(a_snapshot(held_s=step / 10, planned=STRETCH))
    assert [line[10:] for line in out.getvalue().splitlines()[1:]] == [
        "  holding: 5 s",
        "  holding: 10 s",
    ]


@pytest.mark.parametrize("lost_s", [0.6, 12.0])
def test_a_lost_signal_is_loud_in_both_views(lost_s: float) -> None:
    out = io.StringIO()
    PlainView(out).show(a_snapshot(lost_s=lost_s))
    assert "SIGNAL LOST" in out.getvalue()
    assert "SIGNAL LOST" in "\n".join(picture(a_snapshot(lost_s=lost_s)))


def test_a_sensor_that_gave_up_says_why_and_what_to_do_in_both_views() -> None:
    shot = a_snapshot(lost_s=3.0)
    advice = "Bluetooth ist ausgeschaltet. " + "Schalten Sie es ein, und zwar bald. " * 3
    given_up = replace(
        shot.sensors[0], state="gave up", gave_up=True, code="off", advice=advice.strip()
    )
    shot = replace(shot, sensors=[given_up])
    out = io.StringIO()
    PlainView(out).show(shot)
    assert f"!! thigh_right: gave up (off). {advice.strip()}" in out.getvalue()
    lines = picture(shot)
    assert max(map(len, lines)) <= 80
    assert advice.strip() in " ".join(" ".join(lines).split())


@given(
    st.builds(
        a_snapshot,
        count=st.integers(0, 999),
        partial=st.integers(0, 9),
        unsure=st.integers(0, 9),
        held_s=st.floats(0, 500),
        lost_s=st.none() | st.floats(0, 1e6),
        planned=st.sampled_from([SQUATS, STRETCH]),
        running=st.booleans(),
    )
)
def test_any_picture_fits_a_small_terminal_and_has_no_escape_codes(snapshot: Snapshot) -> None:
    lines = picture(snapshot)
    assert len(lines) <= 20
    for line in lines:
        assert len(line) <= 80
        assert line.isprintable()


def test_big_numbers_are_five_lines_of_equal_length() -> None:
    for value in (0, 7, 42, 1234567890):
        lines = big_number(value)
        assert len(lines) == 5
        assert len({len(line) for line in lines}) == 1
    assert len({tuple(big_number(d)) for d in range(10)}) == 10


def test_the_bar_fills_and_shows_the_target() -> None:
    assert bar(0.0, None, full_deg=100.0, width=10) == "[----------]"
    assert bar(50.0, None, full_deg=100.0, width=10) == "[#####-----]"
    assert bar(500.0, None, full_deg=100.0, width=10) == "[##########]"
    assert bar(20.0, 90.0, full_deg=100.0, width=10) == "[##-------|]"
    assert bar(-20.0, 100.0, full_deg=100.0, width=10) == "[----------]"


@pytest.fixture
def terminal() -> Iterator[tuple[TextIO, int]]:
    master, slave = pty.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as stream:
        yield stream, master
    os.close(master)


def test_a_terminal_gets_the_picture_and_its_cursor_back(terminal: tuple[TextIO, int]) -> None:
    stream, master = terminal
    view = view_for(stream, {"TERM": "xterm"})
    assert isinstance(view, PictureView)
    view.show(a_snapshot(at_s=1.0, count=3))
    view.say(note("Half way."), elapsed_s=1.1)
    view.show(a_snapshot(at_s=2.0, count=4))
    view.close()
    shown = ""
    while not shown.endswith("\x1b[?25h"):  # a terminal hands over what it has, not all there is
        shown += os.read(master, 1 << 16).decode()
    assert "\u2588" in shown
    assert "Half way." in shown


@pytest.mark.parametrize("environ", [{"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
def test_no_escape_codes_where_they_are_not_wanted(
    terminal: tuple[TextIO, int], environ: dict[str, str]
) -> None:
    assert isinstance(view_for(terminal[0], environ), PlainView)


def test_a_pipe_gets_plain_lines() -> None:
    assert isinstance(view_for(io.StringIO(), {"TERM": "xterm"}), PlainView)
