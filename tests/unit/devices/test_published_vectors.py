"""Every family: the bytes that documents, makers' own tests and recordings show, decoded."""

import pytest
from vector_table import Row, check, identity, rows


@pytest.mark.parametrize("row", rows("decoded"), ids=identity)
def test_it_says_what_the_source_says(row: Row) -> None:
    check(row)
