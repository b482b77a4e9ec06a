"""What holds for all tests: which examples hypothesis tries, and which tests run alone.

Examples are the same in every run, and no example is too slow: whether main is green is not for
chance, or for a busy computer, to say. ``HYPOTHESIS_PROFILE=search`` looks for new ones, as
``make long`` does.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", settings.get_profile("same"), derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


class Turns:
    """Tests of several workers side by side; one that is marked ``alone`` while no other runs.

    Some tests measure time, which only a computer tells that does nothing else.

    A lock that all hold together, or one alone; and a door before it, at which the one that wants
    to be alone makes all others wait until it has had its turn.
    """

    def __init__(self, config: pytest.Config) -> None:
        # Each worker's folder lies in that of the whole run.
        common = config._tmp_path_factory.getbasetemp().parent
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._door = os.open(common / "door.lock", flags, 0o600)
        self._room = os.open(common / "room.lock", flags, 0o600)

    @contextlib.contextmanager
    def turn(self, *, alone: bool) -> Iterator[None]:
        fcntl.flock(self._door, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        finally:
            fcntl.flock(self._door, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._room, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._door)
        os.close(self._room)


TURNS = pytest.StashKey[Turns]()


@pytest.hookimpl(trylast=True)  # after the one that makes the temporary folders
def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        config.stash[TURNS] = Turns(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    if TURNS in config.stash:
        config.stash[TURNS].close()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Set up, run, torn down in one turn."""
    if TURNS not in item.config.stash:
        return (yield)
    with item.config.stash[TURNS].turn(alone=item.get_closest_marker("alone") is not None):
        return (yield)
