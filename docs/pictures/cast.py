"""Draws `docs/pictures/demo.svg`: the demo as it ran, recorded on a pseudo-terminal.

    python docs/pictures/cast.py

Every frame is what the terminal showed; only the time between frames is evened out.
"""

import html
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

COLUMNS, ROWS = 84, 22
FRAMES = 44
FRAME_S = 0.45
CHAR_W, LINE_H = 8.4, 17.0
TARGET = Path(__file__).with_name("demo.svg")
ESCAPE = re.compile(r"\x1b\[\??(\d*)(?:;\d+)*([A-Za-z])")


class Screen:
    """As much of a terminal as our live view uses: cursor up, erase line, erase below."""

    def __init__(self) -> None:
        self.lines: list[str] = [""]
        self.row = 0

    def write(self, text: str) -> None:
        position = 0
        for found in ESCAPE.finditer(text):
            self._plain(text[position : found.start()])
            self._escape(int(found[1] or 1), found[2])
            position = found.end()
        self._plain(text[position:])

    def _escape(self, count: int, code: str) -> None:
        if code == "A":
            self.row = max(0, self.row - count)
        elif code == "J":
            del self.lines[self.row :]
            self.lines.append("")
        elif code == "K":
            self.lines[self.row] = ""

    def _plain(self, text: str) -> None:
        for char in text:
            if char == "\n":
                self.row += 1
                if self.row == len(self.lines):
                    self.lines.append("")
            elif char != "\r":
                self.lines[self.row] += char

    def visible(self) -> list[str]:
        """The last screenful."""
        lines = [line.rstrip()[:COLUMNS] for line in self.lines]
        while lines and not lines[-1]:
            lines.pop()
        return lines[-ROWS:]


def record() -> list[list[str]]:
    """Every screen that differed from the one before, as the demo ran."""
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "LINES": str(ROWS), "TERM": "xterm"}
    command = [sys.executable, "-m", "sensorhub", "demo"]
    child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    screen, seen = Screen(), [["$ make demo", ""]]
    rest = ""
    while True:
        readable, _, _ = select.select([master], [], [], 60)
        if not readable:
            break
        try:
            data = os.read(master, 65536)
        except OSError:  # Linux: the other side closed
            break
        if not data:
            break
        text = rest + data.decode(errors="replace")
        cut = text.rfind("\x1b") if "\x1b" in text[-8:] else len(text)
        rest = text[cut:]
        screen.write(text[:cut])
        if screen.visible() != seen[-1]:
            seen.append(screen.visible())
    if child.wait() != 0:
        raise SystemExit("the demo failed: no picture was drawn")
    return seen


def thin(frames: list[list[str]]) -> list[list[str]]:
    """Evenly chosen frames, the last one included."""
    step = max(1, len(frames) // FRAMES)
    chosen = frames[::step]
    return [*chosen, frames[-1]] if chosen[-1] != frames[-1] else chosen


def draw(frames: list[list[str]]) -> str:
    """An SVG that shows one frame after the other; the last one rests for a while."""
    width, height = COLUMNS * CHAR_W + 32, ROWS * LINE_H + 32
    rest = 10
    total_s = (len(frames) + rest) * FRAME_S
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" role="img" aria-label="The demo in a terminal: repetitions and '
            'holds of a simulated person are counted live, then compared with the truth.">'
        ),
        (
            "<style>text{font:14px ui-monospace,monospace;fill:#e6e6e6;white-space:pre}"
            "g{visibility:hidden}"
        ),
    ]
    for number in range(len(frames)):
        begin = 100 * number / (len(frames) + rest)
        end = 100 * (number + 1) / (len(frames) + rest) if number + 1 < len(frames) else 100
        parts.append(
            f"@keyframes f{number}{{0%,{begin:.2f}%{{visibility:hidden}}"
            f"{begin + 0.01:.2f}%,{end:.2f}%{{visibility:visible}}"
            f"{min(100.0, end + 0.01):.2f}%,100%{{visibility:hidden}}}}"
            f"#f{number}{{animation:f{number} {total_s:.1f}s step-end infinite}}"
        )
    last = f"f{len(frames) - 1}"
    parts.append(
        "@media (prefers-reduced-motion:reduce){g{animation:none!important}"
        f"#{last}{{visibility:visible}}}}</style>"
    )
    parts.append(f'<rect width="{width:.0f}" height="{height:.0f}" rx="8" fill="#1b1f24"/>')
    for number, lines in enumerate(frames):
        parts.append(f'<g id="f{number}">')
        for row, line in enumerate(lines):
            if line:
                y = 16 + LINE_H * (row + 0.8)
                parts.append(f'<text x="16" y="{y:.1f}">{html.escape(line)}</text>')
        parts.append("</g>")
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    recorded = record()
    TARGET.write_text(draw(thin(recorded)))
    print(f"{len(recorded)} screens seen, written: {TARGET}")
