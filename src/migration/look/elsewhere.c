/*
 * A table in another place may be the ledger, a copy of it, or another project's: its rows are compared with the files.
 */
#include "migration/look/elsewhere.h"

#include "migration/look/advice.h"
#include "migration/look/kinship.h"
#include "migration/look/ledger_place.h"

#include <string.h>

/* The name of a manual copy: "schema_migrations_backup", "old_goose_db_version", "log_20240101". */
static bool looks_like_copy(const struct table *table, const char *usual)
{
    static const char *const words[] = {"backup", "bak",     "old",  "copy", "tmp",
                                        "temp",   "archive", "prev", "orig", "save"};
    const struct text name = text_of(table->name);
    size_t digits = 0;
    bool is_copy = !table->has_key || (strcmp(table->name, usual) != 0 && text_find(name, usual, 0) != SIZE_MAX);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        is_copy = is_copy || text_find(name, words[i], 0) != SIZE_MAX;
    }
    for (size_t i = 0; i < name.size; i++) {
        digits = name.data[i] >= '0' && name.data[i] <= '9' ? digits + 1 : 0;
        is_copy = is_copy || digits == 6;
    }
    return is_copy;
}

/* "--ledger SCHEMA.TABLE". */
static const char *advice_of(const struct looking *looking, const struct ledger *ledger)
{
    return advice_ledger(looking->request->arena, ledger->schema, ledger->table);
}

static void ask_for_ledger(const struct looking *looking, struct source *source, const struct ledger *other,
                           size_t count)
{
    source->problem = arena_printf(
        looking->request->arena,
        "%s has no tracking table where it would make one (%s.%s), and the database has %s.%s%s, which may be another "
        "project's or a copy. Say which is meant: %s, or %s for a new one.",
        source->framework->display_name, source->ledger.schema, source->ledger.table, other->schema, other->table,
        count > 1 ? " and others" : "", advice_of(looking, other), advice_of(looking, &source->ledger));
}

/* Would the search path find it by its unqualified name? */
static bool is_on_path(const struct looking *looking, const struct table *table)
{
    const struct session_facts *const facts = &looking->detection->facts;
    for (size_t i = 0; i < facts->schema_count; i++) {
        if (strcmp(facts->schemas[i], table->schema) == 0) {
            return true;
        }
    }
    return false;
}

/* Whose a table of this shape in another place is. */
enum whose {
    WHOSE_ANOTHERS, /* it belongs to an untrusted role; or none of its rows is of this folder, and the search path does
                       not find it */
    WHOSE_OURS,     /* all its rows are of this folder, and nothing suggests a copy */
    WHOSE_UNKNOWN,
};

static bool judge(const struct looking *looking, const struct source *source, const struct found_ledger *other,
                  enum whose *whose)
{
    const struct table *const table = other->table;
    const char *const usual = source->framework->ledger.shapes[0].table;
    const bool is_usual = strcmp(other->ledger.table, source->ledger.table) == 0;
    const bool is_far = !is_on_path(looking, table);
    struct source with = *source;
    struct kinship kinship;
    const bool is_foreign = !table->is_trusted || table->foreign_code != NULL;
    *whose = is_foreign && is_far ? WHOSE_ANOTHERS : WHOSE_UNKNOWN;
    if (is_foreign || !table->is_readable) {
        return true; /* what an untrusted role may have put there is not read */
    }
    with.ledger = other->ledger;
    with.as_read = shape_fit_exact(looking->request->arena, source->framework, table).as_read;
    if (!kinship_find(looking, &with, &kinship)) {
        return false;
    }
    if (kinship_is_same(&kinship) && (is_usual || !looks_like_copy(table, usual))) {
        *whose = WHOSE_OURS;
    } else if (kinship_is_none(&kinship) && is_far) {
        *whose = WHOSE_ANOTHERS;
    }
    return true;
}

static void adopt(const struct looking *looking, struct source *source, const struct found_ledger *other)
{
    looking_warn(
        looking,
        arena_printf(
            looking->request->arena,
            "The tracking table is %s.%s: all that it has is in the folder. %s itself would look at %s.%s; %s says for "
            "certain which is meant.",
            other->ledger.schema, other->ledger.table, source->framework->display_name, source->ledger.schema,
            source->ledger.table, advice_of(looking, &other->ledger)));
    const struct shape_fit fit = shape_fit_exact(looking->request->arena, source->framework, other->table);
    source_take_table(looking, source, other->table, &fit);
    source_add_evidence(source, other->evidence);
}

/* Nobody has named the place. Other projects' tables are reported, and a first run uses the usual place; a single one
 * that is ours is taken; if it is uncertain the user decides. */
