"""The end of a session, whether it came by choice or by a power cut.

:func:`finish_session` computes the final results of a closed session and stores them;
:func:`recover` does that, at the next start, for every session that was not brought to its end.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sensorhub.devices.registry import family as registered_family
from sensorhub.model.errors import StoreError
from sensorhub.sessions.stages.process import (
    FindFamily,
    Processed,
    damage,
    process_session,
    why_not,
)
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import Store
from sensorhub.sessions.store.values import Notice, NoticeCode, StoredSession


@dataclass(frozen=True, slots=True)
class Recovered:
    """A session that was brought to its end by a later start; ``cut_off``: it was still open."""

    session: StoredSession
    cut_off: bool


def finish_session(
    store: Store, name: str, *, find_family: FindFamily = registered_family
) -> StoredSession:
    """Compute and store the final results of a closed session; the session with them.

    Whatever goes wrong in computing them is noted in the session, where the reader of its CSV sees
    it; the live results then stand.

    Raises:
        StoreError: the store cannot be read or written.
        InputError: there is no such session.
    """
    reader = StoreReader(store.path)
    session = reader.session(name)
    ended_ns = session.started.hub_ns if session.ended_ns is None else session.ended_ns
    try:
        processed = process_session(reader, session.name, find_family=find_family)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 (a defect must not make the next start impossible)
        why = Notice(NoticeCode.NOT_ANALYSED, why_not(error), ended_ns)
        store.add_notice(session.name, why)
        return reader.session(session.name)
    # Together: with a notice but no results the next start would take the session for finished.
    notices = tuple(_notices(processed, ended_ns))
    store.save_final(session.name, processed.outcomes, notices=notices)
    store.compact(session.name)
    return reader.session(session.name)


def recover(store: Store, *, find_family: FindFamily = registered_family) -> list[Recovered]:
    """Bring every unfinished session to its end; call it before a new session begins.

    A session that is still open was cut off: it is closed at its last stored moment and marked as
    interrupted. Nothing that was durable is lost.

    Raises:
        StoreError: the store cannot be read or written.
    """
    reader = StoreReader(store.path)
    recovered = []
    for name in reader.unfinished():
        session = reader.session(name)
        if session.is_open:
            ended_ns = _last_moment_ns(reader, session)
            text = "The session was cut off and closed when the hub started again."
            store.end_session(
                name, ended_ns=ended_ns, notice=Notice(NoticeCode.INTERRUPTED, text, ended_ns)
            )
        finished = finish_session(store, name, find_family=find_family)
        recovered.append(Recovered(finished, session.is_open))
    return recovered


def _last_moment_ns(reader: StoreReader, session: StoredSession) -> int:
    moments_ns = [session.started.hub_ns]
    if (last_ns := reader.last_record_ns(session.name)) is not None:
        moments_ns.append(last_ns)
    moments_ns += [s.started_ns if s.ended_ns is None else s.ended_ns for s in session.sets]
    moments_ns += [answer.answered_ns for answer in session.answers]
    return max(moments_ns)


def _notices(processed: Processed, ended_ns: int) -> Iterator[Notice]:
    if processed.damaged_records:
        text = f"{damage(processed.damaged_records)}."
        count = sum(processed.damaged_records)
        yield Notice(NoticeCode.RECORDS_DAMAGED, text, ended_ns, count)
    for number, reason in processed.refusals.items():
        text = f"Set {number} could not be analysed: {reason}"
        yield Notice(NoticeCode.NOT_ANALYSED, text, ended_ns)
