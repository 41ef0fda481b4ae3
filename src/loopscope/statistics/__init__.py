"""Estimates with intervals and null models: resampling by runs, for every analysis."""