static bool choose_among(const struct looking *looking, struct source *source)
{
    const struct found_ledgers *const ledgers = &looking->detection->ledgers;
    const struct found_ledger *one = NULL;
    enum whose whose_one = WHOSE_ANOTHERS;
    size_t count = 0;
    for (size_t i = 0; i < ledgers->count; i++) {
        const struct found_ledger *const found = &ledgers->items[i];
        enum whose whose = WHOSE_ANOTHERS;
        if (found_ledger_is(found, source->framework) && !judge(looking, source, found, &whose)) {
            return false;
        }
        if (whose != WHOSE_ANOTHERS) {
            one = found;
            whose_one = whose;
            count++;
        }
    }
    if (count == 1 && whose_one == WHOSE_OURS) {
        adopt(looking, source, one);
    } else if (count > 0) {
        ask_for_ledger(looking, source, &one->ledger, count);
    } else {
        source_add_evidence(source, "tracking tables of this kind in other schemas have nothing of these files: they "
                                    "are other projects'");
    }
    return true;
}

/* The framework's usual place is in the schema that is meant, but another schema has such a table. */
static void warn_of_schema(const struct looking *looking, const struct source *source, const struct ledger *other)
{
    struct arena *const arena = looking->request->arena;
    looking_warn(looking,
                 looking->request->site->ledger.table != NULL
                     ? arena_printf(arena,
                                    "There is a tracking table at %s.%s, but --ledger says %s.%s: that is made new, "
                                    "and every migration runs. If the other one is meant, %s says so.",
                                    other->schema, other->table, source->ledger.schema, source->ledger.table,
                                    advice_of(looking, other))
                     : arena_printf(arena,
                                    "There is a tracking table in schema \"%s\", but the connection URL means schema "
                                    "\"%s\": add ?schema=%s to it if that one is meant.",
                                    other->schema, source->ledger.schema, other->schema));
}

/* The project names a table that does not exist, and the database has others of that shape. */
static void warn_of_name(const struct looking *looking, const struct source *source, const struct ledger *other,
                         size_t count)
{
    looking_warn(looking,
                 arena_printf(looking->request->arena,
                              "%s's tracking table is looked for at %s.%s, where there is none; the database has "
                              "%s.%s%s as well. If that one is meant, %s says so.",
                              source->framework->display_name, source->ledger.schema, source->ledger.table,
                              other->schema, other->table, count > 1 ? " and others" : "", advice_of(looking, other)));
}

/* ---- a named table that does not exist ---- */

/* A table that may be meant instead of the missing one. */
struct other_table {
    const struct table *table;
    const char *as_read;
    bool is_usual; /* it has the framework's default name */
};

/* Does it have rows of this folder's migrations? In the default table any rows count, because it was used until
 * somebody named another. A table that may not be read may have some. */
static bool may_be_meant(const struct looking *looking, const struct source *source, const struct other_table *other,
                         bool *may)
{
    struct source with = *source;
    struct kinship kinship;
    *may = other->table->is_trusted && !other->table->is_readable;
    if (!other->table->is_trusted || !other->table->is_readable) {
        return true;
    }
    with.ledger.schema = other->table->schema;
    with.ledger.table = other->table->name;
    with.as_read = other->as_read;
    if (!kinship_find(looking, &with, &kinship)) {
        return false;
    }
    *may = kinship_known(&kinship) > 0 || (other->is_usual && kinship.others > 0);
    return true;
}

static void ask_which(const struct looking *looking, struct source *source, const struct table *other)
{
    struct arena *const arena = looking->request->arena;
    const struct ledger url = ledger_place_of_url(looking, source->framework);
    const char *const who =
        source->folder.mentioned != NULL ? source->folder.mentioned
        : source->folder.ledger.table == NULL && source->folder.ledger.schema == NULL && url.table != NULL
            ? "The connection URL says so"
        : source->folder.evidence != NULL ? source->folder.evidence
                                          : "The project's configuration";
    source->problem = arena_printf(
        arena,
        "%s: by that %s has its tracking table at %s.%s, which is not there, and the database has %s.%s with rows. Say "
        "which is meant: %s, or %s for a new one, into which every migration would run.",
        who, source->framework->display_name, source->ledger.schema, source->ledger.table, other->schema, other->name,
        advice_ledger(arena, other->schema, other->name), advice_of(looking, &source->ledger));
}

/* If the connection names a schema, tables in others belong to other services. */
static bool is_of_our_schemas(const struct looking *looking, const struct source *source, const char *schema)
{
    const bool is_named = looking->request->site->project.schema != NULL || looking->detection->facts.names_schema;
    return !is_named || strcmp(schema, source->ledger.schema) == 0;
}

