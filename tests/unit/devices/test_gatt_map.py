"""Sensors described by a file: what is shipped, what a file may say, what it may not."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensorhub.devices.base import StreamSettings
from sensorhub.devices.gatt_map.family import GattMapDecoder, family_of_map
from sensorhub.devices.gatt_map.file import parse_map, read_map
from sensorhub.devices.registry import family
from sensorhub.model.errors import InputError
from sensorhub.model.events import DeviceEvent, SamplesArrived, SamplesLost
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.units import RADPS_PER_DPS, STANDARD_GRAVITY_MPS2

G = STANDARD_GRAVITY_MPS2
UUID = "12345678-1234-5678-1234-56789abcdef{}"


def received(lane: str, data: bytes, at_ms: float) -> Record:
    return Record(RecordKind.RECEIVED, lane, data, round(at_ms * 1e6))


def samples(events: list[DeviceEvent]) -> list[SamplesArrived]:
    return [event for event in events if isinstance(event, SamplesArrived)]


def a_map(**motion: Any) -> dict[str, Any]:
    lane = {
        "lane": "motion",
        "uuid": UUID.format(1),
        "values": "<6h",
        "acc": {"fields": [0, 1, 2], "scale": 0.001, "unit": "g"},
        "gyr": {"fields": [3, 4, 5], "scale": 0.1, "unit": "deg/s"},
    }
    return {"name": "mine", "title": "Mine", "rates_hz": [50], "characteristic": [lane | motion]}


def test_thingy() -> None:
    """One g on z and a quarter turn a second about y, in the units of its firmware."""
    thingy = family("thingy52")
    controller = thingy.new_controller(StreamSettings(rate_hz=90.0))
    controller.link_up(0, 244)
    (start,) = controller.poll(0)
    assert start.data == struct.pack("<4HB", 500, 500, 500, 100, 1)
    decoder = thingy.new_decoder()
    decoder.feed(Record(RecordKind.SENT, start.channel, start.data, 0))
    raw = struct.pack("<9h", 0, 0, 1024, 0, 90 * 32, 0, 1, 2, 3)
    (got,) = samples(decoder.feed(received("raw", raw, 1.0)))
    assert got.period_s == 0.01
    assert got.acc_mps2.tolist() == [[0.0, 0.0, G]]
    assert got.gyr_radps is not None
    assert got.gyr_radps == pytest.approx(np.array([[0.0, 90 * RADPS_PER_DPS, 0.0]]))


@pytest.mark.parametrize(
    ("name", "number", "acc", "gyr"),
    [("science_journal", "0002", "0011", "0012"), ("science_kit", "0003", "1006", "1007")],
)
def test_arduino_numbers_its_characteristics_in_the_second_group(
    name: str, number: str, acc: str, gyr: str
) -> None:
    """``SCIENCE_KIT_UUID(val) ("555a0002-" val "-467a-9538-01f0652c74e8")`` in its sketches."""
    profile = family(name).ble
    assert profile is not None
    expected = [f"555a{number}-{val}-467a-9538-01f0652c74e8" for val in ("0000", acc, gyr)]
    assert [*profile.service_uuids, *(one.uuid for one in profile.channels)] == expected


def test_science_journal_pairs_what_comes_apart() -> None:
    """A half whose other half was lost is dropped, and never paired with another's."""
    decoder = family("science_journal").new_decoder()
    events: list[DeviceEvent] = []
    for number in range(200):
        acc = struct.pack("<3f", number, 0.0, 1.0)
        gyr = struct.pack("<3f", number, 0.0, 0.0)
        if number != 150:
            events += decoder.feed(received("acceleration", acc, 20.0 * number))
        if number != 160:
            events += decoder.feed(received("rotation", gyr, 20.0 * number + 2))
    for got in samples(events):
        assert got.gyr_radps is not None
        assert got.acc_mps2[:, 0] / G == pytest.approx(got.gyr_radps[:, 0] / RADPS_PER_DPS)
    assert decoder.counters.received == 198


def test_axes_scales_offsets_and_units() -> None:
    table = a_map(
        values=">3hb3h",
        acc={"fields": [0, 1, 2], "scale": 2.0, "offset": 1.0, "unit": "mg"},
        gyr={"fields": [4, 5, 6], "unit": "rad/s"},
    )
    table["axes"] = ["y", "-x", "z"]
    decoder = GattMapDecoder(parse_map(table))
    data = struct.pack(">3hb3h", 10, 20, 30, -1, 1, 2, 3)
    events = []
    for number in range(100):
        events += decoder.feed(received("motion", data, 20.0 * number))
    got = samples(events)[0]
    assert got.acc_mps2[0] / G * 1000 == pytest.approx([41.0, -21.0, 61.0])
    assert got.gyr_radps is not None
    assert got.gyr_radps[0].tolist() == [2.0, -1.0, 3.0]


