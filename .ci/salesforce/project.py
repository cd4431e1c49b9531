"""The SFDX project as it is: objects with their fields, and whatever names them."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from wsdl import METADATA


class Node:
    """A metadata element whose children are read by name."""

    def __init__(self, element: ElementTree.Element):
        self._element = element

    @classmethod
    def read(cls, file: Path) -> "Node":
        return cls(ElementTree.parse(file).getroot())

    def text(self, name: str, default: str = "") -> str:
        return (self._element.findtext(METADATA + name) or default).strip()

    def flag(self, name: str) -> bool:
        return self.text(name) == "true"

    def texts(self, name: str) -> list[str]:
        return [(child.text or "").strip() for child in self._element.findall(METADATA + name)]

    def nodes(self, name: str) -> list["Node"]:
        return [Node(child) for child in self._element.findall(METADATA + name)]

    def all(self, name: str) -> list["Node"]:
        return [Node(descendant) for descendant in self._element.iter(METADATA + name)]


@dataclass
class CustomObject:
    """A custom object, its fields and rules by name, and the layouts that show it."""

    definition: Node
    fields: dict[str, Node]
    rules: dict[str, Node]
    views: dict[str, Node]
    layouts: dict[str, Node] = field(default_factory=dict)

    @property
    def required(self) -> set[str]:
        return {name for name, definition in self.fields.items() if definition.flag("required")}

    @property
    def formulas(self) -> set[str]:
        return {name for name, definition in self.fields.items() if definition.text("formula")}


class Project:
    """Everything in the project's package directory. Files are read by what their names say they are."""

    def __init__(self, source: Path):
        self.source = source
        self.objects = {folder.name: self._object(folder) for folder in sorted((source / "objects").iterdir())}
        for name, layout in self._read("layouts", "layout").items():
            self.objects[name.split("-")[0]].layouts[name] = layout
        self.tabs = self._read("tabs", "tab")
        self.permission_sets = self._read("permissionsets", "permissionset")
        self.report_types = self._read("reportTypes", "reportType")
        self.report_folders = self._read("reports", "reportFolder")
        self.reports = self._read("reports", "report")

    def _object(self, folder: Path) -> CustomObject:
        relative = folder.relative_to(self.source)
        return CustomObject(
            definition=Node.read(folder / f"{folder.name}.object-meta.xml"),
            fields=self._read(relative / "fields", "field"),
            rules=self._read(relative / "validationRules", "validationRule"),
            views=self._read(relative / "listViews", "listView"),
        )

    def _read(self, folder: str | Path, suffix: str) -> dict[str, Node]:
        ending = f".{suffix}-meta.xml"
        root = self.source / folder
        files = sorted(root.rglob(f"*{ending}"))
        return {file.relative_to(root).as_posix().removesuffix(ending): Node.read(file) for file in files}


def names_in_formula(formula: str) -> set[str]:
    """The custom fields that a formula of an object names; of a look-up such as Agent__r.FirstName, the look-up."""
    without_strings = re.sub(r'"[^"]*"', '""', formula)
    names = re.findall(r"(?<![.\w])([A-Za-z]\w*?__[cr])\b", without_strings)
    return {re.sub(r"__r$", "__c", name) for name in names}
