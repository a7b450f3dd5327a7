"""What CONTRIBUTING says of the shape of sources: no file above 500 lines, no function above 45, no parameter that its header names otherwise.

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


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda comment: re.sub(r"[^\n]", "", comment.group()), text, flags=re.S)


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
    for path in sorted(glob.glob(os.path.join(root, "src/**/*.[ch]"), recursive=True)):
        short = os.path.relpath(path, root)
        with open(path, encoding="utf-8") as file:
            text = without_comments(file.read())
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
