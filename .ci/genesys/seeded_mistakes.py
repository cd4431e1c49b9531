"""Shows that check.py finds what it is there for: a mistake at a time in a copy, and what must be said of it."""

import shutil
import sys
import tempfile
from pathlib import Path

from check import findings

MODULE = "infra/genesys"
WHAT_IS_READ = [MODULE, "template.yaml", "functions/ghost-disconnector/src", "functions/shared/genesys-cloud/src/api"]

# What happens to which file, and the finding that must come of it.
MISTAKES = [
    (
        "a topic that Genesys Cloud is not told of",
        f"{MODULE}/integration.tf",
        ('    "v2.detail.events.conversation.{id}.acw",\n', ""),
        "acw, which Genesys Cloud is not told to send",
    ),
    (
        "a topic that no rule matches",
        f"{MODULE}/integration.tf",
        ("{id}.acw", "{id}.wrapup"),
        "wrapup, which no rule of template.yaml matches",
    ),
    (
        "a rule that matches something else",
        "template.yaml",
        ("{id}.voicemail.end", "{id}.flow.outcome"),
        "flow.outcome, which Genesys Cloud is not told to send",
    ),
    (
        "a permission that is missing",
        f"{MODULE}/permissions.tf",
        ('        "analytics:conversationDetail:view", # finds what no event announced\n', ""),
        "has no analytics:conversationDetail:view",
    ),
    (
        "a permission too many",
        f"{MODULE}/permissions.tf",
        (
            '"conversation:communication:view",   # looks',
            '"conversation:communication:view", "conversation:message:create", # looks',
        ),
        "which none of its calls needs",
    ),
    (
        "a call that needs another permission",
        "functions/shared/genesys-cloud/src/api/operation.rs",
        ("conversation:communication:view", "conversation:conversation:view"),
        "has no conversation:conversation:view",
    ),
    (
        "an argument that the provider does not have",
        f"{MODULE}/oauth_clients.tf",
        ("authorized_grant_type        ", "authorised_grant_type        "),
        "authorised_grant_type is no argument",
    ),
    (
        "a block that the provider does not have",
        f"{MODULE}/roles.tf",
        ('dynamic "permission_policies"', 'dynamic "permission_policy"'),
        "permission_policy is no block",
    ),
    (
        "a secret in the state",
        f"{MODULE}/oauth_clients.tf",
        ("expose_client_secret          = false", "expose_client_secret          = true"),
        "would be in the state",
    ),
    ("another version of the provider", f"{MODULE}/versions.tf", ("1.84.1", "1.80.0"), "provider_schema.json is of"),
    (
        "a variable that is not there",
        f"{MODULE}/outputs.tf",
        ("var.event_source_suffix", "var.suffix"),
        "var.suffix is no variable",
    ),
    (
        "an attribute that is not exported",
        f"{MODULE}/outputs.tf",
        ("data.genesyscloud_organizations_me.this.id", "data.genesyscloud_organizations_me.this.number"),
        "number is not among what the provider exports",
    ),
    (
        "a variable without an example",
        f"{MODULE}/terraform.tfvars.example",
        ('aws_region     = "eu-west-1"\n', ""),
        "aws_region is missing",
    ),
    (
        "a line that is not formatted",
        f"{MODULE}/integration.tf",
        ('  integration_type = "', '  integration_type= "'),
        "not formatted",
    ),
    ("broken syntax", f"{MODULE}/roles.tf", ("for_each = local.policies", "for_each = "), "roles.tf: "),
    (
        "a flow that greets before it asks",
        f"{MODULE}/flows/inbound-message-resume.yaml",
        ("- getParticipantData:", "- sendResponse:"),
        "must read context.resume",
    ),
]


def missed(repository: Path, hclfmt: Path, mistake: tuple) -> str | None:
    """Makes the mistake; says so if it is not found."""
    what, file, (right, wrong), expected = mistake
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for path in WHAT_IS_READ:
            source, target = repository / path, copy / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        text = (copy / file).read_text()
        if right not in text:
            return f"{what}: {file} has no {right!r} to spoil"
        (copy / file).write_text(text.replace(right, wrong))
        found = findings(copy, hclfmt)
    return None if any(expected in finding for finding in found) else f"{what}: expected {expected!r}, found {found}"


def main() -> None:
    repository, hclfmt = (Path(argument).resolve() for argument in sys.argv[1:3])
    failures = [failure for mistake in MISTAKES if (failure := missed(repository, hclfmt, mistake))]
    for failure in failures:
        print(f"the check of infra/genesys misses {failure}", file=sys.stderr)
    if failures:
        sys.exit(1)
    print(f"infra/genesys: {len(MISTAKES)} seeded mistakes, each found")


if __name__ == "__main__":
    main()
