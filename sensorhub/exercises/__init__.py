"""Declarative exercise definitions and the detectors that count and time them."""
