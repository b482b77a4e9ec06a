"""The computer itself: kernel, clock, power."""

import re

from sensorhub.daemon.doctor.base import Ground, Row, Verdict, read_text

WANTED_KERNEL = (5, 15, 62)
"""Bluetooth of kernels before this one lost adapters in large installations."""

THROTTLED_FILES = "sys/devices/platform/soc*/soc*:firmware/get_throttled"
"""A number in hexadecimal; where exactly differs with the model."""

_NOW = {0: "under-voltage", 1: "frequency capped", 2: "throttled", 3: "too hot"}


async def check_kernel(ground: Ground) -> list[Row]:
    """Its version."""
    release = ground.text("/proc/sys/kernel/osrelease")
    if not release:
        return [Row("kernel", Verdict.UNKNOWN, "The kernel's version cannot be read here.")]
    numbers = tuple(int(part) for part in re.findall(r"\d+", release)[:3])
    if numbers < WANTED_KERNEL:
        todo = "Update the system if the adapter vanishes now and then."
        return [Row("kernel", Verdict.WARN, f"Linux {release}", todo)]
    return [Row("kernel", Verdict.OK, f"Linux {release}")]


async def check_clock(ground: Ground) -> list[Row]:
    """Whether the wall clock was set from the network: it dates sessions, it measures nothing."""
    check, synchronised = "clock", ground.clock_synchronised()
    if synchronised is None:
        found = "Whether the clock is right cannot be known here."
        todo = "Compare it with another: sessions are dated by it."
        return [Row(check, Verdict.UNKNOWN, found, todo)]
    if synchronised:
        return [Row(check, Verdict.OK, "Set from the network, as the kernel knows.")]
    todo = "Check the network, or: sudo timedatectl set-ntp true. Sessions are dated by this clock."
    return [Row(check, Verdict.WARN, "Nobody sets it from the network.", todo)]


async def check_power(ground: Ground) -> list[Row]:
    """A Raspberry Pi's own word on its power supply and its heat."""
    model = ground.text("/proc/device-tree/model") or ""
    if "Raspberry Pi" not in model:
        return [Row("power", Verdict.OK, "This is no Raspberry Pi.")]
    said = [read_text(path) or "" for path in sorted(ground.root.glob(THROTTLED_FILES))]
    try:
        bits = int("".join(said[:1]), 16)
    except ValueError:
        return [Row("power", Verdict.UNKNOWN, f"{model} does not tell how its power is here.")]
    now = [text for bit, text in _NOW.items() if bits >> bit & 1]
    before = [text for bit, text in _NOW.items() if bits >> (bit + 16) & 1]
    todo = "Use the Raspberry Pi's own power supply and a short cable; let air to it."
    if now:
        return [Row("power", Verdict.FAIL, f"{model}: {', '.join(now)} now.", todo)]
    if before:
        found = f"{model}: {', '.join(before)} since it was started."
        return [Row("power", Verdict.WARN, found, todo)]
    return [Row("power", Verdict.OK, f"{model}: neither too little power nor too much heat.")]
