"""The database: opening it, bulk reads and writes, and migrations."""
