"""Files that a reader never sees half written."""

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Replace ``path`` in one step.

    Raises:
        OSError: it cannot be written.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
