"""The table of what a project may declare, in src/framework/README.md, made of src/framework/declared/keys.def.

    declared_table.py           prints it
    declared_table.py --write   puts it into the document
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
KEYS = os.path.join(ROOT, "src/framework/declared/keys.def")
DOCUMENT = os.path.join(ROOT, "src/framework/README.md")
BEGIN, END = "<!-- keys: tests/docs/declared_table.py -->\n", "<!-- end of keys -->\n"
TYPES = {"STRING": "text", "STRINGS": "text or list", "NUMBERS": "number or list", "BOOLEAN": "true, false"}
STRING = r'"(?:[^"\\]|\\.)*"'
ROW = re.compile(rf"DECLARED\(\s*(\w+),\s*({STRING}),\s*(\w+),\s*(\w+),\s*({STRING}),\s*((?:{STRING}\s*)+),\s*({STRING})\)")


def literal(text):
    return re.sub(r"\\(.)", r"\1", "".join(part[1:-1] for part in re.findall(STRING, text)))


def keys():
    """[(key, type, default, meaning, example)]; default None: it must be said."""
    with open(KEYS, encoding="utf-8") as file:
        text = file.read()
    found = [(literal(key), TYPES[kind], None if needed == "true" else literal(default), literal(meaning), literal(example))
             for _, key, kind, needed, default, meaning, example in ROW.findall(text)]
    assert len(found) == text.count("\nDECLARED("), "a row that this cannot read"
    return found


def table():
    lines = ["| Key | | Default | Meaning | Example |", "|---|---|---|---|---|"]
    for key, kind, default, meaning, example in keys():
        shown = "must be said" if default is None else default
        lines.append(f"| `{key}` | {kind} | {shown} | {meaning} | `{example}` |".replace("sql|ddl", "sql\\|ddl").replace("|  |", "| |"))
    return "\n".join(lines) + "\n"


def main(*arguments):
    if "--write" not in arguments:
        print(table(), end="")
        return
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + table() + END + rest.split(END)[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
