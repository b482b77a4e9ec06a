"""Wi-Fi at 2.4 GHz shares the air, and on a Raspberry Pi the chip, with Bluetooth."""

from sensorhub.daemon.doctor.base import Ground, Row, Verdict, entries, read_text
from sensorhub.daemon.sensors.bluez import Asked, ask_objects

CHECK = "Wi-Fi"
NETWORK_MANAGER = "org.freedesktop.NetworkManager"
_ACCESS_POINT = "org.freedesktop.NetworkManager.AccessPoint"
_WIRELESS = "org.freedesktop.NetworkManager.Device.Wireless"
_TWO_GHZ = range(2400, 2500)  # MHz
_TODO = "Use 5 GHz or a network cable for this computer; sensors are lost less often."


async def check_wifi(ground: Ground) -> list[Row]:
    """Which band the wireless networks that are up use, where NetworkManager says it."""
    up = [
        path.name
        for path in entries(ground.path("/sys/class/net"))
        if (path / "phy80211").exists() or (path / "wireless").exists()
        if read_text(path / "operstate") == "up"
    ]
    if not up:
        return [Row(CHECK, Verdict.OK, "No wireless network is in use.")]
    asked = await ask_objects(NETWORK_MANAGER, "/org/freedesktop", address=ground.dbus_address)
    frequencies_mhz = _frequencies_mhz(asked)
    if not frequencies_mhz:
        found = f"Wi-Fi is in use ({', '.join(up)}); its band cannot be known here."
        return [Row(CHECK, Verdict.UNKNOWN, found, _TODO)]
    listed = " and ".join(f"{mhz} MHz" for mhz in frequencies_mhz)
    if any(mhz in _TWO_GHZ for mhz in frequencies_mhz):
        return [Row(CHECK, Verdict.WARN, f"Wi-Fi is in use at {listed}.", _TODO)]
    return [Row(CHECK, Verdict.OK, f"Wi-Fi is in use at {listed}.")]


def _frequencies_mhz(asked: Asked) -> list[int]:
    """Of the access points that are connected to."""
    found = set()
    for interfaces in asked.objects.values():
        path = interfaces.get(_WIRELESS, {}).get("ActiveAccessPoint", "/")
        point = asked.objects.get(str(path), {}).get(_ACCESS_POINT, {})
        if isinstance(mhz := point.get("Frequency"), int) and mhz > 0:
            found.add(mhz)
    return sorted(found)
