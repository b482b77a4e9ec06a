"""What bleak and BlueZ report, as symptoms of our table. The only place that reads them."""

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
from sensorhub.transports.symptoms import Symptom, TroubleError

_REASONS: Mapping[BleakBluetoothNotAvailableReason, Symptom] = {
    BleakBluetoothNotAvailableReason.POWERED_OFF: Symptom.OFF,
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: Symptom.DENIED,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: Symptom.DENIED,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: Symptom.DENIED,
}

_DBUS_NAMES: Mapping[str, Symptom] = {
    "org.bluez.Error.NotReady": Symptom.OFF,
    "org.bluez.Error.InProgress": Symptom.BUSY,
    "org.bluez.Error.AlreadyConnected": Symptom.BUSY,
    "org.bluez.Error.NotAuthorized": Symptom.DENIED,
    "org.bluez.Error.NotConnected": Symptom.GONE,
    "org.bluez.Error.DoesNotExist": Symptom.GONE,
    "org.bluez.Error.NotAvailable": Symptom.GONE,
    "org.bluez.Error.ConnectionAttemptFailed": Symptom.NO_ANSWER,
    "org.bluez.Error.AuthenticationTimeout": Symptom.NO_ANSWER,
    "org.bluez.Error.AuthenticationFailed": Symptom.REFUSED,
    "org.bluez.Error.AuthenticationRejected": Symptom.REFUSED,
    "org.bluez.Error.AuthenticationCanceled": Symptom.REFUSED,
    "org.bluez.Error.NotPermitted": Symptom.REFUSED,
    "org.bluez.Error.NotSupported": Symptom.REFUSED,
    "org.bluez.Error.Failed": Symptom.ABORTED,
    "org.freedesktop.DBus.Error.AccessDenied": Symptom.DENIED,
    "org.freedesktop.DBus.Error.AuthFailed": Symptom.DENIED,
    "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired": Symptom.DENIED,
    "org.freedesktop.DBus.Error.NameHasNoOwner": Symptom.NO_SERVICE,
    "org.freedesktop.DBus.Error.NoReply": Symptom.NO_SERVICE,
    "org.freedesktop.DBus.Error.ServiceUnknown": Symptom.NO_SERVICE,
    "org.freedesktop.DBus.Error.Timeout": Symptom.NO_SERVICE,
    "org.freedesktop.DBus.Error.TimedOut": Symptom.NO_SERVICE,
    "org.freedesktop.DBus.Error.Disconnected": Symptom.NO_BUS,
    "org.freedesktop.DBus.Error.NoServer": Symptom.NO_BUS,
    "org.freedesktop.DBus.Error.NoNetwork": Symptom.NO_BUS,
    "org.freedesktop.DBus.Error.UnknownObject": Symptom.GONE,
    "org.freedesktop.DBus.Error.UnknownInterface": Symptom.GONE,
    "org.freedesktop.DBus.Error.UnknownMethod": Symptom.GONE,  # of an object that is no more
}
_SPAWN = "org.freedesktop.DBus.Error.Spawn."
"""The bus tried to start the service and could not: whatever follows, it does not run."""

_TEXTS: tuple[tuple[str, Symptom], ...] = (
    ("available connection", Symptom.NO_ROOM),  # the name alone says no more than "Failed"
    ("connection slot", Symptom.NO_ROOM),
    ("le-connection-abort", Symptom.ABORTED),
    ("' not found", Symptom.GONE),  # device 'dev_...' not found: bleak, of one that vanished
)

_TYPES: tuple[tuple[type[BaseException], Symptom], ...] = (
    (BleakDeviceNotFoundError, Symptom.GONE),
    (BleakOutOfConnectionSlotsError, Symptom.NO_ROOM),
    (BleakAbortedError, Symptom.ABORTED),
    (BleakNotFoundError, Symptom.NO_ANSWER),
    (TimeoutError, Symptom.NO_ANSWER),
    (EOFError, Symptom.NO_BUS),
    (OSError, Symptom.NO_BUS),
)


def translated(error: BaseException) -> TransportError:
    """Our error for one of theirs; the most telling link of the chain of causes decides."""
    if isinstance(error, TransportError):
        return error
    for cause in _chain(error):
        if isinstance(cause, BleakGATTProtocolError):
            code = f"ATT error {cause.code.value:#04x}"
            return TroubleError(Symptom.REFUSED, f"The sensor refuses what was asked ({code}).")
        symptom = _symptom(cause)
        if symptom is not None:
            return TroubleError(symptom)
    return TroubleError(Symptom.OTHER, f"Bluetooth reports: {str(error) or type(error).__name__}.")


def no_answer_from_service() -> TransportError:
    """The Bluetooth service took a question and never answered."""
    return TroubleError(Symptom.SERVICE_HANGS)


def _symptom(error: BaseException) -> Symptom | None:
    text = str(error)
    for part, symptom in _TEXTS:
        if part in text:
            return symptom
    match error:
        case BleakBluetoothNotAvailableError():
            return _REASONS.get(error.reason, Symptom.NO_ADAPTER)
        case BleakDBusError():
            if error.dbus_error.startswith(_SPAWN):
                return Symptom.NO_SERVICE
            return _DBUS_NAMES.get(error.dbus_error)
    return next((symptom for kind, symptom in _TYPES if isinstance(error, kind)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Causes first: bleak-retry-connector wraps what really happened."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__
    return reversed(chain)
