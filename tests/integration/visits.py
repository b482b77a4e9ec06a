"""Real programs for tests of whole visits: the simulator, and ``sensorhub``, its lines timed."""

import contextlib
import csv
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_S = 120.0
"""What should come is waited for that long: a busy computer is slow, not wrong."""


@dataclass(frozen=True)
class Line:
    """A line of output, and when it came (monotonic seconds of the wall)."""

    at_s: float
    text: str


class Program:
    """A running program whose lines can be waited for."""

    def __init__(self, command: Sequence[str | Path], env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            list(map(str, command)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(env or {})},
        )
        self.lines: list[Line] = []
        self.errors = ""
        self._changed = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read_lines, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read_lines(self) -> None:
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            with self._changed:
                self.lines.append(Line(time.monotonic(), raw.decode().rstrip("\n")))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors = self.process.stderr.read().decode()

    @property
    def output(self) -> str:
        return "\n".join(line.text for line in self.lines)

    def wait_for(self, pattern: str, *, timeout_s: float = PATIENCE_S) -> re.Match[str]:
        """The first line, past or future, that matches."""
        deadline_s = time.monotonic() + timeout_s
        seen = 0
        with self._changed:
            while True:
                for line in self.lines[seen:]:
                    if match := re.search(pattern, line.text):
                        return match
                seen = len(self.lines)
                left_s = deadline_s - time.monotonic()
                ended = self.process.poll() is not None and not self._readers[0].is_alive()
                if left_s <= 0 or ended:
                    raise AssertionError(f"no {pattern!r} in:\n{self.output}\n{self.errors}")
                self._changed.wait(min(left_s, 0.2))

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, *, timeout_s: float = PATIENCE_S) -> int:
        code = self.process.wait(timeout_s)
        for reader in self._readers:
            reader.join(timeout_s)
        return code

    def end(self) -> None:
        """Whatever state it is in: gone afterwards, without leaks."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.wait()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


@dataclass(frozen=True)
class Simulation:
    """A running simulator: how to reach its sensors, and the truth once it has ended."""

    program: Program
    uris: dict[str, str]
    env: dict[str, str]
    truth_path: Path

    def truth(self) -> dict[str, Any]:
        """Ends the simulator, which then writes everything that really happened."""
        self.program.end()
        truth: dict[str, Any] = json.loads(self.truth_path.read_text())
        return truth


@contextlib.contextmanager
def simulation(
    folder: Path,
    *,
    scenario: str | Path,
    sensors: Sequence[str],
    speed: float,
    faults: Sequence[str] = (),
    seed: int = 1,
) -> Iterator[Simulation]:
    """Run ``python -m firmware_sim serve``; ``sensors`` as its ``--sensor`` takes them."""
    truth = folder / "truth.json"
    command = [sys.executable, "-m", "firmware_sim", "serve", "--scenario", str(scenario)]
    command += [f"--sensor={sensor}" for sensor in sensors]
    command += [f"--fault={fault}" for fault in faults]
    command += [f"--speed={speed:g}", f"--seed={seed}", f"--truth={truth}"]
    program = Program(command)
    try:
        uris = {}
        for sensor in sensors:
            placement = re.split("[:@]", sensor)[0]
            uris[placement] = program.wait_for(f"^ready {placement} (.*)")[1]
        env = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder}/bus"}
        yield Simulation(program, uris, env, truth)
    finally:
        program.end()


def sensorhub(*arguments: str | Path, data: Path, env: dict[str, str] | None = None) -> Program:
    """``sensorhub --data DATA ...`` as a program of its own."""
    return Program([sys.executable, "-m", "sensorhub", "--data", data, *arguments], env)


def run_squats(
    sim: Simulation, *, data: Path, speed: float, reps: int, sensor: str = "thigh_right"
) -> Program:
    """``sensorhub run squat`` with the simulated thigh sensor."""
    return sensorhub(
        "run",
        "squat",
        f"--reps={reps}",
        f"--speed={speed:g}",
        f"--sensor={sensor}={sim.uris[sensor]}",
        data=data,
        env=sim.env,
    )


def squats_on_cue(folder: Path, *, reps: int, extra: str = "", rest_s: float = 0.0) -> Path:
    """A scenario file: wait for the signal that a set begins, then so many squats, then stand.

    Args:
        extra: more keys of the squats.
        rest_s: how long to stand between the signal and the squats.
    """
    path = folder / "squats_on_cue.toml"
    path.write_text(
        'title = "Squats on a signal"\n'
        f'[[step]]\nwait = "cue"\ntimeout_s = 600\n[[step]]\nrest_s = {rest_s:g}\n'
        f'[[step]]\nmovement = "squat"\nreps = {reps}\n{extra}'
        '[[step]]\nwait = "cue"\ntimeout_s = 600\n'
    )
    return path


def export(
    data: Path, to: Path, *, session: str = "last", kind: str = "therapist"
) -> list[dict[str, str]]:
    """Export a session; the rows of ``repetitions.csv`` where there is one."""
    program = sensorhub("export", kind, session, "--to", to, data=data)
    try:
        assert program.wait() == 0, program.errors
    finally:
        program.end()
    table = to / "repetitions.csv"
    if not table.exists():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def announced(program: Program, *, before_s: float) -> int:
    """The highest count on the screen until that moment of the wall."""
    counts = [
        int(match[1])
        for line in program.lines
        if line.at_s <= before_s and (match := re.search(r"\]   (\d+) of \d+", line.text))
    ]
    return max(counts, default=0)
