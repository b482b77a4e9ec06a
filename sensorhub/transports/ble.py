"""Bytes over Bluetooth Low Energy: one connection to one sensor, lanes by the family's profile."""

import asyncio
import enum
import logging
from collections.abc import AsyncIterator, Callable

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError, BleakGATTProtocolError

from sensorhub.model.errors import LinkLostError, TransportError
from sensorhub.model.link import Chunk
from sensorhub.model.profile import BleChannel, BleProfile
from sensorhub.transports.base import LinkInfo
from sensorhub.transports.ble_errors import translated
from sensorhub.transports.ble_radio import BleRadio
from sensorhub.transports.chunk_queue import ChunkQueue
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.symptoms import Remedy, Symptom, TroubleError, TroubleLostError

_LOG = logging.getLogger(__name__)
FIND_PATIENCE_S = 15.0
_WRITE_PATIENCE_S = 5.0
_SUBSCRIBE_PATIENCE_S = 10.0
_RELEASE_PATIENCE_S = 5.0
_SMALLEST_PAYLOAD = 20
"""What every link carries at once: the least ATT MTU, 23, without its header."""


class NotifyPath(enum.StrEnum):
    """How BlueZ hands notifications over. bleak's default has changed twice, so we always say."""

    SIGNALS = "signals"  # StartNotify: a D-Bus signal each; the choice of bleak 3.1
    SOCKET = "socket"  # AcquireNotify: a socket each; a third of the latency and half the load


