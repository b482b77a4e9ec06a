"""The Bluetooth adapter: there, on, allowed, of a good kind, with room for the sensors."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sensorhub.daemon.doctor.base import Ground, Row, Verdict, entries, read_text
from sensorhub.daemon.sensors.bluez import ADAPTER, BLUEZ, Asked, ask_objects

MAX_SENSORS = 4
"""What the adapter built into a Raspberry Pi carries in practice; others carry five to seven."""

OLDEST_BLUEZ, WANTED_BLUEZ = (5, 55), (5, 63)
"""bleak needs the first; large installations had trouble below the second."""

BAD_ADAPTERS: Mapping[str, str] = {
    "0a12:0001": "sold as CSR8510, very often a clone that loses connections",
    "2357:0604": "TP-Link UB500, known to hang; its chip has no reset line",
}

_HCI = re.compile(r"hci\d+")
_USB_ID_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Chip:
    """An adapter as the kernel sees it: ``usb_id`` is empty for one that is built in."""

    name: str
    usb_id: str
    product: str


async def check_adapter(ground: Ground) -> list[Row]:
    """Adapter, its switch, the service, and whether we are let in."""
    asked = await ask_objects(BLUEZ, address=ground.dbus_address)
    chips = kernel_adapters(ground)
    rows = [_access(asked), *_adapters(asked, chips), *_blocked(ground)]
    known = any(ADAPTER in interfaces for interfaces in asked.objects.values())
    if known or chips or ground.uses_bluetooth:
        return rows
    # Whoever has sensors on cables only lacks nothing.
    mild = {Verdict.FAIL: Verdict.WARN}
    return [replace(row, verdict=mild.get(row.verdict, row.verdict)) for row in rows]


async def check_bluez_version(ground: Ground) -> list[Row]:
    """From the package list: BlueZ tells its version to nobody on the bus."""
    version = _package_version(ground, "bluez")
    if version is None:
        found = "The version of BlueZ cannot be known here: no package list mentions it."
        return [Row("BlueZ version", Verdict.UNKNOWN, found, "5.63 or later is good.")]
    numbers = tuple(int(part) for part in re.findall(r"\d+", version.split(":")[-1])[:2])
    if numbers < OLDEST_BLUEZ:
        return [_version(Verdict.FAIL, version, "Too old: update to 5.55 at least.")]
    if numbers < WANTED_BLUEZ:
        return [_version(Verdict.WARN, version, "Update to 5.63 or later if links are lost.")]
    return [_version(Verdict.OK, version, "")]


async def check_slots(ground: Ground) -> list[Row]:
    """As many connections as registered sensors, and no more than an adapter carries."""
    count = sum(sensor.uri.startswith("ble:") for sensor in ground.sensors)
    found = f"{count} Bluetooth sensors are registered; count on {MAX_SENSORS} at a time."
    if count > MAX_SENSORS:
        todo = "Do not wear them all at once, or connect some by cable."
        return [Row("connections", Verdict.WARN, found, todo)]
    return [Row("connections", Verdict.OK, found)]


def kernel_adapters(ground: Ground) -> list[Chip]:
    """The adapters that the kernel has, whether BlueZ runs or not."""
    return [
        _chip(path)
        for path in entries(ground.path("/sys/class/bluetooth"))
        if _HCI.fullmatch(path.name)
    ]


def _chip(path: Path) -> Chip:
    device = (path / "device").resolve()
    for folder in (device, *device.parents)[:_USB_ID_DEPTH]:
        vendor, product = read_text(folder / "idVendor"), read_text(folder / "idProduct")
        if vendor and product:
            return Chip(
                path.name, f"{vendor}:{product}".lower(), read_text(folder / "product") or ""
            )
    return Chip(path.name, "", "built in")


def _access(asked: Asked) -> Row:
    check = "Bluetooth service"
    if not asked.reached:
        return Row(
            check,
            Verdict.FAIL,
            f"The message bus (D-Bus) cannot be reached: {asked.error.rstrip('.')}.",
            "Install and start dbus and bluez; sensors on a cable work without.",
        )
    verdict, found, todo = _ACCESS.get(
        asked.error,
        (Verdict.FAIL, f"It reports {asked.error}.", "sudo systemctl restart bluetooth"),
    )
    return Row(check, verdict, found, todo)


_NOT_RUNNING = (Verdict.FAIL, "It does not run.", "sudo systemctl enable --now bluetooth")
_SILENT = (Verdict.FAIL, "It does not answer.", "sudo systemctl restart bluetooth")
_ACCESS: Mapping[str, tuple[Verdict, str, str]] = {
    "": (Verdict.OK, "It runs, and you may use it.", ""),
    "no answer": _SILENT,
    "org.freedesktop.DBus.Error.NoReply": _SILENT,
    "org.freedesktop.DBus.Error.TimedOut": _SILENT,
    "org.freedesktop.DBus.Error.ServiceUnknown": _NOT_RUNNING,
    "org.freedesktop.DBus.Error.NameHasNoOwner": _NOT_RUNNING,
    "org.freedesktop.DBus.Error.Spawn.ServiceNotFound": _NOT_RUNNING,
    "org.freedesktop.DBus.Error.AccessDenied": (
        Verdict.FAIL,
        "The bus does not let you use it (D-Bus policy).",
        "sudo usermod -aG bluetooth $USER, then log in again",
    ),
}


def _adapters(asked: Asked, chips: list[Chip]) -> list[Row]:
    known = {
        path.rpartition("/")[2]: interfaces[ADAPTER]
        for path, interfaces in asked.objects.items()
        if ADAPTER in interfaces
    }
    by_name = {chip.name: chip for chip in chips}
    rows = [
        _adapter(name, by_name.get(name), known.get(name), asked)
        for name in sorted({*known, *by_name})
    ]
    if rows:
        return rows
    todo = "Plug one in; without it only sensors on a cable can be used."
    return [Row("adapter", Verdict.FAIL, "This computer has no Bluetooth adapter.", todo)]


def _adapter(name: str, chip: Chip | None, known: Mapping[str, object] | None, asked: Asked) -> Row:
    check = f"adapter {name}"
    kind = "of unknown kind"
    if chip is not None:
        kind = f"USB {chip.usb_id} {chip.product}".rstrip() if chip.usb_id else chip.product
    if known is None:
        found = f"The kernel has it ({kind})"
        if asked.error:
            return Row(check, Verdict.UNKNOWN, f"{found}; its state cannot be known without BlueZ.")
        return Row(check, Verdict.FAIL, f"{found}, BlueZ does not.", "Plug it out and in; reboot.")
    found = f"{known.get('Address', 'no address')}, {kind}"
    if not known.get("Powered"):
        todo = "rfkill unblock bluetooth, then bluetoothctl power on"
        return Row(check, Verdict.FAIL, f"{found}: switched off.", todo)
    roles = known.get("Roles")
    if isinstance(roles, list) and "central" not in roles:
        return Row(check, Verdict.FAIL, f"{found}: cannot connect to sensors.", "Use another one.")
    if chip is not None and chip.usb_id in BAD_ADAPTERS:
        return Row(
            check,
            Verdict.WARN,
            f"{found}: {BAD_ADAPTERS[chip.usb_id]}.",
            "Where links are lost, use another adapter, on a cable away from USB 3.",
        )
    return Row(check, Verdict.OK, f"{found}, switched on.")


def _blocked(ground: Ground) -> list[Row]:
    rows = []
    for path in entries(ground.path("/sys/class/rfkill")):
        if read_text(path / "type") != "bluetooth":
            continue
        name = read_text(path / "name") or path.name
        if read_text(path / "hard") == "1":
            rows.append(Row("radio switch", Verdict.FAIL, f"{name} is blocked by a switch."))
        elif read_text(path / "soft") == "1":
            found = f"{name} is blocked."
            rows.append(Row("radio switch", Verdict.FAIL, found, "rfkill unblock bluetooth"))
    return rows


def _version(verdict: Verdict, version: str, todo: str) -> Row:
    return Row("BlueZ version", verdict, f"BlueZ {version}", todo)


def _package_version(ground: Ground, package: str) -> str | None:
    """What dpkg has installed under this name."""
    for paragraph in (ground.text("/var/lib/dpkg/status") or "").split("\n\n"):
        lines = paragraph.splitlines()
        if f"Package: {package}" in lines and "Status: install ok installed" in lines:
            return next((x[9:] for x in lines if x.startswith("Version: ")), None)
    return None
