"""In a real terminal: the picture, the keys, and a terminal that is given back as it was."""

import asyncio
import io
import os
import pty
import re
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest
from visits import PATIENCE_S, Simulation, run_squats, sensorhub, simulation, squats_on_cue

from sensorhub.cli.plans import plan_of_one
from sensorhub.daemon.run import run_session
from sensorhub.daemon.screen.live_view import PlainView
from sensorhub.daemon.visit.running_set import RunningSet
from sensorhub.daemon.visit.settings import RunSettings
from sensorhub.exercises.definition import find_exercise
from sensorhub.model.live import LiveEvent
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.values import AnswerKind
from sensorhub.transports.replay import write_records
from sensorhub.transports.uri import ReplayUri

SPEED = 8.0
LONG_SET = 50
"""Repetitions of a set that a key ends: it does not end by itself before that is pressed."""


class Terminal:
    """``sensorhub`` in a pseudo-terminal, and what it shows."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, **env}
        )
        self.shown = ""
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while chunk := os.read(self._master, 65536):
            with self._changed:
                self.shown += chunk.decode("utf-8", "replace")
                self._changed.notify_all()
            if "#THE END#" in self.shown:
                return

    def wait_for(self, pattern: str) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        with self._changed:
            while not re.search(pattern, self.shown):
                assert time.monotonic() < deadline_s, f"no {pattern!r} in {self.shown[-3000:]!r}"
                assert self.process.poll() is None or self._changed.wait(PATIENCE_S), self.shown[
                    -3000:
                ]
                self._changed.wait(0.2)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def settings(self) -> list[object]:
        return list(termios.tcgetattr(self._slave))

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.write(self._slave, b"#THE END#")  # the reader's sign to stop
        self._reader.join(PATIENCE_S)
        os.close(self._slave)
        os.close(self._master)


def command(sim: Simulation, data: Path, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "sensorhub", "--data", str(data), "run", "squat"),
        f"--reps={LONG_SET}",
        *(f"--speed={SPEED:g}", f"--sensor=thigh_right={sim.uris['thigh_right']}"),
        *more,
    ]


def test_keys_picture_and_a_terminal_given_back(tmp_path: Path) -> None:
    with simulation(
        tmp_path,
        scenario=squats_on_cue(tmp_path, reps=LONG_SET),
        sensors=[f"thigh_right@pty:{tmp_path}/thigh"],
        speed=SPEED,
    ) as sim:
        terminal = Terminal(command(sim, tmp_path / "data", "--no-questions"), {"TERM": "xterm"})
        try:
            terminal.wait_for("take the start position")
            terminal.press("\n")
            terminal.wait_for("Begin")
            terminal.wait_for("\u2588")
            terminal.press("q")
            terminal.wait_for("sensorhub export")
            assert terminal.process.wait(PATIENCE_S) == 0
            assert terminal.settings() == terminal.before
        finally:
            terminal.close()
    assert "\x1b[?25h" in terminal.shown
    assert terminal.shown.rindex("\x1b[?25h") > terminal.shown.rindex("\x1b[?25l")
    assert "Traceback" not in terminal.shown


def test_questions_are_asked_and_answered_by_key(tmp_path: Path) -> None:
    """The first session: the guide's questions, pain before, "that hurt", pain after."""
    with simulation(
        tmp_path,
        scenario=squats_on_cue(tmp_path, reps=LONG_SET),
        sensors=[f"thigh_right@pty:{tmp_path}/thigh"],
        speed=SPEED,
    ) as sim:
        terminal = Terminal(command(sim, tmp_path / "data"), {"TERM": "xterm"})
        try:
            terminal.wait_for("bladder or bowel")
            terminal.press("n")
            terminal.wait_for("numbness or weakness")
            terminal.press("n")
            terminal.wait_for("Which word fits")
            terminal.press("2\n")
            terminal.wait_for("see a doctor before you go on(?s:.)*Paused")
            terminal.press("p")
            terminal.wait_for("Where do you feel it")
            terminal.press("1 3\n")
            for asked in ("just feel tight", "grind", "pop", "weight on it", "lift the leg"):
                terminal.wait_for(asked)
                terminal.press("\n")
            for asked in ("long time in one", "makes it better", "tell your therapist"):
                terminal.wait_for(asked)
                terminal.press("\n")
            terminal.wait_for("How much does it hurt now, from 0")
            terminal.press("11\n")
            terminal.wait_for("is no answer to this question")
            terminal.press("3\n")
            terminal.wait_for("take the start position")
            terminal.press("\n")
            terminal.wait_for("Begin")
            terminal.press("h")
            terminal.wait_for("That it hurt is noted")
            terminal.wait_for("How much did it hurt during Squat")
            terminal.press("4\n")
            terminal.wait_for("after the session")
            terminal.press("2\n")
            terminal.wait_for("sensorhub export")
            assert terminal.process.wait(PATIENCE_S) == 0
        finally:
            terminal.close()
    session = StoreReader(tmp_path / "data" / "sessions.sqlite").session("last")
    assert [(a.kind, a.text, a.set_number) for a in session.answers] == [
        (AnswerKind.BLADDER_BOWEL, "no", 0),
        (AnswerKind.NUMBNESS, "no", 0),
        (AnswerKind.PAIN_WORD, "sharp_severe", 0),
        (AnswerKind.WHERE, "hip_side,groin", 0),
        (AnswerKind.PAIN_BEFORE, "3", 0),
        (AnswerKind.HURT, "yes", 1),
        (AnswerKind.PAIN, "4", 1),
        (AnswerKind.PAIN_AFTER, "2", 0),
    ]
    assert len(session.sets) == 1


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw log of five squats, as a file."""
    folder = tmp_path_factory.mktemp("recorded")
    with simulation(
        folder,
        # Played back, it does not wait: the set must have begun before the first squat comes, which
        # a busy computer may take its time for.
        scenario=squats_on_cue(folder, reps=5, rest_s=12.0),
        sensors=[f"thigh_right@pty:{folder}/thigh"],
        speed=SPEED,
    ) as sim:
        hub = run_squats(sim, data=folder / "data", speed=SPEED, reps=5)
        try:
            assert hub.wait() == 0, hub.errors
        finally:
            hub.end()
    reader = StoreReader(folder / "data" / "sessions.sqlite")
    [session] = reader.sessions()
    [one] = session.sets
    assert one.final is not None
    assert one.final.full_repetitions == 5
    log = reader.raw_log(session.name, Placement.THIGH_RIGHT)
    write_records(folder / "squats.records", log.records, family=session.sensors[0].family)
    return folder / "squats.records"


def test_a_recorded_log_can_be_played_back_as_if_it_were_the_sensor(
    recorded: Path, tmp_path: Path
) -> None:
    again = sensorhub(
        "run",
        "squat",
        "--reps=5",
        f"--speed={SPEED:g}",
        f"--sensor=thigh_right=replay:{recorded}",
        data=tmp_path,
    )
    try:
        assert again.wait() == 0, again.errors
    finally:
        again.end()
    [one] = StoreReader(tmp_path / "sessions.sqlite").session("last").sets
    assert one.final is not None
    assert one.final.full_repetitions == 5


def test_a_mistake_in_live_counting_does_not_end_the_recording(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person is told, the log goes on, and the final analysis counts."""
    real = RunningSet.push

    def push(self: RunningSet, block: MotionBlock) -> list[LiveEvent]:
        if self.state(0.0).count >= 1:
            raise RuntimeError("a defect")
        return real(self, block)

    monkeypatch.setattr(RunningSet, "push", push)
    screen = io.StringIO()
    settings = RunSettings(
        plan=plan_of_one(find_exercise("squat"), side=None, reps=5),
        sensors={Placement.THIGH_RIGHT: ReplayUri(recorded)},
        data_dir=tmp_path,
        speed=SPEED,
        simulated=True,
    )
    session = asyncio.run(run_session(settings, view=PlainView(screen)))
    assert screen.getvalue().count("Live counting failed") == 1
    [one] = session.sets
    assert one.final is not None
    assert one.final.full_repetitions == 5
