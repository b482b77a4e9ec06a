"""Walking and running, told from exercise."""
