"""The words that a user reads (src/GLOSSARY.md): the framework's table is called "tracking table", never by the code's word.

    words.py [ROOT]     prints every line that says otherwise; ends with 1 where there is one
"""
import glob
import os
import re
import sys

LITERAL = re.compile(r'"(?:\\.|[^"\\\n])*"')
# A word of a sentence: not a word of a template ({ledger}), an option (--ledger), a name ("ledger", ledger_x) or our own tables' column.
WORD = re.compile(r"(?<![-\w{./\"'])ledgers?\b(?![-\w=}/.\"'](?!\s|$))", re.I)
COLUMN = re.compile(r"\b(WHERE|AS s \(|CONFLICT \(|KEY \()\s*ledger|ledger text NOT NULL|^\W*ledger = \$1|\(ledger, migration")


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda comment: "\n" * comment.group().count("\n"), text, flags=re.S)


def sentences(root):
    """(file, line, text) of all that may be read by a user."""
    for kind in ("c", "h", "def"):
        for path in sorted(glob.glob(os.path.join(root, f"src/**/*.{kind}"), recursive=True)):
            for number, line in enumerate(without_comments(open(path, encoding="utf-8").read()).split("\n"), 1):
                if not line.startswith("#include"):
                    for literal in LITERAL.findall(line):
                        yield path, number, literal[1:-1]
    for path in sorted(glob.glob(os.path.join(root, "src/bridge/panel/**/*.js"), recursive=True)):
        for number, line in enumerate(open(path, encoding="utf-8"), 1):
            yield from ((path, number, one) for one in re.findall(r'"([^"]*)"|`([^`]*)`', line) for one in one if one != "ledger")
    for path in sorted(glob.glob(os.path.join(root, "proto/truss/**/*.proto"), recursive=True)):
        for number, line in enumerate(open(path, encoding="utf-8"), 1):
            if line.lstrip().startswith("//"):
                yield path, number, line


def main(arguments):
    root = arguments[0] if arguments else os.path.join(os.path.dirname(__file__), "..")
    said = [(path, number, text) for path, number, text in sentences(root)
            if WORD.search(text) and not COLUMN.search(text) and text != "ledger"]
    for path, number, text in said:
        print(f"{os.path.relpath(path, root)}:{number}: \"ledger\" is the code's word; a user reads \"tracking table\": {text.strip()[:90]}")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
