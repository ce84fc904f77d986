"""`python -m privacy_demo.rotate`: people with sealed fields, a rotation that is killed and goes on, a proof.

The last line is one JSON object; the exit status is 0 only if nothing is left under the old key.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from local.processes import clean_environment
from octane.kernel.vault import Field
from octane.privacy.keys import PARTITION
from octane.privacy.rotation import DONE, SETTLE_MS, find_rotation
from octane.store.items import Query, Table
from privacy_demo.people import ROWS_EACH, made, write_people
from privacy_demo.place import AheadClock, Place, PlaceWiring, opened

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = 25


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="privacy_demo.rotate", description=__doc__)
    parser.add_argument("--users", type=int, default=1_000)
    parser.add_argument("--directory", type=Path, default=ROOT / ".local" / "rotate")
    chosen = parser.parse_args(arguments)
    began = time.monotonic()
    with opened(chosen.directory) as place:
        result = _played(place, chosen.users)
    result["seconds"] = round(time.monotonic() - began, 1)
    shutil.rmtree(chosen.directory, ignore_errors=True)
    say(json.dumps(result))
    good = result["old_key_rows_left"] == 0 and result["resumed_after_kill"] and result["old_key_destroyed"]
    return 0 if good and result["opened"] == SAMPLES else 1


def _played(place: Place, users: int) -> dict[str, object]:
    client = place.cloud.client("dynamodb")
    wiring = PlaceWiring(place.environment, AheadClock())
    old, _ = wiring.key_ring.sealing()
    rows = write_people(client, wiring.vault, users)
    say(f"{users:,} people, {rows:,} rows under key {old}; {_rows_of(client, old):,} found by a scan")
    killed = _killed(place, wiring, rows)
    say(f"a run was killed when it had written {killed:,}")
    began = time.monotonic()
    resumed = _run(place)
    seconds = time.monotonic() - began
    say(f"the next run went on to {resumed['rewritten']:,} in {seconds:.1f} s")
    last = _run(place, SETTLE_MS)
    say(f"ten minutes later no process can hold the old key: {last['state']} in {last['passes']} passes")
    keys = Query(Table.IDENTITY, PARTITION, "KEY#", "KEY~")
    names = [str(item["sk"]) for item in wiring.store.scan_pages(keys)]
    wiring.key_ring.forget()
    return {
        "users": users,
        "rows": rows,
        "rewritten": last["rewritten"],
        "old_key_rows_left": _rows_of(client, old),
        "resumed_after_kill": 0 < killed < rows and resumed["rewritten"] >= rows - ROWS_EACH,
        "old_key_destroyed": last["state"] == DONE and len(names) == 1 and not names[0].endswith(old),
        "opened": _opened(wiring, users),
        "rows_per_second": round((rows - killed) / seconds),
        "peak_mb": max(float(resumed["peak_mb"]), float(last["peak_mb"])),
    }


def _killed(place: Place, wiring: PlaceWiring, rows: int) -> int:
    """Begin in a process that is killed without warning when a third is done."""
    command = [sys.executable, "-m", "privacy_demo.worker", "begin", "0"]
    with subprocess.Popen(command, env=_environment(place)) as process:
        while process.poll() is None:
            known = find_rotation(wiring.store)
            if known is not None and known.rewritten >= rows / 3:
                break
            time.sleep(0.02)
        process.kill()
    known = find_rotation(wiring.store)
    return known.rewritten if known else 0


def _run(place: Place, ahead_ms: int = 0) -> dict[str, Any]:
    command = [sys.executable, "-m", "privacy_demo.worker", str(ahead_ms)]
    done = subprocess.run(command, env=_environment(place), check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _environment(place: Place) -> dict[str, str]:
    paths = [str(path) for path in (ROOT / "infra", ROOT / "layers/octane/python")]
    return {**clean_environment(place.environment), "PYTHONPATH": ":".join(paths)}


def _rows_of(client: Any, key_id: str) -> int:
    """How many items of any table name a key, as a scan that knows nothing of fields finds them."""
    found = 0
    for table in Table:
        for page in client.get_paginator("scan").paginate(TableName=table.value):
            found += sum(f"v1.{key_id}." in json.dumps(item, default=str) for item in page["Items"])
    return found


def _opened(wiring: PlaceWiring, users: int) -> int:
    """How many of some people's phones open as they were written."""
    good = 0
    for no in range(0, users, max(users // SAMPLES, 1)):
        person = made(no)
        item = next(iter(wiring.store.query(Query(Table.IDENTITY, person.user_id, "#USER", "#USER")).items))
        good += wiring.vault.open(Field.PHONE, person.user_id, str(item["phone_sealed"])) == person.phone
    return min(good, SAMPLES)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
