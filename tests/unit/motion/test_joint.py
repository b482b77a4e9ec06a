"""The pelvis's facing, told by the acceleration that it shares with the thigh."""

import math
import tomllib

import numpy as np
import pytest

from calibration.alignment import Method, align_standing, with_forwards
from firmware_sim.fields import Fields
from firmware_sim.person import SensorSetup
from firmware_sim.render import SensorData, render
from firmware_sim.scenario.loader import parse_scenario
from sensorhub.model.placement import Placement
from sensorhub.model.samples import SampleBlock
from sensorhub.motion.heading import main_lean
from sensorhub.motion.joint import Facing, facing_of_pelvis
from sensorhub.motion.segment import SegmentMotion
from sensorhub.motion.tracker import MotionTracker


def _motion(placement: str, data: SensorData) -> SegmentMotion:
    assert data.gyr_radps is not None
    tracker = MotionTracker(Placement(placement))
    period_s = float(np.median(np.diff(data.time_s)))
    block = SampleBlock(Placement(placement), 0.0, period_s, data.acc_mps2, data.gyr_radps)
    found = SegmentMotion.gather([b for b in (tracker.push(block), tracker.flush()) if len(b)])
    assert found is not None
    return found


def facing(movement: str, *, mount: str = "random", seed: int = 0) -> tuple[Facing | None, float]:
    """What is found, and how far it lies from the truth, which an ``identity`` mounting shows."""
    text = f'[[step]]\nmovement = "{movement}"\nreps = 5\n'
    rendering = render(
        parse_scenario(Fields(tomllib.loads(text), movement), movement),
        ("thigh_right", "pelvis"),
        seed=seed,
        setup=SensorSetup(mount=mount),
        internal_hz=400.0,
    )
    thigh, pelvis = (_motion(name, data) for name, data in rendering.sensors.items())
    acc = rendering.sensors["thigh_right"].acc_mps2[50:350]
    standing = align_standing(acc, None, period_s=0.01)
    lean = main_lean(thigh.up, long_axis=standing.long_axis)
    assert lean is not None
    known = with_forwards(standing, lean.lean_axis, quality=1.0, method=Method.STANDING)
    told = facing_of_pelvis(thigh, np.array(known.rotation), pelvis.at(thigh.time_s))
    off_deg = math.nan
    if told is not None and mount == "identity":
        off_deg = math.degrees(math.acos(min(1.0, float(told.forwards[0]))))
    return told, off_deg


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_lunge_tells(seed: int) -> None:
    told, off_deg = facing("lunge_forward", mount="identity", seed=seed)
    assert told is not None
    assert told.agreement > 0.75
    assert off_deg < 20.0


def test_what_hardly_travels_says_nothing() -> None:
    told, _ = facing("standing_hip_flexion")
    assert told is None


def test_the_mounting_does_not_matter_to_the_agreement() -> None:
    plain, _ = facing("lunge_forward", mount="identity")
    turned, _ = facing("lunge_forward", mount="30,140,-70")
    assert plain is not None
    assert turned is not None
    assert turned.agreement == pytest.approx(plain.agreement, abs=0.05)
