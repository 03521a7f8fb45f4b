"""Checks a file of `aws ecs register-task-definition --cli-input-json` with AWS's own model of it, which botocore carries.

Prints what is wrong: missing, of the wrong type, unknown, or not a word that ECS knows.
"""

import json
import sys

import botocore.session
from botocore.validate import ParamValidator


def unknown_words(value, shape, path=""):
    if shape.type_name == "structure":
        for name, inner in value.items():
            yield from unknown_words(inner, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for inner in value:
            yield from unknown_words(inner, shape.member, f"{path}[]")
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{path}: {value} is none of {shape.enum}"


with open(sys.argv[1], encoding="utf-8") as file:
    given = json.load(file)
service = botocore.session.get_session().get_service_model("ecs")
shape = service.operation_model("RegisterTaskDefinition").input_shape
report = ParamValidator().validate(given, shape)
print(report.generate_report() if report.has_errors() else "\n".join(unknown_words(given, shape)), end="")
