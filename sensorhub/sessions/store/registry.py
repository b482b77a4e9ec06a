"""The sensors that belong to this house: who they are, where they are worn, when last seen.

Registered means pinned: a device that answers under the same name or address, and says that it is
another, is not this sensor. Sessions do not refer to these rows, so forgetting one costs no record.
"""

import difflib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sensorhub.model.errors import InputError
from sensorhub.model.placement import Placement
from sensorhub.sessions.store.database import reading
from sensorhub.sessions.store.writer import Writer

FIRST_VERSION = 3
"""Stores older than this know no registered sensors; they are read as having none."""

MAX_NAME_LETTERS = 40

_SEE = "See sensorhub sensors."


@dataclass(frozen=True, slots=True)
class RegisteredSensor:
    """One sensor of this house.

    Attributes:
        name: what people call it; unlike any other, letter case aside.
        uri: how it is reached: for Bluetooth by its address, never by a name anybody can take.
        placement: where it is usually worn; None where that changes.
        device_id: what it calls itself; empty where its kind says nothing.
        bonded: a bond was made when it was added; without it, it is not believed.
        battery_percent: when it last said so; None: never.
        seen: when it was last connected; None: not since it was added.
    """

    name: str
    uri: str
    family: str
    placement: Placement | None = None
    device_id: str = ""
    bonded: bool = False
    model: str = ""
    firmware: str = ""
    battery_percent: int | None = None
    added: datetime | None = None
    seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sighted:
    """What a run learned of a sensor; empty and None leave what was known."""

    seen: datetime
    model: str = ""
    firmware: str = ""
    battery_percent: int | None = None


def registered_sensors(path: Path) -> tuple[RegisteredSensor, ...]:
    """All of them, by name; none where there is no store yet. Raises StoreError."""
    if not path.exists():
        return ()
    with reading(path, oldest=1) as db:
        if db.execute("PRAGMA user_version").fetchone()[0] < FIRST_VERSION:
            return ()
        return _all(db)


def find_sensor(name: str, sensors: Sequence[RegisteredSensor]) -> RegisteredSensor:
    """The one of this name, letter case aside. Raises InputError with the nearest names."""
    for sensor in sensors:
        if sensor.name.casefold() == name.casefold():
            return sensor
    names = [sensor.name for sensor in sensors]
    if not names:
        raise InputError(
            f"No sensor is registered, so none is called {name!r}.",
            hint="sensorhub sensors add registers one.",
        )
    near = difflib.get_close_matches(name, names, n=2, cutoff=0.4) or names[:5]
    raise InputError(f"No sensor is called {name!r}.", hint=f"There is {', '.join(near)}.")


def check_name(name: str) -> str:
    """The name without spaces around it. Raises InputError where it cannot be one."""
    stripped = name.strip()
    if not 0 < len(stripped) <= MAX_NAME_LETTERS or not stripped.isprintable():
        raise InputError(
            f"A sensor's name has 1 to {MAX_NAME_LETTERS} letters.", hint='Such as "right thigh".'
        )
    if set(stripped) & set(":=?"):
        raise InputError(
            f"{stripped!r} cannot be a sensor's name: no colon, = or ? may be in it.",
            hint="These tell an address from a name.",
        )
    return stripped


def refuse_taken(sensor: RegisteredSensor, others: Sequence[RegisteredSensor]) -> None:
    """Refuse what could not be registered beside these: before it is met, and when it is added.

    What is empty is not known yet, and is not taken.

    Raises InputError: its name, address, identity or place is another's.
    """
    for other in others:
        if sensor.name and other.name.casefold() == sensor.name.casefold():
            raise InputError(f"There is a sensor called {sensor.name!r} already.", hint=_SEE)
        if sensor.uri and other.uri == sensor.uri:
            known = f"{sensor.uri} is registered already, as {other.name!r}."
            raise InputError(known, hint=_SEE)
        identity = (sensor.family, sensor.device_id)
        if sensor.device_id and (other.family, other.device_id) == identity:
            known = f"The sensor {sensor.device_id} is registered already, as {other.name!r}."
            raise InputError(known, hint=_SEE)
    _refuse_place(sensor.placement, others)


