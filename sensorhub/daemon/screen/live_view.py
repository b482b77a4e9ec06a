"""The session in the terminal: a picture redrawn in place, or plain lines where that cannot be.

Plain lines are for pipes, logs, screen readers and ``NO_COLOR``: no escape codes, nothing redrawn,
each thing said once when it happens, flushed at once.
"""

import os
import textwrap
from collections.abc import Callable, Mapping
from typing import Protocol, TextIO

from sensorhub.coach.dose import counted
from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.prompts import PromptKey
from sensorhub.coach.questions import QuestionKind
from sensorhub.coach.said import Said, note
from sensorhub.coach.snapshot import SensorView, Snapshot
from sensorhub.coach.states import CoachState
from sensorhub.daemon.screen.digits import bar, big_number
from sensorhub.exercises.definition import load_library
from sensorhub.model.units import DEG_PER_RAD

REDRAW_S = 0.1
WIDTH = 78
"""A line that a small terminal would break moves the picture."""

HOLD_STEP_S = 5
BAR_FULL_DEG = 120.0
KEYS = "Enter: go on  s: skip  r: again  p: pause  h: that hurt  ?: ask me  q: stop"

_CLEAR_LINE, _UP, _HIDE, _SHOW = "\x1b[2K", "\x1b[{}A", "\x1b[?25l", "\x1b[?25h"


class View(Protocol):
    """Shows a session. ``say`` is for sentences, ``show`` for the picture between them."""

    def say(self, said: Said, *, elapsed_s: float) -> None: ...

    def show(self, snapshot: Snapshot) -> None: ...

    def close(self) -> None: ...


def view_for(stream: TextIO, environ: Mapping[str, str] = os.environ) -> View:
    """The view that fits where the text goes."""
    dumb = environ.get("TERM", "") in ("", "dumb") or environ.get("NO_COLOR", "") != ""
    return PlainView(stream) if dumb or not stream.isatty() else PictureView(stream)


class LastingView:
    """A view that outlives its screen: a closed terminal, a pipe that nobody reads any more.

    The session then still has to be closed in order, so this is told once (``on_gone``) and nothing
    is written any more.
    """

    def __init__(self, view: View, *, on_gone: Callable[[], None]) -> None:
        self._view = view
        self._on_gone = on_gone
        self._gone = False

    def say(self, said: Said, *, elapsed_s: float) -> None:
        """Say it, as long as somebody is there."""
        self._try(lambda: self._view.say(said, elapsed_s=elapsed_s))

    def show(self, snapshot: Snapshot) -> None:
        """Show it, as long as somebody is there."""
        self._try(lambda: self._view.show(snapshot))

    def close(self) -> None:
        """Give the screen back, if it is still there."""
        self._try(self._view.close)

    def _try(self, write: Callable[[], None]) -> None:
        if self._gone:
            return
        try:
            write()
        except (OSError, ValueError):  # ValueError: the stream was closed
            self._gone = True
            self._on_gone()


# Numbers that are spoken are shown in other ways: said once more in writing they would only crowd.
_IN_THE_LINES = frozenset({PromptKey.COUNT})
_IN_THE_PICTURE = frozenset({PromptKey.COUNT, PromptKey.SECONDS_LEFT})


def _is_one_of(said: Said, keys: frozenset[PromptKey]) -> bool:
    return said.prompt is not None and said.prompt.key in keys


class PlainView:
    """One line a happening."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._count: tuple[int, int] | None = None
        self._unsure = 0
        self._held_steps = 0
        self._states: dict[str, tuple[str, bool]] = {}

    def say(self, said: Said, *, elapsed_s: float) -> None:
        """Print a sentence with the time since the session began."""
        if _is_one_of(said, _IN_THE_LINES):
            return
        minutes, seconds = divmod(max(0.0, elapsed_s), 60.0)
        self._stream.write(f"[{minutes:02.0f}:{seconds:04.1f}] {said.text}\n")
        self._stream.flush()

    def show(self, snapshot: Snapshot) -> None:
        """Print what is new in the picture since the last call."""
        for sensor in snapshot.sensors:
            seen = (
                f"{sensor.state} {sensor.code if sensor.gave_up else ''}",
                sensor.lost_s is not None,
            )
            if self._states.get(sensor.placement) != seen:
                self._states[sensor.placement] = seen
                self.say(note(_sensor_line(sensor)), elapsed_s=snapshot.elapsed_s)
        live = snapshot.live
        if live is None:
            self._count, self._held_steps = None, 0
            return
        count = (live.count, live.partial)
        if self._count is not None and count != self._count:
            self.say(note(_count_line(snapshot)), elapsed_s=snapshot.elapsed_s)
        elif self._unsure > live.unsure and live.unsure == 0 and count[0]:
            self.say(note(f"  {count[0]} confirmed"), elapsed_s=snapshot.elapsed_s)
        self._count, self._unsure = count, live.unsure
        holding = snapshot.planned is not None and snapshot.planned.dose.hold_s is not None
        steps = int(snapshot.banked_hold_s / HOLD_STEP_S) if holding else 0
        if steps > self._held_steps:
            self.say(note(f"  holding: {steps * HOLD_STEP_S} s"), elapsed_s=snapshot.elapsed_s)
        self._held_steps = steps

    def close(self) -> None:
        """Nothing is held back."""
        self._stream.flush()


class PictureView:
    """Sentences scroll; below them the picture is redrawn in place."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._height = 0
        self._drawn_s = -REDRAW_S
        self._last: Snapshot | None = None
        encoding = (stream.encoding or "").lower().replace("-", "")
        self._ink = "\u2588" if encoding == "utf8" else "#"
        stream.write(_HIDE)

    def say(self, said: Said, *, elapsed_s: float) -> None:
        """Print a sentence above the picture."""
        if _is_one_of(said, _IN_THE_PICTURE):
            return
        self._erase()
        self._stream.write(f"{said.text}\n")
        if self._last is not None:
            self._draw(self._last)
        self._stream.flush()
        del elapsed_s  # a person in front of the picture does not need the time of every sentence

    def show(self, snapshot: Snapshot) -> None:
        """Redraw, but not more often than an eye can follow."""
        self._last = snapshot
        if abs(snapshot.elapsed_s - self._drawn_s) < REDRAW_S:
            return
        self._drawn_s = snapshot.elapsed_s
        self._erase()
        self._draw(snapshot)
        self._stream.flush()

    def close(self) -> None:
        """Take the picture away and give the cursor back."""
        self._erase()
        self._last = None
        self._stream.write(_SHOW)
        self._stream.flush()

    def _erase(self) -> None:
        if self._height:
            self._stream.write(_UP.format(self._height) + "\r" + "\x1b[J")
            self._height = 0

    def _draw(self, snapshot: Snapshot) -> None:
        lines = picture(snapshot, ink=self._ink)
        self._stream.write("".join(f"{_CLEAR_LINE}{line}\n" for line in lines))
        self._height = len(lines)


