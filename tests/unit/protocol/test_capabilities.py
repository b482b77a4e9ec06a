"""The capability map: what is read, and that nothing in it is trusted."""

import zlib

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.protocol.capabilities import MAX_CAPABILITIES, Capabilities
from sensorhub.protocol.malformed import MalformedPacketError

FULL = {
    0: [1, 0],
    1: "Thigh One",
    2: "1.4.2",
    3: "B",
    4: bytes(8),
    5: [{0: 0, 1: [0x11, 0x12], 2: [50_000, 100_000], 3: [2, 8], 4: [250, 1000], 5: 200_000}],
    6: 65536,
    7: 3,
    8: 0b0010_0110,
    99: "a key of a later version",
}


def test_a_full_map() -> None:
    data = cbor2.dumps(FULL, canonical=True)
    assert Capabilities.decode(data) == Capabilities(
        model="Thigh One",
        firmware="1.4.2",
        hardware="B",
        formats=(0x11, 0x12),
        rates_hz=(50.0, 100.0),
        acc_ranges_g=(2, 8),
        gyr_ranges_dps=(250, 1000),
        highest_ble_rate_hz=200.0,
        ring_bytes=65536,
        has_led=True,
        has_haptic=True,
        features=frozenset({"backfill", "cue", "mark"}),
        hash=zlib.crc32(data),
    )


def test_an_empty_map_is_a_map() -> None:
    assert Capabilities.decode(b"\xa0").model == ""


def test_texts_are_cut_and_cleaned() -> None:
    read = Capabilities.decode(cbor2.dumps({1: "\x1b[31mred\n" + "x" * 500}))
    assert read.model.startswith("[31mred")
    assert len(read.model) <= 64


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"\xa1",
        b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\x81" * 3000,
        b"\xd8\x23\x61(",
        bytes(MAX_CAPABILITIES + 1),
    ],
    ids=["empty", "no map", "cut off", "huge array", "deep", "regular expression", "too long"],
)
def test_hostile_maps_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedPacketError):
        Capabilities.decode(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_capabilities_or_malformed(data: bytes) -> None:
    try:
        Capabilities.decode(data)
    except MalformedPacketError:
        return


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text()
    | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.integers(0, 8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.integers(0, 10), values, max_size=11))
def test_any_map_is_read(tree: dict[int, object]) -> None:
    """Entries of a wrong kind count as not told."""
    read = Capabilities.decode(cbor2.dumps(tree))
    assert all(isinstance(number, int) for number in read.formats)
    assert read.ring_bytes is None or read.ring_bytes >= 0
