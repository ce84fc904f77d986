"""One template out of a root and what it nests: it says the same, or nothing."""

from pathlib import Path

import pytest

from local.nesting import NestingError, whole
from local.stacks import read_stacks

HEADER = "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\n"
ROOT = f"""{HEADER}
Parameters:
  Url: {{Type: String}}
Conditions:
  HasUrl: !Not [!Equals [!Ref Url, '']]
Globals:
  Function: {{Timeout: 9, Environment: {{Variables: {{COLOUR: red}}}}}}
Resources:
  Table: {{Type: 'AWS::DynamoDB::Table', Properties: {{}}}}
  Layer: {{Type: 'AWS::Serverless::LayerVersion', Properties: {{ContentUri: code/}}}}
  TopFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Environment:
        Variables: {{OTHER: !GetAtt Inner.Outputs.Name, SAID: !Sub 'to ${{Inner.Outputs.Alias}}!'}}
  Inner:
    Type: AWS::Serverless::Application
    Properties:
      Location: stacks/inner.yaml
      Parameters:
        Table: !Ref Table
        TableArn: !GetAtt Table.Arn
        System: !Ref AWS::StackName
        Url: !If [HasUrl, !Ref Url, 'http://localhost']
        Word: plain
        Bucket: !Sub 'arn:${{AWS::Partition}}:s3:::${{Table}}'
Outputs:
  Alias: {{Value: !GetAtt Inner.Outputs.Alias}}
"""
INNER = f"""{HEADER}
Parameters:
  Table: {{Type: String}}
  TableArn: {{Type: String}}
  System: {{Type: String}}
  Url: {{Type: String}}
  Word: {{Type: String}}
  Bucket: {{Type: String}}
Conditions:
  IsPlain: !Equals [!Ref Word, plain]
Globals:
  Function: {{Timeout: 5, Layers: [!Ref Layer]}}
Resources:
  Layer: {{Type: 'AWS::Serverless::LayerVersion', Properties: {{ContentUri: ../code/}}}}
  InnerFunction:
    Type: AWS::Serverless::Function
    Condition: IsPlain
    DependsOn: Layer
    Properties:
      CodeUri: ../code/
      Environment: {{Variables: {{TABLE: !Ref Table, URL: !Ref Url}}}}
      Policies:
        - Statement:
            - Resource:
                - !Ref TableArn
                - !Sub '${{TableArn}}/index/x'
                - !Sub '${{System}}-${{Word}}-${{Bucket}}/${{!day}}/${{AWS::Region}}'
              Condition: {{Bool: {{aws:SecureTransport: 'true'}}}}
Outputs:
  Name: {{Value: !Ref Table}}
  Alias: {{Value: !Ref InnerFunction.Alias}}
"""

