"""How Hypothesis is set for these tests: no deadline, and nothing written beside the tests."""

from hypothesis import settings

settings.register_profile("loopscope", database=None, deadline=None, print_blob=True)
settings.load_profile("loopscope")
