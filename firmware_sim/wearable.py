"""What simple wearables have in common: a chip read in batches, lanes, answers, a battery.

A family's peer subclasses :class:`Wearable` and says what its bytes are. Everything that happens by
itself has a world time, and :meth:`Wearable.advance` lives through it in order, so that the bytes
do not depend on how often a link looks.
"""

import heapq
import itertools
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_sim.families import DeviceSetup, address_of
from firmware_sim.peer import Advertisement, GattCharacteristic, GattService, Sent
from firmware_sim.signals import ImuSettings, ImuStream

Array = NDArray[np.float64]

_SIG_BASE: Final = "0000{:04x}-0000-1000-8000-00805f9b34fb"
_MOST_WAITING: Final = 512
_BOOT_US: Final = 1_200_000
_BATTERY_LIFE_S: Final = 8 * 3600.0


def sig_uuid(number: int) -> str:
    """The 128-bit form of one of the Bluetooth SIG's own numbers."""
    return _SIG_BASE.format(number)


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples read together.

    Attributes:
        first_index: of the first, counted since the chip was started.
        first_us, period_us: world time of the first sample, and between samples.
        acc_g, gyr_dps: shape (n, 3).
    """

    first_index: int
    first_us: float
    period_us: float
    acc_g: Array
    gyr_dps: Array

    def __len__(self) -> int:
        return len(self.acc_g)

    @property
    def last_us(self) -> float:
        return self.first_us + (len(self) - 1) * self.period_us


class _Chip:
    """The running IMU, read every ``batch`` samples."""

    def __init__(
        self, stream: ImuStream, settings: ImuSettings, lsb: tuple[float, float], start: float
    ) -> None:
        self.settings = settings
        self._stream = stream
        self._lsb = lsb
        self._start_us = start
        self._next = 0

    def due_us(self, batch: int) -> int:
        last = self._start_us + (self._next + batch - 1) * self._stream.true_period_us
        return -int(-last // 1)

    def read(self, batch: int) -> Batch:
        values, _ = self._stream.read(batch)
        first, self._next = self._next, self._next + batch
        period_us = self._stream.true_period_us
        scaled = values.astype(np.float64)
        return Batch(
            first,
            self._start_us + first * period_us,
            period_us,
            scaled[:, :3] * self._lsb[0],
            scaled[:, 3:] * self._lsb[1],
        )


class Wearable(ABC):
    """One device at one end of one link: a :class:`~firmware_sim.peer.Peer` and its incidents.

    Args:
        serial: it is reached over a serial line, where nothing is subscribed to.
    """

    name_prefix = ""
    service_uuids: tuple[str, ...] = ()

    def __init__(self, setup: DeviceSetup, *, serial: bool = False) -> None:
        self.setup = setup
        self.serial = serial
        self.subscribed: set[str] = set()
        self.mtu = 23
        self.linked = False
        self.battery_percent = setup.battery_percent
        self.charging = False
        self._now_us = setup.now_us
        self._born_us = setup.now_us
        self._chip: _Chip | None = None
        self._batch = 1
        self._waiting: deque[Sent] = deque()
        self._order = itertools.count()
        self._agenda: list[tuple[int, int, Callable[[int], None]]] = []
        self._on = True
        self._lost = 0
        self._address = address_of(setup)

    # What a family says

    @property
    @abstractmethod
    def services(self) -> tuple[GattService, ...]: ...

    @abstractmethod
    def boot(self, now_us: int) -> None:
        """Power comes back: forget what is not in flash."""

    @abstractmethod
    def heard(self, lane: str, data: bytes, now_us: int) -> int | None:
        """Bytes from the host; returns an ATT error or None."""

    @abstractmethod
    def sampled(self, batch: Batch, now_us: int) -> None:
        """Samples were read: say so on the wire."""

    def listening_changed(self, now_us: int) -> None:  # noqa: B027 - not every family minds
        """A link came or went, or a lane was (un)subscribed."""

    # What a family uses

    def device_us(self, world_us: float) -> int:
        """The device's own clock: microseconds since it was switched on, crystal error included."""
        return round((world_us - self._born_us) * (1.0 + 1e-6 * self.setup.ppm))

    def sample(
        self, rate_hz: float, *, batch: int, now_us: int, acc_range_g: int, gyr_range_dps: int
    ) -> None:
        """Run the chip at the rate nearest to ``rate_hz``; read it every ``batch`` samples."""
        imu = self.setup.imu
        rate_mhz = min(imu.rates_mhz, key=lambda mhz: abs(mhz / 1e3 - rate_hz))
        settings = ImuSettings(rate_mhz, acc_range_g, gyr_range_dps)
        lsb = (imu.acc_lsb_g(acc_range_g), imu.gyr_lsb_dps(gyr_range_dps))
        start_us = now_us + 20_000
        self._chip = _Chip(imu.start(settings, start_us), settings, lsb, float(start_us))
        self._batch = batch

    def stop_sampling(self) -> None:
        self._chip = None

    @property
    def sampling(self) -> bool:
        return self._chip is not None

    def say(self, lane: str, data: bytes) -> None:
        """Send; on a lane that nobody subscribed to nothing happens."""
        if not self.linked or (not self.serial and lane not in self.subscribed):
            return
        if len(self._waiting) >= _MOST_WAITING:
            self._waiting.popleft()
        self._waiting.append(Sent("serial" if self.serial else lane, data))

    def later(self, at_us: int, happens: Callable[[int], None]) -> None:
        """Let something happen at a world time."""
        heapq.heappush(self._agenda, (at_us, next(self._order), happens))

    def percent(self, now_us: int) -> int:
        """Charge now; a full battery lasts eight hours."""
        used = 100.0 * (now_us - self._born_us) / 1e6 / _BATTERY_LIFE_S
        return round(min(100.0, max(0.0, self.battery_percent - (0.0 if self.charging else used))))

    def standard_services(self, *, model: str, battery: bool) -> tuple[GattService, ...]:
        """Device information, and the battery service where the family has one."""
        information = GattService(
            sig_uuid(0x180A),
            (
                GattCharacteristic("model", sig_uuid(0x2A24), ("read",), model.encode()),
                GattCharacteristic("serial_number", sig_uuid(0x2A25), ("read",), self.serial_text),
            ),
        )
        if not battery:
            return (information,)
        level = bytes((self.percent(self._now_us),))
        characteristic = GattCharacteristic("battery", sig_uuid(0x2A19), ("read", "notify"), level)
        return (information, GattService(sig_uuid(0x180F), (characteristic,)))

    @property
    def serial_text(self) -> bytes:
        """What is printed on it."""
        return self._address.replace(":", "").encode()

    # Peer

    @property
    def advertisement(self) -> Advertisement:
        tail = self._address[-5:].replace(":", "")
        return Advertisement(f"{self.name_prefix}{tail}", self._address, self.service_uuids)

    def link_up(self, now_us: int, *, mtu: int | None) -> None:
        self.advance(now_us)
        self.linked = True
        self.mtu = mtu or 23
        self.listening_changed(now_us)

    def link_down(self, now_us: int) -> None:
        self.advance(now_us)
        self.linked = False
        self.subscribed.clear()
        self._waiting.clear()
        self.listening_changed(now_us)

    def subscribe(self, lane: str, now_us: int, *, enabled: bool) -> None:
        self.advance(now_us)
        (self.subscribed.add if enabled else self.subscribed.discard)(lane)
        if lane == "battery" and enabled:
            self.say("battery", bytes((self.percent(now_us),)))
        self.listening_changed(now_us)

    def receive(self, lane: str, data: bytes, now_us: int) -> int | None:
        self.advance(now_us)
        return self.heard(lane, data, now_us) if self._on and self.linked else None

    def poll(self, now_us: int) -> list[Sent]:
        self.advance(now_us)
        left, self._waiting = list(self._waiting), deque()
        return left

    def next_poll_us(self) -> int | None:
        times = [at for at, _, _ in self._agenda[:1]]
        if self._chip is not None:
            times.append(self._chip.due_us(self._batch))
        if self._waiting:
            times.append(self._now_us)
        return min(times, default=None)

    def reachable(self, now_us: int) -> bool:
        self.advance(now_us)
        return self._on

    def advance(self, now_us: int) -> None:
        """Live through everything up to ``now_us``, in order."""
        while True:
            agenda_us = self._agenda[0][0] if self._agenda else None
            chip_us = None if self._chip is None else self._chip.due_us(self._batch)
            due_us = min((at for at in (agenda_us, chip_us) if at is not None), default=None)
            if due_us is None or due_us > now_us:
                break
            self._now_us = max(self._now_us, due_us)
            if due_us == agenda_us:
                heapq.heappop(self._agenda)[2](self._now_us)
            else:
                assert self._chip is not None
                batch = self._chip.read(self._batch)
                if self._lost >= len(batch):
                    self._lost -= len(batch)
                else:
                    self._lost = 0
                    self.sampled(batch, self._now_us)
        self._now_us = max(self._now_us, now_us)

    # Incidents

    def reboot(self, now_us: int) -> None:
        self.advance(now_us)
        self._on = False
        self.stop_sampling()
        self._agenda.clear()
        self._waiting.clear()
        self.later(now_us + _BOOT_US, self._back)

    def press_button(self, now_us: int) -> None:
        """These have no button that a host hears of."""
        self.advance(now_us)

    def set_charging(self, now_us: int, *, charging: bool) -> None:
        self.advance(now_us)
        self.charging = charging

    def set_battery(self, now_us: int, percent: float) -> None:
        self.advance(now_us)
        self.battery_percent = percent
        self._say_battery(now_us)

    def break_sensor(self, now_us: int) -> None:
        self.advance(now_us)
        self.stop_sampling()

    def lose_samples(self, now_us: int, count: int) -> None:
        """Whole batches, as a full buffer loses them."""
        self.advance(now_us)
        self._lost += count

    def _say_battery(self, now_us: int) -> None:
        self.say("battery", bytes((self.percent(now_us),)))

    def _back(self, now_us: int) -> None:
        self._on = True
        self._born_us = now_us
        self.boot(now_us)
