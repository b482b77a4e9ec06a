"""Plans, sets and prompts: a pure state machine. It owns no clock and does no I/O of its own."""
