"""The billers, apart from their port: an order names one without asking it anything."""

from enum import StrEnum


class Biller(StrEnum):
    """One for each kind of bill; its protocol is its adapter's affair."""

    ELECTRICITY = "ELECTRICITY"
    WATER = "WATER"
    GAS = "GAS"
    PARKING = "PARKING"
    """Its accounts are number plates."""
    PROPERTY = "PROPERTY"
