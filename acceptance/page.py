"""``docs/acceptance.md`` from what was measured. No dates: versions say more."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import bleak
import bumble

PAGE: Final = Path(__file__).parents[1] / "docs" / "acceptance.md"


def page(figures: Mapping[str, Any]) -> str:
    return ""
