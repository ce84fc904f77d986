"""The API's description (OpenAPI 3.1) and its table of error codes, both generated from the code.

`python -m openapi` writes infra/openapi/openapi.json and infra/docs/errors.md; tests/contract compares them.
"""
