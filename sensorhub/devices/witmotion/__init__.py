"""WitMotion's sensors, by radio and by cable."""

from sensorhub.devices.witmotion import ble, serial

FAMILIES = (ble.FAMILY, ble.USB_FAMILY, serial.FAMILY)
