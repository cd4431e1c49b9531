"""Cross references that neither the schema nor the conversion looks at: what names a field names one that is there."""

import re
from collections.abc import Iterator

from project import CustomObject, Node, Project, names_in_formula

# Fields of every object with an owner that layouts, views and report types may name beside the custom ones.
STANDARD_FIELDS = {"Name", "NAME", "OwnerId", "CreatedDate", "LastModifiedDate"}
# Fields of Case that report types may show through the look-up. All are in every edition, and none holds personal data.
CASE_FIELDS = {"CaseNumber", "Origin", "Priority", "Status"}
# The longest texts that Salesforce takes, in characters.
LENGTHS_MAX = {"label": 40, "name": 40, "inlineHelpText": 510, "description": 255, "errorMessage": 255}
OBJECT_DESCRIPTION_MAX = 1000
RELATIONSHIP_COLUMN = re.compile(r"(?P<look_up>\w+__c)\.(?P<field>\w+)")
SUMMARY_OPERAND = re.compile(r"(?P<object>\w+__c)\.(?P<field>\w+__c):(?P<aggregate>\w+)")


def findings(project: Project) -> Iterator[str]:
    """Everything that names something that is not there."""
    for name, custom_object in project.objects.items():
        yield from _of_object(name, custom_object, project)
    for name, permission_set in project.permission_sets.items():
        yield from _of_permission_set(f"permission set {name}", permission_set, project)
    yield from _of_who_may_what(project)
    for name, report_type in project.report_types.items():
        yield from _of_report_type(f"report type {name}", report_type, project)
    for name, report in project.reports.items():
        yield from _of_report(name, report, project)


def _too_long(name: str, node: Node, description_max: int = LENGTHS_MAX["description"]) -> Iterator[str]:
    for element, longest in (LENGTHS_MAX | {"description": description_max}).items():
        if len(node.text(element)) > longest:
            yield f"{name}: {element} is longer than {longest} characters"


def _of_object(name: str, custom_object: CustomObject, project: Project) -> Iterator[str]:
    definition = custom_object.definition
    yield from _too_long(name, definition, OBJECT_DESCRIPTION_MAX)
    apis = {definition.text(api) for api in ("enableBulkApi", "enableSharing", "enableStreamingApi")}
    if len(apis) != 1:
        yield f"{name}: enableBulkApi, enableSharing and enableStreamingApi must be all true or all false"
    if definition.text("sharingModel") != "Private":
        yield f"{name}: how long agents took is not for everybody: sharingModel must be Private"
    if name not in project.tabs:
        yield f"{name}: has no tab"
    if not custom_object.layouts:
        yield f"{name}: has no layout"
    for search_layouts in definition.nodes("searchLayouts"):
        for column in search_layouts.texts("searchResultsAdditionalFields"):
            yield from _unknown(f"{name}: search layout", column, custom_object)
    for field_name, field in custom_object.fields.items():
        yield from _of_field(f"{name}.{field_name}", field, custom_object)
    for view_name, view in custom_object.views.items():
        columns = view.texts("columns") + [f.text("field") for f in view.nodes("filters")]
        for column in columns:
            yield from _unknown(f"{name}: list view {view_name}", column, custom_object)
    for layout_name, layout in custom_object.layouts.items():
        yield from _of_layout(f"layout {layout_name}", layout, custom_object)
    for rule_name, rule in custom_object.rules.items():
        yield from _of_rule(f"{name}: rule {rule_name}", rule, custom_object)


def _unknown(where: str, field: str, custom_object: CustomObject) -> Iterator[str]:
    if field not in custom_object.fields and field not in STANDARD_FIELDS:
        yield f"{where} names {field}, which is no field"


def _of_field(name: str, field: Node, custom_object: CustomObject) -> Iterator[str]:
    yield from _too_long(name, field, OBJECT_DESCRIPTION_MAX)
    if field.text("fullName") != name.split(".")[1]:
        yield f"{name}: its file is named otherwise than its fullName, {field.text('fullName')}"
    if not field.text("description"):
        yield f"{name}: has no description"
    for other in names_in_formula(field.text("formula")):
        yield from _unknown(f"{name}: its formula", other, custom_object)
    if field.text("type") == "Lookup" and field.text("deleteConstraint") != "SetNull":
        yield f"{name}: only with deleteConstraint SetNull does a write not lock the record that it points at"
    if field.flag("externalId") and not all(field.flag(flag) for flag in ("unique", "required", "caseSensitive")):
        yield f"{name}: an external id that rows are upserted by must be unique, required and caseSensitive"


def _of_layout(name: str, layout: Node, custom_object: CustomObject) -> Iterator[str]:
    items = [item.text("field") for item in layout.all("layoutItems")]
    for item in items:
        yield from _unknown(name, item, custom_object)
    for missing in sorted(custom_object.fields.keys() - set(items) - custom_object.formulas):
        yield f"{name} does not show {missing}"
    for twice in sorted({item for item in items if items.count(item) > 1}):
        yield f"{name} shows {twice} more than once"


