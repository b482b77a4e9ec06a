"""What the page is made of: vendored code by its hash, texts complete, drawings of everything."""

import hashlib
import json
import re
import xml.etree.ElementTree as ET
from importlib.resources import files

import pytest
from web_rig import DRAWINGS, STATIC

from sensorhub.coach.prompts import PromptKey
from sensorhub.exercises.definition import load_library
from sensorhub.model.placement import Placement
from sensorhub.web.drawings.drawn import exercise_poses
from sensorhub.web.drawings.skeleton import stand

ROOT = files("sensorhub.web") / "static"
TEXTS = {name: json.loads(STATIC[f"texts/{name}.json"].body) for name in ("en", "de")}
SCRIPTS = {name: file.body.decode() for name, file in STATIC.items() if name.startswith("js/")}


@pytest.mark.parametrize("language", TEXTS)
def test_a_new_pin_is_made_beside_the_hub_that_runs(language: str) -> None:
    text = TEXTS[language]["no_pin"]
    assert "sensorhub pair" in text
    assert "serve" not in text, "a second hub cannot run beside this one"


def test_vendored_files_are_what_they_were() -> None:
    vendor = ROOT / "vendor"
    lines = (vendor / "SHA256SUMS").read_text().splitlines()
    sums = dict(reversed(line.split()) for line in lines if not line.startswith("#"))
    there = {entry.name for entry in vendor.iterdir()} - {"SHA256SUMS"}
    assert set(sums) == there, "every file is listed, and every listed file is there"
    for name, expected in sums.items():
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == expected, name
    assert "uPlot.LICENSE" in there


def test_both_languages_have_the_same_texts_with_the_same_blanks() -> None:
    assert TEXTS["en"].keys() == TEXTS["de"].keys()
    for key, text in TEXTS["en"].items():
        blanks = set(re.findall(r"\{\w+\}", text))
        assert set(re.findall(r"\{\w+\}", TEXTS["de"][key])) == blanks, key


def test_what_is_counted_has_words_for_one_of_it() -> None:
    plural = re.compile(r"\{n\} \w+s\b")
    several = {key for key, text in TEXTS["en"].items() if plural.match(text)}
    several = {key for key in several if not key.endswith("_one")}
    assert {"sets_of", "reps", "breaths", "steps"} <= several
    for key in several:
        assert TEXTS["en"][f"{key}_one"] != TEXTS["en"][key]
        assert f"{key}_one" in TEXTS["de"]


def test_every_text_that_the_page_asks_for_is_there() -> None:
    asked = {key for script in SCRIPTS.values() for key in re.findall(r'\bt\("([^"]+)"', script)}
    assert len(asked) > 100
    assert asked <= TEXTS["en"].keys()


def test_no_two_things_sound_alike() -> None:
    tones = re.findall(r"^  (\w+): (\[\[.*\]\]),$", SCRIPTS["js/tones.js"], re.MULTILINE)
    assert len(tones) > 8
    assert {key for key, _ in tones} <= set(PromptKey)
    sounds = [sound for _, sound in tones]
    assert len(set(sounds)) == len(sounds)


def test_every_module_that_is_imported_is_there() -> None:
    for name, script in SCRIPTS.items():
        folder = name.rpartition("/")[0]
        for path in re.findall(r'(?:from|import\()\s*"(\.[^"]+)"', script):
            parts = folder.split("/")
            for part in path.split("/"):
                if part == "..":
                    parts.pop()
                elif part != ".":
                    parts.append(part)
            assert "/".join(parts) in STATIC, (name, path)


def test_the_page_fetches_nothing_from_elsewhere() -> None:
    for name, file in STATIC.items():
        if not name.startswith("vendor/"):
            found = re.findall(r"https?://[^\s\"'`<)]+", file.body.decode())
            assert set(found) <= {"http://www.w3.org/2000/svg"}, name


def test_no_module_writes_markup_from_text() -> None:
    for name, script in SCRIPTS.items():
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in script, name


@pytest.mark.parametrize("exercise", load_library())
def test_every_exercise_has_a_drawing(exercise: str) -> None:
    svg = ET.fromstring(DRAWINGS[f"{exercise}.svg"].body)
    assert svg.attrib["viewBox"]
    assert b"style=" not in DRAWINGS[f"{exercise}.svg"].body


@pytest.mark.parametrize("place", [p for p in Placement if p is not Placement.THIGH])
def test_every_placement_has_a_drawing(place: Placement) -> None:
    ET.fromstring(DRAWINGS[f"worn-{place.value}.svg"].body)


@pytest.mark.parametrize("exercise", exercise_poses())
def test_figures_stand_on_the_floor_and_are_whole(exercise: str) -> None:
    for pose in exercise_poses()[exercise]:
        figure = stand(pose)
        lowest = max(y for _, y in figure.points)
        assert -10.1 <= lowest <= 0.01, "on the floor, or the head is"
        assert len(figure.near) == len(figure.far) == 4
    assert len(exercise_poses()[exercise]) >= 2


def test_what_the_browser_has_is_not_sent_again(hub) -> None:  # type: ignore[no-untyped-def]
    client = hub.client()
    first = client.get("/static/js/main.js")
    again = client.get("/static/js/main.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/static/js/nothing.js").status_code == 404
