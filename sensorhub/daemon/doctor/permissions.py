"""Groups: whoever is in them may use serial ports, and on many systems Bluetooth."""

from sensorhub.daemon.doctor.base import Ground, Row, Verdict
from sensorhub.daemon.doctor.serial_lines import port_names

GROUPS = ("bluetooth", "dialout")


async def check_groups(ground: Ground) -> list[Row]:
    """One row a group; a group that would open nothing here is only mentioned."""
    listed = ground.text("/etc/group")
    if listed is None:
        return [Row("groups", Verdict.UNKNOWN, "The groups cannot be read here (/etc/group).")]
    numbers = {}
    for line in listed.splitlines():
        fields = line.split(":")
        if len(fields) >= 3 and fields[2].isdigit():
            numbers[fields[0]] = int(fields[2])
    needed = {"bluetooth": ground.uses_bluetooth, "dialout": bool(port_names(ground))}
    return [_row(group, numbers.get(group), ground, needed=needed[group]) for group in GROUPS]


def _row(group: str, number: int | None, ground: Ground, *, needed: bool) -> Row:
    check = f"group {group}"
    if ground.user_id == 0:
        return Row(check, Verdict.OK, "You are root and need no group.")
    if number is None:
        return Row(check, Verdict.OK, "There is no such group here, so nothing asks for it.")
    if number in ground.group_ids:
        return Row(check, Verdict.OK, "You are in it.")
    verdict = Verdict.WARN if needed else Verdict.OK
    todo = f"sudo usermod -aG {group} $USER, then log in again" if needed else ""
    return Row(check, verdict, "You are not in it.", todo)
