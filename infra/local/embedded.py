"""The embedded AWS, told to take as many resources in one stack as there are.

It keeps CloudFormation's quota of 500, which holds for each of our stacks (`tests/contract/test_stacks.py`);
what it gets is all of them in one (`nesting.py`).
"""

from ministack.app import main  # type: ignore[import-untyped]
from ministack.services.cloudformation import engine  # type: ignore[import-untyped]

RESOURCES = 5_000


def raise_quota() -> None:
    """Raises `AttributeError` or `ValueError` when ministack does it in another way by now."""
    engine._SECTION_QUOTAS = tuple(
        (section, noun, singular, RESOURCES if section == "Resources" else most)
        for section, noun, singular, most in engine._SECTION_QUOTAS
    )


if __name__ == "__main__":
    raise_quota()
    main()
