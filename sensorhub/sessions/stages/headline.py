"""What a set came to, in a few words."""

from sensorhub.model.outcomes import Evidence, SetOutcome
from sensorhub.model.words import many
from sensorhub.sessions.store.values import StoredSet


def headline(outcome: SetOutcome) -> str:
    """What the set came to, in a few words: ``9 repetitions and 1 partial``."""
    full = outcome.full_repetitions
    partial = len(outcome.repetitions) - full
    parts = []
    if full or not (partial or outcome.holds or outcome.breaths or outcome.steps):
        parts.append(many(full, "repetition"))
    if partial:
        parts.append(f"{partial} partial")
    if outcome.holds:
        held_s = sum(hold.held_s for hold in outcome.holds)
        paced = all(hold.evidence is Evidence.GUIDED for hold in outcome.holds)
        how = "paced by the hub, not measured" if paced else f"{held_s:.1f} s held"
        parts.append(f"{many(len(outcome.holds), 'hold')}, {how}")
    if outcome.breaths:
        parts.append(many(len(outcome.breaths), "breath"))
    if outcome.steps:
        parts.append(many(len(outcome.steps), "step"))
    return " and ".join(parts)


def set_headline(one: StoredSet) -> str:
    """The same of a stored set, with the count that was said aloud where more was said."""
    if one.outcome is None:
        return "nothing recorded"
    aloud = f" ({one.said_count} counted aloud)" if one.said_too_much else ""
    return headline(one.outcome) + aloud
