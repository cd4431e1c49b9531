"""Checks infra/genesys without an organisation. Usage: check.py REPOSITORY HCLFMT"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import hcl2
import yaml

import agreement
from module import META_ARGUMENTS, Module, arguments, unquoted

SCHEMA = json.loads(Path(__file__).with_name("provider_schema.json").read_text())
FORMATTER_TIME_LIMIT_S = 30


def of_format(folder: Path, hclfmt: Path) -> Iterator[str]:
    """HashiCorp's own formatter, the one in `terraform fmt`."""
    for file in [*sorted(folder.glob("*.tf")), *sorted(folder.glob("*.tfvars.example"))]:
        run = subprocess.run(
            [hclfmt, file], capture_output=True, text=True, timeout=FORMATTER_TIME_LIMIT_S, check=False
        )
        if run.returncode != 0:
            yield f"{file.name}: {run.stderr.strip().splitlines()[0]}"
        elif run.stdout != file.read_text():
            yield f"{file.name}: not formatted as terraform fmt does"


def of_provider(module: Module) -> Iterator[str]:
    """Pinned, and every argument one that it documents."""
    required = arguments(module.terraform.get("required_providers", [{}])[0])
    provider = {name: unquoted(value) for name, value in required.get("genesyscloud", {}).items()}
    if provider != {"source": SCHEMA["source"], "version": SCHEMA["version"]}:
        yield f"the provider is {provider}, and provider_schema.json is of {SCHEMA['source']} {SCHEMA['version']}"
    for (kind, type_name, name), body in module.resources.items():
        schema = SCHEMA[kind].get(type_name)
        if schema is None:
            yield f"{type_name}.{name}: provider_schema.json has no such {kind}"
        else:
            yield from _of_body(f"{type_name}.{name}", body, schema)


def _of_body(where: str, body: dict, schema: dict) -> Iterator[str]:
    blocks = {name: value for name, value in body.items() if name in schema["blocks"]}
    for dynamic in body.get("dynamic", []):
        for name, dynamic_body in arguments(dynamic).items():
            blocks[name] = arguments(dynamic_body).get("content", [])
    given = set(body) - set(blocks) - META_ARGUMENTS - {"dynamic"}
    for unknown in sorted(given - set(schema["required"]) - set(schema["optional"])):
        yield f"{where}: {unknown} is no argument of it"
    for missing in sorted(set(schema["required"]) - given):
        yield f"{where}: {missing} is missing"
    for name, bodies in blocks.items():
        if name not in schema["blocks"]:
            yield f"{where}: {name} is no block of it"
            continue
        for inner in bodies:
            yield from _of_body(f"{where}.{name}", arguments(inner), schema["blocks"][name])


def of_names(module: Module) -> Iterator[str]:
    """What expressions name is there, and what is there is named; everything that a person reads is described."""
    for name in sorted(set(re.findall(r"\bvar\.(\w+)", module.text)) ^ set(module.variables)):
        yield f"var.{name} is " + ("used nowhere" if name in module.variables else "no variable")
    for name in sorted(set(re.findall(r"\blocal\.(\w+)", module.text)) ^ set(module.locals)):
        yield f"local.{name} is " + ("used nowhere" if name in module.locals else "not defined")
    reference = r"(data\.)?\b(genesyscloud_\w+)\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?"
    for data, type_name, name, attribute in re.findall(reference, module.text):
        kind = "data" if data else "resource"
        if (kind, type_name, name) not in module.resources:
            yield f"{type_name}.{name} is not there"
        elif attribute and attribute not in SCHEMA[kind][type_name]["exported"]:
            yield f"{type_name}.{name}.{attribute} is not among what the provider exports"
    for name, output in module.outputs.items():
        if "description" not in output:
            yield f"output {name}: has no description"
    for name, variable in module.variables.items():
        for part in ("description", "type"):
            if part not in variable:
                yield f"variable {name}: has no {part}"
        if variable.get("type") not in ("${bool}", "bool") and "validation" not in variable:
            yield f"variable {name}: takes any value"


def of_secrets(module: Module) -> Iterator[str]:
    """No secret in the state."""
    for (_, type_name, name), body in module.resources.items():
        if type_name == "genesyscloud_oauth_client" and body.get("expose_client_secret") is not False:
            yield f"{type_name}.{name}: expose_client_secret must be false: the secret would be in the state"


def of_example(module: Module) -> Iterator[str]:
    """The example values are of variables, and of all that have no default."""
    example = set(arguments(hcl2.loads((module.folder / "terraform.tfvars.example").read_text())))
    for name in sorted(example - set(module.variables)):
        yield f"terraform.tfvars.example: {name} is no variable"
    for name in sorted(module.required_variables() - example):
        yield f"terraform.tfvars.example: {name} is missing"


def of_flow(file: Path) -> Iterator[str]:
    """The example flow asks for `resume` before it puts anybody into a queue."""
    flow = yaml.safe_load(file.read_text())["inboundShortMessage"]
    actions = [name for state in flow["states"] for action in state["state"]["actions"] for name in action]
    if actions[:2] != ["getParticipantData", "switch"] or "context.resume" not in file.read_text():
        yield f"{file.name}: must read context.resume and branch on it first, and begins with {actions[:2]}"


def findings(repository: Path, hclfmt: Path) -> list[str]:
    """Everything that is wrong with the module."""
    folder = repository / "infra" / "genesys"
    try:
        module = Module.read(folder)
    except ValueError as error:
        return [str(error)]
    return [
        *of_format(folder, hclfmt),
        *of_provider(module),
        *of_names(module),
        *of_secrets(module),
        *of_example(module),
        *of_flow(folder / "flows" / "inbound-message-resume.yaml"),
        *agreement.of_topics(module, repository),
        *agreement.of_permissions(module, repository),
    ]


def main() -> None:
    repository, hclfmt = (Path(argument).resolve() for argument in sys.argv[1:3])
    found = findings(repository, hclfmt)
    for finding in found:
        print(f"infra/genesys: {finding}", file=sys.stderr)
    if found:
        sys.exit(1)
    module = Module.read(repository / "infra" / "genesys")
    topics = len(module.locals["topics"])
    print(f"infra/genesys: {len(module.resources)} resources, {topics} topics as in template.yaml, no finding")


if __name__ == "__main__":
    main()
