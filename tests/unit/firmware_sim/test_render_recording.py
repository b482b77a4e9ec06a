"""Offline recordings: the folder's form, the faults, and the options."""

import csv
import json
from argparse import ArgumentParser

import numpy as np
import pytest

from firmware_sim.fields import InputError
from firmware_sim.person import SensorSetup
from firmware_sim.render import (
    BLOCK,
    add_render_arguments,
    render,
    run_render,
    write_recording,
)
from firmware_sim.scenario.loader import load_scenario
from firmware_sim.scenario.vary import with_tempo

COLUMNS = [
    "time_s",
    *(f"acc_{a}_mps2" for a in "xyz"),
    *(f"gyr_{a}_radps" for a in "xyz"),
]


def options(*words):
    parser = ArgumentParser()
    add_render_arguments(parser)
    return parser.parse_args(words)


def rows_of(path):
    return list(csv.reader(path.read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("rate_hz", [10.0, 25.0, 52.0, 100.0, 200.0])
def test_any_rate_lasts_as_long_as_the_scenario(rate_hz):
    rendering = render(load_scenario("squat"), rate_hz=rate_hz, setup=SensorSetup(clock_ppm=0.0))
    data = rendering.sensors["thigh_right"]
    assert np.diff(data.time_s) == pytest.approx(1.0 / rate_hz, abs=1e-9)
    assert data.time_s[-1] == pytest.approx(rendering.duration_s, abs=2.0 / rate_hz)
    assert data.acc_mps2.shape == data.gyr_radps.shape == (data.time_s.size, 3)
    assert rendering.truth.sets[0].end_s < rendering.duration_s


def test_the_same_call_gives_the_same_recording_and_another_seed_another():
    a, b = (render(load_scenario("clam"), seed=7).sensors["thigh_right"] for _ in range(2))
    c = render(load_scenario("clam"), seed=8).sensors["thigh_right"]
    assert np.array_equal(a.acc_mps2, b.acc_mps2)
    assert not np.array_equal(a.acc_mps2[:500], c.acc_mps2[:500])


def test_lost_blocks_are_missing_rows_and_nothing_else():
    scenario = load_scenario("squat")
    whole = render(scenario, seed=1).sensors["thigh_right"]
    holey = render(scenario, seed=1, loss=0.1).sensors["thigh_right"]
    share = 1.0 - holey.time_s.size / whole.time_s.size
    assert 0.04 < share < 0.18
    index = np.searchsorted(whole.time_s, holey.time_s)
    assert np.array_equal(whole.acc_mps2[index], holey.acc_mps2)
    gaps = np.diff(index)[np.diff(index) > 1] - 1
    assert (gaps % BLOCK == 0).all()


def test_sensors_of_one_person_share_one_motion():
    rendering = render(load_scenario("squat"), ("thigh_left", "thigh_right", "pelvis"), seed=3)
    alone = render(load_scenario("squat"), ("pelvis",), seed=3)
    together = rendering.sensors["pelvis"].acc_mps2
    assert np.array_equal(together, alone.sensors["pelvis"].acc_mps2)


def test_the_folder_has_the_form_of_a_recording(tmp_path):
    rendering = render(load_scenario("straight_leg_raise"), ("thigh_right", "pelvis"), seed=2)
    write_recording(tmp_path / "out", rendering)
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["body_angles.csv", "pelvis.csv", "thigh_right.csv", "truth.json"]
    rows = rows_of(tmp_path / "out" / "thigh_right.csv")
    assert rows[0] == COLUMNS
    table = np.array(rows[1:], dtype=float)
    assert np.allclose(table[:, 1:4], rendering.sensors["thigh_right"].acc_mps2, atol=1e-5)
    truth = json.loads((tmp_path / "out" / "truth.json").read_text(encoding="utf-8"))
    assert truth["exercise"] == "straight_leg_raise"
    assert truth["side"] == "right"
    assert truth["reps"] == 10 == len(truth["rep_times_s"])
    assert truth["rate_hz"] == 100.0
    header, *angles = rows_of(tmp_path / "out" / "body_angles.csv")
    peak = truth["repetitions"][0]["peak_s"]
    at_peak = min(angles, key=lambda row: abs(float(row[0]) - peak))
    assert float(at_peak[header.index("hip_flexion_right_deg")]) > 40.0


def test_without_a_gyroscope_its_columns_are_absent(tmp_path):
    write_recording(tmp_path, render(load_scenario("clam"), gyroscope=False))
    header = (tmp_path / "thigh_right.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == ",".join(COLUMNS[:4])


def test_drift_turns_what_the_sensor_sees_slowly():
    setup = SensorSetup(part="ideal", mount="identity")
    straight = render(load_scenario("standing_still"), setup=setup).sensors["thigh_right"]
    setup = SensorSetup(part="ideal", mount="identity", drift_deg_per_min=15.0)
    drifted = render(load_scenario("standing_still"), setup=setup).sensors["thigh_right"]
    a, b = straight.acc_mps2[-100:].mean(axis=0), drifted.acc_mps2[-100:].mean(axis=0)
    angle = np.degrees(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))
    assert angle == pytest.approx(16.5, abs=1.0)  # 66 s of it


def test_what_the_body_does_looks_like_what_bodies_do():
    # spread of |a| over a second on a thigh, m/s2: real walking 1.6 to 2.8, lying 0.1,
    # quick squats 1.3
    def spread(scenario):
        acc = render(scenario, seed=1).sensors["thigh_right"].acc_mps2
        size = np.linalg.norm(acc, axis=1)
        seconds = size[: size.size // 100 * 100].reshape(-1, 100).std(axis=1)
        return float(np.median(seconds))

    quick = with_tempo(load_scenario("squat"), 1.4, rest_s=(0.5, 1.0))
    assert 1.2 < spread(load_scenario("walking")) < 4.0
    assert spread(load_scenario("lying_still")) < 0.1
    assert 0.5 < spread(quick) < 2.5


def test_run_render_writes_and_says_what(tmp_path, capsys):
    words = ["--scenario", "squat", "--out", str(tmp_path / "x"), "--sensor", "pelvis"]
    assert run_render(options(*words, "--rate", "50", "--slip", "20:30", "--part", "cheap")) == 0
    words[3] = str(tmp_path / "y")
    assert run_render(options(*words, "--tremor", "2:6", "--side", "left")) == 0
    assert "pelvis" in capsys.readouterr().out
    assert (tmp_path / "x" / "pelvis.csv").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--scenario", "squat", "--rate", "5"], "--rate"),
        (["--scenario", "squat", "--loss", "0.9"], "--loss"),
        (["--scenario", "squat", "--slip", "soon"], "--slip"),
        (["--scenario", "squat", "--tremor", "nan:6"], "finite"),
        (["--scenario", "squat", "--mount", "upwards"], "mounting"),
        (["--scenario", "skwat"], "did you mean"),
    ],
)
def test_bad_options_are_one_sentence(tmp_path, words, says):
    with pytest.raises(InputError, match=says):
        run_render(options(*words, "--out", str(tmp_path)))


def test_a_directory_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be written"):
        run_render(options("--scenario", "clam", "--out", str(tmp_path / "file" / "below")))
