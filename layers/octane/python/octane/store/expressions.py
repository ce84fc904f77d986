"""Compile conditions and updates to DynamoDB expressions, and items to its attribute values."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from octane.store.items import Item, Value
from octane.store.writes import (
    Absent,
    AllOf,
    AnyOf,
    AtLeast,
    AtMost,
    Condition,
    Exists,
    Is,
    Missing,
    OneOf,
    Update,
)

Wire: TypeAlias = dict[str, Any]


def marshal(value: Value) -> Wire:
    """Write a value as DynamoDB does: `{"S": "a"}`, `{"N": "5"}`. Refuses what a table must not hold, floats
    first."""
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case None:
            return {"NULL": True}
        case bytes():
            return {"B": value}
        case list():
            return {"L": [marshal(part) for part in value]}
        case dict():
            return {"M": {name: marshal(part) for name, part in value.items()}}
    raise TypeError(type(value))


def unmarshal(wire: Mapping[str, Any]) -> Value:
    ((kind, value),) = wire.items()
    match kind:
        case "S" | "BOOL":
            plain: str | bool = value
            return plain
        case "N":
            return int(value)
        case "NULL":
            return None
        case "B":
            return bytes(value)
        case "L":
            return [unmarshal(part) for part in value]
        case "M":
            return {name: unmarshal(part) for name, part in value.items()}
    raise TypeError(kind)


def marshal_item(item: Item) -> Wire:
    return {name: marshal(value) for name, value in item.items()}


def unmarshal_item(wire: Mapping[str, Any]) -> dict[str, Value]:
    return {name: unmarshal(value) for name, value in wire.items()}


class Expression:
    """Collects the names and values that an expression refers to, each once."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Wire] = {}

    def name(self, attribute: str) -> str:
        # numbered: a placeholder may hold letters, digits and underscores only, an attribute name anything
        known = next((p for p, name in self.names.items() if name == attribute), None)
        placeholder = known or f"#{len(self.names)}"
        self.names[placeholder] = attribute
        return placeholder

    def value(self, value: Value) -> str:
        placeholder = f":{len(self.values)}"
        self.values[placeholder] = marshal(value)
        return placeholder

    def condition(self, condition: Condition) -> str:
        match condition:
            case Absent():
                return f"attribute_not_exists({self.name('pk')})"
            case Exists():
                return f"attribute_exists({self.name('pk')})"
            case Missing(attribute):
                return f"attribute_not_exists({self.name(attribute)})"
            case Is(attribute, value):
                return f"{self.name(attribute)} = {self.value(value)}"
            case OneOf(attribute, values):
                return f"{self.name(attribute)} IN ({', '.join(self.value(value) for value in values)})"
            case AtLeast(attribute, number):
                return f"{self.name(attribute)} >= {self.value(number)}"
            case AtMost(attribute, number):
                return f"{self.name(attribute)} <= {self.value(number)}"
            case AllOf((only,)) | AnyOf((only,)):
                return self.condition(only)  # DynamoDB refuses "((…))" as redundant parentheses
            case AllOf(conditions):
                return "(" + " AND ".join(self.condition(part) for part in conditions) + ")"
            case AnyOf(conditions):
                return "(" + " OR ".join(self.condition(part) for part in conditions) + ")"

    def update(self, update: Update) -> str:
        clauses = []
        if update.assign:
            clauses.append(
                "SET " + ", ".join(f"{self.name(n)} = {self.value(v)}" for n, v in update.assign.items())
            )
        if update.add:
            clauses.append(
                "ADD " + ", ".join(f"{self.name(n)} {self.value(v)}" for n, v in update.add.items())
            )
        if update.remove:
            clauses.append("REMOVE " + ", ".join(self.name(n) for n in update.remove))
        return " ".join(clauses)

    def parameters(self) -> Wire:
        found: Wire = {}
        if self.names:
            found["ExpressionAttributeNames"] = self.names
        if self.values:
            found["ExpressionAttributeValues"] = self.values
        return found
