"""Raw log chunks as rows of the store. Each function runs inside its caller's transaction."""

import sqlite3
from collections.abc import Sequence

from sensorhub.model.link import Record
from sensorhub.sessions.store.rawlog import CODEC_VERSION, DamagedChunkError, pack, unpack

LARGE_CHUNK_RECORDS = 4000


def insert_chunk(
    connection: sqlite3.Connection,
    sensor_row: int,
    records: Sequence[Record],
    *,
    row: int | None = None,
) -> None:
    """Append records to a sensor's raw log (or store them as row ``row``); the caller commits."""
    chunk = pack(records)
    connection.execute(
        "INSERT INTO chunk (id, sensor_id, codec, records, first_ns, last_ns, crc32, data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row,
            sensor_row,
            CODEC_VERSION,
            chunk.records,
            chunk.first_ns,
            chunk.last_ns,
            chunk.crc32,
            chunk.blob,
        ),
    )


def merge_chunks(db: sqlite3.Connection, *, sensor_row: int, after: int = 0) -> int | None:
    """Merge the first run of two or more chunks after row ``after`` that fit into a large one.

    Returns where to go on (as ``after``), or None: there was nothing left to merge. Rows are read
    as they are needed, so that going on from call to call unpacks each chunk twice at most.
    """
    run: list[tuple[int, list[Record]]] = []
    total = 0
    cursor = db.execute(
        "SELECT id, records, crc32, data FROM chunk WHERE sensor_id = ? AND id > ? ORDER BY id",
        (sensor_row, after),
    )
    for row, count, crc32, data in cursor:
        fits = total + count <= LARGE_CHUNK_RECORDS
        if not fits and len(run) > 1:
            break
        try:
            records = unpack(data, crc32=crc32)
        except DamagedChunkError:
            # Left alone for whoever can repair it; merging across it would change the order.
            if len(run) > 1:
                break
            run, total = [], 0
            continue
        if not fits:
            run, total = [], 0
        run.append((row, records))
        total += len(records)
    cursor.close()
    if len(run) < 2:
        return None
    first, last = run[0][0], run[-1][0]
    merged = [record for _, records in run for record in records]
    # The large chunk takes the place, and the row number, of the first: order is by row number.
    db.executemany("DELETE FROM chunk WHERE id = ?", [(row,) for row, _ in run])
    insert_chunk(db, sensor_row, merged, row=first)
    return int(last)
