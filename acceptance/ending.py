"""How a guest ended that left no exit code, in a sentence."""

import signal


def ending(code: int, said: str, *, what: str, began: bool) -> str:
    """What became of it.

    Args:
        code: of the emulator's process, as ``subprocess`` gives it: negative where a signal ended
            it.
        said: what was on its console.
        what: ended.
        began: the command had begun in it.
    """
    last = (said.strip().splitlines() or ["no word"])[-1]
    when = "in the middle of its work" if began else "before it had booted"
    if code < 0:
        name = signal.Signals(-code).name
        why = ", as when memory runs out" if name == "SIGKILL" else ""
        return f"{what} was killed by {name}{why}, {when}. Its last words: {last}"
    if began:
        return f"{what} ended {when} without an exit code. Its last words: {last}"
    return f"{what} did not boot: {last}"
