"""Puts what run.sh has gathered into one JSON file and one table. Needs nothing but Python."""
import argparse
import json
import re
import sys
from pathlib import Path


def counts_of(text):
    """Totals of a test run, from its last summary."""
    found = {}
    for key in ("total", "failed", "succeeded", "skipped"):
        numbers = re.findall(rf"^\s*{key}: (\d+)\s*$", text, re.MULTILINE)
        if numbers:
            found[key] = int(numbers[-1])
    return found


def number(value, digits):
    return "–" if value is None else f"{value:.{digits}f}"


def table(results):
    lines = ["| workload | ours, ms (p95) | eager | compiled | eager ÷ ours | compiled ÷ ours | error ours | error eager | launches | kernels compiled, s |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for result in results:
        if "error" in result and isinstance(result["error"], str):
            lines.append(f"| {result['workload']} | {result['error'].replace('|', '/')} | | | | | | | | |")
            continue
        # Without a peer the times stand beside the workload itself.
        times = result.get("milliseconds", {"ours": {"median": result.get("median"), "p95": result.get("p95")}})
        ratios, errors, facts = result.get("ratios", {}), result.get("error", {}), result["facts"]

        def median(side):
            return number(times.get(side, {}).get("median"), 3)

        def error(side):
            return "–" if errors.get(side) is None else f"{errors[side]:.1e}"

        lines.append(
            f"| {result['workload']} | {median('ours')} ({number(times['ours'].get('p95'), 3)}) | {median('eager')} | {median('compile')} "
            f"| {number(ratios.get('eager'), 2)} | {number(ratios.get('compile'), 2)} | {error('ours')} | {error('eager')} "
            f"| {facts['launches']} | {number(facts['compileSeconds'], 1)} |")
    return lines


def kernels(results):
    """The slowest to compile, and those whose registers spill."""
    seen = {kernel["name"]: kernel for result in results if "facts" in result for kernel in result["facts"]["kernels"]}
    lines = ["| kernel | compiled, s | registers | spilled, bytes |", "|---|---|---|---|"]
    for kernel in sorted(seen.values(), key=lambda k: (-(k["spilled"] > 0), -k["seconds"])):
        seconds = "cached" if kernel["cached"] else f"{kernel['seconds']:.2f}"
        lines.append(f"| {kernel['name']} | {seconds} | {kernel['registers']} | {kernel['spilled']} |")
    return lines if seen else []


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("doctor", "tests", "times", "commit", "json", "markdown"):
        parser.add_argument("--" + name, required=True, type=Path)
    options = parser.parse_args()
    doctor = json.loads(options.doctor.read_text())
    times = json.loads(options.times.read_text()) if options.times.stat().st_size else {"results": []}
    commit = options.commit.read_text().strip() if options.commit.exists() else "unknown"
    tests = counts_of(options.tests.read_text(errors="replace"))
    document = {"commit": commit, "doctor": doctor, "tests": tests, "times": times}
    options.json.write_text(json.dumps(document, indent=2))
    versions = ", ".join(f"{library['name']} {library['version']}" for library in doctor["libraries"])
    devices = "; ".join(f"{device['name']} (sm_{device['capability'].replace('.', '')})" for device in doctor["devices"])
    peer = f", PyTorch {times['torch']} (CUDA {times['cuda']})" if "torch" in times else ", no PyTorch"
    results = times.get("results", [])
    lines = [f"# {devices}", "", f"{versions}{peer}; commit {commit}.", "",
             "Tests on the device: " + (", ".join(f"{value} {key}" for key, value in tests.items()) or "none ran") + ".", "",
             "Medians of runs by the device's clock, both sides in turns; errors are the largest against float64, over the largest value.", "",
             *table(results), "", *kernels(results), ""]
    options.markdown.write_text("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
