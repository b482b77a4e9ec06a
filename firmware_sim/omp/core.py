"""The device below its requests: power, clock, session, cue, and what it sends unasked.

Everything that can happen by itself has a world time (``next_us``); ``step`` lets happen what is
due at one instant. A caller that steps through those times in order gets the same bytes however
rarely it looks.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from firmware_sim.omp.battery import Battery
from firmware_sim.omp.capabilities import (
    FEATURES,
    RING_BYTES,
    Identity,
    capability_hash,
    capability_map,
)
from firmware_sim.omp.clock import DeviceClock
from firmware_sim.omp.config import StreamConfig, boot_config
from firmware_sim.omp.cue import CuePlayer
from firmware_sim.omp.port import Outgoing, Port
from firmware_sim.omp.recorder import Recorder
from firmware_sim.omp.streaming import Streaming
from firmware_sim.omp.tables import EventCode, Feature, LinkState, SessionEvent, SessionState
from firmware_sim.omp.wire import (
    BIT_CHARGING,
    BIT_OVERRUN,
    BIT_SENSOR_FAULT,
    BIT_STREAMING,
    status_packet,
)
from firmware_sim.signals import ImuPart

SMALLEST_PACKET: Final = 20  # what an ATT MTU of 23 leaves
SILENCE_US: Final = 10_000_000
TICK_US: Final = 1_000_000
BOOT_US: Final = 1_200_000
IDENTIFY_US: Final = 5_000_000
_LAST_WORDS_US: Final = 30_000


@dataclass(frozen=True, slots=True)
class DeviceOptions:
    """How this one device differs from its sisters.

    Attributes:
        ppm: error of the device's crystal, parts per million.
        seed: of boot and session ids.
        battery_percent: charge at the first boot.
        ring_bytes: memory for samples.
        features: the optional operations it has.
        wake_after_s: a sleeping device wakes by itself after so long; None: only by its button.
    """

    ppm: float = 0.0
    seed: int = 0
    battery_percent: float = 81.0
    ring_bytes: int = RING_BYTES
    features: frozenset[Feature] = FEATURES
    wake_after_s: float | None = None


class DeviceCore:
    """State of one device across its ports. ``on_cue(world_us)``: the person notices a cue."""

    def __init__(
        self,
        identity: Identity,
        imu: ImuPart,
        options: DeviceOptions,
        ports: tuple[Port, ...],
        *,
        on_cue: Callable[[int], None],
        now_us: int,
    ) -> None:
        self.identity = identity
        self.imu = imu
        self.options = options
        self.ports = ports
        self.battery = Battery(options.battery_percent)
        self.name = identity.name
        self.capabilities = capability_map(
            identity, imu, ring_bytes=options.ring_bytes, features=options.features
        )
        self.capability_hash = capability_hash(self.capabilities)
        self._random = random.Random(options.seed)
        self._on_cue = on_cue
        self._boot(now_us)

    # Power

    def _boot(self, now_us: int) -> None:
        self.on = True
        self.boot_id = self._new_id()
        self.clock = DeviceClock(now_us, ppm=self.options.ppm)
        self.config: StreamConfig = boot_config(self.imu, max_packet=SMALLEST_PACKET)
        self.streaming = Streaming(
            self.ports,
            self.imu,
            self.clock,
            ring_bytes=self.options.ring_bytes,
            announce=self.send_status,
        )
        self.cue = CuePlayer()
        self.sensor_fault = False
        self.identify_until_us = now_us
        self._tick_us: int | None = None
        self._wake_us: int | None = None  # when a device that is off comes back
        self._off_plan: tuple[int, int | None] | None = None

    def power_off(self, now_us: int, *, back_us: int | None) -> None:
        """Everything in memory is gone; with ``back_us`` the device boots again then."""
        self._drain(now_us)
        for port in self.ports:
            port.close()
        self.on = False
        self._off_plan = None
        self._wake_us = back_us

    def plan_power_off(self, now_us: int, *, back_us: int | None) -> None:
        """Power off as soon as the host has surely got the last response."""
        self._off_plan = (now_us + _LAST_WORDS_US, back_us)

    def _new_id(self) -> int:
        return self._random.randrange(1, 1 << 32)

    def _drain(self, now_us: int) -> None:
        self.battery.update(now_us, streaming=self.streaming.running is not None)

    # Time

    def next_us(self) -> int | None:
        """World time of the next thing that happens by itself."""
        if not self.on:
            return self._wake_us
        times = [self._tick_us, self.cue.next_us(), self.streaming.next_us()]
        times += [port.next_us() for port in self.ports]
        times += [
            port.heard_us + SILENCE_US for port in self.ports if port.state is LinkState.READY
        ]
        if self._off_plan is not None:
            times.append(self._off_plan[0])
        return min((time for time in times if time is not None), default=None)

    def step(self, now_us: int) -> None:
        """Let happen what is due at ``now_us``, except that packets leave."""
        if not self.on:
            if self._wake_us is not None and self._wake_us <= now_us:
                self._boot(now_us)
            return
        if self._off_plan is not None and self._off_plan[0] <= now_us:
            self.power_off(now_us, back_us=self._off_plan[1])
            return
        for port in self.ports:
            if port.state is LinkState.READY and port.heard_us + SILENCE_US <= now_us:
                self._silence(port, now_us)
        self.streaming.step(now_us)
        if self.cue.started(now_us):
            self._on_cue(now_us)
        if self.cue.finished(now_us):
            self.streaming.send_event(EventCode.CUE_PLAYED, now_us)
        if self._tick_us is not None and self._tick_us <= now_us:
            self._tick(now_us)

    def device_us(self, now_us: int) -> int:
        return self.clock.device_us(now_us)

    # Links

    def link_ready(self, port: Port, now_us: int) -> None:
        """HELLO was answered 0."""
        port.state = LinkState.READY
        self._tick_us = self._tick_us or now_us + TICK_US
        self.links_changed(now_us)

    def link_lost(self, port: Port, now_us: int) -> None:
        """The host of this port is gone; whatever it had asked for ends."""
        was_ready = port.state is LinkState.READY
        port.forget()
        if was_ready:
            port.state = LinkState.UP
            self.cue.stop_haptic()
        self.links_changed(now_us)

    def links_changed(self, now_us: int) -> None:
        """Bring the session in line with who can hear it."""
        port = self.streaming.ready_port
        heard = port is not None and port.notifies("data")
        self.streaming.change(SessionEvent.RESUMED if heard else SessionEvent.LINK_LOST, now_us)
        if port is None or not port.notifies("bulk"):
            self.streaming.backfill = None

    def _silence(self, port: Port, now_us: int) -> None:
        """No word from the host for 10 s: on a serial line that is a lost link."""
        self.cue.stop_haptic()
        port.heard_us = now_us
        if port.silence_is_loss:
            self.link_lost(port, now_us)

    # Session

    def start(self, config: StreamConfig, now_us: int) -> Recorder:
        """A new session with a configuration that was granted."""
        self._drain(now_us)
        self.config = config
        return self.streaming.start(config, session_id=self._new_id(), now_us=now_us)

    # Incidents

    def press_button(self, now_us: int) -> None:
        if self.on:
            self.streaming.send_event(EventCode.BUTTON, now_us)
        elif self._wake_us is None:
            self._wake_us = now_us + BOOT_US

    def set_charging(self, now_us: int, *, charging: bool) -> None:
        self._drain(now_us)
        self.battery.charging = charging
        if self.on:
            self.streaming.send_event(EventCode.CHARGER, now_us, arg=int(charging))

    def break_sensor(self, now_us: int) -> None:
        if self.on:
            self.sensor_fault = True
            if self.streaming.running is not None:
                self.streaming.send_event(EventCode.SENSOR_FAULT, now_us)
            self.streaming.change(SessionEvent.SENSOR_FAULT, now_us)

    # Status

    def send_status(self, port: Port, now_us: int) -> None:
        self.streaming.acquire(now_us)
        self._drain(now_us)
        recorder = self.streaming.recorder
        bits = BIT_STREAMING if self.streaming.state is SessionState.STREAMING else 0
        bits |= BIT_CHARGING if self.battery.charging else 0
        bits |= BIT_OVERRUN if recorder is not None and recorder.overran else 0
        bits |= BIT_SENSOR_FAULT if self.sensor_fault else 0
        packet = status_packet(
            t_us=self.device_us(now_us),
            latest_index=self.streaming.latest_index,
            battery_mv=self.battery.millivolts,
            battery_percent=self.battery.percent,
            bits=bits,
        )
        port.queue(Outgoing("data", packet, now_us))

    def _tick(self, now_us: int) -> None:
        """Once a second while somebody is linked or a session runs."""
        self._drain(now_us)
        port = self.streaming.ready_port
        running = self.streaming.running is not None
        self._tick_us = None if port is None and not running else now_us + TICK_US
        if self.battery.low and running:
            self.streaming.send_event(EventCode.LOW_BATTERY, now_us)
            self.streaming.change(SessionEvent.BATTERY_LOW, now_us)
        if port is None:
            return
        if port.notifies("data"):
            self.send_status(port, now_us)
        if "battery" in port.enabled:
            port.queue(Outgoing("battery", bytes((self.battery.percent,)), now_us))
