"""The therapist's CSV: golden files, and what they must say."""

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from made_up_session import S, made_up_session

from sensorhub.exercises.definition import load_library
from sensorhub.exports.base import Source
from sensorhub.exports.measures_page import measures_page
from sensorhub.exports.page import csv_page
from sensorhub.exports.range_check import MOVEMENTS
from sensorhub.exports.tables import ANSWERS, TABLES
from sensorhub.exports.tables.detectable import DETECTABLE_DEG, detectable_change_deg
from sensorhub.exports.tables.rows import answer_rows, gap_s
from sensorhub.exports.tables.table import Kind
from sensorhub.exports.therapist import EXPORT, tables_of
from sensorhub.model.outcomes import FlagCode
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import Gap
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.values import Answer, AnswerKind

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "golden" / "exports" / "therapist"
NEWER = os.environ.get("SENSORHUB_WRITE_GOLDEN")
"""Set to write the golden files anew; then look at what changed, and say so in the changelog."""


def files() -> dict[str, bytes]:
    source = Source(made_up_session(), StoreReader(Path("/nowhere")))
    return {file.name: b"".join(file.content) for file in EXPORT.files(source)}


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files()[name].decode(), newline="")))


def test_the_golden_files() -> None:
    written = files()
    if NEWER:
        for name, content in written.items():
            (GOLDEN / name).write_bytes(content)
    assert sorted(written) == sorted(path.name for path in GOLDEN.iterdir())
    for name, content in written.items():
        assert content == (GOLDEN / name).read_bytes(), f"{name} changed"


def test_who_has_only_the_folder_can_read_it() -> None:
    text = files()["README.txt"].decode("ascii")
    assert not [name for name in files() if name != "README.txt" and name not in text]
    for code in FlagCode:
        assert re.search(rf"^{code.value} +\S", text, re.MULTILINE), f"{code} is not explained"
    assert max(map(len, text.splitlines())) <= 96
    assert "SIMULATED" in text


def test_the_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "csv.md").read_text(encoding="utf-8")
    assert page == csv_page(), "run: python -m sensorhub.exports.page > docs/csv.md"


def test_the_page_of_measures_is_up_to_date() -> None:
    page = (ROOT / "docs" / "measures.md").read_text(encoding="utf-8")
    assert page == measures_page(), (
        "run: python -m sensorhub.exports.measures_page > docs/measures.md"
    )


def test_one_row_for_everything_counted_or_timed() -> None:
    found = [(r["set_number"], r["item"], r["number"]) for r in rows("repetitions.csv")]
    assert found == [
        ("1", "repetition", "1"),
        ("1", "repetition", "2"),
        ("1", "repetition", "3"),
        ("2", "hold", "1"),
        ("2", "hold", "2"),
        ("3", "breath", "1"),
        ("3", "breath", "2"),
        ("4", "step", "1"),
        ("4", "step", "2"),
        ("5", "hold", "1"),
    ]


def test_what_nobody_measured_did_not_end_as_if_it_had_been_seen() -> None:
    ended = [(r["exercise"], r["ended_by"]) for r in rows("repetitions.csv") if r["item"] == "hold"]
    assert ended == [
        ("kneeling_hip_flexor_stretch", "released"),
        ("kneeling_hip_flexor_stretch", "moved"),
        ("kegel_squeeze", "paced"),
    ]


def test_a_repetition_says_what_a_therapist_asks() -> None:
    first, partial, third = rows("repetitions.csv")[:3]
    assert first["rom_deg"] == "71.6"
    assert first["started_at"] == "2026-03-01T18:00:10.750+01:00"
    assert (first["start_s"], first["peak_s"], first["end_s"]) == ("0.500", "2.000", "3.500")
    assert (partial["kind"], partial["sure"]) == ("partial", "no")
    assert third["rom_deg"] == "-85.9"
    assert third["hold_s"] == "1.250"
    assert third["gap_s"] == "1.000"
    assert third["flags"] == "gap"


def test_a_detectable_change_is_claimed_only_where_its_source_measured_one() -> None:
    """Flexion, extension and abduction: no squat, bridge, stretch, adduction, rotation."""
    known = {name for name in load_library() if detectable_change_deg(name) is not None}
    assert known < set(MOVEMENTS)
    assert set(MOVEMENTS) - known == {
        "hip_adduction",
        "seated_hip_internal_rotation",
        "seated_hip_external_rotation",
    }
    told = [row["mdc_deg"] for row in rows("repetitions.csv")]
    assert {*told, *(row["best_rom_mdc_deg"] for row in rows("sets.csv"))} == {""}
    session = made_up_session()
    squats, *others = session.sets
    raises = replace(squats, exercise="straight_leg_raise")
    tables = tables_of(replace(session, sets=(raises, *others)))
    for name, column in ("repetitions.csv", "mdc_deg"), ("sets.csv", "best_rom_mdc_deg"):
        first, *_ = csv.DictReader(io.StringIO(tables[name].decode(), newline=""))
        assert first[column] == f"{DETECTABLE_DEG}" == "13.0"


