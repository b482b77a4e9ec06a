"""``sensorhub doctor bench``: how good the links to the sensors really are, here and now.

Each sensor is connected to several times, one after the other; then all of them stream at once, as
they do when somebody exercises. Nothing is stored.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorhub.daemon.doctor.link_figures import Connect, Figures, LinkListener
from sensorhub.daemon.links.opening import Link, LinkCallbacks, LinkMaker
from sensorhub.daemon.links.state import LinkPhase, LinkStatus
from sensorhub.daemon.links.timing import LinkTiming
from sensorhub.daemon.sensors.guard import guarded
from sensorhub.devices.base import LinkCounters
from sensorhub.model.errors import InputError, SensorhubError, TransportError
from sensorhub.model.events import DeviceEvent, SamplesArrived
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.words import many
from sensorhub.sessions.store.registry import RegisteredSensor
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.uri import BleUri, ReplayUri, SensorUri

if TYPE_CHECKING:
    from sensorhub.transports.ble_radio import BleRadio

GIVE_UP_S = 15.0
CONNECT_PATIENCE_S = 20.0
FIRST_SAMPLE_PATIENCE_S = 30.0
STOP_PATIENCE_S = 15.0
SETTLE_S = 1.0
"""After hanging up, wall: the news that a sensor is gone reaches BlueZ's clients a little later,
and a connection that is being ended is none to be measured."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """What to measure.

    Attributes:
        sensors: by the name that they are shown under.
        registered: those of them that must be who they were.
        connects: how often to connect to each.
        stream_s: how long to stream, on the hub's clock.
    """

    sensors: Mapping[str, SensorUri]
    registered: Mapping[str, RegisteredSensor] = field(default_factory=dict)
    connects: int = 5
    stream_s: float = 20.0
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of one sensor; ``error`` says why it is incomplete."""

    name: str
    uri: str
    figures: Figures
    error: str = ""


async def run_bench(plan: BenchPlan, *, tell: Tell) -> list[Measured]:
    """Measure every sensor. What a sensor does not do is in its row, not raised.

    Raises InputError for something that is no sensor or of no known family.
    """
    for uri in plan.sensors.values():
        if isinstance(uri, ReplayUri):
            raise InputError("A recording has no link.", hint="Give ble:... or serial:...")
    # A sensor over serial has no tries to be counted, and needs no radio.
    radio = _timed_radio() if any(isinstance(u, BleUri) for u in plan.sensors.values()) else None
    clock = HubClock(speed=plan.speed)
    maker = LinkMaker(
        clock,
        timing=LinkTiming(give_up_s=GIVE_UP_S),
        _radio=None if radio is None else radio.radio,
    )
    sensors = {name: _Sensor(name, plan, maker, clock, radio) for name in plan.sensors}
    for sensor in sensors.values():
        for number in range(1, plan.connects + 1):
            if not sensor.absent:
                tell(f"{sensor.name}: {await sensor.connect(number)}")
    present = [sensor for sensor in sensors.values() if not sensor.absent]
    if present:
        tell(f"Streaming for {plan.stream_s:g} s ...")
    await asyncio.gather(*(sensor.stream(tell) for sensor in present))
    return [sensor.measured() for sensor in sensors.values()]


@dataclass(slots=True)
class _RadioWatch:
    """How long the radio took for connections, wall seconds, since it was last asked."""

    radio: "BleRadio"
    took_s: list[float] = field(default_factory=list)


def _timed_radio() -> _RadioWatch:
    from bleak import BleakClient
    from bleak.backends.device import BLEDevice

    from sensorhub.transports.ble_radio import BleRadio

    class TimedRadio(BleRadio):
        """Looking for a sensor takes as long as it advertises; connecting is timed by itself."""

        async def connect(self, device: BLEDevice, *, on_lost: Callable[[], None]) -> BleakClient:
            loop = asyncio.get_running_loop()
            began_s = loop.time()
            try:
                return await super().connect(device, on_lost=on_lost)
            finally:
                watch.took_s.append(loop.time() - began_s)

    watch = _RadioWatch(TimedRadio())
    return watch


