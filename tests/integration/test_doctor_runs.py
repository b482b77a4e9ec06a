"""``sensorhub doctor`` and its bench as a person runs them, over a simulated BlueZ and a pty."""

import json
import re
import time
from pathlib import Path
from typing import Any

from visits import Simulation, sensorhub, simulation

SPEED = 4.0
BENCH_SPEED = 2.0


def done(
    *arguments: str, data: Path, sim: Simulation | None = None, code: int = 0
) -> tuple[str, str]:
    program = sensorhub(*arguments, data=data, env=None if sim is None else sim.env)
    try:
        assert program.wait() == code, program.output + program.errors
    finally:
        program.end()
    assert "Traceback" not in program.errors
    return program.output, program.errors


def in_the_air(folder: Path, *, speed: float = SPEED) -> Any:
    return simulation(
        folder,
        scenario="standing_still",
        sensors=[f"thigh_right@ble:{folder}/bus", f"pelvis@pty:{folder}/pelvis"],
        speed=speed,
    )


def test_the_doctor_finds_the_simulated_adapter_and_does_without_one(tmp_path: Path) -> None:
    with in_the_air(tmp_path) as sim:
        program = sensorhub("doctor", "--json", data=tmp_path / "data", env=sim.env)
        try:
            code = program.wait()
        finally:
            program.end()
        found = json.loads(program.output)
    verdicts = {row["check"]: row["verdict"] for row in found["checks"]}
    assert verdicts["adapter hci0"] == "ok"
    assert verdicts["Bluetooth service"] == "ok"
    assert code == (1 if found["fails"] else 0)
    assert found["fails"] == sum(row["verdict"] == "fail" for row in found["checks"])
    for row in found["checks"]:
        assert row.keys() == {"check", "verdict", "found", "todo"}

    # The bus has gone with the simulation: nothing needs it, so nothing fails for it.
    text, _ = done("doctor", data=tmp_path / "data", sim=sim)
    assert "D-Bus" in text
    assert "no Bluetooth adapter" in text


def test_a_damaged_store_is_a_row_and_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "sessions.sqlite").write_bytes(b"no database" * 1000)
    text, _ = done("doctor", data=tmp_path, code=1)
    assert "is not a session store" in text
    assert "SQLite" in text


def test_the_bench_measures_both_kinds_of_link(tmp_path: Path) -> None:
    with in_the_air(tmp_path, speed=BENCH_SPEED) as sim:
        air, cable = sim.uris["thigh_right"], sim.uris["pelvis"]
        # How fast this computer is today decides whether every bar is kept: both are told.
        program = sensorhub(
            "doctor",
            "bench",
            f"--sensor={air}",
            f"--sensor={cable}",
            "--connects=3",
            "--seconds=8",
            f"--speed={BENCH_SPEED:g}",
            "--json",
            data=tmp_path / "data",
            env=sim.env,
        )
        began_s = time.monotonic()
        try:
            code = program.wait()
        finally:
            program.end()
        most = 100 * BENCH_SPEED * (time.monotonic() - began_s)
    assert program.errors.count("at the first try") == 6
    found = json.loads(program.output)
    assert code == any(one["verdict"] == "fail" for one in found["sensors"])
    assert found["simulated"] is True
    for uri, one in zip((air, cable), found["sensors"], strict=True):
        assert (one["sensor"], one["error"]) == (uri, "")
        figures = one["figures"]
        assert figures["connects"] == 3
        assert figures["first_try_percent"] == 100.0
        assert figures["lost_percent"] == 0.0
        assert 600 <= figures["samples"] <= most
        assert 0.0 < figures["interval_median_ms"] <= figures["interval_p95_ms"]
        assert 0.0 <= figures["latency_median_ms"] <= figures["latency_p95_ms"]
        judged = {name: bar["verdict"] for name, bar in one["judged"].items()}
        assert judged["lost_percent"] == judged["within_two_tries_percent"] == "ok"
        assert (one["verdict"] == "fail") == ("fail" in judged.values())
    assert not (tmp_path / "data").exists(), "a bench stores nothing"


def test_the_bench_fails_a_sensor_that_is_not_there_and_measures_the_other(tmp_path: Path) -> None:
    with in_the_air(tmp_path) as sim:
        text, _ = done(
            "doctor",
            "bench",
            f"--sensor={sim.uris['pelvis']}",
            f"--sensor=serial:{tmp_path}/none",
            "--connects=1",
            "--seconds=2",
            f"--speed={SPEED:g}",
            data=tmp_path / "data",
            sim=sim,
            code=1,
        )
    assert f"serial:{tmp_path}/none (SIMULATED): fail" in text
    assert "was not made" in text
    assert f"{sim.uris['pelvis']}: connection 1 took" in text
    assert re.search(rf"{sim.uris['pelvis']} \(SIMULATED\): (ok|warn|fail)", text)


def test_what_the_bench_cannot_use_is_said(tmp_path: Path) -> None:
    for arguments, says in (
        ((), "sensors add"),
        (("--sensor=replay:x",), "no link"),
        (("--sensor=ble:x?family=nobody",), "no device family"),
        (("--sensor=x",), "how to reach"),
    ):
        _, errors = done("doctor", "bench", *arguments, data=tmp_path / "data", code=2)
        assert says in errors
        assert len(errors.strip().splitlines()) == 1