class Registry:
    """Changes to the registered sensors. Each waits until it is durable, but for :meth:`sighted`.

    Made by :attr:`~sensorhub.sessions.store.store.Store.registry`.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def add(self, sensor: RegisteredSensor) -> None:
        """Register one. Raises InputError where name, address, place or identity is taken."""
        check_name(sensor.name)

        def job(db: sqlite3.Connection) -> None:
            refuse_taken(sensor, _all(db))
            db.execute(
                "INSERT INTO registered_sensor (name, uri, family, placement, device_id, bonded,"
                " model, firmware, battery_percent, added_utc, seen_utc)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    sensor.name,
                    sensor.uri,
                    sensor.family,
                    sensor.placement or "",
                    sensor.device_id,
                    sensor.bonded,
                    sensor.model,
                    sensor.firmware,
                    sensor.battery_percent,
                    _text(sensor.added or datetime.now(UTC)),
                    None if sensor.seen is None else _text(sensor.seen),
                ),
            )

        self._writer.call(job)

    def rename(self, name: str, new_name: str) -> None:
        """Call it something else. Raises InputError: no such sensor, or the name is taken."""
        wanted = check_name(new_name)

        def job(db: sqlite3.Connection) -> None:
            row = _row(db, name)
            refuse_taken(RegisteredSensor(wanted, "", ""), _all(db, besides=row))
            db.execute("UPDATE registered_sensor SET name = ? WHERE id = ?", (wanted, row))

        self._writer.call(job)

    def place(self, name: str, placement: Placement | None) -> None:
        """Where it is usually worn. Raises InputError: no such sensor, or the place is taken."""

        def job(db: sqlite3.Connection) -> None:
            row = _row(db, name)
            _refuse_place(placement, _all(db, besides=row))
            db.execute(
                "UPDATE registered_sensor SET placement = ? WHERE id = ?", (placement or "", row)
            )

        self._writer.call(job)

    def forget(self, name: str) -> None:
        """Register it no longer; its sessions and calibrations stay. Raises InputError."""
        self._writer.call(
            lambda db: db.execute("DELETE FROM registered_sensor WHERE id = ?", (_row(db, name),))
        )

    def sighted(self, name: str, sighted: Sighted) -> None:
        """Note what a run learned of it, without waiting; of one that is gone, nothing."""
        battery = sighted.battery_percent
        known = battery if battery is not None and 0 <= battery <= 100 else None
        self._writer.post(
            lambda db: db.execute(
                "UPDATE registered_sensor SET seen_utc = ?,"
                " model = CASE ? WHEN '' THEN model ELSE ? END,"
                " firmware = CASE ? WHEN '' THEN firmware ELSE ? END,"
                " battery_percent = coalesce(?, battery_percent) WHERE name = ?",
                (
                    _text(sighted.seen),
                    *(sighted.model,) * 2,
                    *(sighted.firmware,) * 2,
                    known,
                    name,
                ),
            )
        )


def _refuse_place(placement: Placement | None, others: Sequence[RegisteredSensor]) -> None:
    """Two sensors of one place would leave open which of them is meant."""
    for other in others:
        if placement is not None and other.placement is placement:
            raise InputError(
                f"The sensor {other.name!r} is worn on the {placement} already.",
                hint=f'Free the place first: sensorhub sensors place "{other.name}" nowhere',
            )


def _all(db: sqlite3.Connection, *, besides: int | None = None) -> tuple[RegisteredSensor, ...]:
    rows = db.execute(
        "SELECT name, uri, family, placement, device_id, bonded, model, firmware,"
        " battery_percent, added_utc, seen_utc FROM registered_sensor WHERE id IS NOT ?"
        " ORDER BY name",
        (besides,),
    )
    return tuple(map(_sensor, rows))


def _row(db: sqlite3.Connection, name: str) -> int:
    found = db.execute("SELECT id FROM registered_sensor WHERE name = ?", (name,)).fetchone()
    if found is None:
        raise InputError(f"No sensor is called {name!r}.", hint="See sensorhub sensors.")
    return int(found[0])


def _sensor(row: tuple[object, ...]) -> RegisteredSensor:
    name, uri, family, placement, device_id, bonded, model, firmware, battery, added, seen = row
    return RegisteredSensor(
        name=str(name),
        uri=str(uri),
        family=str(family),
        placement=Placement(str(placement)) if placement else None,
        device_id=str(device_id),
        bonded=bool(bonded),
        model=str(model),
        firmware=str(firmware),
        battery_percent=battery if isinstance(battery, int) else None,
        added=datetime.fromisoformat(str(added)),
        seen=None if seen is None else datetime.fromisoformat(str(seen)),
    )


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
