"""What every command knows: where the data lies."""

import os
from dataclasses import dataclass
from pathlib import Path

import click


@dataclass(frozen=True, slots=True)
class Context:
    """Settings given before the sub-command.

    Attributes:
        data_dir: the directory of the session store; may not exist yet.
    """

    data_dir: Path

    @property
    def store_path(self) -> Path:
        """The file of the session store."""
        from sensorhub.sessions.store.store import STORE_NAME

        return self.data_dir / STORE_NAME


pass_settings = click.make_pass_decorator(Context)


def default_data_dir() -> Path:
    """The user's data directory after the XDG base directory specification."""
    base = os.environ.get("XDG_DATA_HOME", "")
    root = Path(base) if base.startswith("/") else Path.home() / ".local" / "share"
    return root / "sensorhub"