def test_prescribed_stands_beside_done() -> None:
    squats, stretch, blowing, walk, kegel, bridge = rows("sets.csv")
    assert (squats["prescribed_repetitions"], squats["full_repetitions"]) == ("3", "2")
    assert squats["partial_repetitions"] == "1"
    assert squats["best_rom_deg"] == "71.6"
    assert squats["gap_s"] == "1.000"
    assert squats["flags"] == "gap slipped unsure"
    assert (stretch["prescribed_hold_s"], stretch["longest_hold_s"]) == ("15.0", "15.250")
    assert stretch["held_s"] == "24.750"
    assert stretch["result"] == "live"
    assert (blowing["prescribed_repetitions"], blowing["breaths"]) == ("5", "2")
    assert walk["steps"] == "2"
    assert (kegel["evidence"], kegel["prescribed_duration_s"]) == ("guided", "30.0")
    assert (bridge["full_repetitions"], bridge["result"], bridge["ended_at"]) == ("", "", "")


def test_a_count_that_the_set_did_not_confirm_is_named_beside_what_is_recorded() -> None:
    squats, *others = rows("sets.csv")
    assert (squats["said_count"], squats["full_repetitions"]) == ("3", "2")
    recorded = "2 repetitions and 1 partial"
    told = f"The sensor slipped. 3 counted aloud, but recorded: {recorded}."
    assert squats["flag_texts"] == told
    assert not any("counted aloud" in other["flag_texts"] for other in others)


def test_what_the_person_said_stands_in_words_and_beside_its_set() -> None:
    found = {row["question"]: row for row in rows("answers.csv")}
    assert found["where"]["answer"] == "groin,hip_side"
    assert found["where"]["answer_text"] == "inner thigh or groin, side of the hip"
    assert (found["numbness"]["answer_text"], found["numbness"]["advice"]) == ("yes", "now")
    assert found["pain"]["asked"] == "How much did it hurt during Squat, from 0 to 10?"
    assert (found["pain"]["set_number"], found["pain"]["exercise"]) == ("1", "squat")
    assert found["hurt"]["side"] == "left"
    assert found["comment"]["answer"].startswith("'=1+1")
    squats, stretch, *others = rows("sets.csv")
    assert (squats["pain"], squats["hurt"]) == ("4", "no")
    assert (stretch["pain"], stretch["hurt"]) == ("", "yes")
    assert {row["hurt"] for row in others} == {"no"}
    (session,) = rows("session.csv")
    assert session["hurts"] == "1"


def test_what_hurt_before_its_set_was_begun_names_the_exercise_and_no_set() -> None:
    before = Answer(AnswerKind.PAIN, "5", 170 * S, exercise="clam", side=Side.LEFT)
    session = replace(made_up_session(), answers=(before,))
    content = ANSWERS.write(answer_rows(session)).decode()
    [row] = csv.DictReader(io.StringIO(content, newline=""))
    assert row["asked"] == "How much did it hurt during Clam, from 0 to 10?"
    assert (row["set_number"], row["exercise"], row["side"]) == ("0", "clam", "left")
    assert session.answer(AnswerKind.PAIN) == "", "it is not about the whole session"


def test_no_angle_of_the_pelvis_or_belly_has_the_hips_figure() -> None:
    assert {r["exercise"]: r["best_rom_mdc_deg"] for r in rows("sets.csv")}["kegel_squeeze"] == ""


def test_the_session_says_who_when_and_how_it_felt() -> None:
    (row,) = rows("session.csv")
    assert row["person"] == "P-TESTED"
    assert (row["pain_before"], row["pain_after"], row["effort"]) == ("3", "", "")
    assert row["comment"].startswith("'=1+1")
    assert row["started_at"] == "2026-03-01T18:00:00.250+01:00"
    assert row["ended_at"] == "2026-03-01T18:03:20.250+01:00"
    assert (row["interrupted"], row["simulated"]) == ("yes", "yes")
    assert row["stored_packets_lost"] == "3"
    assert row["detector_versions"] == "1 2"


