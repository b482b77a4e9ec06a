"""What the virtual machines need from Debian, installed when it is not there."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from acceptance.unavailable import UnavailableError

BLUETOOTHD: Final = Path("/usr/libexec/bluetooth/bluetoothd")

_RADIO: Final[Mapping[str, str]] = {
    "dbus-daemon": "dbus",
    str(BLUETOOTHD): "bluez",
    "bluetoothctl": "bluez",
    "busctl": "systemd",
    "busybox": "busybox-static",
}
_BUILD: Final[Mapping[str, str]] = {
    "gcc": "gcc",
    "make": "make",
    "flex": "flex",
    "bison": "bison",
    "bc": "bc",
    "xz": "xz-utils",
    "/usr/include/libelf.h": "libelf-dev",
}
_CABLE: Final[Mapping[str, str]] = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "cpio": "cpio",
    "modprobe": "kmod",
}


def need_root() -> None:
    """Raises UnavailableError where we are not root: mounts and packages need it."""
    if os.geteuid() != 0:
        raise UnavailableError("The acceptance tests need root.", hint="Run: sudo make acceptance.")


def need_radio() -> None:
    """BlueZ and D-Bus. Raises UnavailableError."""
    _need(_RADIO)


def need_build() -> None:
    """What compiles a kernel. Raises UnavailableError."""
    _need(_BUILD)


def need_cable() -> None:
    """The emulator. Raises UnavailableError."""
    _need(_CABLE)


def install(packages: Sequence[str]) -> None:
    """Install Debian packages. Raises UnavailableError, with apt's last word."""
    if shutil.which("apt-get") is None:
        raise UnavailableError(
            f"Debian packages are missing: {', '.join(packages)}.",
            hint="Run the acceptance tests on Debian or Raspberry Pi OS.",
        )
    _apt("update", "-qq")
    _apt("install", "-qq", "--yes", "--no-install-recommends", *packages)


def download(package: str, folder: Path) -> Path:
    """Fetch a package without installing it. Raises UnavailableError."""
    _apt("update", "-qq")
    _apt("download", "-qq", package, cwd=folder)
    return next(folder.glob(f"{package}_*.deb"))


def version_of(package: str) -> str:
    """The installed version, or ``unknown``."""
    asked = subprocess.run(
        ("dpkg-query", "--show", "--showformat=${Version}", package),
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() or "unknown"


def _need(wanted: Mapping[str, str]) -> None:
    missing = sorted({package for what, package in wanted.items() if not _there(what)})
    if missing:
        install(missing)


def _there(what: str) -> bool:
    return Path(what).exists() if what.startswith("/") else shutil.which(what) is not None


def _apt(*arguments: str, cwd: Path | None = None) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ("apt-get", *arguments),
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise UnavailableError(
            f"apt-get {arguments[0]} failed: {last}",
            hint="Check the network and /etc/apt/sources.list, then try again.",
        )
