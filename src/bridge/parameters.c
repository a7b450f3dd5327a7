/*
 * A query without a body becomes JSON, which is then parsed like a body.
 */
#include "bridge/parameters.h"

#include <string.h>

#define BROKEN "has a broken escape, a control character or is not UTF-8"

bool parameter_is_plain(const char *string)
{
    bool plain = text_is_utf8(text_of(string), NULL);
    for (const char *c = string; plain && *c != '\0'; c++) {
        plain = (unsigned char)*c >= 0x20 && *c != 0x7F;
    }
    return plain;
}

/* ---- in place of a body ---- */

/* Converts a query to JSON, which is then parsed like a body. */
struct query {
    struct arena *arena;
    const struct route *route;
    const ProtobufCMessageDescriptor *input;
    struct buffer *values; /* one for each field */
    struct text *fields;   /* requested fields of the answer */
    size_t field_count;
    struct status *status;
    bool failed;
};

/* Only the first error is reported. */
static void fail_query(struct query *query, const char *name, const char *problem)
{
    if (!query->failed) {
        status_fail(query->status, STATUS_INVALID_ARGUMENT, "The query parameter \"%.100s\" %s.", name, problem);
        query->failed = true;
    }
}

/* "…: target, transaction" */
static const char *none_of(const struct query *query)
{
    struct buffer out = {.arena = query->arena};
    buffer_puts(&out, "is none that this route knows; there are");
    for (unsigned i = 0, written = 0; i < query->input->n_fields; i++) {
        if (route_in_query(query->route, query->input->fields[i].name)) {
            buffer_printf(&out, "%s %s", written++ == 0 ? "" : ",", query->input->fields[i].name);
        }
    }
    return buffer_string(&out);
}

/* The JSON parser accepts numbers as strings, but booleans only as true and false; anything else is refused there. */
static bool is_truth(const ProtobufCFieldDescriptor *field, const char *value)
{
    return field->type == PROTOBUF_C_TYPE_BOOL && (strcmp(value, "true") == 0 || strcmp(value, "false") == 0);
}

static void add_value(struct query *query, const ProtobufCFieldDescriptor *field, struct text encoded)
{
    struct buffer *const values = &query->values[field - query->input->fields];
    const char *const value = text_percent_decode(query->arena, encoded);
    if (value == NULL || !parameter_is_plain(value)) {
        fail_query(query, field->name, BROKEN);
    } else if (values->size > 0 && field->label != PROTOBUF_C_LABEL_REPEATED) {
        fail_query(query, field->name, "is there twice");
    } else {
        values->arena = query->arena;
        buffer_puts(values, values->size == 0 ? "" : ",");
        if (is_truth(field, value)) {
            buffer_puts(values, value);
        } else {
            json_write_string(values, text_of(value));
        }
    }
}

static const ProtobufCMessageDescriptor *output_of(const struct route *route)
{
    return route->view == NULL ? route->service->methods[route_rpc(route)].output : route->view_type;
}

/* Converts names from the route's JSON style ("appliedAt") to protobuf's ("applied_at"). */
static const char *as_in_proto(struct arena *arena, const char *names)
{
    struct buffer out = {.arena = arena};
    for (const char *c = names; *c != '\0'; c++) {
        const bool is_upper = *c >= 'A' && *c <= 'Z';
        buffer_puts(&out, is_upper ? "_" : "");
        buffer_putc(&out, (char)(is_upper ? *c - 'A' + 'a' : *c));
    }
    return buffer_string(&out);
}

static bool is_taken(const struct query *query, struct text path)
{
    for (size_t i = 0; i < query->field_count; i++) {
        if (text_equal(query->fields[i], path)) {
            return true;
        }
    }
    return false;
}

/* "summary,migrations.name": fields of the answer, without duplicates, because each is compared for every value. */
static void take_fields(struct query *query, const char *value)
{
    const char *const decoded = text_percent_decode(query->arena, text_of(value));
    struct text rest = text_of(as_in_proto(query->arena, decoded == NULL ? "" : decoded));
    query->fields = arena_array(query->arena, rest.size + 1, sizeof *query->fields);
    query->field_count = 0;
    for (size_t end = 0; end != SIZE_MAX; rest = text_slice(rest, end + 1, rest.size)) {
        end = text_find(rest, ",", 0);
        const struct text path = text_slice(rest, 0, end);
        if (path.size == 0 || !text_is_utf8(path, NULL) ||
            !json_has_field(output_of(query->route), query->arena, path)) {
            fail_query(query, "fields", "names no field of the answer; it is a list as in \"summary,migrations.name\"");
            return;
        }
        if (!is_taken(query, path)) {
            query->fields[query->field_count++] = path;
        }
        if (end == SIZE_MAX) {
            break;
        }
    }
}

