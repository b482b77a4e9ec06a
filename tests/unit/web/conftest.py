"""The rig for every test here."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from web_rig import Rig, rig


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Rig]:
    with rig(tmp_path) as made:
        yield made
