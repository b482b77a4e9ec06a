"""The simulator's command line: what it says, what it refuses, and a whole run of it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st
from omp_rig import HELLO, read_samples

from firmware_sim.cli import main
from firmware_sim.fault_script import Kind
from firmware_sim.fields import InputError
from firmware_sim.omp.framing import FrameReader, encode_frame
from firmware_sim.sensor_spec import KEYS, Lane, LaneKind, parse_lane, parse_sensor

PATIENCE_S = 60.0


def run(*arguments: str) -> int:
    """The exit code, also where argparse leaves by itself."""
    try:
        return main(arguments)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 1


def test_help_explains_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    said = capsys.readouterr().out
    assert "python -m firmware_sim serve --scenario squat" in said
    for command in ("serve", "scenarios", "render"):
        assert command in said
    assert run("serve", "--help") == 0
    said = capsys.readouterr().out
    assert all(kind in said for kind in Kind)
    assert all(key in said for key in KEYS)


def test_scenarios_are_listed_with_their_titles(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("scenarios") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split(maxsplit=1)[0] == "squat" for line in lines)
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)


SQUAT = ("serve", "--scenario", "squat")
THIGH = (*SQUAT, "--sensor", "thigh_right", "--pty", "/tmp/never-made")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "required"),
        (("dance",), "invalid choice"),
        (SQUAT, "--sensor"),
        ((*SQUAT, "--sensor", "thigh_right"), "how is it reached"),
        ((*SQUAT, "--sensor", "thigh_rihgt", "--pty", "/x/y"), "did you mean 'thigh_right'"),
        ((*SQUAT, "--sensor", "pelvis:prat=bmi270", "--pty", "/x/y"), "did you mean 'part'"),
        ((*SQUAT, "--sensor", "pelvis:part=bmi271", "--pty", "/x/y"), "did you mean 'bmi270'"),
        ((*SQUAT, "--sensor", "pelvis:mount=sideways", "--pty", "/x/y"), "mounting"),
        ((*SQUAT, "--sensor", "pelvis:ppm=fast", "--pty", "/x/y"), "ppm must be a number"),
        ((*SQUAT, "--sensor", "pelvis:40", "--pty", "/x/y"), "not KEY=VALUE"),
        ((*SQUAT, "--sensor", "pelvis@bel:/x"), "did you mean 'ble'"),
        ((*SQUAT, "--sensor", "pelvis@pty:"), "pty:PATH"),
        ((*SQUAT, "--sensor", "pelvis@tcp:4000"), "tcp:HOST:PORT"),
        ((*SQUAT, "--sensor", "pelvis@tcp:localhost:99999"), "tcp:HOST:PORT"),
        ((*SQUAT, "--sensor", "pelvis@udp:localhost:9000"), "udp:HOST:PORT:HUB_PORT"),
        ((*SQUAT, "--sensor", "pelvis@pty:/x", "--sensor", "pelvis@pty:/y"), "two sensors"),
        ((*THIGH, "--tcp", "localhost:1"), "not allowed with"),
        ((*THIGH, "--fault", "dorp=0.1"), "did you mean 'drop'"),
        ((*THIGH, "--faults", "/x/y.toml"), "cannot be read"),
        ((*THIGH, "--speed", "0"), "--speed"),
        ((*THIGH, "--speed", "nan"), "--speed"),
        ((*THIGH, "--speed", "quick"), "invalid float"),
        ((*THIGH, "--mtu", "22"), "--mtu"),
        ((*THIGH, "--baud", "1234"), "try 115200"),
        ((*THIGH, "--seconds", "0"), "--seconds"),
        (("serve", "--scenario", "sqat", *THIGH[3:]), "did you mean 'squat'"),
        (("serve", "--scenario", "/x/y.toml", *THIGH[3:]), "cannot be read"),
        (("render", "--scenario", "sqat", "--out", "/x/y"), "did you mean 'squat'"),
    ],
)
def test_what_is_refused(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    output = capsys.readouterr()
    assert said in output.err
    assert "Traceback" not in output.err
    assert output.out == ""


def test_a_path_that_cannot_be_had(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "no" / "folder"
    assert run(*SQUAT, "--sensor", f"thigh_right@pty:{missing}") == 1
    assert "No such file" in capsys.readouterr().err


def test_a_sensor_in_words() -> None:
    spec = parse_sensor("thigh_left:mount=0,90,-5,part=lsm6dso,ppm=-12.5,wake=30@tcp:[::1]:4000")
    assert spec.setup.mount == "0,90,-5"
    assert spec.setup.part == "lsm6dso"
    assert (spec.ppm, spec.wake_after_s, spec.ring_bytes) == (-12.5, 30.0, None)
    assert spec.lane == Lane(LaneKind.TCP, host="[::1]", port=4000)
    assert parse_sensor("belly").lane is None


@given(st.text(max_size=40) | st.text("pelvis:=,@tcpybl/0123", max_size=40).map("pelvis:".__add__))
def test_any_text_is_a_sensor_or_a_sentence(text: str) -> None:
    said = ""
    try:
        assert parse_sensor(text).placement in text
    except InputError as error:
        said = str(error)
    assert said == "" or "sensor" in said or "no placement" in said


def test_lanes_beside_each_other() -> None:
    assert parse_lane("pty:/tmp/a", "x").beside("pelvis", 1).path == Path("/tmp/a-pelvis")
    assert parse_lane("tcp:localhost:4000", "x").beside("pelvis", 2).port == 4002
    assert parse_lane("tcp:localhost:0", "x").beside("pelvis", 2).port == 0
    by_udp = parse_lane("udp:localhost:9000:8000", "x").beside("pelvis", 1)
    assert (by_udp.port, by_udp.hub_port) == (9001, 8001)
    room = parse_lane("ble:/tmp/bus", "x")
    assert room.beside("pelvis", 3) == room


# Whole runs, as a program of its own


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A running simulator and its sensors' addresses; ended by SIGTERM."""
    command = [sys.executable, "-m", "firmware_sim", "serve", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    wanted = arguments.count("--sensor")
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline().split() for _ in range(wanted)]
        assert [line[0] for line in lines] == ["ready"] * wanted
        yield process, {line[1]: line[2] for line in lines}
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, errors) == (0, "")


