"""The device's two faces, each a :class:`~firmware_sim.peer.Peer`: GATT server and serial line."""

from typing import Final, Protocol

from firmware_sim.omp.core import DeviceCore
from firmware_sim.omp.framing import MAX_PACKET_BYTES, FrameReader, encode_frame
from firmware_sim.omp.port import Port
from firmware_sim.omp.requests import handle
from firmware_sim.omp.tables import LinkState
from firmware_sim.peer import Advertisement, GattCharacteristic, GattService, Sent

SERVICE_UUID: Final = "305c0001-63cd-4e70-a75e-ca8f2e292bfd"
_LANE_UUIDS: Final = {
    "control": "305c0002-63cd-4e70-a75e-ca8f2e292bfd",
    "data": "305c0003-63cd-4e70-a75e-ca8f2e292bfd",
    "bulk": "305c0004-63cd-4e70-a75e-ca8f2e292bfd",
    "capabilities": "305c0005-63cd-4e70-a75e-ca8f2e292bfd",
}
_BLUETOOTH_BASE: Final = "0000{:04x}-0000-1000-8000-00805f9b34fb"

ATT_WRITE_NOT_PERMITTED: Final = 0x03
ATT_INVALID_LENGTH: Final = 0x0D
ATT_NOT_INDICATING: Final = 0xFD
_SMALLEST_MTU: Final = 23

_CONTROL, _DATA, _BULK, _LOG, _SMP = 1, 2, 3, 4, 5
_CHANNELS: Final = {"control": _CONTROL, "data": _DATA, "bulk": _BULK}


class Living(Protocol):
    """A device that lives in the simulated world."""

    @property
    def core(self) -> DeviceCore: ...

    def advance(self, now_us: int) -> int:
        """Live through everything up to ``now_us``; returns the time it then is."""

    def next_us(self) -> int | None: ...


class _Face:
    """What the two peers have in common."""

    def __init__(self, device: Living, port: Port) -> None:
        self._device = device
        self._port = port
        self._out: list[Sent] = []
        self._up = False

    @property
    def advertisement(self) -> Advertisement:
        core = self._device.core
        return Advertisement(
            name=core.name or core.identity.name,
            address=core.identity.address,
            service_uuids=(SERVICE_UUID,),
        )

    def link_down(self, now_us: int) -> None:
        now_us = self._device.advance(now_us)
        self._up = False
        self._out.clear()
        self._device.core.link_lost(self._port, now_us)
        self._port.close()

    def poll(self, now_us: int) -> list[Sent]:
        self._device.advance(now_us)
        out, self._out = self._out, []
        return out

    def next_poll_us(self) -> int | None:
        return self._device.next_us()

    def reachable(self, now_us: int) -> bool:
        """A device that lost power stays away from a link until that link has noticed."""
        self._device.advance(now_us)
        gone = self._up and self._port.state is LinkState.DOWN
        return self._device.core.on and not gone

    def _hear(self, packet: bytes, now_us: int) -> None:
        self._port.heard_us = now_us
        handle(self._device.core, self._port, packet, now_us)


