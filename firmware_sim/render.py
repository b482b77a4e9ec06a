"""Offline: what the sensors on a simulated person record, as arrays or as a folder of CSV files."""

import json
import math
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firmware_sim.body.angles import body_angles
from firmware_sim.body.rotations import Array
from firmware_sim.body.skeleton import PLACEMENTS
from firmware_sim.fields import InputError
from firmware_sim.imu.parts import parts
from firmware_sim.imu.stream import INTERNAL_HZ, scales
from firmware_sim.person import Person, SensorSetup
from firmware_sim.scenario.loader import Rest, Scenario, Wait, load_scenario
from firmware_sim.scenario.truth import Truth
from firmware_sim.scenario.vary import on_side, with_tremor

BLOCK = 10  # samples that are lost together, as a packet would be
_ANGLES_HZ = 50.0
_CHUNK_S = 8.0  # the whole scenario is known: nothing has to be made just in time
_WAIT_S = 3.0  # how long somebody waits for a cue where nobody gives one


@dataclass(frozen=True, slots=True)
class SensorData:
    """One sensor's recording: times (n,), specific force (n, 3), angular rate (n, 3) or None."""

    time_s: Array
    acc_mps2: Array
    gyr_radps: Array | None
    clipped: bool


@dataclass(frozen=True, slots=True)
class Rendering:
    """A person's whole scenario as recorded, and the truth."""

    sensors: Mapping[str, SensorData]
    truth: Truth
    rate_hz: float
    person: Person
    duration_s: float


def render(
    scenario: Scenario,
    placements: Sequence[str] = ("thigh_right",),
    *,
    rate_hz: float = 100.0,
    seed: int = 0,
    setup: SensorSetup | None = None,
    gyroscope: bool = True,
    loss: float = 0.0,
    acc_range_g: int = 16,
    gyr_range_dps: int = 2000,
    internal_hz: float = INTERNAL_HZ,
) -> Rendering:
    """Plays a scenario to its end with sensors on.

    A person who waits for a cue goes on after 3 s. ``rate_hz`` is any nominal rate, the chip's own
    or not; ``loss`` is the share of blocks of ten samples that never arrive; ``internal_hz`` is how
    often the body is looked at.

    Raises:
        InputError: no such placement, part or mounting.
    """
    played = replace(
        scenario,
        steps=tuple(Rest(_WAIT_S) if isinstance(s, Wait) else s for s in scenario.steps),
    )
    person = Person(played, seed=seed)
    duration = _duration_s(person)
    setup = setup or SensorSetup()
    sensors = {}
    for index, placement in enumerate(placements):
        worn = person.wear(placement, setup)
        units = scales(
            worn.spec,
            acc_range_g=acc_range_g,
            gyr_range_dps=min(gyr_range_dps, max(worn.gyr_ranges_dps)),
        )
        stream = worn.stream(
            rate_hz, first_s=0.0, units=units, chunk_s=_CHUNK_S, internal_hz=internal_hz
        )
        count = int(duration / stream.period_s)
        raw, clipped = stream.read(count)
        kept = _arrived(count, loss, np.random.default_rng([seed, 0x1055, index]))
        sensors[placement] = SensorData(
            time_s=stream.period_s * np.arange(count, dtype=np.float64)[kept],
            acc_mps2=raw[kept, :3].astype(np.float64) * units.acc_lsb_mps2,
            gyr_radps=raw[kept, 3:].astype(np.float64) * units.gyr_lsb_radps if gyroscope else None,
            clipped=bool(clipped[kept].any()),
        )
    return Rendering(sensors, person.performer.truth(duration), rate_hz, person, duration)


def write_recording(directory: Path, rendering: Rendering) -> None:
    """Writes ``<placement>.csv``, ``truth.json`` and ``body_angles.csv`` into ``directory``."""
    directory.mkdir(parents=True, exist_ok=True)
    for placement, data in rendering.sensors.items():
        names = [f"acc_{axis}_mps2" for axis in "xyz"]
        columns = [data.time_s[:, None], data.acc_mps2]
        if data.gyr_radps is not None:
            names += [f"gyr_{axis}_radps" for axis in "xyz"]
            columns.append(data.gyr_radps)
        _write_csv(directory / f"{placement}.csv", ["time_s", *names], np.hstack(columns))
    truth = rendering.truth.to_json()
    truth["rate_hz"] = rendering.rate_hz
    truth["origin"] = f"simulated: scenario {rendering.truth.scenario}"
    truth["caveat"] = "exact truth of a simulated body; no real person moves like this"
    (directory / "truth.json").write_text(json.dumps(truth, indent=1), encoding="utf-8")
    count = int(rendering.duration_s * _ANGLES_HZ)
    times = np.arange(count) / _ANGLES_HZ
    angles = body_angles_at(rendering.person, times)
    table = np.column_stack([times, *(np.degrees(column) for column in angles.values())])
    _write_csv(directory / "body_angles.csv", ["time_s", *(f"{n}_deg" for n in angles)], table)


