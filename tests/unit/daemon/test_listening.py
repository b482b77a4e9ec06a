"""The page listens on this computer until somebody is paired, and only then on the network."""

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from sensorhub.daemon.serving import connection
from sensorhub.daemon.serving.listening import (
    LOOPBACK,
    MAX_CONNECTIONS,
    Listening,
    address_for_others,
    bound,
    is_everywhere,
    is_loopback,
)
from sensorhub.model.errors import EnvironmentProblemError

EVERYWHERE = "0.0.0.0"


async def app(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


@contextlib.asynccontextmanager
async def serving_here(served: ASGIApp = app) -> AsyncIterator[int]:
    """The port that this computer is served on, while the block lasts."""
    first = bound(LOOPBACK, 0)
    listening = Listening(
        served, first=first, host=LOOPBACK, may_open=lambda: False, on_open=lambda: None
    )
    running = asyncio.create_task(listening.run())
    try:
        yield first.getsockname()[1]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await listening.stop()


async def answers(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(60):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return b"page" in answer
    except OSError:
        return False


def network_address() -> str:
    """An address of this computer that others would use."""
    found = address_for_others(EVERYWHERE)
    try:
        bound(found, 0).close()
    except EnvironmentProblemError:
        pytest.skip("this computer is on no network")
    if is_loopback(found):
        pytest.skip("this computer is on no network")
    return found


@pytest.mark.parametrize("everywhere", [True, False])
def test_the_network_is_let_in_when_somebody_is_paired(*, everywhere: bool) -> None:
    address = network_address()

    async def go() -> None:
        first = bound(LOOPBACK, 0)
        port = first.getsockname()[1]
        paired, opened = False, asyncio.Event()
        listening = Listening(
            app,
            first=first,
            host=EVERYWHERE if everywhere else address,
            may_open=lambda: paired,
            on_open=opened.set,
        )
        running = asyncio.create_task(listening.run())
        try:
            assert await answers(LOOPBACK, port)
            assert not await answers(address, port)
            paired = True
            async with asyncio.timeout(60):
                await opened.wait()
            assert await answers(address, port)
            assert await answers(LOOPBACK, port), "this computer still reaches it"
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await listening.stop()

    asyncio.run(go())


def test_a_network_that_cannot_be_had_leaves_this_computer_served() -> None:
    address = network_address()

    async def go() -> None:
        first = bound(LOOPBACK, 0)
        port = first.getsockname()[1]
        listening = Listening(
            app, first=first, host=EVERYWHERE, may_open=lambda: True, on_open=lambda: None
        )
        with socket.create_server((address, port)):
            try:
                async with asyncio.timeout(60):
                    with pytest.raises(EnvironmentProblemError, match=str(port)):
                        await listening.run()
                assert await answers(LOOPBACK, port)
            finally:
                await listening.stop()

    asyncio.run(go())


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"],
    ids=["nothing", "half a head", "half a body"],
)
def test_who_sends_no_whole_request_is_hung_up_on(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "REQUEST_S", 0.05)

    async def go() -> None:
        # Sooner than the server would mind an idle connection.
        async with asyncio.timeout(10), serving_here() as port:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.write(begun)
            with contextlib.suppress(ConnectionError):
                await reader.read()
            writer.close()

    asyncio.run(go())


def test_who_asks_in_time_is_not_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_S", 1.0)

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(1.2)  # an answer may take longer than a request
        await app(scope, receive, send)

    async def go() -> None:
        async with asyncio.timeout(60), serving_here(slow) as port:
            assert await answers(LOOPBACK, port)

    asyncio.run(go())


def test_one_address_cannot_shut_out_another() -> None:
    async def go() -> None:
        async with asyncio.timeout(60), serving_here() as port:
            assert await answers(LOOPBACK, port)
            many = [
                await asyncio.open_connection(LOOPBACK, port, local_addr=("127.0.0.2", 0))
                for _ in range(2 * MAX_CONNECTIONS)
            ]
            assert await answers(LOOPBACK, port)
            for _, writer in many:
                writer.close()

    asyncio.run(go())


def test_a_port_that_is_taken_is_said_with_what_to_do() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EnvironmentProblemError, match="--port"):
            bound(LOOPBACK, port)


@pytest.mark.parametrize(
    ("host", "loopback", "everywhere"),
    [
        ("127.0.0.1", True, False),
        ("localhost", True, False),
        ("::1", True, False),
        ("0.0.0.0", False, True),
        ("::", False, True),
        ("192.168.1.7", False, False),
    ],
)
def test_which_addresses_are_which(host: str, *, loopback: bool, everywhere: bool) -> None:
    assert is_loopback(host) is loopback
    assert is_everywhere(host) is everywhere


def test_an_address_of_another_computer_is_said_at_once(tmp_path: Path) -> None:
    serve = ["serve", "--host", "203.0.113.9", "--port", "0"]
    done = subprocess.run(
        [sys.executable, "-m", "sensorhub", "--data", tmp_path / "data", *serve],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "--host" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_that_is_not_ours_is_named_without_a_port_that_nobody_gave() -> None:
    with pytest.raises(EnvironmentProblemError, match=r"on 198\.51\.100\.7: ") as caught:
        bound("198.51.100.7", 0)
    assert "port" not in str(caught.value)
    with pytest.raises(EnvironmentProblemError, match=r"on 198\.51\.100\.7, port 8765: "):
        bound("198.51.100.7", 8765)
