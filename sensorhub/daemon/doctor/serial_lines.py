"""Serial ports: which there are, whether we may open them, and who has them open already."""

import os
from pathlib import Path

from sensorhub.daemon.doctor.base import Ground, Row, Verdict, entries, read_text

CHECK = "serial port"
_PREFIXES = ("ttyUSB", "ttyACM")
_SPOILERS = {"ModemManager": "It probes every port: sudo systemctl disable --now ModemManager"}


async def check_serial(ground: Ground) -> list[Row]:
    """One row a port; a single one where there is none."""
    names = port_names(ground)
    if not names:
        return [Row(CHECK, Verdict.OK, "No sensor is plugged in by cable.")]
    holders, all_seen = _holders(ground, names)
    return [_row(ground, name, holders.get(name, []), all_seen=all_seen) for name in names]


def port_names(ground: Ground) -> list[str]:
    """The ports that USB devices have made."""
    found = entries(ground.path("/sys/class/tty"))
    return [path.name for path in found if path.name.startswith(_PREFIXES)]


def _row(ground: Ground, name: str, held_by: list[tuple[int, str]], *, all_seen: bool) -> Row:
    check, port = f"{CHECK} {name}", ground.path(f"/dev/{name}")
    product = _product(ground.path(f"/sys/class/tty/{name}/device"))
    if not port.exists():
        return Row(check, Verdict.FAIL, f"{product}, but /dev/{name} is missing.", "Replug it.")
    if not os.access(port, os.R_OK | os.W_OK):
        todo = "sudo usermod -aG dialout $USER, then log in again"
        return Row(check, Verdict.FAIL, f"{product}: you may not open it.", todo)
    if held_by:
        who = ", ".join(f"{command} (process {pid})" for pid, command in held_by)
        todo = next((_SPOILERS[c] for _, c in held_by if c in _SPOILERS), "End that program first.")
        return Row(check, Verdict.WARN, f"{product}: held by {who}.", todo)
    if not all_seen:
        return Row(check, Verdict.UNKNOWN, f"{product}: you may open it; who else has is not seen.")
    return Row(check, Verdict.OK, f"{product}: free.")


def _product(device: Path) -> str:
    folder = device.resolve()
    for one in (folder, *folder.parents)[:4]:
        if name := read_text(one / "product"):
            return name
    return "A device"


def _holders(ground: Ground, names: list[str]) -> tuple[dict[str, list[tuple[int, str]]], bool]:
    """Who has which port open; and whether every program could be looked at."""
    found: dict[str, list[tuple[int, str]]] = {}
    all_seen = True
    for process in entries(ground.path("/proc")):
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            targets = {str(link.readlink()) for link in (process / "fd").iterdir()}
        except PermissionError:
            all_seen = False
            continue
        except OSError:
            continue  # it ended meanwhile
        for name in names:
            if f"/dev/{name}" in targets:
                command = read_text(process / "comm") or "a program"
                found.setdefault(name, []).append((int(process.name), command))
    return found, all_seen
