"""One run of samples: from 16-bit sequence numbers to indices, from losses to what is missing.

The rule of the document: packets keep their order on a link, so what a sequence number is ahead of
the expected one was lost. Two things are added. A number that is *behind* is a repeated or late
packet (no honest gap reaches half the range: after 30 s of silence the index is taken from a status
packet instead). And a packet whose clock does not fit its number is none of this stream: bytes that
only look like samples must not move the count.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensorhub.devices.base import LinkCounters
from sensorhub.devices.omp.ranges import IndexRanges
from sensorhub.model.events import DeviceEvent, FloatArray, SamplesArrived, SamplesLost
from sensorhub.model.units import NS_PER_S, RADPS_PER_DPS, STANDARD_GRAVITY_MPS2
from sensorhub.protocol import tlv
from sensorhub.protocol.malformed import MalformedPacketError
from sensorhub.protocol.packets import (
    NO_INDEX,
    RAW_VALUE,
    SAMPLE_LAYOUTS,
    SAMPLES_HEADER,
    SampleFlag,
    SamplesPacket,
    StatusPacket,
)
from sensorhub.protocol.tlv import Tlvs

SILENCE_NS = 30 * NS_PER_S
"""After so long without samples the 16-bit number is not to be trusted without a status packet."""

_SEQ = 0x10000
_STRAYS_BEFORE_DOUBT = 8
_SLACK_US, _STEPPED_SLACK_US, _SLACK_SHARE = 500_000.0, 10_000_000.0, 0.05
_MIN_PERIOD_NS = 100_000
_LOW_US = 0xFFFFFFFF
_FLOAT = np.dtype(np.float64)  # the type alone is looked up anew at every use
_FLAG_CLIPPED = int(SampleFlag.CLIPPED)
_FLAGS_NOT_LIVE = int(SampleFlag.STREAM | SampleFlag.BACKFILL)
_unpack_header, _HEADER_SIZE = SAMPLES_HEADER.unpack_from, SAMPLES_HEADER.size
_FLAG_STEPPED = int(SampleFlag.TIME_STEPPED)


@dataclass(slots=True)
class Tally:
    """Running totals over all streams of one decoder (see LinkCounters)."""

    received: int = 0
    lost: int = 0
    duplicate: int = 0
    backfilled: int = 0
    rejected_bytes: int = 0

    def snapshot(self) -> LinkCounters:
        """Return the totals as they are now."""
        return LinkCounters(
            self.received, self.lost, self.duplicate, self.backfilled, self.rejected_bytes
        )


@dataclass(frozen=True, slots=True)
class StartGrant:
    """What the device granted at START."""

    session: int
    period_us: float
    acc_scale_mps2: float
    gyr_scale_radps: float | None
    first_index: int
    first_us: int | None

    @classmethod
    def read(cls, tlvs: Tlvs) -> "StartGrant":
        """Raises MalformedPacketError where something is missing or cannot be."""
        period_ns = tlvs.need(tlv.PERIOD_NS)
        if period_ns < _MIN_PERIOD_NS:
            raise MalformedPacketError("impossible sample period")
        gyr_dps = tlvs.get(tlv.GYR_SCALE_DPS)
        return cls(
            session=tlvs.need(tlv.SESSION),
            period_us=period_ns / 1000,
            acc_scale_mps2=_scale(tlvs.need(tlv.ACC_SCALE_G)) * STANDARD_GRAVITY_MPS2,
            gyr_scale_radps=None if gyr_dps is None else _scale(gyr_dps) * RADPS_PER_DPS,
            first_index=tlvs.need(tlv.FIRST_INDEX),
            first_us=tlvs.get(tlv.FIRST_US),
        )


def _scale(value: float) -> float:
    if not (math.isfinite(value) and value > 0.0):
        raise MalformedPacketError("impossible scale")
    return value


class SampleStream:
    """The samples of one session. Counts into ``tally``; appends its events to ``out``."""

    def __init__(self, grant: StartGrant, tally: Tally, *, from_start: bool) -> None:
        """Begin with what START granted; ``from_start`` False: joined while it was running."""
        self.grant = grant
        self._tally = tally
        scales = [grant.acc_scale_mps2]
        if grant.gyr_scale_radps is not None:
            scales.append(grant.gyr_scale_radps)
        self._scales = np.array(scales).reshape(-1, 1, 1)
        self._scale_of_each = self._scales
        # Format of the packets that fits, their length, and their values: a packet is copied to
        # where its values are seen already, as to make such a view takes longer than to copy.
        self._usual_kind, self._usual_size = -1, -1
        self._copied = bytearray()
        self._seen: NDArray[np.int16] = np.zeros((1, 0, 3), RAW_VALUE)
        self._session, self._period_us = grant.session, grant.period_us
        self._period_s = grant.period_us / 1e6
        self._missing = IndexRanges()
        # Where the next live packet is due: its index, and its time where that is known.
        self._due_index = grant.first_index
        self._due_us: float | None = grant.first_us
        # Up to here the stream's indices are accounted for, as received or as lost.
        self._end: int | None = grant.first_index if from_start else None
        self._confirmed = True
        self._anchored = from_start
        self._from_status = False
        self._strays = 0
        self._silent_from_ns: float = math.inf
        self._asked = (0, 0)

    def suspend(self) -> None:
        """The link went away; nothing is believed until ``confirm`` and a status packet."""
        self._confirmed = False
        self._anchored = False

    def confirm(self) -> None:
        """The device said that this very session is still running."""
        self._confirmed = True

    @property
    def confirmed(self) -> bool:
        """False between a lost link and the device's word that the session goes on."""
        return self._confirmed

    def ready(self, now_ns: int) -> bool:
        """True when a sequence number alone tells the index."""
        if now_ns > self._silent_from_ns:
            self._anchored = False
        return self._confirmed and self._anchored

    def anchor(self, status: StatusPacket) -> None:
        """Take the index from a status packet of this link."""
        none_yet = status.index == NO_INDEX
        self._due_index = self.grant.first_index if none_yet else status.index + 1
        self._due_us = None if none_yet else status.t_us + self.grant.period_us
        self._anchored = True
        self._from_status = True
        self._silent_from_ns = math.inf
        self._strays = 0

    def take_due(self, data: bytes, now_ns: int, out: list[DeviceEvent]) -> bool:
        """Take a sample packet, as bytes, if it is the one that is due; else do nothing.

        Nearly every packet is. What comes of it is what :meth:`live` makes of it, but its length
        and format have been looked into before, its place is known, and so nothing is made of it
        but the event.
        """
        index, due_us = self._due_index, self._due_us
        if len(data) != self._usual_size or due_us is None or self._end != index:
            return False
        kind, flags, seq, t0_us = _unpack_header(data)
        if (
            seq != index & 0xFFFF
            or kind != self._usual_kind
            or flags & _FLAGS_NOT_LIVE
            or not (self._anchored and self._confirmed)
            or now_ns > self._silent_from_ns
        ):
            return False
        near_us = int(due_us)
        off_us = t0_us - (near_us & _LOW_US)
        if not -_SLACK_US < off_us < _SLACK_US:
            return False
        t_us = float(near_us + off_us)
        self._copied[:] = data
        values = self._seen.astype(_FLOAT, "C")
        np.multiply(values, self._scale_of_each, values)
        sensors, count, _ = values.shape
        self._strays = 0
        self._from_status = False
        self._silent_from_ns = now_ns + SILENCE_NS
        self._end = self._due_index = index + count
        self._due_us = t_us + count * self._period_us
        self._tally.received += count
        out.append(
            SamplesArrived(
                now_ns,
                self._session,
                index,
                t_us / 1e6,
                self._period_s,
                values[0],
                values[1] if sensors == 2 else None,
                False,  # noqa: FBT003 - by position: half the time by name
                flags & _FLAG_CLIPPED != 0,
            )
        )
        return True

    def live(
        self, packet: SamplesPacket, now_ns: int, clock_us: int, out: list[DeviceEvent]
    ) -> None:
        """Take a live packet; ``clock_us`` is about the device's time, where nothing better is.

        Raises:
            MalformedPacketError: its clock and its number do not fit this stream.
        """
        ahead = (packet.seq - self._due_index + _SEQ // 2) % _SEQ - _SEQ // 2
        index = self._due_index + ahead
        try:
            t_us = self._time_of(packet, ahead, clock_us)
            if index < self.grant.first_index:
                raise MalformedPacketError("samples from before the stream began")
        except MalformedPacketError:
            self._strays += 1
            if self._strays >= _STRAYS_BEFORE_DOUBT:
                self._anchored = False
            raise
        self._strays = 0
        late = ahead < 0 and not self._from_status
        count = self._accept(packet, index, t_us, now_ns, out, late=late)
        if not late:
            self._due_index = index + count
            self._due_us = t_us + count * self.grant.period_us
            self._from_status = False
            self._silent_from_ns = now_ns + SILENCE_NS

    def asked(self, first: int, length: int) -> None:
        """The host asks for ``[first, first + length)`` from the device's memory."""
        self._asked = (first, first + min(length, _SEQ - 1))

    def bulk(self, packet: SamplesPacket, now_ns: int, out: list[DeviceEvent]) -> None:
        """Take a back-filled packet.

        Raises:
            MalformedPacketError: it is outside of what was asked, or its clock does not fit.
        """
        first, stop = self._asked
        index = first + (packet.seq - first) % _SEQ
        if index + packet.count > stop or self._due_us is None:
            raise MalformedPacketError("back-filled samples nobody asked for")
        t_us = self._time_of(packet, index - self._due_index, 0)
        self._accept(packet, index, t_us, now_ns, out, late=True)

    def evicted(self, first: int, stop: int, now_ns: int, out: list[DeviceEvent]) -> None:
        """The device no longer has ``[first, stop)``: what is missing of it stays missing."""
        for start, end in self._missing.within(first, stop):
            out.append(SamplesLost(now_ns, self.grant.session, start, end - start, for_good=True))

    def evicted_of_asked(self, granted_first: int, now_ns: int, out: list[DeviceEvent]) -> None:
        """The device grants what was asked only from ``granted_first`` on."""
        first, stop = self._asked
        self.evicted(first, min(stop, granted_first), now_ns, out)

    def stop(self, latest_index: int, now_ns: int, out: list[DeviceEvent]) -> None:
        """The device stopped after ``latest_index``: what did not come by now is lost."""
        if latest_index != NO_INDEX and self._end is not None:
            until = latest_index + 1
            if until - self._end < _SEQ:
                self._lose(until, now_ns, out)

    def _time_of(self, packet: SamplesPacket, ahead: int, clock_us: int) -> float:
        if self._due_us is None:
            return float(_unwrap(packet.t0_us, clock_us))
        due_us = self._due_us + ahead * self.grant.period_us
        near_us = int(due_us)
        t_us = _unwrap(packet.t0_us, near_us)
        slack_us = _STEPPED_SLACK_US if packet.flags & _FLAG_STEPPED else _SLACK_US
        if abs(t_us - due_us) > slack_us + _SLACK_SHARE * abs(ahead) * self.grant.period_us:
            raise MalformedPacketError("sample clock and sequence number disagree")
        return float(t_us)

    def _accept(
        self,
        packet: SamplesPacket,
        index: int,
        t_us: float,
        now_ns: int,
        out: list[DeviceEvent],
        *,
        late: bool,
    ) -> int:
        tally, period_us = self._tally, self.grant.period_us
        acc_mps2, gyr_radps = self._to_si(packet)
        clipped = packet.flags & _FLAG_CLIPPED != 0
        count = len(acc_mps2)
        stop = index + count
        if self._end is None:
            self._end = index
        # A flag "lost for good" may be true of a part only: whoever asks the memory will see.
        self._lose(index, now_ns, out)
        pieces = self._missing.take(index, min(stop, self._end))
        tally.lost -= sum(end - start for start, end in pieces)
        if stop > self._end:
            pieces.append((max(index, self._end), stop))
            self._end = stop
        for start, end in pieces:
            rows = slice(start - index, end - index)
            out.append(
                SamplesArrived(
                    now_ns,
                    self.grant.session,
                    start,
                    (t_us + (start - index) * period_us) / 1e6,
                    period_us / 1e6,
                    acc_mps2[rows],
                    None if gyr_radps is None else gyr_radps[rows],
                    late,
                    clipped,
                )
            )
        taken = sum(end - start for start, end in pieces)
        tally.received += taken
        tally.duplicate += count - taken
        if late:
            tally.backfilled += taken
        return count

    def _to_si(self, packet: SamplesPacket) -> tuple[FloatArray, FloatArray | None]:
        """Return acceleration and rate, each (n, 3) and contiguous, by one multiplication."""
        kind, size = packet.kind, _HEADER_SIZE + len(packet.payload)
        # Gyroscope values without a scale cannot be read.
        sensors = 2 if SAMPLE_LAYOUTS[kind].gyr and len(self._scales) == 2 else 1
        raw = packet.by_sensor(sensors)
        if (kind, size) != (self._usual_kind, self._usual_size):
            # Written out for every value: to stretch it anew costs more than all the rest.
            self._scale_of_each = np.broadcast_to(self._scales[:sensors], raw.shape).copy()
            self._copied = bytearray(size)
            self._seen = np.ndarray(raw.shape, RAW_VALUE, self._copied, _HEADER_SIZE, raw.strides)
            self._usual_kind, self._usual_size = kind, size
        values = raw.astype(_FLOAT, order="C")
        values *= self._scale_of_each
        return values[0], values[1] if len(values) == 2 else None

    def _lose(self, until: int, now_ns: int, out: list[DeviceEvent]) -> None:
        if self._end is None or until <= self._end:
            return
        count = until - self._end
        self._missing.add(self._end, until)
        self._tally.lost += count
        out.append(SamplesLost(now_ns, self.grant.session, self._end, count))
        self._end = until


def _unwrap(low_us: int, near_us: int) -> int:
    """Return the value >= 0 congruent to ``low_us`` modulo 2**32 that is nearest to ``near_us``."""
    return max(low_us, low_us + ((near_us - low_us + (1 << 31)) >> 32 << 32))
