"""However a run ends, what was recorded is kept, closed and exportable; and lines stay plain."""

import json
import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from visits import PATIENCE_S, export, run_squats, sensorhub, simulation, squats_on_cue

from sensorhub.cli import main
from sensorhub.sessions.store.reader import StoreReader

SPEED = 10.0
LONG_SET = 50
"""Repetitions of a set that is ended from outside: it does not end by itself before that."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_closes_the_session_in_order(number: signal.Signals, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with simulation(
        tmp_path,
        scenario=squats_on_cue(tmp_path, reps=LONG_SET),
        sensors=["thigh_right@tcp:127.0.0.1:0"],
        speed=SPEED,
    ) as sim:
        hub = run_squats(sim, data=data, speed=SPEED, reps=LONG_SET)
        try:
            hub.wait_for(rf"\]   3 of {LONG_SET}")
            hub.send(number)
            assert hub.wait() == 0, hub.errors
        finally:
            hub.end()
    assert hub.errors == ""
    assert "\x1b" not in hub.output
    assert "sensorhub export" in hub.output
    shown = sensorhub("sessions", "show", "last", "--json", data=data)
    try:
        assert shown.wait() == 0
        session = json.loads(shown.output)
    finally:
        shown.end()
    assert not session["open"]
    assert not session["interrupted"]
    assert session["simulated"]
    [one] = session["sets"]
    assert one["final"]
    assert one["outcome"]["summary"]["full"] >= 3
    assert len(export(data, tmp_path / "csv")) >= 3
    again = sensorhub("rescore", "last", data=data)
    try:
        assert again.wait() == 0
        assert "nothing changes" in again.output
    finally:
        again.end()


def test_a_screen_that_goes_away_ends_the_session_in_order(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with simulation(
        tmp_path,
        scenario=squats_on_cue(tmp_path, reps=LONG_SET),
        sensors=[f"thigh_right@pty:{tmp_path}/thigh"],
        speed=SPEED,
    ) as sim:
        command = [
            *(sys.executable, "-m", "sensorhub", "--data", str(data), "run", "squat"),
            *(f"--reps={LONG_SET}", f"--speed={SPEED:g}"),
            f"--sensor=thigh_right={sim.uris['thigh_right']}",
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as hub:
            assert hub.stdout is not None
            assert hub.stderr is not None
            for line in hub.stdout:
                if f"2 of {LONG_SET}" in line:
                    break
            hub.stdout.close()
            hub.wait(
                PATIENCE_S
            )  # its last lines found no reader, so it does not call that a success
            assert hub.stderr.read() == ""
    session = StoreReader(data / "sessions.sqlite").session("last")
    assert not session.is_open
    [one] = session.sets
    assert one.final is not None
    assert one.final.full_repetitions >= 2


def test_stopped_before_any_sensor_was_found(tmp_path: Path) -> None:
    hub = sensorhub(
        "run", "squat", "--sensor", f"thigh_right=serial:{tmp_path}/none", data=tmp_path / "data"
    )
    try:
        hub.wait_for("Looking for thigh_right")
        hub.send(signal.SIGINT)
        assert hub.wait() == 130
    finally:
        hub.end()
    assert hub.errors.strip() == "sensorhub: Stopped."


def complaint(*arguments: str | Path, data: Path, env: dict[str, str] | None = None) -> str:
    """The one sentence on standard error, with exit code 1 (the environment)."""
    program = sensorhub(*arguments, data=data, env=env)
    try:
        assert program.wait() == 1, program.output + program.errors
    finally:
        program.end()
    [line] = program.errors.strip().splitlines()
    assert line.startswith("sensorhub: ")
    return line


def test_a_sensor_that_is_not_there(tmp_path: Path) -> None:
    sentence = complaint(
        "run", "squat", "--sensor", f"thigh_right=serial:{tmp_path}/none", data=tmp_path / "data"
    )
    assert f"{tmp_path}/none" in sentence
    listed = sensorhub("sessions", data=tmp_path / "data")
    assert listed.wait() == 0
    assert "no sessions" in listed.output
    listed.end()


def test_no_bluetooth_adapter(tmp_path: Path) -> None:
    for arguments in (("scan", "--seconds", "1"), ("run", "squat", "--sensor", "thigh=ble:OM-1")):
        sentence = complaint(
            *arguments,
            data=tmp_path / "data",
            env={"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/no-bus"},
        )
        assert "Bluetooth" in sentence


def test_a_port_in_use(tmp_path: Path) -> None:
    with simulation(
        tmp_path,
        scenario=squats_on_cue(tmp_path, reps=LONG_SET),
        sensors=[f"thigh_right@pty:{tmp_path}/thigh"],
        speed=1.0,
    ) as sim:
        first = run_squats(sim, data=tmp_path / "data", speed=1.0, reps=LONG_SET)
        try:
            first.wait_for("streaming")
            sentence = complaint(
                "run",
                "squat",
                f"--sensor=thigh_right={sim.uris['thigh_right']}",
                data=tmp_path / "other",
            )
            assert "in use" in sentence
            locked = complaint(
                "run", "squat", "--sensor=thigh=serial:/dev/null", data=tmp_path / "data"
            )
            assert str(tmp_path / "data") in locked
            assert first.process.poll() is None, "the first one was disturbed"
        finally:
            first.end()


def test_what_is_wrong_with_the_arguments_is_said_before_anything_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sensor = "--sensor=thigh_right=serial:/dev/ttyACM0"
    for arguments, says in {
        ("run", "squat"): "--sensor",
        ("run", "sqat", sensor): "squat",
        ("run", "dayly-hip", sensor): "daily-hip",
        ("run", "squat", "--sensor=serial:/dev/ttyACM0"): "thigh_right=",
        ("run", "squat", "--sensor=tigh_right=serial:/dev/ttyACM0"): "thigh_right",
        ("run", "squat", "--sensor=thigh_right=usb:1"): "serial:",
        ("run", "squat", sensor, sensor): "Two sensors",
        ("run", "squat", sensor, "--sensor=pelvis=serial:/dev/ttyACM0"): "two places",
        ("run", "squat", sensor, "--side", "left"): "no side of its own",
        ("run", "squat", sensor, "--reps", "0"): "0",
        ("run", "squat", sensor, "--speed", "nan"): "speed",
        ("run", "squat", "--sensor=belly=serial:/dev/ttyACM0"): "thigh",
        ("run", "clam", "--side", "left", sensor): "thigh",
        ("run", str(tmp_path / "none.toml"), sensor): "none.toml",
        ("run", "squat", f"--sensor=thigh=replay:{tmp_path}/none"): "none",
        ("run", "daily-hip", sensor, "--reps", "3"): "single exercise",
    }.items():
        with pytest.raises(SystemExit) as end:
            main(["--data", str(tmp_path / "data"), *arguments])
        said = capsys.readouterr()
        assert end.value.code == 2, (arguments, said.err)
        assert said.out == ""
        [line] = said.err.strip().splitlines()
        assert says in line, (arguments, line)
    assert not (tmp_path / "data" / "sessions.sqlite").exists()


def test_a_full_disk_is_said_at_once_and_harms_nothing(tmp_path: Path) -> None:
    """The file size limit of the process stands for the full disk."""
    data = tmp_path / "data"
    with simulation(
        tmp_path,
        scenario=squats_on_cue(tmp_path, reps=20),
        sensors=[f"thigh_right@pty:{tmp_path}/thigh"],
        speed=SPEED,
    ) as sim:
        code = (
            "import resource, signal, sys\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
            "from sensorhub.cli import main\n"
            "main(sys.argv[1:])\n"
        )
        hub = subprocess.Popen(
            [
                *(sys.executable, "-c", code, "--data", str(data), "run", "squat", "--reps", "20"),
                *(f"--speed={SPEED:g}", f"--sensor=thigh_right={sim.uris['thigh_right']}"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        output, errors = hub.communicate(timeout=2 * PATIENCE_S)
    assert "Not recording" in output
    assert "Traceback" not in errors
    assert hub.returncode == 1, errors
    with sqlite3.connect(f"file:{data}/sessions.sqlite?mode=ro", uri=True) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 200_000
