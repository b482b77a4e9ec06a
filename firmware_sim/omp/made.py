"""An Open Motion sensor for the table of families."""

from firmware_sim.families import DeviceSetup, SimulatedDevice
from firmware_sim.omp.capabilities import RING_BYTES
from firmware_sim.omp.core import DeviceOptions
from firmware_sim.omp.device import OmpDevice, identity_of


def make(setup: DeviceSetup, link: str) -> SimulatedDevice:
    """Switch one on, at the end of a ``ble`` or ``serial`` link."""
    options = DeviceOptions(
        ppm=setup.ppm,
        seed=setup.seed,
        battery_percent=setup.battery_percent,
        ring_bytes=setup.ring_bytes or RING_BYTES,
        wake_after_s=setup.wake_after_s,
    )
    device = OmpDevice(
        identity_of(setup.placement, seed=setup.identity_seed),
        setup.imu,
        options=options,
        on_cue=setup.on_cue,
        now_us=setup.now_us,
        baud=setup.baud,
    )
    return SimulatedDevice(device.ble if link == "ble" else device.serial, device)
