"""Polar's wearables by their measurement data service."""

from sensorhub.devices.polar.family import FAMILY

__all__ = ["FAMILY"]
