"""Measures, and writes the figures into README.md beside this: one step on a machine that has nothing else to do. About ten minutes.

Usage: renew.py            (the programs are in TRUSS_TEST_BIN; run.sh --write builds and calls this)
"""
import datetime
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
README = os.path.join(HERE, "README.md")
PARTS = ("bench.py", "bench_load.py", "peers.py")
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def said(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE).stdout.strip()


def machine():
    with open("/etc/os-release", encoding="utf-8") as file:
        system = re.search('PRETTY_NAME="([^"]+)"', file.read())[1]
    return (f"{datetime.date.today()}, commit {said('git', 'rev-parse', '--short', 'HEAD')}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before, "
            f"{system}, {said('/usr/lib/postgresql/15/bin/postgres', '--version')}")


def measured():
    """What the parts print, as they print it."""
    lines = []
    for part in PARTS:
        with subprocess.Popen([sys.executable, "-B", os.path.join(HERE, part)], stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                print(line, end="", flush=True)
                lines.append(line.rstrip())
        if process.returncode != 0:
            sys.exit(f"{part} ended with {process.returncode}: nothing is written")
    return lines


def main():
    head = machine()
    figures = "\n".join([BEGIN, "", head, "", "```", *measured(), "```", "", END])
    with open(README, encoding="utf-8") as file:
        text = file.read()
    with open(README, "w", encoding="utf-8") as file:
        file.write(re.sub(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: figures, text, flags=re.S))


if __name__ == "__main__":
    main()
