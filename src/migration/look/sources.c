/*
 * Every folder is a source, with its ledger if there is one; every other ledger is a source without a folder.
 */
#include "migration/look/sources.h"

#include "base/sqlstate.h"
#include "migration/look/advice.h"
#include "migration/look/elsewhere.h"
#include "migration/look/ledger_place.h"

#include <string.h>

static const struct found_ledger *found_at(const struct found_ledgers *ledgers, const struct ledger *place)
{
    for (size_t i = 0; i < ledgers->count; i++) {
        if (ledger_same_place(&ledgers->items[i].ledger, place)) {
            return &ledgers->items[i];
        }
    }
    return NULL;
}

/* "dbmate or Ruby on Rails" */
static const char *candidate_names(struct arena *arena, const struct found_ledger *found)
{
    struct buffer names = {.arena = arena};
    for (size_t i = 0; i < found->candidate_count; i++) {
        buffer_printf(&names, "%s%s", i == 0 ? "" : " or ", found->candidates[i]->display_name);
    }
    return buffer_string(&names);
}

/* A table's owner decides what runs with our rights when it is read or written. Who owns the schema that the operator
 * has named is trusted with the table in it; what the project names says nothing. */
static bool is_trusted(const struct looking *looking, const struct table *table)
{
    const struct site *const site = looking->request->site;
    const bool is_operators = site->project.schema != NULL || looking->detection->facts.names_schema;
    return table->is_trusted || site->is_ledger_vouched || (table->is_schemas_own && is_operators);
}

static const char *owner_problem(const struct looking *looking, const struct source *source, const struct table *table)
{
    return arena_printf(
        looking->request->arena,
        "The table %s.%s, where %s has its tracking table, belongs to the role \"%s\": what it holds could be "
        "anybody's, and its triggers and policies would run with the rights of this connection. Give it to the role "
        "that "
        "migrates (ALTER TABLE … OWNER TO), or say that it is meant by %s.",
        table->schema, table->name, source->framework->display_name, table->owner,
        advice_ledger(looking->request->arena, table->schema, table->name));
}

static const char *code_problem(const struct looking *looking, const struct source *source, const struct table *table)
{
    return arena_printf(
        looking->request->arena,
        "The table %s.%s, where %s has its tracking table, has %s: that role's code would run with the rights of this "
        "connection when a row is read or written. When you have looked at it, drop it (of a trigger also REVOKE "
        "TRIGGER ON %s.%s FROM that role), or give it to the role that migrates (ALTER … OWNER TO), or say that the "
        "table is meant by %s.",
        table->schema, table->name, source->framework->display_name, table->foreign_code, table->schema, table->name,
        advice_ledger(looking->request->arena, table->schema, table->name));
}

/* Judges the table in the ledger's place. */
static void take_place(const struct looking *looking, struct source *source, const struct table *table)
{
    struct arena *const arena = looking->request->arena;
    const struct found_ledger *const found = found_at(&looking->detection->ledgers, &source->ledger);
    const bool is_exact = found != NULL && found_ledger_is(found, source->framework);
    const struct shape_fit fit =
        is_exact ? shape_fit_exact(arena, source->framework, table) : shape_fit(arena, source->framework, table);
    if (!is_trusted(looking, table)) {
        source->problem = owner_problem(looking, source, table);
    } else if (table->foreign_code != NULL && !looking->request->site->is_ledger_vouched) {
        source->problem = code_problem(looking, source, table);
    } else if (found != NULL && !is_exact && source->framework->declared_at == NULL) {
        source->problem = arena_printf(
            arena,
            "The table %s.%s, where %s has its tracking table, is a tracking table of %s. Say which framework "
            "is meant by --framework, or where its tracking table is by --ledger.",
            table->schema, table->name, source->framework->display_name, candidate_names(arena, found));
    } else if (!fit.fits) {
        source->problem = arena_printf(arena,
                                       "The table %s.%s has the name of the tracking table of %s, but cannot be it: "
                                       "%s. Rename it, or say where the tracking table is by --ledger.",
                                       table->schema, table->name, source->framework->display_name, fit.difference);
    } else {
        source_take_table(looking, source, table, &fit);
        source_add_evidence(source, is_exact
                                        ? found->evidence
                                        : arena_printf(arena,
                                                       "table %s.%s has the tracking table's columns, and others or of "
                                                       "other types",
                                                       table->schema, table->name));
    }
}

/* Warns about a search path without existing schemas: a script could not create anything without naming a schema. If
 * the tracking table would be there, too, nothing is known. */
