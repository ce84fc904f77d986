"""What all tests share: no test is timed, whatever else the machine does (speed is measured by `make bench`)."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
