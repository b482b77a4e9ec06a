"""The protocol's tables: operations, parameters, status codes, states and what each allows."""

import struct
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

VERSION: Final = (1, 0)
NO_INDEX: Final = 0xFFFFFFFF


class Status(IntEnum):
    OK = 0
    UNKNOWN_OP = 1
    BAD_LENGTH = 2
    BAD_PARAMETER = 3
    UNSUPPORTED = 4
    WRONG_STATE = 5
    ALREADY = 6
    BUSY = 7
    NO_MEMORY = 8
    RANGE = 9
    RATE = 10
    MTU_TOO_SMALL = 11
    EVICTED = 12
    LOW_BATTERY = 13
    SENSOR_FAULT = 14
    VERSION = 15
    INTERNAL = 255


class Op(IntEnum):
    HELLO = 0x01
    GET_CAPS = 0x02
    GET_CONFIG = 0x03
    SET_CONFIG = 0x04
    START = 0x05
    STOP = 0x06
    STATUS = 0x07
    TIME_SYNC = 0x08
    SET_WALLCLOCK = 0x09
    BACKFILL = 0x0A
    BACKFILL_CANCEL = 0x0B
    CUE = 0x0C
    IDENTIFY = 0x0D
    NAME = 0x0E
    SLEEP = 0x0F
    RESET = 0x10
    MARK = 0x11
    CAL = 0x12
    VENDOR = 0x7F


class Tlv(IntEnum):
    VERSION = 0x01
    DEVICE_ID = 0x02
    BOOT_ID = 0x03
    ATT_MTU = 0x04
    RUNNING_SESSION = 0x05
    CAPS_HASH = 0x06
    CAPS_OFFSET = 0x07
    CAPS_BYTES = 0x08
    CAPS_TOTAL = 0x09
    STREAM = 0x10
    RATE = 0x11
    ACC_RANGE = 0x12
    GYR_RANGE = 0x13
    BATCH_MAX = 0x14
    MAX_LATENCY = 0x15
    FORMAT = 0x16
    PERIOD = 0x20
    ACC_SCALE = 0x21
    GYR_SCALE = 0x22
    FIRST_INDEX = 0x23
    SESSION = 0x24
    FIRST_US = 0x25
    MAG_SCALE = 0x26
    WANTED = 0x30
    LATEST_INDEX = 0x31
    GRANTED = 0x32
    CUE = 0x40
    CUE_AT = 0x41
    CUE_START = 0x42
    UTC_US = 0x50
    UTC_OFFSET_US = 0x51
    NAME = 0x52
    LABEL = 0x53
    MARK_INDEX = 0x54
    MARK_US = 0x55


# How each value is laid out; the two of free length are not here.
LAYOUT: Final[dict[Tlv, struct.Struct]] = {
    Tlv.VERSION: struct.Struct("<BB"),
    Tlv.DEVICE_ID: struct.Struct("<8s"),
    Tlv.BOOT_ID: struct.Struct("<I"),
    Tlv.ATT_MTU: struct.Struct("<H"),
    Tlv.RUNNING_SESSION: struct.Struct("<I"),
    Tlv.CAPS_HASH: struct.Struct("<I"),
    Tlv.CAPS_OFFSET: struct.Struct("<H"),
    Tlv.CAPS_TOTAL: struct.Struct("<H"),
    Tlv.STREAM: struct.Struct("<B"),
    Tlv.RATE: struct.Struct("<I"),  # mHz
    Tlv.ACC_RANGE: struct.Struct("<H"),  # g
    Tlv.GYR_RANGE: struct.Struct("<H"),  # degrees a second
    Tlv.BATCH_MAX: struct.Struct("<B"),
    Tlv.MAX_LATENCY: struct.Struct("<H"),  # ms
    Tlv.FORMAT: struct.Struct("<B"),
    Tlv.PERIOD: struct.Struct("<I"),  # ns
    Tlv.ACC_SCALE: struct.Struct("<f"),  # g a step
    Tlv.GYR_SCALE: struct.Struct("<f"),  # degrees a second a step
    Tlv.FIRST_INDEX: struct.Struct("<I"),
    Tlv.SESSION: struct.Struct("<I"),
    Tlv.FIRST_US: struct.Struct("<Q"),
    Tlv.MAG_SCALE: struct.Struct("<f"),  # microtesla a step
    Tlv.WANTED: struct.Struct("<II"),  # first, count
    Tlv.LATEST_INDEX: struct.Struct("<I"),
    Tlv.GRANTED: struct.Struct("<II"),  # first, last
    Tlv.CUE: struct.Struct("<BBBBHHB"),  # red, green, blue, haptic, on ms, off ms, repeats
    Tlv.CUE_AT: struct.Struct("<Q"),
    Tlv.CUE_START: struct.Struct("<Q"),
    Tlv.UTC_US: struct.Struct("<Q"),
    Tlv.UTC_OFFSET_US: struct.Struct("<q"),
    Tlv.LABEL: struct.Struct("<H"),
    Tlv.MARK_INDEX: struct.Struct("<I"),
    Tlv.MARK_US: struct.Struct("<Q"),
}
LENGTHS: Final[dict[Tlv, range]] = {
    **{tlv: range(layout.size, layout.size + 1) for tlv, layout in LAYOUT.items()},
    Tlv.CAPS_BYTES: range(256),
    Tlv.NAME: range(14),
}
CRITICAL_FROM: Final = 0x80  # an unknown type from here on must not be ignored

CONFIGURATION: Final = frozenset(
    (Tlv.STREAM, Tlv.RATE, Tlv.ACC_RANGE, Tlv.GYR_RANGE, Tlv.BATCH_MAX, Tlv.MAX_LATENCY, Tlv.FORMAT)
)


