"""`python -m privacy_demo.worker`: one run of the rotation in a process of its own; prints how far it came.

{"state": "REWRITING", "rewritten": 1200, "scanned": 3000, "left": 0, "passes": 2, "peak_mb": 71.2}
"""

import json
import os
import resource
import sys

from octane.privacy.rotation import begin_rotation, continue_rotation
from privacy_demo.place import AheadClock, PlaceWiring

RUN_SECONDS = 600


def main(begin: bool, ahead_ms: int) -> None:
    wiring = PlaceWiring(os.environ, AheadClock(ahead_ms))
    if begin:
        begin_rotation(wiring)
    found = continue_rotation(wiring, RUN_SECONDS)
    if found is None:
        raise SystemExit("nothing to rotate")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {name: getattr(found, name) for name in ("state", "rewritten", "scanned", "left", "passes")}
    sys.stdout.write(json.dumps({**told, "peak_mb": round(peak, 1)}) + "\n")


if __name__ == "__main__":
    main("begin" in sys.argv, int(sys.argv[-1]))
