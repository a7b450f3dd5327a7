"""A strict reader of OTLP's JSON: what https://opentelemetry.io/docs/specs/otlp/ says of a trace request, and no field besides."""
import json
import re


def check(value, fields, what):
    assert isinstance(value, dict) and set(value) <= set(fields), f"{what}: {sorted(value)}"


def attributes_of(items):
    found = {}
    for item in items:
        check(item, ("key", "value"), "attribute")
        assert item["key"] and item["key"] not in found and len(item["value"]) == 1, item
        kind, value = next(iter(item["value"].items()))
        assert kind in ("stringValue", "intValue") and isinstance(value, str), item
        found[item["key"]] = int(value) if kind == "intValue" else value
    return found


def span_of(span):
    check(span, ("traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes", "status"), "span")
    assert re.fullmatch("[0-9a-f]{32}", span["traceId"]) and re.fullmatch("[0-9a-f]{16}", span["spanId"]), span
    assert "parentSpanId" not in span or re.fullmatch("[0-9a-f]{16}", span["parentSpanId"]), span
    assert span["name"] and span["kind"] in (1, 2) and span["status"]["code"] in (1, 2), span
    assert re.fullmatch(r"\d{19}", span["startTimeUnixNano"]) and int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]), span
    check(span["status"], ("code", "message"), "status")
    return {**span, "attributes": attributes_of(span["attributes"]), "parentSpanId": span.get("parentSpanId", "")}


def read(body):
    """(the resource's attributes, its spans) of a request."""
    request = json.loads(body)
    check(request, ("resourceSpans",), "request")
    (whole,) = request["resourceSpans"]
    check(whole, ("resource", "scopeSpans"), "resourceSpans")
    (scope,) = whole["scopeSpans"]
    check(scope, ("scope", "spans"), "scopeSpans")
    assert set(scope["scope"]) == {"name", "version"} and scope["spans"], scope
    return attributes_of(whole["resource"]["attributes"]), [span_of(span) for span in scope["spans"]]
