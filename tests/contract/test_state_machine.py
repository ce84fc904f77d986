"""The state machines go with the template and are sound in their own language; planted faults are found."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonata
import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from contract.state_machine_rules import Machine, expressions, faults, machines

ROOT = Path(__file__).resolve().parents[2]
CLOSING = "infra/stacks/closing.yaml"
MACHINES = "infra/statemachines"
CLOSE_DAY = f"{MACHINES}/close_day.asl.yaml"
REVIEW_ORDER = f"{MACHINES}/review_order.asl.yaml"
RISK = "infra/stacks/risk.yaml"
Json = dict[str, Any]


def test_they_keep_the_rules() -> None:
    assert faults(ROOT) == []


RETRY = (
    "Retry: [{ErrorEquals: [States.ALL], IntervalSeconds: 5, MaxAttempts: 3, BackoffRate: 2, "
    "JitterStrategy: FULL}]"
)
CATCH = "    Catch: [{ErrorEquals: [States.ALL], Output: '{% $states.input %}', Next: Expire}]\n"
INVOKED = "                - !Ref SealDayFunction.Alias\n"
PLANTED = [
    (CLOSING, "        SealDay: !Ref SealDayFunction.Alias\n", "", "SealDay is called, not given"),
    (CLOSE_DAY, "'${SealDay}'", "'${ExportDay}'", "SealDay is given, not called"),
    (
        CLOSING,
        "SealDay: !Ref SealDayFunction.Alias",
        "SealDay: !Ref OpenDayFunction.Alias",
        "SealDay is OpenDay",
    ),
    (CLOSING, "SealDay: !Ref SealDayFunction.Alias", "SealDay: !Ref SealDayFunction", "without its alias"),
    (CLOSING, INVOKED, "", "its role may not call SealDayFunction"),
    (
        CLOSING,
        INVOKED,
        INVOKED + INVOKED.replace("SealDay", "GetFunds"),
        "its role may call GetFundsFunction",
    ),
    (CLOSING, "stateMachine:${System}-close-day", "stateMachine:*", "states:StartExecution on"),
    (CLOSING, "execution:${System}-close-day/*", "execution:x/*", "states:DescribeExecution on"),
    (CLOSING, "- logs:CreateLogDelivery", "- logs:PutLogEvents", "logs:PutLogEvents on *"),
    (
        CLOSING,
        "Name: !Sub '${System}-close-day'",
        "Name: !Sub 'close-day'",
        "states:StartExecution on",
    ),
    (CLOSE_DAY, RETRY, "Retry: []", "OpenDay is not tried again"),
    (CLOSE_DAY, RETRY, RETRY.replace("States.ALL", "States.Timeout"), "OpenDay is not tried again"),
    (CLOSE_DAY, RETRY, RETRY.replace("MaxAttempts: 3", "MaxAttempts: 0"), "OpenDay is not tried again"),
    (CLOSE_DAY, "Mode: DISTRIBUTED, ExecutionType: STANDARD", "Mode: INLINE", "it has no Distributed Map"),
    (CLOSE_DAY, "Next: CollectBills", "Next: CollectBill", "it goes on to CollectBill, which is not there"),
    (CLOSE_DAY, "Next: CollectBills", "Next: MatchShards", "nothing leads to CollectBills"),
    (CLOSE_DAY, "Default: ForAPerson", "Comment: x", "DoesItHold has no default"),
    (CLOSE_DAY, "    Next: CheckFunds\n", "", "CloseSources leads nowhere"),
    (CLOSE_DAY, "ItemsPath: $.shards", "Items: []", "MatchShards has Items, of the other query language"),
    (CLOSE_DAY, "StartAt: OpenDay", "StartAt: NotThere", "goes on to NotThere"),
    (CLOSE_DAY, 'state = "PROVEN" %}', 'state = "PROVEN %}', "DoesItHold says"),
    (CLOSE_DAY, "{run: '{% $run %}'", "{run: '{% $ran %}'", "$ran is assigned nowhere"),
    (CLOSE_DAY, "    Assign: {run: '{% $states.result.Payload.run %}'}\n", "", "$run is assigned nowhere"),
    (
        RISK,
        "        ExpireReview: !Ref ExpireReviewFunction.Alias\n",
        "",
        "ExpireReview is called, not given",
    ),
    (RISK, "                - !Ref WaitForStageFunction.Alias\n", "", "may not call WaitForStageFunction"),
    (REVIEW_ORDER, "        token: '{% $states.context.Task.Token %}'\n", "", "Face hands nobody its token"),
    (REVIEW_ORDER, "    TimeoutSeconds: 86400\n", "", "Face may wait for ever"),
    (REVIEW_ORDER, CATCH, "", "Face ends the run when nobody comes"),
    (
        REVIEW_ORDER,
        CATCH,
        CATCH.replace("States.ALL", "States.Timeout"),
        "Face ends the run when nobody comes",
    ),
    (
        REVIEW_ORDER,
        "invoke.waitForTaskToken",
        "invoke.sync",
        "Face calls arn:aws:states:::lambda:invoke.sync",
    ),
    (REVIEW_ORDER, "MaxAttempts: 6", "MaxAttempts: 0", "Expire is not tried again"),
    (REVIEW_ORDER, "Next: Reviewer", "Next: Expire", "nothing leads to Reviewer"),
    (REVIEW_ORDER, "QueryLanguage: JSONata\n", "", "Face has Arguments, of the other query language"),
    (REVIEW_ORDER, "    Default: Later\n", "", "HasItEnded has no default"),
]


@pytest.mark.parametrize(("file", "old", "new", "named"), PLANTED, ids=[row[3] for row in PLANTED])
def test_a_planted_fault_is_found(file: str, old: str, new: str, named: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "template.yaml", tmp_path)
    for folder in (MACHINES, "infra/stacks"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    text = (tmp_path / file).read_text()
    assert old in text, f"{file} has changed: plant another fault"
    (tmp_path / file).write_text(text.replace(old, new, 1))
    assert any(named in fault for fault in faults(tmp_path)), faults(tmp_path)


WAITS = "'{% $states.input.wait_seconds %}' is not of type 'number'"
"""cfn-lint reads a whole machine as JSONPath or as JSONata, and here each state says for itself: there a Wait
may be told its seconds."""


KNOWN = {machine.name: machine for machine in machines(ROOT)}


def shape_faults(machine: Machine, definition: Json) -> list[str]:
    """What cfn-lint says of the definition alone."""
    properties = {
        "RoleArn": "arn:aws:iam::123456789012:role/r",
        "Definition": definition,
        "DefinitionSubstitutions": dict.fromkeys(machine.resource["DefinitionSubstitutions"], "arn"),
    }
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    found = lint(json.dumps({"Resources": {"Machine": resource}}), config=ManualArgs(regions=["us-east-1"]))
    return [match.message for match in found if match.message != WAITS]


@pytest.mark.parametrize("machine", KNOWN.values(), ids=lambda machine: machine.name)
def test_they_have_the_shape_of_the_language(machine: Machine) -> None:
    assert shape_faults(machine, machine.definition) == []


def _renamed(state: Json) -> None:
    state["Argumens"] = state.pop("Arguments")


def _of_no_type(state: Json) -> None:
    state["Type"] = "Tusk"


def _both(state: Json) -> None:
    state["End"] = True


@pytest.mark.parametrize(
    ("change", "said"),
    [(_renamed, "'Argumens' was unexpected"), (_of_no_type, "'Tusk' is not one of"), (_both, "Only one of")],
)
@pytest.mark.parametrize("machine", KNOWN.values(), ids=lambda machine: machine.name)
def test_a_planted_fault_of_shape_is_found(
    machine: Machine, change: Callable[[Json], None], said: str
) -> None:
    definition = json.loads(json.dumps(machine.definition))
    change(definition["States"][definition["StartAt"]])
    assert any(said in message for message in shape_faults(machine, definition))


@pytest.mark.parametrize("counts", [[], [0], [1], [2], [0, 0], [0, 1], [2, 0, 3]], ids=str)
def test_the_shards_of_all_sources_are_one_list(counts: list[int]) -> None:
    """JSONata makes no difference between one thing and a list of it: the Map needs a list all the same."""
    (said,) = [
        said
        for said in expressions(KNOWN["CloseDay"].definition["States"]["CollectBills"])
        if "shards" in said
    ]
    sources = [
        {"source": number, **({"shards": [{"shard": shard} for shard in range(count)]} if count else {})}
        for number, count in enumerate(counts)
    ]
    expression = jsonata.Jsonata(said)
    expression.assign("states", {"result": sources})
    assert expression.evaluate(None) == [{"shard": shard} for count in counts for shard in range(count)]
