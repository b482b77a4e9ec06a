"""Scenarios: every one plays, its truth is exact, cues lead it, and mistakes in files are named."""

import json
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_rig import finish, played

from firmware_sim.body.movements import movements
from firmware_sim.body.skeleton import Channel
from firmware_sim.scenario.loader import (
    ACTIVITIES,
    Act,
    Dip,
    load_scenario,
    scenario_names,
)
from firmware_sim.scenario.performer import Performer
from firmware_sim.scenario.vary import (
    each_set,
    on_side,
    with_amplitude,
    with_bounces,
    with_break,
    with_partial,
    with_pauses,
    with_tempo,
    with_traits,
    with_tremor,
)

EXERCISES = sorted(
    m.exercise for m in movements().values() if m.exercise == m.name and m.name in scenario_names()
)


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_plays_to_its_end_and_what_is_said_of_it_is_consistent(name):
    truth = finish(played(name)).truth()
    known = json.loads(json.dumps(truth.to_json()))
    assert known["reps"] == len(known["repetitions"]) + len(known["breaths"])
    assert known["full"] + known["partial"] == len(known["repetitions"])
    for entry in truth.sets:
        regions = [*entry.repetitions, *entry.holds, *entry.breaths, *entry.steps, *entry.guided]
        assert regions
        assert all(entry.start_s <= r.start_s < r.end_s <= entry.end_s for r in regions)
        for kind in (entry.repetitions, entry.holds, entry.breaths, entry.steps):
            assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(kind))
    for rep in (r for s in truth.sets for r in s.repetitions):
        assert rep.start_s < rep.peak_s < rep.end_s
        assert 0.02 < rep.rom_rad < 3.0


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_exercise_has_a_scenario_with_its_usual_dose(exercise):
    assert len(EXERCISES) == 30
    truth = finish(load_scenario(exercise)).truth().to_json()
    assert truth["exercise"] == exercise
    done = truth["reps"] + len(truth["holds"]) + len(truth["guided"])
    assert done == movements()[exercise].reps


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    reps=st.integers(1, 12),
    tempo_s=st.floats(0.8, 12.0),
    amplitude=st.floats(0.2, 1.2),
    exercise=st.sampled_from(["squat", "straight_leg_raise", "clam", "bridge", "pelvic_circles"]),
)
def test_as_many_repetitions_as_asked_for(seed, reps, tempo_s, amplitude, exercise):
    scenario = each_set(load_scenario(exercise), lambda s: replace(s, reps=reps))
    scenario = with_amplitude(with_tempo(scenario, tempo_s, rest_s=(0.0, 2.0)), amplitude)
    performer = finish(scenario, seed)
    found = [r for s in performer.truth().sets for r in s.repetitions]
    assert len(found) == reps * len(scenario.steps)
    pauses = scenario.steps[0].top_pause_s
    for rep in found:
        assert 0.5 * tempo_s < rep.end_s - rep.start_s - pauses < 1.7 * tempo_s


def test_partial_repetitions_are_marked_and_smaller():
    scenario = with_partial(load_scenario("squat"), frozenset({2, 5}), amplitude=0.4)
    reps = finish(scenario).truth().sets[0].repetitions
    assert [k for k, r in enumerate(reps, 1) if r.kind == "partial"] == [2, 5]
    full = np.mean([r.rom_rad for r in reps if r.kind == "full"])
    assert all(0.25 < r.rom_rad / full < 0.55 for r in reps if r.kind == "partial")


def test_the_peak_is_where_the_leg_is_furthest_and_ends_are_where_it_rests():
    performer = finish(load_scenario("straight_leg_raise"))
    for rep in performer.truth().sets[0].repetitions:
        t = np.array([rep.start_s, rep.peak_s, rep.end_s])
        flexion = np.degrees(performer.state(t)[0][Channel.RIGHT_FLEXION])
        assert flexion[1] - max(flexion[0], flexion[2]) > 35.0
        assert abs(flexion[0] - flexion[2]) < 8.0


