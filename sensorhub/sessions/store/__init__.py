"""The data folder's database: one writer, any number of readers, nothing lost."""
