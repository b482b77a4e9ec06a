"""A sensor of no family, for tests of links: it counts on one lane and echoes on another."""

import struct
from dataclasses import replace

from firmware_sim.peer import Advertisement, GattCharacteristic, GattService, Sent
from sensorhub.model.profile import BleChannel, BleProfile

BASE = "305c{:04x}-63cd-4e70-a75e-0123456789ab"
SERVICE, CONTROL, DATA = (BASE.format(k) for k in (0xA001, 0xA002, 0xA003))
LEVEL = "00002a19-0000-1000-8000-00805f9b34fb"
PROFILE = BleProfile(
    service_uuids=(SERVICE,),
    channels=(
        BleChannel("control", CONTROL, notify=True, write=True),
        BleChannel("data", DATA, notify=True),
    ),
    name_prefixes=("COUNT",),
)
COUNT = struct.Struct("<I")
START, STOP, ECHO, REFUSED = b"S", b"T", b"E", b"\xff"
ATT_REFUSAL = 0x80


class CountingPeer:
    """Counts 0, 1, 2 ... on ``data``, one number each ``period_us``; what a link loses is lost.

    On a serial line everything is on the lane ``serial``, and numbers come as they are.
    """

    def __init__(self, address: str = "C0:00:00:00:00:01", name: str = "COUNT-1") -> None:
        self.period_us = 10_000
        self.subscribed: set[str] = set()
        self.link_ups = 0
        self.up = False
        self.mtu: int | None = None
        self.received: list[tuple[str, bytes]] = []
        self.switched_on = True
        self._advertisement = Advertisement(name, address, (SERVICE,))
        self._streaming = False
        self._count = 0
        self._due_us = 0
        self._now_us = 0
        self._answers: list[Sent] = []

    def rename(self, name: str) -> None:
        """Call itself otherwise from now on."""
        self._advertisement = replace(self._advertisement, name=name)

    @property
    def advertisement(self) -> Advertisement:
        return self._advertisement

    @property
    def services(self) -> tuple[GattService, ...]:
        control = GattCharacteristic(
            "control", CONTROL, ("write", "write-without-response", "indicate")
        )
        data = GattCharacteristic("data", DATA, ("notify",))
        level = GattCharacteristic("level", LEVEL, ("read", "notify"), bytes([87]))
        battery = GattService("0000180f-0000-1000-8000-00805f9b34fb", (level,))
        return (GattService(SERVICE, (control, data)), battery)

    def link_up(self, now_us: int, *, mtu: int | None) -> None:
        self.up, self.mtu = True, mtu
        self.link_ups += 1

    def link_down(self, now_us: int) -> None:
        self.up, self._streaming = False, False
        self.subscribed.clear()
        self._answers.clear()

    def subscribe(self, lane: str, now_us: int, *, enabled: bool) -> None:
        (self.subscribed.add if enabled else self.subscribed.discard)(lane)

    def receive(self, lane: str, data: bytes, now_us: int) -> int | None:
        self.received.append((lane, data))
        match data[:1]:
            case b"S":
                self._streaming, self._due_us = True, now_us + self.period_us
            case b"T":
                self._streaming = False
            case b"E":
                self._answers.append(Sent(lane, data))
            case _:
                return ATT_REFUSAL
        return None

    def poll(self, now_us: int) -> list[Sent]:
        self._now_us = now_us
        out, self._answers = self._answers, []
        while self._streaming and self._due_us <= now_us:
            out.append(Sent("data" if self.mtu else "serial", COUNT.pack(self._count)))
            self._count += 1
            self._due_us += self.period_us
        return out

    def next_poll_us(self) -> int | None:
        # tests switch it on and off: it looks up now and then
        look_up_us = self._now_us + 20_000
        return min(self._due_us, look_up_us) if self._streaming else look_up_us

    def reachable(self, now_us: int) -> bool:
        return self.switched_on
