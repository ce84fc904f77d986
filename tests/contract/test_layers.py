"""Every function imports with nothing but the layers' own packages, and those exist for Lambda's machine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "layers/deps/requirements.txt"
INSTALL = [
    *(Path(sys.executable).with_name("uv"), "pip", "install", "--quiet", "--no-config"),
    *("--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirements", LOCK),
]

IMPORT_ALL = """
import ast, importlib, json, pathlib, sys
paths, folder = json.loads(sys.argv[1])
sys.path[:0] = paths
modules = set()
for path in pathlib.Path(folder).glob("*.py"):
    modules.add(path.stem)
for path in pathlib.Path(paths[1]).rglob("*.py"):
    modules.add(".".join(path.relative_to(paths[1]).with_suffix("").parts).removesuffix(".__init__"))
    for node in ast.walk(ast.parse(path.read_text())):  # also what is imported only when it is needed
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module)
for module in sorted(modules):
    importlib.import_module(module)
print(len(modules))
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The locked packages in a folder, as they lie in the layer, for this machine."""
    target = tmp_path_factory.mktemp("layer") / "python"
    subprocess.run([*INSTALL, "--python", sys.executable, "--target", target], check=True)
    return target


@pytest.mark.parametrize("domain", sorted({path.parent.name for path in (ROOT / "functions").glob("*/*.py")}))
def test_functions_import_with_the_layers_alone(domain: str, packages: Path) -> None:
    folder = ROOT / "functions" / domain
    paths = [str(folder), str(ROOT / "layers/octane/python"), str(packages)]
    # -I -S: no environment, no site-packages. A module that imports the development set fails here.
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORT_ALL, json.dumps([paths, str(folder)])],
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
    assert int(run.stdout) > len(list(folder.glob("*.py")))


def test_locked_packages_exist_for_lambda(tmp_path: Path) -> None:
    """Wheels for Python 3.13 on arm64, so that the layer builds without a compiler."""
    platform = ["--python-platform", "aarch64-manylinux_2_34", "--python-version", "3.13"]
    subprocess.run([*INSTALL, *platform, "--dry-run", "--target", tmp_path / "python"], check=True)
