"""The stages run in a row, over a recording or a stored session."""
