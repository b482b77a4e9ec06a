"""The Open Motion Protocol 1.0 (``docs/protocol.md``): our own open firmware contract."""

from sensorhub.devices.omp.family import FAMILY

__all__ = ["FAMILY"]
