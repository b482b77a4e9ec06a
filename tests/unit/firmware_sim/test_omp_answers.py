"""What the device answers: configuration, capabilities, time, names and marks."""

import struct

import cbor2
import pytest
from omp_requests_rig import ALREADY, OK, PARAMETER, RANGE, RATE, UNSUPPORTED, bench
from omp_rig import HELLO, SECOND_US, Bench, RampImu, device, tlv

from firmware_sim.omp.tables import Feature, Op


def test_configuration_is_granted_and_kept() -> None:
    host = bench()
    granted = host.ask(
        Op.SET_CONFIG,
        tlv(0x11, "I", 100_000) + tlv(0x12, "H", 3) + tlv(0x13, "H", 501) + tlv(0x14, "B", 9),
    )
    assert (granted.u32(0x11), granted.u16(0x12), granted.u16(0x13)) == (104_000, 4, 1000)
    assert set(granted.tlvs) == set(range(0x10, 0x17))
    changed = host.ask(Op.SET_CONFIG, tlv(0x15, "H", 100))
    assert changed.tlvs == granted.tlvs | {0x15: struct.pack("<H", 100)}
    assert host.ask(Op.GET_CONFIG).tlvs == changed.tlvs
    host.drop()
    host.wait(SECOND_US)
    host.connect()
    assert host.ask(Op.GET_CONFIG).tlvs == changed.tlvs


def test_defaults_after_boot() -> None:
    answer = bench().ask(Op.GET_CONFIG)
    values = (answer.u32(0x11), answer.u16(0x12), answer.u16(0x13), answer.u16(0x15))
    assert values == (104_000, 8, 1000, 40)
    assert (answer.tlvs[0x10], answer.tlvs[0x14], answer.tlvs[0x16]) == (b"\0", b"\0", b"\x11")


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (13_000, 26_000),  # exactly half the lowest
        (12_999, None),
        (78_000, 104_000),  # a tie goes up
        (77_999, 52_000),
        (1_666_000, 833_000),  # twice the highest that the protocol allows
        (1_666_001, None),
        (0, None),
    ],
)
def test_rates(asked: int, granted: int | None) -> None:
    answer = bench().ask(Op.SET_CONFIG, tlv(0x11, "I", asked))
    if granted is None:
        assert (answer.status, answer.tlvs) == (RATE, {})
    else:
        assert answer.u32(0x11) == granted


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (tlv(0x12, "H", 17), RANGE),
        (tlv(0x13, "H", 2001), RANGE),
        (tlv(0x16, "B", 0x14), UNSUPPORTED),
        (tlv(0x16, "B", 0x00), UNSUPPORTED),
        (tlv(0x11, "I", 0) + tlv(0x12, "H", 17), RATE),
    ],
)
def test_refused_configuration_changes_nothing(body: bytes, status: int) -> None:
    host = bench()
    before = host.ask(Op.GET_CONFIG).tlvs
    assert host.ask(Op.SET_CONFIG, tlv(0x15, "H", 7) + body).status == status
    assert host.ask(Op.START, tlv(0x15, "H", 7) + body).status == status
    assert host.ask(Op.GET_CONFIG).tlvs == before
    assert host.ask(Op.STOP).status == ALREADY


def test_a_format_that_does_not_fit_the_packet() -> None:
    from firmware_sim.omp.config import StreamConfig, grant
    from firmware_sim.omp.tables import Status

    assert grant(StreamConfig(), {}, RampImu(), max_packet=19) is Status.MTU_TOO_SMALL
    assert grant(StreamConfig(), {}, RampImu(), max_packet=20) == StreamConfig()


def test_capabilities_in_parts_are_the_characteristic() -> None:
    host = Bench(device().ble, mtu=23).connect()
    whole = host.peer.services[0].characteristics[3].value
    got = b""
    while len(got) < len(whole):
        answer = host.ask(Op.GET_CAPS, tlv(0x07, "H", len(got)))
        assert answer.u16(0x09) == len(whole)
        assert 0 < len(answer.tlvs[0x08]) <= 9
        got += answer.tlvs[0x08]
    assert got == whole
    assert len(whole) <= 512
    assert host.ask(Op.GET_CAPS, tlv(0x07, "H", len(whole))).status == PARAMETER


