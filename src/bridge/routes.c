/*
 * Finds a row of the table (route_table.c).
 */
#include "bridge/routes.h"

#include "base/text.h"
#include "base/words.h"
#include <string.h>

/* The part of a path in place of {field}, still encoded; data is NULL if the path does not match. */
static struct text match(const struct route *route, struct text path)
{
    const char *const brace = strchr(route->pattern, '{');
    if (brace == NULL) {
        return text_is(path, route->pattern) ? text_of("") : (struct text){0};
    }
    const struct text fixed = {route->pattern, (size_t)(brace - route->pattern)};
    const char *const behind = strchr(brace, '}') + 1;
    const size_t around = fixed.size + strlen(behind);
    if (path.size <= around || memcmp(path.data, fixed.data, fixed.size) != 0 || !text_ends_with(path, behind)) {
        return (struct text){0};
    }
    const struct text part = text_slice(path, fixed.size, path.size - strlen(behind));
    return (route->flags & ROUTE_SLASHES) != 0 || memchr(part.data, '/', part.size) == NULL ? part : (struct text){0};
}

const struct route *route_next(const struct route *route)
{
    return route[1].method != NULL ? &route[1] : route[1].more;
}

const struct route *route_find(struct arena *arena, const char *method, const char *path, const char **name,
                               const char **allowed)
{
    struct buffer methods = {.arena = arena};
    const char *const wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    *allowed = NULL;
    *name = NULL;
    for (const struct route *route = routes; route != NULL; route = route_next(route)) {
        const struct text encoded = match(route, text_of(path));
        if (encoded.data == NULL) {
            continue;
        }
        if (strcmp(route->method, wanted) == 0) {
            *name = text_percent_decode(arena, encoded);
            return route;
        }
        buffer_printf(&methods, "%s%s", methods.size == 0 ? "" : ", ",
                      strcmp(route->method, "GET") == 0 ? "GET, HEAD" : route->method);
        *allowed = buffer_string(&methods);
    }
    return NULL;
}

bool route_in_path(const struct route *route, const char *field)
{
    const char *const brace = strchr(route->pattern, '{');
    const size_t size = strlen(field);
    return brace != NULL && strncmp(brace + 1, field, size) == 0 && brace[1 + size] == '}';
}

unsigned route_success(const struct route *route)
{
    return (route->flags & ROUTE_CREATES) != 0 ? 201 : (route->flags & ROUTE_BEGINS) != 0 ? 202 : 200;
}

bool route_is_bodyless(const struct route *route)
{
    return strcmp(route->method, "GET") == 0 || strcmp(route->method, "DELETE") == 0;
}

static bool is_hidden(const struct route *route, const char *field)
{
    return route->hidden != NULL && word_is_among(route->hidden, field);
}

bool route_in_query(const struct route *route, const char *field)
{
    return route_is_bodyless(route) && !route_in_path(route, field) && !is_hidden(route, field);
}

unsigned route_rpc(const struct route *route)
{
    return (unsigned)(protobuf_c_service_descriptor_get_method_by_name(route->service, route->rpc) -
                      route->service->methods);
}

const ProtobufCMessageDescriptor *route_input(const struct route *route)
{
    return route->service->methods[route_rpc(route)].input;
}
