"""What the acceptance runner says where it cannot run, and how it tells a failure from that."""

import os

import acceptance.__main__ as runner
from acceptance import debian, page
from acceptance.unavailable import UnavailableError

STREAM = {
    "latency_ms": {"p50": 9.04, "p99": 20.0, "max": 31.26, "count": 9},
    "received": 18_000,
    "lost": 0,
    "duplicate": 0,
    "backfilled": 0,
}
FIGURES = {
    "radio": {
        "kernel": "6.1.0",
        "bluez": "5.66",
        "open_s": {"p50": 1.0, "p99": 2.0, "max": 2.1, "count": 12},
        "opens": {"tried": 12, "failed": []},
        "storm": {
            "disconnects": 15,
            "back_s": {"p50": 1.8, "p99": 2.8, "max": 2.9, "count": 15},
            "samples": 3792,
            "missing": 0,
        },
        "pair_s": 0.17,
        "after_power_s": 2.15,
        "death_noticed_s": 1.29,
        "after_restart_s": 8.96,
        "stream_signals": STREAM,
        "stream_socket": STREAM,
    },
    "cable": {
        "kernel": "6.1.0",
        "noticed_s": [0.2, 0.1],
        "back_s": [1.5, 1.6],
        "samples": 545,
        "lost": 0,
        "twice": 0,
    },
}


def test_without_root_it_is_a_skip_with_a_reason_and_neither_pass_nor_failure(monkeypatch, capsys):
    monkeypatch.setattr(debian.os, "geteuid", lambda: 1000)
    assert runner.main([]) == runner.SKIPPED
    assert runner.SKIPPED not in (0, 1)
    said = capsys.readouterr()
    assert "SKIPPED" in said.err
    assert "root" in said.err
    assert "green" not in said.out


def test_a_part_that_cannot_run_skips_the_whole_and_leaves_the_page(monkeypatch, tmp_path):
    def missing():
        raise UnavailableError("No kernel.", hint="Get one.")

    monkeypatch.setattr(debian.os, "geteuid", lambda: 0)
    monkeypatch.setattr(runner, "PAGE", tmp_path / "acceptance.md")
    monkeypatch.setattr(runner, "_PARTS", {"radio": lambda: FIGURES["radio"], "cable": missing})
    assert runner.main([]) == runner.SKIPPED
    assert not (tmp_path / "acceptance.md").exists()


def test_a_red_part_is_a_failure_and_leaves_the_page(monkeypatch, tmp_path):
    monkeypatch.setattr(debian.os, "geteuid", lambda: 0)
    monkeypatch.setattr(runner, "PAGE", tmp_path / "acceptance.md")
    monkeypatch.setattr(
        runner, "_PARTS", {"radio": lambda: FIGURES["radio"], "cable": lambda: None}
    )
    assert runner.main([]) == 1
    assert not (tmp_path / "acceptance.md").exists()


def test_the_page_goes_where_it_is_asked_to(monkeypatch, tmp_path):
    monkeypatch.setattr(debian.os, "geteuid", lambda: 0)
    monkeypatch.setattr(runner, "PAGE", tmp_path / "acceptance.md")
    parts = {name: lambda name=name: FIGURES[name] for name in FIGURES}
    monkeypatch.setattr(runner, "_PARTS", parts)
    assert runner.main(["--page", str(tmp_path / "other.md")]) == 0
    assert "Serial adapter" in (tmp_path / "other.md").read_text()
    assert not (tmp_path / "acceptance.md").exists()


def test_the_last_logs_of_a_part_stay_and_older_ones_go(monkeypatch, tmp_path):
    monkeypatch.setenv("SENSORHUB_CACHE", str(tmp_path))
    made = []
    for number in range(15):
        with runner._folder("radio") as folder:
            os.utime(folder, (number, number))
            made.append(folder)
        with runner._folder("cable"):
            pass
    assert sorted(made[-10:]) == sorted((tmp_path / "acceptance").glob("radio-*"))


def test_the_page_tells_what_was_measured_with_versions(monkeypatch, tmp_path):
    monkeypatch.setattr(debian.os, "geteuid", lambda: 0)
    monkeypatch.setattr(runner, "PAGE", tmp_path / "acceptance.md")
    parts = {name: lambda name=name: FIGURES[name] for name in FIGURES}
    monkeypatch.setattr(runner, "_PARTS", parts)
    assert runner.main([]) == 0
    written = (tmp_path / "acceptance.md").read_text()
    assert written == page.page(FIGURES)
    assert "| bluetoothd | 5.66 |" in written
    assert "| D-Bus signals | 18000 | 0 | 0 | 0 | 9.0 | 20.0 | 31.3 |" in written
    assert "| opened at the first try | 12 of 12 |" in written
