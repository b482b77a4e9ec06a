"""One module a detector: what an exercise's ``detector = "..."`` names."""
