"""The live picture by WebSocket: frames go out as they come, slow viewers get the latest only."""

import contextlib
import logging
from collections.abc import Coroutine

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from sensorhub.web.board import MAX_VIEWERS, LetterBox
from sensorhub.web.calls import find_grant
from sensorhub.web.page import Page

BEAT_S = 0.4
"""Without news a sign of life is sent: the page calls the link lost after one second without."""

LOOK_S = 0.5
"""So long between two looks at whether the device still may look, and whom it shows."""

CLOSE_NOT_PAIRED, CLOSE_FULL, CLOSE_TALKATIVE = 4401, 4429, 1008
MAX_WORDS = 16
"""A page has nothing to say here: commands are POSTs. One that goes on talking is hung up on."""

_LOG = logging.getLogger(__name__)


async def live(page: Page, socket: WebSocket) -> None:
    """Serve one viewer until either side ends it."""
    if find_grant(page, socket.cookies) is None:
        _LOG.warning("refused: not_paired")
        await socket.close(CLOSE_NOT_PAIRED)
        return
    if page.board.viewers >= MAX_VIEWERS:
        _LOG.warning("refused: too_many_viewers")
        await socket.close(CLOSE_FULL)
        return
    await socket.accept()
    ends: list[int] = []
    with page.board.viewer() as box:
        async with anyio.create_task_group() as group:

            async def until(end: Coroutine[None, None, int]) -> None:
                ends.append(await end)
                group.cancel_scope.cancel()

            group.start_soon(until, _listen(socket))
            group.start_soon(until, _send(page, socket, box))
    if ends[0]:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(ends[0])


async def _send(page: Page, socket: WebSocket, box: LetterBox) -> int:
    """Returns the close code, 0 where the other side has gone."""
    grant, looked_s = None, float("-inf")
    fresh = True  # what is on the board now is news to this viewer
    while True:
        # By time and not by frames: an idle board sends few, and a revoked device is out at once.
        if (now_s := anyio.current_time()) - looked_s >= LOOK_S or not fresh:
            grant, looked_s = find_grant(page, socket.cookies), now_s
        if grant is None:
            return CLOSE_NOT_PAIRED
        try:
            await socket.send_text(page.board.frame_for(grant.person, fresh=fresh))
        except (WebSocketDisconnect, RuntimeError):
            return 0
        fresh = await box.wait(BEAT_S)


async def _listen(socket: WebSocket) -> int:
    """Wait for the other side to go; what it says is not looked at."""
    for _ in range(MAX_WORDS):
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return 0
    _LOG.warning("refused: talkative")
    return CLOSE_TALKATIVE