def test_timestamps_wrap_and_tell_gaps() -> None:
    """A 16-bit clock of 1 ms over three wraps, two samples a packet, one packet in fifty lost."""
    table = a_map(offset=2, repeat=0, timestamp={"offset": 0, "type": "u16le", "tick_s": 0.001})
    decoder = GattMapDecoder(parse_map(table))
    events: list[DeviceEvent] = []
    for number in range(5000):
        if number % 50 != 49:
            data = struct.pack("<H6h6h", 40 * number % 65536, *([number] * 12))
            events += decoder.feed(received("motion", data, 40.0 * number))
    assert decoder.counters.lost == 2 * 99
    for got in samples(events):
        number = round(got.acc_mps2[0, 0] / G * 1000)
        assert got.first_index == 2 * number
        assert got.device_time_s == pytest.approx(0.04 * number, abs=0.002)


def test_timestamps_survive_an_outage_longer_than_a_wrap() -> None:
    table = a_map(offset=2, timestamp={"offset": 0, "type": "u16le", "tick_s": 0.001, "of": "last"})
    decoder = GattMapDecoder(parse_map(table))
    events: list[DeviceEvent] = []
    for number in [*range(100), *range(10_000, 10_100)]:  # 200 s, three wraps
        data = struct.pack("<H6h", 20 * number % 65536, *([0] * 6))
        events += decoder.feed(received("motion", data, 20.0 * number))
    assert samples(events)[-1].first_index == 10_099


def test_sequence_numbers_tell_losses_and_repeats() -> None:
    table = a_map(offset=1, sequence={"offset": 0, "type": "u8le", "counts": "packets"})
    decoder = GattMapDecoder(parse_map(table))
    events: list[DeviceEvent] = []
    for number in range(700):
        data = bytes((number % 256,)) + struct.pack("<6h", *([number] * 6))
        if number % 100 != 99:
            events += decoder.feed(received("motion", data, 20.0 * number))
        if number % 100 == 50:
            events += decoder.feed(received("motion", data, 20.0 * number))
    lost = [event for event in events if isinstance(event, SamplesLost)]
    assert [one.count for one in lost] == [1] * 6
    assert decoder.counters.duplicate == 7


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"values": "<1000000000h"}, "layout"),
        ({"values": "6h"}, "layout"),
        ({"values": "<3s"}, "layout"),
        ({"values": "<99d"}, "long"),
        ({"acc": {"fields": [0, 1, 6], "unit": "g"}}, "fields"),
        ({"acc": {"fields": [0, 1], "unit": "g"}}, "fields"),
        ({"acc": {"fields": [0, 1, 2], "unit": "stone"}}, "stone"),
        ({"uuid": "180f"}, "UUID"),
        ({"repeat": -1}, "count"),
        ({"timestamp": {"offset": 0, "type": "u7le", "tick_s": 1}}, "u7le"),
        ({"timestamp": {"offset": 0, "type": "u16le", "tick_s": 0}}, "positive"),
        ({"evaluate": "__import__('os')"}, "evaluate"),
        ({"lane": "../../x"}, "lane"),
        ({"lane": "battery"}, "lane"),
    ],
)
def test_what_a_file_may_not_say(change: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=word):
        parse_map(a_map(**change))


@pytest.mark.parametrize(
    ("values", "fields", "rate_hz", "written"),
    [
        ("<HB", ["rate_hz", 7], 99.6, struct.pack("<HB", 100, 7)),
        ("<Hf", [3, "rate_hz"], 62.5, struct.pack("<Hf", 3, 62.5)),
        ("<fH", ["rate_hz", 3], 62.5, struct.pack("<fH", 62.5, 3)),
    ],
)
def test_a_write_that_holds_the_rate(
    values: str, fields: list[Any], rate_hz: float, written: bytes
) -> None:
    table = a_map(write=True) | {"rates_hz": [rate_hz]}
    table["write"] = [{"when": "start", "lane": "motion", "values": values, "fields": fields}]
    described = parse_map(table)
    (write,) = described.starts
    assert write.at_rate(rate_hz) == written
    assert write.rate_in(written) == pytest.approx(round(rate_hz) if values == "<HB" else rate_hz)
    assert write.rate_in(b"x") is None


def test_a_rate_that_does_not_fit_its_field() -> None:
    table = a_map(write=True) | {"rates_hz": [50, 300]}
    table["write"] = [{"when": "start", "lane": "motion", "values": "<B", "fields": ["rate_hz"]}]
    with pytest.raises(struct.error):
        parse_map(table)


@pytest.mark.parametrize("axes", [["x", "y", "-z"], ["x", "x", "z"], ["x", "y"]])
def test_axes_that_mirror(axes: list[str]) -> None:
    with pytest.raises(InputError, match="axes"):
        parse_map(a_map() | {"axes": axes})


@pytest.mark.parametrize(
    "text", ["", "name = 1", "name = 'x'\ntitle = 'X'\ncharacteristic = 7", "\x00", "[[["]
)
def test_a_file_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"x\.toml"):
        read_map(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_map(tmp_path / "none.toml")


def test_a_file_of_ones_own_is_a_family(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        f"""
name = "mine"
title = "Mine"
name_prefixes = ["Mine"]
[[characteristic]]
lane = "motion"
uuid = "{UUID.format(1)}"
values = "<3h"
acc = {{ fields = [0, 1, 2], scale = 0.001, unit = "g" }}
"""
    )
    mine = family(str(path))
    assert mine == family_of_map(read_map(path)) or mine.name == "mine"
    assert "Acceleration only." in mine.notes
