/*
 * Storage parameters that no PostgreSQL from 13 to 18 has (reloptions.c), and values out of their bounds. Those with
 * a namespace other than toast are an extension's. libpg_query 15 writes a negative number as it writes 0, so 0 is not
 * judged.
 */
#include "sql/effects_reader.h"
#include "sql/never.h"

#include <stdlib.h>
#include <string.h>

enum of {
    TABLES = 1,
    TOAST = 2,
    VIEWS = 4,
    BTREE = 8,
    HASH = 16,
    GIST = 32,
    SPGIST = 64,
    GIN = 128,
    BRIN = 256,
    COLUMNS = 512
};

#define INDEXES (BTREE | HASH | GIST | SPGIST | GIN | BRIN)

static const struct parameter {
    const char *name;
    int of;
    double least; /* with `most` 0: it is not a number */
    double most;
} parameters[] = {
    {"fillfactor", TABLES | BTREE | HASH | GIST | SPGIST, 10, 100},
    {"autovacuum_enabled", TABLES | TOAST, 0, 0},
    {"autovacuum_vacuum_threshold", TABLES | TOAST, 0, 2147483647},
    {"autovacuum_vacuum_max_threshold", TABLES | TOAST, -1, 2147483647},
    {"autovacuum_vacuum_insert_threshold", TABLES | TOAST, -1, 2147483647},
    {"autovacuum_analyze_threshold", TABLES, 0, 2147483647},
    {"autovacuum_vacuum_cost_limit", TABLES | TOAST, 1, 10000},
    {"autovacuum_vacuum_cost_delay", TABLES | TOAST, 0, 100},
    {"autovacuum_freeze_min_age", TABLES | TOAST, 0, 1000000000},
    {"autovacuum_multixact_freeze_min_age", TABLES | TOAST, 0, 1000000000},
    {"autovacuum_freeze_max_age", TABLES | TOAST, 100000, 2000000000},
    {"autovacuum_multixact_freeze_max_age", TABLES | TOAST, 10000, 2000000000},
    {"autovacuum_freeze_table_age", TABLES | TOAST, 0, 2000000000},
    {"autovacuum_multixact_freeze_table_age", TABLES | TOAST, 0, 2000000000},
    {"autovacuum_vacuum_scale_factor", TABLES | TOAST, 0, 100},
    {"autovacuum_vacuum_insert_scale_factor", TABLES | TOAST, 0, 100},
    {"autovacuum_analyze_scale_factor", TABLES, 0, 100},
    {"log_autovacuum_min_duration", TABLES | TOAST, -1, 2147483647},
    {"vacuum_max_eager_freeze_failure_rate", TABLES | TOAST, 0, 1},
    {"toast_tuple_target", TABLES, 128, 8160},
    {"parallel_workers", TABLES, 0, 1024},
    {"user_catalog_table", TABLES, 0, 0},
    {"vacuum_index_cleanup", TABLES | TOAST, 0, 0},
    {"vacuum_truncate", TABLES | TOAST, 0, 0},
    {"security_barrier", VIEWS, 0, 0},
    {"security_invoker", VIEWS, 0, 0},
    {"check_option", VIEWS, 0, 0},
    {"deduplicate_items", BTREE, 0, 0},
    {"vacuum_cleanup_index_scale_factor", BTREE, 0, 10000000000},
    {"buffering", GIST, 0, 0},
    {"fastupdate", GIN, 0, 0},
    {"gin_pending_list_limit", GIN, 64, 2147483647},
    {"pages_per_range", BRIN, 1, 131072},
    {"autosummarize", BRIN, 0, 0},
    {"n_distinct", COLUMNS, -1, 1e300},
    {"n_distinct_inherited", COLUMNS, -1, 1e300},
};

static const struct parameter *parameter_called(const char *name, int of)
{
    const struct parameter *found = NULL;
    for (size_t i = 0; found == NULL && i < sizeof parameters / sizeof parameters[0]; i++) {
        found = (parameters[i].of & of) != 0 && strcmp(parameters[i].name, name) == 0 ? &parameters[i] : NULL;
    }
    return found;
}

