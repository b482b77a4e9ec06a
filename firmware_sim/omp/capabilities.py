"""Who the device is and what it can do: identity and the CBOR capability map."""

import zlib
from dataclasses import dataclass
from typing import Final

import cbor2

from firmware_sim.omp.config import RATE_LIMIT_MHZ, rates_mhz
from firmware_sim.omp.tables import SAMPLE_BYTES, VERSION, Feature
from firmware_sim.signals import ImuPart

RING_BYTES: Final = 128 * 1024
FEATURES: Final = frozenset(
    (Feature.WALLCLOCK, Feature.BACKFILL, Feature.CUE, Feature.NAME, Feature.SLEEP, Feature.MARK)
)
_CUE_LED: Final = 1 << 0
_CUE_HAPTIC: Final = 1 << 1


@dataclass(frozen=True, slots=True)
class Identity:
    """What is printed on the case and burnt into the chip."""

    device_id: bytes  # 8 bytes
    address: str  # random static Bluetooth address
    name: str  # until the host gives another; at most 13 bytes
    model: str = "OM-1 simulated"
    firmware: str = "1.0.0"
    hardware: str = "sim"
    manufacturer: str = "Open Motion"


def capability_map(
    identity: Identity, imu: ImuPart, *, ring_bytes: int, features: frozenset[Feature]
) -> bytes:
    """The capability map in deterministic CBOR, at most 512 bytes."""
    rates = rates_mhz(imu)
    stream = {
        0: 0,
        1: sorted(SAMPLE_BYTES),
        2: list(rates),
        3: sorted(imu.acc_ranges_g),
        4: sorted(imu.gyr_ranges_dps),
        5: min(rates[-1], RATE_LIMIT_MHZ),
    }
    return cbor2.dumps(
        {
            0: list(VERSION),
            1: identity.model,
            2: identity.firmware,
            3: identity.hardware,
            4: identity.device_id,
            5: [stream],
            6: ring_bytes,
            7: _CUE_LED | _CUE_HAPTIC,
            8: sum(1 << feature for feature in features),
        },
        canonical=True,
    )


def capability_hash(capabilities: bytes) -> int:
    return zlib.crc32(capabilities)