def test_measures_are_in_units_for_people() -> None:
    found = {(r["item"], r["number"], r["measure"]): r["value"] for r in rows("measures.csv")}
    assert found == {
        ("set", "0", "symmetry_share"): "0.9000",
        ("repetition", "1", "peak_rate_dps"): "57.2958",
        ("repetition", "1", "sway_share"): "0.2500",
    }


def test_the_data_package_describes_every_column_and_every_cell_keeps_to_it() -> None:
    written = files()
    package = json.loads(written["datapackage.json"])
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert {r["path"] for r in package["resources"]} | {"datapackage.json", "README.txt"} == set(
        written
    )
    for resource in package["resources"]:
        content = written[resource["path"]]
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        lines = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
        fields = resource["schema"]["fields"]
        assert lines[0] == [field["name"] for field in fields]
        for line in lines[1:]:
            for field, cell in zip(fields, line, strict=True):
                check(field, cell)
        keys = [lines[0].index(name) for name in resource["schema"]["primaryKey"]]
        named = [tuple(line[k] for k in keys) for line in lines[1:]]
        assert len(set(named)) == len(named)


def check(field: dict[str, object], cell: str) -> None:
    constraints = field.get("constraints", {})
    assert isinstance(constraints, dict)
    if cell == "":
        assert not constraints.get("required")
        return
    match field["type"]:
        case "integer":
            number = float(int(cell))
        case "number":
            number = float(cell)
        case "datetime":
            assert datetime.fromisoformat(cell).tzinfo is not None
            return
        case "boolean":
            assert cell in ("yes", "no")
            return
        case _:
            assert cell in constraints.get("enum", [cell])
            return
    assert number >= constraints.get("minimum", number)
    assert number <= constraints.get("maximum", number)


def test_every_number_has_its_unit_in_the_header() -> None:
    endings = {
        "seconds": "_s",
        "degrees": "_deg",
        "degrees per second": "_dps",
        "percent": "_percent",
        "hertz": "_hz",
    }
    for table in TABLES:
        assert len({c.name for c in table.columns}) == len(table.columns)
        for column in table.columns:
            assert column.meaning.endswith((".", ".)"))
            if column.unit:
                assert column.name.endswith(endings[column.unit])
            elif column.kind is Kind.NUMBER:
                # In measures.csv the measure's name carries the unit.
                dimensionless = ("value", "_share", "_cv", "_sparc", "_ldlj")
                assert column.name.endswith(dimensionless)


@pytest.mark.parametrize(
    ("gaps", "expected_s"),
    [
        ([], 0.0),
        ([(0, 1), (4, 5)], 0.0),
        ([(1.5, 2)], 0.5),
        ([(0, 9)], 2.0),
        ([(1, 2), (1.5, 2.5), (1.75, 2.0)], 1.5),
    ],
)
def test_missing_time_is_counted_once(gaps: list[tuple[float, float]], expected_s: float) -> None:
    assert gap_s([Gap(Placement.BELLY, *gap) for gap in gaps], 1.0, 3.0) == expected_s


def test_the_same_session_gives_the_same_bytes() -> None:
    assert files() == files()
    assert tables_of(made_up_session()) == {
        name: content for name, content in files().items() if name.endswith(".csv")
    }


def strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def test_no_uri_or_boot_id_leaves_the_house() -> None:
    """What identifies a home's devices to the network is no business of a spreadsheet."""
    for content in files().values():
        assert b"ttyACM0" not in content
        assert b"ble:" not in content


def test_how_well_clocks_are_known_is_said() -> None:
    session = made_up_session()
    known = {"thigh_right": 0.00312, "pelvis": 0.041}
    sets = [
        one
        if one.final is None
        else replace(one, final=replace(one.final, clock_uncertainty_s=known))
        for one in session.sets
    ]
    source = Source(replace(session, sets=tuple(sets)), StoreReader(Path("/nowhere")))
    content = {file.name: b"".join(file.content) for file in EXPORT.files(source)}
    [row] = csv.DictReader(io.StringIO(content["session.csv"].decode(), newline=""))
    assert row["clock_uncertainties_ms"] == "pelvis:41.0 thigh_right:3.1"


def test_what_was_only_paced_is_not_described_as_held() -> None:
    told = {c.name: c.meaning for table in TABLES for c in table.columns}
    assert "Guided" in told["hold_s"]
    assert "Guided" in told["held_s"]
    assert "guided, the seconds the hub paced" in " ".join(files()["README.txt"].decode().split())
