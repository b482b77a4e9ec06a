"""Sensor intrinsics and sensor-to-segment alignment: numpy and scipy only, imports nobody here."""
