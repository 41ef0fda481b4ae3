"""What sequences of outputs, clusters and embeddings do over time: one analysis a file, arrays in, results out."""
