"""The chips: what they offer and how wrong they are (``parts.toml``)."""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from firmware_sim.body.rotations import Array
from firmware_sim.fields import Fields, InputError, nearest, read_toml

G_MPS2 = 9.80665
_RAD = math.pi / 180.0


@dataclass(frozen=True, slots=True)
class PartSpec:
    """One kind of chip: SI units; spreads are standard deviations between specimens."""

    name: str
    title: str
    rates_mhz: tuple[int, ...]  # millihertz
    acc_lsb_g: dict[int, float]  # range in g -> g per LSB
    gyr_lsb_dps: dict[int, float]  # range in deg/s -> deg/s per LSB
    acc_noise_mps2_rthz: float
    gyr_noise_radps_rthz: float
    acc_offset_mps2: float
    gyr_offset_radps: float
    acc_slope_mps2_per_k: float
    gyr_slope_radps_per_k: float
    scale: float
    misalignment: float
    clock: float


@dataclass(frozen=True, slots=True)
class Specimen:
    """The errors of one chip: ``measured = matrix @ true + offset + slope * (T - T0) + noise``."""

    acc_matrix: Array  # (3, 3)
    gyr_matrix: Array
    acc_offset_mps2: Array  # (3, 1)
    gyr_offset_radps: Array
    acc_slope_mps2_per_k: Array
    gyr_slope_radps_per_k: Array
    clock_error: float  # true rate / nominal rate - 1
    warm_up_k: float  # how much the chip warms up after power-on
    warm_up_s: float  # time constant of that


def part(name: str) -> PartSpec:
    """The chip called ``name``.

    Raises:
        InputError: no such part, with the nearest name.
    """
    known = parts()
    if name not in known:
        raise InputError(f"no IMU part {name!r}{nearest(name, known)}")
    return known[name]


@cache
def parts() -> dict[str, PartSpec]:
    """Every chip by name."""
    file = Path(__file__).with_name("parts.toml")
    root = Fields(read_toml(file), file.name)
    return {name: _read(name, root.table(name)) for name in root.names()}


def specimen(spec: PartSpec, rng: np.random.Generator) -> Specimen:
    """One chip of its kind, drawn at random."""

    def spread(size: float, *shape: int) -> Array:
        return size * np.clip(rng.standard_normal(shape), -2.0, 2.0)

    def matrix() -> Array:
        off = spread(spec.misalignment, 3, 3)
        np.fill_diagonal(off, 1.0 + spread(spec.scale, 3))
        return off

    return Specimen(
        acc_matrix=matrix(),
        gyr_matrix=matrix(),
        acc_offset_mps2=spread(spec.acc_offset_mps2, 3, 1),
        gyr_offset_radps=spread(spec.gyr_offset_radps, 3, 1),
        acc_slope_mps2_per_k=spread(spec.acc_slope_mps2_per_k, 3, 1),
        gyr_slope_radps_per_k=spread(spec.gyr_slope_radps_per_k, 3, 1),
        clock_error=float(spread(spec.clock, 1)[0]),
        warm_up_k=float(rng.uniform(5.0, 9.0)),
        warm_up_s=float(rng.uniform(200.0, 400.0)),
    )


def _read(name: str, fields: Fields) -> PartSpec:
    acc_ranges = [int(r) for r in fields.numbers("acc_ranges_g")]
    gyr_ranges = [int(r) for r in fields.numbers("gyr_ranges_dps")]
    acc_lsb = fields.numbers("acc_lsb_mg", tuple(1000.0 * r / 32768.0 for r in acc_ranges))
    gyr_lsb = fields.numbers("gyr_lsb_mdps", tuple(1000.0 * r / 32768.0 for r in gyr_ranges))
    spec = PartSpec(
        name=name,
        title=fields.word("title", name),
        rates_mhz=tuple(round(1000.0 * r) for r in fields.numbers("rates_hz")),
        acc_lsb_g={r: 1e-3 * s for r, s in zip(acc_ranges, acc_lsb, strict=True)},
        gyr_lsb_dps={r: 1e-3 * s for r, s in zip(gyr_ranges, gyr_lsb, strict=True)},
        acc_noise_mps2_rthz=1e-6 * G_MPS2 * fields.number("acc_noise_ug_rthz", 0.0, low=0.0),
        gyr_noise_radps_rthz=1e-3 * _RAD * fields.number("gyr_noise_mdps_rthz", 0.0, low=0.0),
        acc_offset_mps2=1e-3 * G_MPS2 * fields.number("acc_offset_mg", 0.0, low=0.0),
        gyr_offset_radps=_RAD * fields.number("gyr_offset_dps", 0.0, low=0.0),
        acc_slope_mps2_per_k=1e-3 * G_MPS2 * fields.number("acc_slope_mg_per_k", 0.0, low=0.0),
        gyr_slope_radps_per_k=_RAD * fields.number("gyr_slope_dps_per_k", 0.0, low=0.0),
        scale=0.01 * fields.number("scale_percent", 0.0, low=0.0),
        misalignment=0.01 * fields.number("misalignment_percent", 0.0, low=0.0),
        clock=0.01 * fields.number("clock_percent", 0.0, low=0.0),
    )
    fields.close()
    return spec
