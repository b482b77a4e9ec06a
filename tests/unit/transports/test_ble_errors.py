"""Every error of bleak and BlueZ becomes one of ours that says what to do."""

import errno

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)
from bleak_retry_connector import (
    BleakAbortedError,
    BleakConnectionError,
    BleakNotFoundError,
    BleakOutOfConnectionSlotsError,
)

from sensorhub.model.errors import TransportError
from sensorhub.transports.ble_errors import no_answer_from_service, translated
from sensorhub.transports.symptoms import Symptom, symptom_of

REASON = BleakBluetoothNotAvailableReason


def dbus(name: str) -> BleakDBusError:
    return BleakDBusError(name, ["text"])


@pytest.mark.parametrize(
    ("error", "says", "advises"),
    [
        (BleakBluetoothNotAvailableError("", REASON.NO_BLUETOOTH), "no Bluetooth adapter", "cable"),
        (BleakBluetoothNotAvailableError("", REASON.POWERED_OFF), "switched off", "power on"),
        (BleakBluetoothNotAvailableError("", REASON.DENIED_BY_SYSTEM), "not allowed", "group"),
        (BleakBluetoothNotAvailableError("", REASON.NO_BLE_CENTRAL_ROLE), "no Bluetooth", "cable"),
        (dbus("org.bluez.Error.NotReady"), "switched off", "rfkill"),
        (dbus("org.bluez.Error.InProgress"), "busy", "Wait"),
        (dbus("org.freedesktop.DBus.Error.AccessDenied"), "not allowed", "group"),
        (dbus("org.freedesktop.DBus.Error.ServiceUnknown"), "does not run", "systemctl start"),
        (dbus("org.freedesktop.DBus.Error.UnknownObject"), "no longer there", "Switch"),
        (dbus("org.bluez.Error.Failed"), "broke off", "closer"),
        (BleakDeviceNotFoundError("AA"), "no longer there", "closer"),
        (BleakNotFoundError("x"), "does not answer", "closer"),
        (BleakOutOfConnectionSlotsError("x"), "no room", "Disconnect"),
        (BleakAbortedError("x"), "broke off", "closer"),
        (BleakGATTProtocolError(0x80), "refuses", "firmware"),
        (TimeoutError(), "does not answer", "charged"),
        (FileNotFoundError(errno.ENOENT, "no bus"), "message bus", "dbus"),
        (ConnectionRefusedError(), "message bus", "dbus"),
        (EOFError(), "message bus", "dbus"),
        (BleakError("something new"), "something new", "off and on"),
        (BleakError(), "BleakError", "off and on"),
    ],
)
def test_each_error_says_what_is_wrong_and_what_to_do(error, says, advises):
    ours = translated(error)
    assert isinstance(ours, TransportError)
    assert says in str(ours)
    assert advises in ours.hint


def test_what_really_happened_counts_not_its_wrapping():
    wrapped = BleakConnectionError("Failed to connect after 3 attempts")
    wrapped.__cause__ = dbus("org.bluez.Error.NotReady")
    assert "switched off" in str(translated(wrapped))


def test_ours_pass_unchanged():
    ours = no_answer_from_service()
    assert translated(ours) is ours
    assert "restart bluetooth" in ours.hint


@pytest.mark.parametrize(
    ("name", "symptom"),
    [
        ("org.freedesktop.DBus.Error.Spawn.ChildExited", Symptom.NO_SERVICE),
        ("org.freedesktop.DBus.Error.Spawn.ChildSignaled", Symptom.NO_SERVICE),
        ("org.freedesktop.DBus.Error.Spawn.ExecFailed", Symptom.NO_SERVICE),
        ("org.freedesktop.DBus.Error.Spawn.ServiceNotFound", Symptom.NO_SERVICE),
        ("org.freedesktop.DBus.Error.Spawn.PermissionsInvalid", Symptom.NO_SERVICE),
        ("org.freedesktop.DBus.Error.Timeout", Symptom.NO_SERVICE),
        ("org.freedesktop.DBus.Error.Disconnected", Symptom.NO_BUS),
        ("org.freedesktop.DBus.Error.UnknownMethod", Symptom.GONE),
        ("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", Symptom.DENIED),
        ("org.bluez.Error.AlreadyConnected", Symptom.BUSY),
        ("org.bluez.Error.NotPermitted", Symptom.REFUSED),
        ("org.bluez.Error.AuthenticationFailed", Symptom.REFUSED),
        ("org.bluez.Error.SomethingNew", Symptom.OTHER),
    ],
)
def test_names_on_the_bus(name: str, symptom: Symptom) -> None:
    error = translated(dbus(name))
    assert symptom_of(error) is symptom
    assert error.code == symptom.value
    assert error.hint
