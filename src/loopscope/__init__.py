"""Loopscope runs generative models in loops and shows where they settle."""
