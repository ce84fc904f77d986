"""Who an address is, for counting."""

from ipaddress import ip_address, ip_network

OWN_BITS = 64
"""Of an IPv6 address: a provider gives each customer that much of a network at least."""


def network_of(ip: str) -> str:
    """Return whose an address is: itself in IPv4, its /64 in IPv6; anything else stays as it is."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    mapped = getattr(address, "ipv4_mapped", address)
    if mapped:
        return str(mapped)
    return str(ip_network(f"{address}/{OWN_BITS}", strict=False))
