"""A hostile browser against a hub where somebody exercises: refused, logged, and nothing stalls."""

import asyncio
import json
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import websockets
from page_rig import Hub, serving
from visits import PATIENCE_S, export, simulation, squats_on_cue

REPS = 8
SPEED = 5.0


def ask(
    hub: Hub, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str]]:
    """Any request, with any headers; the status and the answer's headers."""
    request = urllib.request.Request(hub.address.rstrip("/") + path, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, dict(error.headers)


def post(hub: Hub, path: str, document: object, cookie: str = "") -> tuple[int, dict[str, str]]:
    origin = hub.address.rstrip("/")
    headers = {"content-type": "application/json", "origin": origin, "cookie": cookie}
    return ask(hub, path, json.dumps(document).encode(), **headers)


def raw(hub: Hub, data: bytes) -> bytes:
    """Bytes that no decent client sends; what comes back."""
    host, port = hub.address.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as line:
        try:
            line.sendall(data)
            return line.recv(4096)
        except OSError:
            return b""


async def oversized(hub: Hub, cookie: str) -> int:
    """A frame of a megabyte on the live line; the close code."""
    address = hub.address.replace("http", "ws") + "live"
    headers = {"cookie": cookie}
    async with websockets.connect(
        address, origin=hub.address.rstrip("/"), additional_headers=headers
    ) as line:
        await line.send(b"x" * 1_000_000)
        try:
            while True:
                await asyncio.wait_for(line.recv(), PATIENCE_S)
        except websockets.ConnectionClosed as closed:
            return 0 if closed.rcvd is None else closed.rcvd.code


async def knock(hub: Hub, origin: str | None, cookie: str) -> int:
    """A handshake; the status it is refused with."""
    address = hub.address.replace("http", "ws") + "live"
    try:
        async with websockets.connect(
            address, origin=origin, additional_headers={"cookie": cookie}
        ):
            return 101
    except websockets.InvalidStatus as refused:
        return refused.response.status_code


@pytest.mark.slow
def test_a_hostile_browser_changes_nothing(tmp_path: Path) -> None:
    with (
        simulation(
            tmp_path,
            scenario=squats_on_cue(tmp_path, reps=REPS),
            sensors=[f"thigh_right@pty:{tmp_path}/thigh"],
            speed=SPEED,
        ) as sim,
        serving(
            tmp_path / "data",
            f"--sensor=thigh_right={sim.uris['thigh_right']}",
            f"--speed={SPEED:g}",
            "--ask=nothing",
        ) as hub,
    ):
        status, headers = post(hub, "/api/pair", {"pin": hub.pin})
        assert status == 200
        cookie = headers["set-cookie"].partition(";")[0]
        plan = {"title": "S", "items": [{"exercise": "squat", "reps": REPS, "rest_s": 1}]}
        saved = ask(
            hub,
            "/api/plans/squats",
            json.dumps(plan).encode(),
            **{"content-type": "application/json", "cookie": cookie},
        )
        assert saved[0] == 403, "a POST without an Origin"
        request = urllib.request.Request(
            hub.address + "api/plans/squats",
            json.dumps(plan).encode(),
            {
                "content-type": "application/json",
                "origin": hub.address.rstrip("/"),
                "cookie": cookie,
            },
            method="PUT",
        )
        urllib.request.urlopen(request, timeout=PATIENCE_S).close()
        assert post(hub, "/api/visit/start", {"plan": "squats"}, cookie)[0] == 200
        slowest_s = [attack(hub, cookie)]
        deadline_s = time.monotonic() + 2 * PATIENCE_S
        while running(hub, cookie):
            assert time.monotonic() < deadline_s, "the session never ended"
            slowest_s.append(attack(hub, cookie))
        # The best round: what an attack itself stalls, it stalls in every one.
        assert min(slowest_s) < 1.0, "somebody had to wait"
        hub.program.end()
        for reason in ("foreign_origin", "foreign_host", "path_trick", "too_large", "wait"):
            assert f"refused: {reason}" in hub.program.errors
        assert "Traceback" not in hub.program.errors
        rows = export(hub.data, tmp_path / "csv")
        assert sum(row["kind"] == "full" for row in rows) == REPS
        assert all(float(row["gap_s"] or 0.0) == 0.0 for row in rows)


def running(hub: Hub, cookie: str) -> bool:
    request = urllib.request.Request(hub.address + "api/me", headers={"cookie": cookie})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return bool(json.load(answer)["busy"])


def attack(hub: Hub, cookie: str) -> float:
    """Everything at once; how long an honest request had to wait at the longest."""
    host = hub.address.removeprefix("http://").rstrip("/")
    waits_s = []
    for number in range(40):
        assert post(hub, "/api/pair", {"pin": f"{number:06d}"})[0] == 429
        if number % 10 == 0:
            began_s = time.monotonic()
            assert running(hub, cookie) in (True, False)
            waits_s.append(time.monotonic() - began_s)
    assert ask(hub, "/", host="evil.example")[0] == 421
    evil = {"content-type": "application/json", "origin": "http://evil.example", "cookie": cookie}
    assert ask(hub, "/api/visit/key", b'{"key": "stop"}', **evil)[0] == 403
    for trick in (
        b"/static/../access.json",
        b"/static/%2e%2e/access.json",
        b"/..%2f..%2fetc/passwd",
    ):
        answer = raw(hub, b"GET " + trick + b" HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n")
        assert answer.split()[1] in (b"400", b"404"), answer
    assert raw(hub, b"\x16\x03\x01" + bytes(range(256))).startswith((b"HTTP/1.1 400", b""))
    raw(hub, b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000)
    large = b'{"pin": "' + b"1" * 100_000 + b'"}'
    ours = {"content-type": "application/json", "origin": hub.address.rstrip("/")}
    assert ask(hub, "/api/pair", large, **ours)[0] == 413
    assert asyncio.run(oversized(hub, cookie)) == 1009
    assert asyncio.run(knock(hub, "http://evil.example", cookie)) == 403
    assert asyncio.run(knock(hub, hub.address.rstrip("/"), "sensorhub=guess")) == 403
    began_s = time.monotonic()
    running(hub, cookie)
    return max(*waits_s, time.monotonic() - began_s)
