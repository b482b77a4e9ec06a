"""A running simulated IMU: what comes out, in which units, however it is read."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vqf import VQF

from firmware_sim.body.rotations import Array, conjugate, from_rotation_vector, multiply
from firmware_sim.body.skeleton import PLACEMENTS, segment, up_in
from firmware_sim.fields import InputError
from firmware_sim.imu.mounting import RIGID, SoftTissue
from firmware_sim.imu.parts import part, parts
from firmware_sim.person import Person, SensorSetup, WornImu
from firmware_sim.scenario.loader import load_scenario
from firmware_sim.scenario.vary import facing, on_side
from firmware_sim.signals import ImuSettings

G = 9.80665
IDEAL = SensorSetup(part="ideal", clock_ppm=0.0, tissue=RIGID)
SETTINGS = ImuSettings(rate_mhz=100_000, acc_range_g=16, gyr_range_dps=2000)


def worn(name: str, placement: str = "thigh_right", *, setup=IDEAL, seed=3) -> WornImu:
    return Person(load_scenario(name), seed=seed).wear(placement, setup)


def up_truth(imu: WornImu, times: Array) -> Array:
    """The vertical in sensor coordinates, from the body itself."""
    values, base = imu._mover.state(times)
    q, _, _ = segment(imu.placement, values, base)
    return up_in(multiply(q, imu.mounting.rotation))


@pytest.mark.parametrize("name", sorted(parts()))
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_lying_still_gives_gravity_within_the_part_s_errors(name, placement):
    setup = SensorSetup(part=name)
    data = worn("lying_still", placement, setup=setup).start(SETTINGS_OF[name], 0).read_si(300)
    spec = part(name)
    slack = (
        0.15
        + 2.0 * math.sqrt(3) * spec.acc_offset_mps2
        + 2.5 * G * (spec.scale + 1.5 * spec.misalignment)
    )
    assert np.linalg.norm(data[:, :3].mean(axis=0)) == pytest.approx(G, abs=slack)
    gyro_slack = 0.02 + 2.0 * math.sqrt(3) * spec.gyr_offset_radps
    assert np.linalg.norm(data[:, 3:].mean(axis=0)) < gyro_slack


SETTINGS_OF = {
    name: ImuSettings(
        rate_mhz=min(spec.rates_mhz, key=lambda r: abs(r - 100_000)),
        acc_range_g=16,
        gyr_range_dps=2000,
    )
    for name, spec in parts().items()
}


@pytest.mark.parametrize("name", ["squat", "side_lying_hip_abduction", "donkey_kick_fire_hydrant"])
def test_noise_free_rates_integrate_back_to_the_true_orientation(name):
    imu = worn(name)
    stream = imu.start(ImuSettings(400_000, 16, 2000), 0)
    rate = stream.read_si(400 * 30)[:, 3:].T
    times = stream.period_s * np.arange(rate.shape[1])
    values, base = imu._mover.state(times)
    truth = multiply(segment(imu.placement, values, base)[0], imu.mounting.rotation)
    steps = from_rotation_vector(0.5 * (rate[:, 1:] + rate[:, :-1]) * stream.period_s)
    q = truth[:, :1]
    for k in range(steps.shape[1]):
        q = multiply(q, steps[:, k : k + 1])
    error = multiply(conjugate(truth[:, -1:]), q)
    assert math.degrees(2.0 * math.acos(min(1.0, abs(error[0, 0])))) < 0.5


@pytest.mark.parametrize(
    "name", ["squat", "straight_leg_raise", "sit_to_stand", "side_lying_hip_abduction"]
)
def test_a_good_filter_finds_the_true_inclination(name):
    imu = worn(name)
    stream = imu.start(SETTINGS, 0)
    data = stream.read_si(4000)
    filtered = VQF(stream.period_s).updateBatch(
        np.ascontiguousarray(data[:, 3:]), np.ascontiguousarray(data[:, :3])
    )
    # the chip's low-pass lags by sqrt(2) / (2 pi 0.45 fs)
    lag = math.sqrt(2.0) / (2.0 * math.pi * 0.45 * 100.0)
    truth = up_truth(imu, np.maximum(0.0, np.arange(4000) * stream.period_s - lag))
    found = up_in(filtered["quat6D"].T)
    error = np.degrees(np.arccos(np.clip((found * truth).sum(axis=0), -1, 1)))
    assert math.sqrt((error**2).mean()) < 0.5
    assert np.percentile(error, 95) < 1.5


@settings(max_examples=15, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 130), min_size=1, max_size=12),
    placement=st.sampled_from(PLACEMENTS),
    name=st.sampled_from(sorted(parts())),
)
def test_however_it_is_read_the_samples_are_the_same(cuts, placement, name):
    def stream():
        setup = SensorSetup(part=name)
        return worn("squat", placement, setup=setup).start(SETTINGS_OF[name], 123_456)

    whole, whole_clipped = stream().read(sum(cuts))
    parts_ = stream()
    pieces = [parts_.read(n) for n in cuts]
    assert np.array_equal(np.concatenate([p[0] for p in pieces]), whole)
    assert np.array_equal(np.concatenate([p[1] for p in pieces]), whole_clipped)


def test_two_sensors_do_not_disturb_each_other():
    alone = worn("squat").start(SETTINGS, 0).read(1500)[0]
    person = Person(load_scenario("squat"), seed=3)
    thigh, pelvis = person.wear("thigh_right", IDEAL), person.wear("pelvis", IDEAL)
    a, b = thigh.start(SETTINGS, 0), pelvis.start(SETTINGS, 250_000)
    together = []
    for _ in range(15):
        b.read(37)
        together.append(a.read(100)[0])
    assert np.array_equal(np.concatenate(together), alone)


@pytest.mark.parametrize("name", ["squat", "straight_leg_raise", "transitions"])
def test_turning_the_room_changes_nothing(name):
    def samples(heading):
        scenario = facing(load_scenario(name), heading)
        imu = Person(scenario, seed=5).wear("thigh_right", IDEAL)
        return imu.start(SETTINGS, 0).read_si(2000)

    assert samples(2.1) == pytest.approx(samples(0.0), abs=1e-6)


def test_the_left_leg_is_the_mirror_image_of_the_right():
    scenario = load_scenario("side_lying_hip_abduction")
    calm = replace(scenario.traits, sway=0.0, habit_rad=0.0, coupling=0.0, roughness=0.0)
    scenario = replace(scenario, traits=calm)
    setup = replace(IDEAL, mount="identity")
    flip = np.array([1.0, 1.0, -1.0, -1.0, -1.0, 1.0])  # a rate is an axial vector

    def samples(side):
        person = Person(on_side(scenario, side), seed=2)
        imu = person.wear(f"thigh_{side}", setup)
        imu.mounting = replace(
            imu.mounting,
            lever_m=np.array([[0.05], [-0.22], [0.07 if side == "right" else -0.07]]),
        )
        return imu.start(SETTINGS, 0).read_si(3000)

    assert samples("left") == pytest.approx(samples("right") * flip, abs=1e-6)


def test_turning_the_sensor_in_its_strap_turns_its_samples():
    plain = worn("squat", setup=replace(IDEAL, mount="identity"))
    turned = worn("squat", setup=replace(IDEAL, mount="0,90,0"))
    a, b = plain.start(SETTINGS, 0).read_si(800), turned.start(SETTINGS, 0).read_si(800)
    # sensor x is the segment's -z, sensor z is the segment's x
    for offset in (0, 3):
        assert b[:, offset] == pytest.approx(-a[:, offset + 2], abs=1e-9)
        assert b[:, offset + 2] == pytest.approx(a[:, offset], abs=1e-9)


def test_a_small_range_clips_and_says_so():
    hard = replace(load_scenario("walking"), steps=load_scenario("walking").steps[:1])
    traits = replace(hard.traits, heel_strike_mps2=60.0)
    person = Person(replace(hard, traits=traits), seed=1)
    imu = person.wear("thigh_right", IDEAL)
    raw, clipped = imu.start(ImuSettings(400_000, 2, 250), 0).read(400 * 20)
    assert clipped.any()
    assert not clipped.all()
    full = (raw == 32767) | (raw == -32768)
    assert full[clipped].any(axis=1).all()


def test_registers_times_their_units_are_si():
    for name in parts():
        imu = worn("lying_still", setup=SensorSetup(part=name))
        settings_ = SETTINGS_OF[name]
        raw, _ = imu.start(settings_, 0).read(200)
        exact = worn("lying_still", setup=SensorSetup(part=name)).start(settings_, 0).read_si(200)
        acc = raw[:, :3] * imu.acc_lsb_g(16) * G
        gyr = np.radians(raw[:, 3:] * imu.gyr_lsb_dps(2000))
        assert acc == pytest.approx(exact[:, :3], abs=0.51 * imu.acc_lsb_g(16) * G)
        assert gyr == pytest.approx(exact[:, 3:], abs=0.51 * math.radians(imu.gyr_lsb_dps(2000)))


def test_noise_has_the_data_sheet_s_density():
    imu = worn("lying_still", setup=SensorSetup(part="cheap", tissue=RIGID))
    imu._mover._plan._sway_weights[:] = 0.0
    data = imu.start(SETTINGS_OF["cheap"], 0).read_si(6000)
    white = np.diff(data, axis=0) / math.sqrt(2.0)
    spec = part("cheap")
    bandwidth = math.sqrt(50.0)
    assert white[:, 3:].std() == pytest.approx(spec.gyr_noise_radps_rthz * bandwidth, rel=0.05)
    assert white[:, :3].std() == pytest.approx(spec.acc_noise_mps2_rthz * bandwidth, rel=0.05)


def test_the_clock_is_as_wrong_as_it_was_told():
    stream = worn("squat", setup=SensorSetup(clock_ppm=500.0)).start(SETTINGS, 0)
    assert stream.true_period_us == pytest.approx(1e4 / 1.0005)
    spread = {worn("squat", setup=SensorSetup(), seed=s)._clock for s in range(20)}
    assert len(spread) == 20
    assert max(abs(e) for e in spread) <= 2 * part("bmi270").clock


def test_soft_tissue_moves_the_sensor_and_stops_when_the_leg_does():
    soft = SensorSetup(part="ideal", clock_ppm=0.0, mount="identity", tissue=SoftTissue())
    rigid = worn("squat", setup=replace(soft, tissue=RIGID)).start(SETTINGS, 0).read_si(3000)
    loose = worn("squat", setup=soft).start(SETTINGS, 0).read_si(3000)
    difference = np.abs(rigid - loose)[:, 3:].max(axis=1)
    assert difference[500:].max() > 0.05
    assert difference[50:450].max() < 0.01  # standing still before the first squat


def test_a_slip_turns_the_sensor_for_good():
    setup = replace(IDEAL, mount="identity", slip_deg=30.0, slip_s=10.0)
    slipped = worn("standing_still", setup=setup).start(SETTINGS, 0).read_si(2000)
    plain = worn("standing_still", setup=replace(setup, slip_deg=0.0)).start(SETTINGS, 0)
    reference = plain.read_si(2000)
    assert slipped[:900] == pytest.approx(reference[:900], abs=1e-9)
    turned = np.degrees(np.abs(slipped[:, 4] - reference[:, 4]).sum() * 0.01)
    assert turned == pytest.approx(30.0, abs=0.5)


def test_wrong_parts_and_mountings_are_refused():
    with pytest.raises(InputError, match="did you mean 'bmi270'"):
        worn("squat", setup=SensorSetup(part="bmi27"))
    with pytest.raises(InputError, match="three angles"):
        worn("squat", setup=SensorSetup(mount="sideways"))
    with pytest.raises(InputError, match="thigh_right"):
        Person(load_scenario("squat")).wear("thigh_rigt", IDEAL)
