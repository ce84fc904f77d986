"""Plant a bug: change the text of one or two functions while the simulation runs.

The text must stand in the code exactly once, so a mutant that the code has outgrown fails instead of proving
nothing. What is swapped is the function's code object: whoever imported the function sees the bug.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import CodeType, FunctionType


class MutantStaleError(Exception):
    """The text that a mutant changes is not in the code any more."""


@dataclass(frozen=True, slots=True)
class Edit:
    """In a function (`module:name` or `module:Class.name`), replace a text by another."""

    place: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    name: str
    story: str
    """What the programmer did."""
    edits: tuple[Edit, ...]


def mutant(name: str, story: str, *edits: tuple[str, str, str]) -> Mutant:
    """Describe a bug; each edit is a place, the text there, and what the programmer wrote."""
    return Mutant(name, story, tuple(Edit(*edit) for edit in edits))


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Plant a bug until the end of the block."""
    before: list[tuple[FunctionType, CodeType]] = []
    try:
        for edit in mutant.edits:
            function = _function(edit.place)
            before.append((function, function.__code__))
            function.__code__ = _edited(function, edit)
        yield
    finally:
        for function, code in reversed(before):
            function.__code__ = code


def _function(place: str) -> FunctionType:
    module, _, path = place.partition(":")
    found: object = import_module(module)
    for name in path.split("."):
        found = inspect.getattr_static(found, name)
    if isinstance(found, property):
        found = found.fget
    if not isinstance(found, FunctionType):
        raise MutantStaleError(place)
    return found


def _edited(function: FunctionType, edit: Edit) -> CodeType:
    text = inspect.getsource(function)
    if text.count(edit.old) != 1:
        raise MutantStaleError(f"{edit.place}: {edit.old!r} stands there {text.count(edit.old)} times")
    tree = ast.parse(textwrap.dedent(text.replace(edit.old, edit.new)))
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise MutantStaleError(edit.place)
    definition.decorator_list = []
    module = compile(tree, f"<{edit.place} mutated>", "exec")
    return next(
        code for code in module.co_consts if isinstance(code, CodeType) and code.co_name == function.__name__
    )
