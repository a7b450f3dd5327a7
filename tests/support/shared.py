"""What all test files need and one of them need make: an initialised data directory, and the Python modules of the messages.

Usage: shared.py DIRECTORY   (tests/run.sh; the files look there where TRUSS_TEST_SHARED names it)
"""
import os
import subprocess
import sys

import cluster

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MESSAGES = ("rpc", "migration", "health", "sql", "connection", "branch", "trust", "backup")


def make_messages(directory):
    os.makedirs(directory, exist_ok=True)
    subprocess.run(["protoc", f"-I{ROOT}/proto", "-I/usr/include", f"--python_out={directory}",
                    *[f"truss/{name}/v1/{name}.proto" for name in MESSAGES]], check=True)


if __name__ == "__main__":
    os.chmod(sys.argv[1], 0o755)
    make_messages(os.path.join(sys.argv[1], "messages"))
    cluster.make_data(os.path.join(cluster.server_directory(os.path.join(sys.argv[1], "server")), "data"))
