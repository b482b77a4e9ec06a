"""What the controller asks an OMP sensor for: configuration, cues, in packets that fit the link."""

from sensorhub.devices.base import StreamSettings
from sensorhub.protocol import tlv
from sensorhub.protocol.packets import IMU6
from sensorhub.protocol.tlv import CuePattern, Item, Tlvs

_REQUEST_HEADER = 2
_MAX_LATENCY_MS = 40

CUES: dict[str, CuePattern] = {
    "start": CuePattern(0, 100, 0, 60, 400, 0, 1),
    "stop": CuePattern(100, 40, 0, 60, 200, 150, 2),
    "count": CuePattern(0, 60, 0, 40, 80, 0, 1),
    "hold": CuePattern(0, 0, 100, 40, 150, 0, 1),
    "attention": CuePattern(100, 0, 0, 80, 150, 100, 3),
}
"""Light and vibration by name. None is longer than a second: the limit is five."""


def cue_tlvs(pattern: str) -> Tlvs:
    """Return the settings of a CUE; an unknown name asks for attention."""
    return Tlvs((tlv.CUE.item(CUES.get(pattern, CUES["attention"])),))


def config_requests(settings: StreamSettings, max_packet: int | None) -> tuple[list[Tlvs], Tlvs]:
    """Return the settings of the SET_CONFIG requests to send first, and of START.

    All are named, since a device keeps what an earlier host left. Where everything fits one packet
    of ``max_packet`` bytes (None: no limit), START alone carries it; at MTU 23 it does not.
    """
    items = (
        tlv.RATE_MHZ.item(round(settings.rate_hz * 1000)),
        tlv.ACC_RANGE_G.item(settings.acc_range_g),
        tlv.GYR_RANGE_DPS.item(settings.gyr_range_dps),
        tlv.BATCH_MAX.item(0),
        tlv.MAX_LATENCY_MS.item(_MAX_LATENCY_MS),
        tlv.FORMAT.item(IMU6),
    )
    pieces = _pieces(items, max_packet)
    return pieces[:-1], pieces[-1]


def _pieces(items: tuple[Item, ...], max_packet: int | None) -> list[Tlvs]:
    pieces: list[Tlvs] = []
    current: tuple[Item, ...] = ()
    for item in items:
        longer = (*current, item)
        too_long = max_packet is not None and (
            _REQUEST_HEADER + len(Tlvs(longer).encode()) > max_packet
        )
        if too_long and current:
            pieces.append(Tlvs(current))
            longer = (item,)
        current = longer
    pieces.append(Tlvs(current))
    return pieces
