/*
 * The table, and finding a row of it.
 */
#include "bridge/routes.h"

#include "base/text.h"
#include "bridge/views.h"
#include "truss/bridge/v1/bridge.pb-c.h"
#include "truss/health/v1/health.pb-c.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <string.h>

#define MIGRATION &truss__migration__v1__migration_service__descriptor
#define HEALTH    &truss__health__v1__health__descriptor

const struct route routes[] = {
    {"GET", "/api/migrations/idempotent/status", "Every migration with its state", MIGRATION, "GetStatus", JSON_SNAKE,
     ROUTE_SAFE, NULL, NULL, NULL},
    {"POST", "/api/migrations/idempotent/run", "Run what is pending, or the named migrations of it", MIGRATION, "Run",
     JSON_SNAKE, ROUTE_LONG, NULL, NULL, "StartRun"},
    {"POST", "/api/migrations/idempotent/mark-applied", "Record a migration as applied without running it", MIGRATION,
     "MarkApplied", JSON_SNAKE, 0, NULL, NULL, NULL},
    {"POST", "/api/migrations/idempotent/mark-rolled-back", "Record that a failed attempt was undone by hand",
     MIGRATION, "MarkRolledBack", JSON_SNAKE, 0, NULL, NULL, NULL},
    {"POST", "/api/migrations/idempotent/detect-schema", "Which objects of a script exist already", MIGRATION,
     "DetectSchema", JSON_SNAKE, ROUTE_SAFE, NULL, NULL, NULL},
    {"GET", "/api/migrations/plan", "What a run would do: its transactions, and the locks of each statement", MIGRATION,
     "Plan", JSON_SNAKE, ROUTE_SAFE, NULL, NULL, NULL},
    {"GET", "/api/migrations/preview/{name}", "The SQL of a migration", MIGRATION, "Preview", JSON_SNAKE, ROUTE_SAFE,
     NULL, NULL, NULL},
    {"POST", "/api/migrations/check", "Whether now is a good moment to run", MIGRATION, "Check", JSON_CAMEL, ROUTE_SAFE,
     NULL, NULL, NULL},
    {"GET", "/api/migrations/status", "Every migration, in short", MIGRATION, "GetStatus", JSON_CAMEL, ROUTE_SAFE,
     view_status, &truss__bridge__v1__status_view__descriptor, NULL},
    {"POST", "/api/migrations/up", "Run what is pending, in short", MIGRATION, "Run", JSON_CAMEL,
     ROUTE_LONG | ROUTE_COUNTS_AFTER, view_up, &truss__bridge__v1__up_view__descriptor, NULL},
    {"POST", "/api/migrations/create", "Make a new, empty migration in the project", MIGRATION, "Create", JSON_SNAKE,
     ROUTE_CREATES, NULL, NULL, NULL},
    {"GET", "/api/operations", "The newest runs", MIGRATION, "ListOperations", JSON_SNAKE, ROUTE_SAFE, NULL, NULL,
     NULL},
    {"GET", "/api/operations/{id}/events", "The events of a run as they come, as Server-Sent Events", MIGRATION,
     "WaitOperation", JSON_SNAKE, ROUTE_SAFE | ROUTE_ASKS_ALL | ROUTE_STREAM, NULL, NULL, NULL},
    {"GET", "/api/operations/{id}/wait", "A run, and its events behind one that is known; waits for the next",
     MIGRATION, "WaitOperation", JSON_SNAKE, ROUTE_SAFE | ROUTE_ASKS_ALL, NULL, NULL, NULL},
    {"POST", "/api/operations/{id}/cancel", "End a run; answers with what stays applied", MIGRATION, "CancelOperation",
     JSON_SNAKE, ROUTE_SAFE | ROUTE_ASKS_ALL, NULL, NULL, NULL},
    {"GET", "/api/operations/{id}", "A run, how far it is or how it ended", MIGRATION, "GetOperation", JSON_SNAKE,
     ROUTE_SAFE | ROUTE_ASKS_ALL, NULL, NULL, NULL},
    {"GET", "/api/health", "The worker and its database", HEALTH, "GetInfo", JSON_SNAKE, ROUTE_SAFE, NULL, NULL, NULL},
    {"GET", "/readyz", "Whether a worker can work", HEALTH, "Check", JSON_SNAKE, ROUTE_SAFE | ROUTE_NOT_OK_IS_503,
     view_ready, &truss__bridge__v1__health_view__descriptor, NULL},
    {"GET", "/healthz", "Whether the bridge is alive", NULL, "healthz", JSON_SNAKE, 0, NULL,
     &truss__bridge__v1__health_view__descriptor, NULL},
    {"GET", "/openapi.json", "This description, as OpenAPI 3.1", NULL, "openapi", JSON_SNAKE, 0, NULL, NULL, NULL},
    {"GET", "/", "The list of routes", NULL, "index", JSON_SNAKE, 0, NULL, NULL, NULL},
    {0},
};

/* The part of a path that stands for {field}, still encoded; data is NULL where the path is another. Only {name}, at
 * the end, may hold slashes. */
static struct text match(const char *pattern, struct text path)
{
    const char *const brace = strchr(pattern, '{');
    if (brace == NULL) {
        return text_is(path, pattern) ? text_of("") : (struct text){0};
    }
    const struct text fixed = {pattern, (size_t)(brace - pattern)};
    const char *const behind = strchr(brace, '}') + 1;
    const size_t around = fixed.size + strlen(behind);
    if (path.size <= around || memcmp(path.data, fixed.data, fixed.size) != 0 || !text_ends_with(path, behind)) {
        return (struct text){0};
    }
    const struct text part = text_slice(path, fixed.size, path.size - strlen(behind));
    const bool may_have_slashes = strcmp(brace, "{name}") == 0;
    return may_have_slashes || memchr(part.data, '/', part.size) == NULL ? part : (struct text){0};
}

const struct route *route_find(struct arena *arena, const char *method, const char *path, const char **name,
                               const char **allowed)
{
    struct buffer methods = {.arena = arena};
    const char *const wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    *allowed = NULL;
    *name = NULL;
    for (const struct route *route = routes; route->method != NULL; route++) {
        const struct text encoded = match(route->pattern, text_of(path));
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

bool route_in_query(const struct route *route, const char *field)
{
    /* How long a stream waits for the next event is its own affair. */
    const bool is_own = (route->flags & ROUTE_STREAM) != 0 && strcmp(field, "wait_ms") == 0;
    return strcmp(route->method, "GET") == 0 && !route_in_path(route, field) && !is_own;
}

unsigned route_rpc(const struct route *route)
{
    return (unsigned)(protobuf_c_service_descriptor_get_method_by_name(route->service, route->rpc) -
                      route->service->methods);
}
