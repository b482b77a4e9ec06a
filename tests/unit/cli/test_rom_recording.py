"""``rom --from``: only the movement that was asked for counts; where there are several, it asks."""

import json
import math
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from firmware_sim.fields import Fields
from firmware_sim.render import render, write_recording
from firmware_sim.scenario.loader import parse_scenario
from sensorhub.cli.context import Context
from sensorhub.cli.rom import rom
from sensorhub.model.errors import InputError
from tests.unit.exercises.counting_person import doing

RAISES, ABDUCTIONS = "straight_leg_raise", "side_lying_hip_abduction"


def recorded(folder: Path, *movements: str) -> list[tuple[float, float, float]]:
    """Three repetitions of each movement in turn; start, end and best range of each set."""
    text = "".join(doing(movement, reps=3) for movement in movements)
    scenario = parse_scenario(Fields(tomllib.loads(text), "scenario"), "scenario")
    rendering = render(scenario, ("thigh_right",), seed=1)
    folder.mkdir()
    write_recording(folder, rendering)
    sets = rendering.truth.sets
    return [
        (
            one.repetitions[0].start_s,
            one.repetitions[-1].end_s,
            max(math.degrees(r.rom_rad) for r in one.repetitions),
        )
        for one in sets
    ]


def checked(folder: Path, *options: str) -> Result:
    asked = ["--from", str(folder), "--exercise", RAISES, "--side", "right", *options]
    context = Context(data_dir=folder / "data")
    return CliRunner().invoke(rom, asked, obj=context, catch_exceptions=False)


def best_of(done: Result) -> tuple[int, float]:
    (found,) = json.loads(done.stdout)["ranges"]
    return found["repetitions"], found["best_deg"]


def test_a_recording_of_one_movement_is_taken_whole(tmp_path: Path) -> None:
    recorded(tmp_path / "one", RAISES)
    assert best_of(checked(tmp_path / "one", "--json"))[0] == 3


def test_of_several_movements_it_asks_which_and_takes_that_one_alone(tmp_path: Path) -> None:
    true = recorded(tmp_path / "both", RAISES, ABDUCTIONS)
    with pytest.raises(InputError, match="more than one set") as caught:
        checked(tmp_path / "both")
    assert "--stretch" in caught.value.hint
    told = re.findall(r"(\d+) to (\d+) s \((\d) repetitions, (\d+) deg", str(caught.value))
    for (start, end, count, _), (true_start_s, true_end_s, _) in zip(told, true, strict=True):
        assert float(start) == pytest.approx(true_start_s, abs=1.5)
        assert float(end) == pytest.approx(true_end_s, abs=1.5)
        assert count == "3"
    start_s, end_s, best_deg = true[0]
    stretch = ["--stretch", f"{start_s - 2.0:.1f}", f"{end_s + 2.0:.1f}"]
    found = best_of(checked(tmp_path / "both", *stretch, "--json"))
    raised_deg, abducted_deg = best_deg, true[1][2]
    assert found[0] == 3
    # Which movement it is, not how exactly it is measured: nearer to the one than to the other.
    assert abs(found[1] - raised_deg) < abs(found[1] - abducted_deg)
