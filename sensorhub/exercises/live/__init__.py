"""What the person hears while a set runs: causal and provisional."""
