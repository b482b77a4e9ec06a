"""Sounds for browsers: what was said can be fetched by its name, and nothing else is ever made."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from web_rig import HOST, ORIGIN, Rig, snapshot_of

from sensorhub.coach.prompts import Prompt, PromptKey
from sensorhub.coach.said import Said, note
from sensorhub.model.errors import EnvironmentProblemError
from sensorhub.speech.cache import SpeechCache, name_of
from sensorhub.speech.voice import Voice
from sensorhub.web.app import create_app
from sensorhub.web.board import Board
from sensorhub.web.roles import Role
from sensorhub.web.sounds import REMEMBERED, SoundBook

VOICES = {"en": Voice(), "de": Voice("de")}
BEGIN = Said("Begin.", urgent=True, prompt=Prompt(PromptKey.BEGIN))


class Maker:
    """Writes the words instead of a sound."""

    def __init__(self, *, broken: bool = False) -> None:
        self.made: list[str] = []
        self.broken = broken

    def __call__(self, text: str, voice: Voice, to: Path) -> None:
        if self.broken:
            raise EnvironmentProblemError("no voice")
        self.made.append(f"{voice.language}: {text}")
        to.write_text(text)


def book(folder: Path, maker: Maker) -> SoundBook:
    return SoundBook(SpeechCache(folder, renderer=maker), VOICES)


def test_what_was_said_is_made_when_it_is_fetched(tmp_path: Path) -> None:
    maker = Maker()
    sounds = book(tmp_path, maker)
    names = sounds.names({"en": "Begin.", "de": "Los."})
    assert names == {"en": name_of("Begin.", VOICES["en"]), "de": name_of("Los.", VOICES["de"])}
    assert maker.made == []
    for _ in range(2):
        assert asyncio.run(sounds.fetch(names["de"])) == b"Los."
    assert maker.made == ["de: Los."]


def test_nothing_else_is_ever_made(tmp_path: Path) -> None:
    maker = Maker()
    sounds = book(tmp_path, maker)
    for name in (name_of("Never said.", VOICES["en"]), "../x.wav", "", "x" * 5000):
        assert asyncio.run(sounds.fetch(name)) is None
    assert maker.made == []


def test_only_so_much_is_remembered(tmp_path: Path) -> None:
    maker = Maker()
    sounds = book(tmp_path, maker)
    first = sounds.names({"en": "first"})["en"]
    for number in range(REMEMBERED):
        sounds.names({"en": str(number)})
    assert asyncio.run(sounds.fetch(first)) is None


def test_a_hub_that_cannot_speak_has_no_sound(tmp_path: Path) -> None:
    sounds = book(tmp_path, Maker(broken=True))
    assert asyncio.run(sounds.fetch(sounds.names({"en": "Begin."})["en"])) is None


@pytest.fixture
def speaking_hub(hub: Rig, tmp_path: Path) -> Rig:
    sounds = book(tmp_path / "speech", Maker())
    board = Board(wall_ms=lambda: hub.clock() * 1000.0, sounds=sounds)
    page = replace(hub.page, board=board, sounds=sounds)
    return replace(hub, page=page, app=create_app(page, names={"hub.local"}))


def test_a_frame_names_the_sounds_of_what_is_for_the_ear(speaking_hub: Rig) -> None:
    person = speaking_hub.person()
    client = speaking_hub.client(Role.PATIENT)
    with client.websocket_connect(f"ws://{HOST}/live", headers=ORIGIN) as socket:
        socket.receive_json()
        picture = snapshot_of(1, said=(BEGIN, note("serial:/dev/ttyACM0 is in use")))
        speaking_hub.page.board.publish(picture, person=person, plan="mine")
        said = next(f for f in iter(socket.receive_json, None) if f["kind"] == "live")["said"]
    assert said[0]["sound"]["en"] == name_of("Begin.", VOICES["en"])
    assert set(said[0]["sound"]) == {"en", "de"}
    assert said[1]["sound"] == {}
    answer = client.get(f"/sound/{said[0]['sound']['en']}")
    assert (answer.content, answer.headers["content-type"]) == (b"Begin.", "audio/wav")


def test_who_is_not_paired_hears_nothing(speaking_hub: Rig) -> None:
    assert speaking_hub.page.sounds is not None
    name = speaking_hub.page.sounds.names({"en": "Begin."})["en"]
    assert speaking_hub.client().get(f"/sound/{name}").status_code == 404
    assert speaking_hub.client(Role.PATIENT).get(f"/sound/{name}").status_code == 200
