"""What can be wrong with rules.

RulesInvalidError             400  the rule set says something that cannot be meant
├── RulesUnreadableError      400  no JSON, or too large
└── RulesTableError           400  the decision table
RulesNotFoundError            404  no such version
RulesSupersededError          409  somebody else published first
RulesUnknownError             503  the rules in force cannot be read
"""

from octane.kernel.errors import InputError, NotFoundError, StateError, UnavailableError


class RulesInvalidError(InputError):
    code = "RULES_INVALID"
    summary = "The rules are not valid; the message names the place."


class RulesUnreadableError(RulesInvalidError):
    code = "RULES_UNREADABLE"
    summary = "The rules are no JSON object, or too large."


class RulesTableError(RulesInvalidError):
    code = "RULES_TABLE_INVALID"
    summary = "The rules' decision table is not valid; the message names the cell."


class RulesNotFoundError(NotFoundError):
    code = "RULES_NOT_FOUND"
    summary = "There is no such version of the rules."


class RulesSupersededError(StateError):
    code = "RULES_SUPERSEDED"
    summary = "Somebody else published rules first; read theirs and start from them."


class RulesUnknownError(UnavailableError):
    """Definite: nothing was begun. Limits that cannot be read are not ignored."""

    code = "RULES_UNKNOWN"
