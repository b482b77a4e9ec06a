"""What outside checks rely on: DESIGN's ``analyze`` contract, exit codes, light start-up."""

import itertools
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from sensorhub.cli.app import COMMANDS
from sensorhub.sessions.store.store import STORE_NAME, Store

HEAVY = (
    "numpy",
    "scipy",
    "bleak",
    "serial",
    "starlette",
    "uvicorn",
    "websockets",
    "segno",
    "vqf",
    "dbus_fast",
    "sqlite3",
    "asyncio",
)


def sensorhub(
    *arguments: str | Path, data: Path | None = None, timeout_s: float = 180.0
) -> subprocess.CompletedProcess[str]:
    where = [] if data is None else ["--data", str(data)]
    return subprocess.run(
        [sys.executable, "-m", "sensorhub", *where, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def one_sentence(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The complaint: one line on standard error, nothing on standard output, no traceback."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("sensorhub: ")
    assert "Traceback" not in done.stderr
    return lines[0].removeprefix("sensorhub: ")


def write_squats(
    path: Path, *, count: int = 5, rate_hz: float = 50.0, gyroscope: bool = True
) -> Path:
    """An ideal thigh in the sagittal plane, bending and straightening; sensor x along the thigh."""
    head = "time_s,acc_x_mps2,acc_y_mps2,acc_z_mps2"
    lines = [head + (",gyr_x_radps,gyr_y_radps,gyr_z_radps" if gyroscope else "")]
    total_s = 6.0 + 4.0 * count
    for k in range(int(total_s * rate_hz)):
        time_s = k / rate_hz
        since_s = time_s - 3.0
        busy = 0.0 <= since_s < 4.0 * count and since_s % 4.0 < 3.0
        phase = 2.0 * math.pi * (since_s % 4.0) / 3.0
        angle = 0.5 * 1.3 * (1.0 - math.cos(phase)) if busy else 0.0
        rate = 0.5 * 1.3 * 2.0 * math.pi / 3.0 * math.sin(phase) if busy else 0.0
        row = [time_s, 9.81 * math.cos(angle), 0.0, 9.81 * math.sin(angle)]
        lines.append(",".join(f"{x:.5f}" for x in row + ([0.0, rate, 0.0] if gyroscope else [])))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from sensorhub.cli.app import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit as end:\n    assert not end.code\n"
        f"heavy = [m for m in {HEAVY!r} if m in sys.modules]\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_the_table_of_commands_is_what_help_shows() -> None:
    shown = sensorhub("--help").stdout
    for name, entry in COMMANDS.items():
        assert f"  {name} " in shown
        assert entry.help in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples_and_starts_light(name: str) -> None:
    code = (
        "import sys\n"
        "from sensorhub.cli.app import main\n"
        f"try:\n    main([{name!r}, '--help'])\n"
        "except SystemExit as end:\n    assert not end.code\n"
        f"heavy = [m for m in {HEAVY!r} if m in sys.modules]\n"
        "assert not heavy, heavy\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    assert "Examples:" in shown
    assert f"sensorhub {name}" in shown


def test_version() -> None:
    done = sensorhub("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("sensorhub ")


def test_analyze_json_has_the_promised_shape(tmp_path: Path) -> None:
    write_squats(tmp_path / "thigh_right.csv")
    (tmp_path / "truth.json").write_text("{}")
    done = sensorhub("analyze", tmp_path, "--exercise", "squat", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert list(found) == [
        "exercise",
        "side",
        "repetitions",
        "holds",
        "breaths",
        "steps",
        "flags",
        "summary",
    ]
    assert found["exercise"] == "squat"
    assert len(found["repetitions"]) == 5
    for number, rep in enumerate(found["repetitions"]):
        assert {"start_s", "peak_s", "end_s", "rom_deg", "hold_s", "kind"} <= rep.keys()
        assert rep["kind"] == "full"
        assert rep["start_s"] < rep["peak_s"] < rep["end_s"]
        assert rep["peak_s"] == pytest.approx(4.5 + 4.0 * number, abs=0.3)
        assert rep["rom_deg"] == pytest.approx(math.degrees(1.3), abs=4.0)


def test_analyze_looks_at_a_stretch_only_on_the_recordings_own_clock(tmp_path: Path) -> None:
    csv = write_squats(tmp_path / "thigh_right.csv")
    done = sensorhub(
        "analyze", csv, "--exercise", "squat", "--json", "--from", "6.5", "--to", "14.8"
    )
    peaks_s = [rep["peak_s"] for rep in json.loads(done.stdout)["repetitions"]]
    assert peaks_s == pytest.approx([8.5, 12.5], abs=0.3)


def test_analyze_names_what_it_ignores_and_what_a_missing_gyroscope_costs(tmp_path: Path) -> None:
    write_squats(tmp_path / "thigh_right.csv", gyroscope=False)
    write_squats(tmp_path / "belly.csv")
    done = sensorhub("analyze", tmp_path, "--exercise", "squat", "--json")
    found = json.loads(done.stdout)
    assert len(found["repetitions"]) == 5
    flags = {(flag["code"], flag["placement"]) for flag in found["flags"]}
    assert ("sensor_ignored", "belly") in flags
    assert ("no_gyroscope", "thigh_right") in flags
    for flag in found["flags"]:
        assert flag.keys() == {"code", "placement", "start_s", "end_s", "text"}


def test_analyze_prints_a_table_for_people(tmp_path: Path) -> None:
    csv = write_squats(tmp_path / "thigh_right.csv")
    done = sensorhub("analyze", csv, "--exercise", "squat")
    assert done.stdout.startswith("Squat: 5 repetitions\n")
    assert "\x1b" not in done.stdout


def test_analyze_writes_angles(tmp_path: Path) -> None:
    csv = write_squats(tmp_path / "thigh_right.csv")
    out = tmp_path / "angles.csv"
    assert sensorhub("analyze", csv, "--exercise", "squat", "--angles", out).returncode == 0
    head, *rows = out.read_text().splitlines()
    columns = head.split(",")
    assert columns[0] == "time_s"
    assert set(columns[1:]) <= {
        "thigh_elevation_deg",
        "hip_flexion_deg",
        "hip_abduction_deg",
        "hip_rotation_deg",
    }
    elevation_deg = [float(row.split(",")[columns.index("thigh_elevation_deg")]) for row in rows]
    assert max(elevation_deg) - min(elevation_deg) == pytest.approx(math.degrees(1.3), abs=4.0)


HEAD = "time_s,acc_x_mps2,acc_y_mps2,acc_z_mps2\n"


def rows(count: int = 50, **broken: str) -> str:
    lines = [f"{k / 50:.2f},9.8,0.1,0.2" for k in range(count)]
    for where, line in broken.items():
        lines[int(where.removeprefix("row"))] = line
    return HEAD + "\n".join(lines) + "\n"


BAD_FILES = {
    "zero bytes": ("", "empty"),
    "zero rows": (HEAD, "thigh_right.csv"),
    "wrong column": (rows().replace("acc_y_mps2", "ay"), "acc_y_mps2"),
    "text for a number": (rows(row7="0.14,9.8,oops,0.2"), "oops"),
    "not a number": (rows(row7="0.14,9.8,nan,0.2"), "acc_y_mps2"),
    "infinite": (rows(row7="0.14,9.8,inf,0.2"), "acc_y_mps2"),
    "time backwards": (rows(row7="0.01,9.8,0.1,0.2"), "back"),
    "a line cut off": (rows(row7="0.14,9.8"), "thigh_right.csv"),
    "binary": ("\x00\x01\x02" * 1000, "thigh_right.csv"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_recording_is_one_sentence_and_exit_code_2(name: str, tmp_path: Path) -> None:
    text, says = BAD_FILES[name]
    path = tmp_path / "thigh_right.csv"
    path.write_text(text)
    sentence = one_sentence(sensorhub("analyze", path, "--exercise", "squat"), 2)
    assert says in sentence
    assert len(sentence) < 400


def test_other_bad_input_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    csv = write_squats(tmp_path / "thigh_right.csv")
    empty = tmp_path / "empty"
    empty.mkdir()
    belly = write_squats(tmp_path / "b" / "belly.csv")
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "thigh_right.csv.gz").touch()
    for arguments, says in {
        (csv, "--exercise", "sqat"): "squat",
        (tmp_path / "no.csv", "--exercise", "squat"): "no.csv",
        (tmp_path / "nothing", "--exercise", "squat"): "nothing",
        (empty, "--exercise", "squat"): "empty",
        (csv,): "--exercise",
        (csv, "--exercise", "squat", "--side", "up"): "up",
        (csv, "--exercise", "squat", "--from", "soon"): "soon",
        (csv, "--exercise", "squat", "--from", "9", "--to", "3"): "--from",
        (csv, "--exercise", "squat", "--from", "900"): "recorded",
        (csv, "--exercise", "squat", "--from", "nan"): "--from",
        (csv, "--exercise", "squat", "--angles", tmp_path / "no" / "a.csv"): "a.csv",
        (belly, "--exercise", "squat"): "thigh",
        (tmp_path / "packed", "--exercise", "squat"): "Unpack thigh_right.csv.gz",
        ("--exercise", "squat"): "DIR|CSV",
    }.items():
        sentence = one_sentence(sensorhub("analyze", *arguments), 2)
        assert says in sentence, (arguments, sentence)


def test_angles_are_never_written_over_the_recording(tmp_path: Path) -> None:
    csv = write_squats(tmp_path / "thigh_right.csv")
    before = csv.read_bytes()
    for recording in (csv, tmp_path):
        done = sensorhub("analyze", recording, "--exercise", "squat", "--angles", csv)
        assert "is the recording itself" in one_sentence(done, 2)
    assert csv.read_bytes() == before


def test_a_line_without_end_costs_no_memory(tmp_path: Path) -> None:
    """Two gigabytes on one line, as a sparse file; the process may use 400 MB of memory."""
    path = tmp_path / "thigh_right.csv"
    with path.open("wb") as file:
        file.write(HEAD.encode() + b"0.0,1")
        file.truncate(2 << 30)
    code = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (400 << 20, 400 << 20))\n"
        "from sensorhub.cli import main\n"
        f"main(['analyze', {str(path)!r}, '--exercise', 'squat'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=180, check=False
    )
    assert "thigh_right.csv" in one_sentence(done, 2)


def test_unknown_words_get_the_nearest_names() -> None:
    assert "analyze" in one_sentence(sensorhub("analyse"), 2)
    assert "--data" in one_sentence(sensorhub("--dta", "x", "sessions"), 2)
    assert "daily-hip" in one_sentence(sensorhub("plan", "show", "dayly-hip"), 2)
    assert "squat" in one_sentence(sensorhub("exercises", "show", "sqat"), 2)


def test_a_dose_beyond_the_caps_or_given_twice_is_refused(tmp_path: Path) -> None:
    many = ("run", "kegel_squeeze", "--sets", "500", "--reps", "50")
    assert "At most 10 sets" in one_sentence(sensorhub(*many, data=tmp_path), 2)
    twice = ("run", "bridge", "--reps", "10", "--hold", "3")
    assert "--reps or --hold" in one_sentence(sensorhub(*twice, data=tmp_path), 2)


def test_no_link_is_shown_to_a_port_that_cannot_be(tmp_path: Path) -> None:
    assert "65535" in one_sentence(sensorhub("pair", "--port", "99999", data=tmp_path), 2)


def test_pair_shows_the_address_the_hub_has_unless_told_otherwise(tmp_path: Path) -> None:
    with Store(tmp_path / STORE_NAME, now_ns=itertools.count().__next__) as store:
        store.add_person()
    shown = sensorhub("pair", data=tmp_path).stdout
    assert "http://127.0.0.1:8765/#pin=" in shown
    assert "Only this computer" in shown
    wide = sensorhub("pair", "--host", "192.0.2.7", data=tmp_path).stdout
    assert "http://192.0.2.7:8765/#pin=" in wide
    assert "Only this computer" not in wide


def test_a_store_that_is_not_there_is_said(tmp_path: Path) -> None:
    for arguments in (("sessions",), ("sessions", "show", "last"), ("rescore", "last")):
        assert str(tmp_path) in one_sentence(sensorhub(*arguments, data=tmp_path), 1)


def test_a_reader_that_leaves_early_is_no_error() -> None:
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{sys.executable} -m sensorhub exercises | true"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
