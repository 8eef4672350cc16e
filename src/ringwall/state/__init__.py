"""The ports made real: memory, SQLite, the journal's segments, keys. Nothing here decides."""
