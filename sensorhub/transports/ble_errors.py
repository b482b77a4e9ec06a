"""What bleak and BlueZ report, in sentences a person can act on. The only place that reads them."""

from collections.abc import Iterator, Mapping

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakGATTProtocolError,
)
from bleak_retry_connector import (
    BleakAbortedError,
    BleakNotFoundError,
    BleakOutOfConnectionSlotsError,
)

from sensorhub.model.errors import TransportError

Sentence = tuple[str, str]
"""What is wrong, and what to do."""

_OFF: Sentence = (
    "Bluetooth is switched off.",
    "Switch it on: rfkill unblock bluetooth, then bluetoothctl power on.",
)
_NO_ADAPTER: Sentence = (
    "This computer has no Bluetooth adapter that can be used.",
    "Plug one in, or connect the sensor by cable.",
)
_DENIED: Sentence = (
    "You are not allowed to use Bluetooth here.",
    "Add yourself to the group bluetooth (sudo usermod -aG bluetooth $USER) and log in again.",
)
_BUSY: Sentence = (
    "The Bluetooth adapter is busy with something else.",
    "Wait a moment; stop other programs that use Bluetooth.",
)
_NO_SERVICE: Sentence = (
    "The Bluetooth service does not run.",
    "Start it: sudo systemctl start bluetooth.",
)
_NO_DBUS: Sentence = (
    "The system's message bus (D-Bus) cannot be reached, and Bluetooth with it.",
    "Install and start dbus and bluez, or connect the sensor by cable.",
)
_SILENT: Sentence = (
    "The sensor does not answer.",
    "Bring it closer, and check that it is charged and not connected to something else.",
)
_GONE: Sentence = (
    "The sensor is no longer there.",
    "Switch it on and bring it closer.",
)
_FULL: Sentence = (
    "The Bluetooth adapter has no room for another connection.",
    "Disconnect other devices; an adapter carries four sensors at best.",
)
_INTERFERENCE: Sentence = (
    "The connection broke off while it was being made.",
    "Bring the sensor closer; Wi-Fi at 2.4 GHz and USB 3 devices near the adapter disturb it.",
)

_REASONS: Mapping[BleakBluetoothNotAvailableReason, Sentence] = {
    BleakBluetoothNotAvailableReason.POWERED_OFF: _OFF,
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: _DENIED,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: _DENIED,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: _DENIED,
}

_DBUS_NAMES: Mapping[str, Sentence] = {
    "org.bluez.Error.NotReady": _OFF,
    "org.bluez.Error.InProgress": _BUSY,
    "org.bluez.Error.NotAuthorized": _DENIED,
    "org.bluez.Error.NotConnected": _GONE,
    "org.bluez.Error.DoesNotExist": _GONE,
    "org.bluez.Error.ConnectionAttemptFailed": _SILENT,
    "org.bluez.Error.Failed": _INTERFERENCE,
    "org.freedesktop.DBus.Error.AccessDenied": _DENIED,
    "org.freedesktop.DBus.Error.NameHasNoOwner": _NO_SERVICE,
    "org.freedesktop.DBus.Error.NoReply": _NO_SERVICE,
    "org.freedesktop.DBus.Error.ServiceUnknown": _NO_SERVICE,
    "org.freedesktop.DBus.Error.Spawn.ServiceNotFound": _NO_SERVICE,
    "org.freedesktop.DBus.Error.TimedOut": _NO_SERVICE,
    "org.freedesktop.DBus.Error.UnknownObject": _GONE,
}

_TYPES: tuple[tuple[type[BaseException], Sentence], ...] = (
    (BleakDeviceNotFoundError, _GONE),
    (BleakOutOfConnectionSlotsError, _FULL),
    (BleakAbortedError, _INTERFERENCE),
    (BleakNotFoundError, _SILENT),
    (TimeoutError, _SILENT),
    (EOFError, _NO_DBUS),
    (OSError, _NO_DBUS),
)


def translated(error: BaseException) -> TransportError:
    """Our error for one of theirs; the most telling link of the chain of causes decides."""
    if isinstance(error, TransportError):
        return error
    for cause in _chain(error):
        sentence = _sentence(cause)
        if sentence is not None:
            return TransportError(sentence[0], hint=sentence[1])
    return TransportError(
        f"Bluetooth reports: {str(error) or type(error).__name__}.",
        hint="Try again; if it stays, switch Bluetooth off and on.",
    )


def no_answer_from_service() -> TransportError:
    """The Bluetooth service took a question and never answered."""
    return TransportError(
        "The Bluetooth service does not answer.",
        hint="Restart it: sudo systemctl restart bluetooth.",
    )


def _sentence(error: BaseException) -> Sentence | None:
    match error:
        case BleakBluetoothNotAvailableError():
            return _REASONS.get(error.reason, _NO_ADAPTER)
        case BleakGATTProtocolError():
            return (
                f"The sensor refuses what was asked (ATT error {error.code.value:#04x}).",
                "Switch it off and on; check that its firmware is up to date.",
            )
        case BleakDBusError():
            return _DBUS_NAMES.get(error.dbus_error)
    return next((sentence for kind, sentence in _TYPES if isinstance(error, kind)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Causes first: bleak-retry-connector wraps what really happened."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__
    return reversed(chain)
