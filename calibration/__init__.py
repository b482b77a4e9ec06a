"""Sensor intrinsics and sensor-to-segment alignment: numpy and scipy, nothing of this project."""
