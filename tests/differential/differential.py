#!/usr/bin/python3
"""Runs seeds: differential.py [--seeds 1-100,205] [--jobs N] [--shrink] [--show SEED] [--report FILE]. Ends with 1 where one differs."""
import argparse
import collections
import json
import multiprocessing
import sys
import time
import traceback
from dataclasses import replace

from frameworks import FRAMEWORKS, content
from generator import scenario as make_scenario
from outcome import Bench
from relation import Difference, Relation
from world import World, harness


def check(world, scenario):
    """(the relation, with what Truss answered; None or the difference)"""
    bench = Bench(world)
    try:
        relation = Relation(bench, scenario)
        found = relation.check()
        return relation, found
    finally:
        bench.clear()


def relink(files):
    """Copies whose `before` is the copy of the one before."""
    linked = []
    for number, file in enumerate(files, 1):
        linked.append(replace(file, number=number, before=linked[-1] if linked else None))
    return linked


def smaller(scenario):
    """Scenarios with less in them: a file, a run of statements, a statement, a decoration fewer."""
    for i in range(len(scenario.files)):
        if len(scenario.files) > 1:
            yield replace(scenario, files=relink(scenario.files[:i] + scenario.files[i + 1:]))
    for i, file in enumerate(scenario.files):
        def with_file(**changes):
            return replace(scenario, files=relink(scenario.files[:i] + [replace(file, **changes)] + scenario.files[i + 1:]))
        count = len(file.statements)
        size = count // 2
        while size >= 1:
            for at in range(0, count, size):
                yield with_file(statements=file.statements[:at] + file.statements[at + size:])
            size //= 2
        for name in ("bom", "crlf", "no_transaction"):
            if getattr(file, name):
                yield with_file(**{name: False})
        for at, one in enumerate(file.statements):
            if one.lead or one.tail != ";\n":
                yield with_file(statements=file.statements[:at] + [replace(one, lead="", tail=";\n")] + file.statements[at + 1:])
    if scenario.disturbance:
        yield replace(scenario, disturbance="")
    for one in scenario.settings:
        yield replace(scenario, settings=[other for other in scenario.settings if other != one])
    if scenario.user == "mig":
        yield replace(scenario, user="app")


def shrink(world, scenario, difference, seconds=60):
    """The smallest scenario found in that time that still differs in the same way."""
    end = time.monotonic() + seconds
    progress = True
    while progress and time.monotonic() < end:
        progress = False
        for candidate in smaller(scenario):
            if time.monotonic() > end:
                break
            try:
                _, found = check(world, candidate)
            except Exception:  # a candidate that makes no sense is none
                continue
            if found and found.category == difference.category:
                scenario, difference, progress = candidate, found, True
                break
    return scenario, difference


def script_of(scenario):
    framework = FRAMEWORKS[scenario.framework]
    head = f"seed {scenario.seed}, {scenario.framework}, as {'superuser' if scenario.user == 'app' else 'owner'}" + (f", disturbed: {scenario.disturbance}" if scenario.disturbance else "") + "".join(f", database with {one}" for one in scenario.settings)
    return "\n".join([head] + [f"--- {framework.path(file.number)}{' (BOM)' if file.bom else ''}{' (CRLF)' if file.crlf else ''}\n{framework.text(file)}" for file in scenario.files])


def kinds_in(scenario):
    return sorted({one.kind for file in scenario.files for one in file.statements})


def run_seed(world, seed, shrinking):
    scenario = make_scenario(seed)
    try:
        relation, found = check(world, scenario)
        result, judged = relation.truss.result, str(relation.judged)
    except Exception as error:
        result, judged, found = "error", "", Difference(f"the suite failed: {error!r}", traceback.format_exc().split("\n"), None, None)
    if not found:
        return {"seed": seed, "result": result, "framework": scenario.framework, "judge": judged, "truss": str(relation.truss)}
    told = {"seed": seed, "result": result, "framework": scenario.framework, "category": found.category, "difference": str(found), "script": script_of(scenario)}
    if shrinking and result != "error":
        small, difference = shrink(world, scenario, found)
        told.update(small=script_of(small), small_difference=str(difference), kinds=kinds_in(small))
    return told


def work(seeds, results, shrinking):
    world = World()
    try:
        for seed in iter(seeds.get, None):
            results.put(run_seed(world, seed, shrinking))
    finally:
        world.close()
        results.put(None)


def run_seeds(numbers, jobs=2, shrinking=True):
    """Yields what came of each seed, as it comes."""
    harness.messages()  # made once, and removed by who made them
    seeds, results = multiprocessing.Queue(), multiprocessing.Queue()
    for number in numbers:
        seeds.put(number)
    workers = [multiprocessing.Process(target=work, args=(seeds, results, shrinking)) for _ in range(jobs)]
    for worker in workers:
        seeds.put(None)
        worker.start()
    left = jobs
    try:
        while left:
            told = results.get()
            if told is None:
                left -= 1
            else:
                yield told
    finally:
        for worker in workers:
            if left:
                worker.terminate()
            worker.join()


def tell(told):
    return "\n".join([f"== seed {told['seed']}: {told['category']}", told["difference"], "", told["script"]]
                     + (["", "-- the smallest that differs so:", told["small"], told["small_difference"]] if "small" in told else []))


def numbers_of(text):
    """The seeds of "1-100,205"."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", default="1-100")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--shrink", action="store_true")
    parser.add_argument("--show", type=int, help="print the script of a seed, and do no more")
    parser.add_argument("--report", help="what differs, a JSON object a line")
    options = parser.parse_args()
    if options.show is not None:
        print(script_of(make_scenario(options.show)))
        return 0
    began, count, bad = time.monotonic(), collections.Counter(), collections.Counter()
    report = open(options.report, "w", encoding="utf-8") if options.report else None
    for told in run_seeds(numbers_of(options.seeds), options.jobs, options.shrink):
        count[told["result"]] += 1
        if report and "category" not in told:
            report.write(json.dumps(told) + "\n")
        if "category" in told:
            bad[told["category"]] += 1
            print(tell(told), flush=True)
            if report:
                report.write(json.dumps(told) + "\n")
                report.flush()
    print(f"{sum(count.values())} seeds in {time.monotonic() - began:.0f} s: {dict(count)}; {sum(bad.values())} differ")
    for category, number in bad.most_common():
        print(f"  {number:5} {category}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
