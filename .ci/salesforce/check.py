"""Checks infra/salesforce without an org. Usage: check.py PROJECT WSDL NODE_MODULES_FOLDER"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import references
from project import Project
from wsdl import Schema

CONVERT = Path(__file__).with_name("convert.mjs")
CONVERSION_TIME_LIMIT_S = 120


def converted(project: Path, modules: Path, output: Path) -> tuple[list[dict], list[str]]:
    """The components that Salesforce's tools find, and what they object to. Leaves the metadata format in `output`."""
    command = ["node", CONVERT, modules, project, output]
    run = subprocess.run(command, capture_output=True, text=True, timeout=CONVERSION_TIME_LIMIT_S, check=False)
    if run.returncode != 0:
        return [], [f"conversion: {line}" for line in run.stderr.strip().splitlines()]
    return json.loads(run.stdout), []


def findings_in_files(project: Path, schema: Schema) -> list[str]:
    """What can be seen in the files alone."""
    files = sorted(project.rglob("*-meta.xml"))
    found = [finding for file in files for finding in schema.findings(file, file.name)]
    # Cross references are read from these files.
    return found or list(references.findings(Project(project / "force-app" / "main" / "default")))


def findings_in_conversion(project: Path, schema: Schema, modules: Path) -> list[str]:
    """What Salesforce's own tools say, and what is wrong with what would be deployed."""
    with tempfile.TemporaryDirectory() as output:
        components, found = converted(project, modules, Path(output))
        if found:
            return found
        recognised = {component["file"] for component in components}
        files = (file.relative_to(project).as_posix() for file in sorted(project.rglob("*-meta.xml")))
        found = [f"{file}: not recognised as metadata" for file in files if file not in recognised]
        for file in sorted(Path(output).rglob("*.*")):
            # Objects are one file here, with their fields and rules.
            if file.is_file() and file.name != "package.xml":
                found += schema.findings(file, f"converted {file.name}")
    return found


def main() -> None:
    project, wsdl, modules = (Path(argument) for argument in sys.argv[1:4])
    schema = Schema(wsdl)
    found = findings_in_files(project, schema) + findings_in_conversion(project, schema, modules)
    for finding in found:
        print(f"infra/salesforce: {finding}", file=sys.stderr)
    if found:
        sys.exit(1)
    print(f"infra/salesforce: {len(list(project.rglob('*-meta.xml')))} metadata files, no finding")


if __name__ == "__main__":
    main()
