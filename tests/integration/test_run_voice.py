"""``sensorhub run --voice``: a set with the screen off, heard through a loudspeaker of ours."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from visits import sensorhub, simulation, squats_on_cue

from sensorhub.speech.cache import name_of
from sensorhub.speech.voice import Voice

SPEED = 4.0

APLAY = """#!{python} -S
import os, sys
with open({log!r}, "a") as out: out.write(os.path.basename(sys.argv[-1]) + "\\n")
"""


def test_a_set_can_be_done_by_ear(tmp_path: Path) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed (apt install espeak-ng)")
    (tmp_path / "bin").mkdir()
    player, log = tmp_path / "bin" / "aplay", tmp_path / "heard"
    player.write_text(APLAY.format(python=sys.executable, log=str(log)))
    player.chmod(0o755)
    scenario = squats_on_cue(tmp_path, reps=3)
    sensor = f"thigh_right@pty:{tmp_path}/thigh"
    with simulation(tmp_path, scenario=scenario, sensors=[sensor], speed=SPEED) as sim:
        program = sensorhub(
            "run", "squat", "--reps=3", "--voice", f"--speed={SPEED:g}",
            f"--sensor=thigh_right={sim.uris['thigh_right']}",
            data=tmp_path / "data",
            env={**sim.env, "PATH": f"{player.parent}:{os.environ['PATH']}"},
        )  # fmt: skip
        try:
            assert program.wait() == 0, program.output + program.errors
        finally:
            program.end()
    heard = log.read_text().split()
    wanted = [name_of(text, Voice()) for text in ("Begin.", "1", "2", "3")]
    assert [name for name in heard if name in wanted] == wanted, program.output
