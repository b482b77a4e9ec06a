"""Numbers before nouns, in English: ``1 set``, ``2 sets``."""


def many(count: int, noun: str, plural: str = "") -> str:
    """So many of it; ``plural`` where an s does not make it."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"
