"""Write the API's description and the table of error codes: `python -m openapi`."""

from openapi.catalog import errors_table
from openapi.document import COMMITTED, ROOT, generate, text_of

ERRORS = ROOT / "infra/docs/errors.md"


def main() -> None:
    for path, text in ((COMMITTED, text_of(generate())), (ERRORS, errors_table())):
        is_new = not path.exists() or path.read_text() != text
        path.write_text(text)
        print(f"{path.relative_to(ROOT)}: {'written' if is_new else 'unchanged'}")


if __name__ == "__main__":
    main()
