"""``sensorhub export``: write a stored session as files for somebody outside."""

from pathlib import Path

import click

from sensorhub.cli.context import Context, pass_settings

EPILOG = """\b
Examples:
  sensorhub export last --to ~/for-my-therapist
  sensorhub export 2026-11-23-1 --to day1 --overwrite
  sensorhub export samples last --to recording    (what sensorhub analyze reads)
  sensorhub export --list"""


@click.command(epilog=EPILOG)
@click.argument("words", metavar="[KIND] SESSION", nargs=-1)
@click.option("--to", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Where to.")
@click.option("--overwrite", is_flag=True, help="Replace files that are there already.")
@click.option("--list", "list_kinds", is_flag=True, help="List the kinds of export there are.")
@pass_settings
def export(
    settings: Context,
    *,
    words: tuple[str, ...],
    folder: Path | None,
    overwrite: bool,
    list_kinds: bool,
) -> None:
    """Write a session as files: for the therapist, unless another KIND is named.

    SESSION is a session's name (see sensorhub sessions) or "last".
    """
    from sensorhub.exports.base import THERAPIST, export_session, exports, find_export
    from sensorhub.sessions.store.reader import StoreReader

    if list_kinds:
        for kind in exports().values():
            click.echo(f"{kind.name:12}  {kind.help}")
        return
    if len(words) not in (1, 2):
        raise click.UsageError("Name one session, or a kind and a session.")
    if folder is None:
        raise click.UsageError("Say where to with --to DIR.")
    kind = find_export(words[0] if len(words) == 2 else THERAPIST)
    store = StoreReader(settings.store_path)
    for path in export_session(store, words[-1], folder, export=kind, overwrite=overwrite):
        click.echo(path)
