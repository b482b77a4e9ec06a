"""The accuracy page: its statistics, its scoring, and the same text for the same figures."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from benchmarks.accuracy.optical import OpticalScore, upright
from benchmarks.accuracy.page import write_page
from benchmarks.accuracy.play import exercises
from benchmarks.accuracy.real import RealScore
from benchmarks.accuracy.score import FalseAlarm, Score, matched
from benchmarks.accuracy.stats import at_most, mean_interval, quantile, wilson

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Region:
    start_s: float
    end_s: float


def _score(exercise: str, seed: int, got: int) -> Score:
    return Score(
        exercise, "usual", seed, "repetition", 10, got, 0, kinds_right=True, seconds=40.0,
        edges_s=(0.1, 0.2),
    )  # fmt: skip


SCORES = [_score("squat", 0, 10), _score("squat", 1, 9), _score("clam", 0, 10)]
ALARMS = [FalseAlarm("squat", "walk", 0, 1, 30.0)]
REAL = [RealScore("uci_s1, set 1", "uci", "straight_leg_raise", 10, 10, sure=True)]


def test_wilson_interval_is_that_of_the_literature():
    # Newcombe 1998, table I: 81 of 263 and 0 of 20
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_no_event_may_have_been_three():
    assert at_most(0) == pytest.approx(2.996, abs=1e-3)  # the rule of three


def test_mean_and_quantile():
    assert mean_interval([1.0, 3.0]) == pytest.approx((2.0, 1.96), abs=1e-2)
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile(list(range(1, 101)), 0.95) == 95


def test_matching_keeps_order_and_finds_the_most_pairs():
    true = [Region(0, 10), Region(10, 20), Region(20, 30)]
    shifted = [Region(6, 16), Region(16, 26), Region(26, 29)]
    pairs, false = matched(true, shifted)
    assert [(t.start_s, g.start_s) for t, g in pairs] == [(0, 6), (10, 16), (20, 26)]
    assert false == 0


def test_what_overlaps_nothing_is_false():
    pairs, false = matched([Region(0, 2)], [Region(0, 2), Region(2, 3), Region(5, 6)])
    assert len(pairs) == 1
    assert false == 2


def test_the_same_figures_give_the_same_page(tmp_path: Path):
    write_page(tmp_path / "a.md", SCORES, ALARMS, REAL)
    write_page(tmp_path / "b.md", SCORES, ALARMS, REAL)
    first = (tmp_path / "a.md").read_bytes()
    assert first == (tmp_path / "b.md").read_bytes()
    write_page(tmp_path / "a.md", SCORES, ALARMS, REAL)
    assert first == (tmp_path / "a.md").read_bytes()


def test_without_recordings_the_page_keeps_what_it_said_of_them(tmp_path: Path):
    page = tmp_path / "page.md"
    write_page(page, SCORES, ALARMS, REAL)
    first = page.read_text(encoding="utf-8")
    write_page(page, SCORES, ALARMS, None)
    assert page.read_text(encoding="utf-8") == first


def test_simulated_and_real_are_kept_apart(tmp_path: Path):
    page = tmp_path / "page.md"
    write_page(page, SCORES, ALARMS, REAL)
    simulated, real = page.read_text(encoding="utf-8").split("<!-- real -->")
    assert "uci" not in simulated
    assert "clam" not in real


def test_what_the_pelvis_sensor_saw_stands_beside_the_error_it_explains(tmp_path: Path):
    seen = OpticalScore(rmse_deg=7.1, range_error_deg=-11.0, lean_deg=(39.7, 24.6))
    score = RealScore("squats", "some", "squat", 5, 5, sure=True, hip=seen)
    page = tmp_path / "page.md"
    write_page(page, SCORES, ALARMS, [*REAL, score])
    text = page.read_text(encoding="utf-8")
    assert "| squats | 7.1 | -11.0 | 39.7 | 24.6 |" in text
    assert "7.1 / 11.0 deg (1)" in text
    write_page(page, SCORES, ALARMS, REAL)
    assert "against cameras" not in page.read_text(encoding="utf-8")


@settings(max_examples=20)
@given(*[st.floats(-179.0, 179.0)] * 3)
def test_upright_is_the_same_wherever_a_pelvis_faces(x: float, y: float, z: float):
    def rows(turn_deg: float) -> list[dict[str, str]]:
        turned = Rotation.from_euler("Y", turn_deg, degrees=True) * Rotation.from_euler(
            "XYZ", (x, y, z), degrees=True
        )
        angles = turned.as_euler("XYZ", degrees=True)
        return [
            {
                f"PelvisAngle_ML_{axis}": repr(float(a))
                for axis, a in zip("XYZ", angles, strict=True)
            }
        ]

    assert np.allclose(upright(rows(0.0)), upright(rows(77.0)), atol=1e-6)


def test_the_page_speaks_of_every_exercise():
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    assert [name for name in exercises() if f"| {name} |" not in page] == []