def heard(port: serial.SerialBase) -> bytes:
    """What has arrived, at least a byte. A device that heard nothing for 10 s says nothing."""
    data: bytes = port.read(max(1, port.in_waiting))
    assert data, "the device fell silent"
    return data


def stream(url: str, seconds: float, rate_hz: float = 100.0) -> list[tuple[int, ...]]:
    """Start a sensor and take so many seconds of its samples."""
    reader, values, tid = FrameReader(frozenset(range(1, 6))), [], 0
    with serial.serial_for_url(url, 115200, timeout=PATIENCE_S) as port:
        for request in (b"\x01" + bytes((1,)) + HELLO, b"\x05\x02"):
            port.write(encode_frame(1, request))
            answered = False
            while not answered:
                frames = reader.push(heard(port))
                answered = any(frame.packet[0] == 0xF0 for frame in frames)
        while len(values) < seconds * rate_hz:
            for frame in reader.push(heard(port)):
                if frame.packet[0] == 0x11:
                    values += read_samples(frame.packet).values
                elif frame.packet[0] == 0x32:  # once a second: let it know that somebody is there
                    tid = tid % 200 + 3
                    port.write(encode_frame(1, bytes((0x08, tid))))
    return values


def test_a_person_squats_while_a_host_listens(tmp_path: Path) -> None:
    truth, ready = tmp_path / "truth.json", tmp_path / "ready"
    with serving(
        *("--scenario", "squat", "--sensor", "thigh_right", "--pty", str(tmp_path / "thigh")),
        *("--speed", "5", "--seed", "4", "--wait-for-host"),
        *("--truth", str(truth), "--ready-file", str(ready)),
    ) as (_, uris):
        assert uris == {"thigh_right": f"serial:{tmp_path / 'thigh'}"}
        assert ready.read_text() == f"ready thigh_right serial:{tmp_path / 'thigh'}\n"
        assert json.loads(truth.read_text())["began_s"] is None
        values = stream(str(tmp_path / "thigh"), 15.0)
        so_far = json.loads(truth.read_text())
    assert so_far["reps"] >= 1  # kept up to date while it runs
    done = json.loads(truth.read_text())
    assert done["exercise"] == "squat"
    assert done["reps"] >= so_far["reps"]
    assert done["until_s"] >= 15.0
    assert not (tmp_path / "thigh").is_symlink()
    # It stands on the earth: 1 g in all, 4096 steps at the default range of 8 g.
    norms = [sum(axis * axis for axis in value[:3]) ** 0.5 for value in values[:200]]
    assert sum(norms) / len(norms) == pytest.approx(4096, rel=0.03)


def test_several_sensors_on_one_body_and_lanes_of_their_own(tmp_path: Path) -> None:
    with serving(
        *("--scenario", "squat", "--speed", "5"),
        *("--sensor", "thigh_right:part=lsm6dso", "--sensor", f"pelvis@pty:{tmp_path / 'hip'}"),
        *("--sensor", f"thigh_left@ble:{tmp_path / 'bus'}", "--tcp", "127.0.0.1:0"),
        *("--fault", "pelvis:disconnect@9000:1", "--fault", "split=0.5"),
    ) as (_, uris):
        assert uris["thigh_right"].startswith("serial:socket://127.0.0.1:")
        assert uris["pelvis"] == f"serial:{tmp_path / 'hip'}"
        assert uris["thigh_left"].startswith("ble:OM-")
        assert (tmp_path / "bus").is_socket()
        for placement in ("thigh_right", "pelvis"):
            assert len(stream(uris[placement].removeprefix("serial:"), 2.0)) >= 200
    assert not (tmp_path / "hip").exists()


def test_it_ends_by_itself(tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    arguments = ("--sensor", f"thigh_right@pty:{tmp_path / 't'}", "--speed", "100")
    assert run(*SQUAT, *arguments, "--seconds", "30", "--truth", str(truth)) == 0
    assert json.loads(truth.read_text())["until_s"] >= 30
    assert list(tmp_path.iterdir()) == [truth]


def test_render_writes_a_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("render", "--scenario", "squat", "--out", str(tmp_path / "r"), "--rate", "50") == 0
    assert str(tmp_path / "r") in capsys.readouterr().out
    written = {path.name for path in (tmp_path / "r").iterdir()}
    assert {"thigh_right.csv", "truth.json"} <= written
