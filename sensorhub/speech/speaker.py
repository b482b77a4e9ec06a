"""The hub's own loudspeaker: one sound at a time, in order, and never a stale one.

A count that is heard late is wrong. So little waits, what waits too long is dropped, and an urgent
sentence ("signal lost") silences what is being said.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

MAX_WAITING = 4
LATEST_S = 2.5
"""A sound that could not begin within this time of being asked for is not played any more."""

LONGEST_S = 30.0
"""No sound lasts longer; a player that does is ended."""

APLAY = ("aplay", "-q")

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    sound: Path
    asked_s: float
    replaces: str


class Speaker:
    """Plays sound files by a program of the system. Call :meth:`play`, keep :meth:`run` running.

    Args:
        now_s: a monotonic clock, seconds of the wall.
        player: the program and its options; the file is added.
        on_problem: told, once until it works again, that nothing can be heard.
    """

    def __init__(
        self,
        *,
        now_s: Callable[[], float],
        player: Sequence[str] = APLAY,
        on_problem: Callable[[str], None] = _LOG.warning,
    ) -> None:
        self._now_s = now_s
        self._player = tuple(player)
        self._on_problem = on_problem
        self._waiting: deque[_Waiting] = deque()
        self._come = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._silent = False

    def play(self, sound: Path, *, urgent: bool = False, replaces: str = "") -> None:
        """Play it as soon as what is playing has ended.

        Args:
            urgent: play it now; what plays and waits is dropped.
            replaces: sounds with the same word that still wait are dropped: the count of now makes
                the one before it worthless. Empty: none is.
        """
        if urgent:
            self.hush()
        waiting = [w for w in self._waiting if not replaces or w.replaces != replaces]
        self._waiting = deque(waiting[1 - MAX_WAITING :])
        self._waiting.append(_Waiting(sound, self._now_s(), replaces))
        self._come.set()

    def hush(self) -> None:
        """Be silent at once."""
        self._waiting.clear()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()

    async def run(self) -> None:
        """Play what is asked for, until cancelled."""
        try:
            while True:
                await self._come.wait()
                self._come.clear()
                while self._waiting:
                    next_one = self._waiting.popleft()
                    if self._now_s() - next_one.asked_s <= LATEST_S:
                        await self._play(next_one.sound)
        finally:
            self.hush()

    async def _play(self, sound: Path) -> None:
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._player,
                str(sound),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            self._tell(f"Nothing can be heard: {self._player[0]}: {error.strerror or error}.")
            return
        process = self._process
        try:
            async with asyncio.timeout(LONGEST_S):
                await process.wait()
        except TimeoutError:
            pass
        finally:
            self._process = None
            if process.returncode is None:  # too long, or this task is being ended
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        code = process.returncode or 0
        if code > 0:  # below 0: ended by us
            self._tell("Nothing can be heard: the loudspeaker cannot be used.")
        elif code == 0:
            self._silent = False

    def _tell(self, problem: str) -> None:
        if not self._silent:
            self._silent = True
            self._on_problem(problem)
