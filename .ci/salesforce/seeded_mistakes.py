"""Shows that check.py finds what it is there for: a mistake at a time in a copy, and what must be said of it."""

import shutil
import sys
import tempfile
from pathlib import Path

from check import findings_in_conversion, findings_in_files
from wsdl import Schema

SOURCE = "force-app/main/default"
SESSION = f"{SOURCE}/objects/Agent_Work_Session__c"
WRITER = f"{SOURCE}/permissionsets/Interruption_Timing_Writer.permissionset-meta.xml"
REPORT = f"{SOURCE}/reports/Interruption_Timing/Handle_Time_by_Agent.report-meta.xml"
LAYOUT = f"{SOURCE}/layouts/Agent_Work_Session__c-Agent Work Session Layout.layout-meta.xml"

# What happens to which file, and the finding that must come of it. None removes the file, a name renames it.
MISTAKES = [
    (
        "a field removed",
        f"{SESSION}/fields/Net_Handle_Ms__c.field-meta.xml",
        None,
        "names Agent_Work_Session__c.Net_Handle_Ms__c, which is no field",
    ),
    (
        "a field of a report removed",
        f"{SESSION}/fields/Interruption_Count__c.field-meta.xml",
        None,
        "report type Agent_Work_Sessions names Interruption_Count__c",
    ),
    (
        "a report type removed",
        f"{SOURCE}/reportTypes/Agent_Work_Sessions.reportType-meta.xml",
        None,
        "is no report type",
    ),
    (
        "a report folder removed",
        f"{SOURCE}/reports/Interruption_Timing.reportFolder-meta.xml",
        None,
        "has no reportFolder-meta.xml",
    ),
    (
        "an element that the API does not know",
        f"{SESSION}/fields/Status__c.field-meta.xml",
        ("label>", "lable>"),
        "CustomField.lable is unknown",
    ),
    (
        "a value that the API does not know",
        f"{SESSION}/fields/Revision__c.field-meta.xml",
        (">Number<", ">Integer<"),
        "which is no FieldType",
    ),
    ("broken XML", f"{SESSION}/fields/Revision__c.field-meta.xml", ("</CustomField>", ""), "no XML"),
    (
        "a key that is not unique",
        f"{SESSION}/fields/External_Key__c.field-meta.xml",
        ("<unique>true", "<unique>false"),
        "must be unique",
    ),
    (
        "a permission on a field that is not there",
        WRITER,
        (".Revision__c<", ".Revison__c<"),
        "names Agent_Work_Session__c.Revison__c",
    ),
    (
        "a reader who writes",
        WRITER.replace("Writer", "Reader"),
        ("<editable>false", "<editable>true"),
        "Interruption_Timing_Reader can write",
    ),
    (
        "a writer who deletes",
        WRITER,
        ("<allowDelete>false", "<allowDelete>true"),
        "lets Agent_Work_Session__c be deleted",
    ),
    (
        "a report without what its summary needs",
        REPORT,
        ("<aggregateTypes>Sum", "<aggregateTypes>Maximum"),
        "which the report does not show",
    ),
    (
        "a report on a column that is not offered",
        REPORT,
        ("$Ended_At__c", "$Finished_At__c"),
        "which its report type does not offer",
    ),
    ("the revision off the layout", LAYOUT, (">Revision__c<", ">CreatedDate<"), "shows Revision__c"),
    (
        "work sessions that everybody sees",
        f"{SESSION}/Agent_Work_Session__c.object-meta.xml",
        ("<sharingModel>Private", "<sharingModel>ReadWrite"),
        "sharingModel must be Private",
    ),
    ("a setting that projects do not have", "sfdx-project.json", ('"path"', '"pfad"'), "conversion: "),
    (
        "a file where it does not belong",
        f"{SOURCE}/tabs/Agent_Work_Session__c.tab-meta.xml",
        "tabs/Agent_Work_Session__c.taab-meta.xml",
        "has no tab",
    ),
]


def missed(project: Path, schema: Schema, modules: Path, mistake) -> str | None:
    """Makes the mistake; says so if it is not found."""
    what, file, replacement, expected = mistake
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(project, Path(folder) / "project"))
        spoilt = copy / file
        if replacement is None:
            spoilt.unlink()
        elif isinstance(replacement, str):
            spoilt.rename(copy / SOURCE / replacement)
        else:
            text = spoilt.read_text()
            if replacement[0] not in text:
                return f"{what}: {file} has no {replacement[0]!r} to spoil"
            spoilt.write_text(text.replace(*replacement))
        # The conversion takes a while: only where nothing else would find it.
        found = findings_in_files(copy, schema) or findings_in_conversion(copy, schema, modules)
    if any(expected in finding for finding in found):
        return None
    return f"{what}: expected {expected!r}, found {found}"


def main() -> None:
    project, wsdl, modules = (Path(argument) for argument in sys.argv[1:4])
    schema = Schema(wsdl)
    failures = [failure for mistake in MISTAKES if (failure := missed(project, schema, modules, mistake))]
    for failure in failures:
        print(f"the check of infra/salesforce misses {failure}", file=sys.stderr)
    if failures:
        sys.exit(1)
    print(f"infra/salesforce: {len(MISTAKES)} seeded mistakes, each found")


if __name__ == "__main__":
    main()
