"""python -m tamper FOLDER: alter copies of a sound day of exports; say what octane-verify finds of each.

The last line is JSON: `{"tampering_found": "20/20"}`. Exit code 0 when all are found.
"""

import json
import sys
from pathlib import Path

from tamper import steps


def main(folder: Path) -> int:
    found = total = 0
    for each in steps(folder):
        total += 1
        found += each.found
        sys.stdout.write(f"{'found ' if each.found else 'MISSED'}  {each.what}\n        {each.said}\n")
    sys.stdout.write(json.dumps({"tampering_found": f"{found}/{total}"}) + "\n")
    return 0 if found == total else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
