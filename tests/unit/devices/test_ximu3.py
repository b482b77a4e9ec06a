"""x-IMU3: the manual's own examples, its maker's decoder as an oracle, and lines that are none."""

import json
import math
import queue
import struct
from pathlib import Path

import numpy as np
import pytest
import ximu3
from family_feed import Feed, cut, told
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensorhub.devices.base import ControllerState, StreamSettings
from sensorhub.devices.ximu3 import FAMILY, LONGEST_LINE, unstuffed
from sensorhub.model.events import BytesRejected, SamplesLost
from sensorhub.model.units import STANDARD_GRAVITY_MPS2

TEXT = b"I,1000000,0.0000,0.0000,0.0000,0.0000,0.0000,1.0000\r\n"


def stuffed(letter: str, microseconds: int, values: list[float]) -> bytes:
    plain = bytes((0x80 + ord(letter),)) + struct.pack(f"<Q{len(values)}f", microseconds, *values)
    return plain.replace(b"\xdb", b"\xdb\xdd").replace(b"\n", b"\xdb\xdc") + b"\n"


def text(letter: str, microseconds: int, values: list[float]) -> bytes:
    return f"{letter},{microseconds},{','.join(f'{v:.4f}' for v in values)}\n".encode()


def test_the_order_is_rate_then_acceleration() -> None:
    feed = Feed("ximu3", "serial")
    feed.got(b"I,0,90.0,180.0,-90.0,0.5,0.25,-1.0\n")
    [samples] = feed.samples
    assert samples.gyr_radps is not None
    np.testing.assert_allclose(samples.gyr_radps[0], [math.pi / 2, math.pi, -math.pi / 2])
    np.testing.assert_allclose(samples.acc_mps2[0] / STANDARD_GRAVITY_MPS2, [0.5, 0.25, -1.0])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("45 58 41 4D 50 4C 45", "45 58 41 4D 50 4C 45"),
        ("45 0A 41 4D 50 4C 45", "45 DB DC 41 4D 50 4C 45"),
        ("45 58 DB 4D 50 4C 45", "45 58 DB DD 4D 50 4C 45"),
        ("45 58 41 4D 50 DB 0A", "45 58 41 4D 50 DB DD DB DC"),
    ],
)
def test_the_manuals_byte_stuffing(before: str, after: str) -> None:
    assert unstuffed(bytes.fromhex(after)) == bytes.fromhex(before)


@pytest.mark.parametrize("broken", ["DB", "45DB", "45DB00", "DBDB"])
def test_broken_escapes(broken: str) -> None:
    assert unstuffed(bytes.fromhex(broken)) is None


@pytest.mark.parametrize(
    "line",
    [
        b"\n", b"I\n", b"I,1\n", b"I,1,0,0,0,0,0\n", b"I,1,0,0,0,0,0,nan\n",
        b"I,-1,0,0,0,0,0,1\n", b"I,1,0,0,0,0,0,1e9\n", b"I,1,0,0,0,0,0,1_0\n",
        b"I,1,0,0,0,0,0,0x1\n", b"i,1,0,0,0,0,0,1\n", b"I,99999999999999999999,0,0,0,0,0,1\n",
        b"{\n", b"[]\n", b'{"a":1,"b":2}\n', b"[" * 900 + b"\n",
        bytes.fromhex("C9 40420F0000000000 0A"), bytes.fromhex("81 0A"), bytes.fromhex("C9DB 0A"),
        bytes.fromhex("DBDC 40420F0000000000 0A"),
    ],
)  # fmt: skip
def test_what_is_no_message_is_rejected_whole(line: bytes) -> None:
    feed = Feed("ximu3", "serial")
    feed.got(line)
    assert feed.samples == []
    feed.got(TEXT)
    rejected = [e for e in feed.events if isinstance(e, BytesRejected)]
    assert sum(e.count for e in rejected) == len(line) == feed.decoder.counters.rejected_bytes
    assert len(feed.samples) == 1


def test_a_line_without_end_costs_no_memory_and_no_more_than_itself() -> None:
    feed = Feed("ximu3", "serial")
    for _ in range(1000):
        feed.got(b"x" * 977)
    assert len(feed.decoder._line) <= LONGEST_LINE  # type: ignore[attr-defined]
    feed.got(b"\n" + TEXT)
    assert feed.decoder.counters.rejected_bytes == 977_001
    assert len(feed.samples) == 1


numbers = st.floats(-1999, 1999, width=32).map(lambda x: round(x, 3))
values = st.tuples(
    st.lists(numbers, min_size=3, max_size=3),
    st.lists(numbers.map(lambda x: round(x / 125, 4)), min_size=3, max_size=3),
).map(lambda both: [*both[0], *both[1]])
messages = st.tuples(st.sampled_from([stuffed, text]), st.integers(1000, 20_000), values)
garbage = st.binary(max_size=30).map(lambda data: data.replace(b"\n", b"") + b"\n")


def stream_of(drawn: list[tuple[object, ...] | bytes]) -> bytes:
    out, now_us = b"", 10_000_000
    for item in drawn:
        if isinstance(item, bytes):
            out += item
        else:
            wrap, step_us, row = item
            now_us += step_us  # type: ignore[operator]
            out += wrap("I", now_us, row)  # type: ignore[operator]
    return out


