"""Deploys and plays; ends with an error that says what is not as it should be. See ../check-deployment."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

import story
import template
from emulator import REGION, Failure, emulator, fakes, http, until

PARTNER_BUS = "genesys"
SOURCE = "genesys.example"
# Amazon Linux 2023, on which provided.al2023 runs.
GLIBC = (2, 34)
# Metrics that a day like this one must leave in the log of each function.
METRICS = {
    "InterruptionLogger": {"EventsUsed", "EventsMalformed", "RowsWritten", "EventToRecordSeconds", "SalesforceApiUsed", "SalesforceApiAllowed"},
    "GhostWatcher": {"EventsUsed", "ConversationsStored"},
    "GhostDisconnector": {"GhostsDisconnected", "OldestGhostSeconds", "OldestCaseInHandSeconds", "BreakerTripped", "GenesysCloudApiUsed", "GenesysCloudApiAllowed"},
}
# The rules as shipped for voice, but looks and verifications seconds apart.
ENFORCE = """
version: 1
mode: enforce
rules:
  - name: voice
    match: { media: [voice] }
    ghostWhen: { customerGoneFor: 15m }
confirm: { looks: 2, every: 1s }
verify: { after: 1s, attempts: 2 }
breaker: { maxDisconnects: 20, per: 1h }
discovery: { every: 1s, lookBack: 60d }
"""


def package(aws, document, binaries, folder):
    """Puts each function's binary, zipped, where the template then says it is."""
    aws.s3.create_bucket(Bucket="artefacts")
    for function, binary in template.functions(document).items():
        built = next(path for path in (binaries / binary / "bootstrap", binaries / binary) if path.is_file())
        check_glibc(built)
        bootstrap = folder / "bootstrap"
        subprocess.run(["strip", "--output-file", bootstrap, built], check=True)
        with zipfile.ZipFile(folder / f"{binary}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.write(bootstrap, "bootstrap")
        aws.s3.upload_file(str(folder / f"{binary}.zip"), "artefacts", f"{binary}.zip")
        document["Resources"][function]["Properties"]["CodeUri"] = f"s3://artefacts/{binary}.zip"


def adapt(document):
    """Changes what the emulator can't do, and nothing else: see ../check-deployment."""
    # It transforms with defaults, not with what parameters are given, and does not know CodeDeploy.
    document["Parameters"]["GradualDeployments"]["Default"] = "false"
    for alarm in template.resources(document, "AWS::CloudWatch::Alarm").values():
        metrics = alarm["Properties"].pop("Metrics", [])
        for metric in (entry["MetricStat"] for entry in metrics[-1:]):
            alarm["Properties"] |= metric["Metric"] | {"Statistic": metric["Stat"], "Period": metric["Period"]}


def check_glibc(binary):
    symbols = subprocess.run(["objdump", "-T", binary], check=True, capture_output=True, text=True).stdout
    newest = max(tuple(map(int, found)) for found in re.findall(r"GLIBC_(\d+)\.(\d+)", symbols))
    if newest > GLIBC:
        raise Failure(f"{binary} needs glibc {newest}, provided.al2023 has {GLIBC}")


class Deployment:
    """A stack in the emulator, of the template that lies with the artefacts."""

    def __init__(self, aws, name, parameters):
        self.aws, self.name, self.parameters = aws, name, parameters

    def request(self):
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in self.parameters.items()]
        capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
        url = f"{self.aws.url}/artefacts/template.json"
        return {"StackName": self.name, "TemplateURL": url, "Parameters": given, "Capabilities": capabilities}

    def create(self):
        self.aws.cloudformation.create_stack(**self.request())
        self.wait("CREATE_COMPLETE")

    def update(self, **changes):
        self.parameters |= changes
        self.aws.cloudformation.update_stack(**self.request())
        self.wait("UPDATE_COMPLETE")

    def delete(self):
        arn = self.aws.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["StackId"]
        self.aws.cloudformation.delete_stack(StackName=self.name)
        # By its name a deleted stack is not found.
        self.wait("DELETE_COMPLETE", arn)

    def wait(self, wanted, stack_name=None):
        def status():
            stack = self.aws.cloudformation.describe_stacks(StackName=stack_name or self.name)["Stacks"][0]
            if "ROLLBACK" in stack["StackStatus"] or "FAILED" in stack["StackStatus"]:
                events = self.aws.cloudformation.describe_stack_events(StackName=stack["StackId"])["StackEvents"]
                reasons = [f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}" for event in events
                           if "FAILED" in event["ResourceStatus"] and "ResourceStatusReason" in event]  # fmt: skip
                raise Failure("\n".join([f"the stack is {stack['StackStatus']}", *reasons]))
            return stack["StackStatus"] == wanted

        until(f"the stack {self.name} is {wanted}", 120, status)

    def with_name(self, name, **changes):
        return Deployment(self.aws, name, self.parameters | changes)

    def is_refused(self):
        """A combination that makes no sense must not be deployed."""
        try:
            self.aws.cloudformation.create_stack(**self.request())
        except self.aws.cloudformation.exceptions.ClientError as error:
            print(f"  refused, as it should be: {error.response['Error']['Message']}")
            return
        raise Failure(f"the template's rules let {self.name} through")

    def physical_id(self, resource):
        answer = self.aws.cloudformation.describe_stack_resource(StackName=self.name, LogicalResourceId=resource)
        return answer["StackResourceDetail"]["PhysicalResourceId"]

    def output(self, name):
        outputs = self.aws.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["Outputs"]
        return next(output["OutputValue"] for output in outputs if output["OutputKey"] == name)


