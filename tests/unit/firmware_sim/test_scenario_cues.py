"""A simulated person who waits for the hub's signal."""

from scenario_rig import parse

from firmware_sim.imu.stream import CHUNK_S
from firmware_sim.person import Person
from firmware_sim.scenario.loader import (
    load_scenario,
)
from firmware_sim.scenario.performer import _REACTION_S, LOOKAHEAD_S, Performer
from firmware_sim.scenario.truth import sample_index


def two_waits(timeout=""):
    return parse(f"""
        posture = "supine"
        lead_in_s = 1.0
        [[step]]
        wait = "cue"
        {timeout}
        [[step]]
        movement = "straight_leg_raise"
        reps = 2
        [[step]]
        wait = "cue"
        {timeout}
        [[step]]
        movement = "straight_leg_raise"
        reps = 1
    """)


def reps_at(performer, time_s):
    performer.advance(time_s)
    return sum(len(s.repetitions) for s in performer.truth(time_s).sets)


def test_without_a_cue_a_person_waits_for_ever():
    performer = Performer(two_waits())
    assert reps_at(performer, 500.0) == 0
    assert performer.waiting
    assert performer.finished_s is None


def test_each_cue_ends_one_wait_a_reaction_later():
    performer = Performer(two_waits(), seed=2)
    performer.advance(20.0)
    performer.cue(20.0)
    performer.advance(60.0)
    first = performer.truth(60.0).sets
    assert [len(s.repetitions) for s in first] == [2]
    assert _REACTION_S[0] <= first[0].start_s - 20.0 <= _REACTION_S[1]
    performer.cue(61.0)
    assert reps_at(performer, 90.0) == 3
    assert performer.finished_s is not None


def test_two_sensors_that_vibrate_together_are_one_cue():
    performer = Performer(two_waits())
    performer.advance(20.0)
    performer.cue(20.0)
    performer.cue(20.4)
    assert reps_at(performer, 200.0) == 2


def test_a_cue_during_a_set_is_remembered_for_the_next_wait():
    performer = Performer(two_waits())
    performer.advance(20.0)
    performer.cue(20.0)
    performer.advance(23.0)
    performer.cue(23.0)
    assert reps_at(performer, 60.0) == 3


def test_nobody_waits_longer_than_the_time_out():
    performer = Performer(two_waits("timeout_s = 10"))
    assert reps_at(performer, 10.0) == 0
    assert reps_at(performer, 120.0) == 3


def test_a_sensor_that_reads_ahead_of_time_cannot_make_a_person_late():
    # one generated chunk and the chip's filter must fit into the shortest reaction
    assert CHUNK_S + 0.02 <= LOOKAHEAD_S < _REACTION_S[0]


def test_the_demo_person_follows_the_hub():
    person = Person(load_scenario("demo"), seed=1)
    performer = person.performer
    for time_s in (10.0, 60.0, 90.0, 130.0, 160.0, 200.0):
        performer.advance(time_s)
        assert performer.waiting
        person.cue(round(time_s * 1e6))
    performer.advance(260.0)
    truth = person.truth()
    assert [s.exercise for s in truth.sets] == [
        "squat",
        "straight_leg_raise",
        "kneeling_hip_flexor_stretch",
    ]
    assert [r.kind for r in truth.sets[0].repetitions].count("full") == 5
    assert len(truth.sets[1].repetitions) == 5
    assert truth.sets[2].holds[0].held_s > 15.5
    assert performer.finished_s is not None


def test_sample_index_is_the_nearest_sample():
    assert sample_index(2.004, first_sample_s=0.5, period_s=0.01) == 150
