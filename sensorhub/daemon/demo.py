"""The demonstration: a simulated person with simulated sensors does a short plan, in fast time.

The simulator is another program, met in bytes only: the thigh sensor over a serial line (a
pseudo-terminal), the pelvis sensor over Bluetooth (real bleak, talking to a simulated BlueZ on a
private bus). At its end what was counted is compared with what was done.
"""

import contextlib
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensorhub.coach.plan import Plan
from sensorhub.coach.questions import Asking, QuestionId
from sensorhub.coach.settings import CoachSettings
from sensorhub.daemon.run import Tell, run_and_export
from sensorhub.daemon.screen.live_view import View
from sensorhub.daemon.visit.settings import RunSettings
from sensorhub.model.errors import EnvironmentProblemError
from sensorhub.model.placement import Placement
from sensorhub.transports.uri import SensorUri, parse_uri

THIGH, PELVIS = Placement.THIGH_RIGHT, Placement.PELVIS
READY_WALL_S = 30.0
END_WALL_S = 10.0
HOLD_S = 0.5
"""How far the seconds of a hold may be from the truth: people count in whole ones."""

# The person follows the sensor's signals: short times to get ready, and rests that are long
# enough to lie down and to kneel.
COACH = CoachSettings(still_s=1.5, prepare_s=2.0, how_s=0.1, idle_s=20.0)

ANSWERS = {QuestionId.PAIN_BEFORE: "3", QuestionId.PAIN: "3", QuestionId.PAIN_AFTER: "2"}
"""What the simulated person answers, at once."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """A running simulator: how its sensors are reached, and where it writes the truth."""

    sensors: dict[Placement, SensorUri]
    truth: Path


@dataclass(frozen=True, slots=True)
class Comparison:
    """One exercise: what the simulated person did, what the therapist's CSV says, in words."""

    exercise: str
    truth: str
    counted: str
    agrees: bool


def how_fast(speed: float) -> str:
    """In words, how simulated time goes."""
    return "in real time" if speed == 1.0 else f"{speed:g} times as fast as real time"


def run_demo(
    plan: Plan, *, folder: Path, speed: float, seed: int, view: View, tell: Tell
) -> list[Comparison]:
    """Do the plan with a simulated person; session, CSV and truth are left in ``folder``.

    Raises:
        EnvironmentProblemError: the simulator does not start; the folder cannot be written.
    """
    csv_folder = folder / "csv"
    with simulator(folder, scenario=plan.id, speed=speed, seed=seed) as simulated:
        tell(f"SIMULATED person and sensors, {how_fast(speed)}:")
        for placement, uri in simulated.sensors.items():
            tell(f"  {placement}: {uri}")
        tell("")
        settings = RunSettings(
            plan=plan,
            sensors=simulated.sensors,
            data_dir=folder / "data",
            speed=speed,
            simulated=True,
            coach=COACH,
            asking=Asking.PAIN,
            answers=ANSWERS,
        )
        run_and_export(settings, view=view, to=csv_folder, tell=tell, overwrite=True)
    return compare(simulated.truth, csv_folder / "repetitions.csv")


@contextlib.contextmanager
def simulator(folder: Path, *, scenario: str, speed: float, seed: int) -> Iterator[Simulated]:
    """Start the simulator as a program of its own, and end it afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = folder / "truth.json"
    truth.unlink(missing_ok=True)
    # Sockets have short names only, whatever the folder is called.
    with tempfile.TemporaryDirectory(prefix="sensorhub-sim-") as near:
        bus = Path(near) / "bus"
        command = [
            *(sys.executable, "-m", "firmware_sim", "serve", "--scenario", scenario),
            *("--sensor", f"{THIGH}@pty:{near}/thigh", "--sensor", f"{PELVIS}@ble:{bus}"),
            *("--speed", f"{speed:g}", "--seed", str(seed), "--truth", str(truth)),
        ]
        log = folder / "simulator.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603 (our own program, arguments made here)
                command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL, text=True
            )
        before = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={bus}"
        try:
            yield Simulated(_wait_ready(process, log), truth)
        finally:
            if before is None:
                del os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
            else:
                os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = before
            _end(process)


def compare(truth: Path, repetitions: Path) -> list[Comparison]:
    """Truth against CSV, set by set: counts must be equal, seconds held within ``HOLD_S``."""
    sets: list[dict[str, Any]] = json.loads(truth.read_text(encoding="utf-8"))["sets"]
    with repetitions.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = []
    for number, true_set in enumerate(sets, start=1):
        mine = [row for row in rows if row["set_number"] == str(number)]
        kinds = [row["kind"] for row in mine if row["item"] == "repetition"]
        counts = (kinds.count("full"), kinds.count("partial"))
        held_s = [float(row["hold_s"]) for row in mine if row["item"] == "hold"]
        true_counts = (int(true_set["full"]), int(true_set["partial"]))
        true_held_s = [float(hold["held_s"]) for hold in true_set["holds"]]
        near = len(held_s) == len(true_held_s) and all(
            abs(a - b) <= HOLD_S for a, b in zip(held_s, true_held_s, strict=True)
        )
        found.append(
            Comparison(
                exercise=true_set["exercise"],
                truth=_words(*true_counts, true_held_s),
                counted=_words(*counts, held_s),
                agrees=counts == true_counts and near,
            )
        )
    return found


def _words(full: int, partial: int, held_s: list[float]) -> str:
    parts = [str(full)] if full or not held_s else []
    parts += [f"{partial} partial"] if partial else []
    parts += [f"{seconds:.1f} s held" for seconds in held_s]
    return " and ".join(parts)


def _wait_ready(process: "subprocess.Popen[str]", log: Path) -> dict[Placement, SensorUri]:
    """Read ``ready WHERE URI`` lines until both sensors are there."""
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    found: dict[Placement, SensorUri] = {}
    deadline_s = time.monotonic() + READY_WALL_S
    while len(found) < 2:
        line = process.stdout.readline()
        words = line.split()
        if len(words) == 3 and words[0] == "ready":
            found[Placement(words[1])] = parse_uri(words[2])
        elif process.poll() is not None or time.monotonic() > deadline_s:
            said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise EnvironmentProblemError(
                f"The simulator did not start: {said[-1] if said else 'it said nothing'}.",
                hint=f"See {log}.",
            )
        elif not line:
            time.sleep(0.02)
    return found


def _end(process: "subprocess.Popen[str]") -> None:
    """It writes the truth when it is asked to end."""
    process.terminate()
    try:
        process.wait(timeout=END_WALL_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
