"""The application: one table of endpoints, one live line, the files, and the gate around them."""

from collections.abc import Collection

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from sensorhub.web import api_access, api_plan, api_results, api_sensors
from sensorhub.web.calls import find_grant, routes
from sensorhub.web.files import answer, page_file
from sensorhub.web.gate import Gate
from sensorhub.web.live import live
from sensorhub.web.page import Page

ENDPOINTS = (
    *api_access.ENDPOINTS,
    *api_plan.ENDPOINTS,
    *api_results.ENDPOINTS,
    *api_sensors.ENDPOINTS,
)
"""Everything that can be asked, and the role it takes."""

LIVE_PATH = "/live"


def create_app(page: Page, *, names: Collection[str] = ()) -> ASGIApp:
    """The ASGI application.

    Args:
        names: host names that this hub is called by.
    """

    async def index(request: Request) -> Response:
        return answer(request, page.static["index.html"])

    async def static(request: Request) -> Response:
        return answer(request, page.static.get(request.path_params["path"]))

    async def drawing(request: Request) -> Response:
        return answer(request, page.drawings.get(request.path_params["name"]))

    async def sound(request: Request) -> Response:
        name, found = request.path_params["name"], None
        # What was said in a session is for those who may see it.
        if page.sounds is not None and find_grant(page, request.cookies) is not None:
            found = await page.sounds.fetch(name)
        return answer(request, None if found is None else page_file(found, name))

    async def watch(socket: WebSocket) -> None:
        await live(page, socket)

    app = Starlette(
        routes=[
            Route("/", index),
            Route("/static/{path:path}", static),
            Route("/drawings/{name}", drawing),
            Route("/sound/{name}", sound),
            *routes(page, ENDPOINTS),
            WebSocketRoute(LIVE_PATH, watch),
        ]
    )
    return Gate(app, names=names)
