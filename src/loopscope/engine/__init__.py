"""Performs experiments, embeds their outputs and clusters the embeddings."""
