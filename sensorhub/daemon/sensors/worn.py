"""From what a person wrote after ``--sensor``, and what is registered, to sensors in places."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sensorhub.model.errors import InputError
from sensorhub.model.placement import Placement
from sensorhub.sessions.store.registry import RegisteredSensor, find_sensor
from sensorhub.transports.uri import SCHEMES, SensorUri, parse_uri


@dataclass(frozen=True, slots=True)
class WornSensors:
    """Where each sensor is worn; ``registered`` are those among them that must be who they were."""

    uris: Mapping[Placement, SensorUri]
    registered: Mapping[Placement, RegisteredSensor]


def worn_sensors(texts: Sequence[str], *, registered: Sequence[RegisteredSensor]) -> WornSensors:
    """Read ``thigh_right=serial:/dev/ttyACM0``, ``thigh_right=NAME``, ``NAME`` ...

    Raises InputError with what it should be.
    """
    uris: dict[Placement, SensorUri] = {}
    known: dict[Placement, RegisteredSensor] = {}
    for text in texts:
        placement, sensor, uri = _one(text, registered)
        if placement in uris:
            raise InputError(
                f"Two sensors are given for {placement}.", hint="Wear one in each place."
            )
        uris[placement] = uri
        if sensor is not None:
            known[placement] = sensor
    addresses = [str(uri) for uri in uris.values()]
    if len(set(addresses)) != len(addresses):
        raise InputError("One sensor cannot be worn in two places.", hint="Check the addresses.")
    return WornSensors(uris, known)


def registered_worn(
    registered: Sequence[RegisteredSensor], *, wanted: Iterable[Placement]
) -> WornSensors:
    """The registered sensors that have a place, of those places that are of use.

    Raises InputError where there is none.
    """
    placed = {s.placement: s for s in registered if s.placement is not None}
    useful = {place: placed[place] for place in dict.fromkeys(wanted) if place in placed}
    if useful:
        return WornSensors({place: parse_uri(s.uri) for place, s in useful.items()}, useful)
    if not registered:
        raise InputError(
            "Which sensor? None is given, and none is registered.",
            hint="Say --sensor thigh_right=URI, or register yours once: sensorhub sensors add.",
        )
    if not placed:
        raise InputError(
            "No registered sensor has a place on the body.",
            hint=f'Say where: sensorhub sensors place "{registered[0].name}" thigh_right',
        )
    raise InputError(
        f"None of the registered sensors is worn where it is of use here (they are on"
        f" {', '.join(placed)}).",
        hint="Say --sensor WHERE=NAME.",
    )


def find_uri(text: str, *, registered: Sequence[RegisteredSensor]) -> SensorUri:
    """The sensor of this URI or registered name. Raises InputError."""
    return _target(text, registered)[1]


def owner_of(uri: SensorUri, registered: Sequence[RegisteredSensor]) -> RegisteredSensor | None:
    """The registered sensor that is reached so; None: nobody's."""
    return next((sensor for sensor in registered if sensor.uri == str(uri)), None)


def read_placement(where: str) -> Placement:
    """A place on the body by its name. Raises InputError with the nearest ones."""
    names = [place.value for place in Placement]
    if where in names:
        return Placement(where)
    near = difflib.get_close_matches(where, names, n=2, cutoff=0.4) or names
    raise InputError(
        f"There is no place {where!r} to wear a sensor.", hint=f"Did you mean {' or '.join(near)}?"
    )


def _one(
    text: str, registered: Sequence[RegisteredSensor]
) -> tuple[Placement, RegisteredSensor | None, SensorUri]:
    where, equals, target = text.partition("=")
    if equals and not _is_uri(where):
        placement = read_placement(where)
        sensor, uri = _target(target, registered)
        return placement, sensor, uri
    if _is_uri(text) or not registered:
        raise InputError(
            f"--sensor {text!r} does not say where the sensor is worn.",
            hint=f"Write --sensor thigh_right={text}",
        )
    sensor = find_sensor(text, registered)
    if sensor.placement is None:
        raise InputError(
            f"It is not known where the sensor {sensor.name!r} is worn.",
            hint=f'Write --sensor thigh_right="{sensor.name}"',
        )
    return sensor.placement, sensor, parse_uri(sensor.uri)


def _target(
    text: str, registered: Sequence[RegisteredSensor]
) -> tuple[RegisteredSensor | None, SensorUri]:
    if not _is_uri(text) and registered and ":" not in text:
        sensor = find_sensor(text, registered)
        return sensor, parse_uri(sensor.uri)
    uri = parse_uri(text)
    return owner_of(uri, registered), uri


def _is_uri(text: str) -> bool:
    return text.partition(":")[0].lower() in SCHEMES and ":" in text
