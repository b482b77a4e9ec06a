"""A link lost for two or three of ten squats, over a pty and over BlueZ: ten are asked for in all.

The hub runs here, so that what is said can be told from what is shown; the simulator is a program.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from link_rig import system_bus
from visits import export, simulation, squats_on_cue

from sensorhub.cli.plans import plan_of_one
from sensorhub.coach.prompts import PromptKey
from sensorhub.coach.said import Said
from sensorhub.coach.snapshot import Snapshot
from sensorhub.daemon.run import run_session
from sensorhub.daemon.visit.settings import RunSettings
from sensorhub.exercises.definition import find_exercise
from sensorhub.model.placement import Placement
from sensorhub.transports.uri import parse_uri

SPEED = 4.0
THIGH = Placement.THIGH_RIGHT


@dataclass
class Ear:
    """A view that keeps the prompts, and the counts that were shown."""

    prompts: list[tuple[PromptKey, str]] = field(default_factory=list)
    said: list[int] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    lost: bool = False

    def say(self, said: Said, *, elapsed_s: float) -> None:
        if said.prompt is not None:
            self.prompts.append((said.prompt.key, said.text))
            if said.prompt.key is PromptKey.COUNT:
                self.said.append(cast("int", said.prompt.blanks["count"]))

    def show(self, snapshot: Snapshot) -> None:
        self.lost = self.lost or any(sensor.lost_s is not None for sensor in snapshot.sensors)
        if snapshot.live is not None:
            self.shown.append(snapshot.live.count)

    def close(self) -> None: ...


@pytest.mark.parametrize("where", ["pty:{}/thigh", "ble:{}/bus"])
def test_ten_squats_are_ten(where: str, tmp_path: Path) -> None:
    with simulation(
        tmp_path,
        scenario=squats_on_cue(tmp_path, reps=10, extra="tempo_s = 4.0\n"),
        sensors=[f"thigh_right@{where.format(tmp_path)}"],
        speed=SPEED,
        faults=["disconnect@58:9"],  # the set lasts from about 38 to 86
    ) as sim:
        settings = RunSettings(
            plan=plan_of_one(find_exercise("squat"), side=None, reps=10),
            sensors={THIGH: parse_uri(sim.uris["thigh_right"])},
            data_dir=tmp_path / "data",
            speed=SPEED,
            simulated=True,
        )
        ear = Ear()
        with system_bus(tmp_path / "bus"):
            session = asyncio.run(run_session(settings, view=ear))
        truth = sim.truth()
    told = f"{ear.prompts}\n{truth}"
    assert ear.lost
    assert truth["reps"] == 10
    assert ear.said == sorted(set(ear.said)), told
    assert 1 <= 10 - len(ear.said) <= 4, told
    assert max(ear.shown) == 10, told
    dose = [text for key, text in ear.prompts if key in (PromptKey.SET_DONE, PromptKey.SET_SHORT)]
    assert dose == ["Well done: 10 repetitions."], told
    [one] = session.sets
    for outcome in (one.live, one.final):
        assert outcome is not None
        assert outcome.full_repetitions == 10
    rows = export(tmp_path / "data", tmp_path / "csv")
    assert [row["item"] for row in rows] == ["repetition"] * 10