def test_capability_map() -> None:
    host = bench()
    value = host.peer.services[0].characteristics[3].value
    content = cbor2.loads(value)
    assert value == cbor2.dumps(content, canonical=True)
    assert set(content) == {0, 1, 2, 3, 4, 5, 6, 7, 8}
    assert content[0] == [1, 0]
    assert content[4] == host.ask(Op.HELLO, HELLO).tlvs[0x02]
    (stream,) = content[5]
    assert stream[0] == 0
    assert stream[1] == [0x11, 0x12]
    assert max(stream[2]) <= 1_000_000
    optional = (Feature.WALLCLOCK, Feature.BACKFILL, Feature.CUE, Feature.NAME, Feature.SLEEP)
    assert content[8] == sum(1 << bit for bit in (*optional, Feature.MARK))


def test_a_small_mtu_gets_the_answer_in_whole_parameters() -> None:
    host = Bench(device().ble, mtu=23).connect()
    answer = host.ask(Op.START)
    assert len(answer.packets) > 1
    assert all(len(packet) <= 20 for packet in answer.packets)
    assert set(answer.tlvs) == {0x20, 0x21, 0x22, 0x23, 0x24, 0x25}


def test_time_sync_answers_on_data_only() -> None:
    host = bench(ppm=40.0)
    host.wait(100 * SECOND_US)
    before = len(host.log)
    host.send(Op.TIME_SYNC, tid=77)
    arrived = host.now
    host.wait(10_000)
    new = [(lane, data) for _, lane, data in host.log[before:]]
    assert [lane for lane, _ in new] == ["data"]
    kind, tid, t2, work = struct.unpack("<BBQH", new[0][1])
    assert (kind, tid) == (0x31, 77)
    assert t2 == int(arrived * 1.00004)
    left = next(t for t, lane, data in host.log[before:] if data[0] == 0x31)
    assert abs(work - (left - arrived)) <= 1


def test_status_answers_and_then_reports() -> None:
    host = bench()
    before = len(host.log)
    answer = host.ask(Op.STATUS)
    assert (answer.status, answer.tlvs) == (OK, {})
    assert [lane for _, lane, _ in host.log[before:]] == ["control", "data"]
    _, index, millivolts, percent, bits = host.status()
    assert (index, percent, bits) == (0xFFFFFFFF, 81, 0)
    assert 3900 < millivolts < 4100


def test_wallclock_is_an_offset_and_moves_nothing() -> None:
    host = bench()
    host.wait(7 * SECOND_US)
    utc = 1_700_000_000_000_000
    answer = host.ask(Op.SET_WALLCLOCK, tlv(0x50, "Q", utc))
    (offset,) = struct.unpack("<q", answer.tlvs[0x51])
    assert abs(utc - offset - host.now) < 100_000
    small = host.ask(Op.SET_WALLCLOCK, tlv(0x50, "Q", 0))
    assert struct.unpack("<q", small.tlvs[0x51])[0] < 0


def test_name_is_read_set_and_kept_over_a_reboot() -> None:
    host = bench()
    first = host.ask(Op.NAME).tlvs[0x52].decode()
    assert host.peer.advertisement.name == first
    assert host.ask(Op.NAME, b"\x52\x0dJ\xc3\xbcrgens left").status == OK
    host.ask(Op.RESET)
    host.wait(3 * SECOND_US)
    host.drop()
    host.connect()
    assert host.ask(Op.NAME).tlvs[0x52].decode() == "Jürgens left"
    assert host.peer.advertisement.name == "Jürgens left"
    assert host.ask(Op.NAME, b"\x52\x00").status == OK
    assert host.peer.advertisement.name == first


def test_mark_gives_index_and_time_and_an_event() -> None:
    host = bench()
    host.ask(Op.START)
    host.wait(2 * SECOND_US)
    answer = host.ask(Op.MARK, tlv(0x53, "H", 0x1234))
    (event,) = (event for event in host.events() if event.code == 7)
    assert (event.arg, event.index, event.t) == (0x34, answer.u32(0x54), answer.u64(0x55))


def test_identify_blinks_for_five_seconds() -> None:
    sensor = device()
    host = Bench(sensor.ble).connect()
    assert host.ask(Op.IDENTIFY).status == OK
    seen = set()
    for _ in range(20):
        host.wait(250_000)
        seen.add(sensor.output(host.now).red)
    assert seen == {0, 100}
    host.wait(SECOND_US)
    assert sensor.output(host.now).red == 0
