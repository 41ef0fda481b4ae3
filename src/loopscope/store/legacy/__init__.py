"""Bringing over the SQLite files of the earlier generation of such tools: read, judged row by row, written, told."""
