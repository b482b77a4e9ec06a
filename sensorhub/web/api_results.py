"""What was done: sessions, one result with its pictures' data, and the history. Owners only."""

import asyncio
import functools

from sensorhub.model.errors import InputError
from sensorhub.sessions.stages.traces import set_trace
from sensorhub.sessions.store.values import StoredSession
from sensorhub.web.calls import Call, Endpoint, Refuse
from sensorhub.web.results import history, session_line, session_result, trace_document
from sensorhub.web.roles import Role

SHOWN = 120
"""So many sessions back the history goes."""


async def sessions(call: Call) -> object:
    """The person's sessions, the latest first."""
    found = await _sessions(call)
    return [session_line(session) for session in reversed(found)]


async def result(call: Call) -> object:
    """One session."""
    return session_result(await _session(call))


async def trace(call: Call) -> object:
    """The angle over time of one set of a session."""
    session = await _session(call)
    sets = {str(one.number): one for one in session.sets}
    one = sets.get(call.path("number"))
    if one is None or session.is_open:
        raise Refuse(404, "no_such_set")
    async with call.page.tracing:  # one at a time: counting never waits for pictures
        found = await asyncio.to_thread(set_trace, call.page.store, session, one)
    return trace_document(found, one)


async def trends(call: Call) -> object:
    """Every exercise over the sessions."""
    found = await _sessions(call)
    return history(found, detectable_deg=call.page.detectable_deg)


async def _sessions(call: Call) -> tuple[StoredSession, ...]:
    read = functools.partial(call.page.store.sessions_of, call.person, latest=SHOWN)
    return await asyncio.to_thread(read)


async def _session(call: Call) -> StoredSession:
    """A session of this person; somebody else's is not there, as if it had never been."""
    name = call.path("name")
    try:
        session = await asyncio.to_thread(call.page.store.session, name)
    except InputError:
        raise Refuse(404, "no_such_session") from None
    if session.person != call.person or session.name != name:
        raise Refuse(404, "no_such_session")
    return session


ENDPOINTS = (
    Endpoint("GET", "/api/sessions", Role.PATIENT, sessions),
    Endpoint("GET", "/api/sessions/{name}", Role.PATIENT, result),
    Endpoint("GET", "/api/sessions/{name}/sets/{number}", Role.PATIENT, trace),
    Endpoint("GET", "/api/history", Role.PATIENT, trends),
)
