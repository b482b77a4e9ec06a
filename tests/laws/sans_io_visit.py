"""A whole visit without a clock, a thread or a wire: simulated person and device, real controller,
decoder and store, driven by one loop in simulated time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from firmware_sim.omp.core import DeviceOptions
from firmware_sim.omp.device import OmpDevice, identity_of
from firmware_sim.person import Person, SensorSetup
from firmware_sim.scenario.loader import load_scenario
from firmware_sim.stage import Stage
from sensorhub.devices.base import ControllerState, StreamSettings
from sensorhub.devices.registry import family
from sensorhub.model.events import DeviceEvent
from sensorhub.model.link import Record, RecordKind

STEP_US = 10_000
FIRST_NS = 7_000_000_000_000  # the hub has been on for a while
SLOWEST_STOP_US = 60_000_000


@dataclass
class Visited:
    """What came of it: the records in order, the events as they were decoded live, the truth."""

    records: list[Record] = field(default_factory=list)
    events: list[DeviceEvent] = field(default_factory=list)
    truth: dict[str, object] = field(default_factory=dict)

    @property
    def last_ns(self) -> int:
        return self.records[-1].host_time_ns


class SansIoVisit:
    """One sensor on one person, over a serial line that may be pulled out.

    Args:
        outages_s: spans of the visit in which the cable is out.
        on_record: called with every record, before it is decoded.
    """

    def __init__(
        self,
        scenario: str,
        *,
        placement: str = "thigh_right",
        seed: int = 0,
        outages_s: Sequence[tuple[float, float]] = (),
        rate_hz: float = 100.0,
        on_record: Callable[[Record], None] = lambda _: None,
    ) -> None:
        person = Person(load_scenario(scenario), seed=seed)
        self._stage = Stage(person, waits=True)
        self._peer = OmpDevice(
            identity_of(placement, seed=seed),
            self._stage.wear(placement, SensorSetup()),
            options=DeviceOptions(ppm=23.0, seed=seed),
            on_cue=self._stage.cue,
            now_us=-5_000_000,
            baud=None,
        ).serial
        omp = family("omp")
        self._decoder = omp.new_decoder()
        self._controller = omp.new_controller(StreamSettings(rate_hz=rate_hz))
        self._outages_us = [(round(a * 1e6), round(b * 1e6)) for a, b in outages_s]
        self._on_record = on_record
        self._linked = False
        self._now_us = 0
        self.visited = Visited()

    def run(self, seconds: float) -> Visited:
        """Stream for so long, then stop politely (with back-fill), and hang up."""
        while self._now_us < seconds * 1e6:
            self._step()
        self._controller.request_stop(self._now_ns())
        stop_by_us = self._now_us + SLOWEST_STOP_US
        while self._controller.state is not ControllerState.STOPPED:
            assert self._now_us < stop_by_us, f"did not stop: {self._controller.state}"
            self._step()
        self._link(up=False)
        self.visited.truth = self._stage.truth(self._now_us)
        return self.visited

    def _now_ns(self) -> int:
        return FIRST_NS + self._now_us * 1000

    def _step(self) -> None:
        self._now_us += STEP_US
        out = any(start <= self._now_us < end for start, end in self._outages_us)
        if out == self._linked:
            self._link(up=not out)
        if not self._linked:
            self._peer.poll(self._now_us)
            return
        for sent in self._peer.poll(self._now_us):
            self._record(RecordKind.RECEIVED, sent.data)
        for outgoing in self._controller.poll(self._now_ns()):
            self._record(RecordKind.SENT, outgoing.data)
            self._peer.receive(outgoing.channel, outgoing.data, self._now_us)

    def _link(self, *, up: bool) -> None:
        self._linked = up
        if up:
            self._peer.link_up(self._now_us, mtu=None)
            self._controller.link_up(self._now_ns(), None)
            self._record(RecordKind.LINK_UP, b"", channel="")
        else:
            self._record(RecordKind.LINK_DOWN, b"pulled out", channel="")
            self._peer.link_down(self._now_us)
            self._controller.link_down(self._now_ns())

    def _record(self, kind: RecordKind, data: bytes, *, channel: str = "serial") -> None:
        record = Record(kind, channel, data, self._now_ns())
        self._on_record(record)
        self.visited.records.append(record)
        for event in self._decoder.feed(record):
            self._controller.handle(event, self._now_ns())
            self.visited.events.append(event)
