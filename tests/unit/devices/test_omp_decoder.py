"""What the decoder makes of records: indices, times, losses, and what it refuses to believe."""

import dataclasses
import math
import time
from collections.abc import Iterable

import numpy as np
import pytest

from sensorhub.devices.omp.decoder import OmpDecoder
from sensorhub.devices.omp.events import OmpLogText, OmpResponse, OmpStatus, OmpTime
from sensorhub.devices.omp.stream import SampleStream
from sensorhub.model.events import (
    BatteryReported,
    BytesRejected,
    ClockObserved,
    DeviceEvent,
    DeviceIdentified,
    DeviceNotice,
    DeviceNoticeKind,
    LinkChanged,
    SamplesArrived,
    SamplesLost,
    StreamStarted,
)
from sensorhub.model.link import Record, RecordKind
from sensorhub.protocol import tlv
from sensorhub.protocol.control import Op, Request, Response, Status
from sensorhub.protocol.envelope import Channel, wrap
from sensorhub.protocol.packets import EventPacket, SamplesPacket, StatusPacket, TimePacket
from sensorhub.protocol.tlv import IndexRange, IndexSpan, Tlvs, Version

S = 1_000_000_000
SESSION = 0xA1B2C3D4


class Feed:
    """A decoder on BLE lanes, with a clock."""

    def __init__(self) -> None:
        self.decoder = OmpDecoder()
        self.now_ns = 100 * S

    def lane(self, lane: str, packet: bytes) -> list[DeviceEvent]:
        return self.decoder.feed(Record(RecordKind.RECEIVED, lane, packet, self.now_ns))

    def data(self, packet: bytes) -> list[DeviceEvent]:
        return self.lane("data", packet)

    def sent(self, request: Request) -> list[DeviceEvent]:
        return self.decoder.feed(Record(RecordKind.SENT, "control", request.encode(), self.now_ns))

    def answer(self, op: Op, status: Status, *items: tlv.Item, tid: int = 1) -> list[DeviceEvent]:
        return self.lane("control", Response(op, tid, status, Tlvs(items)).encode())

    def link(self, kind: RecordKind) -> list[DeviceEvent]:
        return self.decoder.feed(Record(kind, "", b"", self.now_ns))

    def hello(self, *, boot: int = 5, session: int | None = None) -> list[DeviceEvent]:
        running = () if session is None else (tlv.RUNNING_SESSION.item(session),)
        return self.answer(
            Op.HELLO,
            Status.OK,
            tlv.VERSION.item(Version(1, 0)),
            tlv.DEVICE_ID.item(b"12345678"),
            tlv.BOOT.item(boot),
            *running,
        )

    def start(
        self,
        *,
        session: int = SESSION,
        first_us: int | None = 1_000_000,
        status: Status = Status.OK,
        period_ns: int = 10_000_000,
    ) -> list[DeviceEvent]:
        told = () if first_us is None else (tlv.FIRST_US.item(first_us),)
        return self.answer(
            Op.START,
            status,
            tlv.PERIOD_NS.item(period_ns),
            tlv.ACC_SCALE_G.item(8 / 32768),
            tlv.GYR_SCALE_DPS.item(1000 / 32768),
            tlv.FIRST_INDEX.item(0),
            tlv.SESSION.item(session),
            *told,
        )

    def samples(
        self,
        index: int,
        count: int = 4,
        *,
        flags: int = 0,
        t0_us: int | None = None,
        kind: int = 0x11,
    ) -> list[DeviceEvent]:
        return self.data(samples(index, count, flags=flags, t0_us=t0_us, kind=kind))


def samples(
    index: int, count: int = 4, *, flags: int = 0, t0_us: int | None = None, kind: int = 0x11
) -> bytes:
    columns = {0x11: 6, 0x12: 3, 0x13: 9, 0x14: 4, 0x15: 10}[kind]
    row = np.arange(columns, dtype="<i2") + 1
    t0_us = 1_000_000 + index * 10_000 if t0_us is None else t0_us
    return SamplesPacket(
        kind, flags, index & 0xFFFF, t0_us & 0xFFFFFFFF, np.tile(row, count).tobytes()
    ).encode()


