"""The Open Motion Protocol 1.0 (``docs/protocol.md``): our own open firmware contract."""

from sensorhub.devices.base import (
    BleChannel,
    BleProfile,
    ClockKind,
    DeviceFamily,
    LossKind,
    SerialProfile,
)
from sensorhub.devices.omp.controller import OmpController
from sensorhub.devices.omp.decoder import OmpDecoder


def _uuid(short: str) -> str:
    return f"305c{short}-63cd-4e70-a75e-ca8f2e292bfd"


FAMILY = DeviceFamily(
    name="omp",
    title="Open Motion Protocol sensor",
    new_decoder=OmpDecoder,
    new_controller=OmpController,
    ble=BleProfile(
        service_uuids=(_uuid("0001"),),
        channels=(
            BleChannel("control", _uuid("0002"), notify=True, write=True),
            BleChannel("data", _uuid("0003"), notify=True),
            BleChannel("bulk", _uuid("0004"), notify=True),
            BleChannel("capabilities", _uuid("0005")),
        ),
    ),
    serial=SerialProfile(baud_rates=(115200,)),
    rates_hz=(25.0, 50.0, 100.0, 200.0),
    clock="microseconds since boot, two-way exchange",
    loss_detection="sample index, device memory",
    clock_kind=ClockKind.EXCHANGED,
    loss_kind=LossKind.NUMBERED,
    backfills=True,
    battery=True,
    evidence="simulated",
    notes=("Never tried on a radio: the protocol is a proposal for open firmware.",),
)
