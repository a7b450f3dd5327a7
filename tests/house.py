"""What CONTRIBUTING says of the shape of sources: no file above 500 lines, no function above 45, no parameter that its header names otherwise,
no SQL that names the schema of our own tables itself (src/pg/own_sql.h), no look at a project's files that is not noted (src/base/file_trace.h).

    house.py [ROOT]     prints every one that is; ends with 1 where there is one
"""
import glob
import os
import re
import sys

MOST_IN_FILE, MOST_IN_FUNCTION, MOST_PARAMETERS = 500, 45, 5
# What a library calls as it likes: libmicrohttpd.
MANY_PARAMETERS = {"on_request"}
# A declaration or the head of a definition, at the beginning of a line as clang-format leaves it.
HEAD = re.compile(r"^(?!#)([a-z][\w \*]*?)(\w+)\(([^;{}]*?)\)\s*(;|\n\{)", re.M)


STRINGS = re.compile(r'(?:"(?:[^"\\\n]|\\.)*"[\s\\]*)+')  # those beside each other are one
OWN_TABLES = re.compile(r"#define OWN_TABLES(.*?)\n\n", re.S)


def own_tables(root):
    """The names of our own tables, as the sources list them."""
    path = os.path.join(root, "src/pg/own_tables.h")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return re.search(r"'\{(.*)\}'", "".join(re.findall(r'"(.*?)"', OWN_TABLES.search(file.read())[1])))[1].split(",")


def names_our_schema(text, tables):
    """The lines of strings that do so."""
    named = re.compile(r"\btruss\.(" + "|".join(tables) + r")\b|\bnspname\b.{0,120}'truss'") if tables else None
    for string in STRINGS.finditer(text):
        if named and named.search(re.sub(r'"[\s\\]*"', "", string.group())):
            yield text.count("\n", 0, string.start()) + 1


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda comment: re.sub(r"[^\n]", "", comment.group()), text, flags=re.S)


# What a status may depend on is looked at through src/base/files.h, or noted.
PROJECTS_READERS = ("framework/", "migration/look/")
RAW_LOOK = re.compile(r"(?<![\w.>])(?:f?open(?:at|dir)?|fopen|l?stat|fstatat|statx|f?access(?:at)?|faccessat|readlink|realpath|scandir|glob|n?ftw)\(")


def looks_unnoted(short, text):
    """The lines of a file that look at files themselves although it notes nothing."""
    if short.removeprefix("src/").startswith(PROJECTS_READERS) and '"base/file_trace.h"' not in text:
        for look in RAW_LOOK.finditer(text):
            yield text.count("\n", 0, look.start()) + 1


def names(parameters):
    """The names in a list of parameters; "" where one has none."""
    found, depth = [""], 0
    for character in re.sub(r"\[.*?\]|__attribute__.*", "", " ".join(parameters.split())):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            found.append("")
        else:
            found[-1] += character
    pieces = [re.search(r"\(\s*\*\s*(?:const\s+)?(\w+)\s*\)|(\w+)\s*$", one) for one in found]
    return [(piece[1] or piece[2]) if piece else "" for piece in pieces]


def look_at(root):
    """Lines that say what is wrong."""
    declared, defined = {}, {}
    tables = own_tables(root)
    for path in sorted(glob.glob(os.path.join(root, "src/**/*.[ch]"), recursive=True)):
        short = os.path.relpath(path, root)
        with open(path, encoding="utf-8") as file:
            text = without_comments(file.read())
        for line in names_our_schema(text, tables):
            yield f"{short}:{line}: says truss for the schema of our own tables, which an operator may name otherwise: {{truss}}"
        for line in looks_unnoted(short, text):
            yield f"{short}:{line}: looks at a file by itself, so that a status from memory would not look again: base/files.h, or base/file_trace.h"
        if text.count("\n") > MOST_IN_FILE:
            yield f"{short}: {text.count(chr(10))} lines, more than {MOST_IN_FILE}"
        for head in HEAD.finditer(text):
            first = text.count("\n", 0, head.start()) + 1
            if head[4] == ";":
                if path.endswith(".h"):
                    declared[head[2]] = (short, first, names(head[3]))
                continue
            lines = text.count("\n", 0, text.find("\n}\n", head.end())) + 2 - first + 1
            if lines > MOST_IN_FUNCTION:
                yield f"{short}:{first}: {head[2]} has {lines} lines, more than {MOST_IN_FUNCTION}"
            if len(names(head[3])) > MOST_PARAMETERS and head[2] not in MANY_PARAMETERS:
                yield f"{short}:{first}: {head[2]} has {len(names(head[3]))} parameters, more than {MOST_PARAMETERS}"
            if "static" not in head[1]:
                defined[head[2]] = names(head[3])
    for name, (short, first, parameters) in declared.items():
        said = [one for one in parameters if one]
        if name in defined and "..." not in parameters and said != [one for one in defined[name] if one][:len(said)]:
            yield f"{short}:{first}: {name}({', '.join(parameters)}) is defined with ({', '.join(defined[name])})"


def main(arguments):
    wrong = list(look_at(arguments[0] if arguments else os.path.join(os.path.dirname(__file__), "..")))
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