def status(index: int, *, t_us: int | None = None, bits: int = 1) -> bytes:
    t_us = 1_000_000 + index * 10_000 if t_us is None else t_us
    return StatusPacket(t_us, index, 3987, 81, bits).encode()


def only(events: Iterable[DeviceEvent], kind: type[DeviceEvent]) -> list[DeviceEvent]:
    return [event for event in events if type(event) is kind]


def exact(event: DeviceEvent) -> list[object]:
    """All an event says, arrays to the last bit."""
    values = (getattr(event, field.name) for field in dataclasses.fields(event))
    return [type(event), *(v.tobytes() if isinstance(v, np.ndarray) else v for v in values)]


def spans(events: Iterable[DeviceEvent]) -> list[tuple[int, int]]:
    return [
        (one.first_index, one.first_index + len(one.acc_mps2))
        for one in events
        if isinstance(one, SamplesArrived)
    ]


@pytest.fixture
def feed() -> Feed:
    feed = Feed()
    feed.link(RecordKind.LINK_UP)
    feed.hello()
    feed.start()
    return feed


def test_samples_are_si_in_the_sensor_frame(feed: Feed) -> None:
    (one,) = feed.samples(0, 2)
    assert isinstance(one, SamplesArrived)
    g = 9.80665 * 8 / 32768
    dps = math.radians(1000 / 32768)
    np.testing.assert_allclose(one.acc_mps2, [[g, 2 * g, 3 * g]] * 2, rtol=1e-12)
    assert one.gyr_radps is not None
    np.testing.assert_allclose(one.gyr_radps, [[4 * dps, 5 * dps, 6 * dps]] * 2, rtol=1e-7)
    assert one.acc_mps2.flags.c_contiguous
    assert one.gyr_radps.flags.c_contiguous
    assert (one.stream, one.first_index, one.device_time_s) == (SESSION, 0, 1.0)
    assert one.period_s == 0.01
    assert not one.clipped
    assert not one.backfilled


@pytest.mark.parametrize(("kind", "gyro"), [(0x12, False), (0x13, True), (0x15, True)])
def test_other_formats(feed: Feed, kind: int, gyro: bool) -> None:
    (one,) = feed.samples(0, 3, kind=kind, flags=0x20)
    assert isinstance(one, SamplesArrived)
    assert one.acc_mps2.shape == (3, 3)
    assert (one.gyr_radps is not None) is gyro
    assert one.clipped


def test_stream_and_identity_are_told() -> None:
    feed = Feed()
    (who, _) = feed.hello()
    assert who == DeviceIdentified(feed.now_ns, "3132333435363738", "", "", 5)
    (began, _) = feed.start()
    assert began == StreamStarted(feed.now_ns, SESSION, 0.01, 0, 1.0, has_gyroscope=True)
    assert feed.start()[0] != began  # the answer repeated: no second stream


def test_losses_advance_the_index(feed: Feed) -> None:
    feed.samples(0)
    lost, came = feed.samples(12)
    assert lost == SamplesLost(feed.now_ns, SESSION, 4, 8)
    assert spans([came]) == [(12, 16)]
    counters = feed.decoder.counters
    assert (counters.received, counters.lost) == (8, 8)


def test_the_index_goes_on_past_16_bits(feed: Feed) -> None:
    last: list[DeviceEvent] = []
    for index in range(0, 140_000, 20):
        feed.now_ns += S // 5
        last = feed.samples(index, 20)
    assert spans(last) == [(139_980, 140_000)]
    assert feed.decoder.counters.lost == 0


def test_the_clock_goes_on_past_32_bits(feed: Feed) -> None:
    feed.link(RecordKind.LINK_UP)
    feed.hello()
    t_us = 2**32 - 20_000
    feed.start(session=2, first_us=t_us)
    feed.samples(0, t0_us=t_us)
    (one,) = feed.samples(4, t0_us=t_us + 40_000)
    assert isinstance(one, SamplesArrived)
    assert one.device_time_s == pytest.approx((2**32 + 20_000) / 1e6)


