"""template.yaml as plain data, with intrinsic functions in their long form."""

import pathlib

import yaml


class Loader(yaml.SafeLoader):
    """Understands `!Ref` and its like."""


def intrinsic(loader, tag, node):
    if isinstance(node, yaml.ScalarNode):
        argument = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        argument = loader.construct_sequence(node, deep=True)
    else:
        argument = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(argument, str):
        argument = argument.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": argument}


Loader.add_multi_constructor("!", intrinsic)


def load():
    return yaml.load(pathlib.Path("template.yaml").read_text(), Loader)


def resources(template, kind):
    """Those of a type, by logical id."""
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] == kind}


def functions(template):
    """The binaries that functions are built from, by logical id."""
    found = resources(template, "AWS::Serverless::Function")
    return {name: resource["Metadata"]["BuildProperties"]["Binary"] for name, resource in found.items()}
