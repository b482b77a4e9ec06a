"""From a table of endpoints to routes: who may call each is part of the table, not of the code."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sensorhub.model.errors import InputError, SensorhubError
from sensorhub.web.gate import TooLargeError
from sensorhub.web.roles import Grant, Role

if TYPE_CHECKING:
    from sensorhub.web.page import Page

COOKIE = "sensorhub"

_LOG = logging.getLogger(__name__)


class Refuse(Exception):  # noqa: N818 (it is what a handler does)
    """Answer with this status; ``code`` is a key of the page's texts."""

    def __init__(self, status: int, code: str, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.more = more


@dataclass(frozen=True, slots=True)
class Call:
    """One request of somebody who may make it.

    Attributes:
        grant: the paired device; None where the endpoint is for everybody.
    """

    page: "Page"
    request: Request
    grant: Grant | None

    @property
    def who(self) -> Grant:
        """The paired device."""
        assert self.grant is not None, "the endpoint's role was checked"
        return self.grant

    @property
    def person(self) -> str:
        """Pseudonym of whose data this call is about: never another's."""
        return self.who.person

    def path(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    async def body(self) -> Mapping[str, Any]:
        """The JSON object that was sent."""
        if self.request.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise Refuse(415, "not_json")
        try:
            found = json.loads(await self.request.body())
        except (ValueError, RecursionError):
            raise Refuse(400, "not_json") from None
        if not isinstance(found, dict):
            raise Refuse(400, "not_json")
        return found

    async def text(self, key: str, *, longest: int = 200) -> str:
        """One text of the object that was sent."""
        value = (await self.body()).get(key)
        if not isinstance(value, str) or len(value) > longest:
            raise Refuse(400, "bad_value", key=key)
        return value


Handler = Callable[[Call], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing that can be asked; ``least`` is the role it takes, None: none at all."""

    method: str
    path: str
    least: Role | None
    handler: Handler


def page_text(error: SensorhubError) -> str:
    """What went wrong and what to do; advice for a terminal is no use to who has none."""
    terminal = "sensorhub " in error.hint or "--" in error.hint
    return error.message if terminal else str(error)


def find_grant(page: "Page", cookies: Mapping[str, str]) -> Grant | None:
    """The paired device that holds this cookie."""
    token = cookies.get(COOKIE, "")
    return page.access.find(token) if token else None


def routes(page: "Page", endpoints: tuple[Endpoint, ...]) -> list[Route]:
    """Starlette's routes for the table."""
    return [
        Route(one.path, _route(page, one), methods=[one.method], include_in_schema=False)
        for one in endpoints
    ]


def _route(page: "Page", endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            grant = find_grant(page, request.cookies)
            if endpoint.least is not None:
                _check(grant, endpoint.least)
            found = await endpoint.handler(Call(page, request, grant))
        except Refuse as refusal:
            if refusal.status in (401, 403, 429):
                _LOG.warning("refused: %s", refusal.code)
            body = {"error": refusal.code, **refusal.more}
            return JSONResponse(body, status_code=refusal.status)
        except TooLargeError:
            _LOG.warning("refused: too_large")
            return JSONResponse({"error": "too_large"}, status_code=413)
        except InputError as error:
            return JSONResponse({"error": "input", "text": page_text(error)}, status_code=422)
        except SensorhubError as error:
            return JSONResponse({"error": "environment", "text": page_text(error)}, status_code=503)
        except ClientDisconnect:
            return Response(status_code=400)
        except asyncio.CancelledError:
            # The hub ends while this was still computed: an end is no defect to be logged.
            return Response(status_code=503)
        return found if isinstance(found, Response) else JSONResponse(found)

    return respond


def _check(grant: Grant | None, least: Role) -> None:
    if grant is None:
        raise Refuse(401, "not_paired")
    if not grant.role.may_act_as(least):
        raise Refuse(403, "not_allowed")
