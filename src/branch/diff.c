/*
 * Asks both catalogs the same questions in the same order; one walk through both lists finds the differences.
 */
#include "branch/refusals.h"
#include "pg/objects.h"
#include "pg/own_query.h"
#include "pg/search.h"
#include "pg/values.h"

#include <string.h>

#define MOST      500
#define MOST_TEXT ((size_t)8 * 1024)

static PGresult *catalog_of(const struct branch_call *call, const char *database)
{
    const struct conninfo conninfo = conninfo_beside(call->arena, call->branches->conninfo, database);
    struct pg_session *const session = pg_session_open_pinned(&conninfo, call->deadline, call->status);
    PGresult *const catalog = session == NULL ? NULL : own_query(session, pg_objects_sql, 0, NULL, call->status);
    pg_session_free(session);
    return catalog;
}

/* Less than 0, 0, or more than 0, as strcmp; past the end of a list counts as greatest. */
static int compare(const PGresult *a, int i, const PGresult *b, int j)
{
    if (i >= PQntuples(a) || j >= PQntuples(b)) {
        return (i >= PQntuples(a) ? 1 : 0) - (j >= PQntuples(b) ? 1 : 0);
    }
    const int by_kind = strcmp(pg_field(a, i, 0), pg_field(b, j, 0));
    return by_kind != 0 ? by_kind : strcmp(pg_field(a, i, 1), pg_field(b, j, 1));
}

static const char *definition(struct arena *arena, const PGresult *result, int row)
{
    return text_clean(arena, pg_field(result, row, 2), MOST_TEXT);
}

static void add(struct arena *arena, struct branch_differences *differences, const struct branch_difference *one)
{
    if (differences->count == MOST) {
        differences->is_truncated = true;
        return;
    }
    if (differences->items == NULL) {
        differences->items = arena_array(arena, MOST, sizeof *differences->items);
    }
    differences->items[differences->count++] = *one;
}

static const char *cell(struct arena *arena, const PGresult *result, int row, int column)
{
    return arena_strdup(arena, pg_field(result, row, column));
}

static void merge(struct arena *arena, const PGresult *parent, const PGresult *branch,
                  struct branch_differences *differences)
{
    for (int i = 0, j = 0; i < PQntuples(parent) || j < PQntuples(branch);) {
        const int order = compare(parent, i, branch, j);
        const PGresult *const named = order <= 0 ? parent : branch;
        const int row = order <= 0 ? i : j;
        const struct branch_difference one = {
            .kind = cell(arena, named, row, 0),
            .name = cell(arena, named, row, 1),
            .parent = order <= 0 ? definition(arena, parent, i) : NULL,
            .branch = order >= 0 ? definition(arena, branch, j) : NULL,
        };
        if (order != 0 || strcmp(pg_field(parent, i, 2) == NULL ? "" : pg_field(parent, i, 2),
                                 pg_field(branch, j, 2) == NULL ? "" : pg_field(branch, j, 2)) != 0) {
            add(arena, differences, &one);
        }
        i += order <= 0 ? 1 : 0;
        j += order >= 0 ? 1 : 0;
    }
}

bool branch_diff(const struct branch_call *call, int64_t id, struct branch_row *row,
                 struct branch_differences *differences)
{
    *differences = (struct branch_differences){0};
    if (!branch_get(call, id, row)) {
        return false;
    }
    PG_RESULT(parent) = catalog_of(call, row->parent);
    PG_RESULT(branch) = parent == NULL ? NULL : catalog_of(call, row->branch);
    if (branch == NULL) {
        explain_gone(call, row, false);
        return false;
    }
    merge(call->arena, parent, branch, differences);
    return true;
}