static void check_schema(const struct looking *looking, struct source *source)
{
    const struct session_facts *const facts = &looking->detection->facts;
    const struct framework *const framework = source->framework;
    const bool is_sessions = strcmp(source->ledger.schema, session_schema(looking)) == 0;
    if (looking->session == NULL || facts->schema_count > 0 || framework->ledger.is_fixed ||
        looking->request->site->project.schema != NULL ||
        framework_session_path(framework, &source->ledger).place != PATH_STAYS ||
        (is_sessions && ledger_made_schema(looking->request, framework) != NULL)) {
        return;
    }
    const char *const why =
        arena_printf(looking->request->arena, "The connection's search_path is %s, and none of these schemas exists",
                     facts->search_path);
    if (is_sessions && looking->request->site->ledger.table == NULL) {
        source->problem = arena_printf(looking->request->arena, "%s: create the schema, or correct the name.", why);
    } else if (!is_sessions) {
        looking_warn(looking,
                     arena_printf(looking->request->arena,
                                  "%s: what a script makes without a schema fails (" SQLSTATE_INVALID_SCHEMA_NAME
                                  "). Create the schema, or correct the name.",
                                  why));
    }
}

/* Warns about a role named like our own schema: after the first run that schema exists, and "$user" means it. */
static void check_role(const struct looking *looking, const struct source *source)
{
    if (looking->detection->facts.means_ours && !source->framework->ledger.is_fixed &&
        looking->request->site->project.schema == NULL) {
        looking_warn(
            looking,
            arena_printf(
                looking->request->arena,
                "The role \"%s\" has the name of the schema in which Truss keeps its own tables, and its search_path "
                "has \"$user\": what a script makes without a schema goes there once that schema exists. Choose the "
                "schema, as by ALTER ROLE … SET search_path = public, use another role, or name ours otherwise "
                "(--state-schema).",
                pg_session_own_schema(looking->session)));
        looking->detection->facts.means_ours = false; /* warned once, whatever the number of folders */
    }
}

/* A name in code or a command may be for another database, another folder, or out of date: if both that table and the
 * default one exist, the user must decide. Likewise a schema named there without such a table may be the one for the
 * scripts, which the connection does not name. */
static bool is_doubted(const struct looking *looking, struct source *source)
{
    struct arena *const arena = looking->request->arena;
    const struct tables *const tables = &looking->detection->ledgers.tables;
    const struct ledger *const named = &source->ledger;
    struct folder plain = source->folder;
    plain.ledger = (struct ledger){0};
    const struct ledger usual = ledger_place_of(looking, source->framework, &plain);
    const bool is_there = tables_at(tables, named) != NULL;
    const bool has_usual = tables_at(tables, &usual) != NULL;
    const bool is_clear = is_there ? !has_usual : strcmp(named->schema, usual.schema) == 0;
    if (source->folder.mentioned == NULL || looking->request->site->ledger.table != NULL ||
        ledger_same_place(&usual, named) || is_clear) {
        return false;
    }
    source->problem = arena_printf(
        arena,
        "%s: by that the tracking table is %s.%s, %s, and %s would have it at %s.%s, %s. "
        "Say which is meant: %s, or %s.",
        source->folder.mentioned, named->schema, named->table, is_there ? "which is there" : "which is not there",
        source->framework->display_name, usual.schema, usual.table, has_usual ? "which is there" : "which is not there",
        advice_ledger(arena, named->schema, named->table), advice_ledger(arena, usual.schema, usual.table));
    return true;
}

/* The table of an older version of the tool: without one of this version everything would run again. */
static void check_older(const struct looking *looking, struct source *source)
{
    const char *const name = source->framework->ledger.older_table;
    const struct ledger place = {.schema = source->ledger.schema, .table = name};
    if (name == NULL || source->problem != NULL || source->has_ledger || looking->request->site->ledger.table != NULL ||
        tables_at(&looking->detection->ledgers.tables, &place) == NULL) {
        return;
    }
    const char *const note = source->framework->ledger.older_note;
    if (note != NULL) {
        source->problem =
            arena_printf(looking->request->arena,
                         "There is a tracking table %s.%s, and none at %s.%s: %s; or say by --ledger which table is "
                         "meant.",
                         place.schema, name, source->ledger.schema, source->ledger.table, note);
        return;
    }
    source->problem = arena_printf(
        looking->request->arena,
        "The table %s.%s is called as the tracking table of older versions of %s, and there is none at %s.%s: every "
        "migration would run again. Upgrade it as %s says, or say by --ledger which table is meant.",
        place.schema, name, source->framework->display_name, source->ledger.schema, source->ledger.table,
        source->framework->display_name);
}