class _Sensor:
    """The links to one sensor, one after the other, and what they gave."""

    def __init__(
        self,
        name: str,
        plan: BenchPlan,
        maker: LinkMaker,
        clock: HubClock,
        radio: _RadioWatch | None,
    ) -> None:
        self.name = name
        self._uri = plan.sensors[name]
        self._sensor = plan.registered.get(name)
        self._stream_s = plan.stream_s
        self._maker, self._clock, self._radio = maker, clock, radio
        self._connects: list[Connect] = []
        self._listener = LinkListener()
        self._counters = LinkCounters()
        self._error = ""
        self._up, self._flowing = asyncio.Event(), asyncio.Event()
        self._losses = 0

    @property
    def absent(self) -> bool:
        """It did not come when it was last connected to: no more time is spent on it."""
        return bool(self._connects) and self._connects[-1].took_s is None

    async def connect(self, number: int) -> str:
        """Find, connect, hang up; a line about it."""
        self._up.clear()
        self._losses = 0
        if self._radio is not None:
            self._radio.took_s.clear()
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        link = self._link()
        running = asyncio.create_task(link.run())
        came = await _came(self._up, running, CONNECT_PATIENCE_S)
        took_s = loop.time() - began_s
        if isinstance(self._uri, BleUri) and self._radio is not None and self._radio.took_s:
            took_s = sum(self._radio.took_s)
        error = link.status.error
        await _end(link, running)
        await asyncio.sleep(SETTLE_S)
        tries = self._losses + 1
        self._connects.append(Connect(took_s if came else None, tries))
        if came:
            return f"connection {number} took {took_s:.2f} s, {_times(tries)}"
        self._error = str(_why(error))
        return f"connection {number} was not made. {self._error}"

    async def stream(self, tell: Tell) -> None:
        """Take samples in for the time that was asked for."""
        self._flowing.clear()
        self._listener = LinkListener()
        link = self._link()
        running = asyncio.create_task(link.run())
        try:
            if not await _came(self._flowing, running, FIRST_SAMPLE_PATIENCE_S):
                self._error = str(_why(link.status.error))
                tell(f"{self.name}: sends nothing. {self._error}")
                return
            await asyncio.wait({running}, timeout=self._clock.wall_s(self._stream_s))
            counters = getattr(link, "counters", None)
            if isinstance(counters, LinkCounters):
                self._counters = counters
            if link.status.phase is LinkPhase.GAVE_UP:
                self._error = str(_why(link.status.error))
            arrived = many(self._counters.received, "sample")
            tell(f"{self.name}: {arrived}, {self._counters.lost} lost")
        finally:
            await _end(link, running)

    def measured(self) -> Measured:
        figures = self._listener.figures(self._connects, self._counters)
        return Measured(self.name, str(self._uri), figures, self._error)

    def _link(self) -> Link:
        callbacks = LinkCallbacks(self._on_record, self._on_event, self._on_status)
        guard = guarded(self._sensor, callbacks, speed=self._clock.speed)
        # Being linked is seen on the raw side, before anybody has been asked who they are.
        raw = LinkCallbacks(
            lambda record: self._on_raw(record, guard), guard.on_event, guard.on_status
        )
        return self._maker.make(self.name, self._uri, raw)

    def _on_raw(self, record: Record, guard: LinkCallbacks) -> None:
        if record.kind is RecordKind.LINK_UP:
            self._up.set()
        guard.sink(record)

    def _on_record(self, record: Record) -> None:
        """Nothing is kept."""

    def _on_event(self, event: DeviceEvent) -> None:
        self._listener.on_event(event)
        if isinstance(event, SamplesArrived):
            self._flowing.set()

    def _on_status(self, status: LinkStatus) -> None:
        if status.phase is LinkPhase.SEARCHING and status.error is not None:
            self._losses = status.attempt


async def _came(news: asyncio.Event, running: "asyncio.Task[None]", patience_s: float) -> bool:
    """Wait for it, for as long as the link lives and patience lasts."""
    waiting = asyncio.create_task(news.wait())
    try:
        await asyncio.wait(
            {waiting, running}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    return news.is_set()


async def _end(link: Link, running: "asyncio.Task[None]") -> None:
    stopping = asyncio.create_task(link.stop())
    await asyncio.wait({stopping}, timeout=STOP_PATIENCE_S)
    for task in (stopping, running):
        task.cancel()
    await asyncio.gather(stopping, running, return_exceptions=True)


def _why(error: SensorhubError | None) -> SensorhubError:
    return error or TransportError(
        "The sensor was not reached.",
        hint="Check that it is charged, near, and not connected to something else.",
    )


def _times(tries: int) -> str:
    return "at the first try" if tries == 1 else f"at try {tries}"
