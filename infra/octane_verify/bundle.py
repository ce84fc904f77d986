"""python -m octane_verify.bundle FILE.pyz: the verifier as one file, which Python runs as it is.

It needs the packages cryptography and duckdb where it runs. The same sources make the same bytes.
"""

import sys
import zipfile
from pathlib import Path

MAIN = b"import sys\n\nfrom octane_verify.__main__ import main\n\nsys.exit(main())\n"
SHEBANG = b"#!/usr/bin/env python3\n"
THEN = (2020, 1, 1, 0, 0, 0)


def bundle(target: Path) -> None:
    package = Path(__file__).parent
    with target.open("wb") as stream:
        stream.write(SHEBANG)
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("__main__.py", THEN), MAIN)
            for path in sorted(package.glob("*.py")):
                archive.writestr(zipfile.ZipInfo(f"octane_verify/{path.name}", THEN), path.read_bytes())
    target.chmod(0o755)


if __name__ == "__main__":
    bundle(Path(sys.argv[1]))