class Feature(IntEnum):
    """Bit numbers of capability 8."""

    WALLCLOCK = 0
    BACKFILL = 1
    CUE = 2
    NAME = 3
    SLEEP = 4
    MARK = 5
    ENCRYPTION_REQUIRED = 6
    SMP = 7


@dataclass(frozen=True, slots=True)
class OpRule:
    """What a request must and may carry, what must be enabled, what the device must be able to."""

    required: frozenset[Tlv] = frozenset()
    optional: frozenset[Tlv] = frozenset()
    notify: str | None = None  # the lane whose notifications must be enabled
    feature: Feature | None = None
    implemented: bool = True
    free: bool = False  # the payload is not TLVs
    replayed: bool = True  # a repeat gets the last response again

    @property
    def accepted(self) -> frozenset[Tlv]:
        return self.required | self.optional


def _tlvs(*tlvs: Tlv) -> frozenset[Tlv]:
    return frozenset(tlvs)


OPS: Final[dict[Op, OpRule]] = {
    Op.HELLO: OpRule(required=_tlvs(Tlv.VERSION), replayed=False),
    Op.GET_CAPS: OpRule(required=_tlvs(Tlv.CAPS_OFFSET)),
    Op.GET_CONFIG: OpRule(optional=_tlvs(Tlv.STREAM)),
    Op.SET_CONFIG: OpRule(optional=CONFIGURATION),
    Op.START: OpRule(optional=CONFIGURATION, notify="data"),
    Op.STOP: OpRule(),
    Op.STATUS: OpRule(notify="data"),
    Op.TIME_SYNC: OpRule(notify="data", replayed=False),
    Op.SET_WALLCLOCK: OpRule(required=_tlvs(Tlv.UTC_US), feature=Feature.WALLCLOCK),
    Op.BACKFILL: OpRule(
        required=_tlvs(Tlv.WANTED),
        optional=_tlvs(Tlv.STREAM),
        notify="bulk",
        feature=Feature.BACKFILL,
    ),
    Op.BACKFILL_CANCEL: OpRule(feature=Feature.BACKFILL),
    Op.CUE: OpRule(required=_tlvs(Tlv.CUE), optional=_tlvs(Tlv.CUE_AT), feature=Feature.CUE),
    Op.IDENTIFY: OpRule(),
    Op.NAME: OpRule(optional=_tlvs(Tlv.NAME), feature=Feature.NAME),
    Op.SLEEP: OpRule(feature=Feature.SLEEP),
    Op.RESET: OpRule(),
    Op.MARK: OpRule(required=_tlvs(Tlv.LABEL), feature=Feature.MARK),
    Op.CAL: OpRule(implemented=False),
    Op.VENDOR: OpRule(implemented=False, free=True),
}


class LinkState(Enum):
    DOWN = "down"
    UP = "up"
    READY = "ready"


class SessionState(Enum):
    IDLE = "idle"
    STREAMING = "streaming"
    LINGER = "linger"


class SessionEvent(Enum):
    START = "start granted"
    STOP = "stop"
    LINK_LOST = "link lost or Data disabled"
    RESUMED = "ready and Data enabled"
    LINGER_OVER = "60 s over"
    BATTERY_LOW = "battery below 3.3 V"
    SENSOR_FAULT = "sensor fault"


# A pair that is not here leaves the state as it is. Power loss goes to IDLE from anywhere.
NEXT_STATE: Final[dict[tuple[SessionState, SessionEvent], SessionState]] = {
    (SessionState.IDLE, SessionEvent.START): SessionState.STREAMING,
    (SessionState.STREAMING, SessionEvent.STOP): SessionState.IDLE,
    (SessionState.LINGER, SessionEvent.STOP): SessionState.IDLE,
    (SessionState.STREAMING, SessionEvent.LINK_LOST): SessionState.LINGER,
    (SessionState.STREAMING, SessionEvent.BATTERY_LOW): SessionState.IDLE,
    (SessionState.STREAMING, SessionEvent.SENSOR_FAULT): SessionState.IDLE,
    (SessionState.LINGER, SessionEvent.RESUMED): SessionState.STREAMING,
    (SessionState.LINGER, SessionEvent.LINGER_OVER): SessionState.IDLE,
    (SessionState.LINGER, SessionEvent.BATTERY_LOW): SessionState.IDLE,
    (SessionState.LINGER, SessionEvent.SENSOR_FAULT): SessionState.IDLE,
}

REFUSED: Final[dict[tuple[Op, SessionState], Status]] = {
    (Op.SET_CONFIG, SessionState.STREAMING): Status.WRONG_STATE,
    (Op.SET_CONFIG, SessionState.LINGER): Status.WRONG_STATE,
    (Op.SLEEP, SessionState.STREAMING): Status.WRONG_STATE,
    (Op.SLEEP, SessionState.LINGER): Status.WRONG_STATE,
    (Op.START, SessionState.STREAMING): Status.ALREADY,
    (Op.START, SessionState.LINGER): Status.ALREADY,
    (Op.STOP, SessionState.IDLE): Status.ALREADY,
    (Op.MARK, SessionState.IDLE): Status.WRONG_STATE,
}


class EventCode(IntEnum):
    BUTTON = 1
    CLIP = 2
    RING_OVERRUN = 3
    CHARGER = 4
    LOW_BATTERY = 5
    SENSOR_FAULT = 6
    MARK = 7
    CUE_PLAYED = 8
    BACKFILL_ENDED = 10


# Sample formats: size in bytes and which of the IMU's six columns go out.
SAMPLE_COLUMNS: Final[dict[int, int]] = {0x11: 6, 0x12: 3}
SAMPLE_BYTES: Final[dict[int, int]] = {0x11: 12, 0x12: 6}
