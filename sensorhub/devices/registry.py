"""Finds the device families: every module or room of this package with a constant ``FAMILY``.

One that makes several has a tuple ``FAMILIES``.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import sensorhub.devices
from sensorhub.devices.base import DeviceFamily
from sensorhub.devices.gatt_map.family import family_of_map
from sensorhub.devices.gatt_map.file import read_map
from sensorhub.model.errors import InputError


@cache
def families() -> Mapping[str, DeviceFamily]:
    """Return all families by name, in alphabetical order."""
    found: dict[str, DeviceFamily] = {}
    for module in pkgutil.iter_modules(sensorhub.devices.__path__):
        loaded = importlib.import_module(f"sensorhub.devices.{module.name}")
        for family in (getattr(loaded, "FAMILY", None), *getattr(loaded, "FAMILIES", ())):
            if isinstance(family, DeviceFamily):
                found[family.name] = family
    return MappingProxyType(dict(sorted(found.items())))


def family(name: str) -> DeviceFamily:
    """Return the family of this name; a name that ends in ``.toml`` is a file that describes one.

    Raises:
        InputError: there is none; the hint names the nearest ones.
    """
    if name.endswith(".toml"):
        return family_of_map(read_map(Path(name)))
    known = families()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.4) or list(known)
    raise InputError(
        f"There is no device family called {name!r}.", hint=f"Known: {', '.join(near)}."
    )


def recognise(service_uuids: Iterable[str], name: str | None) -> DeviceFamily | None:
    """Return the family that an advertisement belongs to, None where it is nobody's.

    A service says more than a name, so services of all families are looked at first.
    """
    advertised = {uuid.lower() for uuid in service_uuids}
    with_ble = [(one, one.ble) for one in families().values() if one.ble is not None]
    for one, profile in with_ble:
        if advertised.intersection(uuid.lower() for uuid in profile.service_uuids):
            return one
    for one, profile in with_ble:
        if name and profile.name_prefixes and name.startswith(profile.name_prefixes):
            return one
    return None
