"""WitMotion: the published bytes, decoded exactly."""

import math
import struct

import numpy as np
import pytest

from sensorhub.devices.base import StreamSettings
from sensorhub.devices.common.script import Answered
from sensorhub.devices.registry import family
from sensorhub.devices.witmotion.frames import FrameCutter
from sensorhub.devices.witmotion.registers import (
    UNLOCK,
    battery_percent,
    read_command,
    write_command,
)
from sensorhub.devices.witmotion.serial import PacketCutter, WitSerialDecoder, packet_time_s
from sensorhub.model.errors import LinkLostError
from sensorhub.model.events import BatteryReported, DeviceEvent, SamplesArrived
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.units import RADPS_PER_DPS, STANDARD_GRAVITY_MPS2

PUBLISHED = bytes.fromhex("55612706bc0179065500e7fec4fa3e00eaff0000")
G = STANDARD_GRAVITY_MPS2


def received(data: bytes, at_ms: int, lane: str = "data") -> Record:
    return Record(RecordKind.RECEIVED, lane, data, at_ms * 1_000_000)


def packet(kind: int, data: bytes) -> bytes:
    head = bytes((0x55, kind)) + data
    return head + bytes((sum(head) & 0xFF,))


def samples(events: list[DeviceEvent]) -> list[SamplesArrived]:
    return [event for event in events if isinstance(event, SamplesArrived)]


def test_the_published_frame() -> None:
    """The capture's own arrival times: 288 frames in 3.0 s, four a notification, in bursts."""
    decoder = family("witmotion_ble").new_decoder()
    events: list[DeviceEvent] = []
    at_ms = 0.0
    for number in range(72):
        at_ms += (0.5, 31.0, 31.0, 98.0)[number % 4] if number != 40 else 239.0
        events += decoder.feed(received(PUBLISHED * 4, round(at_ms)))
    events += decoder.feed(Record(RecordKind.LINK_DOWN, "", b"", round(at_ms) * 1_000_000 + 1))
    got = samples(events)
    acc = np.concatenate([one.acc_mps2 for one in got])
    gyr = np.concatenate([one.gyr_radps for one in got if one.gyr_radps is not None])
    assert acc.shape == gyr.shape == (288, 3)
    assert acc[0] / G == pytest.approx([1575 / 2048, 444 / 2048, 1657 / 2048])
    assert np.round(acc[0] / G, 3).tolist() == [0.769, 0.217, 0.809]
    assert np.round(gyr[-1] / RADPS_PER_DPS, 2).tolist() == [5.19, -17.15, -81.79]
    assert decoder.counters.received == 288
    assert decoder.counters.rejected_bytes == 0


def test_commands() -> None:
    assert bytes.fromhex("FFAA6988B5") == UNLOCK
    assert write_command(0x03, 0x09) == bytes.fromhex("FFAA030900")
    assert write_command(0x00, 0) == bytes.fromhex("FFAA000000")
    assert write_command(0x02, 0x07) == bytes.fromhex("FFAA020700")
    assert read_command(0x96) == bytes.fromhex("FFAA279600")


@pytest.mark.parametrize(
    ("centivolts", "percent"),
    [
        *[(420, 100), (396, 100), (395, 90), (393, 90), (392, 75), (387, 75), (386, 60), (382, 60)],
        *[(381, 50), (379, 50), (378, 40), (377, 40), (376, 30), (373, 30), (372, 20), (370, 20)],
        *[(369, 15), (368, 15), (367, 10), (350, 10), (349, 5), (340, 5), (339, 0), (1, 0)],
    ],
)
def test_battery(centivolts: int, percent: int) -> None:
    assert battery_percent(centivolts) == percent


def test_a_battery_that_reads_nought_is_a_busy_flash() -> None:
    decoder = family("witmotion_ble").new_decoder()
    frame = b"\x55\x71" + struct.pack("<9H", 0x64, 0, 0, 0, 0, 0, 0, 0, 0)
    good = b"\x55\x71" + struct.pack("<9H", 0x64, 385, 0, 0, 0, 0, 0, 0, 0)
    events = decoder.feed(received(frame + good + PUBLISHED, 1))
    assert [type(event) for event in events] == [Answered, Answered, BatteryReported]
    assert events[-1] == BatteryReported(1_000_000, battery_percent(385), 3850)


