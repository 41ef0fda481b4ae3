"""Files out of a database."""
