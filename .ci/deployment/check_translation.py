"""What SAM makes of template.yaml, gradual deployments included, which the emulator can't do: each function that an alarm
should stop from being released has a deployment group that this alarm stops."""

import os
import sys

from samtranslator.parser.parser import Parser
from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.translator import Translator

import template


def translated(document):
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    given = {name: "none" for name, parameter in document["Parameters"].items() if "Default" not in parameter}
    try:
        return Translator({}, Parser()).translate(document, given)
    except InvalidDocumentException as error:
        sys.exit("\n".join(["SAM does not take template.yaml:", *(cause.message for cause in error.causes)]))


def main():
    document = template.load()
    functions = template.functions(document)
    for function, binary in functions.items():
        # As `sam package` leaves it.
        document["Resources"][function]["Properties"]["CodeUri"] = f"s3://artefacts/{binary}.zip"
    resources = translated(document)["Resources"]
    for function in functions:
        group = resources.get(f"{function}DeploymentGroup")
        alarms = group and group["Properties"].get("AlarmConfiguration", {}).get("Alarms")
        if {"Name": {"Ref": f"{function}Errors"}} not in (alarms or []):
            sys.exit(f"{function} is released whatever its alarm says: {alarms}")
    print(f"SAM translates template.yaml: {len(functions)} functions, each released under its alarm")


if __name__ == "__main__":
    main()
