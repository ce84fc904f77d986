"""Every function imports with its own layers' packages alone; those exist for Lambda's machine, and fit."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from world.system import functions, system

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "layers/octane/python"
INSTALL = [
    *(Path(sys.executable).with_name("uv"), "pip", "install", "--quiet", "--no-config"),
    *("--require-hashes", "--no-deps", "--only-binary", ":all:"),
]
LAMBDA = ["--python-platform", "aarch64-manylinux_2_34", "--python-version", "3.13"]
MOST_BYTES = 250 * 1024 * 1024
"""What Lambda unpacks for one function: its code and all its layers."""

IMPORT_ALL = """
import importlib, json, sys
paths, modules = json.loads(sys.argv[1])
sys.path[:0] = paths
for module in modules:
    importlib.import_module(module)
print(len(modules))
"""

pytestmark = pytest.mark.slow


class Group(NamedTuple):
    """Functions of one folder that have the same layers, by file."""

    folder: Path
    layers: tuple[str, ...]
    files: tuple[Path, ...]

    @property
    def name(self) -> str:
        return "-".join((self.folder.name, *(layer.removesuffix("Layer") for layer in self.layers[2:])))


@cache
def layer_folders() -> dict[str, Path]:
    """Each layer's folder, by its resource."""
    return {
        name: ROOT / body["Properties"]["ContentUri"]
        for name, body in system()["Resources"].items()
        if body["Type"] == "AWS::Serverless::LayerVersion"
    }


def groups() -> Iterator[Group]:
    found: dict[tuple[Path, tuple[str, ...]], list[Path]] = {}
    for properties in functions(system()).values():
        folder = ROOT / properties["CodeUri"]
        layers = tuple(layer["Ref"] for layer in properties["Layers"])
        file = folder / f"{properties['Handler'].removesuffix('.handler')}.py"
        found.setdefault((folder, layers), []).append(file)
    for (folder, layers), files in found.items():
        yield Group(folder, layers, tuple(files))


GROUPS = sorted(groups())


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each layer's packages in a folder, as they lie in the layer, for this machine."""
    return installed(tmp_path_factory.mktemp("here"), ["--python", sys.executable])


@pytest.fixture(scope="module")
def packages_of_lambda(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same for Python 3.13 on arm64, from wheels alone: the layers build without a compiler."""
    return installed(tmp_path_factory.mktemp("lambda"), LAMBDA)


def installed(root: Path, where: list[str]) -> dict[str, Path]:
    found = {"OctaneLayer": OURS}
    for name, folder in layer_folders().items():
        if name not in found:
            found[name] = root / name
            locked = ["--requirements", folder / "requirements.txt", "--target", found[name]]
            subprocess.run([*INSTALL, *where, *locked], check=True)
    return found


@cache
def imports_of(file: Path) -> frozenset[str]:
    """What a file imports, also where it does so only when it is called; types alone are no import."""
    return frozenset(_imports_of(file))


def _imports_of(file: Path) -> Iterator[str]:
    waiting: list[ast.AST] = [ast.parse(file.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            inside = (f"{node.module}.{name.name}" for name in node.names)
            yield from (module for module in inside if file_of(module))
        else:
            waiting += ast.iter_child_nodes(node)


def file_of(module: str) -> Path | None:
    """The file of one of our own modules."""
    place = OURS.joinpath(*module.split("."))
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.exists()), None)


def needs(files: tuple[Path, ...]) -> set[str]:
    """Every module that these files lead to, ours and others'."""
    known: set[str] = set()
    waiting = [module for file in files for module in imports_of(file)]
    while waiting:
        module = waiting.pop()
        if module not in known:
            known.add(module)
            file = file_of(module)
            waiting += imports_of(file) if file else []
    return known


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_functions_import_with_their_layers_alone(group: Group, packages: dict[str, Path]) -> None:
    modules = sorted({*needs(group.files), *(file.stem for file in group.files)})
    paths = [str(group.folder), *(str(packages[layer]) for layer in group.layers)]
    # -I -S: no environment, no site-packages. A module that imports the development set fails here.
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORT_ALL, json.dumps([paths, modules])],
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": "/usr/bin:/bin",
            "POWERTOOLS_SERVICE_NAME": "octane",
            "POWERTOOLS_METRICS_NAMESPACE": "Octane",
        },
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > len(group.files)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_no_function_has_a_layer_that_it_does_not_need(group: Group, packages: dict[str, Path]) -> None:
    for file in group.files:
        needed = {module.partition(".")[0] for module in needs((file,))}
        for layer in group.layers:
            there = {path.name.partition(".")[0] for path in packages[layer].iterdir()}
            assert needed & there, f"{file.stem} imports nothing of {layer}"


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_a_function_with_its_layers_fits(group: Group, packages_of_lambda: dict[str, Path]) -> None:
    folders = [group.folder, *(packages_of_lambda[layer] for layer in group.layers)]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
