"""The recipes of CONTRIBUTING.md, executed: each file written, each command run, in a copy."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("sensorhub", "firmware_sim", "calibration", "tests/contracts")
BLOCK = re.compile(r"(?:File `(?P<file>[^`]+)`:\n\n)?```(?P<kind>\w+)\n(?P<body>.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Recipe:
    """One section: the files it adds, and its commands with words their output must hold."""

    title: str
    files: dict[str, str]
    commands: list[tuple[str, list[str]]]


def recipes() -> list[Recipe]:
    found = []
    for section in (ROOT / "CONTRIBUTING.md").read_text().split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        files: dict[str, str] = {}
        commands: list[tuple[str, list[str]]] = []
        for block in BLOCK.finditer(body):
            if block["file"]:
                files[block["file"]] = block["body"]
            elif block["kind"] == "console":
                for line in block["body"].splitlines():
                    if line.startswith("$ "):
                        commands.append((line[2:], []))
                    elif line.strip():
                        commands[-1][1].append(line.strip())
        found.append(Recipe(title, files, commands))
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("project")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def run(command: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(command)
    start = {"sensorhub": [sys.executable, "-m", "sensorhub"], "python": [sys.executable]}[program]
    environment = {**os.environ, "PYTHONPATH": str(cwd), "SENSORHUB_DATA": str(cwd / "data")}
    return subprocess.run(
        [*start, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("recipe", recipes(), ids=lambda r: r.title)
def test_recipe_works_as_written(recipe: Recipe, project: Path) -> None:
    assert recipe.files, "a recipe adds a file"
    assert recipe.commands, "a recipe shows that it works"
    for name, content in recipe.files.items():
        assert not (project / name).exists(), f"{name} is there already"
        (project / name).write_text(content)
    for command, expected in recipe.commands:
        done = run(command, cwd=project)
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        for words in expected:
            assert words in done.stdout, f"$ {command}\n{done.stdout}"


def test_all_four_recipes_are_there() -> None:
    titles = {recipe.title for recipe in recipes()}
    assert {"A new exercise", "A new sensor", "A new export", "A new scenario"} <= titles
