"""Plans, sets and prompts: a pure state machine."""
