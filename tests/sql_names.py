#!/usr/bin/python3
"""Looks at the SQL in our sources for names that go by the search path. What is sent between the steps of a script, or with its ledger row,
meets the path that the script has: there a function, an operator, a type and a table are named with their schema. What a pinned session
sends (src/pg/search.h) needs that for tables only. Fragments are looked at as tokens, because they are no statements yet.

What the preprocessor makes of each source is what is looked at: build/compile_commands.json is needed."""
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# These send while a script's path is in force.
BETWEEN = ("src/migration/run/lock.c", "src/migration/run/send.c", "src/migration/run/alone.c", "src/migration/run/leftovers.c",
           "src/migration/run/attempt.c", "src/migration/record/transaction.c", "src/migration/record/row.c",
           "src/migration/record/progress.c", "src/migration/plan/cut/steps.c", "src/pg/own_tables.c", "src/migration/look/failed_attempts.c",
           "src/pg/search.c", "src/pg/session.c", "src/pg/own_schema.c", "src/pg/table_guard.c")
# Has no SQL of ours, and messages about SQL.
TALKING = ("src/framework/declared/templates.c",)
# Of a framework these are read, or made, by a pinned session.
PINNED_FIELDS = re.compile(r"\.(read|create|ask|make|shapes|columns|table|with|without|baseline|description|note|run|run_to|run_one|environment|\w*_note|tool)\s*=\s*(\w+\()?\W*$")
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "v": "\v", "f": "\f", "b": "\b", "e": "\x1b"}
SQL = re.compile(r"(?<![\w-])(SELECT (?!FOR\b)\S+|INSERT INTO \S+|UPDATE \S+ SET|DELETE FROM \S+|OPERATOR\(|WHERE [\w.]+ |VALUES \(|RAISE EXCEPTION|::\w+|AND NOT [\w.]+ |AND \w+ = )")
TOKEN = re.compile(r"""(?P<space>\s+)|(?P<string>[eE]?'(?:[^']|'')*'?)|(?P<name>"(?:[^"]|"")*"|[A-Za-z_\u0080-\uffff][\w$]*)|(?P<number>\d[\w.]*)|(?P<word>\{[^}]*\}|%[-*\d]*l*[a-zA-Z]|\$\d+|\$\w*\$)
    |(?P<cast>::)|(?P<assign>:=)|(?P<operator>[-+*/<>=~!@#%^&|?]+)|(?P<other>.)""", re.X)
# Followed by a parenthesis and no functions that are looked up.
SYNTAX = set("""values in and or not array coalesce greatest least extract select exists as any all some over filter within row on using when then else case
    end into table check primary key unique references where from join by returning conflict with operator numeric varchar char bit
    decimal timestamp time interval trim substring position overlay cast if elsif set do update begin lateral""".split())
# Types that the grammar itself puts into pg_catalog.
BUILT_IN = set("int integer bigint smallint boolean numeric decimal real float char character varchar bit timestamp time interval double bool".split()) - {"bool"}
# They use an operator that the server looks up by its name.
OPERATOR_WORDS = {"nullif", "like", "ilike", "similar", "between"}


