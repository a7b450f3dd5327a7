"""A small validator of OpenAPI 3.1: as much of JSON Schema as our document uses, and an error for anything beyond that.

A validator that skips the words it does not know would let the document say what it likes.
"""
import json
import re

KNOWN = {"$ref", "type", "properties", "required", "items", "enum", "format", "description", "additionalProperties", "anyOf", "oneOf",
         "minimum", "maximum", "const", "title"}
FORMATS = {
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
    "int32": None, "uint32": None, "int64": re.compile(r"-?\d+"), "uint64": re.compile(r"\d+"), "byte": re.compile(r"[A-Za-z0-9+/]*=*"),
}
TYPES = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


class Document:
    def __init__(self, document):
        self.document = document

    def resolve(self, schema):
        while "$ref" in schema:
            node = self.document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                node = node[step]
            schema = node
        return schema

    def problems(self, schema, value, where="$"):
        """All that is wrong with the value, as a list of sentences."""
        schema = self.resolve(schema)
        unknown = set(schema) - KNOWN
        if unknown:
            return [f"{where}: the schema says {unknown}, which this validator does not know"]
        choices = schema.get("anyOf") or schema.get("oneOf")
        if choices:
            return [] if any(not self.problems(choice, value, where) for choice in choices) else [f"{where}: {value!r} fits none"]
        types = schema.get("type", list(TYPES))
        types = types if isinstance(types, list) else [types]
        if not any(TYPES[name](value) for name in types):
            return [f"{where}: {value!r} is not {types}"]
        if "enum" in schema and value not in schema["enum"]:
            return [f"{where}: {value!r} is not among {schema['enum']}"]
        pattern = FORMATS[schema["format"]] if "format" in schema else None
        if pattern and isinstance(value, str) and not pattern.fullmatch(value):
            return [f"{where}: {value!r} is no {schema['format']}"]
        found = []
        if isinstance(value, list):
            for index, item in enumerate(value):
                found += self.problems(schema["items"], item, f"{where}[{index}]")
        if isinstance(value, dict):
            found += [f"{where}: there is no {name}" for name in schema.get("required", []) if name not in value]
            for name, item in value.items():
                if name in schema.get("properties", {}):
                    found += self.problems(schema["properties"][name], item, f"{where}.{name}")
                else:
                    found.append(f"{where}: {name} is not in the document")
        return found

    def operation(self, method, path):
        for pattern, operations in self.document["paths"].items():
            if re.fullmatch(re.sub(r"\\\{name\\\}", ".+", re.sub(r"\\\{(?!name)\w+\\\}", "[^/]+", re.escape(pattern))), path) and method.lower() in operations:
                return operations[method.lower()]
        raise AssertionError(f"{method} {path} is not in the document")

    def check(self, method, path, status, body):
        """Fails unless the document says that this operation may answer so."""
        responses = self.operation(method, path)["responses"]
        response = responses.get(str(status)) or responses.get(f"{status // 100}XX") or responses.get("default")
        if response is None:
            raise AssertionError(f"{method} {path}: the document has no answer with {status}")
        problems = self.problems(self.resolve(response)["content"]["application/json"]["schema"], json.loads(body))
        if problems:
            raise AssertionError(f"{method} {path} {status}: " + "; ".join(problems))
