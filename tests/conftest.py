"""Property tests: the same examples on every run, and no time limit on any of them."""

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