def test_a_repeated_packet_is_dropped_and_counted(feed: Feed) -> None:
    feed.samples(0)
    assert feed.samples(0) == []
    assert spans(feed.samples(4)) == [(4, 8)]
    assert feed.decoder.counters.duplicate == 4


def test_a_packet_that_was_overtaken_counts_as_late(feed: Feed) -> None:
    feed.samples(0)
    feed.samples(8)
    (late,) = feed.samples(4)
    assert isinstance(late, SamplesArrived)
    assert late.backfilled
    assert spans(feed.samples(12)) == [(12, 16)]
    counters = feed.decoder.counters
    assert (counters.received, counters.lost, counters.backfilled) == (16, 0, 4)


def test_a_packet_partly_known_gives_only_what_is_new(feed: Feed) -> None:
    feed.samples(0, 4)
    feed.samples(8, 4)
    late = feed.samples(2, 8)
    assert spans(late) == [(4, 8)]
    (one,) = late
    assert isinstance(one, SamplesArrived)
    assert one.device_time_s == pytest.approx(1.04)
    assert feed.decoder.counters.duplicate == 4


def test_bytes_that_only_look_like_samples_do_not_move_the_index(feed: Feed) -> None:
    """One such packet believed would turn everything after it into duplicates."""
    feed.samples(0)
    (refused,) = feed.samples(20_000, t0_us=123)
    assert isinstance(refused, BytesRejected)
    assert spans(feed.samples(4)) == [(4, 8)]
    assert feed.decoder.counters.lost == 0


def test_a_clock_step_that_is_told_is_believed(feed: Feed) -> None:
    feed.samples(0)
    (one,) = feed.samples(4, t0_us=1_040_000 + 3_000_000, flags=0x40)
    assert isinstance(one, SamplesArrived)
    assert one.device_time_s == pytest.approx(4.04)


def test_a_stream_that_never_fits_is_anchored_anew(feed: Feed) -> None:
    feed.samples(0)
    for index in range(30_000, 30_040, 4):
        feed.samples(index, t0_us=1_000_000 + index * 10_000 + 20_000_000)
    found = feed.data(status(30_039, t_us=321_390_000))
    assert spans(found)[-1] == (30_036, 30_040)


def test_after_30_silent_seconds_a_status_packet_comes_first(feed: Feed) -> None:
    feed.samples(0)
    feed.now_ns += 700 * S
    assert feed.samples(70_000) == []
    found = feed.data(status(70_005))
    assert spans(found) == [(70_000, 70_004)]
    assert SamplesLost(feed.now_ns, SESSION, 4, 69_996) in found
    assert spans(feed.samples(70_004)) == [(70_004, 70_008)]


def test_a_fresh_status_packet_of_before_will_do(feed: Feed) -> None:
    feed.samples(0)
    feed.now_ns += 700 * S
    feed.data(status(70_005))
    feed.now_ns += S
    assert spans(feed.samples(70_100)) == [(70_100, 70_104)]


def test_resuming_a_session_after_a_lost_link(feed: Feed) -> None:
    feed.samples(0)
    (down,) = feed.link(RecordKind.LINK_DOWN)
    assert down == LinkChanged(feed.now_ns, up=False)
    feed.now_ns += 20 * S
    assert feed.link(RecordKind.LINK_UP) == [LinkChanged(feed.now_ns, up=True)]
    assert feed.samples(2004) == []  # the data lane was faster than the answer to HELLO
    feed.data(status(2003))
    found = feed.hello(session=SESSION)
    assert spans(found) == [(2004, 2008)]
    assert SamplesLost(feed.now_ns, SESSION, 4, 2000) in found


@pytest.mark.parametrize(("boot", "session"), [(6, SESSION), (5, 77), (5, None)])
def test_another_boot_or_session_is_not_resumed(boot: int, session: int | None) -> None:
    feed = Feed()
    feed.link(RecordKind.LINK_UP)
    feed.hello()
    feed.start()
    feed.samples(0)
    feed.link(RecordKind.LINK_DOWN)
    feed.link(RecordKind.LINK_UP)
    feed.hello(boot=boot, session=session)
    feed.data(status(100))
    assert spans(feed.samples(100)) == []
    feed.start(session=78, first_us=50_000_000)
    assert spans(feed.samples(0, t0_us=50_000_000)) == [(0, 4)]
    assert feed.decoder.counters.lost == 0


