"""The one picture that all viewers look at, and a letter box for each of them.

A letter box holds the latest frame only: a viewer who is slow misses frames and nothing else, and
nobody who publishes ever waits. Everything here runs in the event loop of the hub.
"""

import asyncio
import contextlib
import enum
from collections.abc import Callable, Iterator

from sensorhub.coach.snapshot import Snapshot
from sensorhub.web.frames import live_frame, plain_frame
from sensorhub.web.numbered import Numbering
from sensorhub.web.sounds import SoundBook

MAX_VIEWERS = 64

WallMs = Callable[[], float]


class LetterBox:
    """One viewer's next frame; a newer one takes the place of one that was not fetched."""

    def __init__(self) -> None:
        self._there = asyncio.Event()
        self.dropped = 0

    def notify(self) -> None:
        """Something new is on the board."""
        if self._there.is_set():
            self.dropped += 1
        self._there.set()

    async def wait(self, timeout_s: float) -> bool:
        """Until there is something new; False: nothing came in that time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._there.wait()
        except TimeoutError:
            return False
        self._there.clear()
        return True


class Kind(enum.StrEnum):
    """What there is to be seen."""

    IDLE = "idle"  # nobody exercises
    SEARCHING = "searching"  # the sensors are being reached
    LIVE = "live"
    CLOSING = "closing"  # the complete log is being analysed
    FAILED = "failed"  # no session came of it; the text says why
    BUSY = "busy"  # somebody else exercises: that, and nothing more
    BEAT = "beat"  # no news; the link lives


class Board:
    """What is to be seen now.

    Args:
        wall_ms: the wall's clock, milliseconds since the epoch: a page tells by it how old a frame
            is that was long on its way.
        speed: hub seconds in a second of the wall.
        sounds: names the sounds of what is said; None: this hub cannot speak.
    """

    def __init__(
        self, *, wall_ms: WallMs, speed: float = 1.0, sounds: SoundBook | None = None
    ) -> None:
        self._wall_ms = wall_ms
        self._speed = speed
        self._boxes: set[LetterBox] = set()
        self._numbering = Numbering(sounds)
        self._number = 0
        self._person: str | None = None
        self._kind = Kind.IDLE
        self._frame = ""
        self._text = ""

    @property
    def viewers(self) -> int:
        """How many look at it now."""
        return len(self._boxes)

    def publish(self, snapshot: Snapshot, *, person: str, plan: str) -> None:
        """Show a picture of this person's session."""
        self._kind, self._person = Kind.LIVE, person
        self._number += 1
        said = self._numbering.number(snapshot.said)
        if self._boxes:
            self._frame = live_frame(
                snapshot,
                said,
                plan=plan,
                speed=self._speed,
                wall_ms=self._wall_ms(),
                number=self._number,
            )
        self._notify()

    def show(self, kind: Kind, *, person: str | None, text: str = "") -> None:
        """Show something else than a picture; the text is for that person only."""
        self._kind, self._person, self._text, self._frame = kind, person, text, ""
        self._number += 1
        self._notify()

    def frame_for(self, person: str, *, fresh: bool) -> str:
        """What this person's device is sent. ``fresh`` False: only a sign that the link lives."""
        kind, text = self._kind, self._text
        if self._person not in (None, person):
            kind, text = (Kind.IDLE if kind is Kind.FAILED else Kind.BUSY), ""
        elif kind is Kind.LIVE and fresh and self._frame:
            return self._frame
        elif kind is Kind.LIVE:
            kind, text = Kind.BEAT, ""
        return plain_frame(kind, wall_ms=self._wall_ms(), number=self._number, text=text)

    @contextlib.contextmanager
    def viewer(self) -> Iterator[LetterBox]:
        """A letter box for as long as somebody looks."""
        box = LetterBox()
        self._boxes.add(box)
        try:
            yield box
        finally:
            self._boxes.discard(box)

    def _notify(self) -> None:
        for box in self._boxes:
            box.notify()
