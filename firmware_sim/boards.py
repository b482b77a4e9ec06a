"""Simulated development boards with simple firmware: Nordic Thingy:52, Arduino Science Journal."""

import struct
from typing import Final

from firmware_sim.families import DeviceSetup, SimulatedDevice
from firmware_sim.peer import GattCharacteristic, GattService
from firmware_sim.wearable import Batch, Wearable

_THINGY: Final = "ef68{:04x}-9b35-4933-9b10-52ffa9740042"
_JOURNAL: Final = "555a0002-{:04x}-467a-9538-01f0652c74e8"
_CONFIG: Final = struct.Struct("<4HB")
_ATT_INVALID_LENGTH: Final = 0x0D
_ATT_OUT_OF_RANGE: Final = 0xFF


class Thingy52(Wearable):
    """Raw motion data, one sample a notification, at the rate its configuration says."""

    name_prefix = "Thingy"
    service_uuids = (_THINGY.format(0x0100),)

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup)
        self.config = (500, 500, 500, 200, 1)

    @property
    def services(self) -> tuple[GattService, ...]:
        config = GattCharacteristic(
            "config", _THINGY.format(0x0401), ("read", "write"), _CONFIG.pack(*self.config)
        )
        raw = GattCharacteristic("raw", _THINGY.format(0x0406), ("notify",))
        motion = GattService(_THINGY.format(0x0400), (config, raw))
        return (motion, *self.standard_services(model="Thingy:52", battery=True))

    def boot(self, now_us: int) -> None:
        self.config = (500, 500, 500, 200, 1)
        self.listening_changed(now_us)

    def heard(self, lane: str, data: bytes, now_us: int) -> int | None:
        if lane != "config":
            return None
        if len(data) != _CONFIG.size:
            return _ATT_INVALID_LENGTH
        values = _CONFIG.unpack(data)
        if not 5 <= values[3] <= 200 or any(not 100 <= one <= 5000 for one in values[:3]):
            return _ATT_OUT_OF_RANGE
        self.config = values
        self.stop_sampling()
        self.listening_changed(now_us)
        return None

    def listening_changed(self, now_us: int) -> None:
        if "raw" not in self.subscribed:
            self.stop_sampling()
        elif not self.sampling:
            rate_hz = float(self.config[3])
            self.sample(rate_hz, batch=1, now_us=now_us, acc_range_g=16, gyr_range_dps=2000)

    def sampled(self, batch: Batch, now_us: int) -> None:  # noqa: ARG002 - sent at once
        for acc, gyr in zip(batch.acc_g, batch.gyr_dps, strict=True):
            values = [*(1024 * acc), *(32 * gyr), 0.0, 0.0, 0.0]
            raw = [max(-32768, min(32767, round(value))) for value in values]
            self.say("raw", struct.pack("<9h", *raw))


class ScienceJournal(Wearable):
    """Acceleration, then rate, each as three floats in a characteristic of its own."""

    name_prefix = "ScienceJournal-"
    service_uuids = (_JOURNAL.format(0),)

    @property
    def services(self) -> tuple[GattService, ...]:
        lanes = (("acceleration", 0x11), ("rotation", 0x12))
        return (
            GattService(
                self.service_uuids[0],
                tuple(
                    GattCharacteristic(lane, _JOURNAL.format(number), ("notify",))
                    for lane, number in lanes
                ),
            ),
        )

    def boot(self, now_us: int) -> None:
        self.listening_changed(now_us)

    def heard(self, lane: str, data: bytes, now_us: int) -> int | None:  # noqa: ARG002 - it is deaf
        return None

    def listening_changed(self, now_us: int) -> None:
        if not self.subscribed:
            self.stop_sampling()
        elif not self.sampling:
            self.sample(50.0, batch=1, now_us=now_us, acc_range_g=4, gyr_range_dps=2000)

    def sampled(self, batch: Batch, now_us: int) -> None:  # noqa: ARG002 - sent at once
        for acc, gyr in zip(batch.acc_g, batch.gyr_dps, strict=True):
            self.say("acceleration", struct.pack("<3f", *acc))
            self.say("rotation", struct.pack("<3f", *gyr))


def make_thingy(setup: DeviceSetup, link: str) -> SimulatedDevice:
    """Switch a Thingy:52 on."""
    assert link == "ble"
    peer = Thingy52(setup)
    return SimulatedDevice(peer, peer)


def make_journal(setup: DeviceSetup, link: str) -> SimulatedDevice:
    """Switch an Arduino with the Science Journal sketch on."""
    assert link == "ble"
    peer = ScienceJournal(setup)
    return SimulatedDevice(peer, peer)
