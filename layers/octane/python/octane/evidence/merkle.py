"""Merkle trees as RFC 6962 (section 2.1) has them: a record's path to the root is as long as the logarithm of
how many there are, and tells nothing of the others."""

from collections.abc import Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()


def leaf(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def grown(peaks: Sequence[bytes], size: int, more: Sequence[bytes]) -> tuple[bytes, ...]:
    """The peaks of a tree of `size` leaves (its full subtrees, largest first) after more leaves (hashed
    already): all that must be kept to go on."""
    found = list(peaks)
    for number, each in enumerate(more, start=size):
        found.append(each)
        rest = number
        while rest & 1:
            right = found.pop()
            found.append(_node(found.pop(), right))
            rest >>= 1
    return tuple(found)


def root(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY
    found = peaks[-1]
    for peak in reversed(peaks[:-1]):
        found = _node(peak, found)
    return found


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """The whole tree, leaves first: a node without a neighbour goes up as it is."""
    found = [list(leaves)]
    while len(found[-1]) > 1:
        below = found[-1]
        above = [_node(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
        found.append(above + below[len(above) * 2 :])
    return found


def path(tree: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """The neighbours on the way from a leaf (from 0) to the root."""
    found = []
    for level in tree[:-1]:
        if index ^ 1 < len(level):
            found.append(level[index ^ 1])
        index >>= 1
    return found
