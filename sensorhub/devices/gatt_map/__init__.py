"""Sensors that are described by a TOML file, and no code."""

from sensorhub.devices.gatt_map.family import FAMILIES

__all__ = ["FAMILIES"]