def test_no_stray_header_fools() -> None:
    """A heading that stays at the bytes 55 61 while nobody moves is no beginning of a frame."""
    still = b"\x55\x61" + struct.pack("<9h", 12, -7, 2048, 0, 1, 0, 3, 9, 0x6155)
    cutter = FrameCutter()
    frames = cutter.push(still * 3)
    frames += cutter.push(still[5:])  # some bytes are lost
    for _ in range(60):
        frames += cutter.push(still)
    assert len(frames) > 50
    assert set(frames) == {still}


def test_a_frame_cut_in_two_by_a_loss_does_not_count() -> None:
    cutter = FrameCutter()
    other = b"\x55\x61" + bytes(range(18))
    frames = cutter.push(PUBLISHED * 2 + PUBLISHED[:9] + other[9 + 3 :] + other * 4)
    assert set(frames) == {PUBLISHED, other}


def test_serial_cycle_with_time() -> None:
    """24-11-23 10:20:30.456, one g on z, ten degrees per second about x."""
    clock = packet(0x50, struct.pack("<6BH", 24, 11, 23, 10, 20, 30, 456))
    acc = packet(0x51, struct.pack("<4h", 0, 0, 2048, 2500))
    gyr = packet(0x52, struct.pack("<4h", 164, 0, 0, 2500))
    assert (packet_time_s(clock) or 0) % 60 == pytest.approx(30.456)
    decoder = WitSerialDecoder()
    got = samples(decoder.feed(received(clock + acc + gyr, 5, "serial")))
    assert len(got) == 1
    assert got[0].acc_mps2.tolist() == [[0.0, 0.0, pytest.approx(G)]]
    assert got[0].gyr_radps is not None
    assert got[0].gyr_radps[0, 0] / RADPS_PER_DPS == pytest.approx(164 * 2000 / 32768)


def test_incomplete_cycles_are_dropped_and_the_gap_declared() -> None:
    decoder = WitSerialDecoder()
    events: list[DeviceEvent] = []
    for number in range(20):
        clock = packet(0x50, struct.pack("<6BH", 24, 11, 23, 10, 20, 30, 10 * number))
        acc = packet(0x51, struct.pack("<4h", number, 0, 2048, 0))
        gyr = packet(0x52, struct.pack("<4h", number, 0, 0, 0))
        missing = {5: acc + gyr, 9: clock + gyr, 13: clock + acc}.get(number)
        data = clock + acc + gyr if missing is None else missing
        events += decoder.feed(received(data, 10 * number + 3, "serial"))
    got = samples(events)
    raw = [round(one.acc_mps2[0, 0] / G * 2048) for one in got]
    assert raw == [number for number in range(20) if number not in (5, 9, 13)]
    assert [one.first_index for one in got] == raw
    assert decoder.counters.lost == 3


def test_a_sum_that_is_wrong_is_no_packet() -> None:
    good = packet(0x51, bytes(8))
    bad = good[:-1] + bytes((good[-1] ^ 1,))
    cutter = PacketCutter()
    assert cutter.push(bad + good + good) == [good, good]
    assert cutter.take_rejected() == len(bad)


def test_sensors_with_longer_packets_give_no_sample_and_are_named() -> None:
    """28 bytes (WT901SDCL, WTVB01): the same heading and values, then date and time."""
    driver = family("witmotion_ble")
    decoder, controller = driver.new_decoder(), driver.new_controller(StreamSettings())
    controller.link_up(0, 244)
    told: LinkLostError | None = None
    for number in range(600):
        now_ns = 10_000_000 * number
        values = [round(300 * math.sin(number / 7 + axis)) for axis in range(9)]
        clock = struct.pack("<6BH", 25, 1, 1, 0, 0, number // 100, 10 * (number % 100))
        data = b"\x55\x61" + struct.pack("<9h", *values) + clock
        try:
            for asked in controller.poll(now_ns):
                decoder.feed(Record(RecordKind.SENT, asked.channel, asked.data, now_ns))
                data += b"\x55\x71" + struct.pack("<9H", asked.data[3], *[0] * 8)
        except LinkLostError as error:
            told = error
            break
        for event in decoder.feed(Record(RecordKind.RECEIVED, "data", data, now_ns)):
            controller.handle(event, now_ns)
    assert told is not None
    assert "WT901SDCL" in told.hint
    assert decoder.counters.received == 0
