"""Turn templates and the folders they name into templates whose code lies in S3."""

import hashlib
import importlib.util
import io
import py_compile
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import intrinsics_multi_constructor

Template = dict[str, Any]
Upload = Callable[[str, bytes], None]
Place = dict[str, str]
"""`Bucket` and `Key` of a zip."""

_EPOCH = (2020, 1, 1, 0, 0, 0)
CODE_PATHS = ("CodeUri", "ContentUri")
PATHS = (*CODE_PATHS, "DefinitionUri")
"""Properties that name a file or folder beside the template."""
THIRD_PARTY = frozenset({"DependenciesLayer", "ReconciliationLayer", "ReportsLayer"})


class _Loader(yaml.CSafeLoader):  # type: ignore[misc]  # it comes without types
    """Reads short tags (`!Ref`) as SAM does, in compiled code."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


def read_template(path: Path) -> Template:
    """The template with its short tags (`!Ref`) spelled out."""
    template: Template = yaml.load(path.read_text(), _Loader)  # noqa: S506  # a safe loader
    return template


def package(templates: Iterable[Template], root: Path, bucket: str, upload: Upload) -> int:
    """Upload each folder that the templates name, once, and point the templates at it. Return how many.

    A zip's name is the digest of its content, so an unchanged function is not deployed again.
    """
    uploaded: dict[str, str] = {}

    def place(resource: str, folder: str) -> Place:
        if folder not in uploaded:
            body = _empty_layer() if _comes_from_environment(resource) else zip_folder(root / folder)
            uploaded[folder] = f"{hashlib.sha256(body).hexdigest()[:32]}.zip"
            upload(uploaded[folder], body)
        return {"Bucket": bucket, "Key": uploaded[folder]}

    for template in templates:
        point_code(template, root, place)
    return len(uploaded)


def point_code(template: Template, root: Path, place: Callable[[str, str], Place]) -> None:
    """Replace each local folder of code in the template by `place(resource, folder)`, and write each state
    machine's file into it."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        definition = properties.pop("DefinitionUri", None)
        if definition:
            properties["Definition"] = read_template(root / definition)
        for field in CODE_PATHS:
            folder = properties.get(field)
            if isinstance(folder, str):
                properties[field] = place(name, folder)


def zip_folder(folder: Path) -> bytes:
    """A zip of a folder, the same bytes for the same content, with each module compiled for this Python."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_dir() or "__pycache__" in path.parts:
                continue
            name = path.relative_to(folder).as_posix()
            _add(archive, name, path.read_bytes())
            if path.suffix == ".py":
                _add(archive, importlib.util.cache_from_source(name), _compiled(path, name))
    return buffer.getvalue()


def _compiled(path: Path, name: str) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch, "module.pyc")
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(path), str(target), dfile=name, doraise=True, invalidation_mode=mode)
        return target.read_bytes()


def _comes_from_environment(resource: str) -> bool:
    """Functions run on this machine's Python: packages built for Lambda do not load, and the venv has all."""
    return resource in THIRD_PARTY


def _empty_layer() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, "python/README.txt", b"Third-party packages come from the environment here.\n")
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, body: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = 0o644 << 16
    entry.compress_type = archive.compression
    archive.writestr(entry, body)
