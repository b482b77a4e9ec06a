"""Notifications over sockets (AcquireNotify), in a guest of their own: see docs/acceptance.md."""

from conftest import Bluetooth
from streams import stream

from sensorhub.transports.ble import NotifyPath


def test_three_sensors_at_100_hz_over_sockets(bluetooth: Bluetooth) -> None:
    stream(bluetooth, NotifyPath.SOCKET)