class BleTransport:
    """One BLE sensor, by its advertised name or its address.

    Once it was open, it is that very sensor: another one of the same name is not taken instead.
    """

    def __init__(
        self,
        target: str,
        profile: BleProfile,
        *,
        radio: BleRadio,
        clock: HubClock | None = None,
        notify: NotifyPath = NotifyPath.SIGNALS,
        find_s: float = FIND_PATIENCE_S,
    ) -> None:
        self._target = target
        self._profile = profile
        self._radio = radio
        self._clock = clock or HubClock()
        self._notify = notify
        self._find_s = find_s
        self._adopt = True
        self._address: str | None = None  # of the sensor that was open
        self._tried: BLEDevice | None = None
        self._small_writes = False
        self._client: BleakClient | None = None
        self._writable: dict[str, tuple[BleakGATTCharacteristic, BleChannel]] = {}
        self._queue = ChunkQueue()
        self._dropped_before = 0

    @property
    def dropped(self) -> int:
        """Chunks lost to a slow reader since this object was made."""
        return self._dropped_before + self._queue.dropped

    async def open(self) -> LinkInfo:
        """Find, connect, subscribe to every lane that notifies. Raises TransportError."""
        await self.close()
        device = await self._look()
        self._dropped_before += self._queue.dropped
        queue = self._queue = ChunkQueue()
        self._tried = device
        client = await self._radio.connect(device, on_lost=lambda: queue.end(self._lost()))
        self._client = client
        try:
            payload = await self._set_up(client, queue)
        except (BleakError, OSError, EOFError) as error:
            await self.close()
            raise translated(error) from error
        except BaseException:
            await self.close()
            raise
        self._adopt = True
        self._address = device.address
        if self._small_writes:
            payload = min(payload, _SMALLEST_PAYLOAD)
        return LinkInfo(name=device.name or device.address, max_payload=payload)

    async def mend(self, remedy: Remedy) -> None:
        """Before it is opened again. Never raises but when cancelled."""
        if remedy is Remedy.SMALL_WRITES:
            self._small_writes = True  # the size of packets that the system tells may be wrong
        elif remedy is Remedy.FORGET and self._tried is not None:
            if _may_be_bonded(self._tried):
                return  # to forget it is to lose the bond, by which it is known to be the same
            await self._radio.forget(self._tried.address)

    async def write(self, channel: str, data: bytes) -> int:
        """Write one value; returns the time before it was handed over, nanoseconds.

        Raises LinkLostError when the link is gone or the sensor does not acknowledge in time,
        TransportError when it refuses the write.
        """
        client, lane = self._client, self._writable.get(channel)
        if client is None or self._queue.ended:
            raise self._lost()
        if lane is None:
            raise TransportError(f"The sensor {self._target} has no channel {channel} to write to.")
        characteristic, described = lane
        sent_ns = self._clock.now_ns()
        try:
            async with asyncio.timeout(_WRITE_PATIENCE_S):
                await client.write_gatt_char(
                    characteristic, data, response=described.write_with_response
                )
        except BleakGATTProtocolError as error:
            raise translated(error) from error
        except (BleakError, OSError, EOFError) as error:
            raise self._lost() from error
        return sent_ns

    def chunks(self) -> AsyncIterator[Chunk]:
        """What the sensor notifies, lane by lane, until the link is closed or lost."""
        return self._queue

    async def close(self) -> None:
        """Hang up. Safe at any time; never raises but when cancelled.

        Needed after every link that was lost, too: until ``disconnect`` is called, bleak keeps the
        old client's D-Bus connection, and with it BlueZ its subscriptions; each notification then
        arrives once more for every connection that was lost before (bleak issue 2002).
        """
        self._queue.end()
        self._writable.clear()
        client, self._client = self._client, None
        if client is None:
            return
        try:
            async with asyncio.timeout(_RELEASE_PATIENCE_S):
                await client.disconnect()
        except (BleakError, OSError, EOFError) as error:
            _LOG.info("%s did not hang up in order: %s", self._target, translated(error))
        finally:
            self._radio.release(client)

    async def _look(self) -> BLEDevice:
        """A connection somebody left behind, or else what can be heard.

        When that did not work the last time, only what can be heard: after a restart of the
        Bluetooth service, a connection that the system tells of may be no more than a memory.
        """
        adopt, self._adopt = self._adopt, not self._adopt
        target = self._address or self._target
        if adopt:
            uuids = self._profile.service_uuids
            device = await self._radio.already_connected(target, uuids)
            if device is not None:
                return device
        return await self._radio.find(target, timeout_s=self._find_s, called=self._target)

    async def _set_up(self, client: BleakClient, queue: ChunkQueue) -> int:
        """Look up every lane and subscribe; returns the largest payload a lane takes."""
        payload = 0
        for channel in self._profile.channels:
            if not (channel.notify or channel.write or channel.read):
                continue
            characteristic = client.services.get_characteristic(channel.uuid)
            if characteristic is None:
                if channel.optional:
                    continue
                raise TroubleError(
                    Symptom.WRONG_LANES,
                    f"The sensor {self._target} lacks the channel {channel.name}.",
                )
            payload = max(payload, characteristic.max_write_without_response_size)
            if channel.write:
                self._writable[channel.name] = (characteristic, channel)
            if channel.notify:
                async with asyncio.timeout(_SUBSCRIBE_PATIENCE_S):
                    await client.start_notify(
                        characteristic,
                        self._arrival(channel.name, queue),
                        bluez={"use_start_notify": self._notify is NotifyPath.SIGNALS},
                    )
            if channel.read:
                await self._read_once(client, characteristic, channel, queue)
        return payload

    async def _read_once(
        self,
        client: BleakClient,
        characteristic: BleakGATTCharacteristic,
        channel: BleChannel,
        queue: ChunkQueue,
    ) -> None:
        try:
            async with asyncio.timeout(_SUBSCRIBE_PATIENCE_S):
                value = await client.read_gatt_char(characteristic)
        except BleakGATTProtocolError as error:
            if not channel.optional:
                raise
            _LOG.info("%s does not tell its %s: %s", self._target, channel.name, translated(error))
            return
        self._arrival(channel.name, queue)(characteristic, value)

    def _arrival(
        self, channel: str, queue: ChunkQueue
    ) -> Callable[[BleakGATTCharacteristic, bytearray], None]:
        """A callback bound to this link's queue: an older link's stragglers find theirs closed."""

        def arrived(_characteristic: BleakGATTCharacteristic, data: bytearray) -> None:
            queue.put(Chunk(channel, bytes(data), self._clock.now_ns()))

        return arrived

    def _lost(self) -> LinkLostError:
        return TroubleLostError(
            Symptom.LOST, f"The connection to the sensor {self._target} is lost."
        )


def _may_be_bonded(device: BLEDevice) -> bool:
    """Whether the system holds a bond with it, or does not say."""
    details = device.details
    told = details.get("props", {}) if isinstance(details, dict) else {}
    # Older versions of BlueZ say no more than whether it is paired.
    return told.get("Bonded", told.get("Paired")) is not False
