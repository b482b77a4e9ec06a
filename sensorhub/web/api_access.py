"""Pairing, devices and people."""

import asyncio
import logging
from typing import Any

from starlette.responses import JSONResponse, Response

from sensorhub.sessions.store.reader import StoreReader
from sensorhub.web.access import LIFE_S
from sensorhub.web.calls import COOKIE, Call, Endpoint, Refuse
from sensorhub.web.codes import MOST
from sensorhub.web.pairing import RefusedError
from sensorhub.web.roles import Grant, Role

_LOG = logging.getLogger(__name__)


async def pair(call: Call) -> Response:
    """Take a PIN; the device is told its token in a cookie that no script can read."""
    pin = await call.text("pin", longest=12)
    try:
        invitation = call.page.pairing.use("".join(pin.split()))
    except RefusedError as refusal:
        raise Refuse(429, refusal.code, wait_s=round(refusal.wait_s, 1)) from None
    known = call.grant
    if known is not None and known.role is invitation.role is Role.PATIENT:
        # One more person on a device that people share.
        call.page.access.show(known, invitation.person)
        _LOG.info("a person was added to a device")
        return JSONResponse({"paired": True})
    if known is not None:
        call.page.access.revoke(known.id)
    token = call.page.access.pair(invitation.role, invitation.person)
    _LOG.info("a device was paired as %s", invitation.role)
    response = JSONResponse({"paired": True})
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(LIFE_S),
        httponly=True,
        samesite="strict",
        secure=call.request.url.scheme == "https",
        path="/",
    )
    return response


async def me(call: Call) -> object:
    """Who this device shows, and what it may do."""
    grant = call.grant
    if grant is None:
        return {"paired": False}
    return {
        "paired": True,
        "role": grant.role.value,
        "person": grant.person,
        "people": (people := await _people(call.page.store, grant)),
        "locked": [person for person in people if call.page.codes.has(person)],
        "busy": call.page.hub.running_for is not None,
        "mine": call.page.hub.running_for == grant.person,
    }


async def leave(call: Call) -> Response:
    """Forget this device."""
    call.page.access.revoke(call.who.id)
    response = JSONResponse({"paired": False})
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


async def switch(call: Call) -> object:
    """Show another person on this device: only one it may show."""
    person = await call.text("person", longest=40)
    if person not in await _people(call.page.store, call.who):
        raise Refuse(404, "no_such_person")
    if not call.who.role.may_act_as(Role.THERAPIST):
        try:
            call.page.codes.check(person, str((await call.body()).get("code", "")))
        except RefusedError as refusal:
            raise Refuse(429, refusal.code, wait_s=round(refusal.wait_s, 1)) from None
    call.page.access.show(call.who, person)
    return {"person": person}


async def set_code(call: Call) -> object:
    """The shown person's own code, asked for when somebody switches to them; empty: none."""
    try:
        call.page.codes.keep(call.person, await call.text("code", longest=MOST))
    except ValueError:
        raise Refuse(400, "code_length") from None
    return {"locked": call.page.codes.has(call.person)}


async def forget_code(call: Call) -> object:
    """A forgotten code is taken away by an administrator; nobody can read it."""
    if call.path("person") not in await _people(call.page.store, call.who):
        raise Refuse(404, "no_such_person")
    call.page.codes.keep(call.path("person"), "")
    return {"locked": False}


async def add_person(call: Call) -> object:
    """Make a new pseudonym and a PIN for that person's first device."""
    person = await asyncio.to_thread(call.page.hub.add_person)
    return _invited(call, Role.PATIENT, person)


async def devices(call: Call) -> object:
    """Every paired device."""
    return [
        {
            "id": grant.id,
            "role": grant.role.value,
            "people": list(grant.people),
            "paired": grant.paired_s,
            "this": grant.id == call.who.id,
        }
        for grant in call.page.access.grants
    ]


async def invite(call: Call) -> object:
    """A PIN for one more device."""
    body = await call.body()
    role, person = body.get("role"), body.get("person")
    if role not in list(Role) or person not in await _people(call.page.store, call.who):
        raise Refuse(400, "bad_value", key="role")
    return _invited(call, Role(role), str(person))


async def revoke(call: Call) -> object:
    """Take a device's right away; it is shut out within a second."""
    if not call.page.access.revoke(call.path("id")):
        raise Refuse(404, "no_such_device")
    _LOG.info("a device was revoked")
    return {"revoked": True}


def _invited(call: Call, role: Role, person: str) -> dict[str, Any]:
    pin = call.page.pairing.invite(role, person)
    return {"pin": pin, "person": person, "role": role.value, "address": call.page.address}


async def _people(store: StoreReader, grant: Grant) -> list[str]:
    """Whom this device may show: its own, or everybody for whoever looks after all of them."""
    if not grant.role.may_act_as(Role.THERAPIST):
        return list(grant.people)
    everybody = await asyncio.to_thread(store.people)
    return list(dict.fromkeys([*grant.people, *everybody]))


ENDPOINTS = (
    Endpoint("POST", "/api/pair", None, pair),
    Endpoint("GET", "/api/me", None, me),
    Endpoint("POST", "/api/leave", Role.PATIENT, leave),
    Endpoint("POST", "/api/switch", Role.PATIENT, switch),
    Endpoint("POST", "/api/code", Role.PATIENT, set_code),
    Endpoint("DELETE", "/api/people/{person}/code", Role.ADMIN, forget_code),
    Endpoint("POST", "/api/people", Role.ADMIN, add_person),
    Endpoint("GET", "/api/devices", Role.ADMIN, devices),
    Endpoint("POST", "/api/devices", Role.ADMIN, invite),
    Endpoint("DELETE", "/api/devices/{id}", Role.ADMIN, revoke),
)
