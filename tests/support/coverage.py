"""What gcov counted in a build directory: the share of lines that ran, folder by folder; exit status 1 below the floor.

Usage: coverage.py BUILD FLOOR [FOLDER-OR-FILE whose lines that did not run are named]

Not counted is what runs where nothing can be written down: in a sandbox, which a build that counts does not enter (base/sandbox*.c),
and in a process that ends by _exit or execve between fork and exec (base/keeper.c, cli/reach/child.c). Those lines count as missed.
"""
import collections
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AT_ONCE = 40
# Percent of lines, of the folders where a line that nobody runs is a path of a migration that nobody has tried.
FLOORS = {"migration": 97, "pg": 97, "rpc": 97, "sql": 97, "framework": 97}


def notes(build):
    """Every object of src/ that was compiled: what never ran counts as well."""
    for folder, _, names in os.walk(build):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".gcno") and f"{os.sep}src{os.sep}" in path:
                yield path


def documents(files):
    """What gcov says of these, a JSON document a line."""
    result = subprocess.run(["gcov", "--json-format", "--stdout", *files], capture_output=True, text=True, check=True)
    for line in result.stdout.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def source_of(path):
    """"src/pg/pool.c" of a path as the compiler names it, which the build maps to one; None for what is not ours."""
    at = path.rfind("src/")
    return path[at:] if at >= 0 and os.path.exists(os.path.join(ROOT, path[at:])) else None


def count(build):
    """{file: {line: how often}}; a file that is compiled into several programs is counted once."""
    lines = collections.defaultdict(collections.Counter)
    files = sorted(notes(build))
    for start in range(0, len(files), AT_ONCE):
        for document in documents(files[start:start + AT_ONCE]):
            for file in document["files"]:
                if path := source_of(file["file"]):
                    for line in file["lines"]:
                        lines[path][line["line_number"]] += line["count"]
    return lines


def folder_of(path):
    """src/migration/run/send.c belongs to migration/run, src/pg/pool.c to pg."""
    return os.path.dirname(path).removeprefix("src/")


def main():
    build, floor, shown = sys.argv[1], float(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""
    lines = count(os.path.join(ROOT, build))
    folders = collections.defaultdict(lambda: [0, 0])
    for path, counts in lines.items():
        ran = sum(1 for one in counts.values() if one)
        for folder in {folder_of(path), folder_of(path).split("/")[0], "all"}:
            folders[folder][0] += ran
            folders[folder][1] += len(counts)
    for folder, (ran, of) in sorted(folders.items(), key=lambda one: (one[0] == "all", one[0])):
        print(f"{folder:24} {ran:6} of {of:6} lines  {100 * ran / of:5.1f} %")
    for path, counts in sorted(lines.items()):
        missed = sorted(number for number, one in counts.items() if not one)
        if shown and path.startswith(shown) and missed:
            print(f"{path}: {' '.join(map(str, missed))}")
    low = [(folder, least) for folder, least in {"all": floor, **FLOORS}.items() if 100 * folders[folder][0] < least * folders[folder][1] or not folders[folder][1]]
    for folder, least in low:
        print(f"coverage.py: {folder} is below its floor of {least:g} %", file=sys.stderr)
    sys.exit(bool(low))


if __name__ == "__main__":
    main()
