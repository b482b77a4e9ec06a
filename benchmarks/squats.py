"""Some minutes of simulated squats as the bytes a sensor of ours would have sent."""

import math
import tomllib
from dataclasses import dataclass, field

import numpy as np

from firmware_sim.fields import Fields
from firmware_sim.render import render
from firmware_sim.scenario.loader import parse_scenario
from sensorhub.model.events import FloatArray
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.samples import SampleBlock
from sensorhub.protocol import tlv
from sensorhub.protocol.control import Op, Request, Response, Status
from sensorhub.protocol.packets import IMU6, SamplesPacket
from sensorhub.protocol.tlv import Tlvs, Version

REPETITIONS = 40
PACKET = 10
PERIOD_US = 10_000
FIRST_US = 3_000_000
ACC_LSB_G = 2.0**-11
GYR_LSB_DPS = 2.0**-4
_ACC_LSB_MPS2 = ACC_LSB_G * 9.80665
_GYR_LSB_RADPS = math.radians(GYR_LSB_DPS)


@dataclass
class Squats:
    """The same squats in every form the paths begin with."""

    period_s: float
    repetitions: int
    acc_mps2: FloatArray
    gyr_radps: FloatArray
    records: tuple[Record, ...]
    blocks: list[SampleBlock] = field(default_factory=list)


def squats() -> Squats:
    """Simulated squats at 100 Hz in packets of ten over a link that loses nothing."""
    text = f'[[step]]\nmovement = "squat"\nreps = {REPETITIONS}\n'
    scenario = parse_scenario(Fields(tomllib.loads(text), "squats"), "squats")
    data = render(scenario).sensors["thigh_right"]
    assert data.gyr_radps is not None
    count = len(data.acc_mps2) // PACKET * PACKET
    acc, gyr = data.acc_mps2[:count], data.gyr_radps[:count]
    rows = np.hstack([acc / _ACC_LSB_MPS2, gyr / _GYR_LSB_RADPS])
    registers = np.clip(np.round(rows), -32767, 32767).astype("<i2")
    return Squats(
        period_s=1e-6 * PERIOD_US,
        repetitions=REPETITIONS,
        acc_mps2=np.ascontiguousarray(acc),
        gyr_radps=np.ascontiguousarray(gyr),
        records=(*_greeting(), *_packets(registers)),
    )


def _greeting() -> list[Record]:
    hello = (
        tlv.VERSION.item(Version(1, 0)),
        tlv.DEVICE_ID.item(b"\x00bench\x00\x00"),
        tlv.BOOT.item(1),
    )
    start = (
        tlv.PERIOD_NS.item(1000 * PERIOD_US),
        tlv.ACC_SCALE_G.item(ACC_LSB_G),
        tlv.GYR_SCALE_DPS.item(GYR_LSB_DPS),
        tlv.FIRST_INDEX.item(0),
        tlv.SESSION.item(7),
        tlv.FIRST_US.item(FIRST_US),
    )
    asked = Request(Op.HELLO, 0, Tlvs((tlv.VERSION.item(Version(1, 0)),))).encode()
    return [
        Record(RecordKind.LINK_UP, "", (247).to_bytes(2, "little"), 0),
        Record(RecordKind.SENT, "control", asked, 1_000_000),
        _received("control", Response(Op.HELLO, 0, Status.OK, Tlvs(hello)).encode(), 2_000_000),
        Record(RecordKind.SENT, "control", Request(Op.START, 1, Tlvs(())).encode(), 3_000_000),
        _received("control", Response(Op.START, 1, Status.OK, Tlvs(start)).encode(), 4_000_000),
    ]


def _packets(registers: np.ndarray) -> list[Record]:
    records = []
    for first in range(0, len(registers), PACKET):
        t0_us = (FIRST_US + first * PERIOD_US) & 0xFFFFFFFF
        rows = registers[first : first + PACKET].tobytes()
        packet = SamplesPacket(IMU6, 0, first & 0xFFFF, t0_us, rows).encode()
        arrived_ns = 10_000_000 + 1000 * (first + PACKET) * PERIOD_US
        records.append(_received("data", packet, arrived_ns))
    return records


def _received(lane: str, data: bytes, host_time_ns: int) -> Record:
    return Record(RecordKind.RECEIVED, lane, data, host_time_ns)
