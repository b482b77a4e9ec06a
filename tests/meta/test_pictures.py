"""The pictures that README shows can be shown: a browser draws nothing of an SVG that is no XML."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("svg", sorted((ROOT / "docs").rglob("*.svg")), ids=lambda path: path.name)
def test_every_svg_is_well_formed(svg: Path) -> None:
    assert ET.parse(svg).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_every_picture_that_is_shown_is_there() -> None:
    shown = [
        (page, name)
        for page in PAGES
        for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    ]
    assert len(shown) >= 2
    assert not [name for page, name in shown if not (page.parent / name).exists()]