class BlePeer(_Face):
    """The device as a GATT server."""

    @property
    def services(self) -> tuple[GattService, ...]:
        core = self._device.core
        battery = bytes((core.battery.percent,))
        return (
            GattService(
                SERVICE_UUID,
                (
                    GattCharacteristic("control", _LANE_UUIDS["control"], ("write", "indicate")),
                    GattCharacteristic("data", _LANE_UUIDS["data"], ("notify",)),
                    GattCharacteristic("bulk", _LANE_UUIDS["bulk"], ("notify",)),
                    GattCharacteristic(
                        "capabilities", _LANE_UUIDS["capabilities"], ("read",), core.capabilities
                    ),
                ),
            ),
            GattService(
                _BLUETOOTH_BASE.format(0x180F),
                (_standard("battery", 0x2A19, ("read", "notify"), battery),),
            ),
            GattService(
                _BLUETOOTH_BASE.format(0x180A),
                (
                    _standard("manufacturer", 0x2A29, ("read",), core.identity.manufacturer),
                    _standard("model", 0x2A24, ("read",), core.identity.model),
                    _standard("serial_number", 0x2A25, ("read",), core.identity.device_id.hex()),
                    _standard("firmware", 0x2A26, ("read",), core.identity.firmware),
                    _standard("hardware", 0x2A27, ("read",), core.identity.hardware),
                ),
            ),
        )

    def link_up(self, now_us: int, *, mtu: int | None) -> None:
        now_us = self._device.advance(now_us)
        if self._device.core.on:
            self._up = True
            self._port.open(now_us, max_packet=max(mtu or _SMALLEST_MTU, _SMALLEST_MTU) - 3)

    def subscribe(self, lane: str, now_us: int, *, enabled: bool) -> None:
        now_us = self._device.advance(now_us)
        if self._port.state is LinkState.DOWN:
            return
        if enabled:
            self._port.enabled.add(lane)
        else:
            self._port.enabled.discard(lane)
            self._port.drop(lane)
        self._device.core.links_changed(now_us)

    def receive(self, lane: str, data: bytes, now_us: int) -> int | None:
        now_us = self._device.advance(now_us)
        if lane != "control":
            return ATT_WRITE_NOT_PERMITTED
        if self._port.state is LinkState.DOWN:
            return None
        if len(data) > self._port.max_packet:
            return ATT_INVALID_LENGTH
        if "control" not in self._port.enabled:
            return ATT_NOT_INDICATING
        self._hear(data, now_us)
        self._device.advance(now_us)
        return None

    def sent(self, lane: str, packet: bytes) -> None:
        if lane in self._port.enabled:
            self._out.append(Sent(lane, packet))


class SerialPeer(_Face):
    """The device at the end of a cable: framed packets on the lane ``serial``."""

    def __init__(self, device: Living, port: Port) -> None:
        super().__init__(device, port)
        self._reader = FrameReader(frozenset((_CONTROL, _SMP)))

    @property
    def services(self) -> tuple[GattService, ...]:
        return ()

    @property
    def frames_dropped(self) -> int:
        """Frames from the host that were not whole."""
        return self._reader.dropped

    def link_up(self, now_us: int, *, mtu: int | None) -> None:
        assert mtu is None
        now_us = self._device.advance(now_us)
        if not self._device.core.on:
            return
        self._up = True
        self._reader = FrameReader(frozenset((_CONTROL, _SMP)))
        self._port.open(now_us, max_packet=MAX_PACKET_BYTES)
        greeting = f"boot {self._device.core.boot_id:08X}".encode()
        self._out.append(Sent("serial", b"\0" + encode_frame(_LOG, greeting)))

    def subscribe(self, lane: str, now_us: int, *, enabled: bool) -> None:
        """Nothing to subscribe to on a serial line."""

    def receive(self, lane: str, data: bytes, now_us: int) -> int | None:
        assert lane == "serial"
        now_us = self._device.advance(now_us)
        if self._port.state is LinkState.DOWN:
            return None
        for frame in self._reader.push(data):
            if frame.channel == _CONTROL:
                self._hear(frame.packet, now_us)
            else:  # firmware update: this device has none, but a host that speaks is there
                self._port.heard_us = now_us
        self._device.advance(now_us)
        return None

    def sent(self, lane: str, packet: bytes) -> None:
        self._out.append(Sent("serial", encode_frame(_CHANNELS[lane], packet)))


def _standard(
    lane: str, number: int, properties: tuple[str, ...], value: str | bytes
) -> GattCharacteristic:
    """A characteristic of the Bluetooth SIG's own numbers."""
    encoded = value.encode() if isinstance(value, str) else value
    return GattCharacteristic(lane, _BLUETOOTH_BASE.format(number), properties, encoded)
