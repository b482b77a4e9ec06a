"""Several screens as one."""

from collections.abc import Sequence

from sensorhub.coach.said import Said
from sensorhub.coach.snapshot import Snapshot
from sensorhub.daemon.screen.live_view import View


class FanView:
    """Shows everything on each of the screens, in order."""

    def __init__(self, views: Sequence[View]) -> None:
        self._views = tuple(views)

    def say(self, said: Said, *, elapsed_s: float) -> None:
        """Say it everywhere."""
        for view in self._views:
            view.say(said, elapsed_s=elapsed_s)

    def show(self, snapshot: Snapshot) -> None:
        """Show it everywhere."""
        for view in self._views:
            view.show(snapshot)

    def close(self) -> None:
        """Give every screen back."""
        for view in self._views:
            view.close()
