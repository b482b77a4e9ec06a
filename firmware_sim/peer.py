"""The seam inside the simulator: a device without a link, a link without a device.

A :class:`Peer` is sans-I/O: a link (pty, TCP, fake BlueZ) tells it what happened and when, and asks
what it wants to send. Time is the simulated world's, in microseconds; a link that runs the world
faster than the wall clock scales it, so that a device never knows.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class GattCharacteristic:
    """One characteristic; ``lane`` is how peer and link call it."""

    lane: str
    uuid: str
    properties: tuple[
        str, ...
    ]  # BlueZ flags: read, write, write-without-response, notify, indicate
    value: bytes = b""


@dataclass(frozen=True, slots=True)
class GattService:
    """One primary service."""

    uuid: str
    characteristics: tuple[GattCharacteristic, ...]


@dataclass(frozen=True, slots=True)
class Advertisement:
    """What the device shows before it is connected."""

    name: str
    address: str
    service_uuids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes that leave the device on one lane (``serial`` on a serial line)."""

    lane: str
    data: bytes


class Peer(Protocol):
    """A simulated device. No call ever raises on bytes, whatever they are."""

    @property
    def advertisement(self) -> Advertisement: ...

    @property
    def services(self) -> tuple[GattService, ...]:
        """The GATT table with the values a read would give now."""

    def link_up(self, now_us: int, *, mtu: int | None) -> None:
        """A link opened; ``mtu`` is the ATT MTU, None on a serial line."""

    def link_down(self, now_us: int) -> None: ...

    def subscribe(self, lane: str, now_us: int, *, enabled: bool) -> None: ...

    def receive(self, lane: str, data: bytes, now_us: int) -> int | None:
        """Bytes written by the host. Returns an ATT error code or None (always None on serial)."""

    def poll(self, now_us: int) -> list[Sent]:
        """What leaves the device now."""

    def next_poll_us(self) -> int | None:
        """World time at which ``poll`` has something new to say; None: only after ``receive``."""

    def reachable(self, now_us: int) -> bool:
        """False while the device is switched off, rebooting, out of range or unplugged.

        A link asks after each ``poll``: on False it closes (a pty vanishes, a BLE connection drops,
        nothing is advertised) and calls ``link_down``; on True it may open again. A device that
        will come back by itself says when through ``next_poll_us``.
        """
