"""Runs the acceptance tests; ends with 0 (green), 1 (a test failed) or 77 (cannot run here)."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from acceptance import debian, kernels
from acceptance.emulated import run_emulated
from acceptance.page import PAGE, page
from acceptance.unavailable import UnavailableError
from acceptance.user_mode import GUEST_FOLDER, run_in_user_mode

SKIPPED: Final = 77  # as automake's: neither a pass nor a failure
_ROOT: Final = Path(__file__).parents[1]
_GUEST_TESTS: Final = Path(__file__).with_name("guest")
_LOGS_KEPT: Final = 10  # of a part
_RADIO_PATIENCE_S: Final = 900.0
_CABLE_PATIENCE_S: Final = 600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for, as often as asked; writes the page after a green run of all."""
    parser = argparse.ArgumentParser(prog="python -m acceptance", description=__doc__)
    parser.add_argument("--only", choices=sorted(_PARTS), help="one part; the page stays as it is")
    parser.add_argument("--runs", type=int, default=1, help="so often, to see how dependable it is")
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write the page")
    args = parser.parse_args(arguments)
    parts = [args.only] if args.only else list(_PARTS)
    green = 0
    try:
        debian.need_root()
        for number in range(args.runs):
            results = {part: _PARTS[part]() for part in parts}
            figures = {part: one for part, one in results.items() if one is not None}
            for part in set(parts) - figures.keys():
                print(f"acceptance: {part}: RED{_OPTIONAL.get(part, '')}")
            needed = set(parts) - _OPTIONAL.keys() or set(parts)  # asked for alone, it counts
            passed = figures.keys() >= needed
            green += passed
            print(f"acceptance: run {number + 1} of {args.runs}: {'green' if passed else 'red'}")
            if passed and not args.only:
                args.page.write_text(page(figures))
    except UnavailableError as error:
        print(f"acceptance: SKIPPED. {error} {error.hint}", file=sys.stderr)
        return SKIPPED
    print(f"acceptance: {green} of {args.runs} runs green")
    return 0 if green == args.runs else 1


def _radio() -> dict[str, object] | None:
    """The figures of the radio's tests, None when one failed. Raises UnavailableError."""
    return _on_the_radio("radio", "test_radio.py")


def _sockets() -> dict[str, object] | None:
    """The same for notifications over sockets, in a guest of their own."""
    return _on_the_radio("sockets", "test_sockets.py")


def _on_the_radio(part: str, tests: str) -> dict[str, object] | None:
    debian.need_radio()
    kernel = kernels.user_mode_kernel()
    with _folder(part) as folder:
        code = run_in_user_mode(kernel, _pytest(tests), folder=folder, patience_s=_RADIO_PATIENCE_S)
        return _figures(folder, code)


def _cable() -> dict[str, object] | None:
    """The figures of the serial adapter's test, None when it failed. Raises UnavailableError."""
    debian.need_cable()
    kernel = kernels.debian_kernel()
    with _folder("cable") as folder, _sensor_on_tcp() as port:
        code = run_emulated(
            kernel,
            _pytest("test_cable.py"),
            folder=folder,
            wire_port=port,
            patience_s=_CABLE_PATIENCE_S,
        )
        return _figures(folder, code)


_PARTS: Final[dict[str, Callable[[], dict[str, object] | None]]] = {
    "radio": _radio,
    "sockets": _sockets,
    "cable": _cable,
}

_OPTIONAL: Final = {"sockets": " (sensorhub does not use sockets unless told to; see the page)"}
"""What may fail without the run being red: said all the same, here and on the page."""


def _pytest(name: str) -> list[str]:
    """pytest as the guest calls it: the host's own environment, at the same paths."""
    options = f"-p no:xdist -p no:cacheprovider -v --color=no --rootdir={_ROOT}"
    return [
        "env",
        f"ACCEPTANCE_FOLDER={GUEST_FOLDER}",
        "PYTHONDONTWRITEBYTECODE=1",
        "sh",
        "-c",
        f"cd {_ROOT} && exec {sys.executable} -m pytest {options} {_GUEST_TESTS / name}",
    ]


@contextmanager
def _folder(part: str) -> Iterator[Path]:
    """A folder for logs and figures; the last few stay, for who wants to look."""
    cache = kernels.cache_folder()
    before = sorted(cache.glob(f"{part}-*"), key=lambda path: path.stat().st_mtime)
    for old in before[: -_LOGS_KEPT + 1]:
        shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{part}-", dir=cache))
    print(f"acceptance: {part}: logs in {folder}", flush=True)
    yield folder


def _figures(folder: Path, code: int | None) -> dict[str, object] | None:
    if code is None:
        print("acceptance: the guest hung or died", flush=True)
    if code != 0:
        return None
    (written,) = folder.glob("*.json")
    figures = json.loads(written.read_text())
    assert isinstance(figures, dict)
    return figures


@contextmanager
def _sensor_on_tcp() -> Iterator[int]:
    """A simulated sensor at the far end of the adapter's wire; its port."""
    command = (
        *(sys.executable, "-m", "firmware_sim", "serve", "--scenario", "squat"),
        *("--sensor", "thigh_right", "--tcp", "127.0.0.1:0"),
    )
    sensor = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=_ROOT, env=os.environ.copy()
    )
    assert sensor.stdout is not None
    try:
        _, _, port = sensor.stdout.readline().strip().rpartition(":")
        yield int(port)
    finally:
        sensor.terminate()
        sensor.wait()
        sensor.stdout.close()


if __name__ == "__main__":
    sys.exit(main())
