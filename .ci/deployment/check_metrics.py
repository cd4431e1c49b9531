"""Every metric of ours that an alarm or the dashboard names must be one that the function writes, with those very dimensions."""

import json
import pathlib
import re
import sys
import tomllib

import template

NAMESPACE = "GenesysEventProcessor"
# A macro of `metrics` with the metric's name, and its labels up to the closing bracket. Names in a table come as `("Name", report.…)`.
MACRO = re.compile(r'metrics::(?:counter|gauge|histogram)!\(\s*(?:if \w+ \{ )?"(\w+)"(?: \} else \{ "(\w+)" \})?([^)]*)\)')
TABLE = re.compile(r'\("(\w+)", report\.\w+\)')


def crates_of(function):
    """The crate of a function, and those of functions/shared that it depends on, however indirectly."""
    open_crates, found = [pathlib.Path("functions", function)], set()
    while open_crates:
        crate = open_crates.pop()
        if crate in found or not (crate / "Cargo.toml").is_file():
            continue
        found.add(crate)
        dependencies = tomllib.loads((crate / "Cargo.toml").read_text())["dependencies"]
        open_crates += [pathlib.Path("functions/shared", name) for name in dependencies]
    return found


def written_by(function):
    """Names of metrics and of their labels."""
    written = set()
    for crate in crates_of(function):
        for source in crate.glob("src/**/*.rs"):
            text = source.read_text()
            for first, second, labels in MACRO.findall(text):
                label_names = frozenset(re.findall(r'"(\w+)" =>', labels))
                written |= {(name, label_names) for name in (first, second) if name}
            written |= {(name, frozenset()) for name in TABLE.findall(text)}
    return written


def named_in_alarms(document):
    for name, alarm in template.resources(document, "AWS::CloudWatch::Alarm").items():
        properties = alarm["Properties"]
        metrics = [entry["MetricStat"]["Metric"] for entry in properties.get("Metrics", []) if "MetricStat" in entry]
        for metric in metrics or [properties]:
            if metric["Namespace"] == NAMESPACE:
                dimensions = {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]}
                function = dimensions.pop("function")["Ref"]
                yield name, metric["MetricName"], function, frozenset(dimensions)


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)


def named_in_dashboard(document):
    for text in texts(document["Resources"]["Dashboard"]["Properties"]["DashboardBody"]):
        for entry in re.findall(rf'\["{NAMESPACE}"[^\]]*\]', text):
            metric, *dimensions = [part for part in json.loads(entry)[1:] if isinstance(part, str)]
            pairs = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
            function = re.fullmatch(r"\$\{(\w+)\}", pairs.pop("function"))[1]
            yield "Dashboard", metric, function, frozenset(pairs)


def main():
    document = template.load()
    written = {function: written_by(binary) for function, binary in template.functions(document).items()}
    named = {*named_in_alarms(document), *named_in_dashboard(document)}
    wrong = [f"{where}: {function} writes no {metric} with the labels {sorted(labels)}"
             for where, metric, function, labels in named if (metric, labels) not in written[function]]  # fmt: skip
    if wrong or not named:
        sys.exit("\n".join(["metrics that nobody writes:", *sorted(wrong)]))
    print(f"{len(named)} uses of our metrics in alarms and the dashboard: all are written")


if __name__ == "__main__":
    main()