def test_a_bridge_knows_how_long_it_was_held():
    reps = finish(load_scenario("bridge")).truth().sets[0].repetitions
    assert all(2.5 <= r.hold_s < 3.6 for r in reps)


def test_holds_know_their_interruptions():
    plain = load_scenario("kneeling_hip_flexor_stretch")
    dipped = each_set(plain, lambda s: replace(s, dips=(Dip(8.0, 1.5, 0.7),)))
    for clean, broken in zip(
        finish(plain).truth().sets[0].holds, finish(dipped).truth().sets[0].holds, strict=True
    ):
        assert clean.held_s == pytest.approx(clean.end_s - clean.start_s, abs=0.01)
        assert 20.0 <= clean.held_s < 21.5
        assert 0.8 < clean.held_s - broken.held_s < 2.0
        assert broken.end_s - broken.start_s == pytest.approx(clean.end_s - clean.start_s, abs=0.1)


def test_a_sagging_shaking_hold_is_still_one_hold():
    scenario = each_set(
        with_tremor(load_scenario("modified_thomas_stretch"), degrees=3.0, frequency_hz=6.0),
        lambda s: replace(s, sag_radps=math.radians(0.4)),
    )
    for hold in finish(scenario).truth().sets[0].holds:
        assert 20.0 <= hold.held_s < 21.5


def test_a_pause_half_way_makes_it_longer_but_no_second_one():
    scenario = with_pauses(load_scenario("squat"), frozenset({3}), pause_s=4.0)
    reps = finish(scenario).truth().sets[0].repetitions
    assert len(reps) == 10
    lengths = [r.end_s - r.start_s for r in reps]
    assert lengths[2] == max(lengths)
    assert lengths[2] > 6.0


def test_a_missing_half_is_a_partial_with_its_name():
    scenario = each_set(
        load_scenario("donkey_kick_fire_hydrant"),
        lambda s: replace(s, omit=frozenset({4}), omit_way="hydrant"),
    )
    reps = finish(scenario).truth().sets[0].repetitions
    assert [(r.kind, r.phase) for r in reps[2:5]] == [
        ("full", ""),
        ("partial", "hydrant"),
        ("full", ""),
    ]


def test_circles_know_their_direction():
    def turning(direction):
        scenario = each_set(
            load_scenario("pelvic_circles"), lambda s: replace(s, direction=direction)
        )
        performer = finish(scenario)
        first = performer.truth().sets[0].repetitions
        assert all(r.phase == direction for r in first)
        t = np.linspace(first[0].start_s, first[-1].end_s, 4000)
        values = performer.state(t)[0]
        tilt, axial = values[Channel.TILT], values[Channel.AXIAL]
        tilt, axial = tilt - tilt.mean(), axial - axial.mean()
        return float((tilt[:-1] * np.diff(axial) - axial[:-1] * np.diff(tilt)).sum())

    # from the navel (back flat: tilt positive) the pelvis next sinks to the left (axial positive)
    assert turning("cw") > 0.0
    assert turning("ccw") < 0.0


def test_side_steps_go_out_and_come_back():
    performer = finish(load_scenario("multifidus_walk_out"))
    steps = performer.truth().sets[0].steps
    assert [s.direction for s in steps] == ["out", "back"] * 10
    y = performer.state(np.array([steps[0].start_s, steps[0].end_s, steps[1].end_s]))[0][Channel.Y]
    assert y[0] - y[1] == pytest.approx(0.36, abs=0.03)  # to the right is earth -y
    assert y[2] == pytest.approx(y[0], abs=0.03)


def test_a_breath_exercise_is_all_there_is_in_its_recording():
    performer = finish(load_scenario("tissue_box_breathing"))
    breaths = performer.truth().sets[0].breaths
    assert len(breaths) == 10
    belly = performer.state(np.arange(0.0, performer.finished_s, 0.01))[0][Channel.BELLY]
    lifted = belly - np.median(belly[:100]) > math.radians(2.0)
    assert np.count_nonzero(np.diff(lifted.astype(int)) == 1) == 10


