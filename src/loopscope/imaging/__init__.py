"""Pictures in, pictures out."""
