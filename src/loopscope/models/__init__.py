"""Generators and embedders: the protocol, the registry and the built-in ones, one family a file."""
