"""Capture2Go sensors, over Bluetooth LE or USB."""

from sensorhub.devices.capture2go.family import FAMILY

__all__ = ["FAMILY"]
