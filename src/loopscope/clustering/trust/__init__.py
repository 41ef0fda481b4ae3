"""How far a clustering may be trusted: compared with another, with noise, and under other settings."""
