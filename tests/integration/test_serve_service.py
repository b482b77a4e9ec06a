"""``sensorhub serve`` under a service manager: ready when it can be opened, fed while it works."""

import socket
from dataclasses import replace
from pathlib import Path

from page_rig import chromium, pair, screen, serving
from visits import PATIENCE_S, sensorhub


def test_it_says_that_it_is_ready_and_feeds_the_watchdog(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE_S)
        environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
        program = sensorhub("serve", "--port", "0", data=tmp_path / "data", env=environ)
        try:
            heard = [manager.recv(300).decode() for _ in range(4)]
            program.wait_for("^The page: ")
            assert any(text.startswith("READY=1\n") for text in heard)
            assert heard.count("WATCHDOG=1") >= 2
        finally:
            program.end()
        assert "PIN" not in program.output, "a service's words end up in a log"
        said = ""
        while said != "STOPPING=1":  # recv times out where it is never said
            said = manager.recv(300).decode()


def test_a_running_hub_is_paired_from_its_terminal(tmp_path: Path) -> None:
    """What ``sensorhub pair`` prints is good on the page of the hub that runs."""
    data = tmp_path / "data"
    with serving(data) as hub:
        port = hub.address.rstrip("/").rpartition(":")[2]
        command = sensorhub("pair", "--host", "127.0.0.1", "--port", port, data=data)
        try:
            pin = command.wait_for(r"five minutes: (\d+ \d+)")[1]
            assert command.wait_for(r"Or open this on it: (\S+)")[1].startswith(hub.address)
            assert command.wait() == 0, command.errors
        finally:
            command.end()
        with chromium() as browser, screen(browser) as shown:
            pair(shown, replace(hub, pin=pin))


def test_without_a_hub_there_is_nothing_to_pair_with(tmp_path: Path) -> None:
    command = sensorhub("pair", data=tmp_path / "data")
    try:
        assert command.wait() in (1, 2)
    finally:
        command.end()
    assert "sensorhub" in command.errors
    assert "Traceback" not in command.errors
