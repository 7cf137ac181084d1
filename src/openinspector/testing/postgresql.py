"""Separate databases on a PostgreSQL server that tests have started."""

import uuid

from sqlalchemy import create_engine, make_url, text


def new_database(server_url: str) -> str:
    """Create an empty database on the server and return its URL; it is deleted with the server."""
    name = f"test_{uuid.uuid4().hex}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)
