"""The therapist's CSV: what was asked for, what was done, how it felt, and how sure we are."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sensorhub.exports.base import THERAPIST, Export, ExportFile, Source
from sensorhub.exports.tables import ANSWERS, MEASURES, REPETITIONS, SESSION, SETS, TABLES, Table
from sensorhub.exports.tables.read_me import READ_ME, read_me
from sensorhub.exports.tables.rows import answer_rows, item_rows, measure_rows, set_rows
from sensorhub.sessions.store.values import StoredSession

DATA_PACKAGE = "datapackage.json"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
NAMES = (*(table.file for table in TABLES), READ_ME, DATA_PACKAGE)
"""Every file of this export: what a folder is looked through for before anything is done."""

DIALECT = {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "header": True}


def tables_of(session: StoredSession) -> dict[str, bytes]:
    """The CSV files of a session, by name."""
    return {
        REPETITIONS.file: REPETITIONS.write(item_rows(session)),
        SETS.file: SETS.write(set_rows(session)),
        SESSION.file: SESSION.write([session]),
        ANSWERS.file: ANSWERS.write(answer_rows(session)),
        MEASURES.file: MEASURES.write(measure_rows(session)),
    }


def _files(source: Source) -> Iterator[ExportFile]:
    written = tables_of(source.session)
    package = data_package(source.session, written)
    text = json.dumps(package, indent=2, ensure_ascii=False) + "\n"
    contents = {**written, READ_ME: read_me(source.session), DATA_PACKAGE: text.encode()}
    return (ExportFile(name, [contents[name]]) for name in NAMES)


def data_package(session: StoredSession, written: dict[str, bytes]) -> dict[str, Any]:
    """Data Package v2: every file and every column of it, with a checksum each."""
    return {
        "$schema": PROFILE,
        "name": f"sensorhub-{session.name}",
        "title": f"Exercise session {session.name}",
        "description": "An exercise log made with motion sensors; not a medical record.",
        "version": "1.0.0",
        "resources": [_resource(table, written[table.file]) for table in TABLES],
    }


def _resource(table: Table[Any], content: bytes) -> dict[str, Any]:
    return {
        "name": table.file.removesuffix(".csv"),
        "path": table.file,
        "type": "table",
        "title": table.title,
        "description": table.row_meaning,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "dialect": DIALECT,
        "schema": table.describe(),
    }


EXPORT = Export(
    name=THERAPIST,
    help="Repetitions, sets, answers and the session as CSV, every column described.",
    files=_files,
    names=NAMES,
)
