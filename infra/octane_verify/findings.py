"""What verification says."""

from collections import Counter
from typing import NamedTuple

SHOWN = 20
"""How many findings of one file are shown."""


class Finding(NamedTuple):
    """Something that is not as it was sealed."""

    file: str
    """Within the folder."""
    place: str
    """The row, column, line or entry; empty when it is the file as a whole."""
    what: str

    def __str__(self) -> str:
        return f"{self.file}{f', {self.place}' if self.place else ''}: {self.what}"


class Report:
    """Findings, gathered; `notes` are for the reader and no fault."""

    def __init__(self) -> None:
        self.subject = ""
        """Which day and version the manifest is of, whatever the folder is called."""
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self.checked: Counter[str] = Counter()
        self._of: Counter[str] = Counter()

    def found(self, file: str, place: str, what: str) -> None:
        self._of[file] += 1
        if self._of[file] <= SHOWN:
            self.findings.append(Finding(file, place, what))
        elif self._of[file] == SHOWN + 1:
            self.findings.append(Finding(file, "", f"more than {SHOWN} places; the rest is not shown"))

    def note(self, words: str) -> None:
        self.notes.append(words)
