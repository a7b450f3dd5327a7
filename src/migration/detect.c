/*
 * One query finds every table of a ledger's shape. The folders are those that the frameworks' own rules find. Where the
 * project has several, the one whose migrations the ledger knows is meant.
 */
#include "migration/detect.h"

#include <stdlib.h>
#include <string.h>

/* Tables with one of the names, each with its columns as "name:type …". By name first: pg_class has an index on it, and
 * a database may have thousands of schemas. */
static const char ledger_query[] =
    "SELECT n.nspname, c.relname, "
    "(SELECT pg_catalog.string_agg(a.attname || ':' || t.typname, ' ') FROM pg_catalog.pg_attribute a"
    " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
    " WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relname = ANY ($1::pg_catalog.name[]) AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' "
    "ORDER BY n.nspname, c.relname";

/* True where every "name:type" of the shape is among the table's columns. */
static bool has_columns(struct text columns, struct text wanted)
{
    while (wanted.size > 0) {
        const size_t space = text_find(wanted, " ", 0);
        const struct text one = text_slice(wanted, 0, space);
        bool found = false;
        for (struct text rest = columns; !found && rest.size > 0;) {
            const size_t end = text_find(rest, " ", 0);
            found = text_equal(text_slice(rest, 0, end), one);
            rest = end == SIZE_MAX ? (struct text){0} : text_slice(rest, end + 1, rest.size);
        }
        if (!found) {
            return false;
        }
        wanted = space == SIZE_MAX ? (struct text){0} : text_slice(wanted, space + 1, wanted.size);
    }
    return true;
}

/* The framework whose ledger this table is; NULL for an application's own table. */
static const struct framework *framework_of(const char *table, const char *columns)
{
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        for (const struct ledger_shape *shape = frameworks[i]->ledgers; shape->table != NULL; shape++) {
            if (strcmp(shape->table, table) == 0 && has_columns(text_of(columns), text_of(shape->columns))) {
                return frameworks[i];
            }
        }
    }
    return NULL;
}

/* The names of all ledgers as an array literal; they are ours and need no quoting. */
static const char *ledger_names(struct arena *arena)
{
    struct buffer names = {.arena = arena};
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        for (const struct ledger_shape *shape = frameworks[i]->ledgers; shape->table != NULL; shape++) {
            buffer_printf(&names, "%s\"%s\"", names.size == 0 ? "{" : ",", shape->table);
        }
    }
    buffer_putc(&names, '}');
    return buffer_string(&names);
}

static bool find_ledgers(struct work *work, struct detection *detection)
{
    const char *const values[] = {ledger_names(work->arena)};
    PG_RESULT(result) = pg_query(work->session, ledger_query, 1, values, work->status);
    if (result == NULL) {
        return false;
    }
    detection->ledgers = arena_array(work->arena, (size_t)PQntuples(result), sizeof *detection->ledgers);
    for (int row = 0; row < PQntuples(result); row++) {
        const char *const table = pg_field(result, row, 1);
        const char *const columns = pg_field(result, row, 2);
        const struct framework *const framework = columns == NULL ? NULL : framework_of(table, columns);
        if (framework != NULL) {
            detection->ledgers[detection->ledger_count++] = (struct detected_ledger){
                .framework = framework,
                .ledger = {arena_strdup(work->arena, pg_field(result, row, 0)), arena_strdup(work->arena, table)},
            };
        }
    }
    return true;
}

static const struct detected_ledger *ledger_at(const struct detection *detection, const struct framework *framework,
                                               const struct ledger *place)
{
    for (size_t i = 0; i < detection->ledger_count; i++) {
        const struct detected_ledger *const found = &detection->ledgers[i];
        if (found->framework == framework && strcmp(found->ledger.schema, place->schema) == 0 &&
            strcmp(found->ledger.table, place->table) == 0) {
            return found;
        }
    }
    return NULL;
}

static void warn(struct detection *detection, const char *warning)
{
    if (detection->warning_count < sizeof detection->warnings / sizeof detection->warnings[0]) {
        detection->warnings[detection->warning_count++] = warning;
    }
}

/* The framework's own CLI looks in one place; a ledger elsewhere is told of and never used in its stead. */
static void choose_ledger(struct work *work, struct detection *detection)
{
    detection->ledger = detection->framework->default_ledger(&work->site->project);
    detection->has_ledger = ledger_at(detection, detection->framework, &detection->ledger) != NULL;
    for (size_t i = 0; !detection->has_ledger && i < detection->ledger_count; i++) {
        if (detection->ledgers[i].framework == detection->framework) {
            warn(detection,
                 arena_printf(work->arena,
                              "There is a ledger in schema \"%s\", but the connection URL means schema \"%s\": "
                              "add ?schema=%s to it if that one is meant.",
                              detection->ledgers[i].ledger.schema, detection->ledger.schema,
                              detection->ledgers[i].ledger.schema));
        }
    }
}

/* How many of a folder's migrations the ledger has. */
static bool count_known(struct work *work, const struct folder *folder, const struct ledger_entries *entries,
                        size_t *known)
{
    struct migration_files files;
    *known = 0;
    if (!folder->framework->list(work->arena, folder, &files, work->status)) {
        return false;
    }
    for (size_t i = 0; i < files.count; i++) {
        for (size_t j = 0; j < entries->count; j++) {
            if (strcmp(files.items[i].name, entries->items[j].name) == 0) {
                (*known)++;
                break;
            }
        }
    }
    return true;
}

static const char *folder_names(struct arena *arena, const struct folder_list *folders)
{
    struct buffer names = {.arena = arena};
    for (size_t i = 0; i < folders->count; i++) {
        buffer_printf(&names, "%s%s", i == 0 ? "" : ", ", folders->items[i].path);
    }
    return buffer_string(&names);
}

/* One folder is the one; of several, the only one that shares migrations with the ledger. */
static bool choose_folder(struct work *work, struct detection *detection, const struct folder_list *folders)
{
    struct ledger_entries entries = {0};
    size_t best = 0;
    size_t best_known = 0;
    bool tie = true;
    if (folders->count == 0) {
        return true;
    }
    if (folders->count > 1 && detection->has_ledger &&
        !detection->framework->read_ledger(work->arena, work->session, &detection->ledger, &entries, work->status)) {
        return false;
    }
    for (size_t i = 0; folders->count > 1 && i < folders->count; i++) {
        size_t known;
        if (!count_known(work, &folders->items[i], &entries, &known)) {
            return false;
        }
        tie = known == best_known ? true : known > best_known ? false : tie;
        best = known > best_known ? i : best;
        best_known = known > best_known ? known : best_known;
    }
    if (folders->count > 1 && tie) {
        detection->folder_problem =
            arena_printf(work->arena, "The project has several folders of migrations (%s): say which by --migrations.",
                         folder_names(work->arena, folders));
        warn(detection, detection->folder_problem);
        return true;
    }
    detection->has_folder = true;
    detection->folder = folders->items[best];
    return true;
}

bool detect(struct work *work, struct detection *detection)
{
    struct folder_list folders = {0};
    *detection = (struct detection){0};
    if (!find_ledgers(work, detection)) {
        return false;
    }
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        if (!frameworks[i]->find_folders(work->arena, &work->site->project, &folders, work->status)) {
            return false;
        }
    }
    if (folders.count > 0) {
        detection->framework = folders.items[0].framework;
    } else if (detection->ledger_count > 0) {
        detection->framework = detection->ledgers[0].framework;
    } else {
        return true;
    }
    choose_ledger(work, detection);
    return choose_folder(work, detection, &folders);
}
