"""A serial port that is a pseudo-terminal, under a stable name."""

import asyncio
import contextlib
import errno
import os
import random
import termios
import tty
from pathlib import Path

from firmware_sim.links.line import SerialLink
from firmware_sim.links.world import World
from firmware_sim.peer import Peer

_READ_BYTES = 4096


class PtyLink(SerialLink):
    """``path`` is a symlink to the port; unplugged, it is gone, and hosts get a hang-up.

    The link keeps the slave side open itself, so that a host may close and open the port without
    the device noticing: a cable stays in its socket. A host that chose another speed than
    ``baud`` hears and says garbage, as on a real line; ``baud`` None stands for USB, where the
    speed means nothing.

    Args:
        pace: bytes take their time at ``baud``.
    """

    def __init__(
        self,
        peer: Peer,
        world: World,
        path: Path,
        *,
        baud: int | None = 115200,
        pace: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__(peer, world, baud=baud if pace else None)
        self._path = path
        self._speed = None if baud is None else speed_code(baud)
        self._garbage = random.Random(seed)
        self._master = self._slave = -1

    @property
    def uri(self) -> str:
        return f"serial:{self._path}"

    async def _plug_in(self) -> None:
        if self._path.exists() and not self._path.is_symlink():
            raise FileExistsError(errno.EEXIST, "exists and is no link", str(self._path))
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        if self._speed is not None:
            settings = termios.tcgetattr(self._slave)
            settings[4] = settings[5] = self._speed
            termios.tcsetattr(self._slave, termios.TCSANOW, settings)
        os.set_blocking(self._master, False)
        # A link is replaced in one step, so that a host never finds half of it.
        fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self._path)
        asyncio.get_running_loop().add_reader(self._master, self._readable)
        self._host_connected()

    async def _unplug(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        with contextlib.suppress(OSError):
            if self._path.readlink() == Path(os.ttyname(self._slave)):
                self._path.unlink()
        os.close(self._master)
        os.close(self._slave)

    def _readable(self) -> None:
        try:
            data = os.read(self._master, _READ_BYTES)
        except BlockingIOError:
            return
        self._heard(self._mangled(data))

    def _write(self, data: bytes) -> int:
        try:
            return os.write(self._master, self._mangled(data))
        except BlockingIOError:
            return 0

    def _mangled(self, data: bytes) -> bytes:
        if self._speed is None or termios.tcgetattr(self._slave)[5] == self._speed:
            return data
        return self._garbage.randbytes(len(data))


def speed_code(baud: int) -> int:
    code = getattr(termios, f"B{baud}", None)
    if not isinstance(code, int):
        raise ValueError(f"{baud} is no speed of a serial port; try 115200 or 921600")
    return code
