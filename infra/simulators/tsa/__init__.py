"""A time-stamping authority (RFC 3161): `openssl ts` behind HTTP."""