def add_render_arguments(parser: ArgumentParser) -> None:
    """The options of ``python -m firmware_sim render``."""
    parser.add_argument("--scenario", required=True, help="a scenario's name or TOML file")
    parser.add_argument("--out", required=True, type=Path, help="directory to write into")
    parser.add_argument(
        "--sensor", action="append", choices=PLACEMENTS, help="repeat for several (thigh_right)"
    )
    parser.add_argument("--rate", type=float, default=100.0, metavar="HZ", help="10-1000 (100)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", choices=sorted(parts()), default="bmi270")
    parser.add_argument("--mount", default="random", help="identity, random or degrees x,y,z")
    parser.add_argument("--loss", type=float, default=0.0, help="share of lost blocks, 0-0.5")
    parser.add_argument("--drift", type=float, default=0.0, metavar="DEG_PER_MIN")
    parser.add_argument("--slip", default="", metavar="S:DEG", help="the strap turns at a time")
    parser.add_argument("--tremor", default="", metavar="DEG:HZ", help="the moving leg shakes")
    parser.add_argument("--side", choices=("right", "left"), help="the moving side")
    parser.add_argument("--no-gyroscope", action="store_true")


def run_render(args: Namespace) -> int:
    """Renders what the options say; prints what was written.

    Raises:
        InputError: an option or the scenario is no good.
    """
    if not 10.0 <= args.rate <= 1000.0:
        raise InputError("--rate must be 10 to 1000")
    if not 0.0 <= args.loss <= 0.5:
        raise InputError("--loss must be 0 to 0.5")
    slip_s, slip_deg = _pair("--slip", args.slip, "a time and an angle like 20:30")
    tremor_deg, tremor_hz = _pair("--tremor", args.tremor, "degrees and hertz like 2:6")
    scenario = load_scenario(args.scenario)
    if args.side:
        scenario = on_side(scenario, args.side)
    if tremor_deg:
        scenario = with_tremor(scenario, degrees=tremor_deg, frequency_hz=tremor_hz)
    setup = SensorSetup(
        part=args.part,
        mount=args.mount,
        drift_deg_per_min=args.drift,
        slip_deg=slip_deg,
        slip_s=slip_s,
    )
    rendering = render(
        scenario,
        args.sensor or ["thigh_right"],
        rate_hz=args.rate,
        seed=args.seed,
        setup=setup,
        gyroscope=not args.no_gyroscope,
        loss=args.loss,
    )
    try:
        write_recording(args.out, rendering)
    except OSError as error:
        raise InputError(f"{args.out}: cannot be written ({error.strerror})") from error
    print(f"{args.out}: {rendering.duration_s:.1f} s, {', '.join(rendering.sensors)}")
    return 0


def _duration_s(person: Person) -> float:
    ahead = 0.0
    while person.performer.finished_s is None:
        ahead += 60.0
        person.performer.advance(ahead)
    return person.performer.finished_s


def _arrived(count: int, loss: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    blocks = math.ceil(count / BLOCK)
    lost = rng.uniform(size=blocks) < loss
    lost[:1] = False
    return ~np.repeat(lost, BLOCK)[:count]


def body_angles_at(person: Person, times_s: Array) -> dict[str, Array]:
    """The body's own angles at ascending times, rad, each (n,), named with their side."""
    out: dict[str, list[Array]] = {}
    for part in np.array_split(times_s, max(1, times_s.size // 4096)):
        values, base = person.performer.state(part)
        for side in ("right", "left"):
            for name, angle in body_angles(values, base, side=side).items():
                out.setdefault(f"{name}_{side}", []).append(angle)
    return {name: np.concatenate(pieces) for name, pieces in out.items()}


def _pair(option: str, text: str, meaning: str) -> tuple[float, float]:
    if not text:
        return 0.0, 0.0
    first, _, second = text.partition(":")
    try:
        pair = float(first), float(second)
    except ValueError as error:
        raise InputError(f"{option} takes {meaning}, not {text!r}") from error
    if not (math.isfinite(pair[0]) and math.isfinite(pair[1])):
        raise InputError(f"{option} takes finite numbers")
    return pair


def _write_csv(path: Path, names: Sequence[str], table: Array) -> None:
    lines = [",".join(names)]
    lines += [",".join(f"{value:.5f}" for value in row) for row in table.tolist()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
