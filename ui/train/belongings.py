"""Whose the stored data sets are, as the page Train asks: a person's own, and those that everybody may use."""

from __future__ import annotations

from vae_core import stored


def mine(owner: str) -> list[tuple[str, str]]:
    """Names and titles of this owner's data sets, and of those that were prepared for everybody."""
    wanted = {owner, stored.EVERYBODY}
    return [(name, title) for name, title in stored.list_stored() if wanted & stored.owners(name)]


def is_mine(name: str, owner: str) -> bool:
    """Whether this owner brought it, and may delete it."""
    return owner in stored.owners(name)


def is_mine_alone(name: str, owner: str) -> bool:
    """Whether it goes away when this owner deletes it."""
    return stored.owners(name) == {owner}