def test_samples_faster_than_the_answer_to_start_are_held() -> None:
    feed = Feed()
    feed.hello()
    assert feed.samples(0) == []
    assert feed.samples(4) == []
    assert spans(feed.start()) == [(0, 4), (4, 8)]


def test_not_many_samples_are_held() -> None:
    feed = Feed()
    for index in range(0, 4000, 4):
        feed.samples(index)
    assert feed.decoder.counters.rejected_bytes == (1000 - 128) * 56
    assert len(spans(feed.start())) == 128


def test_a_running_session_is_joined_without_counting_what_was_before() -> None:
    feed = Feed()
    feed.hello(session=SESSION)
    feed.start(status=Status.ALREADY)
    feed.data(status(5000))
    assert spans(feed.samples(5001)) == [(5001, 5005)]
    assert feed.decoder.counters.lost == 0


def test_without_a_first_time_the_latest_time_known_unwraps() -> None:
    feed = Feed()
    feed.hello()
    feed.data(TimePacket(1, 3 * 2**32 + 7, 0).encode())
    feed.start(first_us=None)
    (one,) = feed.samples(0, t0_us=50)
    assert isinstance(one, SamplesArrived)
    assert one.device_time_s == (3 * 2**32 + 50) / 1e6


def test_backfill_brings_what_is_missing_once(feed: Feed) -> None:
    feed.samples(0)
    feed.samples(40)
    feed.sent(Request(Op.BACKFILL, 9, Tlvs((tlv.SPAN.item(IndexSpan(4, 36)),))))
    feed.answer(Op.BACKFILL, Status.OK, tlv.GRANTED.item(IndexRange(4, 39)), tid=9)
    found = feed.lane("bulk", samples(4, 20, flags=8))
    (one,) = found
    assert isinstance(one, SamplesArrived)
    assert one.backfilled
    assert one.device_time_s == pytest.approx(1.04)
    assert feed.lane("bulk", samples(4, 20, flags=8)) == []
    assert spans(feed.lane("bulk", samples(24, 16, flags=8 | 16))) == [(24, 40)]
    counters = feed.decoder.counters
    assert (counters.received, counters.lost, counters.backfilled) == (44, 0, 36)
    assert counters.duplicate == 20


def test_backfill_that_is_gone_is_lost_for_good(feed: Feed) -> None:
    feed.samples(0)
    feed.samples(40)
    ask = Request(Op.BACKFILL, 9, Tlvs((tlv.SPAN.item(IndexSpan(4, 36)),)))
    feed.sent(ask)
    found = feed.answer(Op.BACKFILL, Status.OK, tlv.GRANTED.item(IndexRange(30, 39)), tid=9)
    assert found[0] == SamplesLost(feed.now_ns, SESSION, 4, 26, for_good=True)
    feed.sent(ask)
    found = feed.answer(Op.BACKFILL, Status.EVICTED, tid=10)
    assert found[0] == SamplesLost(feed.now_ns, SESSION, 4, 36, for_good=True)
    assert feed.decoder.counters.lost == 36


@pytest.mark.parametrize(
    ("lane", "packet", "reason"),
    [
        ("bulk", samples(4, flags=8), "nobody asked"),
        ("bulk", samples(4), "wrong lane"),
        ("data", samples(4, flags=8), "wrong lane"),
        ("data", samples(4, flags=1), "unknown stream number"),
        ("data", samples(4, kind=0x14), "without acceleration"),
        ("data", b"", "unknown packet"),
        ("data", b"\x99" * 20, "unknown packet"),
        ("data", EventPacket(99, 0, 0, 0).encode(), "unknown event"),
        ("bulk", EventPacket(1, 0, 0, 0).encode(), "wrong lane"),
        ("control", b"\xf0", "no response"),
        ("elsewhere", b"abc", "unknown lane"),
        ("capabilities", b"\xff", "not CBOR"),
    ],
)
def test_what_is_no_packet_is_counted(feed: Feed, lane: str, packet: bytes, reason: str) -> None:
    (refused,) = feed.lane(lane, packet)
    assert isinstance(refused, BytesRejected)
    assert reason in refused.reason
    assert feed.decoder.counters.rejected_bytes == len(packet)


