"""A strict reader of Prometheus's text format 0.0.4, which fails for what a scraper or `promtool check metrics` would not like."""
import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf'({NAME})(\{{(.*)\}})? (\S+)\Z')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|\Z)')
UNITS = ("_seconds", "_bytes", "_total", "_info", "_ratio")


def labels_of(text):
    found, at = {}, 0
    while at < len(text):
        label = LABEL.match(text, at)
        assert label, f"labels: {text}"
        assert label.group(1) not in found, f"a label twice: {text}"
        found[label.group(1)] = re.sub(r'\\(.)', lambda one: {"n": "\n"}.get(one.group(1), one.group(1)), label.group(2))
        at = label.end()
        assert not (label.group(3) == "," and at == len(text)), f"a comma at the end: {text}"
    return found


def family_of(name, kinds):
    """The family that a sample belongs to."""
    if name in kinds:
        return name
    for suffix in ("_bucket", "_sum", "_count"):
        if name.endswith(suffix) and kinds.get(name[:-len(suffix)]) == "histogram":
            return name[:-len(suffix)]
    raise AssertionError(f"{name} has no TYPE")


def check_histogram(name, samples):
    """Buckets go up, end with +Inf, and agree with the count, for each set of the other labels."""
    groups = {}
    for sample, labels, value in samples:
        rest = tuple(sorted(item for item in labels.items() if item[0] != "le"))
        groups.setdefault(rest, {}).setdefault(sample[len(name):], []).append((labels.get("le"), value))
    for rest, group in groups.items():
        bounds = [float(bound.replace("+Inf", "inf")) for bound, _ in group["_bucket"]]
        values = [value for _, value in group["_bucket"]]
        assert bounds == sorted(set(bounds)) and bounds[-1] == math.inf, (name, rest, bounds)
        assert values == sorted(values) and values[-1] == group["_count"][0][1], (name, rest, values)
        assert len(group["_sum"]) == len(group["_count"]) == 1, (name, rest)


def read(text):
    """{family: (kind, [(sample, labels, value)])}; an AssertionError says what is wrong."""
    assert text.endswith("\n"), "the last line has no end"
    kinds, helps, families, current = {}, set(), {}, None
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            name, _, words = line[7:].partition(" ")
            assert re.fullmatch(NAME, name) and words.strip() and name not in helps, line
            helps.add(name)
        elif line.startswith("# TYPE "):
            current, _, kind = line[7:].partition(" ")
            assert kind in ("counter", "gauge", "histogram") and current not in kinds and current in helps, line
            assert (kind == "counter") == current.endswith("_total"), f"{current} is a {kind}"
            kinds[current], families[current] = kind, (kind, [])
        else:
            found = SAMPLE.match(line)
            assert found, f"no sample: {line!r}"
            family = family_of(found.group(1), kinds)
            assert family == current, f"{line!r} stands behind another family"
            value = float(found.group(4).replace("Inf", "inf"))
            assert kinds[family] != "counter" or value >= 0, line
            families[family][1].append((found.group(1), labels_of(found.group(3) or ""), value))
    for name, (kind, samples) in families.items():
        seen = [(sample, tuple(sorted(labels.items()))) for sample, labels, _ in samples]
        assert len(seen) == len(set(seen)), f"{name} has a sample twice"
        if kind == "histogram":
            check_histogram(name, samples)
    return families


def value(families, name, /, **labels):
    """The value of the only sample with these labels; None where there is none."""
    base = next((base for base in families if name == base or (name.startswith(base) and families[base][0] == "histogram")), name)
    found = [value for sample, has, value in families.get(base, (None, []))[1]
             if sample == name and all(has.get(key) == word for key, word in labels.items())]
    assert len(found) < 2, f"{name} {labels}: {found}"
    return found[0] if found else None
