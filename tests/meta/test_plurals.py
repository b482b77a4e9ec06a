"""Nobody is told of "1 sets": a number before a noun goes through what knows of one."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOUNS = (
    "sets", "files", "repetitions", "sessions", "samples", "packets", "pieces", "breaths", "holds",
    "steps", "sensors", "exercises", "gaps",
)  # fmt: skip
SPOKEN = re.compile(r"\} (" + "|".join(NOUNS) + r")\b")
MORE_THAN_ONE = (
    "{MAX_REPS} repetitions",  # a constant
    "{len(sets)} sets are more than",
    "{len(time_s)} samples",  # beside the words for one
    "{len(apart)} gaps",
    "{chosen.title} sensors have",  # no number
)
"""Said only where there are several."""


def test_numbers_before_nouns_know_of_one() -> None:
    found = []
    for path in sorted((ROOT / "sensorhub").rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if SPOKEN.search(line) and not any(known in line for known in MORE_THAN_ONE):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not found, "use sensorhub.model.words.many"