def _of_rule(name: str, rule: Node, custom_object: CustomObject) -> Iterator[str]:
    yield from _too_long(name, rule)
    for field in names_in_formula(rule.text("errorConditionFormula")):
        yield from _unknown(name, field, custom_object)
    shown_at = rule.text("errorDisplayField")
    if shown_at not in custom_object.fields:
        yield f"{name}: shows its error at {shown_at or 'the top of the page'}: the processor needs the field's name"
    for layout_name, layout in custom_object.layouts.items():
        if shown_at not in (item.text("field") for item in layout.all("layoutItems")):
            yield f"{name}: its error names no field unless layout {layout_name} shows {shown_at}"


def _of_permission_set(name: str, permission_set: Node, project: Project) -> Iterator[str]:
    yield from _too_long(name, permission_set)
    for tab in permission_set.nodes("tabSettings"):
        if tab.text("tab") not in project.tabs:
            yield f"{name} names the tab {tab.text('tab')}, which is not there"
    for permission in permission_set.nodes("objectPermissions"):
        object_name = permission.text("object")
        if object_name != "Case" and object_name not in project.objects:
            yield f"{name} names {object_name}, which is no object"
        if permission.flag("allowDelete") or permission.flag("modifyAllRecords"):
            yield f"{name} lets {object_name} be deleted"
        if object_name == "Case" and (permission.flag("allowCreate") or permission.flag("allowEdit")):
            yield f"{name} lets Cases be written"
    for permission in permission_set.nodes("fieldPermissions"):
        object_name, _, field_name = permission.text("field").partition(".")
        custom_object = project.objects.get(object_name)
        if custom_object is None or field_name not in custom_object.fields:
            yield f"{name} names {object_name}.{field_name}, which is no field"
        elif field_name in custom_object.required:
            yield f"{name} names {object_name}.{field_name}: permissions on a required field can't be deployed"
        elif field_name in custom_object.formulas and permission.flag("editable"):
            yield f"{name} makes {object_name}.{field_name} editable, which is a formula"


def _of_who_may_what(project: Project) -> Iterator[str]:
    """The writer may write every field that can be written; the reader may read every field and write none."""

    def granted(permission_set: str, access: str) -> set[str]:
        permissions = project.permission_sets[permission_set].nodes("fieldPermissions")
        return {permission.text("field") for permission in permissions if permission.flag(access)}

    def fields(without_formulas: bool) -> set[str]:
        return {
            f"{object_name}.{field}"
            for object_name, custom_object in project.objects.items()
            for field in custom_object.fields.keys() - custom_object.required
            if not (without_formulas and field in custom_object.formulas)
        }

    for missing in sorted(fields(without_formulas=True) - granted("Interruption_Timing_Writer", "editable")):
        yield f"permission set Interruption_Timing_Writer can't write {missing}"
    for missing in sorted(fields(without_formulas=False) - granted("Interruption_Timing_Reader", "readable")):
        yield f"permission set Interruption_Timing_Reader can't read {missing}"
    for field in sorted(granted("Interruption_Timing_Reader", "editable")):
        yield f"permission set Interruption_Timing_Reader can write {field}"


def _of_report_type(name: str, report_type: Node, project: Project) -> Iterator[str]:
    yield from _too_long(name, report_type)
    base = project.objects.get(report_type.text("baseObject"))
    if base is None:
        yield f"{name}: {report_type.text('baseObject')} is no object"
        return
    for column in report_type.all("columns"):
        field = column.text("field")
        if column.text("table") != report_type.text("baseObject"):
            yield f"{name}: {field} is of table {column.text('table')}, not of its object"
        if through := RELATIONSHIP_COLUMN.fullmatch(field):
            yield from _unknown(name, through["look_up"], base)
            if through["field"] not in CASE_FIELDS:
                yield f"{name} names {field}: {through['field']} is not among the fields of Case that are shown"
        else:
            yield from _unknown(name, field, base)


def _of_report(name: str, report: Node, project: Project) -> Iterator[str]:
    where = f"report {name}"
    yield from _too_long(where, report)
    if name.split("/", maxsplit=1)[0] not in project.report_folders:
        yield f"{where}: its folder has no reportFolder-meta.xml"
    report_type = project.report_types.get(report.text("reportType").removesuffix("__c"))
    if report_type is None:
        yield f"{where}: {report.text('reportType')} is no report type"
        return
    base = report_type.text("baseObject")
    offered = {f"{base}${column.text('field')}" for column in report_type.all("columns")}
    summaries = {summary.text("developerName"): summary for summary in report.nodes("aggregates")}
    shown = [column.text("field") for column in report.nodes("columns")]
    named = shown + [grouping.text("field") for grouping in report.nodes("groupingsDown")]
    named += [criterion.text("column") for criterion in report.all("criteriaItems")]
    named += [frame.text("dateColumn") for frame in report.nodes("timeFrameFilter")]
    for column in named:
        if column not in offered and column not in summaries:
            yield f"{where} names {column}, which its report type does not offer"
    summed = {
        (column.text("field"), aggregate.upper()[:3])
        for column in report.nodes("columns")
        for aggregate in column.texts("aggregateTypes")
    }
    for developer_name, summary in summaries.items():
        if developer_name not in shown:
            yield f"{where} does not show its summary {developer_name}"
        for operand in SUMMARY_OPERAND.finditer(summary.text("calculatedFormula")):
            column = f"{operand['object']}${operand['field']}"
            if (column, operand["aggregate"]) not in summed:
                yield f"{where}: its summary uses {operand[0]}, which the report does not show"
