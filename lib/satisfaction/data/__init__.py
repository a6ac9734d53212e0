"""The database, its table models and the way raw files get into it."""