@pytest.mark.parametrize(
    "items",
    [
        (tlv.PERIOD_NS.item(0),),
        (tlv.PERIOD_NS.item(10_000_000), tlv.ACC_SCALE_G.item(math.nan)),
        (tlv.PERIOD_NS.item(10_000_000), tlv.ACC_SCALE_G.item(0.0)),
        (tlv.PERIOD_NS.item(10_000_000),),
        (tlv.PERIOD_NS.item(10_000_000), tlv.ACC_SCALE_G.item(1.0), (0x80, b"")),
    ],
    ids=["no period", "scale nan", "scale 0", "no scale", "critical"],
)
def test_an_impossible_grant_counts_as_refused(items: tuple[tlv.Item, ...]) -> None:
    feed = Feed()
    found = feed.answer(
        Op.START, Status.OK, *items, tlv.FIRST_INDEX.item(0), tlv.SESSION.item(1), tid=3
    )
    (answer,) = only(found, OmpResponse)
    assert isinstance(answer, OmpResponse)
    assert answer.response == Response(Op.START, 3, Status.INTERNAL)
    assert not only(found, StreamStarted)


def test_status_and_battery(feed: Feed) -> None:
    told, battery = feed.data(status(3))
    assert isinstance(told, OmpStatus)
    assert battery == BatteryReported(feed.now_ns, 81, 3987)
    unknown = StatusPacket(1, 3, 0, 255, 0).encode()
    assert feed.data(unknown)[1] == BatteryReported(feed.now_ns, None, None)


@pytest.mark.parametrize(
    ("code", "arg", "kind"),
    [
        (1, 0, DeviceNoticeKind.BUTTON),
        (2, 0, DeviceNoticeKind.CLIPPING),
        (3, 0, DeviceNoticeKind.RING_OVERRUN),
        (4, 1, DeviceNoticeKind.CHARGER_ON),
        (4, 0, DeviceNoticeKind.CHARGER_OFF),
        (5, 0, DeviceNoticeKind.LOW_BATTERY),
        (6, 0, DeviceNoticeKind.SENSOR_FAULT),
        (7, 9, DeviceNoticeKind.MARK),
        (8, 0, DeviceNoticeKind.CUE_PLAYED),
    ],
)
def test_notices(feed: Feed, code: int, arg: int, kind: DeviceNoticeKind) -> None:
    assert feed.data(EventPacket(code, arg, 0, 0).encode()) == [
        DeviceNotice(feed.now_ns, kind, arg)
    ]


def test_time_exchange_in_either_order_of_records(feed: Feed) -> None:
    feed.now_ns = 200 * S
    feed.sent(Request(Op.TIME_SYNC, 10))
    feed.now_ns += 20_000_000
    seen, told = feed.data(TimePacket(10, 5_000_000, 4_000).encode())
    assert told == OmpTime(feed.now_ns, 10)
    assert seen == ClockObserved(feed.now_ns, 5.002, 200.01, 0.008)
    feed.data(TimePacket(11, 6_000_000, 0).encode())
    feed.now_ns -= 10_000_000  # noted when the write returned: later in the log, earlier in time
    (seen,) = feed.sent(Request(Op.TIME_SYNC, 11))
    assert isinstance(seen, ClockObserved)
    assert seen.uncertainty_s == pytest.approx(0.005)


def test_time_answers_that_say_nothing_are_no_observations(feed: Feed) -> None:
    feed.sent(Request(Op.TIME_SYNC, 1))
    assert not only(feed.data(TimePacket(1, 5, 65535).encode()), ClockObserved)
    feed.sent(Request(Op.TIME_SYNC, 2))
    assert not only(feed.data(TimePacket(2, 5, 10_000).encode()), ClockObserved)  # longer than all
    assert not only(feed.data(TimePacket(3, 5, 0).encode()), ClockObserved)  # never asked
    feed.link(RecordKind.LINK_UP)
    assert not feed.sent(Request(Op.TIME_SYNC, 3))


