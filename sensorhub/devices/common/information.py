"""The Bluetooth SIG's Device Information service: who a sensor is, read when a link opens."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sensorhub.devices.base import BleChannel
from sensorhub.model.events import DeviceEvent, DeviceIdentified

_LONGEST = 64
_MODEL, _FIRMWARE, _SERIAL_NUMBER = "model", "firmware", "serial_number"
_NUMBERS: Final = {_MODEL: "2a24", _FIRMWARE: "2a26", _SERIAL_NUMBER: "2a25"}
"""The serial number is read last: with it the sensor is known."""

CHANNELS: Final = tuple(
    BleChannel(lane, f"0000{short}-0000-1000-8000-00805f9b34fb", read=True, optional=True)
    for lane, short in _NUMBERS.items()
)
"""To be among a family's channels."""


class Information:
    """What was read so far.

    Args:
        models: what to call a model, by what the sensor calls it.
    """

    def __init__(self, models: Mapping[str, str] = MappingProxyType({})) -> None:
        self._models = models
        self._texts: dict[str, str] = {}

    def take(self, lane: str, data: bytes, now_ns: int) -> list[DeviceEvent] | None:
        """Return what follows from a text; None where ``lane`` is none of :data:`CHANNELS`."""
        if lane not in _NUMBERS:
            return None
        text = "".join(chr(byte) for byte in data[:_LONGEST] if 0x20 <= byte < 0x7F)
        self._texts[lane] = text
        if lane != _SERIAL_NUMBER or not text:
            return []
        model = self._texts.get(_MODEL, "")
        firmware = self._texts.get(_FIRMWARE, "")
        return [DeviceIdentified(now_ns, text, self._models.get(model, model), firmware)]
