"""The samples of a session as a recording: what ``sensorhub analyze`` reads, one CSV a sensor.

Times count from the start of the session. Gaps stay gaps: the rows are missing. Values are in the
sensor's own frame, with the calibration that was in force applied, and rounded to a
hundred-thousandth of their unit, far below any sensor's noise.
"""

import json
from collections.abc import Iterator, Sequence

from sensorhub.exports.base import Export, ExportFile, Source
from sensorhub.model.errors import InputError
from sensorhub.model.placement import Placement
from sensorhub.model.samples import SampleBlock
from sensorhub.model.units import NS_PER_S
from sensorhub.sessions.recordings.recording import ACC, GYR, TIME
from sensorhub.sessions.stages.process import sensor_blocks

SETS_FILE = "sets.json"


def _files(source: Source) -> Iterator[ExportFile]:
    session = source.session
    start_s = session.started.hub_ns / NS_PER_S
    for sensor in session.sensors:
        blocks = list(sensor_blocks(source.store, session, sensor))
        if blocks:
            yield ExportFile(_file_of(sensor.placement), recording_csv(blocks, start_s=start_s))
    sets = [
        {
            "set_number": one.number,
            "exercise": one.exercise,
            "side": one.side.value,
            "start_s": round(one.started_ns / NS_PER_S - start_s, 6),
            "end_s": None if one.ended_ns is None else round(one.ended_ns / NS_PER_S - start_s, 6),
        }
        for one in session.sets
    ]
    if not session.sensors:
        raise InputError(f"Session {session.name} had no sensors, so it has no samples.")
    yield ExportFile(SETS_FILE, [(json.dumps(sets, indent=2) + "\n").encode()])


def _file_of(placement: Placement) -> str:
    return f"{placement.value}.csv"


def recording_csv(blocks: Sequence[SampleBlock], *, start_s: float) -> Iterator[bytes]:
    """A recording's CSV in pieces; ``start_s`` becomes time zero.

    The gyroscope's columns are there when every block has them.
    """
    with_gyroscope = all(block.gyr_radps is not None for block in blocks)
    columns = (TIME, *ACC, *GYR) if with_gyroscope else (TIME, *ACC)
    yield (",".join(columns) + "\r\n").encode()
    for block in blocks:
        rows = []
        acc = block.acc_mps2.tolist()
        gyr = block.gyr_radps.tolist() if with_gyroscope and block.gyr_radps is not None else None
        for k, values in enumerate(acc):
            cells = values if gyr is None else values + gyr[k]
            time_s = block.start_s - start_s + k * block.period_s
            rows.append(f"{time_s:.6f}," + ",".join(f"{cell:.5f}" for cell in cells) + "\r\n")
        yield "".join(rows).encode()


EXPORT = Export(
    name="samples",
    help="The sensors' samples as a recording that analyze reads, and when the sets were.",
    files=_files,
    read_together=tuple(_file_of(placement) for placement in Placement),
)
