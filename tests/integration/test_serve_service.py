"""``sensorhub serve`` under a service manager: ready when it can be opened, fed while it works."""

import socket
from pathlib import Path

from page_rig import serving


def test_it_says_that_it_is_ready_and_feeds_the_watchdog(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
        with serving(tmp_path / "data", env=environ) as hub:
            heard = [manager.recv(300).decode() for _ in range(4)]
            ready = next(text for text in heard if text.startswith("READY=1\n"))
            assert hub.address in ready
            assert heard.count("WATCHDOG=1") >= 2
        said = ""
        while said != "STOPPING=1":  # recv times out where it is never said
            said = manager.recv(300).decode()
