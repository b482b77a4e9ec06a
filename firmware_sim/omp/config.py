"""Stream configuration: what the host asks and what the IMU can grant."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from firmware_sim.omp.tables import SAMPLE_BYTES, SAMPLE_COLUMNS, Status, Tlv
from firmware_sim.omp.wire import fits, tlv
from firmware_sim.signals import ImuPart

RATE_LIMIT_MHZ: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """What a session runs with; the defaults are those after a boot."""

    rate_mhz: int = 100_000
    acc_range_g: int = 8
    gyr_range_dps: int = 1000
    batch_max: int = 0  # 0: what fits a packet
    max_latency_ms: int = 40
    sample_format: int = 0x11

    @property
    def period_ns(self) -> int:
        """Nominal time between samples, nanoseconds."""
        return round(1e12 / self.rate_mhz)

    @property
    def has_gyro(self) -> bool:
        return SAMPLE_COLUMNS[self.sample_format] > 3

    def tlvs(self) -> tuple[bytes, ...]:
        return (
            tlv(Tlv.STREAM, 0),
            tlv(Tlv.RATE, self.rate_mhz),
            tlv(Tlv.ACC_RANGE, self.acc_range_g),
            tlv(Tlv.GYR_RANGE, self.gyr_range_dps),
            tlv(Tlv.BATCH_MAX, self.batch_max),
            tlv(Tlv.MAX_LATENCY, self.max_latency_ms),
            tlv(Tlv.FORMAT, self.sample_format),
        )

    def samples_per_packet(self, max_packet: int) -> int:
        """How many samples a live packet carries at most, at least one."""
        fit = max(1, fits(SAMPLE_BYTES[self.sample_format], max_packet))
        return min(fit, self.batch_max) if self.batch_max else fit


def rates_mhz(imu: ImuPart) -> tuple[int, ...]:
    """The IMU's rates that the protocol allows, ascending."""
    return tuple(sorted(rate for rate in imu.rates_mhz if rate <= RATE_LIMIT_MHZ))


def boot_config(imu: ImuPart, *, max_packet: int) -> StreamConfig:
    """The defaults, as far as this IMU has them."""
    wanted = {Tlv.RATE: 100_000, Tlv.ACC_RANGE: 8, Tlv.GYR_RANGE: 1000}
    granted = grant(StreamConfig(), wanted, imu, max_packet=max_packet)
    if isinstance(granted, Status):
        raise ValueError(f"this IMU cannot run the default configuration: {granted.name}")
    return granted


def grant(
    current: StreamConfig, wanted: Mapping[Tlv, int], imu: ImuPart, *, max_packet: int
) -> StreamConfig | Status:
    """``current`` changed as far as ``wanted`` asks, or why not; parameters left out stay."""
    changed = current
    if Tlv.RATE in wanted:
        rate = _nearest_rate(wanted[Tlv.RATE], rates_mhz(imu))
        if rate is None:
            return Status.RATE
        changed = replace(changed, rate_mhz=rate)
    if Tlv.ACC_RANGE in wanted:
        acc = _smallest_covering(wanted[Tlv.ACC_RANGE], imu.acc_ranges_g)
        if acc is None:
            return Status.RANGE
        changed = replace(changed, acc_range_g=acc)
    if Tlv.GYR_RANGE in wanted:
        gyr = _smallest_covering(wanted[Tlv.GYR_RANGE], imu.gyr_ranges_dps)
        if gyr is None:
            return Status.RANGE
        changed = replace(changed, gyr_range_dps=gyr)
    changed = replace(
        changed,
        batch_max=wanted.get(Tlv.BATCH_MAX, changed.batch_max),
        max_latency_ms=wanted.get(Tlv.MAX_LATENCY, changed.max_latency_ms),
        sample_format=wanted.get(Tlv.FORMAT, changed.sample_format),
    )
    if changed.sample_format not in SAMPLE_BYTES:
        return Status.UNSUPPORTED
    if fits(SAMPLE_BYTES[changed.sample_format], max_packet) < 1:
        return Status.MTU_TOO_SMALL
    return changed


def _nearest_rate(wanted_mhz: int, rates: tuple[int, ...]) -> int | None:
    if 2 * wanted_mhz < rates[0] or wanted_mhz > 2 * rates[-1]:
        return None
    return min(rates, key=lambda rate: (abs(rate - wanted_mhz), -rate))


def _smallest_covering(wanted: int, ranges: tuple[int, ...]) -> int | None:
    return min((held for held in ranges if held >= wanted), default=None)
