/*
 * Written front to back into one buffer. Referenced schemas are remembered, and written after the paths.
 */
#include "bridge/openapi.h"

#include "bridge/routes.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <pthread.h>
#include <string.h>

/* The referenced schemas, once for each style of names. */
struct document {
    struct buffer out;
    struct schema *schemas;
    size_t count;
    size_t capacity;
};

struct schema {
    const ProtobufCMessageDescriptor *type;
    enum json_names names;
};

/* "GetStatusResponse", or "StatusViewCamel" in the other style. */
static void write_reference(struct document *document, const ProtobufCMessageDescriptor *type, enum json_names names)
{
    size_t i = 0;
    while (i < document->count && (document->schemas[i].type != type || document->schemas[i].names != names)) {
        i++;
    }
    if (i == document->count) {
        document->schemas = arena_grow(document->out.arena, document->schemas, document->count, &document->capacity,
                                       sizeof *document->schemas);
        document->schemas[document->count++] = (struct schema){type, names};
    }
    buffer_printf(&document->out, "{\"$ref\":\"#/components/schemas/%s%s\"}", type->short_name,
                  names == JSON_CAMEL ? "Camel" : "");
}

static bool is_timestamp(const ProtobufCMessageDescriptor *type)
{
    return strcmp(type->name, "google.protobuf.Timestamp") == 0;
}

static void write_enum(struct buffer *out, const ProtobufCEnumDescriptor *descriptor)
{
    bool nullable = false;
    buffer_puts(out, "{\"enum\":[");
    size_t written = 0;
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        const char *const word = json_enum_word(out->arena, descriptor, &descriptor->values[i]);
        nullable = nullable || word == NULL;
        if (word != NULL) {
            buffer_printf(out, "%s\"%s\"", written++ == 0 ? "" : ",", word);
        }
    }
    buffer_puts(out, nullable ? ",null]}" : "]}");
}

/* The schema of one value of a field. */
static void write_type(struct document *document, const ProtobufCFieldDescriptor *field, enum json_names names,
                       bool nullable)
{
    struct buffer *const out = &document->out;
    const char *type = NULL;
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        if (!is_timestamp(field->descriptor)) {
            buffer_puts(out, nullable ? "{\"oneOf\":[" : "");
            write_reference(document, field->descriptor, names);
            buffer_puts(out, nullable ? ",{\"type\":\"null\"}]}" : "");
        } else {
            buffer_printf(out, "{\"type\":%s,\"format\":\"date-time\"}",
                          nullable ? "[\"string\",\"null\"]" : "\"string\"");
        }
        return;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(out, field->descriptor);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        type = "boolean";
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        type = "integer";
        break;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        type = "number";
        break;
    default:
        type = "string"; /* also for 64-bit integers */
    }
    buffer_printf(out, nullable ? "{\"type\":[\"%s\",\"null\"]}" : "{\"type\":\"%s\"}", type);
}

static void write_property(struct document *document, const ProtobufCFieldDescriptor *field, enum json_names names)
{
    struct buffer *const out = &document->out;
    const bool nullable = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 || field->type == PROTOBUF_C_TYPE_MESSAGE;
    json_write_name(out, field->name, names);
    buffer_putc(out, ':');
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        buffer_puts(out, "{\"type\":\"array\",\"items\":");
        write_type(document, field, names, false);
        buffer_putc(out, '}');
    } else {
        write_type(document, field, names, nullable);
    }
}

/* Is the field in the body of the route's requests? A method without a body has its fields in path and query. */
static bool is_in_body(const struct route *route, const char *field)
{
    return !route_is_bodyless(route) && !route_in_path(route, field);
}

/* Of an answer, which has all fields; body_of: of a request's body, which may have those that are not in the path. */
static void write_schema(struct document *document, const ProtobufCMessageDescriptor *type, enum json_names names,
                         const struct route *body_of)
{
    struct buffer *const out = &document->out;
    buffer_puts(out, "{\"type\":\"object\",\"properties\":{");
    for (unsigned i = 0, written = 0; i < type->n_fields; i++) {
        if (body_of == NULL || is_in_body(body_of, type->fields[i].name)) {
            buffer_puts(out, written++ == 0 ? "" : ",");
            write_property(document, &type->fields[i], names);
        }
    }
    buffer_puts(out, "},\"additionalProperties\":false");
    if (body_of == NULL && type->n_fields > 0) {
        buffer_puts(out, ",\"required\":[");
        for (unsigned i = 0; i < type->n_fields; i++) {
            buffer_puts(out, i == 0 ? "" : ",");
            json_write_name(out, type->fields[i].name, names);
        }
        buffer_putc(out, ']');
    }
    buffer_putc(out, '}');
}

static void write_response(struct document *document, unsigned status, const char *description,
                           const ProtobufCMessageDescriptor *type, enum json_names names)
{
    struct buffer *const out = &document->out;
    buffer_printf(out, "\"%u\":{\"description\":\"%s\",\"content\":{\"application/json\":{\"schema\":", status,
                  description);
    if (type == NULL) {
        buffer_puts(out, "{\"type\":\"object\"}");
    } else {
        write_reference(document, type, names);
    }
    buffer_puts(out, "}}}");
}

