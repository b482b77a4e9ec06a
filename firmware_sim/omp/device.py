"""The whole simulated sensor and its two faces: Bluetooth LE and a serial line."""

import hashlib
from collections.abc import Callable
from typing import Final

from firmware_sim.omp.capabilities import Identity
from firmware_sim.omp.core import BOOT_US, IDENTIFY_US, DeviceCore, DeviceOptions
from firmware_sim.omp.cue import Output
from firmware_sim.omp.faces import BlePeer, SerialPeer
from firmware_sim.omp.framing import MAX_PACKET_BYTES
from firmware_sim.omp.port import LineModel, Port
from firmware_sim.signals import ImuPart

# About six notifications in a connection interval of 15 ms, whatever their length.
_BLE_LINE: Final = LineModel(byte_us=0.0, packet_us=2500.0, confirm_us=15_000, bulk_us=15_000)


def _serial_line(baud: int | None) -> LineModel:
    if baud is None:  # USB: the cable is not what limits
        return LineModel(byte_us=0.0, packet_us=100.0, confirm_us=0, bulk_us=5_000)
    byte_us = 1e7 / baud
    # Ten bytes of framing a packet; backfill leaves the line about a tenth of its time.
    full_us = byte_us * (MAX_PACKET_BYTES + 10)
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
