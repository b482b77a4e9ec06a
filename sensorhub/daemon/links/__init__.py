"""One sensor's link: opened, held, given up, and what is told of it."""
