"""A bench for the simulated sensor: an IMU whose samples name their own index, and a bare host.

The host here knows packets only as this file spells them out with ``struct``: it shares nothing
with the device's codec.
"""

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from firmware_sim.omp.core import DeviceOptions
from firmware_sim.omp.device import OmpDevice, identity_of
from firmware_sim.omp.tables import Op
from firmware_sim.peer import Peer
from firmware_sim.signals import ImuSettings

LOST, CLIPPED, JUMP, BACKFILLED = 1 << 4, 1 << 5, 1 << 6, 1 << 3
RATE_104 = 1e6 / 104 * 1.001  # true period of the bench's IMU at 104 Hz, us

HELLO = b"\x01\x02\x01\x01"
SECOND_US = 1_000_000


class RampStream:
    """Sample ``k``: ax = k mod 32768, ay = k // 32768, the rest fixed; true period off by 0.1 %."""

    def __init__(self, settings: ImuSettings, clip_at: frozenset[int]) -> None:
        self._nominal_us = 1e9 / settings.rate_mhz
        self._next = 0
        self._clip_at = clip_at

    @property
    def true_period_us(self) -> float:
        return self._nominal_us * 1.001

    def read(self, count: int) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        indices = np.arange(self._next, self._next + count)
        self._next += count
        values = np.zeros((count, 6), np.int16)
        values[:, 0] = indices % 32768
        values[:, 1] = indices // 32768
        values[:, 2:] = (4096, -1, 2, -3)
        return values, np.isin(indices, list(self._clip_at))


@dataclass
class RampImu:
    rates_mhz: tuple[int, ...] = (26_000, 52_000, 104_000, 208_000, 416_000, 833_000, 1_666_000)
    acc_ranges_g: tuple[int, ...] = (2, 4, 8, 16)
    gyr_ranges_dps: tuple[int, ...] = (250, 500, 1000, 2000)
    clip_at: frozenset[int] = frozenset()
    starts: list[tuple[ImuSettings, int]] = field(default_factory=list)

    def acc_lsb_g(self, range_g: int) -> float:
        return range_g / 32768

    def gyr_lsb_dps(self, range_dps: int) -> float:
        return range_dps / 32768 * (1.15 if range_dps == 2000 else 1.0)  # some chips' units differ

    def start(self, settings: ImuSettings, world_us: int) -> RampStream:
        self.starts.append((settings, world_us))
        return RampStream(settings, self.clip_at)


def device(imu: RampImu | None = None, *, seed: int = 1, **options: object) -> OmpDevice:
    settings = DeviceOptions(seed=seed, **options)  # type: ignore[arg-type]
    return OmpDevice(identity_of("thigh_right"), imu or RampImu(), options=settings)


@dataclass(frozen=True)
class Response:
    op: int
    tid: int
    status: int
    tlvs: dict[int, bytes]
    packets: tuple[bytes, ...] = ()

    def u16(self, kind: int) -> int:
        return struct.unpack("<H", self.tlvs[kind])[0]

    def u32(self, kind: int) -> int:
        return struct.unpack("<I", self.tlvs[kind])[0]

    def u64(self, kind: int) -> int:
        return struct.unpack("<Q", self.tlvs[kind])[0]


def read_response(packets: list[bytes]) -> Response:
    """One response out of its packets; insists on the ``more`` flags and whole parameters."""
    tlvs: dict[int, bytes] = {}
    for number, packet in enumerate(packets):
        assert packet[0] == 0xF0
        assert packet[1:4] == packets[0][1:4]
        assert packet[4] == (0 if number == len(packets) - 1 else 1)
        body = packet[5:]
        while body:
            kind, length = body[0], body[1]
            assert len(body) >= 2 + length
            tlvs[kind] = body[2 : 2 + length]
            body = body[2 + length :]
    return Response(packets[0][1], packets[0][2], packets[0][3], tlvs, tuple(packets))


