"""Scenarios played to their end, for tests."""

from dataclasses import replace

from firmware_sim.fields import Fields
from firmware_sim.scenario.loader import (
    Rest,
    Wait,
    load_scenario,
    parse_scenario,
)
from firmware_sim.scenario.performer import Performer


def finish(scenario, seed=0):
    performer = Performer(scenario, seed=seed)
    ahead = 0.0
    while performer.finished_s is None:
        ahead += 60.0
        assert ahead < 3600.0
        performer.advance(ahead)
    return performer


def played(name, **kinds):
    scenario = load_scenario(name)
    return replace(
        scenario, steps=tuple(Rest(2.0) if isinstance(s, Wait) else s for s in scenario.steps)
    )


def parse(text):
    import tomllib

    return parse_scenario(Fields(tomllib.loads(text), "test.toml"), "test")
