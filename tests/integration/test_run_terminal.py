"""In a real terminal: the picture, the keys, and a terminal that is given back as it was."""

import os
import pty
import re
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

from visits import Simulation, run_squats, sensorhub, simulation, squats_on_cue

from sensorhub.model.placement import Placement
from sensorhub.sessions.reader import StoreReader
from sensorhub.transports.replay import write_records

SPEED = 8.0
PATIENCE_S = 60.0


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
                assert self.process.poll() is None or self._changed.wait(1.0), self.shown[-3000:]
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
        self._reader.join(5)
        os.close(self._slave)
        os.close(self._master)


def command(sim: Simulation, data: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "sensorhub", "--data", str(data), "run", "squat", "--reps", "5"),
        *(f"--speed={SPEED:g}", f"--sensor=thigh_right={sim.uris['thigh_right']}"),
        "--no-questions",
    ]


def test_keys_picture_and_a_terminal_given_back(tmp_path: Path) -> None:
    with simulation(
        tmp_path,
        scenario=squats_on_cue(tmp_path, reps=5),
        sensors=[f"thigh_right@pty:{tmp_path}/thigh"],
        speed=SPEED,
    ) as sim:
        terminal = Terminal(command(sim, tmp_path / "data"), {"TERM": "xterm"})
        try:
            terminal.wait_for("take the start position")
            terminal.press("\n")
            terminal.wait_for("Begin")
            terminal.wait_for("\u2588")
            terminal.press("q")
            terminal.wait_for("sensorhub export")
            assert terminal.process.wait(30) == 0
            assert terminal.settings() == terminal.before
        finally:
            terminal.close()
    assert "\x1b[?25h" in terminal.shown
    assert terminal.shown.rindex("\x1b[?25h") > terminal.shown.rindex("\x1b[?25l")
    assert "Traceback" not in terminal.shown


def test_a_recorded_log_can_be_played_back_as_if_it_were_the_sensor(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with simulation(
        tmp_path,
        scenario=squats_on_cue(tmp_path, reps=5),
        sensors=[f"thigh_right@pty:{tmp_path}/thigh"],
        speed=SPEED,
    ) as sim:
        hub = run_squats(sim, data=data, speed=SPEED, reps=5)
        try:
            assert hub.wait() == 0, hub.errors
        finally:
            hub.end()
    reader = StoreReader(data / "sessions.sqlite")
    [first] = reader.sessions()
    log = reader.raw_log(first.name, Placement.THIGH_RIGHT)
    recorded = tmp_path / "squats.records"
    write_records(recorded, log.records, family=first.sensors[0].family)
    again = sensorhub(
        "run",
        "squat",
        "--reps=5",
        f"--speed={SPEED:g}",
        f"--sensor=thigh_right=replay:{recorded}",
        data=data,
    )
    try:
        assert again.wait() == 0, again.errors
    finally:
        again.end()
    one, other = reader.sessions()
    counts = [s.sets[0].final.full_repetitions for s in (one, other) if s.sets[0].final]
    assert counts == [5, 5]
