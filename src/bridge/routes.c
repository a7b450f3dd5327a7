/*
 * The table, and finding a row of it.
 */
#include "bridge/routes.h"

#include "base/text.h"
#include "bridge/views.h"
#include "truss/branch/v1/branch.pb-c.h"
#include "truss/bridge/v1/bridge.pb-c.h"
#include "truss/connection/v1/connection.pb-c.h"
#include "truss/health/v1/health.pb-c.h"
#include "truss/migration/v1/migration.pb-c.h"
#include "truss/sql/v1/sql.pb-c.h"
#include "truss/trust/v1/trust.pb-c.h"

#include <string.h>

#define MIGRATION  &truss__migration__v1__migration_service__descriptor
#define SQL        &truss__sql__v1__sql_service__descriptor
#define BRANCH     &truss__branch__v1__branch_service__descriptor
#define CONNECTION &truss__connection__v1__connection_service__descriptor
#define HEALTH     &truss__health__v1__health__descriptor
#define TRUST      &truss__trust__v1__trust__descriptor

const struct route routes[] = {
    {
        .method = "GET",
        .pattern = "/api/migrations/idempotent/status",
        .summary = "Every migration with its state",
        .service = MIGRATION,
        .rpc = "GetStatus",
        .flags = ROUTE_SAFE | ROUTE_ANY_QUERY,
    },
    {
        .method = "POST",
        .pattern = "/api/migrations/idempotent/run",
        .summary = "Run what is pending, or the named migrations of it",
        .service = MIGRATION,
        .rpc = "Run",
        .flags = ROUTE_LONG,
        .async_rpc = "StartRun",
        .begun_at = "/api/operations/",
    },
    {
        .method = "POST",
        .pattern = "/api/migrations/idempotent/mark-applied",
        .summary = "Record a migration as applied without running it",
        .service = MIGRATION,
        .rpc = "MarkApplied",
    },
    {
        .method = "POST",
        .pattern = "/api/migrations/idempotent/mark-rolled-back",
        .summary = "Record that a failed attempt was undone by hand",
        .service = MIGRATION,
        .rpc = "MarkRolledBack",
    },
    {
        .method = "POST",
        .pattern = "/api/migrations/idempotent/baseline",
        .summary = "Record many migrations as applied without running them",
        .service = MIGRATION,
        .rpc = "Baseline",
    },
    {
        .method = "POST",
        .pattern = "/api/migrations/idempotent/detect-schema",
        .summary = "Which objects of a script exist already",
        .service = MIGRATION,
        .rpc = "DetectSchema",
        .flags = ROUTE_SAFE,
    },
    {
        .method = "GET",
        .pattern = "/api/migrations/plan",
        .summary = "What a run would do: its transactions, and the locks of each statement",
        .service = MIGRATION,
        .rpc = "Plan",
        .flags = ROUTE_SAFE,
    },
    {
        .method = "GET",
        .pattern = "/api/migrations/preview/{name}",
        .summary = "The SQL of a migration",
        .service = MIGRATION,
        .rpc = "Preview",
        .flags = ROUTE_SAFE | ROUTE_SLASHES | ROUTE_ANY_QUERY,
    },
    {
        .method = "POST",
        .pattern = "/api/migrations/check",
        .summary = "Whether now is a good moment to run",
        .service = MIGRATION,
        .rpc = "Check",
        .names = JSON_CAMEL,
        .flags = ROUTE_SAFE,
    },
    {
        .method = "GET",
        .pattern = "/api/migrations/status",
        .summary = "Every migration, in short",
        .id = "GetStatusView",
        .service = MIGRATION,
        .rpc = "GetStatus",
        .names = JSON_CAMEL,
        .flags = ROUTE_SAFE | ROUTE_ANY_QUERY,
        .view = view_status,
        .view_type = &truss__bridge__v1__status_view__descriptor,
    },
    {
        .method = "POST",
        .pattern = "/api/migrations/up",
        .summary = "Run what is pending, in short",
        .id = "RunView",
        .service = MIGRATION,
        .rpc = "Run",
        .names = JSON_CAMEL,
        .flags = ROUTE_LONG,
        .view = view_up,
        .view_type = &truss__bridge__v1__up_view__descriptor,
        .count = view_up_count,
    },
    {
        .method = "POST",
        .pattern = "/api/migrations/create",
        .summary = "Make a new, empty migration in the project",
        .service = MIGRATION,
        .rpc = "Create",
        .flags = ROUTE_CREATES,
    },
    {
        .method = "GET",
        .pattern = "/api/operations",
        .summary = "The newest runs",
        .service = MIGRATION,
        .rpc = "ListOperations",
        .flags = ROUTE_SAFE,
    },
    {
        .method = "GET",
        .pattern = "/api/operations/{id}/events",
        .summary = "The events of a run as they come, as Server-Sent Events",
        .id = "WaitOperationStream",
        .service = MIGRATION,
        .rpc = "WaitOperation",
        .flags = ROUTE_SAFE | ROUTE_ASKS_ALL | ROUTE_STREAM,
        .hidden = "wait_ms",
    },
    {
        .method = "GET",
        .pattern = "/api/operations/{id}/wait",
        .summary = "A run, and its events behind one that is known; waits for the next",
        .service = MIGRATION,
        .rpc = "WaitOperation",
        .flags = ROUTE_SAFE | ROUTE_ASKS_ALL,
    },
    {
        .method = "POST",
        .pattern = "/api/operations/{id}/cancel",
        .summary = "End a run; answers with what stays applied",
        .service = MIGRATION,
        .rpc = "CancelOperation",
        .flags = ROUTE_SAFE | ROUTE_ASKS_ALL,
    },
    {
        .method = "GET",
        .pattern = "/api/operations/{id}",
        .summary = "A run, how far it is or how it ended",
        .service = MIGRATION,
        .rpc = "GetOperation",
        .flags = ROUTE_SAFE | ROUTE_ASKS_ALL | ROUTE_ANY_QUERY,
    },
    {
        .method = "POST",
        .pattern = "/api/sql/query",
        .summary = "The first rows of a read-only query",
        .service = SQL,
        .rpc = "Query",
        .names = JSON_CAMEL,
        .flags = ROUTE_SAFE | ROUTE_ANY_QUERY,
    },
    {
        .method = "POST",
        .pattern = "/api/sql/explain",
        .summary = "The plan of a query",
        .service = SQL,
        .rpc = "Explain",
        .names = JSON_CAMEL,
        .flags = ROUTE_LONG | ROUTE_ANY_QUERY,
    },
    {
        .method = "POST",
        .pattern = "/api/sql/export",
        .summary = "All rows of a query as a file",
        .service = SQL,
        .rpc = "Export",
        .names = JSON_CAMEL,
        .flags = ROUTE_DOWNLOAD | ROUTE_LONG | ROUTE_ANY_QUERY,
    },
    {
        .method = "POST",
        .pattern = "/api/sql/cancel",
        .summary = "End a query under way",
        .id = "CancelQuery",
        .service = SQL,
        .rpc = "Cancel",
        .names = JSON_CAMEL,
        .flags = ROUTE_SAFE,
    },
    {
        .method = "GET",
        .pattern = "/api/sql/tables",
        .summary = "The tables and views that can be read",
        .service = SQL,
        .rpc = "ListTables",
        .names = JSON_CAMEL,
        .flags = ROUTE_SAFE | ROUTE_ANY_QUERY,
    },
    {
        .method = "GET",
        .pattern = "/api/sql/tables/{table}",
        .summary = "Columns, indexes, constraints and sizes of a table",
        .service = SQL,
        .rpc = "Describe",
        .names = JSON_CAMEL,
        .flags = ROUTE_SAFE | ROUTE_SLASHES | ROUTE_ANY_QUERY,
    },
    {
        .method = "GET",
        .pattern = "/api/connection",
        .summary = "How to connect to the database; ?reveal=true with its password, for admins",
        .service = CONNECTION,
        .rpc = "GetConnection",
        .reveal_rpc = "RevealConnection",
        .names = JSON_CAMEL,
        .flags = ROUTE_SAFE,
    },
    {
        .method = "GET",
        .pattern = "/api/branches",
        .summary = "The branches, the newest first",
        .service = BRANCH,
        .rpc = "ListBranches",
        .flags = ROUTE_SAFE | ROUTE_ANY_QUERY,
    },
    {
        .method = "POST",
        .pattern = "/api/branches",
        .summary = "Make a branch: a copy of the database with a name, a connection string and an end of its own",
        .service = BRANCH,
        .rpc = "CreateBranch",
        .flags = ROUTE_CREATES | ROUTE_LONG,
    },
    {
        .method = "POST",
        .pattern = "/api/branches/golden",
        .summary = "Make the golden copy anew, of which branches are made while the database is busy",
        .service = BRANCH,
        .rpc = "RefreshGolden",
        .flags = ROUTE_CREATES | ROUTE_LONG,
    },
    {
        .method = "GET",
        .pattern = "/api/branches/{id}/connection-string",
        .summary = "How to connect to a branch; ?reveal=true with its password, for admins",
        .service = BRANCH,
        .rpc = "GetBranchConnection",
        .reveal_rpc = "RevealBranchConnection",
        .names = JSON_CAMEL,
        .flags = ROUTE_SAFE,
    },
    {
        .method = "GET",
        .pattern = "/api/branches/{id}/diff",
        .summary = "How a branch's schema differs from its parent's",
        .service = BRANCH,
        .rpc = "DiffBranch",
        .flags = ROUTE_SAFE | ROUTE_ANY_QUERY,
    },
    {
        .method = "POST",
        .pattern = "/api/branches/{id}/reset",
        .summary = "Make a branch anew from where it came from",
        .service = BRANCH,
        .rpc = "ResetBranch",
        .flags = ROUTE_LONG,
    },
    {
        .method = "POST",
        .pattern = "/api/branches/{id}/protect",
        .summary = "Protect a branch from its end, or no longer",
        .service = BRANCH,
        .rpc = "ProtectBranch",
    },
    {
        .method = "GET",
        .pattern = "/api/branches/{id}",
        .summary = "One branch",
        .service = BRANCH,
        .rpc = "GetBranch",
        .flags = ROUTE_SAFE | ROUTE_ANY_QUERY,
    },
    {
        .method = "PATCH",
        .pattern = "/api/branches/{id}",
        .summary = "Change a branch's label, end or protection",
        .service = BRANCH,
        .rpc = "UpdateBranch",
    },
    {
        .method = "DELETE",
        .pattern = "/api/branches/{id}",
        .summary = "Drop a branch",
        .service = BRANCH,
        .rpc = "DeleteBranch",
        .flags = ROUTE_LONG,
    },
    {
        .method = "GET",
        .pattern = "/v1/branches",
        .summary = "The branches, for services",
        .id = "ListBranchesV1",
        .service = BRANCH,
        .rpc = "ListBranches",
        .flags = ROUTE_SAFE | ROUTE_ANY_QUERY,
    },
    {
        .method = "GET",
        .pattern = "/api/health",
        .summary = "The worker and its database",
        .service = HEALTH,
        .rpc = "GetInfo",
        .flags = ROUTE_SAFE | ROUTE_ANY_QUERY,
    },
    {
        .method = "GET",
        .pattern = "/api/whoami",
        .summary = "Whom the worker takes you for, and what you may do",
        .service = TRUST,
        .rpc = "WhoAmI",
        .flags = ROUTE_SAFE | ROUTE_ANY_QUERY,
    },
    {
        .method = "GET",
        .pattern = "/api/audit",
        .summary = "Who did what, oldest first; ?after= a row's number, ?limit= so many",
        .service = TRUST,
        .rpc = "ListAudit",
        .names = JSON_CAMEL,
        .flags = ROUTE_SAFE,
    },
    {
        .method = "GET",
        .pattern = "/api/audit/verify",
        .summary = "Whether the audit is as it was written",
        .service = TRUST,
        .rpc = "VerifyAudit",
        .names = JSON_CAMEL,
        .flags = ROUTE_SAFE,
    },
    {
        .method = "POST",
        .pattern = "/api/login",
        .summary = "Have the browser keep the token of the Authorization header, in a cookie that no script can read",
        .id = "Login",
        .service = TRUST,
        .rpc = "WhoAmI",
        .flags = ROUTE_SAFE | ROUTE_LOGIN,
    },
    {
        .method = "POST",
        .pattern = "/api/logout",
        .summary = "Have the browser forget the token",
        .id = "logout",
        .own = ROUTE_OWN_LOGOUT,
        .view_type = &truss__bridge__v1__health_view__descriptor,
    },
    {
        .method = "GET",
        .pattern = "/readyz",
        .summary = "Whether a worker can work",
        .id = "CheckView",
        .service = HEALTH,
        .rpc = "Check",
        .flags = ROUTE_SAFE | ROUTE_NOT_OK_IS_503 | ROUTE_ANY_QUERY,
        .view = view_ready,
        .view_type = &truss__bridge__v1__health_view__descriptor,
    },
    {
        .method = "GET",
        .pattern = "/healthz",
        .summary = "Whether the bridge is alive",
        .id = "healthz",
        .own = ROUTE_OWN_ALIVE,
        .view_type = &truss__bridge__v1__health_view__descriptor,
    },
    {
        .method = "GET",
        .pattern = "/openapi.json",
        .summary = "This description, as OpenAPI 3.1",
        .id = "openapi",
        .own = ROUTE_OWN_OPENAPI,
    },
    {
        .method = "GET",
        .pattern = "/",
        .summary = "The list of routes",
        .id = "index",
        .own = ROUTE_OWN_INDEX,
    },
    {0},
};

/* The part of a path that stands for {field}, still encoded; data is NULL where the path is another. */
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

const struct route *route_find(struct arena *arena, const char *method, const char *path, const char **name,
                               const char **allowed)
{
    struct buffer methods = {.arena = arena};
    const char *const wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    *allowed = NULL;
    *name = NULL;
    for (const struct route *route = routes; route->method != NULL; route++) {
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

bool route_in_query(const struct route *route, const char *field)
{
    const bool is_hidden = route->hidden != NULL && strcmp(field, route->hidden) == 0;
    return route_is_bodyless(route) && !route_in_path(route, field) && !is_hidden;
}

unsigned route_rpc(const struct route *route)
{
    return (unsigned)(protobuf_c_service_descriptor_get_method_by_name(route->service, route->rpc) -
                      route->service->methods);
}
