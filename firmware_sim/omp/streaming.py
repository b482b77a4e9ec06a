"""The streaming session: its states, its live packets, its backfill."""

from collections.abc import Callable
from typing import Final

from firmware_sim.omp.clock import DeviceClock
from firmware_sim.omp.config import StreamConfig
from firmware_sim.omp.port import Outgoing, Port
from firmware_sim.omp.recorder import Backfill, LiveCutter, Recorder, SamplePacket
from firmware_sim.omp.tables import (
    NEXT_STATE,
    NO_INDEX,
    EventCode,
    LinkState,
    SessionEvent,
    SessionState,
)
from firmware_sim.omp.wire import event_packet
from firmware_sim.signals import ImuPart, ImuSettings

LINGER_US: Final = 60_000_000
_SENSOR_WAKE_US: Final = 20_000
_CLIP_EVENT_US: Final = 1_000_000
_LIVE_PER_BULK: Final = 2


class Streaming:
    """One boot's sessions, one after the other.

    Args:
        announce: sends a status packet on a port; called first when a session resumes.
    """

    def __init__(
        self,
        ports: tuple[Port, ...],
        imu: ImuPart,
        clock: DeviceClock,
        *,
        ring_bytes: int,
        announce: Callable[[Port, int], None],
    ) -> None:
        self.state = SessionState.IDLE
        self.recorder: Recorder | None = None  # of the latest session, while its ring is kept
        self.backfill: Backfill | None = None
        self._ports = ports
        self._imu = imu
        self._clock = clock
        self._ring_bytes = ring_bytes
        self._announce = announce
        self._cutter: LiveCutter | None = None
        self._linger_until_us: int | None = None
        self._clip_event_us = 0
        self._bulk_us = 0
        self._live_since_bulk = 0

    @property
    def ready_port(self) -> Port | None:
        return next((port for port in self._ports if port.state is LinkState.READY), None)

    @property
    def running(self) -> Recorder | None:
        return None if self.state is SessionState.IDLE else self.recorder

    @property
    def latest_index(self) -> int:
        return NO_INDEX if self.recorder is None else self.recorder.latest_index

    def next_us(self) -> int | None:
        """World time of the next thing that happens by itself."""
        live_us = None if self._cutter is None else self._cutter.due_us()
        times = (self._linger_until_us, live_us, self._next_bulk_us())
        return min((time for time in times if time is not None), default=None)

    def step(self, now_us: int) -> None:
        """Let happen what is due at ``now_us``."""
        if self._linger_until_us is not None and self._linger_until_us <= now_us:
            self.change(SessionEvent.LINGER_OVER, now_us)
        self.acquire(now_us)
        port = self.ready_port
        if self._cutter is not None and port is not None:
            for sample_packet in self._cutter.cut(now_us):
                self._queue_live(port, sample_packet, now_us)
        self._send_bulk(now_us)

    def send_event(
        self, code: EventCode, now_us: int, *, arg: int = 0, latest_index: int | None = None
    ) -> None:
        """An event on Data (a backfill's end on Bulk); dropped while nobody is linked."""
        lane = "bulk" if code is EventCode.BACKFILL_ENDED else "data"
        port = self.ready_port
        if port is None or not port.notifies(lane):
            return
        index = self.latest_index if latest_index is None else latest_index
        t_us = self._clock.device_us(now_us)
        packet = event_packet(code, arg, latest_index=index, t_us=t_us)
        port.queue(Outgoing(lane, packet, now_us))

    # States

    def change(self, event: SessionEvent, now_us: int) -> None:
        """Go where the table says, and do what belongs to the way there."""
        before = self.state
        after = NEXT_STATE.get((before, event), before)
        if after is before:
            return
        self.acquire(now_us)
        self.state = after
        self._linger_until_us = None
        match after:
            case SessionState.IDLE:
                self._cutter = None
                if before is SessionState.LINGER and event is not SessionEvent.STOP:
                    self.backfill = self.recorder = None
            case SessionState.LINGER:
                if self._cutter is not None:
                    self._cutter.pause()
                self._linger_until_us = now_us + LINGER_US
            case SessionState.STREAMING if event is SessionEvent.RESUMED:
                self._resume(now_us)

    def start(self, config: StreamConfig, *, session_id: int, now_us: int) -> Recorder:
        """A new session; live packets wait for ``confirm_start``."""
        self.end_backfill(now_us, cancelled=True)
        self.change(SessionEvent.START, now_us)
        first_us = now_us + _SENSOR_WAKE_US
        settings = ImuSettings(config.rate_mhz, config.acc_range_g, config.gyr_range_dps)
        self.recorder = Recorder(
            self._imu.start(settings, first_us),
            config,
            self._clock,
            session_id=session_id,
            first_us=first_us,
            ring_bytes=self._ring_bytes,
        )
        self._cutter = LiveCutter(self.recorder)
        self._clip_event_us = now_us
        return self.recorder

    def confirm_start(self, port: Port, now_us: int) -> None:
        """The host has the START response: samples may leave."""
        if self._cutter is not None and self.state is SessionState.STREAMING:
            from_us = now_us + port.line.confirm_us
            self._cutter.begin(max_packet=port.max_packet, from_us=from_us)

    def stop(self, port: Port, now_us: int) -> None:
        """What waits is queued, then nothing follows."""
        self.acquire(now_us)
        if self._cutter is not None and self.state is SessionState.STREAMING:
            for sample_packet in self._cutter.cut(now_us, flush=True):
                self._queue_live(port, sample_packet, now_us)
        self.change(SessionEvent.STOP, now_us)

    def _resume(self, now_us: int) -> None:
        port = self.ready_port
        if port is not None and self._cutter is not None:
            self._announce(port, now_us)
            self._cutter.skip_to_next()
            self._cutter.begin(max_packet=port.max_packet, from_us=now_us)

    # Samples

    def acquire(self, now_us: int) -> None:
        """Take every sample that exists by now; says when one clips or falls out unsent."""
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
        """Ends it with its event; without effect when none is active."""
        if self.backfill is not None:
            last = self.backfill.last_sent
            self.backfill = None
            self.send_event(EventCode.BACKFILL_ENDED, now_us, arg=int(cancelled), latest_index=last)

    def _next_bulk_us(self) -> int | None:
        port = self.ready_port
        if self.backfill is None or port is None or not port.has_room_for_bulk:
            return None  # the line's own next time comes first
        streaming = self.state is SessionState.STREAMING
        if streaming and self._live_since_bulk < _LIVE_PER_BULK:
            return None  # the next live packets bring it on
        return self._bulk_us

    def _send_bulk(self, now_us: int) -> None:
        due, port, backfill = self._next_bulk_us(), self.ready_port, self.backfill
        recorder = self.recorder
        if due is None or due > now_us or port is None or backfill is None or recorder is None:
            return
        sample_packet = backfill.next_packet()
        if sample_packet is not None:

            def left(_: int) -> None:
                recorder.ring.mark_sent(sample_packet.first_index, sample_packet.count)

            port.queue(Outgoing("bulk", sample_packet.packet, now_us, left=left))
            self._live_since_bulk = 0
            streaming = self.state is SessionState.STREAMING
            self._bulk_us = now_us + (0 if streaming else port.line.bulk_us)
        if backfill.exhausted:
            self.end_backfill(now_us, cancelled=False)
