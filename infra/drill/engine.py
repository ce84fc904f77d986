"""One DuckDB instance for all days of a process.

Opening an instance takes about 26 ms of CPU, and a drill's day would open some thirty. What differs from the
real thing is only that: every step still begins with an empty database and its own temporary tables.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from pathlib import Path

import duckdb

from octane.reconciliation import lines, matching, shards

NUMBERS = count()


@lru_cache(maxsize=1)
def _instance() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


@contextmanager
def engine(spill: Path, *, threads: int = 1, memory: str = "") -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database in memory; small days neither spill nor need a second thread."""
    name = f"step_{next(NUMBERS)}"
    with _instance().cursor() as database:
        database.execute(f"ATTACH ':memory:' AS {name}")
        database.execute(f"USE {name}")
        try:
            yield database
        finally:
            database.execute("USE memory")
            database.execute(f"DETACH {name}")


def keep_open() -> None:
    """Let the steps of reconciliation work in this process's one instance."""
    for module in (lines, matching, shards):
        vars(module).update(engine=engine)
