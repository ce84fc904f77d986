"""What all tests share: no test is timed, whatever else the machine does; `make bench` measures speed."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
