"""The one owner of the Bluetooth adapter: one scanner for all, and one connection made at a time.

BlueZ answers ``InProgress`` to two who scan or connect at once, and a scan slows connections down:
so whoever looks for a sensor listens to the same scan, and the scan pauses while one connects.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError
from bleak_retry_connector import (
    BleakClientWithServiceCache,
    clear_cache,
    establish_connection,
)

from sensorhub.model.errors import TransportError
from sensorhub.transports.ble_errors import no_answer_from_service, translated
from sensorhub.transports.symptoms import Symptom, TroubleError

_LOG = logging.getLogger(__name__)
_SERVICE_PATIENCE_S = 10.0
_CONNECT_PATIENCE_S = 20.0
_ATTEMPTS = 3
NAMESAKE_S = 0.5
"""So long is listened on for a second sensor of a name that was heard."""

MOST_LINKS = 4
"""What a small computer's own adapter carries; not every one says so when it is too much."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A device that was heard. ``rssi_dbm`` is that of the last time."""

    address: str
    name: str
    service_uuids: tuple[str, ...]
    rssi_dbm: int


Listener = Callable[[BLEDevice, Sighting], None]


class BleRadio:
    """Looking and connecting. One for the whole process, used within one event loop.

    Args:
        most_links: how many connections are held at once; the next one is refused.
        namesake_s: how long to listen for a second sensor of a name that was heard.
    """

    def __init__(self, *, most_links: int = MOST_LINKS, namesake_s: float = NAMESAKE_S) -> None:
        self._most_links = most_links
        self._namesake_s = namesake_s
        self._held: set[BleakClient] = set()
        self._air = asyncio.Lock()
        self._connects_waiting = 0
        self._listeners: dict[object, tuple[Listener, asyncio.Future[None]]] = {}
        self._pause = asyncio.Event()  # set: the scan gives way or is no longer needed
        self._scan: asyncio.Task[None] | None = None

    async def find(self, target: str, *, timeout_s: float, called: str = "") -> BLEDevice:
        """Wait until the device of this name or address is heard.

        Args:
            called: how to call it to the person, where ``target`` is an address they never saw.

        Raises:
            TransportError: it was not heard in time (and who was), several have this name, or one
                cannot listen here.
        """
        wanted = target.casefold()
        heard: dict[str, str] = {}
        found: dict[str, BLEDevice] = {}
        first = asyncio.Event()
        addressed = asyncio.Event()

        def listen(device: BLEDevice, sighting: Sighting) -> None:
            heard[sighting.address] = sighting.name or sighting.address
            if sighting.address.casefold() == wanted:
                found[sighting.address] = device
                addressed.set()
            elif sighting.name.casefold() != wanted:
                return
            found[sighting.address] = device
            first.set()

        async with self._listening(listen) as broken:
            await _either(first, broken, timeout_s=timeout_s)
            if found and not broken.done():
                await _either(addressed, broken, timeout_s=self._namesake_s)
        if len(found) > 1:
            raise TroubleError(
                Symptom.NAMESAKES,
                f"Two sensors call themselves {target}: {' and '.join(sorted(found))}.",
            )
        if found:
            return next(iter(found.values()))
        if broken.done():
            broken.result()  # raises what ended the scan
        named = ", ".join(sorted(set(heard.values()))[:5])
        raise TroubleError(
            Symptom.NOT_HEARD,
            f"The sensor {called or target} was not heard.",
            hint=f"Switch it on and bring it closer. Heard: {named or 'no sensor at all'}.",
        )

    async def already_connected(
        self, target: str, service_uuids: tuple[str, ...]
    ) -> BLEDevice | None:
        """A device of this name or address to which the system holds a connection.

        Such a device does not advertise, so no scan finds it. It is how a program that was killed
        leaves its sensors: BlueZ keeps connections whose owner is gone.

        Raises TransportError.
        """
        if not service_uuids:
            return None
        wanted = target.casefold()
        try:
            async with asyncio.timeout(_SERVICE_PATIENCE_S):
                adapter = await BleakAdapter.get()
                found = [
                    device
                    for device in await adapter.get_connected_devices(list(service_uuids))
                    if wanted in ((device.name or "").casefold(), device.address.casefold())
                ]
        except TimeoutError:
            raise no_answer_from_service() from None
        except (BleakError, OSError, EOFError) as error:
            raise translated(error) from error
        if len(found) > 1:
            both = " and ".join(sorted(device.address for device in found))
            raise TroubleError(Symptom.NAMESAKES, f"Two sensors call themselves {target}: {both}.")
        return found[0] if found else None

    async def survey(self, *, listen_s: float) -> list[Sighting]:
        """Everything that is heard in so many seconds, the nearest first.

        Raises TransportError when one cannot listen here.
        """
        heard: dict[str, Sighting] = {}

        def listen(_device: BLEDevice, sighting: Sighting) -> None:
            heard[sighting.address] = sighting

        async with self._listening(listen) as broken:
            await asyncio.wait({broken}, timeout=listen_s)
        if broken.done():
            broken.result()
        return sorted(heard.values(), key=lambda one: (-one.rssi_dbm, one.address))

    async def connect(self, device: BLEDevice, *, on_lost: Callable[[], None]) -> BleakClient:
        """Connect to a device that was found; :meth:`release` is due afterwards.

        Raises TransportError.
        """
        if len(self._held) >= self._most_links:
            raise TroubleError(Symptom.NO_ROOM)
        self._connects_waiting += 1
        self._pause.set()
        tries: list[BaseException] = []
        made = asyncio.Event()

        def disconnected(_client: BleakClient) -> None:
            if made.is_set():  # bleak says it of attempts that break off, too
                on_lost()

        try:
            async with self._air, asyncio.timeout(_CONNECT_PATIENCE_S):
                client = await establish_connection(
                    _telling(tries),
                    device,
                    device.name or device.address,
                    disconnected_callback=disconnected,
                    max_attempts=_ATTEMPTS,
                    use_services_cache=False,
                )
                made.set()
                self._held.add(client)
            if not client.is_connected:
                on_lost()  # between bleak's word and ours
            return client
        except TimeoutError as error:
            # Our patience ended among retries: what each of them met says more.
            raise translated(tries[-1] if tries else error) from error
        except (BleakError, OSError, EOFError) as error:
            raise translated(error) from error
        finally:
            self._connects_waiting -= 1

    def release(self, client: BleakClient) -> None:
        """The connection is not held any more, however it ended."""
        self._held.discard(client)

    async def forget(self, address: str) -> None:
        """Have the system forget a device, and with it the table of services it remembers.

        What cannot be forgotten is left as it is: the next connection tells.
        """
        try:
            async with asyncio.timeout(_SERVICE_PATIENCE_S):
                await clear_cache(address)
        except (BleakError, OSError, EOFError) as error:
            _LOG.info("%s was not forgotten: %s", address, translated(error))

    @asynccontextmanager
    async def _listening(self, listener: Listener) -> AsyncIterator["asyncio.Future[None]"]:
        """Listen along; the future given gets the exception that ended the scan."""
        key = object()
        broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._listeners[key] = (listener, broken)
        if self._scan is None or self._scan.done():
            self._scan = asyncio.create_task(self._scan_while_wanted())
        try:
            yield broken
        finally:
            del self._listeners[key]
            if not self._listeners:
                self._pause.set()

    async def _scan_while_wanted(self) -> None:
        while self._listeners:
            async with self._air:
                if self._connects_waiting:
                    continue  # they stand behind us for the lock: let them have it
                self._pause.clear()
                try:
                    await self._scan_until_paused()
                except (BleakError, OSError, EOFError) as error:
                    self._break(translated(error))
                    return
                except TransportError as error:
                    self._break(error)
                    return

    async def _scan_until_paused(self) -> None:
        scanner = BleakScanner(self._heard)
        try:
            async with asyncio.timeout(_SERVICE_PATIENCE_S):
                await scanner.start()
        except TimeoutError:
            raise no_answer_from_service() from None
        try:
            if self._listeners:
                await self._pause.wait()
        finally:
            await _stop(scanner)

    def _heard(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        sighting = Sighting(
            address=device.address.upper(),
            name=_printable(advertisement.local_name or device.name or ""),
            service_uuids=tuple(uuid.lower() for uuid in advertisement.service_uuids),
            rssi_dbm=advertisement.rssi,
        )
        for listener, _ in list(self._listeners.values()):
            listener(device, sighting)

    def _break(self, error: TransportError) -> None:
        for _, broken in self._listeners.values():
            if not broken.done():
                broken.set_exception(error)
                broken.exception()  # a listener that left meanwhile need not collect it


def _telling(tries: list[BaseException]) -> type[BleakClientWithServiceCache]:
    """A client that notes what each of its attempts to connect met."""

    class Telling(BleakClientWithServiceCache):
        async def connect(self, **kwargs: Any) -> None:
            try:
                await super().connect(**kwargs)
            except (BleakError, OSError, EOFError) as error:
                tries.append(error)
                raise

    return Telling


async def _either(
    event: asyncio.Event, broken: "asyncio.Future[None]", *, timeout_s: float
) -> None:
    """Wait for one of them, no longer than that."""
    waiting = asyncio.create_task(event.wait())
    either: set[asyncio.Future[Any]] = {waiting, broken}
    try:
        await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


async def _stop(scanner: BleakScanner) -> None:
    """A scan that cannot be stopped is one that runs no longer, or will not run again: say so."""
    try:
        async with asyncio.timeout(_SERVICE_PATIENCE_S):
            await scanner.stop()
    except (BleakError, OSError, EOFError) as error:
        _LOG.info("the scan did not stop in order: %s", translated(error))


def _printable(name: str) -> str:
    """A name from the air, fit for a terminal."""
    return "".join(letter for letter in name[:64] if letter.isprintable())
