"""The plans that come with the hub."""

from importlib.resources import files

_FOLDER = files("sensorhub.coach") / "plans"


def plan_texts() -> dict[str, str]:
    """TOML text of every plan that comes with the hub, by its id."""
    return {
        entry.name.removesuffix(".toml"): entry.read_text(encoding="utf-8")
        for entry in sorted(_FOLDER.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }
