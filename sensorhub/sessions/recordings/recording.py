"""Recordings: one CSV a sensor, named after its placement, read into equally spaced blocks.

The format is ours and other people's: columns ``time_s, acc_x_mps2, acc_y_mps2, acc_z_mps2`` and,
where there is a gyroscope, ``gyr_x_radps, gyr_y_radps, gyr_z_radps``; sensor frame, any mounting,
10 to 1000 Hz.
How uneven time stamps are treated is said in :mod:`sensorhub.sessions.recordings.timeline`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sensorhub.model.errors import InputError
from sensorhub.model.events import FloatArray
from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap, SampleBlock
from sensorhub.sessions.recordings.number_table import read_columns
from sensorhub.sessions.recordings.timeline import Stretch, Timeline, even_out

TIME = "time_s"
ACC = ("acc_x_mps2", "acc_y_mps2", "acc_z_mps2")
GYR = ("gyr_x_radps", "gyr_y_radps", "gyr_z_radps")
COLUMNS = (TIME, *ACC, *GYR)

MIN_SAMPLES = 10
MIN_RATE_HZ = 8.0
"""Slower than 10 Hz by more than any oscillator error: not a recording of a movement."""
MAX_RATE_HZ = 1200.0
MAX_ACC_MPS2 = 4000.0
"""400 g, the largest range any wearable accelerometer has."""
MAX_GYR_RADPS = 120.0
"""Nearly 7000 degrees a second; gyroscopes end at 4000. Larger numbers are another unit."""
ACC_AT_REST_MPS2 = (3.0, 30.0)
"""The middle sample of any recording on earth lies between these, whatever the sensor's faults."""
BLOCK_S = 10.0
"""Blocks are at most this long, so that a flag on a block says roughly when."""
CLIPPED_RUN = 3
CLIP_ACC_MPS2 = 0.95 * 2 * 9.80665  # the smallest range there is: 2 g
CLIP_GYR_RADPS = 0.95 * 125 * np.pi / 180  # the smallest range there is: 125 degrees a second


@dataclass(frozen=True, slots=True)
class SensorFile:
    """What was found in one sensor's file."""

    path: Path
    samples: int
    rate_hz: float
    jitter_s: float
    resampled: bool
    has_gyroscope: bool


@dataclass(frozen=True, slots=True)
class Recording:
    """The blocks of every sensor, in order of time, and what was not used.

    Attributes:
        sensors: at least one; each list holds at least one block.
        files: where each sensor's blocks came from.
        ignored: names of CSV files that are not named after a placement.
    """

    sensors: dict[Placement, list[SampleBlock]]
    files: Mapping[Placement, SensorFile]
    ignored: tuple[str, ...] = ()


def read_recording(paths: Sequence[Path]) -> Recording:
    """Read folders and single CSV files.

    Args:
        paths: folders (every CSV in it named after a placement is read, other files are ignored and
            the CSVs among them named) or CSV files (which must be named after a placement).

    Raises:
        InputError: nothing to read, two files for one placement, or a file that is not a recording;
            the sentence names the file and, where there is one, the row and column.
    """
    found: dict[Placement, Path] = {}
    ignored: list[str] = []
    for path in paths:
        for file in _csv_files(path):
            placement = _placement_of(file)
            if placement is None:
                if not path.is_dir():
                    raise _not_named(file)
                ignored.append(file.name)
            elif placement in found:
                raise InputError(
                    f"There are two files for {placement.value}: {found[placement]} and {file}.",
                    hint="Give one of them.",
                )
            else:
                found[placement] = file
    if not found:
        names = ", ".join(str(path) for path in paths) or "nothing"
        raise InputError(
            f"There is no recording in {names}.",
            hint=f"{_packed(paths)}A recording is a CSV file named {_placement_names()}.",
        )
    read = {placement: _read_sensor(placement, path) for placement, path in sorted(found.items())}
    return Recording(
        sensors={placement: blocks for placement, (_, blocks) in read.items()},
        files={placement: file for placement, (file, _) in read.items()},
        ignored=tuple(sorted(ignored)),
    )


def refuse_to_overwrite(out: Path, paths: Sequence[Path]) -> None:
    """Raises InputError where a file to be written is one of the recording that was read."""
    for path in paths:
        for file in _csv_files(path):
            if (_placement_of(file) or not path.is_dir()) and out.exists() and out.samefile(file):
                raise InputError(
                    f"{out} is the recording itself.", hint="Name another file to write to."
                )


def _packed(paths: Sequence[Path]) -> str:
    packed = sorted(file.name for path in paths if path.is_dir() for file in path.glob("*.gz"))
    return f"Unpack {packed[0]} first (gunzip). " if packed else ""


def _csv_files(path: Path) -> list[Path]:
    try:
        if path.is_dir():
            return sorted(file for file in path.iterdir() if file.suffix.lower() == ".csv")
        if path.exists():
            return [path]
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Check its permissions."
        ) from None
    raise InputError(f"There is no file or folder {path}.", hint="Check the name.")


def _placement_of(file: Path) -> Placement | None:
    name = file.stem.lower()
    return Placement(name) if name in set(Placement) else None


def _placement_names() -> str:
    return ", ".join(f"{placement.value}.csv" for placement in Placement)


def _not_named(file: Path) -> InputError:
    return InputError(
        f"{file.name} is not named after where the sensor was worn.",
        hint=f"Rename it to one of {_placement_names()}.",
    )


