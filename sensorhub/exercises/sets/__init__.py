"""A whole set judged at its end: which movement it repeats, and which excursions count."""
