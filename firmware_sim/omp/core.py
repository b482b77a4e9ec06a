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
from firmware_sim.omp.recorder import Backfill, LiveCutter, Recorder, SamplePacket
from firmware_sim.omp.tables import (
    NEXT_STATE,
    NO_INDEX,
    EventCode,
    Feature,
    LinkState,
    SessionEvent,
    SessionState,
)
from firmware_sim.omp.wire import (
    BIT_CHARGING,
    BIT_OVERRUN,
    BIT_SENSOR_FAULT,
    BIT_STREAMING,
    event_packet,
    status_packet,
)
from firmware_sim.signals import ImuPart, ImuSettings

LINGER_US: Final = 60_000_000
SILENCE_US: Final = 10_000_000
TICK_US: Final = 1_000_000
BOOT_US: Final = 1_200_000
IDENTIFY_US: Final = 5_000_000
_CLIP_EVENT_US: Final = 1_000_000
_SENSOR_WAKE_US: Final = 20_000
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
        self.wake_us: int | None = None  # when a device that is off comes back
        self._boot(now_us)

    # Power

    def _boot(self, now_us: int) -> None:
        self.on = True
        self.wake_us = None
        self.boot_id = self._new_id()
        self.clock = DeviceClock(now_us, ppm=self.options.ppm)
        self.config: StreamConfig = boot_config(self.imu, max_packet=20)
        self.session = SessionState.IDLE
        self.recorder: Recorder | None = None
        self.cutter: LiveCutter | None = None
        self.backfill: Backfill | None = None
        self.cue = CuePlayer()
        self.sensor_fault = False
        self.identify_until_us = now_us
        self._linger_until_us: int | None = None
        self._tick_us: int | None = None
        self._clip_event_us = now_us
        self._bulk_us = now_us
        self._live_since_bulk = 0
        self._off_plan: tuple[int, int | None] | None = None

    def power_off(self, now_us: int, *, back_us: int | None) -> None:
        """Everything in memory is gone; with ``back_us`` the device boots again then."""
        self.battery.update(now_us, streaming=self.session is not SessionState.IDLE)
        for port in self.ports:
            port.close()
        self._boot(now_us)
        self.on = False
        self.wake_us = back_us

    def plan_power_off(self, now_us: int, *, back_us: int | None) -> None:
        """Power off as soon as the host has surely got the last response."""
        self._off_plan = (now_us + _LAST_WORDS_US, back_us)

    def _new_id(self) -> int:
        return self._random.randrange(1, 1 << 32)

    # Time

    def next_us(self) -> int | None:
        """World time of the next thing that happens by itself."""
        if not self.on:
            return self.wake_us
        times = [self._tick_us, self._linger_until_us, self.cue.next_us(), self._next_bulk_us()]
        times += [port.next_us() for port in self.ports]
        times += [
            port.heard_us + SILENCE_US for port in self.ports if port.state is LinkState.READY
        ]
        if self.cutter is not None:
            times.append(self.cutter.due_us())
        if self._off_plan is not None:
            times.append(self._off_plan[0])
        return min((time for time in times if time is not None), default=None)

    def step(self, now_us: int) -> None:
        """Let happen what is due at ``now_us``, except that packets leave."""
        if not self.on:
            if self.wake_us is not None and self.wake_us <= now_us:
                self._boot(now_us)
            return
        if self._off_plan is not None and self._off_plan[0] <= now_us:
            self.power_off(now_us, back_us=self._off_plan[1])
            return
        for port in self.ports:
            if port.state is LinkState.READY and port.heard_us + SILENCE_US <= now_us:
                self._silence(port, now_us)
        if self._linger_until_us is not None and self._linger_until_us <= now_us:
            self.change_session(SessionEvent.LINGER_OVER, now_us)
        self.acquire(now_us)
        self._send_live(now_us)
        self._play_cue(now_us)
        if self._tick_us is not None and self._tick_us <= now_us:
            self._tick(now_us)
        self._send_bulk(now_us)

    def device_us(self, now_us: int) -> int:
        return self.clock.device_us(now_us)

    # Links

    @property
    def ready_port(self) -> Port | None:
        return next((port for port in self.ports if port.state is LinkState.READY), None)

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
            self.backfill = None
        self.links_changed(now_us)

    def links_changed(self, now_us: int) -> None:
        """Bring the session in line with who can hear it."""
        port = self.ready_port
        if port is not None and port.notifies("data"):
            self.change_session(SessionEvent.RESUMED, now_us)
        else:
            self.change_session(SessionEvent.LINK_LOST, now_us)
        if port is None or not port.notifies("bulk"):
            self.backfill = None

    def _silence(self, port: Port, now_us: int) -> None:
        """No word from the host for 10 s: on a serial line that is a lost link."""
        self.cue.stop_haptic()
        port.heard_us = now_us
        if port.silence_is_loss:
            self.link_lost(port, now_us)

    # Session

    def change_session(self, event: SessionEvent, now_us: int) -> None:
        """Go where the table says, and do what belongs to the way there."""
        before = self.session
        after = NEXT_STATE.get((before, event), before)
        if after is before:
            return
        self.acquire(now_us)
        self.battery.update(now_us, streaming=True)
        self.session = after
        self._linger_until_us = None
        if after is SessionState.IDLE:
            self.cutter = None
            if before is SessionState.LINGER and event is not SessionEvent.STOP:
                self.recorder = None
        elif after is SessionState.LINGER:
            assert self.cutter is not None
            self.cutter.pause()
            self._linger_until_us = now_us + LINGER_US
        elif event is SessionEvent.RESUMED:
            self._resume(now_us)

    def start(self, config: StreamConfig, now_us: int) -> Recorder:
        """A new session; live packets wait for ``confirm_start``."""
        first_us = now_us + _SENSOR_WAKE_US
        settings = ImuSettings(config.rate_mhz, config.acc_range_g, config.gyr_range_dps)
        self.change_session(SessionEvent.START, now_us)
        self.config = config
        self.recorder = Recorder(
            self.imu.start(settings, first_us),
            config,
            self.clock,
            session_id=self._new_id(),
            first_us=first_us,
            ring_bytes=self.options.ring_bytes,
        )
        self.cutter = LiveCutter(self.recorder)
        self.end_backfill(now_us, cancelled=True)
        self._tick_us = self._tick_us or now_us + TICK_US
        return self.recorder

    def confirm_start(self, port: Port, now_us: int) -> None:
        """The host has the START response: samples may leave."""
        if self.cutter is not None and self.session is SessionState.STREAMING:
            from_us = now_us + port.line.confirm_us
            self.cutter.begin(max_packet=port.max_packet, from_us=from_us)

    def stop(self, port: Port, now_us: int) -> None:
        """What waits is queued, then nothing follows."""
        self.acquire(now_us)
        if self.cutter is not None and self.session is SessionState.STREAMING:
            for packet in self.cutter.cut(now_us, flush=True):
                self._queue_live(port, packet, now_us)
        self.change_session(SessionEvent.STOP, now_us)

    def _resume(self, now_us: int) -> None:
        port = self.ready_port
        assert port is not None
        assert self.cutter is not None
        self.send_status(port, now_us)
        self.cutter.skip_to_next()
        self.cutter.begin(max_packet=port.max_packet, from_us=now_us)

    @property
    def latest_index(self) -> int:
        return NO_INDEX if self.recorder is None else self.recorder.latest_index

    @property
    def running(self) -> Recorder | None:
        return None if self.session is SessionState.IDLE else self.recorder

    def acquire(self, now_us: int) -> None:
        recorder = self.running
        if recorder is None:
            return
        overran_before = recorder.overran
        taken = recorder.acquire(now_us)
        if taken.overrun and not overran_before:
            self.send_event(EventCode.RING_OVERRUN, now_us)
        if taken.clipped and self._clip_event_us <= now_us:
            self._clip_event_us = now_us + _CLIP_EVENT_US
            self.send_event(EventCode.CLIP, now_us)

    # Incidents

    def press_button(self, now_us: int) -> None:
        if self.on:
            self.send_event(EventCode.BUTTON, now_us)
        elif self.wake_us is None:
            self.wake_us = now_us + BOOT_US

    def set_charging(self, now_us: int, *, charging: bool) -> None:
        self.battery.update(now_us, streaming=self.session is not SessionState.IDLE)
        self.battery.charging = charging
        if self.on:
            self.send_event(EventCode.CHARGER, now_us, arg=int(charging))

    def break_sensor(self, now_us: int) -> None:
        if self.on:
            self.sensor_fault = True
            if self.session is not SessionState.IDLE:
                self.send_event(EventCode.SENSOR_FAULT, now_us)
            self.change_session(SessionEvent.SENSOR_FAULT, now_us)

    def lose_samples(self, count: int) -> None:
        if self.running is not None:
            self.running.lose(count)

    # What is sent unasked

    def send_event(
        self, code: EventCode, now_us: int, *, arg: int = 0, latest_index: int | None = None
    ) -> None:
        """An event on Data (its end of a backfill on Bulk); dropped while nobody is linked."""
        lane = "bulk" if code is EventCode.BACKFILL_ENDED else "data"
        port = self.ready_port
        if port is None or not port.notifies(lane):
            return
        index = self.latest_index if latest_index is None else latest_index
        packet = event_packet(code, arg, latest_index=index, t_us=self.device_us(now_us))
        port.queue(Outgoing(lane, packet, now_us))

    def send_status(self, port: Port, now_us: int) -> None:
        self.acquire(now_us)
        self.battery.update(now_us, streaming=self.session is not SessionState.IDLE)
        bits = BIT_STREAMING if self.session is SessionState.STREAMING else 0
        bits |= BIT_CHARGING if self.battery.charging else 0
        bits |= BIT_OVERRUN if self.recorder is not None and self.recorder.overran else 0
        bits |= BIT_SENSOR_FAULT if self.sensor_fault else 0
        packet = status_packet(
            t_us=self.device_us(now_us),
            latest_index=self.latest_index,
            battery_mv=self.battery.millivolts,
            battery_percent=self.battery.percent,
            bits=bits,
        )
        port.queue(Outgoing("data", packet, now_us))

    def _tick(self, now_us: int) -> None:
        port = self.ready_port
        self._tick_us = now_us + TICK_US
        if port is None and self.session is SessionState.IDLE:
            self._tick_us = None
        self.battery.update(now_us, streaming=self.session is not SessionState.IDLE)
        if self.battery.low and self.session is not SessionState.IDLE:
            self.send_event(EventCode.LOW_BATTERY, now_us)
            self.change_session(SessionEvent.BATTERY_LOW, now_us)
        if port is None:
            return
        if port.notifies("data"):
            self.send_status(port, now_us)
        if "battery" in port.enabled:
            port.queue(Outgoing("battery", bytes((self.battery.percent,)), now_us))

    def _send_live(self, now_us: int) -> None:
        port = self.ready_port
        if self.cutter is not None and port is not None:
            for packet in self.cutter.cut(now_us):
                self._queue_live(port, packet, now_us)

    def _queue_live(self, port: Port, sample_packet: SamplePacket, now_us: int) -> None:
        recorder = self.recorder
        assert recorder is not None

        def left(_: int) -> None:
            recorder.ring.mark_sent(sample_packet.first_index, sample_packet.count)
            self._live_since_bulk += 1

        port.queue(Outgoing("data", sample_packet.packet, now_us, live=True, left=left))

    # Backfill

    def begin_backfill(self, backfill: Backfill, now_us: int) -> None:
        self.backfill = backfill
        self._bulk_us = now_us
        self._live_since_bulk = 0

    def end_backfill(self, now_us: int, *, cancelled: bool) -> None:
        if self.backfill is not None:
            last = self.backfill.last_sent
            self.backfill = None
            self.send_event(EventCode.BACKFILL_ENDED, now_us, arg=int(cancelled), latest_index=last)

    def _next_bulk_us(self) -> int | None:
        port = self.ready_port
        if self.backfill is None or port is None or not port.has_room_for_bulk:
            return None  # the line's own next time comes first
        if self.session is SessionState.STREAMING and self._live_since_bulk < 2:
            return None  # the next live packets bring it on
        return self._bulk_us

    def _send_bulk(self, now_us: int) -> None:
        due, port = self._next_bulk_us(), self.ready_port
        if due is None or due > now_us or self.backfill is None or port is None:
            return
        sample_packet = self.backfill.next_packet()
        if sample_packet is None:
            self.end_backfill(now_us, cancelled=False)
            return
        recorder = self.recorder
        assert recorder is not None

        def left(_: int) -> None:
            recorder.ring.mark_sent(sample_packet.first_index, sample_packet.count)

        port.queue(Outgoing("bulk", sample_packet.packet, now_us, left=left))
        self._live_since_bulk = 0
        self._bulk_us = now_us + (
            0 if self.session is SessionState.STREAMING else port.line.bulk_us
        )
        if self.backfill.exhausted:
            self.end_backfill(now_us, cancelled=False)

    # Cue

    def _play_cue(self, now_us: int) -> None:
        if self.cue.started(now_us):
            self._on_cue(now_us)
        if self.cue.finished(now_us):
            self.send_event(EventCode.CUE_PLAYED, now_us)
