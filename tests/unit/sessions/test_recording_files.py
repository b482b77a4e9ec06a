"""Reading recordings from files nobody vouches for."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorhub.model.errors import InputError
from sensorhub.model.placement import Placement
from sensorhub.sessions.recordings.recording import COLUMNS, read_recording

PLAIN = ",".join(COLUMNS)


def rows(count: int = 50, *, period_s: float = 0.01, gyroscope: bool = True) -> list[str]:
    tail = ",0.1,0.2,-0.3" if gyroscope else ""
    return [f"{k * period_s:.5f},0.5,9.7,{0.001 * (k % 100):.5f}{tail}" for k in range(count)]


def write(
    folder: Path, lines: list[str], *, name: str = "thigh_right.csv", end: str = "\n"
) -> Path:
    path = folder / name
    path.write_text(end.join(lines) + end, newline="")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_recording([path])
    assert caught.value.hint
    return str(caught.value)


def test_a_plain_recording(tmp_path: Path) -> None:
    write(tmp_path, [PLAIN, *rows()])
    recording = read_recording([tmp_path])
    (block,) = recording.sensors[Placement.THIGH_RIGHT]
    assert block.start_s == 0
    assert block.period_s == pytest.approx(0.01)
    assert block.acc_mps2.shape == (50, 3)
    assert block.acc_mps2.flags.c_contiguous
    assert block.gyr_radps is not None
    assert block.gyr_radps[7].tolist() == [0.1, 0.2, -0.3]
    assert block.gap_before is None
    assert not block.clipped
    assert recording.files[Placement.THIGH_RIGHT].rate_hz == pytest.approx(100)


def test_columns_by_name_in_any_order_others_ignored(tmp_path: Path) -> None:
    header = "note,acc_z_mps2,gyr_x_radps,time_s,acc_x_mps2, acc_y_mps2 ,gyr_z_radps,gyr_y_radps"
    lines = [f'"a, b",3,5,{k * 0.02:.2f},1,9,7,6' for k in range(20)]
    (block,) = read_recording([write(tmp_path, [header, *lines])]).sensors[Placement.THIGH_RIGHT]
    assert block.acc_mps2[3].tolist() == [1, 9, 3]
    assert block.gyr_radps is not None
    assert block.gyr_radps[3].tolist() == [5, 6, 7]


def test_byte_order_mark_crlf_blank_lines_and_no_newline_at_the_end(tmp_path: Path) -> None:
    text = "\ufeff" + PLAIN + "\r\n\r\n" + "\r\n".join(rows(30)) + "\r\n\r\n"
    (tmp_path / "pelvis.csv").write_text(text.rstrip() if os.name else text, newline="")
    (block,) = read_recording([tmp_path]).sensors[Placement.PELVIS]
    assert len(block) == 30


def test_without_a_gyroscope(tmp_path: Path) -> None:
    path = write(tmp_path, ["time_s,acc_x_mps2,acc_y_mps2,acc_z_mps2", *rows(gyroscope=False)])
    recording = read_recording([path])
    assert recording.sensors[Placement.THIGH_RIGHT][0].gyr_radps is None
    assert not recording.files[Placement.THIGH_RIGHT].has_gyroscope


def test_a_gap_becomes_a_gap(tmp_path: Path) -> None:
    lines = rows(100)
    first, second = read_recording([write(tmp_path, [PLAIN, *lines[:40], *lines[60:]])]).sensors[
        Placement.THIGH_RIGHT
    ]
    assert (len(first), len(second)) == (40, 40)
    assert second.gap_before is not None
    assert second.gap_before.start_s == pytest.approx(0.40)
    assert second.gap_before.end_s == pytest.approx(0.60)
    assert second.start_s == pytest.approx(0.60)


def test_clipping_is_noticed_where_it_is(tmp_path: Path) -> None:
    values = 9.8 + 40 * np.sin(np.arange(4000) * 0.01 * 2)
    values[2000:] = 9.8
    clipped = np.clip(values, -39.2, 39.2)
    lines = [f"{k * 0.01:.2f},0,{value:.4f},0" for k, value in enumerate(clipped)]
    path = write(tmp_path, ["time_s,acc_x_mps2,acc_y_mps2,acc_z_mps2", *lines])
    blocks = read_recording([path]).sensors[Placement.THIGH_RIGHT]
    assert [block.clipped for block in blocks] == [True, True, False, False]


def test_rest_is_not_clipping(tmp_path: Path) -> None:
    assert (
        not read_recording([write(tmp_path, [PLAIN, *rows()])])
        .sensors[Placement.THIGH_RIGHT][0]
        .clipped
    )


def test_several_files_and_others_named(tmp_path: Path) -> None:
    write(tmp_path, [PLAIN, *rows()], name="Thigh_Left.CSV")
    write(tmp_path, [PLAIN, *rows()], name="belly.csv")
    write(tmp_path, ["whatever"], name="truth_angles.csv")
    write(tmp_path, ["whatever"], name="notes.txt")
    recording = read_recording([tmp_path])
    assert set(recording.sensors) == {Placement.THIGH_LEFT, Placement.BELLY}
    assert recording.ignored == ("truth_angles.csv",)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], ["empty"]),
        (["", ""], ["empty"]),
        ([PLAIN], ["no samples"]),
        ([PLAIN, *rows(3)], ["only 3 samples"]),
        ([PLAIN.replace("acc_y_mps2", "acc_y"), *rows()], ["no column acc_y_mps2"]),
        ([PLAIN.replace("gyr_z_radps", "gz"), *rows()], ["no column gyr_z_radps"]),
        ([PLAIN.replace("time_s", "acc_x_mps2"), *rows()], ["no column time_s"]),
        ([PLAIN + ",time_s", *(row + ",0" for row in rows())], ["time_s twice"]),
        ([PLAIN.replace(",", ";"), *rows()], ["no column", "separated by commas"]),
        ([PLAIN, *rows(), "0.6,1,abc,3,0,0,0"], ["row 52", "acc_y_mps2", "'abc'"]),
        ([PLAIN, *rows(), "0.6,1,,3,0,0,0"], ["row 52", "acc_y_mps2", "empty"]),
        ([PLAIN, *rows(), "0.6,1,2"], ["row 52", "acc_z_mps2", "empty"]),
        ([PLAIN, *rows(), "0.6,1,nan,3,0,0,0"], ["row 52", "acc_y_mps2", "'nan'"]),
        ([PLAIN, *rows(), "0.6,1,2,-inf,0,0,0"], ["row 52", "acc_z_mps2", "'-inf'"]),
        ([PLAIN, *rows(), "0.6,1,2,1e999,0,0,0"], ["row 52", "acc_z_mps2"]),
        ([PLAIN, *rows(), "0.6,1,2,1_0,0,0,0"], ["row 52", "acc_z_mps2"]),
        ([PLAIN, *rows(), "0.6,1,2,0x10,0,0,0"], ["row 52", "acc_z_mps2"]),
        ([PLAIN, "nan,1,2,3,0,0,0", *rows()], ["row 2", "time_s"]),
        ([PLAIN, *rows(), "0.1,1,2,3,0,0,0"], ["backwards", "sample 50"]),
        ([PLAIN, *reversed(rows())], ["backwards"]),
        ([PLAIN, *["1.0,0,9.8,0,0,0,0"] * 50], ["stands still"]),
        ([PLAIN, *rows(period_s=10.0)], ["every 10 s", "milliseconds"]),
        ([PLAIN, *rows(period_s=0.0005)], ["every 0.0005 s"]),
        ([PLAIN, *rows(), "0.6,1,1e30,3,0,0,0"], ["acc_y_mps2", "more than"]),
        ([PLAIN, *rows(), "0.6,1,2,3,0,0,573"], ["gyr_z_radps", "more than"]),
        ([PLAIN, *(f"{k / 100},0,1.0,0,0,0,0" for k in range(50))], ["in g"]),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(
    tmp_path: Path, lines: list[str], words: list[str]
) -> None:
    message = refusal(write(tmp_path, lines))
    assert "thigh_right.csv" in message
    for word in words:
        assert word in message
    assert "\n" not in message


def test_a_missing_file_a_missing_folder_and_an_empty_one(tmp_path: Path) -> None:
    assert "no file or folder" in refusal(tmp_path / "thigh_right.csv")
    assert "no recording" in refusal(tmp_path)


def test_a_file_that_is_not_named_after_a_placement(tmp_path: Path) -> None:
    assert "thigh_right.csv" in refusal(write(tmp_path, [PLAIN, *rows()], name="imu1.csv"))


def test_two_files_for_one_placement(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, [PLAIN, *rows()])
    with pytest.raises(InputError, match="two files for thigh_right"):
        read_recording([tmp_path / "a", tmp_path / "b"])


@pytest.mark.parametrize("content", [b"\x00\x01\x02" * 1000, b"\xff\xfe" + b"a\x00" * 500])
def test_a_binary_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "thigh_right.csv"
    path.write_bytes(content)
    assert "not a text file" in refusal(path)


def test_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "thigh_right.csv"
    path.write_bytes((PLAIN + ",Fu\u00df\n").encode("latin-1") + "\n".join(rows()).encode())
    assert "not a text file" in refusal(path)


def test_a_device_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "thigh_right.csv").symlink_to("/dev/zero")
    assert "not a file" in refusal(tmp_path / "thigh_right.csv")


def test_two_gigabytes_without_a_newline_cost_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "thigh_right.csv"
    with path.open("wb") as file:
        file.write(PLAIN.encode() + b"\n" + b"1" * 100_000)
        file.truncate(1 << 30)  # sparse: zeros without disk blocks
    tracemalloc.start()
    try:
        message = refusal(path)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "line of more than" in message
    assert peak_bytes < 1 << 20
    with path.open("r+b") as file:
        file.truncate(2 << 30)
    assert "larger than" in refusal(path)


def test_a_quote_in_the_header_that_never_ends(tmp_path: Path) -> None:
    path = write(tmp_path, ['"' + PLAIN, *rows(8000)])
    assert path.stat().st_size > 2 * 131_072
    assert "header row cannot be read" in refusal(path)


def test_a_quote_that_never_ends(tmp_path: Path) -> None:
    lines = [PLAIN, '0,"1', *rows(5000)]
    assert "thigh_right.csv" in refusal(write(tmp_path, lines))


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "thigh_right.csv"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_recording([path])


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(st.text("0123456789.,-+eE \"'\n\rnaif;", max_size=30), min_size=1, max_size=5)
)
def test_any_rows_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    path = write(tmp_path_factory.mktemp("rows"), [PLAIN, *rows(20), *cells])
    try:
        recording = read_recording([path])
    except InputError:
        return
    for block in recording.sensors[Placement.THIGH_RIGHT]:
        assert np.isfinite(block.acc_mps2).all()


def test_a_hundred_thousand_rows_are_read_fast(tmp_path: Path) -> None:
    import time

    path = write(tmp_path, [PLAIN, *rows(100_000)])
    started = time.process_time()
    recording = read_recording([path])
    assert time.process_time() - started < 2.0  # about 0.2 s on an idle desk; this is a tripwire
    assert sum(map(len, recording.sensors[Placement.THIGH_RIGHT])) == 100_000
