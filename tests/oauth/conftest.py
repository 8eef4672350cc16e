"""One server for all tests of the authorization server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oauth.oauth_world import World, world


@pytest.fixture(scope="session")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running server with two workers."""
    with world(tmp_path_factory.mktemp("oauth")) as made:
        yield made
