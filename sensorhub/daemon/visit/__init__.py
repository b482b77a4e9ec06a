"""One visit: plan, links, live sets, their late samples and their end."""
