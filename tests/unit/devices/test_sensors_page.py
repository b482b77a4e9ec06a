"""docs/sensors.md says what the families say."""

from pathlib import Path

from sensorhub.devices.page import sensors_page
from sensorhub.devices.registry import families

PAGE = Path(__file__).resolve().parents[3] / "docs" / "sensors.md"


def test_the_page_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == sensors_page(), "run: python -m sensorhub.devices.page > docs/sensors.md"


def test_every_family_is_on_it() -> None:
    text = sensors_page()
    for family in families().values():
        assert f"`{family.name}`" in text
        assert all(note in text for note in family.notes)
