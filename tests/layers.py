"""The direction of knowledge: which folder of src/ may include which, and that no headers include each other in a circle.

    layers.py [ROOT]    prints every offence; ends with 1 where there is one
    layers.py --graph   prints which folder includes which, instead
"""
import os
import re
import sys

# A folder, and what it may include beside itself; "/*": with the folders in it. Where several lines fit a path, the longest counts.
MIGRATION = ["base", "pg", "sql", "framework/*", "migration"]
MAY = {
    "base": [],
    "rpc": ["base"],
    "pg": ["base"],
    "sql": ["base"],
    "framework/formats": ["base", "sql"],
    "framework/core": ["base", "pg", "sql", "framework/formats"],
    "framework": ["base", "pg", "sql", "framework/core", "framework/formats"],
    "migration": ["base", "pg", "sql", "framework/*"],
    "migration/look": MIGRATION,
    "migration/plan/cut": [*MIGRATION, "migration/look"],
    "migration/plan/foresee": [*MIGRATION, "migration/look", "migration/plan/cut"],
    "migration/plan": [*MIGRATION, "migration/look", "migration/tool", "migration/plan/cut", "migration/plan/foresee"],
    "migration/plan/check": [*MIGRATION, "migration/look", "migration/plan", "migration/plan/foresee"],
    "migration/tool": [*MIGRATION, "migration/look"],
    "migration/past": [*MIGRATION, "migration/look"],
    "migration/record": [*MIGRATION, "migration/look", "migration/plan/*"],
    "migration/run": [*MIGRATION, "migration/look", "migration/plan/*", "migration/tool", "migration/record"],
    "workbench": ["base", "pg", "sql"],
    "trust": ["base", "pg"],
    "connection": ["base", "pg"],
    "branch": ["base", "pg"],
    "backup": ["base", "pg"],
    "history": ["base"],
    "worker": ["base", "rpc", "pg", "sql", "framework/*", "migration/*", "workbench", "connection", "branch", "backup", "trust"],
    "bridge": ["base", "rpc"],
    "cli/reach": ["base", "rpc", "cli"],
    "cli/print": ["base", "rpc", "cli", "cli/reach"],
    "cli/commands": ["base", "rpc", "cli", "cli/reach", "cli/print"],
    "cli/local": ["base", "rpc", "cli", "cli/reach", "cli/print"],
    "cli": ["base", "rpc", "cli/reach", "cli/print"],
}

# What is still as it should not be. A line that is not needed any more is said, so that this list only gets shorter.
KNOWN = []


def layer_of(path):
    return max((layer for layer in MAY if path.startswith(layer + "/")), key=len, default=None)


def may_include(layer, other):
    return layer == other or any(other == may or (may.endswith("/*") and (other + "/").startswith(may[:-1])) for may in MAY[layer])


def includes_of(root):
    """{path: [included path]} of our own files below src/."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            if name.endswith((".c", ".h", ".def")):
                path = os.path.relpath(os.path.join(folder, name), root)
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    wanted = re.findall(r'^#include "([^"]+)"', file.read(), re.M)
                found[path] = [one for one in wanted if os.path.exists(os.path.join(root, one))]
    return found


def offences_of(includes):
    """Includes that point upwards, in words."""
    for path, wanted in sorted(includes.items()):
        layer = layer_of(path)
        if layer is None:
            yield f"src/{path}: its folder has no line in tests/layers.py"
            continue
        for one in wanted:
            other = layer_of(one)
            if other is not None and not may_include(layer, other):
                yield f"src/{path} includes {one}: {layer} may not know {other}"


def circles_of(graph):
    """Each knot of nodes that reach each other, as a sorted list (Tarjan's algorithm, without recursion)."""
    number, low, stack, on_stack, found = {}, {}, [], set(), []
    for start in sorted(graph):
        work = [(start, iter(graph[start]))] if start not in number else []
        if work:
            number[start] = low[start] = len(number)
            stack.append(start)
            on_stack.add(start)
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in number:
                    number[other] = low[other] = len(number)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(graph.get(other, ()))))
                    break
                if other in on_stack:
                    low[node] = min(low[node], number[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    knot = []
                    while True:
                        one = stack.pop()
                        on_stack.discard(one)
                        knot.append(one)
                        if one == node:
                            break
                    if len(knot) > 1 or node in graph.get(node, ()):
                        found.append(sorted(knot))
    return found


def stem_of(path):
    return re.sub(r"\.\w+$", "", path)


def heads_of(includes):
    """{stem: stem}: the module to which the files X.c and X.h belong. X_part is of X if there is an X.h, and if X_part has only a
    source or only a header, or if nobody but such files and X itself includes X_part.h. All others are modules of their own, however
    they are called: flyway_names is none of flyway.c's, which has no header and uses it as others do."""
    ends = {}
    for path in includes:
        ends.setdefault(stem_of(path), set()).add(path[len(stem_of(path)):])
    heads = {}
    for stem in sorted(ends, key=len):
        fitting = [other for other in ends if stem.startswith(other + "_") and ".h" in ends[other]]
        head = heads[max(fitting, key=len)] if fitting else stem
        users = {stem_of(path) for path, wanted in includes.items() if f"{stem}.h" in wanted} - {stem}
        is_whole = {".c", ".h"} <= ends[stem]
        among = all(user == head or (user.startswith(head + "_") and ends[user] == {".c"}) for user in users)
        heads[stem] = stem if is_whole and not among else head
    return heads


def modules_of(includes):
    """{module: {module}}"""
    heads = heads_of(includes)
    graph = {}
    for path, wanted in includes.items():
        own = heads[stem_of(path)]
        graph.setdefault(own, set()).update(heads[stem_of(one)] for one in wanted if heads[stem_of(one)] != own)
    return graph


def report(root):
    includes = includes_of(os.path.join(root, "src"))
    said = list(offences_of(includes))
    headers = {path: [one for one in wanted if one.endswith(".h")] for path, wanted in includes.items() if path.endswith(".h")}
    said += [f"headers that include each other: {', '.join(circle)}" for circle in circles_of(headers)]
    said += [f"modules that know each other: {', '.join(circle)}" for circle in circles_of(modules_of(includes))]
    return said


def print_graph(root):
    edges = {}
    for path, wanted in includes_of(os.path.join(root, "src")).items():
        for one in wanted:
            if os.path.dirname(path) != os.path.dirname(one):
                edges.setdefault(os.path.dirname(path), set()).add(os.path.dirname(one))
    for folder in sorted(edges):
        print(f"{folder:24} {' '.join(sorted(edges[folder]))}")


def main(arguments):
    root = next((one for one in arguments if not one.startswith("--")), os.path.join(os.path.dirname(__file__), ".."))
    if "--graph" in arguments:
        print_graph(root)
        return 0
    said = report(root)
    for one in KNOWN:
        if one not in said:
            print(f"tests/layers.py: this is no longer so, take it from the list: {one}")
    new = [one for one in said if one not in KNOWN]
    print("\n".join(new), end="\n" if new else "")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
