"""Well-formed requests and the status codes of the document, for tests of the device."""

from omp_rig import HELLO, Bench, device, tlv

from firmware_sim.omp.tables import Op

OK, UNKNOWN, LENGTH, PARAMETER, UNSUPPORTED, STATE, ALREADY, BUSY = range(8)
RANGE, RATE, MTU, EVICTED, LOW, SENSOR, VERSION = 9, 10, 11, 12, 13, 14, 15
LABEL, WANTED = tlv(0x53, "H", 5), tlv(0x30, "II", 0, 10)
CUE = tlv(0x40, "BBBBHHB", 100, 0, 0, 80, 200, 100, 3)
# A well-formed request of each operation.
GOOD = {
    Op.HELLO: HELLO,
    Op.GET_CAPS: tlv(0x07, "H", 0),
    Op.GET_CONFIG: tlv(0x10, "B", 0),
    Op.SET_CONFIG: tlv(0x11, "I", 52_000),
    Op.SET_WALLCLOCK: tlv(0x50, "Q", 1_700_000_000_000_000),
    Op.BACKFILL: WANTED,
    Op.CUE: CUE,
    Op.NAME: b"\x52\x03Eva",
    Op.MARK: LABEL,
}


def bench(**options: object) -> Bench:
    return Bench(device(**options).ble).connect()
