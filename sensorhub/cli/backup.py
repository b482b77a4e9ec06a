"""``sensorhub backup`` and ``sensorhub restore``: the whole data folder as one file, and back."""

from pathlib import Path
from typing import Self

import click

from sensorhub.cli.context import Context, pass_settings

MIB = 1 << 20


@click.command(epilog="\b\nExamples:\n  sensorhub backup ~/sensorhub-backup.zip")
@click.argument("file", type=click.Path(path_type=Path))
@pass_settings
def backup(settings: Context, *, file: Path) -> None:
    """Write all sessions, plans and settings to one new FILE. A session may be running."""
    from sensorhub.model.words import many
    from sensorhub.sessions.backup.write import write_backup
    from sensorhub.sessions.store.database import unreadable

    left_out: list[Path] = []
    with _Bar("Backing up") as bar:
        manifest = write_backup(
            settings.data_dir, file, progress=bar.show, on_left_out=left_out.append
        )
    click.echo(f"{file}: {many(len(manifest.files), 'file')}, {file.stat().st_size / MIB:.1f} MiB.")
    click.echo("It holds personal data: keep it where only you can read it.")
    for path in left_out:
        # ascii(): a name that no backup can carry may not be fit for a terminal either
        click.echo(
            f"! {str(path)!a} is left out: rename it to letters, digits, dots, hyphens and"
            " underscores if it matters.",
            err=True,
        )
    # A backup is made of what is there, readable or not; that it is not must be known today.
    if settings.store_path.exists() and (problem := unreadable(settings.store_path)) is not None:
        click.echo(f"! {problem}", err=True)


@click.command(epilog="\b\nExamples:\n  sensorhub restore ~/sensorhub-backup.zip")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_settings
def restore(settings: Context, *, file: Path, yes: bool) -> None:
    """Put a backup back. What is there now is kept as a backup of its own.

    The hub must not be running (sudo systemctl stop sensorhub).
    """
    from sensorhub.model.words import many
    from sensorhub.sessions.backup.format import read_manifest
    from sensorhub.sessions.backup.restore import restore_backup

    manifest = read_manifest(file)
    if not yes:
        question = f"Replace what is in {settings.data_dir} by the backup of {manifest.made_utc}?"
        click.confirm(question, abort=True)
    with _Bar("Restoring") as bar:
        _, before = restore_backup(file, settings.data_dir, progress=bar.show)
    click.echo(f"Restored {many(len(manifest.files), 'file')} to {settings.data_dir}.")
    if before is not None:
        click.echo(f"What was there before: {before}")


class _Bar:
    """A progress bar on the terminal, in bytes; nothing where there is no terminal."""

    def __init__(self, label: str) -> None:
        self._bar = click.progressbar(length=1000, label=label, show_pos=False)

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.__exit__(None, None, None)

    def show(self, done_bytes: int, all_bytes: int) -> None:
        """So much of it is done."""
        self._bar.update(1000 * done_bytes // max(1, all_bytes) - self._bar.pos)