OTHER = f"""{HEADER}
Parameters:
  Name: {{Type: String}}
Resources:
  Topic: {{Type: 'AWS::SNS::Topic', Properties: {{TopicName: !Ref Name}}}}
Outputs:
  Name: {{Value: !Sub '${{Name}}!'}}
"""
NESTING_OTHER = """
  Other:
    Type: AWS::Serverless::Application
    Properties:
      Location: stacks/other.yaml
      Parameters: {Name: !GetAtt Inner.Outputs.Alias}
Outputs:
  Said: {Value: !GetAtt Other.Outputs.Name}
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "template.yaml").write_text(ROOT)
    (tmp_path / "stacks/inner.yaml").write_text(INNER)
    return tmp_path


def test_names_of_a_nested_stack_become_what_the_root_gave_for_them(tree: Path) -> None:
    inner = whole(tree)["Resources"]["InnerFunction"]
    assert inner["Condition"] == "IsPlain"
    assert inner["Properties"]["CodeUri"] == "code/"
    variables = inner["Properties"]["Environment"]["Variables"]
    assert variables == {
        "TABLE": {"Ref": "Table"},
        "URL": {"Fn::If": ["HasUrl", {"Ref": "Url"}, "http://localhost"]},
    }
    (statement,) = inner["Properties"]["Policies"][0]["Statement"]
    assert statement["Resource"] == [
        {"Fn::GetAtt": ["Table", "Arn"]},
        {"Fn::Sub": "${Table.Arn}/index/x"},
        {"Fn::Sub": "${AWS::StackName}-plain-arn:${AWS::Partition}:s3:::${Table}/${!day}/${AWS::Region}"},
    ]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "true"}}


def test_outputs_of_a_nested_stack_become_what_they_are(tree: Path) -> None:
    template = whole(tree)
    variables = template["Resources"]["TopFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["OTHER"] == {"Ref": "Table"}
    assert variables["SAID"] == {"Fn::Sub": "to ${InnerFunction.Alias}!"}
    assert template["Outputs"] == {"Alias": {"Value": {"Ref": "InnerFunction.Alias"}}}
    assert "Inner" not in template["Resources"]


def test_globals_stay_with_their_own_stack(tree: Path) -> None:
    template = whole(tree)
    top, inner = (template["Resources"][name]["Properties"] for name in ("TopFunction", "InnerFunction"))
    assert (top["Timeout"], inner["Timeout"]) == (9, 5)
    assert (top.get("Layers"), inner["Layers"]) == (None, [{"Ref": "Layer"}])
    assert top["Environment"]["Variables"]["COLOUR"] == "red"
    assert "COLOUR" not in inner["Environment"]["Variables"]
    assert "Globals" not in template


def test_conditions_of_both_are_there(tree: Path) -> None:
    conditions = whole(tree)["Conditions"]
    assert conditions["IsPlain"] == {"Fn::Equals": ["plain", "plain"]}
    assert set(conditions) == {"HasUrl", "IsPlain"}


def test_paths_are_those_of_the_root(tree: Path) -> None:
    stacks = read_stacks(tree)
    assert list(stacks) == ["Root", "Inner"]
    assert stacks["Inner"]["Resources"]["Layer"]["Properties"]["ContentUri"] == "code/"


def test_an_output_may_be_another_stacks_parameter(tree: Path) -> None:
    (tree / "stacks/other.yaml").write_text(OTHER)
    (tree / "template.yaml").write_text(ROOT.replace("Outputs:\n", NESTING_OTHER))
    template = whole(tree)
    assert template["Resources"]["Topic"]["Properties"]["TopicName"] == {"Ref": "InnerFunction.Alias"}
    assert template["Outputs"]["Said"] == {"Value": {"Fn::Sub": "${InnerFunction.Alias}!"}}


OUTSIDE, INSIDE = "template.yaml", "stacks/inner.yaml"
WORD = "        Word: plain\n"
REFUSED = [
    (OUTSIDE, WORD, "", "given or declared, not both: ['Word']"),
    (OUTSIDE, WORD, WORD + "        More: x\n", "given or declared, not both: ['More']"),
    (OUTSIDE, WORD, "        Word: 5\n", "Word is given 5: quote it"),
    (OUTSIDE, WORD, "        Word: [a, b]\n", "Word is given ['a', 'b']"),
    (OUTSIDE, WORD, "        Word: !Ref AWS::NoValue\n", "Word may be no value"),
    (
        OUTSIDE,
        WORD,
        "        Word: !GetAtt Inner.Outputs.Name\n",
        "Root: these wait for each other: ['Inner', 'Inner']",
    ),
    (OUTSIDE, WORD, "        Word: !Ref TopFunction\n", "wait for each other"),
    (OUTSIDE, "      Location:", "      TimeoutInMinutes: 5\n      Location:", "has ['TimeoutInMinutes']"),
    (OUTSIDE, "  Inner:\n", "  Inner:\n    DependsOn: Table\n", "the nested stack has ['DependsOn']"),
    (OUTSIDE, "  Inner:\n", "  Inner:\n    Condition: HasUrl\n", "the nested stack has ['Condition']"),
    (OUTSIDE, "Outputs:\n", "Outputs:\n  Id: {Value: !Ref Inner}\n", "Root: Inner is not of this stack"),
    (OUTSIDE, "Inner.Outputs.Name", "Inner.Outputs.Nome", "Root: Inner.Outputs.Nome is not of this stack"),
    (OUTSIDE, "  TopFunction:\n", "  TopFunction:\n    DependsOn: Inner\n", "comes after ['Inner']"),
    (OUTSIDE, "!GetAtt Inner.Outputs.Name", "!ImportValue x", "cannot read ['Fn::ImportValue']"),
    (OUTSIDE, "[HasUrl, !Ref Url", "[HasNone, !Ref Url", "it has no condition HasNone"),
    (INSIDE, "  Word: {Type: String}", "  Word: {Type: String, Default: x}", "Word is not just a string"),
    (INSIDE, "  Word: {Type: String}", "  Word: {Type: CommaDelimitedList}", "Word is not just a string"),
    (INSIDE, "${System}", "${AWS::StackName}", "Inner: AWS::StackName is not of this stack"),
    (INSIDE, "!Ref TableArn", "!Ref AWS::StackId", "Inner: AWS::StackId is not of this stack"),
    (INSIDE, "!Ref TableArn", "!GetAtt Table.Arn", "Inner: Table.Arn is not of this stack"),
    (INSIDE, "${TableArn}", "${Table.Arn}", "Inner: Table.Arn is not of this stack"),
    (INSIDE, "!Ref TableArn", "!Ref TopFunction", "Inner: TopFunction is not of this stack"),
    (INSIDE, "${Word}", "${Url}", "Inner: Url cannot stand within a text"),
    (INSIDE, "!Sub '${TableArn}/index/x'", "!Sub ['${A}', {A: !Ref TableArn}]", "cannot read ['Fn::Sub']"),
    (INSIDE, "!Ref TableArn", "!FindInMap [A, B, C]", "cannot read ['Fn::FindInMap']"),
    (INSIDE, "DependsOn: Layer", "DependsOn: [Layer, Table]", "InnerFunction comes after ['Table']"),
    (INSIDE, "    Condition: IsPlain", "    Condition: HasUrl", "Inner: it has no condition HasUrl"),
    (INSIDE, "[!Ref Word, plain]", "[!Ref Table, plain]", "Root: Table is not of this stack"),
    (INSIDE, "  IsPlain:", "  HasUrl: !Equals [a, b]\n  IsPlain:", "Inner: there is another HasUrl"),
    (INSIDE, "  InnerFunction:", "  TopFunction:", "Inner: there is another TopFunction"),
    (INSIDE, "ContentUri: ../code/", "ContentUri: ../other/", "Inner: there is another Layer"),
    (INSIDE, "Name: {Value:", "Name: {Export: {Name: x}, Value:", "an output has ['Export']"),
    (INSIDE, "Globals:\n", "Mappings: {}\nGlobals:\n", "its template has ['Mappings']"),
    (INSIDE, "Transform: AWS::Serverless-2016-10-31\n", "", "it does not begin with"),
    (INSIDE, "Serverless::LayerVersion'", "Serverless::Application'", "it nests another stack"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"), REFUSED, ids=[f"{row[0]} {row[2]}" for row in REFUSED]
)
def test_what_could_mean_something_else_is_refused(
    file: str, old: str, new: str, said: str, tree: Path
) -> None:
    text = (tree / file).read_text()
    assert old in text
    (tree / file).write_text(text.replace(old, new, 1))
    with pytest.raises(NestingError) as refusal:
        whole(tree)
    assert said in str(refusal.value)