/* The table in the framework's usual place, if any version of the framework could have made it. */
static bool usual_table(const struct looking *looking, const struct source *source, struct other_table *other)
{
    struct folder plain = source->folder;
    plain.ledger = (struct ledger){0};
    struct ledger place = ledger_place_of(looking, source->framework, &plain);
    place.table = source->framework->ledger.shapes[0].table;
    const struct table *const table = tables_at(&looking->detection->ledgers.tables, &place);
    if (table == NULL || ledger_same_place(&place, &source->ledger)) {
        return false;
    }
    const struct shape_fit fit = shape_fit(looking->request->arena, source->framework, table);
    *other = (struct other_table){table, fit.as_read, true};
    return fit.fits;
}

/* Finds a table of the missing one's name in another schema, which may be meant. Its name is the project's own, so that
 * it need not have been found as a ledger. */
static bool look_for_namesake(const struct looking *looking, const struct source *source, struct other_table *other,
                              bool *is_asked)
{
    const struct tables *const tables = &looking->detection->ledgers.tables;
    for (size_t i = 0; !*is_asked && i < tables->count; i++) {
        const struct table *const table = &tables->items[i];
        if (strcmp(table->name, source->ledger.table) != 0 || strcmp(table->schema, source->ledger.schema) == 0 ||
            !is_of_our_schemas(looking, source, table->schema)) {
            continue;
        }
        const struct shape_fit fit = shape_fit(looking->request->arena, source->framework, table);
        *other = (struct other_table){table, fit.as_read, false};
        if (fit.fits && !may_be_meant(looking, source, other, is_asked)) {
            return false;
        }
    }
    return true;
}

/* A table is named in a configuration, in code or in the URL, and does not exist. If there is nothing else it is a
 * first run. If another table has rows, either the name is wrong, and everything would run twice, or that table is old:
 * only the user knows. */
static bool look_for_another(const struct looking *looking, struct source *source, bool *is_asked)
{
    const struct found_ledgers *const ledgers = &looking->detection->ledgers;
    struct other_table other;
    *is_asked = false;
    if (usual_table(looking, source, &other)) {
        if (!may_be_meant(looking, source, &other, is_asked)) {
            return false;
        }
    }
    for (size_t i = 0; !*is_asked && i < ledgers->count; i++) {
        const struct found_ledger *const found = &ledgers->items[i];
        if (!found_ledger_is(found, source->framework) || !is_of_our_schemas(looking, source, found->ledger.schema)) {
            continue;
        }
        other = (struct other_table){found->table,
                                     shape_fit_exact(looking->request->arena, source->framework, found->table).as_read,
                                     strcmp(found->ledger.table, source->framework->ledger.shapes[0].table) == 0};
        if (!may_be_meant(looking, source, &other, is_asked)) {
            return false;
        }
    }
    if (!*is_asked && !look_for_namesake(looking, source, &other, is_asked)) {
        return false;
    }
    if (*is_asked) {
        ask_which(looking, source, other.table);
    }
    return true;
}

/* Does the schema come only from the search path of the role or database? */
static bool is_by_default(const struct looking *looking, const struct source *source)
{
    const struct site *const site = looking->request->site;
    return !source->framework->ledger.is_fixed && site->ledger.table == NULL && site->project.schema == NULL &&
           source->folder.ledger.schema == NULL && ledger_place_of_url(looking, source->framework).schema == NULL &&
           (site->conninfo == NULL || site->conninfo->search_path == NULL);
}

/* Is it a tracking table of the framework, or has it the name of the source's, so that it may be another version's? */
static bool fits_source(const struct looking *looking, const struct source *source, const struct table *table,
                        struct other_table *other)
{
    const struct found_ledger *const found = found_ledger_of(&looking->detection->ledgers, table);
    struct arena *const arena = looking->request->arena;
    if (found != NULL) {
        *other = (struct other_table){table, shape_fit_exact(arena, source->framework, table).as_read, false};
        return found_ledger_is(found, source->framework);
    }
    const struct shape_fit fit = shape_fit(arena, source->framework, table);
    *other = (struct other_table){table, fit.as_read, false};
    return strcmp(table->name, source->ledger.table) == 0 && fit.fits;
}

/* If the search path was changed since (ALTER ROLE … SET search_path), everything would run again. */
static void ask_about_path(const struct looking *looking, struct source *source, const struct table *other)
{
    const char *const name = source->framework->display_name;
    source->problem = arena_printf(
        looking->request->arena,
        "%s.%s has rows of these migrations, and the search path that the role or the database has (%s) leads to "
        "schema \"%s\", where %s has none: %s itself would run them all again there. Say which is meant: %s, or "
        "%s for one in which they are all new.",
        other->schema, other->name, looking->detection->facts.search_path, source->ledger.schema, name, name,
        advice_ledger(looking->request->arena, other->schema, other->name), advice_of(looking, &source->ledger));
}

/* For a table that the path does not find: was it the source's before somebody set that path? What an untrusted role
 * may have put there is not read, and what this role may not read it has never written. */
