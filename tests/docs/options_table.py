"""The table of configuration, in src/base/configuration.md, made of the manual pages, which are made of src/base/options.def.

    options_table.py BIN           prints it
    options_table.py BIN --write   puts it into that page
"""
import os
import re
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
DOCUMENT = os.path.join(ROOT, "src/base/configuration.md")
BEGIN, END = "<!-- options: tests/docs/options_table.py -->\n", "<!-- end of options -->\n"


def manual(binary, *arguments):
    return subprocess.run([binary, *arguments], capture_output=True, text=True, check=True).stdout


def options_of(page):
    """[(option, variable, key, default, help)] of a manual page."""
    found = []
    for entry in page.split(".SH OPTIONS\n")[1].split("\n.SH ")[0].split(".TP\n.B ")[1:]:
        head, text, *more = entry.replace("\\fI", "").replace("\\fR", "").replace("\\-", "-").replace("\\\\", "\\").splitlines()
        facts = dict(line.removesuffix(".").split(": ", 1) for line in more if ": " in line)
        found.append((head.split()[0], facts.get("Environment"), facts.get("Configuration file"), facts.get("Default"), text.removesuffix(".")))
    return found


def programs(bins):
    """(program, its options) of those that serve, and of all commands of truss together."""
    for name in ("truss-worker", "truss-bridge"):
        yield name, options_of(manual(os.path.join(bins, name), "--man"))
    truss = os.path.join(bins, "truss")
    commands = re.findall(r"^\.B ([a-z-]+) .*\n.*\nSee$", manual(truss, "man"), re.M)
    every = [option for command in commands for option in options_of(manual(truss, "man", command))]
    yield "truss", list(dict.fromkeys(every))


def cell(text):
    return f"`{text}`" if text else ""


def table(bins):
    lines = ["| Program | Option | Variable | Key in a file | Default | |", "|---|---|---|---|---|---|"]
    for program, options in programs(bins):
        name = program
        for option, variable, key, default, text in options:
            if variable or key or default:
                escaped = text.replace("|", "\\|")
                lines.append(f"| {name} | `{option}` | {cell(variable)} | {cell(key)} | {cell(default)} | {escaped} |".replace("|  |", "| |").replace("|  |", "| |"))
                name = ""
    return "\n".join(line.replace("|  |", "| |") for line in lines) + "\n"


def main(bins, *arguments):
    if "--write" not in arguments:
        print(table(bins), end="")
        return
    with open(DOCUMENT, encoding="utf-8") as file:
        before, _, rest = file.read().partition(BEGIN)
    _, _, after = rest.partition(END)
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + table(bins) + END + after)


if __name__ == "__main__":
    main(*sys.argv[1:])
