"""The fuel-card issuers, apart from their port: an order names one without asking it anything."""

from enum import StrEnum


class Issuer(StrEnum):
    SINOPEC = "SINOPEC"
    PETROCHINA = "PETROCHINA"