@dataclass(frozen=True)
class Samples:
    kind: int
    flags: int
    seq: int
    t0: int
    values: tuple[tuple[int, ...], ...]


def read_samples(packet: bytes) -> Samples:
    kind, flags, seq, t0 = struct.unpack_from("<BBHI", packet)
    size = {0x11: 6, 0x12: 3}[kind]
    body = packet[8:]
    assert body
    assert len(body) % (2 * size) == 0
    return Samples(kind, flags, seq, t0, tuple(struct.iter_unpack(f"<{size}h", body)))


@dataclass(frozen=True)
class Event:
    code: int
    arg: int
    index: int
    t: int


class Bench:
    """A host on one BLE link; ``now`` is the world's time in microseconds."""

    def __init__(self, peer: Peer, *, mtu: int = 247, now: int = 0) -> None:
        self.peer = peer
        self.mtu = mtu
        self.now = now
        self.tid = 0
        self.log: list[tuple[int, str, bytes]] = []
        self.wait(0)

    def connect(self, *, hello: bool = True, lanes: str = "control data bulk") -> "Bench":
        self.peer.link_up(self.now, mtu=self.mtu)
        for lane in lanes.split():
            self.peer.subscribe(lane, self.now, enabled=True)
        if hello:
            assert self.ask(0x01, b"\x01\x02\x01\x01").status == 0
        return self

    def drop(self) -> None:
        self.peer.link_down(self.now)

    def wait(self, us: float) -> None:
        end = self.now + round(us)
        while (due := self.peer.next_poll_us()) is not None and due <= end:
            self.now = max(self.now, due)
            self._poll()
        self.now = end
        self._poll()

    def _poll(self) -> None:
        self.log += [(self.now, sent.lane, sent.data) for sent in self.peer.poll(self.now)]

    def send(self, op: int, body: bytes = b"", *, tid: int | None = None) -> int | None:
        if tid is None:
            self.tid = (self.tid + 1) % 256
            tid = self.tid
        return self.peer.receive("control", bytes((op, tid)) + body, self.now)

    def ask(self, op: int, body: bytes = b"", *, tid: int | None = None) -> Response:
        """Send and take the one response that comes of it."""
        before = len(self.log)
        assert self.send(op, body, tid=tid) is None
        for patience_us in (40_000, 200_000, 2_000_000):
            self.wait(patience_us)
            packets = [data for _, lane, data in self.log[before:] if lane == "control"]
            if packets and packets[-1][4] == 0:
                return read_response(packets)
        raise AssertionError(f"no answer to {op:02X}")

    def on(self, lane: str, since: int = 0) -> list[bytes]:
        return [data for _, where, data in self.log[since:] if where == lane]

    def samples(self, lane: str = "data", since: int = 0) -> list[Samples]:
        return [read_samples(data) for data in self.on(lane, since) if data[0] >> 4 == 1]

    def events(self, lane: str = "data") -> list[Event]:
        return [
            Event(*struct.unpack("<BBIQ", data[2:]))
            for data in self.on(lane)
            if data[0] == 0x21 and len(data) == 16
        ]

    def status(self) -> tuple[int, ...]:
        """The newest status packet: t, latest index, mV, percent, bits."""
        packet = [data for data in self.on("data") if data[0] == 0x32][-1]
        return struct.unpack("<QIHBB", packet[2:])


def tlv(kind: int, layout: str, *values: int) -> bytes:
    value = struct.pack("<" + layout, *values)
    return bytes((kind, len(value))) + value


def indices(packets: list[Samples]) -> list[int]:
    """The index that each sample names itself."""
    return [ay * 32768 + ax for packet in packets for ax, ay, *_ in packet.values]


def streaming(*, mtu: int = 247, body: bytes = b"", **options: object) -> Bench:
    imu = options.pop("imu", None)
    sensor = device(imu, **options)  # type: ignore[arg-type]
    host = Bench(sensor.ble, mtu=mtu).connect()
    assert host.ask(Op.START, body).status == 0
    return host
