"""The wall's clock, as everything that expires is told it: replaceable in tests."""

from collections.abc import Callable

Now = Callable[[], float]
"""Seconds since the epoch."""
