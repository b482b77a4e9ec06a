"""The doctor's checks on made-up ground: folders for /proc, /sys ..., a simulated BlueZ."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from dbus_fast import Message, Variant

from firmware_sim.bluez import FakeBlueZ, PrivateBus, bluez_error
from firmware_sim.links.world import World
from sensorhub.daemon.doctor import table
from sensorhub.daemon.doctor.base import Disk, Ground, Row, Verdict, disk_of, nearest_existing
from sensorhub.daemon.doctor.bluetooth import check_adapter, check_bluez_version, check_slots
from sensorhub.daemon.doctor.kernel_clock import clock_synchronised
from sensorhub.daemon.doctor.permissions import check_groups
from sensorhub.daemon.doctor.serial_lines import check_serial
from sensorhub.daemon.doctor.storage import check_data_dir, check_disk, check_sqlite
from sensorhub.daemon.doctor.system import check_clock, check_kernel, check_power
from sensorhub.daemon.doctor.wifi import NETWORK_MANAGER, check_wifi
from sensorhub.daemon.sensors import bluez as bluez_module
from sensorhub.sessions.store.registry import RegisteredSensor

LEG = RegisteredSensor("leg", "ble:C0:00:00:00:00:01?family=omp", "omp")
CABLE = RegisteredSensor("cable", "serial:/dev/ttyACM0", "omp")
OK, WARN, FAIL, UNKNOWN = Verdict.OK, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN


def ground(root: Path, **changed: object) -> Ground:
    """An empty computer, no bus."""
    settings: dict[str, object] = {
        "data_dir": root / "data",
        "root": root,
        "dbus_address": f"unix:path={root}/bus",
        "user_id": 1000,
        "group_ids": frozenset({1000}),
        "disk": lambda _: Disk(32_000_000_000, 8_000_000_000),
        "clock_synchronised": lambda: None,
        **changed,
    }
    return Ground(**settings)  # type: ignore[arg-type]


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def rows(check: Callable[[Ground], Awaitable[list[Row]]], on: Ground) -> list[Row]:
    async def looked() -> list[Row]:
        return await check(on)

    return asyncio.run(looked())


def only(check: Callable[[Ground], Awaitable[list[Row]]], on: Ground) -> Row:
    [row] = rows(check, on)
    return row


@asynccontextmanager
async def bluez_bus(root: Path):
    """A simulated BlueZ; its adapter is hci0."""
    bus = PrivateBus(root / "bus")
    bluez = FakeBlueZ(bus, World(speed=1.0))
    bus.start()
    bluez.start()
    try:
        yield bus, bluez
    finally:
        await bluez.stop()
        bus.stop()


def with_bluez(
    root: Path,
    check: Callable[[Ground], Awaitable[list[Row]]],
    *,
    prepare: Callable[[PrivateBus, FakeBlueZ], None] = lambda *_: None,
    **changed: object,
) -> dict[str, Row]:
    async def scenario() -> list[Row]:
        async with bluez_bus(root) as (bus, bluez):
            prepare(bus, bluez)
            return await check(ground(root, **changed))

    return {row.check: row for row in asyncio.run(scenario())}


def usb_adapter(root: Path, usb_id: str, name: str = "hci0") -> None:
    vendor, product = usb_id.split(":")
    device = "sys/devices/usb1/1-1"
    write(
        root,
        {
            f"{device}/idVendor": vendor + "\n",
            f"{device}/idProduct": product + "\n",
            f"{device}/product": "Some Dongle\n",
            f"{device}/1-1:1.0/bluetooth/{name}/uevent": "",
        },
    )
    link = root / "sys/class/bluetooth" / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(f"../../devices/usb1/1-1/1-1:1.0/bluetooth/{name}")
    (root / device / "1-1:1.0/bluetooth" / name / "device").symlink_to("../../../1-1:1.0")


# --- Bluetooth ------------------------------------------------------------------------------------


def test_an_adapter_that_is_there_and_on(tmp_path: Path) -> None:
    usb_adapter(tmp_path, "0bda:8771")
    found = with_bluez(tmp_path, check_adapter, sensors=(LEG,))
    assert {row.verdict for row in found.values()} == {OK}
    adapter = found["adapter hci0"]
    assert "F0:F0:F0:F0:F0:00" in adapter.found
    assert "USB 0bda:8771 Some Dongle" in adapter.found


def test_an_adapter_that_is_built_in(tmp_path: Path) -> None:
    write(tmp_path, {"sys/class/bluetooth/hci0/address": ""})
    assert "built in" in with_bluez(tmp_path, check_adapter)["adapter hci0"].found


@pytest.mark.parametrize("usb_id", ["0a12:0001", "2357:0604", "0A12:0001"])
def test_adapters_of_known_bad_kinds(tmp_path: Path, usb_id: str) -> None:
    usb_adapter(tmp_path, usb_id)
    row = with_bluez(tmp_path, check_adapter)["adapter hci0"]
    assert row.verdict is WARN
    assert usb_id.lower() in row.found
    assert "another adapter" in row.todo


def test_an_adapter_that_is_off(tmp_path: Path) -> None:
    found = with_bluez(tmp_path, check_adapter, prepare=lambda _, bluez: bluez.power(on=False))
    row = found["adapter hci0"]
    assert row.verdict is FAIL
    assert "rfkill unblock" in row.todo


def test_an_adapter_that_the_kernel_has_and_bluez_has_not(tmp_path: Path) -> None:
    usb_adapter(tmp_path, "0bda:8771")
    row = with_bluez(tmp_path, check_adapter, prepare=lambda _, b: b.remove_adapter())
    assert row["adapter hci0"].verdict is FAIL
    assert row["Bluetooth service"].verdict is OK
    row = {one.check: one for one in rows(check_adapter, ground(tmp_path))}
    assert row["adapter hci0"].verdict is UNKNOWN


@pytest.mark.parametrize(("sensors", "verdict"), [((LEG,), FAIL), ((CABLE,), WARN), ((), WARN)])
def test_no_adapter_is_bad_for_those_who_need_one(
    tmp_path: Path, sensors: tuple[RegisteredSensor, ...], verdict: Verdict
) -> None:
    row = with_bluez(
        tmp_path, check_adapter, prepare=lambda _, b: b.remove_adapter(), sensors=sensors
    )["adapter"]
    assert row.verdict is verdict
    assert "no Bluetooth adapter" in row.found
    without_bus = {one.check: one for one in rows(check_adapter, ground(tmp_path, sensors=sensors))}
    assert without_bus["Bluetooth service"].verdict is verdict
    assert "D-Bus" in without_bus["Bluetooth service"].found


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (lambda _, bluez: bluez.kill(), "systemctl enable --now bluetooth"),
        (lambda _, bluez: bluez.freeze(), "systemctl restart bluetooth"),
        (
            lambda _, bluez: bluez.fault(
                "GetManagedObjects", denied("org.freedesktop.DBus.Error.AccessDenied")
            ),
            "usermod -aG bluetooth",
        ),
        (
            lambda _, bluez: bluez.fault("GetManagedObjects", bluez_error("Odd", "?")),
            "systemctl restart bluetooth",
        ),
    ],
)
def test_a_service_that_cannot_be_used(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[PrivateBus, FakeBlueZ], None],
    says: str,
) -> None:
    monkeypatch.setattr(bluez_module, "PATIENCE_S", 0.3)
    row = with_bluez(tmp_path, check_adapter, prepare=prepare, sensors=(LEG,))["Bluetooth service"]
    assert row.verdict is FAIL
    assert says in row.todo


def denied(name: str):
    error = bluez_error("x", "not allowed")
    return type(error)(name, "not allowed")


@pytest.mark.parametrize(("kind", "says"), [("soft", "rfkill"), ("hard", "")])
def test_a_radio_that_is_blocked(tmp_path: Path, kind: str, says: str) -> None:
    usb_adapter(tmp_path, "0bda:8771")
    for number, (name, type_) in enumerate((("phy0", "wlan"), ("hci0", "bluetooth"))):
        at = f"sys/class/rfkill/rfkill{number}"
        write(
            tmp_path,
            {f"{at}/type": type_, f"{at}/name": name, f"{at}/soft": "0", f"{at}/hard": "0"},
        )
        write(tmp_path, {f"{at}/{kind}": "1"})
    row = with_bluez(tmp_path, check_adapter)["radio switch"]
    assert row.verdict is FAIL
    assert row.found.startswith("hci0 is blocked")
    assert says in row.todo


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ("5.66-1+deb12u2", OK),
        ("5.82-1", OK),
        ("5.55-3.1", WARN),
        ("5.50-1.2", FAIL),
        ("1:5.63", OK),
    ],
)
def test_the_version_of_bluez(tmp_path: Path, version: str, verdict: Verdict) -> None:
    listed = (
        "Package: bluez-cups\nStatus: install ok installed\nVersion: 4.0\n\n"
        f"Package: bluez\nStatus: install ok installed\nVersion: {version}\n\nPackage: z\n"
    )
    write(tmp_path, {"var/lib/dpkg/status": listed})
    row = only(check_bluez_version, ground(tmp_path))
    assert (row.verdict, row.found) == (verdict, f"BlueZ {version}")


def test_a_version_of_bluez_that_nobody_tells(tmp_path: Path) -> None:
    assert only(check_bluez_version, ground(tmp_path)).verdict is UNKNOWN
    removed = "Package: bluez\nStatus: deinstall ok config-files\nVersion: 5.66\n"
    write(tmp_path, {"var/lib/dpkg/status": removed})
    assert only(check_bluez_version, ground(tmp_path)).verdict is UNKNOWN


def test_more_sensors_than_connections(tmp_path: Path) -> None:
    assert only(check_slots, ground(tmp_path, sensors=(LEG,) * 4 + (CABLE,) * 4)).verdict is OK
    assert only(check_slots, ground(tmp_path, sensors=(LEG,) * 5)).verdict is WARN


# --- Wi-Fi ----------------------------------------------------------------------------------------


def network_manager(bus: PrivateBus, frequency_mhz: int) -> None:
    """One wireless device, connected to an access point; another one is only heard."""
    base = "/org/freedesktop/NetworkManager"
    objects = {
        f"{base}/Devices/2": {
            f"{NETWORK_MANAGER}.Device.Wireless": {
                "ActiveAccessPoint": Variant("o", f"{base}/AccessPoint/1")
            }
        },
        **{
            f"{base}/AccessPoint/{number}": {
                f"{NETWORK_MANAGER}.AccessPoint": {"Frequency": Variant("u", mhz)}
            }
            for number, mhz in ((1, frequency_mhz), (2, 2412))
        },
    }

    def answer(call: Message) -> None:
        assert (call.path, call.member) == ("/org/freedesktop", "GetManagedObjects")
        bus.reply(call, "a{oa{sa{sv}}}", [objects])

    bus.own(NETWORK_MANAGER, answer)


@pytest.mark.parametrize(("mhz", "verdict"), [(2437, WARN), (5180, OK), (5955, OK)])
def test_the_band_that_wifi_uses(tmp_path: Path, mhz: int, verdict: Verdict) -> None:
    write(
        tmp_path,
        {
            "sys/class/net/wlan0/phy80211/name": "phy0",
            "sys/class/net/wlan0/operstate": "up\n",
            "sys/class/net/eth0/operstate": "up\n",
        },
    )
    row = with_bluez(tmp_path, check_wifi, prepare=lambda bus, _: network_manager(bus, mhz))[
        "Wi-Fi"
    ]
    assert row.verdict is verdict
    assert f"{mhz} MHz" in row.found


def test_wifi_that_is_not_used_and_wifi_that_nobody_tells_of(tmp_path: Path) -> None:
    assert only(check_wifi, ground(tmp_path)).verdict is OK
    write(tmp_path, {"sys/class/net/wlan0/wireless/x": "", "sys/class/net/wlan0/operstate": "down"})
    assert only(check_wifi, ground(tmp_path)).verdict is OK
    write(tmp_path, {"sys/class/net/wlan0/operstate": "up"})
    row = only(check_wifi, ground(tmp_path))
    assert row.verdict is UNKNOWN
    assert "wlan0" in row.found


# --- groups and serial ports ----------------------------------------------------------------------

GROUP_FILE = {"etc/group": "root:x:0:\ndialout:x:20:pi\nbluetooth:x:112:\nbroken\n"}


def test_groups_of_somebody_who_is_in_them(tmp_path: Path) -> None:
    write(tmp_path, GROUP_FILE)
    on = ground(tmp_path, group_ids=frozenset({20, 112}))
    assert [row.found for row in rows(check_groups, on)] == ["You are in it."] * 2


def test_groups_are_missed_only_where_they_are_needed(tmp_path: Path) -> None:
    write(tmp_path, GROUP_FILE)
    assert [row.verdict for row in rows(check_groups, ground(tmp_path))] == [OK, OK]
    write(tmp_path, {"sys/class/tty/ttyUSB0/x": ""})
    bluetooth, dialout = rows(check_groups, ground(tmp_path, sensors=(LEG,)))
    assert (bluetooth.verdict, dialout.verdict) == (WARN, WARN)
    assert "usermod -aG dialout" in dialout.todo
    assert [r.verdict for r in rows(check_groups, ground(tmp_path, user_id=0))] == [OK, OK]


def test_groups_where_there_are_none(tmp_path: Path) -> None:
    assert only(check_groups, ground(tmp_path)).verdict is UNKNOWN
    write(tmp_path, {"etc/group": "root:x:0:\n"})
    assert [row.verdict for row in rows(check_groups, ground(tmp_path))] == [OK, OK]


def port(root: Path, name: str = "ttyACM0") -> None:
    write(root, {f"sys/class/tty/{name}/device/product": "Open Motion\n", f"dev/{name}": ""})


def process(root: Path, pid: int, command: str, *opened: str) -> Path:
    write(root, {f"proc/{pid}/comm": command + "\n"})
    folder = root / f"proc/{pid}/fd"
    folder.mkdir(exist_ok=True)
    for number, target in enumerate(opened):
        (folder / str(number)).symlink_to(target)
    return folder


def test_a_free_port_and_no_port(tmp_path: Path) -> None:
    assert "No sensor is plugged in" in only(check_serial, ground(tmp_path)).found
    port(tmp_path)
    write(tmp_path, {"sys/class/tty/tty0/x": "", "proc/meminfo": ""})
    process(tmp_path, 100, "bash", "/dev/null")
    row = only(check_serial, ground(tmp_path))
    assert (row.check, row.verdict) == ("serial port ttyACM0", OK)
    assert row.found == "Open Motion: free."


@pytest.mark.parametrize(
    ("command", "says"), [("ModemManager", "disable --now ModemManager"), ("screen", "End that")]
)
def test_who_holds_a_port(tmp_path: Path, command: str, says: str) -> None:
    port(tmp_path)
    process(tmp_path, 4711, command, "/dev/null", "/dev/ttyACM0")
    row = only(check_serial, ground(tmp_path))
    assert row.verdict is WARN
    assert f"{command} (process 4711)" in row.found
    assert says in row.todo


def test_a_port_that_is_half_gone(tmp_path: Path) -> None:
    port(tmp_path)
    (tmp_path / "dev/ttyACM0").unlink()
    assert only(check_serial, ground(tmp_path)).verdict is FAIL


def test_ports_that_one_may_not_open_and_programs_that_one_may_not_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port(tmp_path)
    hidden = process(tmp_path, 1, "init")
    real = Path.iterdir

    def iterdir(path: Path):
        if path == hidden:
            raise PermissionError
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    row = only(check_serial, ground(tmp_path))
    assert row.verdict is UNKNOWN
    monkeypatch.setattr(os, "access", lambda *_: False)
    row = only(check_serial, ground(tmp_path))
    assert row.verdict is FAIL
    assert "dialout" in row.todo


# --- storage, system ------------------------------------------------------------------------------


@pytest.mark.parametrize(("free_mb", "verdict"), [(50, FAIL), (500, WARN), (5000, OK)])
def test_room_on_the_disk(tmp_path: Path, free_mb: int, verdict: Verdict) -> None:
    disk = Disk(32_000_000_000, free_mb * 1_000_000)
    row = only(check_disk, ground(tmp_path, disk=lambda _: disk))
    assert row.verdict is verdict
    assert f"{free_mb} MB of 32000 MB" in row.found


def test_a_disk_that_does_not_say(tmp_path: Path) -> None:
    def broken(_: Path) -> Disk:
        raise OSError(5, "Input/output error")

    assert only(check_disk, ground(tmp_path, disk=broken)).verdict is UNKNOWN
    assert disk_of(tmp_path / "not" / "yet").free > 0
    assert nearest_existing(tmp_path / "not" / "yet") == tmp_path


def test_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(check_data_dir, ground(tmp_path)).verdict is OK
    assert only(check_data_dir, ground(tmp_path, store_problem="damaged")).found == "damaged"
    (tmp_path / "data").write_text("a file")
    assert only(check_data_dir, ground(tmp_path)).verdict is FAIL
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "may not write" in only(check_data_dir, ground(tmp_path, data_dir=tmp_path)).found


@pytest.mark.parametrize(
    ("version", "verdict", "bug"),
    [
        ((3, 36, 0), FAIL, False),
        ((3, 40, 1), OK, True),
        ((3, 51, 2), OK, True),
        ((3, 51, 3), OK, False),
    ],
)
def test_sqlite(tmp_path: Path, version: tuple[int, ...], verdict: Verdict, bug: bool) -> None:
    row = only(check_sqlite, ground(tmp_path, sqlite_version=version))
    assert row.verdict is verdict
    assert ("WAL-reset" in row.found) is bug


@pytest.mark.parametrize(
    ("release", "verdict"),
    [
        ("6.1.0-rpi7-rpi-v8", OK),
        ("5.15.62", OK),
        ("5.15.61-v8+", WARN),
        ("5.10", WARN),
        (None, UNKNOWN),
    ],
)
def test_the_kernel(tmp_path: Path, release: str | None, verdict: Verdict) -> None:
    if release is not None:
        write(tmp_path, {"proc/sys/kernel/osrelease": release + "\n"})
    assert only(check_kernel, ground(tmp_path)).verdict is verdict


@pytest.mark.parametrize(("said", "verdict"), [(True, OK), (False, WARN), (None, UNKNOWN)])
def test_the_clock(tmp_path: Path, said: bool | None, verdict: Verdict) -> None:
    assert only(check_clock, ground(tmp_path, clock_synchronised=lambda: said)).verdict is verdict


def test_the_kernels_own_clock_can_be_asked_here() -> None:
    assert clock_synchronised() in (True, False, None)


@pytest.mark.parametrize(
    ("bits", "verdict", "says"),
    [
        ("0", OK, "neither"),
        ("50000", WARN, "under-voltage, throttled since"),
        ("50005", FAIL, "under-voltage, throttled now"),
        ("8", FAIL, "too hot now"),
        ("nonsense", UNKNOWN, "does not tell"),
        (None, UNKNOWN, "does not tell"),
    ],
)
def test_the_power_of_a_raspberry_pi(
    tmp_path: Path, bits: str | None, verdict: Verdict, says: str
) -> None:
    write(tmp_path, {"proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0"})
    if bits is not None:
        write(tmp_path, {"sys/devices/platform/soc/soc:firmware/get_throttled": bits + "\n"})
    row = only(check_power, ground(tmp_path))
    assert row.verdict is verdict
    assert says in row.found
    assert "\0" not in row.found


def test_another_computer_has_no_such_power(tmp_path: Path) -> None:
    assert only(check_power, ground(tmp_path)).verdict is OK


# --- all of them ----------------------------------------------------------------------------------


def test_an_empty_computer_gives_rows_and_no_traceback(tmp_path: Path) -> None:
    found = rows(table.examine, ground(tmp_path))
    assert len(found) >= len(table.CHECKS)
    for row in found:
        assert row.found
        assert "defect" not in row.found
        assert row.todo or row.verdict in (OK, UNKNOWN)


def test_a_check_with_a_mistake_in_it_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check_luck(_: Ground) -> list[Row]:
        raise ZeroDivisionError

    monkeypatch.setattr(table, "CHECKS", (check_luck, check_kernel))
    luck, kernel = rows(table.examine, ground(tmp_path))
    assert (luck.check, luck.verdict) == ("luck", UNKNOWN)
    assert "report it" in luck.found
    assert kernel.check == "kernel"
