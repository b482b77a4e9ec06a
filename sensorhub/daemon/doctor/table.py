"""The checks, in the order in which they are shown. A new one is a line here."""

from sensorhub.daemon.doctor.base import Check, Ground, Row, Verdict
from sensorhub.daemon.doctor.bluetooth import check_adapter, check_bluez_version, check_slots
from sensorhub.daemon.doctor.permissions import check_groups
from sensorhub.daemon.doctor.serial_lines import check_serial
from sensorhub.daemon.doctor.storage import check_data_dir, check_disk, check_sqlite
from sensorhub.daemon.doctor.system import check_clock, check_kernel, check_power
from sensorhub.daemon.doctor.wifi import check_wifi

CHECKS: tuple[Check, ...] = (
    check_adapter,
    check_bluez_version,
    check_kernel,
    check_wifi,
    check_slots,
    check_groups,
    check_serial,
    check_data_dir,
    check_disk,
    check_sqlite,
    check_clock,
    check_power,
)


async def examine(ground: Ground) -> list[Row]:
    """All rows, in order. A check that fails itself is a row that says so: never an exception."""
    rows: list[Row] = []
    for check in CHECKS:
        try:
            rows += await check(ground)
        except Exception as error:  # noqa: BLE001 (the other checks must still be seen)
            name = check.__name__.removeprefix("check_").replace("_", " ")
            found = f"It could not be looked at ({error!r}). This is a defect, please report it."
            rows.append(Row(name, Verdict.UNKNOWN, found))
    return rows
