"""The loudspeaker, with a real program that writes down what it plays."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from sensorhub.speech.speaker import LATEST_S, MAX_WAITING, Speaker

PLAYER = """
import os, signal, sys
log, sound = sys.argv[1:]
name = os.path.basename(sound)
with open(log, "w") as out: out.write(name + "\\n")
if name == "long": signal.pause()
sys.exit(1 if name == "bad" else 0)
"""


class Rig:
    """A speaker that runs, its clock, and what was played: told by the program through a pipe."""

    def __init__(self, folder: Path) -> None:
        script = folder / "player.py"
        script.write_text(PLAYER)
        log = folder / "played"
        os.mkfifo(log)
        self._pipe = os.open(log, os.O_RDWR | os.O_NONBLOCK)  # both ends: it never ends
        self._changed = asyncio.Event()
        self.played: list[str] = []
        self.problems: list[str] = []
        self.now_s = 0.0
        self.speaker = Speaker(
            now_s=lambda: self.now_s,
            player=(sys.executable, "-S", str(script), str(log)),
            on_problem=self._on_problem,
        )

    def _on_problem(self, text: str) -> None:
        self.problems.append(text)
        self._changed.set()

    def _on_played(self) -> None:
        self.played += os.read(self._pipe, 4096).decode().split()
        self._changed.set()

    async def until(self, happened: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(self._pipe, self._on_played)
        try:
            async with asyncio.timeout(120):
                while not happened():
                    await self._changed.wait()
                    self._changed.clear()
        finally:
            loop.remove_reader(self._pipe)

    def end_what_plays(self) -> None:
        process = self.speaker._process
        assert process is not None
        process.terminate()

    def close(self) -> None:
        os.close(self._pipe)


def run(rig: Rig, story: Callable[[Rig], Awaitable[None]]) -> None:
    async def whole() -> None:
        running = asyncio.create_task(rig.speaker.run())
        try:
            await story(rig)
        finally:
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    asyncio.run(whole())


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


def test_sounds_are_played_in_order(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        for name in ("one", "two", "three"):
            rig.speaker.play(Path(name))
        await rig.until(lambda: len(rig.played) == 3)

    run(rig, story)
    assert rig.played == ["one", "two", "three"]


def test_the_count_of_now_replaces_the_one_that_waits(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        rig.speaker.play(Path("long"))
        await rig.until(lambda: rig.played == ["long"])
        rig.speaker.play(Path("seven"), replaces="count")
        rig.speaker.play(Path("eight"), replaces="count")
        rig.speaker.play(Path("end"))
        rig.end_what_plays()
        await rig.until(lambda: "end" in rig.played)

    run(rig, story)
    assert rig.played == ["long", "eight", "end"]


def test_what_is_urgent_is_said_at_once(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        rig.speaker.play(Path("long"))
        await rig.until(lambda: rig.played == ["long"])
        rig.speaker.play(Path("later"))
        rig.speaker.play(Path("lost"), urgent=True)
        await rig.until(lambda: "lost" in rig.played)

    run(rig, story)
    assert rig.played == ["long", "lost"]


def test_a_stale_sound_is_not_played(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        rig.speaker.play(Path("long"))
        await rig.until(lambda: rig.played == ["long"])
        rig.speaker.play(Path("stale"))
        rig.now_s += LATEST_S + 0.1
        rig.speaker.play(Path("fresh"))
        rig.end_what_plays()
        await rig.until(lambda: "fresh" in rig.played)

    run(rig, story)
    assert rig.played == ["long", "fresh"]


def test_little_waits(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        rig.speaker.play(Path("long"))
        await rig.until(lambda: rig.played == ["long"])
        for number in range(20):
            rig.speaker.play(Path(f"n{number}"))
        rig.end_what_plays()
        await rig.until(lambda: "n19" in rig.played)

    run(rig, story)
    assert len(rig.played) == 1 + MAX_WAITING


def test_a_broken_loudspeaker_is_told_once(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        rig.speaker.play(Path("bad"))
        rig.speaker.play(Path("bad"))
        rig.speaker.play(Path("good"))
        rig.speaker.play(Path("bad"))
        await rig.until(lambda: len(rig.problems) == 2)

    run(rig, story)
    assert "loudspeaker" in rig.problems[0]


def test_a_missing_program_is_told(rig: Rig) -> None:
    rig.speaker._player = ("no-such-player",)

    async def story(rig: Rig) -> None:
        rig.speaker.play(Path("one"))
        await rig.until(lambda: bool(rig.problems))

    run(rig, story)
    assert "no-such-player" in rig.problems[0]
