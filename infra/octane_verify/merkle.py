"""Merkle trees of RFC 6962 (section 2.1), as a verifier needs them."""

import hashlib
from collections.abc import Sequence


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """By the definition: the left half is the largest power of two that leaves something for the right."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root_of(leaves[:half]), root_of(leaves[half:]))


def root_by(path: Sequence[bytes], found: bytes, index: int, size: int) -> bytes | None:
    """Where a path leads from a leaf (from 0) of a tree of so many (RFC 9162, 2.1.3.2); None when it is no
    path of such a leaf."""
    if not 0 <= index < size:
        return None
    last = size - 1
    for neighbour in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            found = node(neighbour, found)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            found = node(found, neighbour)
        index, last = index >> 1, last >> 1
    return found if last == 0 else None