/* What the project says of the folder or its table that cannot be followed, whatever is in the database; NULL: nothing.
 */
static const char *unfit(const struct looking *looking, const struct source *source)
{
    struct arena *const arena = looking->request->arena;
    const struct folder *const folder = &source->folder;
    if (folder->outside != NULL) {
        return arena_printf(arena, "%s.", folder->outside);
    }
    if (folder->unread_ledger != NULL && looking->request->site->ledger.table == NULL) {
        return arena_printf(arena, "%s. Say %swhere the tracking table is by --ledger SCHEMA.TABLE.",
                            folder->unread != NULL ? folder->unread : folder->unread_ledger,
                            folder->unread != NULL ? "which folder is meant by --migrations, and " : "");
    }
    return shapes_is_reserved(looking->request, source->framework, source->ledger.schema)
               ? arena_printf(arena,
                              "%s: its tracking table would be %s.%s, in a schema of PostgreSQL or of Truss itself. "
                              "Name a table of its own.",
                              source->framework->declared_at, source->ledger.schema, source->ledger.table)
               : NULL;
}

static bool source_of_folder(const struct looking *looking, const struct folder *folder, struct source *source)
{
    *source = (struct source){
        .framework = folder->framework,
        .ledger = ledger_place_of(looking, folder->framework, folder),
        .has_folder = true,
        .folder = *folder,
        .confidence = folder->confidence,
    };
    source_add_evidence(source, folder->evidence);
    if (folder->mentioned != NULL) {
        source_add_evidence(source, folder->mentioned);
    }
    source->problem = unfit(looking, source);
    if (source->problem != NULL || looking->session == NULL) {
        return true;
    }
    check_role(looking, source);
    if (is_doubted(looking, source)) {
        return true;
    }
    const struct table *const table = tables_at(&looking->detection->ledgers.tables, &source->ledger);
    if (table != NULL) {
        take_place(looking, source, table);
        return source->problem != NULL || ledger_check_empty(looking, source);
    }
    check_schema(looking, source);
    if (source->problem == NULL && !ledger_look_elsewhere(looking, source)) {
        return false;
    }
    check_older(looking, source);
    return true;
}

/* Is it where a folder's framework has its own ledger? */
static bool is_claimed(const struct detection *detection, const struct found_ledger *found)
{
    for (size_t i = 0; i < detection->source_count; i++) {
        const struct source *const source = &detection->sources[i];
        if (source->has_folder && ledger_same_place(&source->ledger, &found->ledger)) {
            return true;
        }
    }
    return false;
}

/* A ledger of an untrusted role is reported, but never read. */
static void add_ledger_sources(const struct looking *looking)
{
    struct detection *const detection = looking->detection;
    struct arena *const arena = looking->request->arena;
    for (size_t i = 0; i < detection->ledgers.count; i++) {
        const struct found_ledger *const found = &detection->ledgers.items[i];
        if (is_claimed(detection, found) || !is_trusted(looking, found->table)) {
            continue;
        }
        for (size_t j = 0; j < found->candidate_count; j++) {
            struct source source = {
                .framework = found->candidates[j],
                .confidence = found->candidate_count == 1 ? CONFIDENCE_LIKELY : CONFIDENCE_LOW,
            };
            const struct shape_fit fit = shape_fit_exact(arena, source.framework, found->table);
            source_take_table(looking, &source, found->table, &fit);
            source_add_evidence(&source, found->evidence);
            if (found->candidate_count > 1) {
                source_add_evidence(&source, arena_printf(arena, "it fits %s", candidate_names(arena, found)));
            }
            detection->sources[detection->source_count++] = source;
        }
    }
}

bool sources_make(const struct looking *looking, const struct folder_list *folders)
{
    struct detection *const detection = looking->detection;
    const size_t most = folders->count + detection->ledgers.count * MOST_CANDIDATES;
    detection->sources = arena_array(looking->request->arena, most, sizeof *detection->sources);
    for (size_t i = 0; i < folders->count; i++) {
        if (!source_of_folder(looking, &folders->items[i], &detection->sources[detection->source_count])) {
            return false;
        }
        detection->source_count++;
    }
    /* A ledger that fits two frameworks belongs to the one with a folder, which is confirmed by it. */
    for (size_t i = 0; i < detection->source_count; i++) {
        struct source *const source = &detection->sources[i];
        if (source->has_ledger && source->confidence == CONFIDENCE_LIKELY) {
            source->confidence = CONFIDENCE_CERTAIN;
        }
    }
    add_ledger_sources(looking);
    return true;
}