def picture(snapshot: Snapshot, *, ink: str = "#") -> list[str]:
    """The session as lines of text."""
    lines = [""]
    planned = snapshot.planned
    if planned is not None:
        simulated = "   (simulated)" if snapshot.simulated else ""
        side = f", {planned.side}" if planned.side in ("left", "right") else ""
        head = f"{snapshot.title}{side}   set {planned.number} of {planned.of}   {_dose(planned)}"
        lines.append(f"  {head}{simulated}")
    lines += ["", *(f"    {row}" for row in _big(snapshot, ink)), ""]
    lines.append(f"  {_status(snapshot)}")
    live = snapshot.live
    if live is not None and live.angle_rad is not None:
        angle_deg = live.angle_rad * DEG_PER_RAD
        target_deg = None if live.target_rad is None else live.target_rad * DEG_PER_RAD
        lines.append(f"  {bar(angle_deg, target_deg, full_deg=BAR_FULL_DEG)} {angle_deg:5.0f} deg")
    for sensor in snapshot.sensors:
        lines += textwrap.wrap(
            _sensor_line(sensor), WIDTH, initial_indent="  ", subsequent_indent="    "
        )
    lines.append(f"  {KEYS}")
    return lines


def _dose(planned: PlannedSet) -> str:
    return planned.dose.words(counted(load_library()[planned.exercise]))


_HOW_TO_ANSWER = {
    QuestionKind.SCALE: "0 to 10, then Enter (Enter alone: no answer)",
    QuestionKind.YES_NO: "y or n (Enter: no answer)",
    QuestionKind.CHOICE: "a number, then Enter (Enter alone: no answer)",
    QuestionKind.CHOICES: "numbers, then Enter (Enter alone: no answer)",
    QuestionKind.TEXT: "then Enter",
}


def _big(snapshot: Snapshot, ink: str) -> list[str]:
    if snapshot.remaining_rest_s is not None:
        return big_number(round(snapshot.remaining_rest_s), ink=ink)
    if snapshot.live is None:
        return [""] * 5
    holding = snapshot.planned is not None and snapshot.planned.dose.hold_s is not None
    return big_number(int(snapshot.banked_hold_s) if holding else snapshot.live.count, ink=ink)


_STATUS = {
    CoachState.CHECKING: "checking the sensors",
    CoachState.PREPARING: "take the start position and keep still (or press Enter)",
    CoachState.RESTING: "rest",
    CoachState.PAUSED: "paused: press p to go on, q to stop",
}


def _status(snapshot: Snapshot) -> str:
    if snapshot.question is not None:
        return f"{_HOW_TO_ANSWER[snapshot.question.kind]}: {snapshot.typed[-40:]}_"
    live = snapshot.live
    if live is None:
        return _STATUS.get(snapshot.state, str(snapshot.state))
    parts = [f"{live.partial} partial"] if live.partial else []
    parts += [f"{live.unsure} not sure yet"] if live.unsure else []
    parts += [f"holding {live.hold_s:.1f} s"] if live.hold_s else []
    tempo = snapshot.tempo
    if tempo is not None and tempo.last_s is not None:
        fast = ", slower please" if tempo.too_fast else ""
        parts.append(f"{tempo.last_s:.1f} s each{fast}")
    return "   ".join(parts) or "go"


def _count_line(snapshot: Snapshot) -> str:
    assert snapshot.live is not None
    live = snapshot.live
    dose = None if snapshot.planned is None else snapshot.planned.dose
    if dose is not None and dose.hold_s is not None:
        return f"  hold {live.count}"
    target = None if dose is None else dose.reps
    parts = [f"  {live.count}" if target is None else f"  {live.count} of {target}"]
    parts += [f"{live.partial} partial"] if live.partial else []
    parts += ["not sure yet"] if live.unsure else []
    return ", ".join(parts)


def _sensor_line(sensor: SensorView) -> str:
    if sensor.gave_up:
        return f"!! {sensor.placement}: {sensor.state} ({sensor.code}). {sensor.advice}"
    if sensor.lost_s is not None:
        return f"!! {sensor.placement}: SIGNAL LOST for {sensor.lost_s:.0f} s ({sensor.state})"
    if sensor.state != "streaming":
        return f"{sensor.placement}: {sensor.state}"
    battery = "" if sensor.battery_percent is None else f", battery {sensor.battery_percent} %"
    return f"{sensor.placement}: {sensor.state}, {sensor.arrived_share:.0%} arriving{battery}"
