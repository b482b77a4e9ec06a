"""The whole simulated sensor and its two faces: Bluetooth LE and a serial line."""

import hashlib
from collections.abc import Callable
from typing import Final

from firmware_sim.omp.capabilities import Identity
from firmware_sim.omp.core import BOOT_US, IDENTIFY_US, DeviceCore, DeviceOptions
from firmware_sim.omp.cue import Output
from firmware_sim.omp.framing import FrameReader, encode_frame
from firmware_sim.omp.port import LineModel, Port
from firmware_sim.omp.requests import handle
from firmware_sim.omp.tables import LinkState
from firmware_sim.peer import Advertisement, GattCharacteristic, GattService, Sent
from firmware_sim.signals import ImuPart

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

_SERIAL_PACKET: Final = 512
_CONTROL, _DATA, _BULK, _LOG, _SMP = 1, 2, 3, 4, 5
_CHANNELS: Final = {"control": _CONTROL, "data": _DATA, "bulk": _BULK}

# About six notifications in a connection interval of 15 ms, whatever their length.
_BLE_LINE: Final = LineModel(byte_us=0.0, packet_us=2500.0, confirm_us=15_000, bulk_us=15_000)


def _serial_line(baud: int | None) -> LineModel:
    if baud is None:  # USB: the cable is not what limits
        return LineModel(byte_us=0.0, packet_us=100.0, confirm_us=0, bulk_us=5_000)
    byte_us = 1e7 / baud
    # Ten bytes of framing a packet; backfill leaves the line about a tenth of its time.
    full_us = byte_us * (_SERIAL_PACKET + 10)
    return LineModel(
        byte_us=byte_us, packet_us=10 * byte_us, confirm_us=0, bulk_us=round(1.1 * full_us)
    )


def identity_of(placement: str, *, seed: int = 0) -> Identity:
    """A believable, stable identity for the sensor worn at ``placement``."""
    digest = hashlib.sha256(f"{placement}/{seed}".encode()).digest()
    # The two highest bits of a random static address are set.
    address = bytes((digest[8] | 0xC0,)) + digest[9:14]
    return Identity(
        device_id=digest[:8],
        address=":".join(f"{byte:02X}" for byte in address),
        name=f"OM-{digest[14]:02X}{digest[15]:02X}",
    )


class OmpDevice:
    """One Open Motion sensor: ``ble`` and ``serial`` are its two :class:`~firmware_sim.peer.Peer`.

    Both faces share one device, as a real one does: a host that is READY on one keeps the other
    from saying HELLO.

    Args:
        imu: the mounted chip it reads.
        on_cue: called with the world time when the wearer notices a cue.
        now_us: world time of the first boot.
        baud: speed of the serial line, None for USB.
    """

    def __init__(
        self,
        identity: Identity,
        imu: ImuPart,
        *,
        options: DeviceOptions | None = None,
        on_cue: Callable[[int], None] = lambda _: None,
        now_us: int = 0,
        baud: int | None = 115200,
    ) -> None:
        self._ble_port = Port("ble", _BLE_LINE, subscribes=True)
        self._serial_port = Port("serial", _serial_line(baud), subscribes=False)
        self._now_us = now_us
        self.core = DeviceCore(
            identity,
            imu,
            options or DeviceOptions(),
            (self._ble_port, self._serial_port),
            on_cue=on_cue,
            now_us=now_us,
        )
        self.ble = BlePeer(self, self._ble_port)
        self.serial = SerialPeer(self, self._serial_port)
        self._faces: dict[str, BlePeer | SerialPeer] = {"ble": self.ble, "serial": self.serial}

    def advance(self, now_us: int) -> int:
        """Live through everything up to ``now_us``, in order; returns the time it then is."""
        while True:
            due_us = self.core.next_us()
            if due_us is None or due_us > now_us:
                break
            self._now_us = max(self._now_us, due_us)
            self._step()
        self._now_us = max(self._now_us, now_us)
        self._step()
        return self._now_us

    def _step(self) -> None:
        self.core.step(self._now_us)
        for port in self.core.ports:
            while (out := port.leave(self._now_us)) is not None:
                self._faces[port.name].sent(out.lane, out.packet)

    def next_us(self) -> int | None:
        return self.core.next_us()

    def output(self, now_us: int) -> Output:
        """What LED and motor do now; identifying shows as blinking white."""
        now_us = self.advance(now_us)
        playing = self.core.cue.output(now_us)
        if now_us < self.core.identify_until_us and playing == Output():
            left_us = self.core.identify_until_us - now_us
            on = 100 if (IDENTIFY_US - left_us) // 250_000 % 2 == 0 else 0
            return Output(on, on, on, 0)
        return playing

    # Incidents: what happens to a device in a home

    def reboot(self, now_us: int) -> None:
        now_us = self.advance(now_us)
        self.core.power_off(now_us, back_us=now_us + BOOT_US)

    def press_button(self, now_us: int) -> None:
        self.core.press_button(self.advance(now_us))

    def set_charging(self, now_us: int, *, charging: bool) -> None:
        self.core.set_charging(self.advance(now_us), charging=charging)

    def set_battery(self, now_us: int, percent: float) -> None:
        self.advance(now_us)
        self.core.battery.set_percent(percent)

    def break_sensor(self, now_us: int) -> None:
        self.core.break_sensor(self.advance(now_us))

    def lose_samples(self, now_us: int, count: int) -> None:
        self.advance(now_us)
        if self.core.streaming.running is not None:
            self.core.streaming.running.lose(count)


class _Face:
    """What the two peers have in common."""

    def __init__(self, device: OmpDevice, port: Port) -> None:
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

    def __init__(self, device: OmpDevice, port: Port) -> None:
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
        self._port.open(now_us, max_packet=_SERIAL_PACKET)
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
