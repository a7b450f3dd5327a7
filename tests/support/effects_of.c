/*
 * What the catalogue says, for tests that hold it against a server: statements on standard input, one in each NUL-ended
 * piece, and one line of JSON for each. Arguments: the server's version number and the types of columns, as
 * "table.column=type".
 */
#include "sql/effects.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct columns {
    char **given;
    int count;
};

static const char *column_type(void *data, const char *schema, const char *table, const char *column)
{
    const struct columns *const columns = data;
    char name[256];
    const int size = snprintf(name, sizeof name, "%s.%s=", table, column);
    for (int i = 0; i < columns->count; i++) {
        if (schema == NULL && strncmp(columns->given[i], name, (size_t)size) == 0) {
            return columns->given[i] + size;
        }
    }
    return NULL;
}

static json_t *to_json(const struct sql_effects *effects, struct text statement)
{
    static const char *const works[] = {
        [SQL_WORK_UNKNOWN] = "unknown", [SQL_WORK_NONE] = "none",   [SQL_WORK_SCAN] = "scan",
        [SQL_WORK_REWRITE] = "rewrite", [SQL_WORK_INDEX] = "index", [SQL_WORK_ROWS] = "rows",
    };
    json_t *const locks = json_object();
    for (size_t i = 0; i < effects->count; i++) {
        json_object_set_new(locks, effects->locks[i].relation, json_string(sql_lock_name(effects->locks[i].lock)));
    }
    return json_pack("{s:o, s:s, s:s?, s:b}", "locks", locks, "work", works[effects->work], "advice", effects->advice,
                     "may_stall", sql_may_stall_others(statement) ? 1 : 0);
}

int main(int argc, char **argv)
{
    struct columns columns = {.given = argv + 2, .count = argc > 2 ? argc - 2 : 0};
    const struct sql_facts facts = {
        .server_version = argc > 1 ? atoi(argv[1]) : 0, .data = &columns, .column_type = column_type};
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t size = getdelim(&line, &capacity, '\0', stdin); size > 0;
         size = getdelim(&line, &capacity, '\0', stdin)) {
        struct arena *const arena = arena_new(0);
        const struct text statement = text_of(line);
        struct sql_effects effects;
        sql_effects(arena, statement, &facts, NULL, &effects);
        json_t *const answer = to_json(&effects, statement);
        json_dumpf(answer, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(answer);
        arena_free(arena);
    }
    free(line);
    return EXIT_SUCCESS;
}
