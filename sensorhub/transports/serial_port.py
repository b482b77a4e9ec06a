"""Bytes over a serial port, or over TCP as if it were one. pyserial's errors end here.

pyserial opens, configures and locks the port; reading and writing then wait on its file descriptor
in the event loop, so that no thread polls and a byte is stamped in the moment it can be read.
"""

import asyncio
import errno
import select
import termios
from collections.abc import AsyncIterator, Mapping

import serial

from sensorhub.model.errors import LinkLostError, TransportError
from sensorhub.model.link import Chunk
from sensorhub.transports.base import LinkInfo
from sensorhub.transports.chunk_queue import ChunkQueue
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.symptoms import Remedy

CHANNEL = "serial"
SOCKET_SCHEME = "socket://"
DEFAULT_BAUD_RATE = 115200
_READ_BYTES = 4096
_WRITE_PATIENCE_S = 2.0

_OPEN_HINTS: Mapping[int, tuple[str, str]] = {
    errno.ENOENT: (
        "is not there",
        "Plug the sensor in; `sensorhub scan` lists the ports that are there.",
    ),
    errno.EACCES: (
        "may not be opened by you",
        "Add yourself to the group dialout (sudo usermod -aG dialout $USER) and log in again.",
    ),
    errno.EPERM: ("may not be opened by you", "Check who owns it: ls -l on the port shows."),
    errno.EAGAIN: ("is in use by another program", "Close the other program, then try again."),
    errno.EBUSY: ("is in use by another program", "Close the other program, then try again."),
    errno.ENXIO: ("has no device behind it", "Unplug the sensor and plug it in again."),
    errno.EIO: ("does not answer", "Unplug the sensor and plug it in again."),
    errno.ENODEV: ("has no device behind it", "Unplug the sensor and plug it in again."),
    errno.ENOTTY: ("is no serial port", "Name a port such as /dev/ttyACM0."),
    errno.EISDIR: ("is no serial port", "Name a port such as /dev/ttyACM0."),
    errno.EINVAL: ("does not take this baud rate", "Use a usual one, such as 115200."),
    errno.ECONNREFUSED: ("accepts no connection", "Start what should listen there first."),
    errno.EHOSTUNREACH: ("cannot be reached", "Check the network and the address."),
    errno.ENETUNREACH: ("cannot be reached", "Check the network and the address."),
    errno.ETIMEDOUT: ("does not answer", "Check the network and the address."),
}


