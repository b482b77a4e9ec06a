"""The accuracy page: its statistics, its scoring, and the same text for the same figures."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from benchmarks.accuracy.optical import OpticalScore, upright
from benchmarks.accuracy.page import write_page
from benchmarks.accuracy.play import exercises, kind_of
from benchmarks.accuracy.real import RealScore
from benchmarks.accuracy.score import GUIDED, FalseAlarm, Score, matched, score_set
from benchmarks.accuracy.stats import at_most, mean_interval, quantile, wilson
from firmware_sim.scenario.truth import TrueRepetition, TrueSet
from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.engine import DETECTOR_VERSION, SetAnalyzer
from sensorhub.model.outcomes import Repetition
from sensorhub.model.placement import Placement, Side

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


def _true(start_s: float) -> TrueRepetition:
    return TrueRepetition(start_s, start_s + 1.0, start_s + 2.0, 0.8, 0.0, "full", "right")


def _found(start_s: float) -> Repetition:
    return Repetition(start_s, start_s + 1.0, start_s + 2.0, rom_rad=0.9, side=Side.RIGHT)


def _scored(true: list[float], found: list[float]) -> Score:
    empty = SetAnalyzer(
        find_exercise("squat"), side=Side.RIGHT, placements=[Placement.THIGH_RIGHT]
    ).finish()
    outcome = replace(empty, repetitions=tuple(_found(s) for s in found))
    truth = TrueSet("squat", "right", 0.0, 40.0, [_true(s) for s in true])
    return score_set("squat", "usual", 0, truth, outcome)


def test_kinds_are_not_right_where_the_count_is_not():
    assert _scored([0.0, 3.0], [0.0, 3.0]).kinds_right
    # two of the right kind, but one of them lies where nothing was
    misplaced = _scored([0.0, 3.0], [0.0, 9.0])
    assert (misplaced.exact, misplaced.kinds_right) == (False, False)


def test_range_is_judged_repetition_by_repetition():
    assert _scored([0.0, 3.0], [0.0, 9.0]).ranges_rad == pytest.approx([0.1])


def test_a_range_too_small_does_not_make_up_for_one_too_large(tmp_path: Path):
    wrong = replace(SCORES[0], ranges_rad=(0.1, -0.1))
    write_page(tmp_path / "page.md", [wrong], ALARMS, REAL)
    assert "| 5.7 / 5.7 deg |" in (tmp_path / "page.md").read_text(encoding="utf-8")


def test_what_is_only_paced_is_not_called_exact(tmp_path: Path):
    paced = replace(_score("kegel_squeeze", 0, 10), kind=GUIDED)
    write_page(tmp_path / "page.md", [*SCORES, paced], ALARMS, REAL)
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| kegel_squeeze |" not in text
    assert "`kegel_squeeze` is paced, not counted: nothing was falsely seen in 1 runs." in text


@pytest.mark.parametrize(
    ("late", "said"),
    [
        ({"edges_s": (0.1, 0.7)}, "edges, p95 0.70 s"),
        ({"credited_s": (0.2, 0.6)}, "held, mean error 0.40 s"),
        ({"entering_s": (0.1, 0.5)}, "entering, p95 0.50 s"),
        ({"leaving_s": (0.1, 0.5)}, "leaving, p95 0.50 s"),
    ],
)
def test_a_cell_that_counts_right_but_times_badly_is_weak(
    tmp_path: Path, late: dict[str, tuple[float, ...]], said: str
):
    holds = {"credited_s": (0.1,), "entering_s": (0.1,), "leaving_s": (0.1,)}
    runs = [_score("squat", 0, 10), replace(_score("clam", 0, 10), **(holds | late))]
    write_page(tmp_path / "page.md", runs, ALARMS, REAL)
    weak = (tmp_path / "page.md").read_text(encoding="utf-8").split("### Where it is weak")[1]
    assert f"| clam | the usual run | {said} |" in weak
    assert "| squat |" not in weak


def test_the_page_speaks_of_every_exercise():
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    paced = {name for name in exercises() if kind_of(name) == GUIDED}
    said = {name: f"`{name}` is paced" if name in paced else f"| {name} |" for name in exercises()}
    assert [name for name, text in said.items() if text not in page] == []


def test_the_page_was_measured_with_these_detectors():
    # A page older than the detectors speaks of others: `make accuracy` writes it anew.
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    assert f"; detectors version {DETECTOR_VERSION}.\n" in page
