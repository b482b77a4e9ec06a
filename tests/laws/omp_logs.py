"""Raw logs of a sensor with a known past, for the laws of bytes, garbage and conservation."""

from functools import cache

import numpy as np

from sensorhub.model.events import DeviceEvent, SamplesArrived
from sensorhub.model.link import Record, RecordKind
from sensorhub.protocol import tlv
from sensorhub.protocol.control import Op, Request, Response, Status
from sensorhub.protocol.envelope import Channel, wrap
from sensorhub.protocol.packets import (
    EventPacket,
    SampleFlag,
    SamplesPacket,
    StatusPacket,
    TimePacket,
)
from sensorhub.protocol.tlv import IndexRange, IndexSpan, Tlvs, Version

S = 1_000_000_000
START_US = 3_000_000
SESSION = 0x5E551011


def samples(first: int, count: int, *, backfill: bool = False) -> bytes:
    """A packet of one hertz of a hundred, whose values tell the index."""
    rows = np.zeros((count, 6), "<i2")
    rows[:, 0] = np.arange(first, first + count) & 0x7FFF
    flags = int(SampleFlag.BACKFILL) if backfill else 0
    t0_us = (START_US + first * 10_000) & 0xFFFFFFFF
    return SamplesPacket(0x11, flags, first & 0xFFFF, t0_us, rows.tobytes()).encode()


def hello(session: int | None = None) -> bytes:
    running = () if session is None else (tlv.RUNNING_SESSION.item(session),)
    items = (
        tlv.VERSION.item(Version(1, 0)),
        tlv.DEVICE_ID.item(b"\x00law\x00law"),
        tlv.BOOT.item(1),
        *running,
    )
    return Response(Op.HELLO, 0, Status.OK, Tlvs(items)).encode()


def start() -> bytes:
    items = (
        tlv.PERIOD_NS.item(10_000_000),
        tlv.ACC_SCALE_G.item(2**-12),
        tlv.GYR_SCALE_DPS.item(2**-5),
        tlv.FIRST_INDEX.item(0),
        tlv.SESSION.item(SESSION),
        tlv.FIRST_US.item(START_US),
    )
    return Response(Op.START, 1, Status.OK, Tlvs(items)).encode()


def status(index: int) -> bytes:
    return StatusPacket(START_US + index * 10_000, index, 4000, 90, 1).encode()


@cache
def serial_log() -> tuple[Record, ...]:
    """Greeting, stream, losses, a lost link, resuming, back-fill, garbage, stop."""
    log: list[Record] = []
    now_ns = [50 * S]

    def note(kind: RecordKind, data: bytes, lane: str = "serial") -> None:
        now_ns[0] += 3_000_000
        log.append(Record(kind, lane, data, now_ns[0]))

    def received(*packets: tuple[Channel, bytes]) -> None:
        note(RecordKind.RECEIVED, b"".join(wrap(channel, packet) for channel, packet in packets))

    def sent(op: Op, tid: int, *items: tlv.Item) -> None:
        note(RecordKind.SENT, wrap(Channel.CONTROL, Request(op, tid, Tlvs(items)).encode()))

    note(RecordKind.LINK_UP, b"", "")
    sent(Op.HELLO, 0, tlv.VERSION.item(Version(1, 0)))
    received((Channel.LOG, b"boot"), (Channel.CONTROL, hello()))
    for tid in range(2, 6):
        sent(Op.TIME_SYNC, tid)
        received((Channel.DATA, TimePacket(tid, 2_000_000 + tid * 6_000, 50).encode()))
    sent(Op.START, 1)
    received((Channel.CONTROL, start()), (Channel.DATA, samples(0, 7)))
    received((Channel.DATA, samples(7, 5)), (Channel.DATA, status(12)))
    note(RecordKind.RECEIVED, b"\x17noise without meaning\x00\x03\x00" + b"\xaa" * 700 + b"\x00")
    received((Channel.DATA, samples(30, 9)), (Channel.DATA, samples(20, 5)))
    received((Channel.DATA, EventPacket(1, 0, 38, START_US).encode()))
    note(RecordKind.RECEIVED, wrap(Channel.DATA, samples(39, 3))[:20])
    note(RecordKind.LINK_DOWN, b"out of range", "")
    note(RecordKind.LINK_UP, b"", "")
    sent(Op.HELLO, 9, tlv.VERSION.item(Version(1, 0)))
    received((Channel.CONTROL, hello(SESSION)), (Channel.DATA, status(99)))
    received((Channel.DATA, samples(100, 4)))
    sent(Op.BACKFILL, 10, tlv.SPAN.item(IndexSpan(12, 88)))
    received(
        (Channel.CONTROL, _granted(12, 99)),
        (Channel.BULK, samples(12, 38, backfill=True)),
        (Channel.DATA, samples(104, 4)),
        (Channel.BULK, samples(50, 38, backfill=True)),
        (Channel.BULK, EventPacket(10, 0, 99, START_US).encode()),
    )
    sent(Op.STOP, 11)
    received((Channel.CONTROL, _stopped(109)), (Channel.DATA, samples(108, 2)))
    note(RecordKind.LINK_DOWN, b"", "")
    return tuple(log)


def _granted(first: int, last: int) -> bytes:
    items = (tlv.GRANTED.item(IndexRange(first, last)),)
    return Response(Op.BACKFILL, 10, Status.OK, Tlvs(items)).encode()


def _stopped(latest: int) -> bytes:
    items = (tlv.LATEST_INDEX.item(latest),)
    return Response(Op.STOP, 11, Status.OK, Tlvs(items)).encode()


def comparable(events: list[DeviceEvent]) -> list[object]:
    """Events with their arrays as bytes, so that lists of them can be compared."""
    return [
        (
            event.host_time_ns,
            event.stream,
            event.first_index,
            event.device_time_s,
            event.period_s,
            event.acc_mps2.tobytes(),
            None if event.gyr_radps is None else event.gyr_radps.tobytes(),
            event.backfilled,
            event.clipped,
        )
        if isinstance(event, SamplesArrived)
        else event
        for event in events
    ]