class Outcomes:
    """A queue of our own on the outcome bus."""

    def __init__(self, aws, bus):
        self.sqs, self.seen = aws.sqs, []
        self.queue = aws.sqs.create_queue(QueueName="outcomes")["QueueUrl"]
        arn = aws.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = json.dumps({"source": ["genesys-event-processor"]})
        aws.events.put_rule(Name="outcomes", EventBusName=bus, EventPattern=pattern)
        aws.events.put_targets(Rule="outcomes", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])

    def of(self, conversation, detail_type):
        messages = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        self.seen += [json.loads(message["Body"]) for message in messages]
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        found = [one["detail"] for one in self.seen
                 if one["detail-type"] == detail_type and one["detail"]["conversationId"] == conversation]  # fmt: skip
        return found[0] if found else None


def put(aws, bus, source, events):
    for event in events:
        answer = aws.events.put_events(Entries=[{"EventBusName": bus, "Source": source, **event}])
        if answer["FailedEntryCount"]:
            raise Failure(f"the bus takes no {event['DetailType']}: {answer['Entries']}")


def expect(what, found, wanted):
    if found != wanted:
        raise Failure(f"{what}: {found!r} instead of {wanted!r}")


def jobs(document):
    """Parameters that leave a job out."""
    groups = document["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    group = next(group for group in groups if group["Label"]["default"] == "Jobs")
    return [parameter for parameter in group["Parameters"] if parameter != "DisconnectsEnabled"]


def check_dashboard(deployment):
    """The dashboard is JSON with everything put in, whatever is left out."""
    body = deployment.aws.cloudwatch.get_dashboard(DashboardName=deployment.name)["DashboardBody"]
    if not json.loads(body)["widgets"] or "${" in body:
        raise Failure(f"the dashboard is unfinished: {body}")


def check_combinations(deployment, document):
    print("what can be left out, and what can't:")
    for job in jobs(document):
        without = deployment.with_name(f"without-{job}", **{job: "false"})
        without.create()
        check_dashboard(without)
        without.delete()
    deployment.with_name("without-the-secret", SalesforceSecretArn="none").is_refused()
    deployment.with_name("on-the-default-bus", EventBusName="default", EventSourcePrefix="aws.partner/genesys.com").is_refused()


def check_interruption(aws, deployment, salesforce):
    print("an email, interrupted by a call:")
    email, call = story.Session("EMAIL", 60, 30), story.Session("VOICE", 50, 45)
    events = [*email.events(), email.belongs_to(story.CASE), *call.events()]
    put(aws, PARTNER_BUS, f"{SOURCE}/cloud", events)

    def row(name, key):
        rows = http("GET", f"{salesforce}/_fake/rows/{name}")
        return next((row for row in rows if row["External_Key__c"] == key and row.get("Case__c")), None)

    key = f"{email.session}_{call.session}"
    interruption = until("the interruption is in Salesforce, on its Case", 120, lambda: row("Interaction_Interruption__c", key))
    expect("Status__c", interruption["Status__c"], "Closed")
    expect("Duration_Ms__c", interruption["Duration_Ms__c"], 5 * story.MINUTE_MS - story.Session.ALERTING_MS)
    expect("Case__c", interruption["Case__c"], story.CASE)
    work = until("so is the email's handle time", 60, lambda: row("Agent_Work_Session__c", email.session))
    expect("Net_Handle_Ms__c", work["Net_Handle_Ms__c"], work["Gross_Handle_Ms__c"] - interruption["Duration_Ms__c"])

    table, key = deployment.physical_id("ConversationsTable"), {"conversation_id": {"S": call.conversation}}
    until("the watcher knows the call", 60, lambda: aws.dynamodb.get_item(TableName=table, Key=key).get("Item"))


def check_dead_letter(aws, deployment):
    print("an event that can't be used:")
    put(aws, PARTNER_BUS, f"{SOURCE}/cloud", [story.event("user.start", "c-1", "yesterday")])

    def letter():
        url = deployment.output("InterruptionLoggerDeadLetterQueueUrl")
        messages = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return next((json.loads(message["Body"]) for message in messages), None)

    reason = until("it is on the dead-letter queue", 120, letter)["reason"]
    if "eventTime" not in reason:
        raise Failure(f"the dead letter does not say what is wrong: {reason}")


def disconnects(genesys, conversation):
    path = f"/api/v2/conversations/{conversation}/disconnect"
    requests = http("GET", f"{genesys}/_fake/requests")
    return sum(request["path"] == path and request["method"] == "POST" for request in requests)


def check_ghost(aws, deployment, genesys, outcomes):
    print("a ghost, of which no event told, under a policy that disconnects:")
    aws.ssm.put_parameter(Name=deployment.output("GhostPolicyName"), Value=ENFORCE, Type="String", Overwrite=True)
    ghost = story.stuck_call(180)
    http("POST", f"{genesys}/_fake/conversations", ghost)
    # The schedule runs each minute, and the policy that it found first may be in force for a minute more.
    outcome = until("it is disconnected", 300, lambda: outcomes.of(ghost["id"], "Ghost Interaction Disconnected"))
    expect("the test that was met", outcome["test"], "customerGoneFor")
    expect("disconnect requests", disconnects(genesys, ghost["id"]), 1)
    conversation = next(one for one in http("GET", f"{genesys}/_fake/conversations") if one["id"] == ghost["id"])
    if not conversation.get("endTime"):
        raise Failure("Genesys Cloud says that the ghost goes on")


def log_of(aws, deployment, function):
    pages = aws.logs.get_paginator("filter_log_events").paginate(logGroupName=deployment.physical_id(f"{function}Logs"))
    return [line for page in pages for event in page["events"] for line in event["message"].splitlines()]


def check_metrics(aws, deployment):
    """That functions write what alarms and the dashboard show; which of them, check_metrics.py knows."""
    for function, wanted in METRICS.items():
        def missing():
            documents = [json.loads(line) for line in log_of(aws, deployment, function) if '"_aws"' in line]
            return wanted - {name for document in documents for name in document}

        until(f"{function} writes its metrics to its own log group", 90, lambda: not missing())


def check_switch(aws, deployment, genesys, outcomes):
    print("DisconnectsEnabled=false stops everything, commands included:")
    name = deployment.output("DisconnectsSwitchName")
    expect("the switch", aws.ssm.get_parameter(Name=name)["Parameter"]["Value"], "true")
    deployment.update(DisconnectsEnabled="false")
    version = aws.ssm.get_parameter(Name=name)["Parameter"]["Version"]

    def is_in_force():
        told = [line for line in log_of(aws, deployment, "GhostDisconnector") if name in line and "in force" in line]
        return any(f'"version":{version}' in line for line in told)

    until("functions that run already know", 120, is_in_force)
    ghost = story.stuck_call(180)
    http("POST", f"{genesys}/_fake/conversations", ghost)
    detail = {"conversationId": ghost["id"], "requestedBy": "check-deployment", "reason": "it is stuck", "force": "live"}
    command = {"DetailType": "Disconnect Interaction Requested", "Detail": json.dumps(detail)}
    put(aws, deployment.output("OutcomeBusName"), "genesys-event-processor.operator", [command])
    refusal = until("the command is refused", 120, lambda: outcomes.of(ghost["id"], "Disconnect Interaction Refused"))
    if "DISCONNECTS_ENABLED" not in refusal["reason"]:
        raise Failure(f"it is refused for another reason: {refusal['reason']}")
    expect("disconnect requests", disconnects(genesys, ghost["id"]), 0)


def main():
    binaries = pathlib.Path(sys.argv[1])
    logs = pathlib.Path("target/deployment")
    logs.mkdir(parents=True, exist_ok=True)
    with fakes(logs) as servers, tempfile.TemporaryDirectory() as folder:
        salesforce, genesys = servers["salesforce"]["url"], servers["genesysCloud"]["url"]
        with emulator(logs, genesys) as aws:
            aws.events.create_event_bus(Name=PARTNER_BUS)
            secrets = {name: aws.secretsmanager.create_secret(Name=name, SecretString=json.dumps(server["secret"]))["ARN"]
                       for name, server in servers.items()}  # fmt: skip
            document = template.load()
            package(aws, document, binaries, pathlib.Path(folder))
            adapt(document)
            # Too long to be given along with a request.
            aws.s3.put_object(Bucket="artefacts", Key="template.json", Body=json.dumps(document).encode())
            deployment = Deployment(aws, "events", {
                "EventBusName": PARTNER_BUS,
                "EventSourcePrefix": SOURCE,
                "GenesysCloudRegion": "mypurecloud.ie",
                "GenesysCloudSecretArn": secrets["genesysCloud"],
                "SalesforceLoginUrl": salesforce,
                "SalesforceSecretArn": secrets["salesforce"],
                "OutcomeArchiveDays": "0",
                "DeletionProtection": "false",
                "Architecture": "x86_64",
                "AlarmEmail": "operations@example.com",
            })  # fmt: skip
            print(f"deploying to {aws.url} ({REGION}):")
            check_combinations(deployment, document)
            deployment.create()
            check_dashboard(deployment)
            outcomes = Outcomes(aws, deployment.output("OutcomeBusName"))
            check_interruption(aws, deployment, salesforce)
            check_dead_letter(aws, deployment)
            check_ghost(aws, deployment, genesys, outcomes)
            check_metrics(aws, deployment)
            check_switch(aws, deployment, genesys, outcomes)
    print("template.yaml deploys, and does what it is for")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"check-deployment: {failure}")