static bool is_within(const struct parameter *parameter, const json_t *value)
{
    const json_int_t integer = tree_integer(tree_body(value, "Integer"), "ival");
    const char *const decimal = tree_string(tree_body(value, "Float"), "fval");
    const double number = decimal[0] != '\0' ? strtod(decimal, NULL) : (double)integer;
    return parameter->most == 0 || number == 0 || (number >= parameter->least && number <= parameter->most);
}

/* of: what may have them. */
static void of_list(const struct never *never, const json_t *list, int of)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *const option = tree_body(json_array_get(list, i), "DefElem");
        const char *const space = tree_string(option, "defnamespace");
        const char *const name = tree_string(option, "defname");
        const bool is_toast = strcmp(space, "toast") == 0;
        const struct parameter *const found = parameter_called(name, is_toast ? TOAST : of);
        if (space[0] != '\0' && !is_toast) {
            continue;
        }
        if (found == NULL) {
            never_say(never, "There is no such storage parameter here (22023).");
        } else if (!is_within(found, json_object_get(option, "arg"))) {
            never_say(never, "The value of a storage parameter is out of its bounds (22023).");
        }
    }
}

/* WITH OIDS and WITH (oids) were of PostgreSQL before 12; without a value in `oids = false` nothing is wanted. */
static void of_table(const struct never *never, const json_t *body)
{
    const json_t *const list = json_object_get(body, "options");
    const json_t *const oids = tree_option(list, "oids");
    const char *const method = tree_string(body, "accessMethod");
    if (oids != NULL) {
        if (tree_option_on(list, "oids")) {
            never_say(never, "Tables have no OIDs since PostgreSQL 12 (0A000).");
        }
    } else if (json_array_size(list) > 0 && json_object_get(body, "partspec") != NULL) {
        never_say(never, "A partitioned table has no storage parameters: its partitions have (22023).");
    } else if (method[0] == '\0' || strcmp(method, "heap") == 0) {
        of_list(never, list, TABLES);
    }
}

static int indexes_of(const char *method)
{
    static const struct {
        const char *name;
        int of;
    } methods[] = {{"btree", BTREE}, {"hash", HASH}, {"gist", GIST}, {"spgist", SPGIST}, {"gin", GIN}, {"brin", BRIN}};
    int of = 0;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        of = strcmp(methods[i].name, method) == 0 ? methods[i].of : of;
    }
    return of;
}

/* ALTER TABLE is for views and indexes, too; an index may be of an extension's access method. */
static void of_alter(const struct never *never, const json_t *body)
{
    const json_t *const commands = json_object_get(body, "cmds");
    const char *const objtype = tree_string(body, "objtype");
    const int of = strcmp(objtype, "OBJECT_VIEW") == 0    ? VIEWS
                   : strcmp(objtype, "OBJECT_TABLE") == 0 ? TABLES | VIEWS | INDEXES
                                                          : TABLES;
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        const json_t *const list = json_object_get(tree_body(json_object_get(command, "def"), "List"), "items");
        if (tree_is(command, "subtype", "AT_SetRelOptions") && strcmp(objtype, "OBJECT_INDEX") != 0) {
            of_list(never, list, of);
        } else if (tree_is(command, "subtype", "AT_SetOptions")) {
            of_list(never, list, COLUMNS);
        }
    }
}

void never_options(const struct never *never, const char *kind, const json_t *body)
{
    if (strcmp(kind, "CreateStmt") == 0) {
        of_table(never, body);
    } else if (strcmp(kind, "IndexStmt") == 0 && indexes_of(tree_string(body, "accessMethod")) != 0) {
        of_list(never, json_object_get(body, "options"), indexes_of(tree_string(body, "accessMethod")));
    } else if (strcmp(kind, "ViewStmt") == 0) {
        of_list(never, json_object_get(body, "options"), VIEWS);
    } else if (strcmp(kind, "CreateTableAsStmt") == 0) {
        const json_t *const into = json_object_get(body, "into");
        if (tree_option(json_object_get(into, "options"), "oids") == NULL &&
            tree_string(into, "accessMethod")[0] == '\0') {
            of_list(never, json_object_get(into, "options"), TABLES);
        }
    } else if (strcmp(kind, "AlterTableStmt") == 0) {
        of_alter(never, body);
    }
}
