"""The two kernels, made once and kept outside the repository.

User-Mode Linux runs programs at full speed, so the radio's tests use it; Debian's has no Bluetooth,
so it is built from Debian's kernel source. It has no USB: the serial adapter's test boots Debian's
own kernel in an emulator.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from acceptance import debian
from acceptance.unavailable import UnavailableError

_FRAGMENT: Final = Path(__file__).with_name("uml.config")
_SOURCES: Final = Path("/usr/src")


def cache_folder() -> Path:
    """Where kernels are kept: ``$SENSORHUB_CACHE`` or ``~/.cache/sensorhub``."""
    named = os.environ.get("SENSORHUB_CACHE")
    folder = (Path(named) if named else Path.home() / ".cache" / "sensorhub") / "acceptance"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def user_mode_kernel() -> Path:
    """A User-Mode Linux with Bluetooth; the first call takes minutes. Raises UnavailableError."""
    source = _kernel_source()
    key = hashlib.sha256(_FRAGMENT.read_bytes() + str(source.stat().st_size).encode())
    name = source.name.removesuffix(".tar.xz").replace("source", "um")
    kernel = cache_folder() / f"{name}-{key.hexdigest()[:12]}"
    if not kernel.exists():
        debian.need_build()
        print(f"building {kernel.name} (minutes, once)", flush=True)
        with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="build-") as work:
            _build(source, Path(work), kernel)
    return kernel


def debian_kernel() -> tuple[Path, str]:
    """Debian's stock kernel, unpacked, and its release. Raises UnavailableError."""
    for folder in sorted(cache_folder().glob("debian-linux-*")):
        return folder, folder.name.removeprefix("debian-linux-")
    package = _stock_package()
    release = package.removeprefix("linux-image-")
    folder = cache_folder() / f"debian-linux-{release}"
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="unpack-") as work:
        archive = debian.download(package, Path(work))
        unpacked = Path(work) / "kernel"
        _run("unpacking the kernel", "dpkg-deb", "-x", str(archive), str(unpacked))
        _run("listing its modules", "depmod", "-b", str(unpacked), release)
        unpacked.rename(folder)
    return folder, release


def _kernel_source() -> Path:
    found = sorted(_SOURCES.glob("linux-source-*.tar.xz"))
    if not found:
        debian.install(["linux-source"])
        found = sorted(_SOURCES.glob("linux-source-*.tar.xz"))
    if not found:
        raise UnavailableError(
            "Debian's kernel source is not where it should be.", hint="Reinstall linux-source."
        )
    return found[-1]


def _build(source: Path, work: Path, kernel: Path) -> None:
    _run("unpacking the kernel source", "tar", "-C", str(work), "-xf", str(source))
    tree = work / source.name.removesuffix(".tar.xz")
    make = ("nice", "-n", "10", "make", "-s", "-C", str(tree), "ARCH=um")
    jobs = f"-j{os.cpu_count() or 1}"
    _run("configuring the kernel", *make, f"KCONFIG_ALLCONFIG={_FRAGMENT}", "allnoconfig")
    _run("building the kernel", *make, jobs, "linux")
    _run("stripping the kernel", "strip", str(tree / "linux"))
    fresh = kernel.with_suffix(".new")
    shutil.copy2(tree / "linux", fresh)
    fresh.rename(kernel)


def _stock_package() -> str:
    """The package behind ``linux-image-amd64``; the cloud flavour has no Bluetooth and no USB."""
    asked = subprocess.run(
        ("apt-cache", "depends", "linux-image-amd64"), capture_output=True, text=True, check=False
    )
    for line in asked.stdout.splitlines():
        word, _, package = line.strip().partition(": ")
        if word == "Depends":
            return package
    raise UnavailableError(
        "Debian's kernel package linux-image-amd64 is not known here.",
        hint="The serial adapter's test needs Debian on x86-64; run apt-get update.",
    )


def _run(doing: str, *command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise UnavailableError(
            f"Failed {doing}: {' / '.join(said) or 'no word'}",
            hint="Free some disk space (3 GB) and try again.",
        )