def test_stop_tells_what_never_came(feed: Feed) -> None:
    feed.samples(0)
    found = feed.answer(Op.STOP, Status.OK, tlv.LATEST_INDEX.item(9))
    assert found[0] == SamplesLost(feed.now_ns, SESSION, 4, 6)
    assert DeviceNotice(feed.now_ns, DeviceNoticeKind.STREAM_STOPPED) in found
    (one,) = feed.samples(4, 6)  # the data lane was slower than the answer
    assert isinstance(one, SamplesArrived)
    assert not one.backfilled
    assert feed.decoder.counters.lost == 0


def test_an_absurd_last_index_is_not_believed(feed: Feed) -> None:
    feed.samples(0)
    feed.answer(Op.STOP, Status.OK, tlv.LATEST_INDEX.item(4_000_000_000))
    assert feed.decoder.counters.lost == 0


def test_log_text_is_made_printable(feed: Feed) -> None:
    serial = wrap(Channel.LOG, b"boot \x1b[31m\xffok\n")
    (told,) = feed.lane("serial", serial)
    assert isinstance(told, OmpLogText)
    assert told.text == "boot  [31m\ufffdok"


def test_a_packet_cut_off_by_a_lost_link_is_counted() -> None:
    feed = Feed()
    feed.lane("serial", wrap(Channel.DATA, status(1))[:9])
    down = feed.link(RecordKind.LINK_DOWN)
    assert down[0] == BytesRejected(feed.now_ns, 9, "cut off by a lost link")
    assert only(feed.lane("serial", wrap(Channel.DATA, status(1))), OmpStatus)


def test_what_is_due_is_taken_as_all_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def fed() -> tuple[list[object], object]:
        rng, feed, index, found = np.random.default_rng(5), Feed(), 0, list[object]()
        feed.hello()
        feed.start()
        for _ in range(1500):
            feed.now_ns += 40_000_000
            chance, count = rng.random(), 4 if rng.random() < 0.9 else int(rng.integers(1, 9))
            flags, kind, t0_us = 0, 0x11, None
            if chance < 0.02:
                index += count
            elif chance < 0.04:
                index -= count
            elif chance < 0.06:
                kind = int(rng.choice([0x12, 0x13, 0x14, 0x15]))
            elif chance < 0.08:
                flags = int(rng.choice([0x01, 0x08]))
            elif chance < 0.12:
                flags = 0x20
            elif chance < 0.14:
                t0_us = 1_000_000 + index * 10_000 + int(rng.integers(-900_000, 900_000))
            elif chance < 0.145:
                feed.now_ns += 31 * S
            elif chance < 0.15:
                feed.link(RecordKind.LINK_DOWN)
                feed.hello(session=SESSION)
                feed.data(status(index))
            events = feed.samples(max(0, index), count, flags=flags, t0_us=t0_us, kind=kind)
            found += [exact(event) for event in events]
            index += count
        return found, feed.decoder.counters

    quickly = fed()
    monkeypatch.setattr(SampleStream, "take_due", lambda *_: False)
    assert quickly == fed()


def test_one_packet_takes_few_microseconds(feed: Feed) -> None:
    """19 samples, BLE at MTU 247. The bound leaves room for a busy machine."""
    packets = [samples(index, 19) for index in range(0, 19 * 2000, 19)]
    best_s = math.inf
    for attempt in range(5):
        feed.start(session=1000 + attempt)
        began = time.process_time()
        for number, packet in enumerate(packets):
            feed.now_ns += S // 100
            feed.decoder.feed(Record(RecordKind.RECEIVED, "data", packet, feed.now_ns + number))
        best_s = min(best_s, time.process_time() - began)
    assert feed.decoder.counters.received == 5 * 19 * 2000
    assert best_s / len(packets) < 40e-6
