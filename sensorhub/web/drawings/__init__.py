"""Our own drawings: how each exercise starts and ends, and where a sensor is worn."""

from sensorhub.web.drawings.drawn import all_drawings

__all__ = ["all_drawings"]
