"""Calibration of one sensor: poses in, progress said, a good result kept, a poor one refused."""

import asyncio
import itertools
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from calibration.sensor import SensorCalibration
from firmware_sim.render import render
from firmware_sim.scenario.loader import load_scenario
from sensorhub.daemon.sensors.calibrate import CalibrationBench, calibrate_sensor
from sensorhub.daemon.visit.pipeline import SensorPipeline
from sensorhub.model.errors import DeviceError, TransportError
from sensorhub.model.events import DeviceIdentified, SamplesArrived, StreamStarted
from sensorhub.model.placement import Placement
from sensorhub.motion.assembler import assemble_all
from sensorhub.sessions.stages.analysis import track
from sensorhub.sessions.stages.correction import corrected
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import Store
from sensorhub.transports.uri import parse_uri

TODAY = date(2026, 3, 1)
PERIOD_S = 0.01


def events(scenario: str, *, end_s: float | None = None, hand_mps2: float = 0.0) -> list[object]:
    """A simulated sensor's samples as a driver would tell them."""
    data = render(load_scenario(scenario), ["pelvis"], rate_hz=100.0, seed=2).sensors["pelvis"]
    assert data.gyr_radps is not None
    shaking = np.random.default_rng(1).normal(0.0, hand_mps2, data.acc_mps2.shape)
    acc = data.acc_mps2 + shaking if hand_mps2 else data.acc_mps2
    found: list[object] = [
        DeviceIdentified(0, "OMP-1A2B"),
        StreamStarted(0, 1, PERIOD_S, 0, 0.0),
    ]
    for k in range(0, len(acc), 20):
        time_s = k * PERIOD_S
        if end_s is not None and time_s > end_s:
            break
        found.append(
            SamplesArrived(
                round(time_s * 1e9),
                1,
                k,
                time_s,
                PERIOD_S,
                acc[k : k + 20],
                data.gyr_radps[k : k + 20],
            )
        )
    return found


def bench_after(
    scenario: str, *, end_s: float | None = None, hand_mps2: float = 0.0
) -> tuple[CalibrationBench, list[str]]:
    said: list[str] = []
    bench = CalibrationBench(said.append)
    for event in events(scenario, end_s=end_s, hand_mps2=hand_mps2):
        bench.on_event(event)  # type: ignore[arg-type]
    return bench, said


def finished(bench: CalibrationBench) -> SensorCalibration:
    return bench.finish(serial_number="OMP-1A2B", today=TODAY, temperature_celsius=21.5)


def test_a_dozen_poses_and_gravity_is_right_in_all_of_them() -> None:
    bench, said = bench_after("calibration_poses")
    assert bench.complete
    assert bench.device_id == "OMP-1A2B"
    assert said[0].startswith("Pose 1 of at least 12")
    assert any("That is all" in line for line in said)
    found = finished(bench)
    assert (found.serial_number, found.measured_on, found.temperature_celsius) == (
        "OMP-1A2B",
        TODAY,
        21.5,
    )
    assert found.quality > 0.9
    walk = render(load_scenario("standing_still"), ["pelvis"], rate_hz=100.0, seed=2)
    raw = walk.sensors["pelvis"].acc_mps2
    true, _ = found.apply(raw)
    before = abs(float(np.linalg.norm(raw, axis=1).mean()) - 9.80665)
    after = abs(float(np.linalg.norm(true, axis=1).mean()) - 9.80665)
    assert after < 0.02
    assert after < before


def test_too_few_poses_are_refused_with_the_reason() -> None:
    bench, said = bench_after("calibration_poses", end_s=40.0)
    assert not bench.complete
    assert said
    with pytest.raises(DeviceError, match="too few") as refused:
        finished(bench)
    assert "at least 12" in refused.value.hint


def test_a_hand_on_the_sensor_is_no_rest() -> None:
    bench, said = bench_after("calibration_poses", hand_mps2=0.4)
    assert said == []
    with pytest.raises(DeviceError, match="too few"):
        finished(bench)


def test_nothing_came() -> None:
    with pytest.raises(DeviceError, match="sent nothing"):
        finished(CalibrationBench(print))


def test_a_port_that_is_not_there_is_named_however_short_the_patience(tmp_path: Path) -> None:
    told: list[str] = []
    gone = calibrate_sensor(
        parse_uri("serial:/dev/nowhere"), data_dir=tmp_path, tell=told.append, patience_s=1.0
    )
    with pytest.raises(TransportError, match="/dev/nowhere is not there"):
        asyncio.run(gone)
    # Nobody turns a sensor for half a minute that is not there.
    assert len([line for line in told if "/dev/nowhere is not there" in line]) == 1


def test_the_same_pose_twice_is_said_and_not_counted() -> None:
    bench, said = bench_after("lying_still")
    assert said[0].startswith("Pose 1")
    assert not bench.complete
    assert not any(line.startswith("Pose 2") for line in said)


def test_the_store_keeps_the_latest_of_every_sensor(tmp_path: Path) -> None:
    path = tmp_path / "sessions.sqlite"
    with Store(path, now_ns=itertools.count().__next__) as store:
        for sensor, document in (("A", "1"), ("B", "2"), ("A", "3")):
            store.save_calibration(sensor, document)
    reader = StoreReader(path)
    assert [reader.calibration(name) for name in ("A", "B", "C")] == ["3", "2", ""]


def test_live_and_afterwards_the_same_calibration_gives_the_same_ticks() -> None:
    calibration = finished(bench_after("calibration_poses")[0])
    story = events("standing_still", end_s=20.0)
    pipeline = SensorPipeline(Placement.PELVIS, calibration=calibration)
    live = [block for event in story for block in pipeline.push(event)]  # type: ignore[arg-type]
    blocks = assemble_all(story, Placement.PELVIS)  # type: ignore[arg-type]
    later = track([corrected(block, calibration) for block in blocks], Placement.PELVIS)
    one = np.concatenate([block.up for block in live])
    other = np.concatenate([block.up for block in later if len(block)])
    assert len(one) > 100
    assert np.array_equal(one, other[: len(one)])
    acc = np.concatenate([block.acc_mps2 for block in live])
    assert float(np.median(np.linalg.norm(acc, axis=1))) == pytest.approx(9.80665, abs=0.02)