streams = st.lists(st.one_of(messages, messages, garbage), max_size=12).map(stream_of)


def by_the_maker(data: bytes, path: Path) -> list[tuple[float, ...]]:
    """Inertial messages as the maker's own library decodes them from a file."""
    path.write_bytes(data)
    connection = ximu3.Connection(ximu3.FileConnectionConfig(str(path)))
    found: list[tuple[float, ...]] = []
    statuses: queue.Queue[int] = queue.Queue()
    connection.add_inertial_callback(
        lambda m: found.append(
            (
                m.timestamp,
                *(m.gyroscope_x, m.gyroscope_y, m.gyroscope_z),
                *(m.accelerometer_x, m.accelerometer_y, m.accelerometer_z),
            )
        )
    )
    connection.add_status_callback(statuses.put)
    connection.open()
    while statuses.get(timeout=10) != ximu3.CONNECTION_STATUS_DISCONNECTED:
        pass
    connection.close()
    return found


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=streams)
def test_decoded_as_by_the_makers_library(data: bytes, tmp_path: Path) -> None:
    theirs = by_the_maker(data, tmp_path / "stream.ximu3")
    feed = Feed("ximu3", "serial")
    feed.got(data)
    ours = [
        (
            round(1e6 * (e.device_time_s or 0.0)),
            *np.degrees(e.gyr_radps[0]),
            *(e.acc_mps2[0] / STANDARD_GRAVITY_MPS2),
        )
        for e in feed.samples
        if e.gyr_radps is not None
    ]
    assert len(ours) == len(theirs)
    np.testing.assert_allclose(np.array(ours), np.array(theirs), rtol=1e-6, atol=1e-6)


@settings(max_examples=150, deadline=None)
@given(data=streams, cuts=st.lists(st.integers(0, 4000), max_size=12))
def test_law_of_bytes(data: bytes, cuts: list[int]) -> None:
    whole = told("ximu3", [data])
    assert told("ximu3", cut(data, cuts)) == whole
    assert told("ximu3", [bytes((byte,)) for byte in data]) == whole


def test_a_missing_message_is_a_gap_by_its_time() -> None:
    feed = Feed("ximu3", "serial")
    feed.got(b'{"inertial_message_rate_divisor":4}\n{"apply":null}\n')
    for k in (0, 1, 2, 5, 6):
        feed.later(0.01).got(text("I", 10_000 * k, [0, 0, 0, 0, 0, 1]))
    assert [e.count for e in feed.events if isinstance(e, SamplesLost)] == [2]
    assert {e.period_s for e in feed.samples} == {0.01}


def test_what_is_said_and_in_which_order() -> None:
    controller = FAMILY.new_controller(StreamSettings(rate_hz=90.0))
    feed = Feed("ximu3", "serial")
    controller.link_up(feed.now_ns, None)
    commands = []
    while controller.state is not ControllerState.STREAMING:
        [out] = controller.poll(feed.now_ns)
        command = json.loads(out.data)
        assert out.data.endswith(b"}\n")
        assert out.data.count(b"\n") == 1
        commands.append(command)
        for event in feed.got(out.data):  # an acknowledgement repeats the command
            controller.handle(event, feed.now_ns)
    assert commands[1] == {"ping": None}
    assert {"binary_mode_enabled": True} in commands
    assert commands[-2:] == [{"inertial_message_rate_divisor": 4}, {"apply": None}]
    controller.cue(feed.now_ns, "start")
    assert [json.loads(o.data) for o in controller.poll(feed.now_ns)] == [{"blink": None}]
    controller.request_stop(feed.now_ns)
    assert controller.state is ControllerState.STOPPED


REFUSED = {
    "inertialmessageratedivisor": b'{"Inertial Message-Rate-Divisor":{"error":"Read-only"}}\n',
    "binarymodeenabled": b'{"binaryModeEnabled":{"error":"Unknown command"}}\n',
}


@pytest.mark.parametrize("refused", REFUSED)
def test_a_refused_setting_is_a_failure_only_where_it_is_needed(refused: str) -> None:
    controller = FAMILY.new_controller(StreamSettings())
    feed = Feed("ximu3", "serial")
    controller.link_up(feed.now_ns, None)
    for _ in range(12):
        for out in controller.poll(feed.now_ns):
            key = next(iter(json.loads(out.data))).replace("_", "")
            for event in feed.got(REFUSED[key] if key == refused else out.data):
                controller.handle(event, feed.now_ns)
    if refused == "binarymodeenabled":  # then it sends text
        assert controller.state is ControllerState.STREAMING
    else:
        assert controller.state is ControllerState.FAILED
        assert "Read-only" in str(controller.failure)


def test_a_silenced_interface_is_opened() -> None:
    controller = FAMILY.new_controller(StreamSettings())
    feed = Feed("ximu3", "serial")
    controller.link_up(feed.now_ns, None)
    ping = b'{"ping":{"interface":"TCP","name":"x-IMU3","sn":"01234567"}}\n'
    commands = []
    while controller.state is not ControllerState.STREAMING:
        [out] = controller.poll(feed.now_ns)
        commands.append(json.loads(out.data))
        for event in feed.got(ping if b"ping" in out.data else out.data):
            controller.handle(event, feed.now_ns)
    assert commands[2] == {"tcp_data_messages_enabled": True}