class SerialTransport:
    """One serial port (``/dev/...``) or TCP server (``socket://HOST:PORT``).

    The port is locked for this process while it is open.
    """

    def __init__(
        self, port: str, *, baud_rate: int = DEFAULT_BAUD_RATE, clock: HubClock | None = None
    ) -> None:
        self._port = port
        self._baud_rate = baud_rate
        self._clock = clock or HubClock()
        self._device: serial.SerialBase | None = None
        self._queue = ChunkQueue()
        self._dropped_before = 0
        self._closing: asyncio.Future[None] | None = None
        self._room = asyncio.Event()  # set: there may be room to write, or the port has gone

    @property
    def dropped(self) -> int:
        """Chunks lost to a slow reader since this object was made."""
        return self._dropped_before + self._queue.dropped

    async def open(self) -> LinkInfo:
        """Open and lock the port. Raises TransportError, with what to do."""
        await self.close()
        opening = asyncio.ensure_future(asyncio.to_thread(self._open_blocking))
        try:
            device = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unwanted)
            raise
        self._device = device
        self._dropped_before += self._queue.dropped
        self._queue = ChunkQueue()
        asyncio.get_running_loop().add_reader(device.fileno(), self._readable)
        return LinkInfo(name=self._port)

    async def write(self, channel: str, data: bytes) -> int:
        """Write all of ``data``; returns the time at which the first byte left, nanoseconds.

        Raises LinkLostError when the port is gone or takes nothing for two seconds.
        """
        if channel != CHANNEL:
            raise TransportError(f"A serial port has no channel {channel}.")
        rest = data
        sent_ns = 0
        try:
            async with asyncio.timeout(_WRITE_PATIENCE_S):
                while rest:
                    device = await self._writable_device()
                    sent_ns = sent_ns or self._clock.now_ns()
                    rest = rest[device.write(rest) :]
        except LinkLostError:
            raise
        except OSError as error:  # SerialException and TimeoutError are OSErrors
            lost = self._lost(error)
            self._end(lost)
            raise lost from error
        return sent_ns

    def chunks(self) -> AsyncIterator[Chunk]:
        """What arrives, until the port is closed or gone."""
        return self._queue

    async def close(self) -> None:
        """Give the port back. Safe at any time."""
        self._end(None)
        if self._closing is not None:
            await asyncio.shield(self._closing)

    async def mend(self, remedy: Remedy) -> None:
        """Opening it anew is all that can be done for a port."""

    def _open_blocking(self) -> serial.SerialBase:
        """In a thread: opening a port, or a connection, may take its time."""
        try:
            device = serial.serial_for_url(self._port, do_not_open=True)
            device.baudrate = self._baud_rate
            device.timeout = 0
            device.write_timeout = 0
            if not self._port.startswith(SOCKET_SCHEME):
                device.exclusive = True
            device.open()
        except (OSError, ValueError, termios.error) as error:
            raise self._refused(error) from error
        return device

    def _readable(self) -> None:
        assert self._device is not None
        now_ns = self._clock.now_ns()
        try:
            data = self._device.read(_READ_BYTES)
        except OSError as error:
            self._end(self._lost(error))
            return
        if data:
            self._queue.put(Chunk(CHANNEL, bytes(data), now_ns))

    async def _writable_device(self) -> serial.SerialBase:
        """Wait for room to write, without giving way when there is some.

        Needed before each write: pyserial 3.5 spins when a port that is not to block is full.
        """
        loop = asyncio.get_running_loop()
        while True:
            if self._device is None:
                raise LinkLostError(
                    f"The port {self._port} is not open.", hint="The hub reconnects by itself."
                )
            fd = self._device.fileno()
            poll = select.poll()
            poll.register(fd, select.POLLOUT)
            if poll.poll(0):
                return self._device
            device = self._device
            self._room.clear()
            loop.add_writer(fd, self._room.set)
            try:
                await self._room.wait()
            finally:
                if self._device is device:  # else it is closed, and its number may be another's
                    loop.remove_writer(fd)

    def _end(self, error: LinkLostError | None) -> None:
        device, self._device = self._device, None
        if device is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(device.fileno())
            loop.remove_writer(device.fileno())
            if self._port.startswith(SOCKET_SCHEME):
                # pyserial sleeps a third of a second after closing a socket
                self._closing = loop.run_in_executor(None, _close_socket, device)
            else:
                device.close()
        self._room.set()
        self._queue.end(error)

    def _lost(self, error: Exception) -> LinkLostError:
        if isinstance(error, TimeoutError):
            return LinkLostError(
                f"The sensor at {self._port} takes no more bytes.",
                hint="Unplug the sensor and plug it in again.",
            )
        return LinkLostError(
            f"The sensor at {self._port} is gone.",
            hint="Plug it in again; the hub reconnects by itself.",
        )

    def _refused(self, error: Exception) -> TransportError:
        what, hint = _OPEN_HINTS.get(
            _error_number(error), ("cannot be opened", f"The system says: {error}.")
        )
        return TransportError(f"The port {self._port} {what}.", hint=hint)


def _error_number(error: BaseException | None) -> int:
    """The errno behind pyserial's exception: its own, or that of what it was raised from."""
    while error is not None:
        if isinstance(error, OSError) and isinstance(error.errno, int):
            return error.errno
        if isinstance(error, termios.error) and error.args and isinstance(error.args[0], int):
            return error.args[0]
        error = error.__cause__ or error.__context__
    return 0


def _close_socket(device: serial.SerialBase) -> None:
    """Close a network port for good.

    pyserial 3.5 shuts the socket down first, and leaves it open where that fails: when the other
    side was gone before.
    """
    held = device._socket  # noqa: SLF001 (there is no other way to it)
    device.close()
    if held is not None:
        held.close()


def _close_unwanted(opening: "asyncio.Future[serial.SerialBase]") -> None:
    """The port opened after the one who wanted it had gone."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
