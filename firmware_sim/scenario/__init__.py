"""What the simulated person does, in which order, and the truth about it."""