/* Alternatives to the answer: `ok: false` in the same shape if it has an `ok`, and errors. */
static void write_responses(struct document *document, const struct route *route)
{
    struct buffer *const out = &document->out;
    const ProtobufCMessageDescriptor *const reply = route->view_type != NULL || route->service == NULL
                                                        ? route->view_type
                                                        : route->service->methods[route_rpc(route)].output;
    if ((route->flags & ROUTE_STREAM) != 0) {
        buffer_puts(
            out,
            "\"200\":{\"description\":\"Server-Sent Events: each with its id and kind, its data one of the events; "
            "then done with what was watched, or error\",\"content\":{\"text/event-stream\":{\"schema\":{\"type\":"
            "\"string\"}}}}");
    } else if (route->own == ROUTE_OWN_METRICS) {
        buffer_puts(out, "\"200\":{\"description\":\"Prometheus's text format, 0.0.4\",\"content\":{\"text/plain\":"
                         "{\"schema\":{\"type\":\"string\"}}}}");
    } else {
        write_response(document, route_success(route), "The answer", reply, route->names);
    }
    if (route->async_rpc != NULL) {
        buffer_putc(out, ',');
        write_response(document, 202, "It has begun (Prefer: respond-async); Location says where to ask",
                       protobuf_c_service_descriptor_get_method_by_name(route->service, route->async_rpc)->output,
                       route->names);
    }
    if ((route->flags & ROUTE_LONG) != 0) {
        buffer_printf(out, ",\"400\":{\"description\":\"A migration failed, or the run could not begin\",\"content\":"
                           "{\"application/json\":{\"schema\":{\"oneOf\":[");
        write_reference(document, reply, route->names);
        buffer_puts(out, ",{\"$ref\":\"#/components/schemas/Error\"}]}}}}");
    } else if ((route->flags & ROUTE_NOT_OK_IS_503) != 0) {
        buffer_printf(out, ",\"503\":{\"description\":\"Not ready\",\"content\":"
                           "{\"application/json\":{\"schema\":{\"oneOf\":[");
        write_reference(document, reply, route->names);
        buffer_puts(out, ",{\"$ref\":\"#/components/schemas/Error\"}]}}}}");
    }
    buffer_puts(out, ",\"default\":{\"description\":\"An error\",\"content\":{\"application/json\":{\"schema\":"
                     "{\"$ref\":\"#/components/schemas/Error\"}}}}");
}

static void write_header(struct buffer *out, size_t *count, const char *name, const char *description)
{
    buffer_printf(out, "%s{\"name\":\"%s\",\"in\":\"header\",\"description\":\"%s\",\"schema\":{\"type\":\"string\"}}",
                  (*count)++ == 0 ? "" : ",", name, description);
}

/* The fields of a GET request: the one in the path, and the others in the query. */
static void write_fields(struct document *document, const struct route *route, size_t *count)
{
    struct buffer *const out = &document->out;
    const ProtobufCMessageDescriptor *const input = route_input(route);
    for (unsigned i = 0; i < input->n_fields; i++) {
        const ProtobufCFieldDescriptor *const field = &input->fields[i];
        const bool in_path = route_in_path(route, field->name);
        if (!in_path && !route_in_query(route, field->name)) {
            continue;
        }
        buffer_printf(out, "%s{\"name\":\"%s\",\"in\":\"%s\",\"required\":%s,\"schema\":", (*count)++ == 0 ? "" : ",",
                      field->name, in_path ? "path" : "query", in_path ? "true" : "false");
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            buffer_puts(out, "{\"type\":\"array\",\"items\":");
            write_type(document, field, route->names, false);
            buffer_putc(out, '}');
        } else {
            write_type(document, field, route->names, false);
        }
        buffer_putc(out, '}');
    }
}

static void write_parameters(struct document *document, const struct route *route)
{
    struct buffer *const out = &document->out;
    size_t count = 0;
    buffer_puts(out, ",\"parameters\":[");
    write_fields(document, route, &count);
    if ((route->flags & ROUTE_TAGGED) != 0) {
        buffer_printf(out,
                      "%s{\"name\":\"fields\",\"in\":\"query\",\"required\":false,\"description\":\"Only these fields "
                      "of the answer: summary,migrations.name\",\"schema\":{\"type\":\"string\"}}",
                      count++ == 0 ? "" : ",");
        write_header(out, &count, "If-None-Match", "The ETag of an answer that is known: 304 if it is still current");
    }
    if ((route->flags & ROUTE_KEYED) != 0) {
        write_header(out, &count, "Idempotency-Key", "The same key and body have the same answer for 24 hours");
    }
    if (route->async_rpc != NULL) {
        write_header(out, &count, "Prefer", "respond-async");
    }
    if (route->also_in_query != NULL) {
        buffer_puts(out, count++ == 0 ? "{\"name\":" : ",{\"name\":");
        json_write_name(out, route->also_in_query, route->names);
        buffer_puts(out, ",\"in\":\"query\",\"required\":false,\"schema\":{\"type\":\"string\"}}");
    }
    if ((route->flags & ROUTE_STREAM) != 0) {
        write_header(out, &count, "Last-Event-ID", "The last event that is known");
    }
    buffer_putc(out, ']');
}

