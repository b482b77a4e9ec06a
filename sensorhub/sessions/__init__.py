"""Record, recover, re-score: raw log, store, and running the stages over them."""