def _read_sensor(placement: Placement, path: Path) -> tuple[SensorFile, list[SampleBlock]]:
    columns = read_columns(path, required=(TIME, *ACC), optional=(GYR,))
    time_s = columns[TIME]
    if len(time_s) < MIN_SAMPLES:
        few = "1 sample" if len(time_s) == 1 else f"{len(time_s)} samples"
        count = f"only {few}" if len(time_s) else "no samples"
        raise InputError(
            f"{path.name} has {count}.", hint=f"At least {MIN_SAMPLES} rows of samples are needed."
        )
    acc_mps2 = np.column_stack([columns[name] for name in ACC])
    gyr_radps = np.column_stack([columns[name] for name in GYR]) if GYR[0] in columns else None
    _check_time(path, time_s)
    _check_units(path, acc_mps2, gyr_radps)
    timeline = even_out(time_s)
    _check_rate(path, timeline.period_s)
    file = SensorFile(
        path=path,
        samples=len(time_s),
        rate_hz=1.0 / timeline.period_s,
        jitter_s=timeline.jitter_s,
        resampled=timeline.resampled,
        has_gyroscope=gyr_radps is not None,
    )
    return file, list(_blocks(placement, timeline, acc_mps2, gyr_radps))


def _check_time(path: Path, time_s: FloatArray) -> None:
    steps_s = np.diff(time_s)
    if (steps_s < 0).any():
        row = int(np.argmax(steps_s < 0))
        raise InputError(
            f"{path.name}: time runs backwards after sample {row + 1},"
            f" from {time_s[row]:.10g} to {time_s[row + 1]:.10g} s.",
            hint="Rows must be in order of time.",
        )
    if not np.median(steps_s) > 0:
        raise InputError(
            f"{path.name}: time stands still, most rows have the time of the row before.",
            hint="time_s must grow with every sample.",
        )


def _check_rate(path: Path, period_s: float) -> None:
    if period_s > 0 and MIN_RATE_HZ <= 1.0 / period_s <= MAX_RATE_HZ:
        return
    hint = "10 to 1000 samples a second can be used."
    if period_s >= 1.0:
        hint = "time_s must be in seconds: are these milliseconds?"
    raise InputError(f"{path.name} has one sample every {period_s:.6g} s.", hint=hint)


def _check_units(path: Path, acc_mps2: FloatArray, gyr_radps: FloatArray | None) -> None:
    _check_range(path, acc_mps2, ACC, MAX_ACC_MPS2)
    if gyr_radps is not None:
        _check_range(path, gyr_radps, GYR, MAX_GYR_RADPS)
    middle_mps2 = float(np.median(np.sqrt(np.einsum("ij,ij->i", acc_mps2, acc_mps2))))
    low_mps2, high_mps2 = ACC_AT_REST_MPS2
    if not low_mps2 <= middle_mps2 <= high_mps2:
        raise InputError(
            f"{path.name}: accelerations are around {middle_mps2:.3g} m/s², gravity alone is 9.8.",
            hint="Accelerations must be in m/s² with gravity: are these in g?",
        )


def _check_range(path: Path, values: FloatArray, names: Sequence[str], limit: float) -> None:
    outside = np.abs(values) > limit
    if outside.any():
        row, column = (int(k) for k in np.argwhere(outside)[0])
        raise InputError(
            f"{path.name}: sample {row + 1}, column {names[column]} is {values[row, column]:.4g},"
            f" more than any such sensor gives ({limit:g}).",
            hint="Check the unit, or remove the row.",
        )


def _blocks(
    placement: Placement, timeline: Timeline, acc_mps2: FloatArray, gyr_radps: FloatArray | None
) -> Iterator[SampleBlock]:
    period_s = timeline.period_s
    length = max(1, round(BLOCK_S / period_s))
    acc_limit_mps2 = _clip_limit(acc_mps2, CLIP_ACC_MPS2)
    gyr_limit_radps = None if gyr_radps is None else _clip_limit(gyr_radps, CLIP_GYR_RADPS)
    end_s: float | None = None
    for stretch in timeline.stretches:
        start_s = stretch.start_s
        gap = None
        if end_s is not None:
            # Evened-out stamps of a jittery file may overlap by a fraction of the jitter.
            start_s = max(start_s, end_s)
            gap = Gap(placement, end_s, start_s, "missing in the recording")
        acc, gyr = _stretch_values(stretch, acc_mps2), None
        if gyr_radps is not None:
            gyr = _stretch_values(stretch, gyr_radps)
        for first in range(0, stretch.count, length):
            part = slice(first, min(first + length, stretch.count))
            clipped = _touches(acc[part], acc_limit_mps2)
            if gyr is not None:
                clipped = clipped or _touches(gyr[part], gyr_limit_radps)
            yield SampleBlock(
                placement=placement,
                start_s=start_s + first * period_s,
                period_s=period_s,
                acc_mps2=acc[part],
                gyr_radps=None if gyr is None else gyr[part],
                gap_before=gap if first == 0 else None,
                clipped=clipped,
            )
        end_s = start_s + stretch.count * period_s


def _stretch_values(stretch: Stretch, values: FloatArray) -> FloatArray:
    part = values[stretch.first : stretch.last]
    if stretch.source_index is None:
        return np.ascontiguousarray(part)
    index = np.arange(len(part), dtype=np.float64)
    return np.column_stack([np.interp(stretch.source_index, index, column) for column in part.T])


def _clip_limit(values: FloatArray, smallest: float) -> float | None:
    """The end of the sensor's range, where the file shows one: its largest magnitude, stuck."""
    magnitude = np.abs(values)
    limit = float(magnitude.max())
    if limit < smallest:
        return None
    at_end = magnitude >= limit
    run = at_end[: 1 - CLIPPED_RUN].copy()
    for shift in range(1, CLIPPED_RUN):
        run &= at_end[shift : len(at_end) - (CLIPPED_RUN - 1 - shift)]
    return limit if run.any() else None


def _touches(values: FloatArray, limit: float | None) -> bool:
    return limit is not None and bool((np.abs(values) >= limit).any())
