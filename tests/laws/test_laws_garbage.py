"""The law of garbage: no bytes raise, memory stays bounded, the next packet is found."""

import random
import tracemalloc
from collections.abc import Iterator

import pytest
from omp_logs import S, hello, samples, serial_log, start, status

from sensorhub.devices.omp.decoder import OmpDecoder
from sensorhub.model.events import DeviceEvent, SamplesArrived
from sensorhub.model.link import Record, RecordKind
from sensorhub.protocol.envelope import Channel, Enveloped, EnvelopeReader, wrap

AMOUNT = 1_000_000
MEMORY_BYTES = 3_000_000


def noise(rng: random.Random) -> Iterator[bytes]:
    while True:
        yield rng.randbytes(rng.randint(1, 300))


def sparse(rng: random.Random) -> Iterator[bytes]:
    """Many zeros and ones: short envelopes, lengths of nothing."""
    while True:
        yield bytes(rng.choices(range(6), k=rng.randint(1, 60)))


def endless(_rng: random.Random) -> Iterator[bytes]:
    while True:
        yield b"\xff" * 4096


def mutated(rng: random.Random) -> Iterator[bytes]:
    """A good log with bits flipped, bytes lost, repeated, put in."""
    good = b"".join(r.data for r in serial_log() if r.kind is RecordKind.RECEIVED)
    while True:
        data = bytearray(good)
        for _ in range(rng.randint(1, 12)):
            at = rng.randrange(len(data))
            what = rng.randrange(4)
            if what == 0:
                data[at] ^= 1 << rng.randrange(8)
            elif what == 1:
                del data[at : at + rng.randint(1, 40)]
            elif what == 2:
                data[at:at] = rng.randbytes(rng.randint(1, 40))
            else:
                data[at:at] = data[at : at + rng.randint(1, 200)]
        yield bytes(data)


def packet_like(rng: random.Random) -> Iterator[bytes]:
    """Good first bytes, arbitrary rest."""
    firsts = (0x11, 0x12, 0x13, 0x14, 0x15, 0x21, 0x31, 0x32, 0xF0, 0x01, 0x08, 0x0A)
    sizes = (8, 12, 14, 16, 18, 20, 26, 28, 32, 44, 56)
    while True:
        yield bytes((rng.choice(firsts),)) + rng.randbytes(rng.choice(sizes) - 1)


class Abused:
    """A decoder that was streaming when the nonsense began."""

    def __init__(self, *, serial: bool) -> None:
        self.decoder = OmpDecoder()
        self.serial = serial
        self.now_ns = 100 * S
        self.index = 0
        for channel, packet in (
            (Channel.CONTROL, hello()),
            (Channel.CONTROL, start()),
            (Channel.DATA, status(0)),
        ):
            self.good(channel, packet)

    def feed(self, kind: RecordKind, lane: str, data: bytes) -> list[DeviceEvent]:
        self.now_ns += 10_000  # quick: after 30 s of silence samples alone would not be enough
        return self.decoder.feed(Record(kind, lane, data, self.now_ns))

    def good(self, channel: Channel, packet: bytes) -> list[DeviceEvent]:
        if self.serial:
            return self.feed(RecordKind.RECEIVED, "serial", b"\x00" + wrap(channel, packet))
        lane = "control" if channel is Channel.CONTROL else "data"
        return self.feed(RecordKind.RECEIVED, lane, packet)

    def next_samples(self) -> list[DeviceEvent]:
        self.index += 4
        return self.good(Channel.DATA, samples(self.index - 4, 4))


def arrived(events: list[DeviceEvent]) -> bool:
    return any(isinstance(event, SamplesArrived) for event in events)


@pytest.mark.parametrize("kind", [noise, sparse, endless, mutated])
def test_a_serial_line(kind: type) -> None:
    rng = random.Random(7)
    abused = Abused(serial=True)
    assert arrived(abused.next_samples())
    source, fed = kind(rng), 0
    tracemalloc.start()
    try:
        while fed < AMOUNT:
            data = next(source)
            fed += len(data)
            abused.feed(RecordKind.RECEIVED, "serial", data)
            if rng.random() < 0.02:
                abused.feed(RecordKind.SENT, "serial", data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MEMORY_BYTES
    if kind is not mutated:  # which holds whole packets of another past
        assert arrived(abused.next_samples())
    assert abused.decoder.counters.rejected_bytes > 0


@pytest.mark.parametrize("lane", ["control", "data", "bulk", "capabilities", "nowhere"])
@pytest.mark.parametrize("kind", [noise, packet_like])
def test_a_radio_lane(lane: str, kind: type) -> None:
    rng = random.Random(11)
    abused = Abused(serial=False)
    assert arrived(abused.next_samples())
    source, fed, found, offered = kind(rng), 0, 0, 0
    tracemalloc.start()
    try:
        while fed < AMOUNT // 10:
            data = next(source)
            fed += len(data)
            abused.feed(RecordKind.RECEIVED, lane, data)
            if lane == "control":
                abused.feed(RecordKind.SENT, lane, data)
            if rng.random() < 0.05:
                offered += 1
                found += arrived(abused.next_samples())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MEMORY_BYTES
    # Without a checksum one lie in some thousands is believed; the stream must find back each time.
    assert found > 0.98 * offered


def test_mutated_serial_logs_lose_no_more_than_they_damage() -> None:
    """One flipped bit costs one packet, never the stream."""
    log = serial_log()
    damaged = 0
    for number, record in enumerate(log):
        items = EnvelopeReader().push(record.data)
        if not items or any(
            isinstance(item, Enveloped) and item.channel is Channel.CONTROL for item in items
        ):
            continue  # an answer lost is asked for again, which a recorded log cannot do
        for bit in range(0, 8 * len(record.data), 97):
            data = bytearray(record.data)
            data[bit // 8] ^= 1 << bit % 8
            broken = Record(record.kind, record.channel, bytes(data), record.host_time_ns)
            decoder = OmpDecoder()
            for one in (*log[:number], broken, *log[number + 1 :]):
                decoder.feed(one)
            damaged += 1
            counters = decoder.counters
            assert counters.received + counters.lost == 110
            assert counters.received >= 98 - 38
    assert damaged > 50
