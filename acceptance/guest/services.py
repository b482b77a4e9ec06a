"""The real services inside a guest, started, killed and started again by the tests."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, Self

BUS_SOCKET: Final = Path("/run/dbus/system_bus_socket")
ADAPTER: Final = "/org/bluez/hci0"
_BLUETOOTHD: Final = "/usr/libexec/bluetooth/bluetoothd"
_PATIENCE_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.05


class GuestError(Exception):
    """The guest is not what it should be: no result of a test, but no pass either."""


class Service:
    """One program with a log of its own."""

    def __init__(self, *command: str, log: Path) -> None:
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; what it says is appended to the log."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    @property
    def died(self) -> bool:
        """Whether it ended although nobody here ended it."""
        return self._process is not None and self._process.poll() is not None

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_PATIENCE_S)
            self._process = None


def message_bus(logs: Path) -> Service:
    """dbus-daemon, ready."""
    BUS_SOCKET.parent.mkdir(parents=True, exist_ok=True)
    bus = Service("dbus-daemon", "--system", "--nofork", "--nopidfile", log=logs / "dbus.log")
    bus.start()
    _until(BUS_SOCKET.exists, "the message bus")
    return bus


def bluetoothd(logs: Path) -> Service:
    """bluetoothd, started; the adapter may come later."""
    service = Service(_BLUETOOTHD, "-n", log=logs / "bluetoothd.log")
    service.start()
    return service


def bluetoothd_version() -> str:
    """As the program says it."""
    said = subprocess.run((_BLUETOOTHD, "--version"), capture_output=True, text=True, check=True)
    return said.stdout.strip()


def adapter_on() -> bool:
    """Whether the adapter is there and powered."""
    return property_of(ADAPTER, "Adapter1", "Powered") == "b true"


def until_adapter_on() -> None:
    """Wait for it. Raises GuestError."""
    _until(adapter_on, "the adapter")


def power(*, on: bool) -> None:
    """Switch the adapter, as a person does in the settings."""
    value = "true" if on else "false"
    _busctl("set-property", "org.bluez", ADAPTER, "org.bluez.Adapter1", "Powered", "b", value)


def property_of(path: str, interface: str, name: str) -> str | None:
    """A property as busctl prints it; None: there is no such object."""
    said = subprocess.run(
        ("busctl", "--system", "get-property", "org.bluez", path, f"org.bluez.{interface}", name),
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip() if said.returncode == 0 else None


class PairingAgent:
    """bluetoothctl as the agent without display or keys; BlueZ pairs with nobody without one."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            ("bluetoothctl", "--agent", "NoInputNoOutput"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        out = self._process.stdout
        assert self._process.stdin is not None
        assert out is not None
        self._read_until(out, b"Agent registered")
        self._process.stdin.write(b"default-agent\n")
        self._process.stdin.flush()
        self._read_until(out, b"Default agent request successful")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(_PATIENCE_S)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _read_until(self, out: IO[bytes], wanted: bytes) -> None:
        said = b""
        while wanted not in said:
            data = os.read(out.fileno(), 4096)
            if not data:
                raise GuestError(f"bluetoothctl ended: {said.decode(errors='replace')}")
            said += data


def _busctl(*arguments: str) -> None:
    subprocess.run(("busctl", "--system", *arguments), capture_output=True, check=True)


def _until(holds: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while not holds():
        if time.monotonic() > deadline_s:
            raise GuestError(f"{what} did not come up within {_PATIENCE_S:.0f} s")
        time.sleep(_LOOK_EVERY_S)
