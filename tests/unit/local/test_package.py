"""What the packager uploads, and what the template says afterwards."""

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local.package import Template, package, read_template, zip_folder

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  DependenciesLayer: {Type: 'AWS::Serverless::LayerVersion', Properties: {ContentUri: layers/deps/}}
  OctaneLayer: {Type: 'AWS::Serverless::LayerVersion', Properties: {ContentUri: layers/octane/}}
  OneFunction: {Type: 'AWS::Serverless::Function', Properties: {CodeUri: functions/a/, Role: !Ref Role}}
  TwoFunction: {Type: 'AWS::Serverless::Function', Properties: {CodeUri: functions/a/}}
  Role: {Type: 'AWS::IAM::Role', Properties: {}}
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = {
        "template.yaml": TEMPLATE,
        "layers/deps/requirements.txt": "heavy==1.0\n",
        "layers/octane/python/octane/__init__.py": "WORD = 'hello'\n",
        "functions/a/one.py": "import octane\n",
        "functions/a/__pycache__/one.cpython-311.pyc": "old",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def _packaged(tree: Path) -> tuple[Template, dict[str, bytes]]:
    template, uploads = read_template(tree / "template.yaml"), {}
    package([template], tree, "bucket", uploads.__setitem__)
    return template, uploads


def test_each_folder_is_uploaded_once_and_named_by_its_content(tree: Path) -> None:
    template, uploads = _packaged(tree)
    functions = [
        template["Resources"][name]["Properties"]["CodeUri"] for name in ("OneFunction", "TwoFunction")
    ]
    assert len(uploads) == 3
    assert functions[0] == functions[1]
    assert functions[0]["Key"] in uploads
    again, _ = _packaged(tree)
    assert again == template
    (tree / "functions/a/one.py").write_text("import octane  # changed\n")
    changed, _ = _packaged(tree)
    assert changed["Resources"]["OneFunction"] != template["Resources"]["OneFunction"]
    assert changed["Resources"]["OctaneLayer"] == template["Resources"]["OctaneLayer"]


def test_third_party_packages_come_from_the_environment(tree: Path) -> None:
    template, uploads = _packaged(tree)
    key = template["Resources"]["DependenciesLayer"]["Properties"]["ContentUri"]["Key"]
    assert zipfile.ZipFile(io.BytesIO(uploads[key])).namelist() == ["python/README.txt"]


def test_modules_travel_compiled_and_still_import(tree: Path, tmp_path: Path) -> None:
    archive = zipfile.ZipFile(io.BytesIO(zip_folder(tree / "layers/octane")))
    assert any(name.endswith(".pyc") for name in archive.namelist())
    target = tmp_path / "unpacked"
    archive.extractall(target)
    (target / "python/octane/__init__.py").write_text("raise SystemExit('the source was compiled again')\n")
    # The compiled form is trusted as it is: Lambda's folders are read-only and their times mean nothing.
    run = subprocess.run(
        [sys.executable, "-S", "-c", "import octane; print(octane.WORD)"],
        env={**os.environ, "PYTHONPATH": str(target / "python")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "hello\n"


def test_old_compiled_files_stay_at_home(tree: Path) -> None:
    names = zipfile.ZipFile(io.BytesIO(zip_folder(tree / "functions/a"))).namelist()
    assert [name for name in names if name.endswith(".py")] == ["one.py"]
    assert sum(name.endswith(".pyc") for name in names) == 1
