"""The law of conservation: received + lost = promised, and every sample is handed out once."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from omp_logs import SESSION, S, hello, samples, start, status

from sensorhub.devices.omp.decoder import OmpDecoder
from sensorhub.model.events import DeviceEvent, SamplesArrived, SamplesLost
from sensorhub.model.link import Record, RecordKind
from sensorhub.protocol import tlv
from sensorhub.protocol.control import Op, Request, Response, Status
from sensorhub.protocol.tlv import IndexRange, IndexSpan, Tlvs

FATES = ("arrives", "lost", "twice", "swapped", "link breaks")
fates = st.lists(
    st.tuples(st.sampled_from((*("arrives",) * 4, *FATES)), st.integers(1, 19)),
    min_size=1,
    max_size=60,
)


class World:
    """Packets of one stream through a link that loses, repeats, swaps and breaks."""

    def __init__(self) -> None:
        self.decoder = OmpDecoder()
        self.now_ns = 100 * S
        self.events: list[DeviceEvent] = []
        self.arrived_once: set[int] = set()
        self.offered = 0
        self.link()
        self.feed(RecordKind.RECEIVED, "control", start())

    def feed(self, kind: RecordKind, lane: str, data: bytes) -> None:
        self.now_ns += 40_000_000
        self.events += self.decoder.feed(Record(kind, lane, data, self.now_ns))

    def link(self, session: int | None = None, index: int = 0) -> None:
        self.feed(RecordKind.LINK_UP, "", b"")
        self.feed(RecordKind.RECEIVED, "control", hello(session))
        if session is not None:
            self.feed(RecordKind.RECEIVED, "data", status(index))

    def live(self, first: int, count: int) -> None:
        self.offered += count
        self.arrived_once |= set(range(first, first + count))
        self.feed(RecordKind.RECEIVED, "data", samples(first, count))

    def backfill(self, first: int, count: int, *, lose: set[int]) -> None:
        ask = Request(Op.BACKFILL, 3, Tlvs((tlv.SPAN.item(IndexSpan(first, count)),)))
        self.feed(RecordKind.SENT, "control", ask.encode())
        granted = (tlv.GRANTED.item(IndexRange(first, first + count - 1)),)
        answer = Response(Op.BACKFILL, 3, Status.OK, Tlvs(granted))
        self.feed(RecordKind.RECEIVED, "control", answer.encode())
        for at in range(first, first + count, 10):
            n = min(10, first + count - at)
            if at not in lose:
                self.offered += n
                self.arrived_once |= set(range(at, at + n))
                self.feed(RecordKind.RECEIVED, "bulk", samples(at, n, backfill=True))

    def stop(self, latest: int) -> None:
        items = (tlv.LATEST_INDEX.item(latest),)
        answer = Response(Op.STOP, 4, Status.OK, Tlvs(items))
        self.feed(RecordKind.RECEIVED, "control", answer.encode())


@settings(max_examples=120, deadline=None)
@given(fates, st.lists(st.tuples(st.integers(0, 600), st.integers(1, 120)), max_size=3), st.data())
def test_received_and_lost_are_what_was_promised(
    plan: list[tuple[str, int]], asks: list[tuple[int, int]], data: st.DataObject
) -> None:
    world = World()
    first = 0
    swapped: tuple[int, int] | None = None
    for fate, count in plan:
        if fate == "link breaks":
            world.feed(RecordKind.LINK_DOWN, "", b"")
            world.link(SESSION, first + count - 1)
            swapped = None
        elif fate == "swapped" and swapped is None:
            swapped = (first, count)
        elif fate != "lost":
            world.live(first, count)
            if fate == "twice":
                world.live(first, count)
            if swapped is not None:
                world.live(*swapped)
                swapped = None
        first += count
    promised = first
    world.stop(promised - 1)
    for start_index, length in asks:
        ask_first = start_index % promised
        length = min(length, promised - ask_first)
        lose = data.draw(st.sets(st.sampled_from(range(ask_first, ask_first + length, 10))))
        world.backfill(ask_first, length, lose=lose)

    counters = world.decoder.counters
    assert counters.received + counters.lost == promised
    assert counters.received == len(world.arrived_once)
    assert counters.received + counters.duplicate == world.offered
    given_out = [
        index
        for event in world.events
        if isinstance(event, SamplesArrived)
        for index in range(event.first_index, event.first_index + len(event.acc_mps2))
    ]
    assert sorted(given_out) == sorted(world.arrived_once)
    told_lost = {
        index
        for event in world.events
        if isinstance(event, SamplesLost)
        for index in range(event.first_index, event.first_index + event.count)
    }
    assert set(range(promised)) - set(given_out) <= told_lost
    for event in world.events:
        if isinstance(event, SamplesArrived):
            raw = np.rint(event.acc_mps2[:, 0] / (9.80665 * 2**-12)).astype(int)
            assert raw.tolist() == list(
                range(event.first_index, event.first_index + len(event.acc_mps2))
            )