def unescape(text):
    def one(match):
        code = match[1]
        if code[0] == "x":
            return chr(int(code[1:], 16))
        return chr(int(code, 8)) if code[0].isdigit() else ESCAPES.get(code[0], code[0])
    return re.sub(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", one, text)


def literals(path, command):
    """Each string literal of a source, joined with those beside it, and what stands in front of it."""
    words = [word for word in shlex.split(command["command"]) if word not in ("ccache", "-c")]
    at = words.index("-o")
    del words[at:at + 2]
    text = subprocess.run([*words, "-E"], capture_output=True, text=True, cwd=command["directory"], check=True).stdout
    own, lines = False, []
    for line in text.split("\n"):
        marker = re.match(r'# \d+ "([^"]+)"', line)
        if marker:
            own = marker[1].endswith(path)
        elif own:
            lines.append(line)
    text = "\n".join(lines)
    found, end = [], -1
    for match in STRING.finditer(text):
        if found and not text[end:match.start()].strip():
            found[-1][1].append(unescape(match[0][1:-1]))
        else:
            found.append((text[max(0, match.start() - 80):match.start()], [unescape(match[0][1:-1])]))
        end = match.end()
    return [(before, "".join(parts)) for before, parts in found]


def tokens(sql):
    return [(match.lastgroup, match[0]) for match in TOKEN.finditer(sql) if match.lastgroup != "space"]


def faults(sql):
    """What of a text goes by the search path."""
    seen = tokens(sql)
    assigns = False  # in SET a = …, and in RAISE … USING a = …
    outside = []  # the same for each parenthesis that is open
    for i, (kind, text) in enumerate(seen):
        before = seen[i - 1] if i else ("", "")
        after = seen[i + 1] if i + 1 < len(seen) else ("", "")
        word = text.lower()
        if kind == "string" and len(text) > 40 and SQL.search(text):
            yield from faults(text.strip("eE").strip("'").replace("''", "'"))
        if text == "(":
            outside.append(assigns)
        elif text == ")" and outside:
            assigns = outside.pop()
        elif kind == "name" and word in ("set", "using"):
            assigns = True
        elif kind == "name" and word in ("where", "from", "select", "values", "returning") or text == ";":
            assigns = False
        if kind == "operator" and seen[max(0, i - 3):i][-2:] != [("other", "("), ] and not is_qualified(seen, i):
            if text == "*" and (before[1] in ("(", ".") or before[1].lower() in ("select", "unlisten")):
                continue
            if text == "?" or text == "=" and (assigns or before[1] == "ROW_COUNT" or after[1] == "ROW_COUNT") or text in ("-", "+") and after[0] == "number" and before[1] in ("(", ",", ")", ""):
                continue
            if before[1] == "#" or text.startswith(("#", "--")):
                continue
            yield f"the operator {text}"
        elif kind == "name" and after[1] == "(" and before[1] != "." and word not in SYNTAX | OPERATOR_WORDS and not text.startswith('"') \
                and before[1].lower() not in ("into", "table", "as", "update", "from", "join", "on"):
            yield f"the function {text}"
        elif kind == "name" and word in OPERATOR_WORDS and before[1] != ".":
            yield f"the operator of {text}"
        elif kind == "name" and word == "in" and before[1].lower() != "for" and after[1] == "(":
            yield "the operator of IN"
        elif kind == "name" and word == "using" and is_join(seen, i):
            yield "the operator of USING"
        elif kind == "name" and word == "distinct" and after[1].lower() == "from":
            yield "the operator of IS DISTINCT FROM"
        elif kind == "name" and word == "case" and after[1].lower() != "when":
            yield "the operator of CASE"
        elif before[0] == "cast" and kind == "name" and after[1] != "." and word not in BUILT_IN:
            yield f"the type {text}"


def is_join(seen, i):
    """JOIN t USING (a), and no DELETE … USING, ORDER BY … USING or CREATE INDEX … USING."""
    words = [text.lower() for _, text in seen[:i]]
    words = words[len(words) - words[::-1].index(";"):] if ";" in words else words
    return "join" in words and (seen[i + 1:i + 2] or [("", "")])[0][1] == "("


def is_qualified(seen, i):
    """OPERATOR(pg_catalog.=)"""
    words = [text.lower() for _, text in seen[max(0, i - 4):i]]
    return words == ["operator", "(", "pg_catalog", "."]


def tables(sql):
    """Tables without a schema; WITH's names and functions are none."""
    seen = tokens(sql)
    named = {seen[i][1].lower() for i in range(len(seen) - 1)
             if seen[i][0] == "name" and (seen[i + 1][1].lower() == "as" or seen[i + 1][1] == "(")}
    for i in range(1, len(seen) - 1):
        if seen[i][0] == "name" and seen[i - 1][1].lower() in ("from", "join", "into") and seen[i + 1][1] not in (".", "(") \
                and seen[i - 2][1].lower() not in ("distinct", "epoch") and seen[i][1].lower() not in named | SYNTAX | {"lateral", "rows", "only"}:
            yield f"the table {seen[i][1]}"


def check(entry):
    path, command = entry
    between = path in BETWEEN
    is_framework = path.startswith("src/framework/")
    found = []
    for before, text in literals(path, command):
        if not SQL.search(text):
            continue
        is_read = is_framework and text.startswith("SELECT") and not re.search(r"\.(un)?lock\s*=\s*$", before)
        strict = between or (is_framework and not is_read and not PINNED_FIELDS.search(before))
        found += [f"{path}: {fault} goes by the search path: {' '.join(text.split())[:140]}" for fault in (faults(text) if strict else ())]
    return found


def main():
    with open(os.path.join(ROOT, "build", "compile_commands.json"), encoding="utf-8") as file:
        commands = {os.path.relpath(one["file"], ROOT): one for one in json.load(file)}
    wanted = [(path, one) for path, one in sorted(commands.items())
              if path in BETWEEN or (path.startswith("src/framework/") and "/formats/" not in path and path not in TALKING)]
    missing = [path for path in BETWEEN if path not in commands]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [line for lines in pool.map(check, wanted) for line in lines]
    found += [f"{path}: is not there" for path in missing]
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
