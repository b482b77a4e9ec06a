"""``sensorhub rom`` with a simulated person: every movement done, ranges near the truth."""

import json
from pathlib import Path

from visits import sensorhub, simulation

from sensorhub.exports.range_check import MOVEMENTS
from sensorhub.exports.tables.detectable import TESTED

SPEED = 10.0
RANGE_DEG, ROTATION_DEG = 8.0, 15.0
"""How far the best range may be from the truth: soft tissue moves under the strap."""


def test_a_check_from_sensor_to_table(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with simulation(
        tmp_path,
        scenario="rom_check",
        sensors=[f"thigh_right@pty:{tmp_path}/thigh"],
        speed=SPEED,
    ) as simulated:
        program = sensorhub(
            "rom",
            f"--speed={SPEED:g}",
            f"--sensor=thigh_right={simulated.uris['thigh_right']}",
            "--json",
            data=data,
        )
        try:
            assert program.wait() == 0, program.errors
        finally:
            program.end()
        truth = simulated.truth()
    again = sensorhub("rom", data=data)
    try:
        assert again.wait() == 0, again.errors
        assert "Straight leg raise, right: thigh elevation" in again.output
    finally:
        again.end()
    # What happens is told beside the result, which a program can read.
    assert "For the therapist: sensorhub export" in program.errors
    ranges = {one["exercise"]: one for one in json.loads(program.output)["ranges"]}
    assert set(ranges) == set(MOVEMENTS)
    for true_set in truth["sets"]:
        one = ranges[true_set["exercise"]]
        best_deg = max(rep["rom_deg"] for rep in true_set["repetitions"])
        assert one["repetitions"] == 3
        most_deg = ROTATION_DEG if "rotation" in one["what"] else RANGE_DEG
        assert abs(one["best_deg"] - best_deg) < most_deg, (one, best_deg)
        assert one["mdc_deg"] == (13.0 if one["exercise"] in TESTED else None)
