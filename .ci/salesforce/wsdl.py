"""Holds metadata files to the Metadata API's own schema: its WSDL, which simple-salesforce ships."""

from pathlib import Path
from xml.etree import ElementTree

XSD = "{http://www.w3.org/2001/XMLSchema}"
METADATA = "{http://soap.sforce.com/2006/04/metadata}"
# Elements of file-based types that are named by the file itself.
NAMED_BY_FILE = {"fullName"}


class Schema:
    """The types of the Metadata API, by name."""

    def __init__(self, wsdl: Path):
        root = ElementTree.parse(wsdl).getroot()
        schema = next(s for s in root.iter(f"{XSD}schema") if s.get("targetNamespace") == METADATA.strip("{}"))
        self._complex = {t.get("name"): t for t in schema.iter(f"{XSD}complexType") if t.get("name")}
        self._values = {
            t.get("name"): {value.get("value") for value in t.iter(f"{XSD}enumeration")}
            for t in schema.iter(f"{XSD}simpleType")
            if t.get("name")
        }

    def findings(self, file: Path, name: str) -> list[str]:
        """What is wrong with a metadata file; `name` is how findings name it."""
        try:
            root = ElementTree.parse(file).getroot()
        except ElementTree.ParseError as error:
            return [f"{name}: no XML: {error}"]
        type_name = root.tag.removeprefix(METADATA)
        if type_name not in self._complex:
            return [f"{name}: {root.tag} is no type of the Metadata API"]
        return [f"{name}: {finding}" for finding in self._of_element(root, type_name, type_name)]

    def _elements(self, type_name: str) -> dict[str, ElementTree.Element]:
        """The elements of a type, inherited ones included."""
        definition = self._complex[type_name]
        elements = {}
        extension = definition.find(f".//{XSD}extension")
        if extension is not None:
            elements.update(self._elements(extension.get("base").split(":")[1]))
        elements.update({element.get("name"): element for element in definition.iter(f"{XSD}element")})
        return elements

    def _of_element(self, element: ElementTree.Element, type_name: str, path: str):
        known = self._elements(type_name)
        seen = {}
        for child in element:
            child_name = child.tag.removeprefix(METADATA)
            child_path = f"{path}.{child_name}"
            if child_name not in known:
                yield f"{child_path} is unknown to {type_name}"
                continue
            seen[child_name] = seen.get(child_name, 0) + 1
            yield from self._of_value(child, known[child_name].get("type"), child_path)
        for child_name, definition in known.items():
            if definition.get("minOccurs", "1") != "0" and child_name not in seen | dict.fromkeys(NAMED_BY_FILE):
                yield f"{path}.{child_name} is missing"
            if definition.get("maxOccurs", "1") == "1" and seen.get(child_name, 0) > 1:
                yield f"{path}.{child_name} is there {seen[child_name]} times"

    def _of_value(self, element: ElementTree.Element, qualified_type: str, path: str):
        prefix, type_name = qualified_type.split(":")
        text = (element.text or "").strip()
        if type_name in self._complex and prefix != "xsd":
            yield from self._of_element(element, type_name, path)
        elif prefix != "xsd":
            if text not in self._values[type_name]:
                yield f"{path} is {text!r}, which is no {type_name}"
        elif type_name == "boolean" and text not in ("true", "false"):
            yield f"{path} is {text!r}, which is no boolean"
        elif type_name == "int" and not text.removeprefix("-").isdecimal():
            yield f"{path} is {text!r}, which is no whole number"
        elif len(element):
            yield f"{path} is text, and has elements"
