"""How an invariant is stated."""


class ViolationError(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, detail: str) -> None:
        self.invariant = invariant
        self.detail = detail
        super().__init__(f"{invariant}: {detail}")


def must(holds: bool, invariant: str, detail: object) -> None:
    if not holds:
        raise ViolationError(invariant, str(detail))
