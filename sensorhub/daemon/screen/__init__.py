"""What is seen, typed and heard at the hub itself."""
