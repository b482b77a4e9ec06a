"""The simulated device families: one line each, and what each is made from.

A family's maker is imported when somebody wears one. It gets a :class:`DeviceSetup` and the kind of
link it is to be reached by, and gives a peer together with what can happen to it.
"""

import hashlib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from firmware_sim.faults import Incidents
from firmware_sim.peer import Peer
from firmware_sim.signals import ImuPart

BLE: Final = "ble"
SERIAL: Final = "serial"


@dataclass(frozen=True, slots=True)
class DeviceSetup:
    """One device, whatever its family.

    Attributes:
        imu: the mounted chip it reads.
        seed: of everything the device draws.
        identity_seed: another one, another device at this placement.
        ppm: error of its crystal, parts per million.
        now_us: world time at which it was switched on, in the past.
        baud: speed of the serial line, None for USB.
        on_cue: called with the world time when the wearer notices a cue.
    """

    placement: str
    imu: ImuPart
    seed: int = 0
    identity_seed: int = 0
    ppm: float = 0.0
    battery_percent: float = 81.0
    ring_bytes: int | None = None
    wake_after_s: float | None = None
    now_us: int = 0
    baud: int | None = 115200
    on_cue: Callable[[int], None] = lambda _: None


class SimulatedDevice(NamedTuple):
    """A device at one end of one link."""

    peer: Peer
    incidents: Incidents


class Maker(Protocol):
    """What every family provides."""

    def __call__(self, setup: DeviceSetup, link: str) -> SimulatedDevice: ...


@dataclass(frozen=True, slots=True)
class SimulatedFamily:
    """One line of the table.

    Attributes:
        maker: ``module:function``, a :class:`Maker`.
        links: how it can be reached: ``ble``, ``serial`` (pty and TCP).
        part: the IMU chip it has unless another is asked for.
        imu_ppm: how far its IMU's rate is off, None: within the chip's tolerance.
    """

    maker: str
    links: tuple[str, ...] = (BLE,)
    part: str = "bmi270"
    imu_ppm: float | None = None


FAMILIES: Final[Mapping[str, SimulatedFamily]] = {
    "omp": SimulatedFamily("firmware_sim.omp.made:make", (BLE, SERIAL)),
    "capture2go": SimulatedFamily("firmware_sim.capture2go:make", (BLE, SERIAL)),
    "metamotion": SimulatedFamily("firmware_sim.metamotion:make_s"),
    "metamotion_r": SimulatedFamily("firmware_sim.metamotion:make_r"),
    "movesense": SimulatedFamily("firmware_sim.movesense:make", part="lsm6dso"),
    "ximu3": SimulatedFamily("firmware_sim.ximu3:make", (SERIAL,), imu_ppm=1200.0),
    "witmotion_ble": SimulatedFamily("firmware_sim.witmotion:make_ble", imu_ppm=-7400.0),
    "witmotion_usb": SimulatedFamily("firmware_sim.witmotion:make_usb", (SERIAL,), imu_ppm=-7400.0),
    "witmotion_serial": SimulatedFamily("firmware_sim.witmotion:make_serial", (SERIAL,)),
    "polar": SimulatedFamily("firmware_sim.polar:make_verity", part="lsm6dso"),
    "polar_h10": SimulatedFamily("firmware_sim.polar:make_h10"),
    "thingy52": SimulatedFamily("firmware_sim.boards:make_thingy"),
    "science_journal": SimulatedFamily("firmware_sim.boards:make_journal", imu_ppm=41_000.0),
}


def make_device(family: str, setup: DeviceSetup, link: str) -> SimulatedDevice:
    """Switch one on.

    Raises:
        KeyError: there is no such family.
        ValueError: it has no such link.
    """
    row = FAMILIES[family]
    if link not in row.links:
        raise ValueError(f"a {family} sensor has no {link} link")
    module, _, name = row.maker.partition(":")
    maker: Maker = getattr(importlib.import_module(module), name)
    return maker(setup, link)


def address_of(setup: DeviceSetup) -> str:
    """A believable, stable Bluetooth address (random static: the two highest bits are set)."""
    digest = hashlib.sha256(f"{setup.placement}/{setup.identity_seed}".encode()).digest()
    return ":".join(f"{byte:02X}" for byte in bytes((digest[8] | 0xC0,)) + digest[9:14])
