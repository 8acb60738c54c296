"""Commands with a state on a real PostgreSQL server, which the suite starts itself."""

from collections.abc import Iterator

import pytest

from tests.state.server import Server, shared


@pytest.fixture
def server(pytestconfig: pytest.Config) -> Server:
    return shared(pytestconfig)


@pytest.fixture
def schema(server: Server) -> Iterator[str]:
    with server.spare_schema() as name:
        yield name
