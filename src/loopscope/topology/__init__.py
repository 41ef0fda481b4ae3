"""The shape of sets of embeddings: persistence diagrams, what is told of them, and how far two of them are apart."""
