"""The ports made real: what is kept in memory, in SQLite, in PostgreSQL, in Valkey and in files."""
