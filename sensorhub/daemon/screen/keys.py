"""Single keys from the terminal, where there is one; the terminal is always given back."""

import asyncio
import codecs
import contextlib
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from typing import Any

from sensorhub.coach.states import Trigger

KEYS = {
    "\r": Trigger.KEY_NEXT,
    "\n": Trigger.KEY_NEXT,
    " ": Trigger.KEY_NEXT,
    "s": Trigger.KEY_SKIP,
    "r": Trigger.KEY_REPEAT,
    "p": Trigger.KEY_PAUSE,
    "h": Trigger.HURT,
    "?": Trigger.KEY_QUESTIONS,
    "q": Trigger.KEY_STOP,
}
MAX_KEYS_AT_ONCE = 64


@contextlib.contextmanager
def terminal_keys(typed: Callable[[str], None]) -> Iterator[None]:
    """Call ``typed`` with every letter, from the running event loop.

    Without a terminal on standard input nothing is read and nothing happens.
    """
    handle, before = _terminal()
    if before is None:
        yield
        return

    def read() -> None:
        letters = os.read(handle, MAX_KEYS_AT_ONCE)
        if not letters:  # the terminal has gone: it would be "ready" for ever
            loop.remove_reader(handle)
        for letter in decoder.decode(letters):
            typed(letter)

    loop = asyncio.get_running_loop()
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    # Keys at once and without echo; Ctrl-C still is Ctrl-C.
    tty.setcbreak(handle, termios.TCSANOW)
    loop.add_reader(handle, read)
    try:
        yield
    finally:
        loop.remove_reader(handle)
        termios.tcsetattr(handle, termios.TCSADRAIN, before)


def _terminal() -> tuple[int, list[Any] | None]:
    """Standard input and its settings; None where it is no terminal."""
    try:
        handle = sys.stdin.fileno()
        return handle, termios.tcgetattr(handle)
    except (OSError, ValueError, AttributeError, termios.error):
        return -1, None
