"""The sensors of this house: find one, add it, say where it is worn, forget it."""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict

from sensorhub.model.placement import Placement
from sensorhub.web.calls import Call, Endpoint, Refuse
from sensorhub.web.ports import BusyError, SensorPort
from sensorhub.web.roles import Role

MAX_TARGET = 200


async def known(call: Call) -> object:
    """The registered sensors and the places there are; ``can_change`` False: they were given."""
    desk = call.page.desk
    return {
        "can_change": desk is not None,
        "sensors": [] if desk is None else [asdict(sensor) for sensor in desk.known()],
        # Somebody who is here knows which thigh it is.
        "placements": [place.value for place in Placement if place is not Placement.THIGH],
    }


async def look(call: Call) -> object:
    """What could be added."""
    with _desk(call) as desk:
        return asdict(await desk.look())


async def add(call: Call) -> object:
    """Register one that was found."""
    target = await call.text("target", longest=MAX_TARGET)
    name, placement = await call.text("name"), await call.text("placement")
    with _desk(call) as desk:
        return asdict(await desk.add(target, name=name, placement=placement))


async def place(call: Call) -> object:
    """Where it is usually worn."""
    name, placement = await call.text("name"), await call.text("placement")
    with _desk(call) as desk:
        await desk.place(name, placement)
    return {"name": name, "placement": placement}


async def forget(call: Call) -> object:
    """Register it no longer."""
    name = await call.text("name")
    with _desk(call) as desk:
        await desk.forget(name)
    return {"forgotten": name}


@contextlib.contextmanager
def _desk(call: Call) -> Iterator[SensorPort]:
    if call.page.desk is None:
        raise Refuse(409, "sensors_given")
    try:
        yield call.page.desk
    except BusyError:
        raise Refuse(409, "busy_sensors") from None


ENDPOINTS = (
    Endpoint("GET", "/api/sensors/known", Role.THERAPIST, known),
    Endpoint("POST", "/api/sensors/look", Role.THERAPIST, look),
    Endpoint("POST", "/api/sensors/add", Role.THERAPIST, add),
    Endpoint("POST", "/api/sensors/place", Role.THERAPIST, place),
    Endpoint("POST", "/api/sensors/forget", Role.THERAPIST, forget),
)
