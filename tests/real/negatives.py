"""What people do besides: motion of a thigh in which nothing may be counted (all simulated)."""

import tomllib
from functools import cache

import numpy as np

from firmware_sim.fields import Fields
from firmware_sim.person import SensorSetup
from firmware_sim.render import render
from firmware_sim.scenario.loader import parse_scenario
from tests.real.takes import Piece, Take


@cache
def rendered(text: str, seed: int, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """Specific force and rate of a simulated thigh, the sensor worn anyhow."""
    done = parse_scenario(Fields(tomllib.loads(text), "negative"), "negative")
    data = render(done, rate_hz=rate_hz, seed=seed, setup=SensorSetup(mount="random")).sensors
    one = data["thigh_right"]
    assert one.gyr_radps is not None
    return one.acc_mps2, one.gyr_radps


def walking(take: Take, seconds: float, rng: np.random.Generator) -> Piece:
    """A walk at the take's rate, worn in the take's sensor anyhow."""
    stride_hz = float(rng.choice([0.6, 0.75, 0.9, 1.1]))
    text = f'[[step]]\nactivity = "walk"\nduration_s = {seconds}\nstride_hz = {stride_hz}\n'
    acc, gyr = rendered(text, int(rng.integers(0, 5)), round(1.0 / take.period_s))
    return Piece(0.0, acc, None if take.pieces[0].gyr is None else gyr)