static bool is_fields(const struct query *query, const char *name)
{
    return (query->route->flags & ROUTE_TAGGED) != 0 && name != NULL && strcmp(name, "fields") == 0;
}

/* For a repeated field an unescaped comma separates two values. */
static void take_parameter(void *context, const char *name, const char *value)
{
    struct query *const query = context;
    const char *const decoded = text_percent_decode(query->arena, text_of(name));
    const ProtobufCFieldDescriptor *const field =
        decoded == NULL ? NULL : protobuf_c_message_descriptor_get_field_by_name(query->input, decoded);
    struct text rest = text_of(value);
    if (is_fields(query, decoded)) {
        take_fields(query, value == NULL ? "" : value);
        return;
    }
    if (field == NULL || !route_in_query(query->route, field->name)) {
        if ((query->route->flags & ROUTE_ANY_QUERY) == 0) {
            fail_query(query, parameter_is_plain(name) ? name : "?", none_of(query));
        }
        return;
    }
    for (size_t comma; field->label == PROTOBUF_C_LABEL_REPEATED && (comma = text_find(rest, ",", 0)) != SIZE_MAX;) {
        add_value(query, field, text_slice(rest, 0, comma));
        rest = text_slice(rest, comma + 1, rest.size);
    }
    add_value(query, field, rest);
}

/* {"field":value,…}; a path's placeholder is added later. */
static struct text query_json(const struct query *query)
{
    struct buffer json = {.arena = query->arena};
    buffer_putc(&json, '{');
    for (unsigned i = 0; i < query->input->n_fields; i++) {
        const bool many = query->input->fields[i].label == PROTOBUF_C_LABEL_REPEATED;
        if (query->values[i].size > 0) {
            buffer_printf(&json, "%s\"%s\":%s%s%s", json.size == 1 ? "" : ",", query->input->fields[i].name,
                          many ? "[" : "", buffer_string(&query->values[i]), many ? "]" : "");
        }
    }
    buffer_putc(&json, '}');
    return buffer_text(&json);
}

static struct query query_of(const struct passage *passage, struct status *status)
{
    return (struct query){
        .arena = passage->http->arena,
        .route = passage->route,
        .input = route_input(passage->route),
        .status = status,
    };
}

bool parameters_read(struct passage *passage, struct text *json, struct status *status)
{
    struct query query = query_of(passage, status);
    query.values = arena_array(query.arena, query.input->n_fields + 1, sizeof *query.values);
    http_query(passage->http, take_parameter, &query);
    *json = query_json(&query);
    passage->fields = (struct json_fields){query.fields, query.field_count};
    return !query.failed;
}

/* ---- beside a body ---- */

struct beside {
    struct query query;
    const ProtobufCFieldDescriptor *field; /* the one that may also be in the query; NULL: none */
    const char *value;                     /* decoded; NULL: missing */
};

static void take_wanted(struct beside *beside, const char *value)
{
    const char *const decoded = text_percent_decode(beside->query.arena, text_of(value == NULL ? "" : value));
    if (decoded == NULL || !parameter_is_plain(decoded)) {
        fail_query(&beside->query, beside->field->name, BROKEN);
    } else if (beside->value != NULL) {
        fail_query(&beside->query, beside->field->name, "is there twice");
    }
    beside->value = decoded;
}

/* A field of the body that is in the query would be ignored: "?dry_run=true" would run. */
static void take_beside(void *context, const char *name, const char *value)
{
    struct beside *const beside = context;
    struct query *const query = &beside->query;
    const char *const decoded = text_percent_decode(query->arena, text_of(name));
    const char *const field = as_in_proto(query->arena, decoded == NULL ? "" : decoded);
    if (beside->field != NULL && strcmp(field, beside->field->name) == 0) {
        take_wanted(beside, value);
    } else if (protobuf_c_message_descriptor_get_field_by_name(query->input, field) != NULL) {
        fail_query(query, field, "is a field of the body: send it there, as JSON");
    } else if ((query->route->flags & ROUTE_ANY_QUERY) == 0) {
        fail_query(query, parameter_is_plain(name) ? name : "?",
                   "is none that this route knows: its fields are those of the body");
    }
}

bool parameters_add(struct passage *passage, struct status *status)
{
    const char *const name = passage->route->also_in_query;
    struct beside beside = {.query = query_of(passage, status)};
    beside.field = name == NULL ? NULL : protobuf_c_message_descriptor_get_field_by_name(beside.query.input, name);
    http_query(passage->http, take_beside, &beside);
    if (beside.field != NULL && beside.value != NULL) {
        const char **const member = (const char **)(void *)((char *)(uintptr_t)passage->input + beside.field->offset);
        *member = (*member)[0] == '\0' ? beside.value : *member;
    }
    return !beside.query.failed;
}
