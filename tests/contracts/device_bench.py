"""A simulated peer and a driver of the same family, talking without link, thread or clock.

Used by every test that wants to see a whole family at work: bytes are carried from one to the other
in simulated time, in bursts as a radio delivers them, and every record is kept.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from firmware_sim.families import FAMILIES, DeviceSetup, make_device
from firmware_sim.peer import Peer
from firmware_sim.person import Person, SensorSetup
from firmware_sim.scenario.loader import load_scenario
from firmware_sim.signals import ImuSettings, ImuStream
from sensorhub.devices.base import (
    Controller,
    ControllerState,
    Decoder,
    DeviceFamily,
    StreamSettings,
)
from sensorhub.devices.registry import families, recognise
from sensorhub.model.errors import LinkLostError
from sensorhub.model.events import DeviceEvent, SamplesArrived
from sensorhub.model.link import Record, RecordKind

STEP_US = 7_500
FIRST_NS = 7_000_000_000_000  # the hub has been on for a while
MTU = 247


def driver_of(name: str) -> DeviceFamily:
    """The driver for a simulated device: by what it advertises, on a cable by its name."""
    if "ble" not in FAMILIES[name].links:
        return families()[name]
    shown = make_device(name, DeviceSetup("thigh_right", _NoChip()), "ble").peer.advertisement
    found = recognise(shown.service_uuids, shown.name)
    assert found is not None, f"nobody recognises {shown}"
    return found


class _NoChip:
    """Enough of an IMU for a device that is only looked at."""

    rates_mhz: tuple[int, ...] = (100_000,)
    acc_ranges_g: tuple[int, ...] = (8,)
    gyr_ranges_dps: tuple[int, ...] = (1000,)

    def acc_lsb_g(self, range_g: int) -> float:
        return range_g / 32768

    def gyr_lsb_dps(self, range_dps: int) -> float:
        return range_dps / 32768

    def start(self, settings: ImuSettings, world_us: int) -> ImuStream:
        raise NotImplementedError


@dataclass
class Bench:
    """One sensor on one person, for as long as a test wants.

    Args:
        jitter_ms: bytes for the host wait up to so long, in order: the radio's bursts.
        outages_s: spans in which there is no link.
    """

    family: str
    scenario: str = "squat"
    placement: str = "thigh_right"
    seed: int = 0
    rate_hz: float = 100.0
    jitter_ms: float = 0.0
    outages_s: Sequence[tuple[float, float]] = ()
    mtu: int = MTU
    peer: Peer = field(init=False)
    decoder: Decoder = field(init=False)
    controller: Controller = field(init=False)
    records: list[Record] = field(default_factory=list)
    events: list[DeviceEvent] = field(default_factory=list)
    link_losses: int = 0

    def __post_init__(self) -> None:
        row = FAMILIES[self.family]
        person = Person(load_scenario(self.scenario), seed=self.seed)
        setup = SensorSetup(part=row.part, clock_ppm=row.imu_ppm)
        self.person = person
        self.link = "ble" if "ble" in row.links else "serial"
        made = make_device(
            self.family,
            DeviceSetup(
                self.placement,
                person.wear(self.placement, setup),
                seed=self.seed,
                now_us=-3_000_000,
            ),
            self.link,
        )
        self.peer = made.peer
        self.incidents = made.incidents
        driver = driver_of(self.family)
        self.profile = driver.ble
        self.decoder = driver.new_decoder()
        self.controller = driver.new_controller(StreamSettings(rate_hz=self.rate_hz))
        self._random = random.Random(self.seed)
        self._linked = False
        self._now_us = 0
        self._due_us = 0
        self._air: list[tuple[str, bytes]] = []

    @property
    def now_ns(self) -> int:
        return FIRST_NS + self._now_us * 1000

    @property
    def seconds(self) -> float:
        """Now, in seconds of the simulated world."""
        return self._now_us / 1e6

    @property
    def samples(self) -> list[SamplesArrived]:
        return [event for event in self.events if isinstance(event, SamplesArrived)]

    def run(self, until_s: float) -> "Bench":
        """Go on until this time of the simulated world."""
        while self._now_us < until_s * 1e6:
            self._step()
        return self

    def stop(self, within_s: float = 10.0) -> "Bench":
        """Stop politely and hang up."""
        self.controller.request_stop(self.now_ns)
        end_us = self._now_us + within_s * 1e6
        while self.controller.state is not ControllerState.STOPPED:
            assert self._now_us < end_us, f"did not stop: {self.controller.state}"
            self._step()
        self.hang_up()
        return self

    def hang_up(self) -> None:
        """End the link as if out of range."""
        if self._linked:
            self._linked = False
            self._air.clear()
            self._record(RecordKind.LINK_DOWN, "", b"out of range")
            self.peer.link_down(self._now_us)
            self.controller.link_down(self.now_ns)

    def _dial(self) -> None:
        self._linked = True
        ble = self.link == "ble"
        self.peer.link_up(self._now_us, mtu=self.mtu if ble else None)
        if ble:
            assert self.profile is not None
            lanes = {
                one.uuid: one.lane
                for service in self.peer.services
                for one in service.characteristics
            }
            self._lanes = {
                one.name: lanes[one.uuid] for one in self.profile.channels if one.uuid in lanes
            }
            for one in self.profile.channels:
                if one.notify and one.name in self._lanes:
                    self.peer.subscribe(self._lanes[one.name], self._now_us, enabled=True)
        payload = self.mtu - 3 if ble else None
        if ble:
            self._read_once()
        self.controller.link_up(self.now_ns, payload)
        data = b"" if payload is None else payload.to_bytes(2, "little")
        self._record(RecordKind.LINK_UP, "", data)

    def _read_once(self) -> None:
        """What the transport reads when a link opens."""
        assert self.profile is not None
        values = {
            one.uuid: one.value for service in self.peer.services for one in service.characteristics
        }
        for one in self.profile.channels:
            if one.read and one.uuid in values:
                self._air.append((one.name, values[one.uuid]))

    def _step(self) -> None:
        self._now_us += STEP_US
        out = any(start <= self._now_us / 1e6 < end for start, end in self.outages_s)
        if out and self._linked:
            self.hang_up()
        elif not out and not self._linked:
            self._dial()
        for sent in self.peer.poll(self._now_us):
            if self._linked:
                data = sent.data if self.link == "serial" else sent.data[: self.mtu - 3]
                self._air.append((self._host_lane(sent.lane), data))
        if not self._linked:
            return
        if self._now_us >= self._due_us:
            for lane, data in self._air:
                self._record(RecordKind.RECEIVED, lane, data)
            self._air.clear()
            self._due_us = self._now_us + round(self._random.random() ** 3 * self.jitter_ms * 1000)
        try:
            wanted = self.controller.poll(self.now_ns)
        except LinkLostError:
            self.link_losses += 1
            self.hang_up()
            return
        for outgoing in wanted:
            self._record(RecordKind.SENT, outgoing.channel, outgoing.data)
            lane = "serial" if self.link == "serial" else self._lanes[outgoing.channel]
            self.peer.receive(lane, outgoing.data, self._now_us)

    def _host_lane(self, lane: str) -> str:
        if self.link == "serial":
            return "serial"
        return next(name for name, theirs in self._lanes.items() if theirs == lane)

    def _record(self, kind: RecordKind, channel: str, data: bytes) -> None:
        record = Record(kind, channel, data, self.now_ns)
        self.records.append(record)
        for event in self.decoder.feed(record):
            self.controller.handle(event, self.now_ns)
            self.events.append(event)
