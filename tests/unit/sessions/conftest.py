"""A store's place and a clock that counts, for every test of the store."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "sessions.sqlite"


@pytest.fixture
def now_ns() -> Callable[[], int]:
    return itertools.count(1_000_000_000, 1_000_000).__next__
