"""Exercises as data, and the detectors that count, time and judge them."""
