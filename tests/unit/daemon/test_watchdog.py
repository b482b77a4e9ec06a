"""The watchdog: fed while work gets done, starved when it stands still."""

import asyncio
import itertools
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.daemon.serving.watchdog import ServiceManager, Sign, Watchdog, keep_fed
from sensorhub.sessions.store.store import STORE_NAME, Store
from sensorhub.sessions.store.values import SessionInfo


@dataclass
class Worker:
    beat: int = 0
    busy: bool = True

    def __call__(self) -> Sign:
        return Sign(self.beat, self.busy)


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1))
def test_stuck_is_busy_three_times_without_a_step(looks: list[tuple[int, bool]]) -> None:
    worker = Worker()
    watchdog = Watchdog({"writer": worker})
    for number, (steps, busy) in enumerate(looks, start=1):
        worker.beat, worker.busy = worker.beat + steps, busy
        latest = looks[max(0, number - 3) : number]
        still = all(steps == 0 for steps, _ in latest[1:])
        expected = len(latest) == 3 and still and all(busy for _, busy in latest)
        assert watchdog.stuck() == (("writer",) if expected else ())


def test_one_feed_that_is_missed_is_far_from_the_limit() -> None:
    manager = ServiceManager({"WATCHDOG_USEC": "30000000"})
    assert manager.feed_s is not None
    assert 3 * manager.feed_s < 30.0


def test_one_that_is_stuck_is_named_among_many() -> None:
    stuck, works = Worker(), Worker()
    watchdog = Watchdog({"samples": works, "writer": stuck})
    for _ in range(2):
        assert watchdog.stuck() == ()
        works.beat += 1
    assert watchdog.stuck() == ("writer",)


@pytest.fixture
def manager_end(tmp_path: Path) -> socket.socket:
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.settimeout(10)
    end.bind(str(tmp_path / "notify"))
    return end


def test_the_manager_hears_lines(manager_end: socket.socket) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": manager_end.getsockname()})
    manager.ready("waiting\nfor\nsomebody")
    manager.stopping()
    assert manager_end.recv(200) == b"READY=1\nSTATUS=waiting for somebody"
    assert manager_end.recv(200) == b"STOPPING=1"
    manager_end.close()


def test_an_abstract_socket_is_heard_as_well() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind("\0sensorhub-test-notify")
        end.settimeout(10)
        ServiceManager({"NOTIFY_SOCKET": "@sensorhub-test-notify"}).alive()
        assert end.recv(200) == b"WATCHDOG=1"


def test_without_a_manager_nothing_happens() -> None:
    manager = ServiceManager({})
    manager.ready("here")
    assert manager.feed_s is None
    asyncio.run(keep_fed(manager, Watchdog({})))


def test_a_manager_that_is_gone_is_no_trouble(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()
    assert "cannot be told" in caplog.text


def test_it_is_fed_until_something_is_stuck(manager_end: socket.socket) -> None:
    """Fed three times here; at the fourth look nothing has moved since the second."""
    manager_end.setblocking(False)
    environ = {"NOTIFY_SOCKET": manager_end.getsockname(), "WATCHDOG_USEC": "2000"}
    beats = itertools.chain([1, 2], itertools.repeat(2))
    looked = 0

    async def run() -> None:
        over = asyncio.Event()

        def sign() -> Sign:
            nonlocal looked
            looked += 1
            if looked == 5:
                over.set()
            return Sign(next(beats), busy=True)

        feeding = asyncio.create_task(keep_fed(ServiceManager(environ), Watchdog({"writer": sign})))
        await over.wait()
        feeding.cancel()

    asyncio.run(run())
    heard = 0
    while True:
        try:
            assert manager_end.recv(200) == b"WATCHDOG=1"
        except BlockingIOError:
            break
        heard += 1
    assert heard == 3
    manager_end.close()


def test_the_store_s_writer_gets_on(tmp_path: Path) -> None:
    now_ns: Callable[[], int] = itertools.count(1).__next__
    with Store(tmp_path / STORE_NAME, now_ns=now_ns) as store:
        before, _ = store.progress
        store.begin_session(SessionInfo()).flush()
        after, busy = store.progress
        assert after > before
        assert not busy
    assert store.progress[1], "a closed store cannot write any more"
