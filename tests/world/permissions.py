"""What each function may do, from the template, and a watch that refuses what it may not.

The tables in memory know no IAM; this puts it back: a handler that touches more than its own policy allows
fails its test, and what it touched is kept, so that a policy that allows more than is needed shows too.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from local.package import Template
from octane.store.engine import Engine
from octane.store.items import Item, Key, Page, Query, Scan, Table
from octane.store.writes import Check, Delete, Put, Update, Write
from world.system import file_of, functions

Permission = tuple[str, str]
"""Action and resource: `("dynamodb:Query", "OrdersTable/index/due")`."""

ACTIONS: Mapping[type, str] = {
    Put: "dynamodb:PutItem",
    Update: "dynamodb:UpdateItem",
    Delete: "dynamodb:DeleteItem",
    Check: "dynamodb:ConditionCheckItem",
}


def granted(template: Template) -> dict[str, set[Permission]]:
    """Read each function's own policy: `orders/place_order` → its permissions."""
    return {
        file_of(properties): {
            (action, _name(target))
            for policy in properties.get("Policies", [])
            for statement in policy["Statement"]
            for action in statement["Action"]
            for target in _listed(statement["Resource"])
        }
        for properties in functions(template).values()
    }


def set_for(template: Template) -> dict[str, set[str]]:
    """The environment variables of each function."""
    return {
        file_of(properties): set(properties["Environment"]["Variables"])
        for properties in functions(template).values()
    }


def _listed(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else [value]


def _name(resource: Any) -> str:
    match resource:
        case "*":
            return "*"
        case {"Fn::GetAtt": [name, *_]}:
            return str(name)
        case {"Fn::Sub": str(text)} if ".Arn}" in text:
            return text.removeprefix("${").replace(".Arn}", "")
        case {"Fn::Sub": str(text)} if ":parameter${" in text:
            return text.partition(":parameter${")[2].removesuffix("}")
        case {"Fn::Sub": str(text)} if "@connections" in text:
            return "WebSocketApi"
        case {"Fn::Sub": str(text)} if ":stateMachine:" in text:  # by its name: an ARN would be a circle
            return text.rpartition("}-")[2].title().replace("-", "")
    raise ValueError(f"a resource that the watch cannot read: {resource}")


class Watch:
    """Says no to what the function in hand may not do; keeps what each function did."""

    def __init__(self, grants: Mapping[str, set[Permission]], variables: Mapping[str, set[str]]) -> None:
        self.grants = grants
        self.variables = variables
        self.used: dict[str, set[Permission]] = defaultdict(set)
        self.read: dict[str, set[str]] = defaultdict(set)
        """The variables whose settings each function read."""
        self.function: str | None = None
        """Whose code runs; None: the test's own."""

    @contextmanager
    def resting(self) -> Iterator[None]:
        """What the test does itself while a function waits is not the function's."""
        function, self.function = self.function, None
        try:
            yield
        finally:
            self.function = function

    def note(self, action: str, resource: str) -> None:
        if self.function is None:
            return
        self.used[self.function].add((action, resource))
        if (action, resource) not in self.grants[self.function]:
            raise AssertionError(f"the template does not let {self.function} do {action} on {resource}")

    def need(self, variable: str) -> None:
        if self.function is None:
            return
        self.read[self.function].add(variable)
        if variable not in self.variables[self.function]:
            raise AssertionError(f"the template does not set {variable} for {self.function}")


class WatchedEngine:
    """An engine under watch."""

    def __init__(self, engine: Engine, watch: Watch) -> None:
        self._engine = engine
        self._watch = watch

    def get(self, key: Key) -> Item | None:
        self._watch.note("dynamodb:GetItem", _table(key.table))
        return self._engine.get(key)

    def query(self, query: Query) -> Page:
        resource = _table(query.table) + (f"/index/{query.index.name}" if query.index else "")
        self._watch.note("dynamodb:Query", resource)
        return self._engine.query(query)

    def scan(self, scan: Scan) -> Page:
        self._watch.note("dynamodb:Scan", _table(scan.table))
        return self._engine.scan(scan)

    def batch_get(self, keys: list[Key]) -> list[Item]:
        for table in dict.fromkeys(key.table for key in keys):
            self._watch.note("dynamodb:BatchGetItem", _table(table))
        return self._engine.batch_get(keys)

    def write(self, write: Write) -> Item | None:
        self._note(write)
        return self._engine.write(write)

    def transact(self, writes: tuple[Write, ...], token: str) -> None:
        for write in writes:
            self._note(write)
        self._engine.transact(writes, token)

    def _note(self, write: Write) -> None:
        self._watch.note(ACTIONS[type(write)], _table(write.key.table))


def _table(table: Table) -> str:
    return f"{table.value.capitalize()}Table"
