"""octane-verify FOLDER-OR-ZIP [--key PEM] [--previous FOLDER] [--tsa PEM] [--policy OID] [--json]

Exit code: 0 sound, 1 something was altered, 2 it cannot be checked.
"""

import argparse
import json
import sys
from pathlib import Path

NEEDS = "octane-verify needs the Python package cryptography, and for a day of exports duckdb"
try:
    from octane_verify import CannotCheckError, Report, verify
except ModuleNotFoundError as error:
    sys.stderr.write(f"{NEEDS}: {error}\n")
    raise SystemExit(2) from None

SOUND, ALTERED, CANNOT = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        "octane-verify", description="Check a day of Octane's exports, or evidence."
    )
    parser.add_argument(
        "folder", type=Path, help="a day's folder (exports/day=…/v=…), or an evidence package"
    )
    parser.add_argument("--key", type=Path, help="the public key you trust (PEM)")
    parser.add_argument("--previous", type=Path, help="the folder of the day before")
    parser.add_argument("--tsa", type=Path, help="the timestamp authority's roots that you trust (PEM)")
    parser.add_argument("--policy", help="the only policy (OID) that its timestamps may have")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of words")
    options = parser.parse_args(arguments)
    try:
        report = verify(options.folder, options.key, options.previous, options.tsa, options.policy)
    except (CannotCheckError, ModuleNotFoundError) as error:
        _say(
            json.dumps({"verdict": "CANNOT_CHECK", "reason": str(error)})
            if options.json
            else f"CANNOT CHECK: {error}"
        )
        return CANNOT
    _say(_as_json(report) if options.json else _in_words(options.folder, report))
    return ALTERED if report.findings else SOUND


def _as_json(report: Report) -> str:
    content = {
        "verdict": "ALTERED" if report.findings else "SOUND",
        "subject": report.subject,
        "checked": dict(report.checked),
        "findings": [finding._asdict() for finding in report.findings],
        "notes": report.notes,
    }
    return json.dumps(content, ensure_ascii=False)


def _in_words(folder: Path, report: Report) -> str:
    counted = ", ".join(f"{count} {what}" for what, count in report.checked.items())
    lines = [
        f"octane-verify {folder}: {report.subject or '?'}",
        f"checked: {counted or 'nothing'}",
        *report.notes,
    ]
    lines += [f"ALTERED {finding}" for finding in report.findings]
    lines.append(f"ALTERED: {len(report.findings)} findings" if report.findings else "SOUND")
    return "\n".join(lines)


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")


if __name__ == "__main__":
    sys.exit(main())
