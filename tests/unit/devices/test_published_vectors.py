"""Every family: the bytes that documents, makers' own tests and recordings show, decoded."""

import pytest
from vector_table import ACC_UNITS, Row, check, identity, rows

from sensorhub.devices.registry import families


@pytest.mark.parametrize("row", rows("decoded"), ids=identity)
def test_it_says_what_the_source_says(row: Row) -> None:
    check(row)


def test_a_family_that_claims_vectors_has_some() -> None:
    shown = {row.family for row in rows("decoded") if ACC_UNITS.keys() & row.want}
    claiming = {family.name for family in families().values() if family.evidence == "vector-tested"}
    assert claiming <= shown
