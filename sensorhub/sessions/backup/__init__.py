"""The whole data folder as one file, and back."""
