"""The Terraform module as a whole, whatever file a block is in."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import hcl2

META_ARGUMENTS = {"for_each", "count", "depends_on", "lifecycle", "provider"}


def unquoted(text: object) -> str:
    """The text of a literal string; an expression as it is."""
    text = str(text)
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text


def arguments(block: dict) -> dict:
    """The arguments and blocks of a block, without what the parser adds."""
    return {unquoted(name): value for name, value in block.items() if not name.startswith("__")}


def literals(value: object) -> set[str]:
    """Every string literal in a value, inside expressions too."""
    if isinstance(value, dict):
        return set().union(*(literals(inner) for inner in arguments(value).values()), set())
    if isinstance(value, list):
        return set().union(*(literals(inner) for inner in value), set())
    text = str(value)
    return set(re.findall(r'"([^"]*)"', text))


@dataclass
class Module:
    """Blocks by their labels."""

    folder: Path
    terraform: dict = field(default_factory=dict)
    variables: dict[str, dict] = field(default_factory=dict)
    outputs: dict[str, dict] = field(default_factory=dict)
    locals: dict[str, object] = field(default_factory=dict)
    resources: dict[tuple[str, str, str], dict] = field(default_factory=dict)
    text: str = ""

    @classmethod
    def read(cls, folder: Path) -> "Module":
        """Reads every .tf file. A syntax error is an exception that names the file."""
        module = cls(folder)
        for file in sorted(folder.glob("*.tf")):
            source = file.read_text()
            module.text += re.sub(r"(?m)^\s*#.*$", "", source)
            try:
                blocks = hcl2.loads(source)
            except Exception as error:
                raise ValueError(f"{file.name}: {error}") from error
            module._add(blocks)
        return module

    def _add(self, blocks: dict) -> None:
        for block in blocks.get("terraform", []):
            self.terraform |= arguments(block)
        for block in blocks.get("locals", []):
            self.locals |= arguments(block)
        for kind, into in (("variable", self.variables), ("output", self.outputs)):
            for block in blocks.get(kind, []):
                into |= {name: arguments(body) for name, body in arguments(block).items()}
        for kind in ("resource", "data"):
            for block in blocks.get(kind, []):
                for type_name, bodies in arguments(block).items():
                    for name, body in arguments(bodies).items():
                        self.resources[kind, type_name, name] = arguments(body)

    def required_variables(self) -> set[str]:
        return {name for name, variable in self.variables.items() if "default" not in variable}
