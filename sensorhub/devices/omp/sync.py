"""Time exchanges: our question's departure and the device's answer, put together."""

from typing import TypeVar

from sensorhub.model.events import ClockObserved
from sensorhub.model.units import NS_PER_S
from sensorhub.protocol.packets import TimePacket

T = TypeVar("T")

_US_PER_S = 1e6
_MAX_OPEN = 16


class TimeExchanges:
    """Pairs TIME_SYNC requests with TIME packets by their tid.

    The record of the departure may come after that of the answer: who writes notes the time when
    the write returns, and a fast device has answered by then. So either half waits for the other.
    """

    def __init__(self) -> None:
        self._asked_ns: dict[int, int] = {}
        self._answers: dict[int, tuple[TimePacket, int]] = {}

    def asked(self, tid: int, host_time_ns: int) -> ClockObserved | None:
        """Note that request ``tid`` left at ``host_time_ns``."""
        answer = self._answers.pop(tid, None)
        if answer is not None and answer[1] >= host_time_ns:
            return _observe(host_time_ns, *answer)
        _put(self._asked_ns, tid, host_time_ns)
        return None

    def answered(self, packet: TimePacket, host_time_ns: int) -> ClockObserved | None:
        """Note that ``packet`` arrived at ``host_time_ns``."""
        asked_ns = self._asked_ns.pop(packet.tid, None)
        if asked_ns is not None:
            return _observe(asked_ns, packet, host_time_ns)
        _put(self._answers, packet.tid, (packet, host_time_ns))
        return None

    def reset(self) -> None:
        """Forget open exchanges (the link is gone)."""
        self._asked_ns.clear()
        self._answers.clear()


def _observe(asked_ns: int, packet: TimePacket, arrived_ns: int) -> ClockObserved | None:
    """Offset of the middle of the exchange (NTP's four stamps, RFC 5905 section 8).

    None where the device's holding time is not told (saturated) or longer than the whole exchange.
    """
    travel_s = (arrived_ns - asked_ns) / NS_PER_S - packet.held_us / _US_PER_S
    if packet.held_us == TimePacket.SATURATED_US or travel_s < 0.0:
        return None
    return ClockObserved(
        host_time_ns=arrived_ns,
        device_time_s=(packet.t2_us + packet.held_us / 2) / _US_PER_S,
        hub_time_s=(asked_ns + arrived_ns) / 2 / NS_PER_S,
        uncertainty_s=travel_s / 2,
    )


def _put(table: dict[int, T], tid: int, value: T) -> None:
    table.pop(tid, None)
    table[tid] = value
    if len(table) > _MAX_OPEN:
        del table[next(iter(table))]
