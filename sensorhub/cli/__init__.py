"""The command line: thin shells around the layers below, each imported only when it is used."""

from sensorhub.cli.app import main

__all__ = ["main"]
