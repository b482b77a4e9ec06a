"""A simulated sensor as a person writes it: ``thigh_right:part=lsm6dso,ppm=40@pty:/tmp/a``."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from firmware_sim.body.skeleton import PLACEMENTS
from firmware_sim.families import FAMILIES
from firmware_sim.fields import Fields, InputError, nearest
from firmware_sim.person import SensorSetup


class LaneKind(StrEnum):
    PTY = "pty"
    TCP = "tcp"
    UDP = "udp"
    BLE = "ble"


@dataclass(frozen=True, slots=True)
class Lane:
    """How a host reaches the sensor."""

    kind: LaneKind
    path: Path = Path()  # of the pty or the BLE socket
    host: str = ""
    port: int = 0
    hub_port: int = 0  # UDP: where the sensor sends

    def beside(self, placement: str, number: int) -> "Lane":
        """The same kind of lane for one more sensor: radio is shared, cables are not."""
        match self.kind:
            case LaneKind.PTY:
                return Lane(self.kind, path=self.path.with_name(f"{self.path.name}-{placement}"))
            case LaneKind.TCP:
                port = self.port + number if self.port else 0
                return Lane(self.kind, host=self.host, port=port)
            case LaneKind.UDP:
                port = self.port + number if self.port else 0
                return Lane(self.kind, host=self.host, port=port, hub_port=self.hub_port + number)
            case LaneKind.BLE:
                return self


@dataclass(frozen=True, slots=True)
class SensorSpec:
    """One sensor.

    Attributes:
        family: what kind of device it is.
        ppm: error of the device's crystal; None: drawn, within what such crystals have.
        lane: None: the one given for all.
    """

    placement: str
    setup: SensorSetup
    lane: Lane | None
    family: str = "omp"
    ppm: float | None = None
    battery_percent: float = 81.0
    ring_bytes: int | None = None
    wake_after_s: float | None = None


KEYS: Final = {
    "device": "the device family: " + ", ".join(FAMILIES),
    "part": "the IMU chip: bmi270, lsm6dso, icm42688p ...",
    "mount": "how it is strapped on: identity, random or turns in degrees x,y,z",
    "ppm": "error of the device's clock, parts per million",
    "imu_ppm": "error of the IMU's rate, parts per million",
    "drift": "the strap creeps, degrees a minute",
    "slip": "the strap turns by so many degrees",
    "slip_at": "when it does, seconds",
    "battery": "charge at the beginning, percent",
    "ring": "memory for samples, bytes",
    "wake": "a sleeping device wakes by itself after so many seconds",
}
_WORDS: Final = ("device", "part", "mount")


def parse_sensor(text: str) -> SensorSpec:
    """``PLACEMENT[:KEY=VALUE,...][@LANE]``.

    Raises:
        InputError: it cannot be read; says what is expected.
    """
    where = f"sensor {text!r}"
    worn, at, lane = text.partition("@")
    placement, _, settings = worn.partition(":")
    if placement not in PLACEMENTS:
        raise InputError(f"{where}: no placement {placement!r}{nearest(placement, PLACEMENTS)}")
    fields = Fields(_settings(settings, where), where)
    family = fields.word("device", "omp")
    if family not in FAMILIES:
        raise InputError(f"{where}: no device {family!r}{nearest(family, FAMILIES)}")
    row = FAMILIES[family]
    spec = SensorSpec(
        placement,
        SensorSetup(
            part=fields.word("part", row.part),
            mount=fields.word("mount", "random"),
            clock_ppm=fields.number("imu_ppm", 0.0) if "imu_ppm" in fields else row.imu_ppm,
            drift_deg_per_min=fields.number("drift", 0.0),
            slip_deg=fields.number("slip", 0.0),
            slip_s=fields.number("slip_at", 0.0, low=0.0),
        ),
        parse_lane(lane, where) if at else None,
        family=family,
        ppm=fields.number("ppm", 0.0, low=-1000.0, high=1000.0) if "ppm" in fields else None,
        battery_percent=fields.number("battery", 81.0, low=0.0, high=100.0),
        ring_bytes=round(fields.number("ring", 0, low=512, high=1e8)) if "ring" in fields else None,
        wake_after_s=fields.number("wake", 0.0, low=0.0) if "wake" in fields else None,
    )
    fields.close()
    return spec


def _settings(text: str, where: str) -> dict[str, object]:
    """Keys and values; a part without ``=`` belongs to the value before (``mount=0,90,0``)."""
    words: dict[str, str] = {}
    last = ""
    for part in text.split(",") if text else ():
        name, equals, value = part.partition("=")
        if equals:
            last = name.strip()
            if last not in KEYS:
                raise InputError(f"{where}: no setting {last!r}{nearest(last, KEYS)}")
            words[last] = value.strip()
        elif last:
            words[last] += f",{part.strip()}"
        else:
            raise InputError(f"{where}: {part!r} is not KEY=VALUE")
    values: dict[str, object] = {}
    for name, value in words.items():
        try:
            values[name] = value if name in _WORDS else float(value)
        except ValueError:
            raise InputError(f"{where}: {name} must be a number, not {value!r}") from None
    return values


def parse_lane(text: str, where: str) -> Lane:
    """``pty:PATH``, ``tcp:HOST:PORT``, ``udp:HOST:PORT:HUB_PORT`` or ``ble:SOCKET``.

    Raises:
        InputError: it is none of these.
    """
    kind, _, rest = text.partition(":")
    if kind not in tuple(LaneKind):
        raise InputError(
            f"{where}: no lane {kind!r}{nearest(kind, [lane.value for lane in LaneKind])}"
        )
    if kind == LaneKind.TCP:
        host, _, port = rest.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65535:
            raise InputError(f"{where}: a TCP lane is tcp:HOST:PORT, not {text!r}")
        return Lane(LaneKind.TCP, host=host, port=int(port))
    if kind == LaneKind.UDP:
        host, *ports = rest.rsplit(":", 2)
        if len(ports) != 2 or not all(p.isdecimal() and int(p) <= 65535 for p in ports):
            raise InputError(f"{where}: a UDP lane is udp:HOST:PORT:HUB_PORT, not {text!r}")
        return Lane(LaneKind.UDP, host=host, port=int(ports[0]), hub_port=int(ports[1]))
    if not rest:
        raise InputError(f"{where}: a lane of this kind is {kind}:PATH")
    return Lane(LaneKind(kind), path=Path(rest))