static bool was_ours(const struct looking *looking, const struct source *source, const struct other_table *other,
                     bool *was)
{
    const struct table *const table = other->table;
    struct source with = *source;
    struct kinship kinship;
    *was = false;
    if (!looking->detection->facts.names_schema || source->framework->ledger.schema != NULL || !table->is_trusted ||
        table->foreign_code != NULL || !table->is_readable || strcmp(table->name, source->ledger.table) != 0) {
        return true;
    }
    with.ledger.schema = table->schema;
    with.as_read = other->as_read;
    if (!kinship_find(looking, &with, &kinship)) {
        return false;
    }
    *was = !kinship_is_none(&kinship);
    return true;
}

/* The number of tables with the source's name in schemas that the path does not contain. If there are several they
 * belong to tenants, and this one gets its own. */
static size_t count_far(const struct looking *looking, const struct source *source)
{
    const struct tables *const tables = &looking->detection->ledgers.tables;
    size_t count = 0;
    for (size_t i = 0; i < tables->count; i++) {
        count += strcmp(tables->items[i].name, source->ledger.table) == 0 && !is_on_path(looking, &tables->items[i]) &&
                         tables->items[i].is_trusted
                     ? 1
                     : 0;
    }
    return count;
}

/* The schema comes from the search path, which may be newer than the table (ALTER DATABASE … SET search_path in a
 * migration): another schema has a table with rows of this folder, and with a new table everything would run again. */
static bool look_for_moved(const struct looking *looking, struct source *source, bool *is_asked)
{
    const struct tables *const tables = &looking->detection->ledgers.tables;
    const struct table *const own = tables_at(tables, &source->ledger);
    const bool has_one_far = count_far(looking, source) == 1;
    for (size_t i = 0; !*is_asked && is_by_default(looking, source) && i < tables->count; i++) {
        const struct table *const table = &tables->items[i];
        struct other_table other;
        if (table == own || !fits_source(looking, source, table, &other)) {
            continue;
        }
        if (!is_on_path(looking, table)) {
            if (has_one_far && !was_ours(looking, source, &other, is_asked)) {
                return false;
            }
            if (*is_asked) {
                ask_about_path(looking, source, table);
            }
            continue;
        }
        *is_asked = !table->is_trusted || table->foreign_code != NULL;
        if (!*is_asked && !may_be_meant(looking, source, &other, is_asked)) {
            return false;
        }
        if (*is_asked) {
            const struct ledger place = {.schema = table->schema, .table = table->name};
            ask_for_ledger(looking, source, &place, 1);
        }
    }
    return true;
}

/* Some tools create their table even when they are only asked for a status. */
bool ledger_check_empty(const struct looking *looking, struct source *source)
{
    const struct found_ledgers *const ledgers = &looking->detection->ledgers;
    struct kinship kinship = {0};
    bool is_asked = false;
    size_t count = 0;
    for (size_t i = 0; i < ledgers->count; i++) {
        count += found_ledger_is(&ledgers->items[i], source->framework) ? 1 : 0;
    }
    if (count < 2 || !is_by_default(looking, source) || !source->has_ledger) {
        return true;
    }
    return kinship_find(looking, source, &kinship) &&
           (kinship_known(&kinship) + kinship.others > 0 || look_for_moved(looking, source, &is_asked));
}

/* Does the project or the URL, but no option, name a table or schema? */
static bool is_said(const struct looking *looking, const struct source *source)
{
    return looking->request->site->ledger.table == NULL &&
           (source->folder.ledger.table != NULL || source->folder.ledger.schema != NULL ||
            ledger_place_of_url(looking, source->framework).table != NULL);
}

bool ledger_look_elsewhere(const struct looking *looking, struct source *source)
{
    struct detection *const detection = looking->detection;
    const struct framework *const framework = source->framework;
    const struct found_ledger *other = NULL;
    size_t count = 0;
    bool is_asked = false;
    if (is_said(looking, source) && !look_for_another(looking, source, &is_asked)) {
        return false;
    }
    for (size_t i = 0; i < detection->ledgers.count; i++) {
        if (found_ledger_is(&detection->ledgers.items[i], framework)) {
            other = &detection->ledgers.items[i];
            count++;
        }
    }
    const bool is_chosen = count == 0 || is_said(looking, source) || ledger_is_named(looking, &source->folder);
    if (is_chosen && !is_asked && !look_for_moved(looking, source, &is_asked)) {
        return false;
    }
    if (count == 0 || is_asked) {
        return true;
    }
    if (framework->ledger.is_fixed && strcmp(other->ledger.schema, source->ledger.schema) != 0) {
        warn_of_schema(looking, source, &other->ledger);
    } else if (is_chosen) {
        warn_of_name(looking, source, &other->ledger, count);
    } else {
        return choose_among(looking, source);
    }
    return true;
}
