"""A guest that was killed says so; only one that never began is "not available"."""

import sys
from pathlib import Path

import pytest

from acceptance import emulated
from acceptance.ending import ending
from acceptance.unavailable import UnavailableError

WHAT = "The machine"


@pytest.mark.parametrize(
    ("code", "began", "expected"),
    [
        (-9, True, "was killed by SIGKILL, as when memory runs out, in the middle of its work"),
        (-15, True, "was killed by SIGTERM, in the middle of its work"),
        (-9, False, "was killed by SIGKILL, as when memory runs out, before it had booted"),
        (0, True, "ended in the middle of its work without an exit code"),
        (1, False, "did not boot: panic"),
    ],
)
def test_how_it_ended(code: int, began: bool, expected: str) -> None:
    said = ending(code, "one\npanic\n", what=WHAT, began=began)
    assert said.startswith(f"{WHAT} {expected}")
    assert said.endswith("panic")


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, guest: str) -> int | None:
    """In place of the emulator a program that does ``guest`` in its folder."""
    monkeypatch.setattr(emulated, "_first_root", lambda *_: folder / "first.cpio")
    program = f"import os, pathlib; folder = pathlib.Path({str(folder)!r}); {guest}"
    monkeypatch.setattr(emulated, "_qemu", lambda *_: [sys.executable, "-c", program])
    return emulated.run_emulated(
        (folder, "6.1"), ["true"], folder=folder, wire_port=0, patience_s=60.0
    )


def test_killed_in_the_middle_is_a_failure_that_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    guest = "(folder / 'booted').touch(); os.kill(os.getpid(), 9)"
    assert run(monkeypatch, tmp_path, guest) is None
    assert "killed by SIGKILL" in capsys.readouterr().err


def test_one_that_never_began_is_not_available(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(UnavailableError, match="did not boot: no init"):
        run(monkeypatch, tmp_path, "print('no init')")


def test_what_was_left_of_an_earlier_run_does_not_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "booted").touch()
    (tmp_path / "exitcode").write_text("0")
    with pytest.raises(UnavailableError, match="did not boot"):
        run(monkeypatch, tmp_path, "print('no init')")


def test_an_exit_code_is_what_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    guest = "(folder / 'booted').touch(); (folder / 'exitcode').write_text('3')"
    assert run(monkeypatch, tmp_path, guest) == 3