@pytest.mark.parametrize("activity", ACTIVITIES)
def test_nothing_else_is_an_exercise(activity):
    step = Act(activity, 8.0, "right", stride_hz=0.9, slip_rad=0.2)
    performer = finish(replace(load_scenario("standing_still"), steps=(step,)))
    truth = performer.truth()
    assert not truth.sets
    assert [a.name for a in truth.activities] == [activity]
    assert performer.finished_s > 8.0
    assert truth.to_json()["reps"] == 0


def test_walking_swings_the_thighs_in_turn():
    performer = finish(load_scenario("walking"))
    t = np.arange(5.0, 20.0, 0.01)
    values = performer.state(t)[0]
    right, left = values[Channel.RIGHT_FLEXION], values[Channel.LEFT_FLEXION]
    assert 25.0 < np.degrees(np.ptp(right)) < 60.0
    assert np.corrcoef(right, left)[0, 1] < -0.8
    assert np.abs(values[Channel.JOLT_RIGHT]).max() > 4.0


def test_a_break_leaves_the_count_alone():
    scenario = with_partial(load_scenario("squat"), frozenset({7}), amplitude=0.4)
    truth = finish(with_break(scenario, "fetch_chair", duration_s=12.0)).truth().to_json()
    assert (truth["reps"], truth["partial"]) == (10, 1)
    assert [a["name"] for a in truth["activities"]] == ["fetch_chair"]
    assert truth["repetitions"][6]["kind"] == "partial"


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda s: with_bounces(s, top=0.4, bottom=0.3),
        lambda s: with_tremor(s, degrees=4.0, frequency_hz=5.0),
        lambda s: each_set(s, lambda x: replace(x, cough_at=frozenset({2, 6}))),
        lambda s: with_traits(s, replace(s.traits, coupling=0.2, roughness=0.03, sway=4.0)),
    ],
)
def test_clumsiness_adds_no_repetition_and_hardly_changes_their_size(spoilt):
    plain = finish(load_scenario("straight_leg_raise"), 5).truth().sets[0].repetitions
    clumsy = finish(spoilt(load_scenario("straight_leg_raise")), 5).truth().sets[0].repetitions
    assert len(clumsy) == len(plain) == 10
    mean = np.mean([r.rom_rad for r in plain])
    assert all(0.7 < r.rom_rad / mean < 1.3 for r in clumsy)


def test_alternating_sides_are_known_repetition_by_repetition():
    scenario = each_set(load_scenario("side_lunge"), lambda s: replace(s, alternate=True))
    truth = finish(scenario).truth().sets[0]
    assert truth.side == "both"
    assert [r.side for r in truth.repetitions] == ["right", "left"] * 5
    assert all(r.rom_rad > 0.7 for r in truth.repetitions)


def test_left_is_left():
    truth = finish(on_side(load_scenario("straight_leg_raise"), "left")).truth().to_json()
    assert truth["side"] == "left"
    assert {r["side"] for r in truth["repetitions"]} == {"left"}


def test_truth_grows_with_time_and_never_changes():
    performer = Performer(load_scenario("squat"), seed=4)
    whole = finish(load_scenario("squat"), 4).truth().sets[0].repetitions
    seen = 0
    for k in range(1, 600):
        performer.advance(0.1 * k)
        truth = performer.truth(0.1 * k)
        reps = truth.sets[0].repetitions if truth.sets else []
        assert reps == [r for r in whole if r.end_s <= 0.1 * k]
        assert len(reps) >= seen
        seen = len(reps)
    assert seen == 10


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.05, 3.0), min_size=1, max_size=40), st.integers(0, 99))
def test_the_motion_does_not_depend_on_who_looked_when(jumps, seed):
    scenario = played("demo")
    grid = np.arange(0.0, 30.0, 0.02)
    straight = Performer(scenario, seed=seed).state(grid)[0]
    performer = Performer(scenario, seed=seed)
    for time in np.cumsum(jumps):
        performer.advance(float(time))
    assert np.array_equal(performer.state(grid)[0], straight)
