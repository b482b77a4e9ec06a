"""``sensorhub calibrate`` over a real serial line: guided, kept, used by the next session, told."""

import csv
from pathlib import Path

from visits import export, sensorhub, simulation

from calibration.sensor import SensorCalibration
from sensorhub.sessions.store.reader import StoreReader

SPEED = 6.0


def test_a_calibrated_sensor_is_used_calibrated(tmp_path: Path) -> None:
    data = tmp_path / "data"
    sensor = f"pelvis@pty:{tmp_path}/pelvis"
    with simulation(
        tmp_path, scenario="calibration_poses", sensors=[sensor], speed=SPEED
    ) as simulated:
        program = sensorhub("calibrate", simulated.uris["pelvis"], f"--speed={SPEED:g}", data=data)
        try:
            assert program.wait(timeout_s=300.0) == 0, program.errors
            assert "Pose 12 of at least 12" in program.output
            assert "Kept for sensor" in program.output
        finally:
            program.end()
    # The same chip (same seed, same place) on somebody who exercises.
    with simulation(tmp_path, scenario="pelvic_tilt", sensors=[sensor], speed=SPEED) as simulated:
        program = sensorhub(
            "run",
            "pelvic_tilt",
            "--reps=2",
            "--no-questions",
            f"--speed={SPEED:g}",
            f"--sensor=pelvis={simulated.uris['pelvis']}",
            data=data,
        )
        try:
            assert program.wait(timeout_s=300.0) == 0, program.errors
        finally:
            program.end()
    reader = StoreReader(data / "sessions.sqlite")
    (worn,) = reader.session("last").sensors
    kept = SensorCalibration.from_json(worn.calibration)
    assert kept.serial_number == worn.device_id
    assert worn.calibration == reader.calibration(worn.device_id)
    export(data, tmp_path / "csv")
    with (tmp_path / "csv" / "session.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["calibrations"] == f"pelvis:{kept.measured_on.isoformat()}:v1"


def test_too_few_poses_keep_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with simulation(
        tmp_path,
        scenario="lying_still",
        sensors=[f"pelvis@pty:{tmp_path}/pelvis"],
        speed=SPEED,
    ) as simulated:
        program = sensorhub(
            "calibrate",
            simulated.uris["pelvis"],
            "--seconds=6",
            f"--speed={SPEED:g}",
            data=data,
        )
        try:
            assert program.wait() == 1
        finally:
            program.end()
    assert "Not calibrated" in program.errors
    assert "at least 12" in program.errors
    assert StoreReader(data / "sessions.sqlite").names() == ()