static bool has_body(const struct route *route)
{
    const ProtobufCMessageDescriptor *const input = route->service == NULL ? NULL : route_input(route);
    for (unsigned i = 0; input != NULL && i < input->n_fields; i++) {
        if (is_in_body(route, input->fields[i].name)) {
            return true;
        }
    }
    return false;
}

static void write_method(struct buffer *out, const char *method)
{
    buffer_putc(out, '"');
    for (; *method != '\0'; method++) {
        buffer_putc(out, (char)(*method | 0x20));
    }
    buffer_putc(out, '"');
}

static void write_operation(struct document *document, const struct route *route)
{
    struct buffer *const out = &document->out;
    write_method(out, route->method);
    buffer_puts(out, ":{\"summary\":");
    json_write_string(out, text_of(route->summary));
    buffer_printf(out, ",\"operationId\":\"%s\"", route->id != NULL ? route->id : route->rpc);
    if (route->service != NULL) {
        write_parameters(document, route);
    }
    if (has_body(route)) {
        buffer_puts(out, ",\"requestBody\":{\"required\":false,\"content\":{\"application/json\":{\"schema\":");
        write_schema(document, route_input(route), route->names, route);
        buffer_puts(out, "}}}");
    }
    buffer_puts(out, ",\"responses\":{");
    write_responses(document, route);
    buffer_puts(out, "}}");
}

static const struct route *first_of_path(const struct route *route)
{
    const struct route *first = routes;
    while (strcmp(first->pattern, route->pattern) != 0) {
        first = route_next(first);
    }
    return first;
}

/* All methods of a path, at the first of its rows. */
static void write_path(struct document *document, const struct route *route)
{
    struct buffer *const out = &document->out;
    if (first_of_path(route) != route) {
        return;
    }
    buffer_puts(out, route == routes ? "" : ",");
    json_write_string(out, text_of(route->pattern));
    buffer_puts(out, ":{");
    for (const struct route *other = route; other != NULL; other = route_next(other)) {
        if (strcmp(other->pattern, route->pattern) == 0) {
            buffer_puts(out, other == route ? "" : ",");
            write_operation(document, other);
        }
    }
    buffer_putc(out, '}');
}

static const char error_schema[] =
    "\"Error\":{\"type\":\"object\",\"required\":[\"error\",\"code\"],\"additionalProperties\":false,\"properties\":{"
    "\"error\":{\"type\":\"string\"},\"code\":{\"type\":\"string\"},\"reason\":{\"type\":\"string\"},"
    "\"sqlstate\":{\"type\":\"string\"},"
    "\"detail\":{\"type\":\"string\"},\"hint\":{\"type\":\"string\"},\"migration\":{\"type\":\"string\"},"
    "\"position\":{\"type\":\"integer\"},\"suggestions\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}";

static struct text write_document(struct arena *arena)
{
    struct document document = {.out = {.arena = arena}};
    struct buffer *const out = &document.out;
    buffer_printf(out,
                  "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Truss\",\"version\":\"%s\",\"summary\":"
                  "\"One API for the migrations of every framework\"},\"paths\":{",
                  TRUSS_VERSION);
    for (const struct route *route = routes; route != NULL; route = route_next(route)) {
        write_path(&document, route);
    }
    buffer_puts(out, "},\"components\":{\"schemas\":{");
    buffer_puts(out, error_schema);
    /* Writing one may add others. */
    for (size_t i = 0; i < document.count; i++) {
        const struct schema schema = document.schemas[i];
        buffer_printf(out, ",\"%s%s\":", schema.type->short_name, schema.names == JSON_CAMEL ? "Camel" : "");
        write_schema(&document, schema.type, schema.names, NULL);
    }
    buffer_puts(out, "}}}\n");
    return buffer_text(out);
}

struct text openapi_index(struct arena *arena)
{
    struct buffer out = {.arena = arena};
    buffer_puts(&out, "{\"routes\":[");
    for (const struct route *route = routes; route != NULL; route = route_next(route)) {
        buffer_printf(&out, "%s\"%s %s\"", route == routes ? "" : ",", route->method, route->pattern);
    }
    buffer_puts(&out, "]}\n");
    return buffer_text(&out);
}

/* ---- cached ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct {
    struct arena *arena; /* lives as long as the process */
    struct text document;
} made;

static void make(void)
{
    made.arena = arena_new(0);
    made.document = write_document(made.arena);
}

struct text openapi_document(void)
{
    pthread_once(&once, make);
    return made.document;
}
