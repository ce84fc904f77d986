"""Write the API's description and the tables of error codes and of access: `python -m openapi`."""

from openapi.access import access_table
from openapi.catalog import errors_table
from openapi.document import COMMITTED, ROOT, generate, text_of

ERRORS = ROOT / "infra/docs/errors.md"
ACCESS = ROOT / "infra/docs/access.md"


def main() -> None:
    texts = ((COMMITTED, text_of(generate())), (ERRORS, errors_table()), (ACCESS, access_table()))
    for path, text in texts:
        is_new = not path.exists() or path.read_text() != text
        path.write_text(text)
        print(f"{path.relative_to(ROOT)}: {'written' if is_new else 'unchanged'}")


if __name__ == "__main__":
    main()
