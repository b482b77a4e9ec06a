"""Calibrating one sensor: its samples to the guide, the guide's progress to the person, the result
to the store.

The sensor is not worn: it is laid down in a dozen different ways. Nothing of it is a session.
"""

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path

from calibration.errors import CalibrationError
from calibration.guide import CalibrationGuide, Progress
from calibration.sensor import SensorCalibration
from sensorhub.daemon.links.opening import Link, LinkCallbacks, LinkMaker
from sensorhub.daemon.links.state import LinkStatus
from sensorhub.daemon.sensors.guard import guarded
from sensorhub.daemon.sensors.worn import owner_of
from sensorhub.model.errors import DeviceError, TransportError
from sensorhub.model.events import DeviceEvent, DeviceIdentified
from sensorhub.model.placement import Placement
from sensorhub.motion.assembler import BlockAssembler
from sensorhub.sessions.store.registry import registered_sensors
from sensorhub.sessions.store.store import STORE_NAME, Store
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.uri import SensorUri

SILENT_WALL_S = 30.0
"""How long to wait for the first sample."""

LOOK_WALL_S = 0.1
STOP_WALL_S = 10.0

Tell = Callable[[str], None]


class CalibrationBench:
    """Takes what a sensor says, and tells the person what is still to do.

    Args:
        tell: says one line.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        # Where it is worn does not matter here; the assembler wants a name.
        self._assembler = BlockAssembler(Placement.THIGH)
        self._guide: CalibrationGuide | None = None
        self._period_s = 0.0
        self._said: tuple[int, bool] = (0, False)
        self.device_id = ""

    @property
    def has_samples(self) -> bool:
        """Whether anything has arrived."""
        return self._guide is not None

    @property
    def complete(self) -> bool:
        """Nothing more is needed."""
        return self._guide is not None and self._guide.progress().complete

    def on_event(self, event: DeviceEvent) -> None:
        """Take in what the device said."""
        if isinstance(event, DeviceIdentified):
            self.device_id = event.device_id
        for block in self._assembler.push(event):
            if self._guide is None or block.period_s != self._period_s:
                self._guide, self._period_s = (
                    CalibrationGuide(period_s=block.period_s),
                    block.period_s,
                )
            self._say(self._guide.push(block.acc_mps2, block.gyr_radps))

    def finish(
        self, *, serial_number: str, today: date, temperature_celsius: float | None
    ) -> SensorCalibration:
        """The calibration. Raises DeviceError, with the reason, rather than a poor one."""
        if self._guide is None:
            raise DeviceError("The sensor sent nothing.", hint="Check that it is charged and near.")
        try:
            return self._guide.finish(
                serial_number=serial_number,
                today=today,
                temperature_celsius=temperature_celsius,
            )
        except CalibrationError as error:
            raise DeviceError(f"Not calibrated: {error.args[0]}", hint=error.hint) from error

    def _say(self, progress: Progress) -> None:
        now = (progress.poses, progress.repeated)
        if now == self._said:
            return
        before, self._said = self._said[0], now
        if progress.poses > before:
            self._tell(f"Pose {progress.poses} of at least {progress.needed}.{_to_do(progress)}")
        elif progress.repeated:
            self._tell("That pose was there already: turn the sensor further.")


def _to_do(progress: Progress) -> str:
    """What is left when nearly all poses are there."""
    if progress.complete:
        return " That is all."
    if progress.poses < progress.needed - 4 or not progress.missing:
        return ""
    corners = ", ".join(
        "".join(("-" if sign < 0 else "+") + axis for sign, axis in zip(corner, "xyz", strict=True))
        for corner in progress.missing
    )
    return f" Still to point up: corner {corners}."


async def calibrate_sensor(
    uri: SensorUri,
    *,
    data_dir: Path,
    tell: Tell,
    patience_s: float,
    temperature_celsius: float | None = None,
    speed: float = 1.0,
) -> SensorCalibration:
    """Guide through the poses of one sensor and keep the result.

    Where the sensor is registered, it must be that one.

    Args:
        patience_s: how long the person may take, on the wall.
        speed: hub seconds in a second of the wall; other than 1 for simulated sensors only.

    Raises:
        DeviceError: no calibration came of it; the reason is in the sentence.
        TransportError: the sensor cannot be reached.
        StoreError: the store cannot be used.
    """
    clock = HubClock(speed=speed)
    bench = CalibrationBench(tell)
    with Store(data_dir / STORE_NAME, now_ns=clock.now_ns) as store:
        callbacks = guarded(
            owner_of(uri, registered_sensors(store.path)),
            LinkCallbacks(sink=lambda _: None, on_event=bench.on_event, on_status=_telling(tell)),
            registry=store.registry,
            speed=speed,
        )
        link = LinkMaker(clock).make("calibrate", uri, callbacks)
        await _collect(link, bench, patience_s=patience_s)
        name = bench.device_id or str(uri)
        found = bench.finish(
            serial_number=name,
            today=date.today(),  # noqa: DTZ011 (the day on the person's own calendar)
            temperature_celsius=temperature_celsius,
        )
        store.save_calibration(name, found.to_json())
    return found


async def _collect(link: Link, bench: CalibrationBench, *, patience_s: float) -> None:
    """Run the link until all poses are there, it ends by itself, or patience does."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    running = asyncio.create_task(link.run())
    try:
        while not bench.complete and not running.done():
            waited_s = loop.time() - began_s
            if not bench.has_samples and waited_s > min(SILENT_WALL_S, patience_s):
                raise link.status.error or TransportError(
                    "The sensor was not reached.",
                    hint="Check that it is charged, near, and not connected to something else.",
                )
            if waited_s > patience_s:
                return
            await asyncio.sleep(LOOK_WALL_S)
        if (error := link.status.error) is not None and not bench.complete:
            raise error  # the link gave up and says why
    finally:
        stopping = asyncio.create_task(link.stop())
        await asyncio.wait({stopping}, timeout=STOP_WALL_S)
        for task in (stopping, running):
            task.cancel()
        await asyncio.gather(stopping, running, return_exceptions=True)


def _telling(tell: Tell) -> Callable[[LinkStatus], None]:
    """Says why there is no link, once for each reason: it may still come."""
    told: set[str] = set()

    def on_status(status: LinkStatus) -> None:
        text = "" if status.error is None else str(status.error)
        if text and text not in told:
            told.add(text)
            tell(text)

    return on_status
