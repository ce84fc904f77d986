"""Write a custody statement (infra/docs/custody-statement.md): a pure function over an account's day."""

import csv
import hashlib
import io
from datetime import date

from simulators.bank.books import Day, Line
from simulators.texts import rfc3339, yuan

BANK = "SIMULATED CUSTODY BANK"
COLUMNS = (
    *("serial", "booked_at", "direction", "amount", "balance", "kind"),
    *("instruction", "settled_day", "counterparty", "remark"),
)


def write_statement(account: str, day: date, told: Day) -> bytes:
    """UTF-8, one LF at the end of each line, sealed by its last one."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n").writerow
    write(("#octane-custody-statement", "1"))
    for name, value in (
        ("bank", BANK),
        ("account", account),
        ("day", day.isoformat()),
        ("opening", yuan(told.opening)),
        ("closing", yuan(told.closing)),
        ("count", str(len(told.lines))),
    ):
        write((f"#{name}", value))
    write(COLUMNS)
    for line in told.lines:
        write(_row(line))
    came = sum(line.fen for line in told.lines if line.fen > 0)
    went = -sum(line.fen for line in told.lines if line.fen < 0)
    write(("#total", len(told.lines), yuan(came), yuan(went)))
    return sealed(text.getvalue().encode())


def sealed(content: bytes) -> bytes:
    """The content with the line that carries its SHA-256."""
    return content + f"#sha256,{hashlib.sha256(content).hexdigest()}\n".encode()


def _row(line: Line) -> tuple[str, ...]:
    return (
        f"{line.serial:09d}",
        rfc3339(line.booked_at),
        "C" if line.fen > 0 else "D",
        yuan(abs(line.fen)),
        yuan(line.balance),
        line.kind,
        line.instruction,
        line.settled_day,
        line.counterparty,
        line.remark,
    )
