"""What infra/genesys must agree on with the rest: topics with template.yaml, permissions with the functions' calls."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from module import Module, literals, unquoted

TOPIC_PREFIX = "v2."


class _Template(yaml.SafeLoader):
    """CloudFormation, its short functions (!Ref and the like) read as their arguments."""


def _argument(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node):
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)


_Template.add_multi_constructor("!", _argument)


def of_topics(module: Module, repository: Path) -> Iterator[str]:
    """Genesys Cloud sends what some rule matches, and every rule gets what it matches."""
    template = yaml.load((repository / "template.yaml").read_text(), _Template)
    matched = {
        topic
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Events::Rule"
        for topic in resource["Properties"]["EventPattern"]["detail-type"]
        if topic.startswith(TOPIC_PREFIX)
    }
    listed = [unquoted(topic) for topic in module.locals["topics"]]
    for topic in sorted(matched - set(listed)):
        yield f"a rule of template.yaml matches {topic}, which Genesys Cloud is not told to send"
    for topic in sorted(set(listed) - matched):
        yield f"Genesys Cloud is told to send {topic}, which no rule of template.yaml matches"
    if listed != sorted(set(listed)):
        yield "topics are not in alphabetical order, each once"


def of_permissions(module: Module, repository: Path) -> Iterator[str]:
    """Each role has what its function's calls need, and nothing more. One that is not built yet has none to go by."""
    permission_of = _permissions_of_calls(repository / "functions" / "shared" / "genesys-cloud" / "src" / "api")
    for function, granted in module.locals["permissions"].items():
        source = repository / "functions" / unquoted(function) / "src"
        for permission in literals(granted):
            if not re.fullmatch(r"\w+:\w+:\w+", permission):
                yield f"{function}: {permission} is no domain:entity:action"
        if not source.is_dir():
            continue
        code = [file.read_text() for file in sorted(source.rglob("*.rs"))]
        # Whatever a function calls the client: only its code that knows the client can call one of its methods.
        callers = "\n".join(text for text in code if "genesys_cloud::api" in text or "self.genesys_cloud" in text)
        calls = set(re.findall(r"\.\s*(\w+)\(", callers)) & permission_of.keys()
        needed = {permission_of[call] for call in calls}
        for call in sorted(call for call in calls if permission_of[call] not in literals(granted)):
            yield f"{function} calls {call}, and its role has no {permission_of[call]}"
        for permission in sorted(literals(granted) - needed):
            yield f"{function} has {permission}, which none of its calls needs"


def _permissions_of_calls(api: Path) -> dict[str, str]:
    """The permission that each method of the client needs, by the operation that its code names."""
    declaration = r'const (\w+): Operation =\s*Operation \{[^}]*permission: "([^"]+)"'
    operations = dict(re.findall(declaration, (api / "operation.rs").read_text()))
    permissions = {}
    for file in sorted(api.glob("*.rs")):
        methods = re.split(r"pub async fn (\w+)", file.read_text())
        for method, body in zip(methods[1::2], methods[2::2], strict=True):
            named = [operations[name] for name in re.findall(r"\b[A-Z_]+\b", body) if name in operations]
            # One that names none calls another one of the same file.
            inner = [permissions[other] for other in re.findall(r"self\s*\.(\w+)\(", body) if other in permissions]
            if named or inner:
                permissions[method] = (named + inner)[0]
    return permissions
