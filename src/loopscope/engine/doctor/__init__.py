"""Finds what is wrong in a database although the database itself accepts it, and mends what has one right answer."""
