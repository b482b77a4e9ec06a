"""Scenarios that people write: mistakes are named."""

import pytest
from scenario_rig import finish, parse

from firmware_sim.fields import InputError
from firmware_sim.scenario.loader import (
    Perform,
    load_scenario,
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[step]]\nmovement = "squad"', "did you mean 'squat'"),
        ('[[step]]\nmovement = "squat"\nrepz = 3', "unknown field 'repz' (did you mean 'reps'?)"),
        ('titel = "x"\n[[step]]\nrest_s = 3', "unknown field 'titel' (did you mean 'title'?)"),
        ('posture = "stading"\n[[step]]\nrest_s = 3', "no posture 'stading'"),
        ('[[step]]\nmovement = "squat"\nrest_s = 3\nwait = "cue"', "exactly one of"),
        ("[[step]]\nreps = 3", "exactly one of"),
        ('[[step]]\nwait = "bell"', "no wait 'bell'"),
        ('[[step]]\nactivity = "dance"', "no activity 'dance'"),
        ('[[step]]\nmovement = "squat"\nreps = 0', "reps must be a whole number"),
        ('[[step]]\nmovement = "squat"\ntempo_s = "fast"', "tempo_s must be a number"),
        ('[[step]]\nmovement = "squat"\ntempo_s = nan', "tempo_s must be"),
        ('[[step]]\nmovement = "squat"\npartial = [0]', "counted from 1"),
        ('[[step]]\nmovement = "squat"\nside = "both"', "no side 'both'"),
        ("[person]\nsway = -1\n[[step]]\nrest_s = 1", "sway must be"),
        ("[person]\nheight = 1\n[[step]]\nrest_s = 1", "unknown field 'height'"),
        ("title = 'nothing to do'", "at least one"),
    ],
)
def test_mistakes_are_named(text, says):
    with pytest.raises(InputError) as error:
        parse(text)
    assert says in str(error.value)
    assert "test.toml" in str(error.value) or "squat" in str(error.value)


def test_unknown_scenarios_and_unreadable_files_are_named(tmp_path):
    with pytest.raises(InputError, match="did you mean 'squat'"):
        load_scenario("squatt")
    with pytest.raises(InputError, match="cannot be read"):
        load_scenario(str(tmp_path / "none.toml"))
    broken = tmp_path / "broken.toml"
    broken.write_text("[[step", encoding="utf-8")
    with pytest.raises(InputError, match="not a TOML file"):
        load_scenario(str(broken))


def test_a_scenario_of_one_s_own_is_one_file(tmp_path):
    own = tmp_path / "mine.toml"
    own.write_text('[[step]]\nmovement = "clam"\nreps = 4\nside = "left"\n', encoding="utf-8")
    scenario = load_scenario(str(own))
    assert scenario.posture == "side_lying_bent"
    assert isinstance(scenario.steps[0], Perform)
    assert len(finish(scenario).truth().sets[0].repetitions) == 4
