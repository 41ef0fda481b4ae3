"""Exact distances among many vectors, by blocks: bounded by matrix products, computed where it matters."""
