"""Jupyter Server with its `HTTPServer` taken from us: `python notebook_site.py PORT FOLDER TOKEN`."""

import sys

import tornado.httpserver
from jupyter_server import serverapp

from httpserver import HTTPServer


def main() -> None:
    """Serve until SIGTERM."""
    port, folder, token = sys.argv[1:]
    tornado.httpserver.HTTPServer = HTTPServer  # type: ignore[misc, assignment]
    serverapp.ServerApp.launch_instance(
        [
            f"--ServerApp.port={port}",
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={folder}",
            "--ServerApp.open_browser=False",
            "--ServerApp.allow_root=True",
            f"--IdentityProvider.token={token}",
        ]
    )


if __name__ == "__main__":
    main()
