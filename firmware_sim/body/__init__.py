"""A person's pelvis, thighs, belly and chest in motion: joint angles, postures, movements."""
