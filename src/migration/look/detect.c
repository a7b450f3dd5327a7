/*
 * Every folder is a source, with its ledger where there is one; every other ledger is a source without a folder. Of
 * several the one with both is meant; of several of those, the one whose ledger knows the most of its files.
 */
#include "migration/look/detect.h"

#include "framework/core/layout.h"
#include "framework/declared/declared.h"
#include "pg/trust.h"

#include <string.h>

static void warn(struct detection *detection, const char *warning)
{
    if (detection->warning_count < sizeof detection->warnings / sizeof detection->warnings[0]) {
        detection->warnings[detection->warning_count++] = warning;
    }
}

static void add_evidence(struct source *source, const char *evidence)
{
    if (evidence != NULL && source->evidence_count < MOST_EVIDENCE) {
        source->evidence[source->evidence_count++] = evidence;
    }
}

/* ---- sources ---- */

/* A search under way. session NULL: there is no database to ask. */
struct looking {
    const struct request *request;
    struct pg_session *session;
    struct detection *detection;
};

static bool is_named(const struct looking *looking, const struct folder *folder)
{
    const struct site *const site = looking->request->site;
    return site->ledger.table != NULL || site->project.schema != NULL || looking->detection->facts.names_schema ||
           (folder != NULL && (folder->ledger.table != NULL || folder->ledger.schema != NULL));
}

/* The first name of a search path, without quotes; NULL where that is "$user" or nothing. */
static const char *first_of_path(struct arena *arena, const char *path)
{
    struct text name = text_trim(text_slice(text_of(path), 0, text_find(text_of(path), ",", 0)));
    if (name.size > 1 && name.data[0] == '"') {
        name = text_slice(name, 1, name.size - 1);
    }
    return name.size == 0 || text_is(name, "$user") ? NULL : arena_strndup(arena, name.data, name.size);
}

/* Where a table without a schema is made: in the first schema of the path that exists. */
static const char *session_schema(const struct looking *looking)
{
    const struct session_facts *const facts = &looking->detection->facts;
    const struct conninfo *const conninfo = looking->request->site->conninfo;
    const char *const path = looking->session != NULL                            ? facts->search_path
                             : conninfo != NULL && conninfo->search_path != NULL ? conninfo->search_path
                                                                                 : "public";
    if (facts->schema_count > 0) {
        return facts->schemas[0];
    }
    const char *const first = first_of_path(looking->request->arena, path);
    return first == NULL ? "public" : first;
}

/* Cuts "name" or name off the front of *rest, with the dot behind it. */
static const char *cut_name(struct arena *arena, struct text *rest)
{
    struct buffer name = {.arena = arena};
    const bool quoted = text_starts_with(*rest, "\"");
    size_t i = quoted ? 1 : 0;
    for (; i < rest->size && rest->data[i] != (quoted ? '"' : '.'); i++) {
        buffer_putc(&name, rest->data[i]);
    }
    i += quoted ? 1 : 0;
    *rest = text_slice(*rest, i + 1, rest->size);
    return buffer_string(&name);
}

/* golang-migrate's x-migrations-table. */
static struct ledger place_of_url(const struct looking *looking, const struct framework *framework)
{
    const struct conninfo *const conninfo = looking->request->site->conninfo;
    struct ledger place = {0};
    if (conninfo == NULL || conninfo->migrations_table == NULL || strcmp(framework->id, "golang-migrate") != 0) {
        return place;
    }
    struct text rest = text_of(conninfo->migrations_table);
    if (!conninfo->migrations_table_quoted) {
        place.table = conninfo->migrations_table;
        return place;
    }
    place.table = cut_name(looking->request->arena, &rest);
    if (rest.size > 0) {
        place.schema = place.table;
        place.table = cut_name(looking->request->arena, &rest);
    }
    return place;
}

/* Where the ledger is made: the user says, then the configuration, the framework, the connection. */
static struct ledger place_of(const struct looking *looking, const struct framework *framework,
                              const struct folder *folder)
{
    const struct site *const site = looking->request->site;
    const struct ledger *const said = folder == NULL ? &(const struct ledger){0} : &folder->ledger;
    const struct ledger url = place_of_url(looking, framework);
    if (site->ledger.table != NULL) {
        return (struct ledger){.schema = site->ledger.schema, .table = site->ledger.table};
    }
    return (struct ledger){
        .schema = said->schema != NULL               ? said->schema
                  : url.schema != NULL               ? url.schema
                  : framework->ledger.schema != NULL ? framework->ledger.schema
                  : site->project.schema != NULL     ? site->project.schema
                  : framework->ledger.is_fixed       ? "public"
                                                     : session_schema(looking),
        .table = said->table != NULL ? said->table
                 : url.table != NULL ? url.table
                                     : framework->ledger.shapes[0].table,
    };
}

static bool same_place(const struct ledger *a, const struct ledger *b)
{
    return strcmp(a->schema, b->schema) == 0 && strcmp(a->table, b->table) == 0;
}

static const struct found_ledger *found_at(const struct found_ledgers *ledgers, const struct ledger *place)
{
    for (size_t i = 0; i < ledgers->count; i++) {
        if (same_place(&ledgers->items[i].ledger, place)) {
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

/* ---- the ledger in its place ---- */

/* Who owns a table decides what runs with our rights when it is read or written. */
static bool is_trusted(const struct looking *looking, const struct table *table, const struct folder *folder)
{
    return table->is_trusted || looking->request->site->ledger.table != NULL ||
           (table->is_schemas_own && is_named(looking, folder));
}

static const char *why_not_writable(struct arena *arena, const struct framework *framework, const struct table *table,
                                    const struct shape_fit *fit)
{
    if (!table->is_writable) {
        return arena_printf(arena,
                            "The ledger %s.%s is a view that takes no rows: make it writable, or say where the "
                            "table is (--ledger).",
                            table->schema, table->name);
    }
    if (fit->lacks != NULL) {
        return arena_printf(arena,
                            "The ledger %s.%s was made by another version of %s: it lacks what is written now (%s). "
                            "Its own tool adds that (\"%s\"); run it once, then run again.",
                            table->schema, table->name, framework->display_name, fit->lacks, framework->tool);
    }
    return fit->demands == NULL
               ? NULL
               : arena_printf(arena,
                              "The ledger %s.%s has a column that must be filled and that %s does not know (%s): give "
                              "it a default.",
                              table->schema, table->name, framework->display_name, fit->demands);
}

static void take_table(const struct looking *looking, struct source *source, const struct table *table,
                       const struct shape_fit *fit)
{
    struct arena *const arena = looking->request->arena;
    source->ledger = (struct ledger){.schema = table->schema, .table = table->name};
    source->as_read = fit->as_read;
    source->has_ledger = true;
    source->is_policed = table->is_policed;
    source->unwritable = why_not_writable(arena, source->framework, table, fit);
}

/* Judges the table that stands where the ledger belongs. */
static void take_place(const struct looking *looking, struct source *source, const struct table *table)
{
    struct arena *const arena = looking->request->arena;
    const struct found_ledger *const found = found_at(&looking->detection->ledgers, &source->ledger);
    const bool is_exact = found != NULL && found_ledger_is(found, source->framework);
    const struct shape_fit fit =
        is_exact ? (struct shape_fit){.fits = true} : shape_fit(arena, source->framework, table);
    if (!is_trusted(looking, table, &source->folder)) {
        source->problem = arena_printf(
            arena,
            "The table %s.%s, where %s has its ledger, belongs to the role \"%s\": what it holds could be anybody's, "
            "and "
            "its triggers and policies would run with the rights of this connection. Give it to the role that "
            "migrates (ALTER TABLE … OWNER TO), or say that it is meant by --ledger %s.%s.",
            table->schema, table->name, source->framework->display_name, table->owner, table->schema, table->name);
    } else if (found != NULL && !is_exact && source->framework->declared_at == NULL) {
        source->problem =
            arena_printf(arena,
                         "The table %s.%s, where %s has its ledger, is a ledger of %s. Say which framework "
                         "is meant by --framework, or where its ledger is by --ledger.",
                         table->schema, table->name, source->framework->display_name, candidate_names(arena, found));
    } else if (!fit.fits) {
        source->problem = arena_printf(arena,
                                       "The table %s.%s stands where %s has its ledger, and cannot be it: %s. Rename "
                                       "it, or say where the ledger is by --ledger.",
                                       table->schema, table->name, source->framework->display_name, fit.difference);
    } else {
        take_table(looking, source, table, &fit);
        add_evidence(source, is_exact ? found->evidence
                                      : arena_printf(arena,
                                                     "table %s.%s has the ledger's columns, and others or of "
                                                     "other types",
                                                     table->schema, table->name));
    }
}

/* ---- a ledger in another place ---- */

/* How many of a folder's migrations its ledger has, and whether it has others. */
static bool count_known(const struct looking *looking, const struct source *source, size_t *known, bool *has_others)
{
    struct migration_files files;
    struct ledger ledger = source->ledger;
    ledger.as_read = source->as_read;
    struct ledger_reading reading = {
        .arena = looking->request->arena,
        .session = looking->session,
        .status = looking->request->status,
        .ledger = &ledger,
        .folder = &source->folder,
        .files = &files,
    };
    *known = 0;
    if (!framework_list(looking->request->arena, &source->folder, &files, looking->request->status) ||
        !framework_read_ledger(source->framework, &reading)) {
        return false;
    }
    size_t recorded = 0;
    for (size_t i = 0; i < reading.entries.count; i++) {
        const struct ledger_entry *const entry = &reading.entries.items[i];
        bool has_file = entry->state == ENTRY_ROLLED_BACK || entry->baseline;
        for (size_t j = 0; j < files.count && !has_file; j++) {
            has_file = strcmp(migration_file_key(&files.items[j]), ledger_entry_key(entry)) == 0;
            *known += has_file ? 1 : 0;
        }
        recorded += has_file ? 1 : 0;
    }
    *has_others = recorded < reading.entries.count;
    return true;
}

/* A name that somebody gave to a copy: "schema_migrations_backup", "old_goose_db_version", "log_20240101". */
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

static void ask_for_ledger(const struct looking *looking, struct source *source, const struct found_ledger *other,
                           size_t count)
{
    source->problem = arena_printf(
        looking->request->arena,
        "%s has no ledger where it would make one (%s.%s), and the database has %s.%s%s, which may be another "
        "project's or a copy. Say which is meant: --ledger %s.%s, or --ledger %s.%s for a new one.",
        source->framework->display_name, source->ledger.schema, source->ledger.table, other->ledger.schema,
        other->ledger.table, count > 1 ? " and others" : "", other->ledger.schema, other->ledger.table,
        source->ledger.schema, source->ledger.table);
}

/* The only one is taken where all that it has is this folder's, and nothing speaks for a copy. */
static bool adopt(const struct looking *looking, struct source *source, const struct found_ledger *other)
{
    const char *const usual = source->framework->ledger.shapes[0].table;
    const bool is_elsewhere = strcmp(other->ledger.table, source->ledger.table) == 0;
    struct source with = *source;
    size_t known;
    bool has_others;
    if (!other->table->is_trusted || !other->table->is_readable ||
        (!is_elsewhere && looks_like_copy(other->table, usual))) {
        ask_for_ledger(looking, source, other, 1);
        return true;
    }
    with.ledger = other->ledger;
    if (!count_known(looking, &with, &known, &has_others)) {
        return false;
    }
    if (known == 0 || has_others) {
        ask_for_ledger(looking, source, other, 1);
        return true;
    }
    warn(looking->detection,
         arena_printf(looking->request->arena,
                      "The ledger is %s.%s: all that it has is in the folder. %s itself would look at %s.%s; --ledger "
                      "%s.%s says for certain which is meant.",
                      other->ledger.schema, other->ledger.table, source->framework->display_name, source->ledger.schema,
                      source->ledger.table, other->ledger.schema, other->ledger.table));
    take_table(looking, source, other->table, &(const struct shape_fit){.fits = true});
    add_evidence(source, other->evidence);
    return true;
}

/* Reports a ledger found elsewhere. Where somebody has said which schema or table is meant, it is another one; where
 * nobody has, it is the user's to say. */
static bool look_elsewhere(const struct looking *looking, struct source *source)
{
    struct detection *const detection = looking->detection;
    const struct framework *const framework = source->framework;
    const struct found_ledger *other = NULL;
    size_t count = 0;
    for (size_t i = 0; i < detection->ledgers.count; i++) {
        if (found_ledger_is(&detection->ledgers.items[i], framework)) {
            other = &detection->ledgers.items[i];
            count++;
        }
    }
    if (count == 0) {
        return true;
    }
    if (framework->ledger.is_fixed && strcmp(other->ledger.schema, source->ledger.schema) != 0) {
        warn(detection, arena_printf(looking->request->arena,
                                     "There is a ledger in schema \"%s\", but the connection URL means schema \"%s\": "
                                     "add ?schema=%s to it if that one is meant.",
                                     other->ledger.schema, source->ledger.schema, other->ledger.schema));
    } else if (is_named(looking, &source->folder)) {
        warn(detection,
             arena_printf(looking->request->arena,
                          "%s's ledger is looked for at %s.%s, where there is none; the database has %s.%s%s "
                          "as well. If that one is meant, --ledger %s.%s says so.",
                          framework->display_name, source->ledger.schema, source->ledger.table, other->ledger.schema,
                          other->ledger.table, count > 1 ? " and others" : "", other->ledger.schema,
                          other->ledger.table));
    } else if (count > 1) {
        ask_for_ledger(looking, source, other, count);
    } else {
        return adopt(looking, source, other);
    }
    return true;
}

/* A search path that leads nowhere: what a script makes would have no place. */
static void check_schema(const struct looking *looking, struct source *source)
{
    const struct session_facts *const facts = &looking->detection->facts;
    const bool is_sessions = strcmp(source->ledger.schema, session_schema(looking)) == 0;
    if (looking->session != NULL && facts->schema_count == 0 && is_sessions && !source->framework->ledger.is_fixed &&
        looking->request->site->project.schema == NULL && looking->request->site->ledger.table == NULL) {
        source->problem = arena_printf(looking->request->arena,
                                       "The connection's search_path is %s, and none of these schemas exists: create "
                                       "the schema, or correct the name.",
                                       facts->search_path);
    }
}

/* Our own schema is made by a run; from then on "$user" of a role of the same name is there. */
static void check_role(const struct looking *looking, const struct source *source)
{
    if (looking->detection->facts.means_ours && !source->framework->ledger.is_fixed &&
        looking->request->site->project.schema == NULL) {
        warn(
            looking->detection,
            "The role \"truss\" has the name of the schema in which Truss keeps its own tables, and its search_path "
            "has "
            "\"$user\": what a script makes without a schema goes there once that schema exists. Choose the schema, as "
            "by ALTER ROLE truss SET search_path = public, or use another role.");
        looking->detection->facts.means_ours = false; /* told once, whatever number of folders there is */
    }
}

static bool source_of_folder(const struct looking *looking, const struct folder *folder, struct source *source)
{
    *source = (struct source){
        .framework = folder->framework,
        .ledger = place_of(looking, folder->framework, folder),
        .has_folder = true,
        .folder = *folder,
        .confidence = folder->confidence,
    };
    add_evidence(source, folder->evidence);
    if (folder->unread_ledger != NULL && looking->request->site->ledger.table == NULL) {
        source->problem =
            arena_printf(looking->request->arena, "%s. Say %swhere the ledger is by --ledger SCHEMA.TABLE.",
                         folder->unread != NULL ? folder->unread : folder->unread_ledger,
                         folder->unread != NULL ? "which folder is meant by --migrations, and " : "");
        return true;
    }
    if (looking->session == NULL) {
        return true;
    }
    check_role(looking, source);
    const struct table *const table = tables_at(&looking->detection->ledgers.tables, &source->ledger);
    if (table != NULL) {
        take_place(looking, source, table);
        return true;
    }
    check_schema(looking, source);
    return source->problem != NULL || look_elsewhere(looking, source);
}

/* Is it where a folder's framework has its own? */
static bool is_claimed(const struct detection *detection, const struct found_ledger *found)
{
    for (size_t i = 0; i < detection->source_count; i++) {
        const struct source *const source = &detection->sources[i];
        if (source->has_folder && same_place(&source->ledger, &found->ledger)) {
            return true;
        }
    }
    return false;
}

/* A ledger of a role that is not trusted is reported, and never read. */
static void add_ledger_sources(const struct looking *looking)
{
    struct detection *const detection = looking->detection;
    struct arena *const arena = looking->request->arena;
    for (size_t i = 0; i < detection->ledgers.count; i++) {
        const struct found_ledger *const found = &detection->ledgers.items[i];
        if (is_claimed(detection, found) || !is_trusted(looking, found->table, NULL)) {
            continue;
        }
        for (size_t j = 0; j < found->candidate_count; j++) {
            struct source source = {
                .framework = found->candidates[j],
                .confidence = found->candidate_count == 1 ? CONFIDENCE_LIKELY : CONFIDENCE_LOW,
            };
            take_table(looking, &source, found->table, &(const struct shape_fit){.fits = true});
            add_evidence(&source, found->evidence);
            if (found->candidate_count > 1) {
                add_evidence(&source, arena_printf(arena, "it fits %s", candidate_names(arena, found)));
            }
            detection->sources[detection->source_count++] = source;
        }
    }
}

static bool make_sources(const struct looking *looking, const struct folder_list *folders)
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
    /* A ledger that fits two frameworks is that one's which has a folder: confirmed by it. */
    for (size_t i = 0; i < detection->source_count; i++) {
        struct source *const source = &detection->sources[i];
        if (source->has_ledger && source->confidence == CONFIDENCE_LIKELY) {
            source->confidence = CONFIDENCE_CERTAIN;
        }
    }
    add_ledger_sources(looking);
    return true;
}

/* ---- choosing ---- */

/* "drizzle (services/a/drizzle), knex (ledger public.knex_migrations)" */
static const char *source_names(struct arena *arena, const struct detection *detection, const bool *among)
{
    struct buffer names = {.arena = arena};
    for (size_t i = 0; i < detection->source_count; i++) {
        const struct source *const source = &detection->sources[i];
        if (among != NULL && !among[i]) {
            continue;
        }
        buffer_printf(&names, "%s%s", names.size == 0 ? "" : ", ", source->framework->id);
        if (source->has_folder) {
            buffer_printf(&names, " (%s)", source->folder.path);
        } else {
            buffer_printf(&names, " (ledger %s.%s)", source->ledger.schema, source->ledger.table);
        }
    }
    return buffer_string(&names);
}

static bool is_meant(const struct source *source, struct text asked)
{
    while (asked.size > 1 && text_ends_with(asked, "/")) {
        asked.size--;
    }
    return text_is_nocase(asked, source->framework->id) || text_is_nocase(asked, source->framework->display_name) ||
           (source->has_folder &&
            (text_is(asked, source->folder.path) || (asked.size > 0 && text_is(asked, source->folder.base))));
}

static size_t count_marked(const bool *marks, size_t count)
{
    size_t marked = 0;
    for (size_t i = 0; i < count; i++) {
        marked += marks[i] ? 1 : 0;
    }
    return marked;
}

/* Leaves those that are asked for. */
static bool keep_asked(const struct request *request, const struct detection *detection, bool *among)
{
    const struct text asked = text_of(request->framework);
    for (size_t i = 0; i < detection->source_count; i++) {
        among[i] = is_meant(&detection->sources[i], asked);
    }
    if (count_marked(among, detection->source_count) > 0) {
        return true;
    }
    const char *const found = detection->source_count == 0 ? "nothing" : source_names(request->arena, detection, NULL);
    if (framework_find_among(detection->frameworks, asked) == NULL && memchr(asked.data, '/', asked.size) == NULL) {
        return status_fail(request->status, STATUS_INVALID_ARGUMENT,
                           "\"%.*s\" is neither a framework that Truss knows nor a folder; found here: %s.",
                           (int)asked.size, asked.data, found);
    }
    return status_fail(request->status, STATUS_NOT_FOUND,
                       "Neither the project nor the database has anything of \"%.*s\"; found here: %s.",
                       (int)asked.size, asked.data, found);
}

/* Leaves those with the highest rank. */
static void keep_best(const struct detection *detection, int (*rank)(const struct source *), bool *among)
{
    int best = -1;
    for (size_t i = 0; i < detection->source_count; i++) {
        const int own = among[i] ? rank(&detection->sources[i]) : -1;
        best = own > best ? own : best;
    }
    for (size_t i = 0; i < detection->source_count; i++) {
        among[i] = among[i] && rank(&detection->sources[i]) == best;
    }
}

static bool is_in_package(const struct source *source)
{
    return source->has_folder && source->folder.base[0] != '\0';
}

/* What the project itself has comes before what its packages have: those are asked for. */
static void leave_packages(const struct detection *detection, bool *among)
{
    bool has_own = false;
    for (size_t i = 0; i < detection->source_count; i++) {
        has_own = has_own || (among[i] && detection->sources[i].has_folder && !is_in_package(&detection->sources[i]));
    }
    for (size_t i = 0; has_own && i < detection->source_count; i++) {
        among[i] = among[i] && !is_in_package(&detection->sources[i]);
    }
}

/* Files and database, files alone, database alone. */
static int rank_of_halves(const struct source *source)
{
    return source->has_folder ? (source->has_ledger || source->problem != NULL ? 2 : 1) : 0;
}

static int rank_of_confidence(const struct source *source)
{
    return (int)source->confidence;
}

/* Leaves those of which the ledgers know the most. */
static bool keep_known(const struct looking *looking, bool *among)
{
    const struct detection *const detection = looking->detection;
    size_t *const known = arena_array(looking->request->arena, detection->source_count, sizeof *known);
    size_t best = 0;
    for (size_t i = 0; i < detection->source_count; i++) {
        const struct source *const source = &detection->sources[i];
        bool has_others;
        if (among[i] && source->has_folder && source->has_ledger &&
            !count_known(looking, source, &known[i], &has_others)) {
            return false;
        }
        best = known[i] > best ? known[i] : best;
    }
    for (size_t i = 0; i < detection->source_count; i++) {
        among[i] = among[i] && known[i] == best;
    }
    return true;
}

/* The chosen one comes first, and its halves are the detection's. */
static void choose(struct detection *detection, const bool *among, const char *reason)
{
    size_t chosen = 0;
    while (!among[chosen]) {
        chosen++;
    }
    const struct source source = detection->sources[chosen];
    memmove(&detection->sources[1], &detection->sources[0], chosen * sizeof source);
    detection->sources[0] = source;
    detection->sources[0].reason = reason;
    detection->framework = source.framework;
    detection->has_ledger = source.has_ledger;
    detection->ledger = source.ledger;
    detection->has_folder = source.has_folder;
    detection->folder = source.folder;
    detection->as_read = source.as_read;
    detection->is_policed = source.is_policed;
    detection->unwritable = source.unwritable;
    detection->problem = source.problem;
    /* The detection is copied about; what its ledger points to is not. */
    detection->ledger.folder = source.has_folder ? &detection->sources[0].folder : NULL;
    for (size_t i = 1; i < detection->source_count; i++) {
        detection->sources[i].reason = !detection->sources[i].has_folder ? "the project has no folder of it"
                                       : is_in_package(&detection->sources[i]) && !is_in_package(&source)
                                           ? "it is in a package: ask for it by its name or folder"
                                       : !detection->sources[i].has_ledger
                                           ? "the database has no ledger of it"
                                           : "the chosen one was asked for, or its ledger knows more of its files";
    }
}

static bool has_one_framework(const struct detection *detection, const bool *among, const struct framework **framework)
{
    *framework = NULL;
    for (size_t i = 0; i < detection->source_count; i++) {
        if (among[i] && *framework != NULL && *framework != detection->sources[i].framework) {
            return false;
        }
        *framework = among[i] ? detection->sources[i].framework : *framework;
    }
    return true;
}

static void say_ambiguous(const struct looking *looking, const bool *among)
{
    struct arena *const arena = looking->request->arena;
    struct detection *const detection = looking->detection;
    const struct framework *framework;
    const bool one = has_one_framework(detection, among, &framework);
    const char *const names = source_names(arena, detection, among);
    detection->framework = one ? framework : NULL;
    bool has_folder = false;
    for (size_t i = 0; i < detection->source_count; i++) {
        has_folder = has_folder || (among[i] && detection->sources[i].has_folder);
    }
    detection->problem =
        !has_folder ? arena_printf(arena,
                                   "No folder of migrations was found in the project, and what the database has fits "
                                   "several: %s. Check --project and --migrations, or say which is meant by "
                                   "--framework.",
                                   names)
        : one       ? arena_printf(arena,
                                   "The project has several folders of migrations: %s. Say which by "
                                         "--migrations, or by its folder as the framework of a request.",
                                   names)
                    : arena_printf(arena,
                                   "Several frameworks were found: %s. Say which is meant by --framework, or by "
                                         "the framework of a request.",
                                   names);
    for (size_t i = 0; i < detection->source_count; i++) {
        detection->sources[i].reason = among[i] ? "it could be this one as well as another" : "others fit better";
    }
    warn(detection, detection->problem);
}

/* Only the database can tell which of several folders is meant: without it, *certain is false. */
static bool choose_source(const struct looking *looking, bool *certain)
{
    const struct request *const request = looking->request;
    struct detection *const detection = looking->detection;
    const bool is_asked = request->framework != NULL && request->framework[0] != '\0';
    const size_t count = detection->source_count;
    bool *const among = arena_array(request->arena, count + 1, sizeof *among);
    memset(among, true, count * sizeof *among);
    *certain = true;
    if (is_asked && !keep_asked(request, detection, among)) {
        return false;
    }
    if (count == 0) {
        return true;
    }
    if (!is_asked) {
        leave_packages(detection, among);
    }
    if (looking->session == NULL && count_marked(among, count) > 1) {
        *certain = false;
        return true;
    }
    keep_best(detection, rank_of_halves, among);
    const bool was_alone = count_marked(among, count) == 1;
    if (!was_alone && !keep_known(looking, among)) {
        return false;
    }
    if (count_marked(among, count) > 1) {
        keep_best(detection, rank_of_confidence, among);
    }
    if (count_marked(among, count) > 1) {
        say_ambiguous(looking, among);
        return true;
    }
    choose(detection, among,
           is_asked     ? "it was asked for"
           : count == 1 ? "nothing else was found"
           : was_alone  ? "the project's files and the database's ledger agree on it best"
                        : "its ledger knows the most of its files, or it looks like nothing else");
    return true;
}

/* A parameter of the URL that belongs to another framework would be lost, or count for the ledger alone. */
static void check_url(const struct looking *looking)
{
    struct detection *const detection = looking->detection;
    const struct conninfo *const conninfo = looking->request->site->conninfo;
    const struct framework *const framework = detection->framework;
    if (framework == NULL || detection->problem != NULL || conninfo == NULL) {
        return;
    }
    if (conninfo->migrations_table != NULL && strcmp(framework->id, "golang-migrate") != 0) {
        detection->problem =
            arena_printf(looking->request->arena,
                         "The connection URL's x-migrations-table is golang-migrate's, and this is %s: "
                         "take it out, or say --framework golang-migrate.",
                         framework->display_name);
    } else if (conninfo->schema != NULL && strcmp(framework->id, "prisma") != 0 &&
               strcmp(conninfo->schema, session_schema(looking)) != 0) {
        detection->problem =
            arena_printf(looking->request->arena,
                         "The connection URL's schema=%s is Prisma's, and this is %s, which would work in schema %s: "
                         "say search_path=%s in its place, or take it out.",
                         conninfo->schema, framework->display_name, session_schema(looking), conninfo->schema);
    }
}

/* A folder that cannot be looked into could be anybody's: nothing that was found besides speaks against it. */
static void say_unreadable(const struct looking *looking, const struct folder_list *folders)
{
    struct detection *const detection = looking->detection;
    bool has_folder = false;
    for (size_t i = 0; i < detection->source_count; i++) {
        has_folder = has_folder || detection->sources[i].has_folder;
    }
    if (!has_folder && folders->unreadable != NULL) {
        detection->unreadable = arena_printf(looking->request->arena,
                                             "The folder %s may not be read by this worker (permission denied): let "
                                             "the user that it runs as read it, or say another by --migrations.",
                                             folders->unreadable);
        detection->problem = detection->problem == NULL ? NULL : detection->unreadable;
    }
}

/* The project, with what it declares and what is asked for by name. */
static bool take_project(const struct request *request, struct detection *detection, struct project *project)
{
    *project = request->site->project;
    const bool is_asked = request->framework != NULL && request->framework[0] != '\0';
    if (!declared_frameworks(request->arena, project->root, &project->frameworks, request->status)) {
        return false;
    }
    const struct framework *const framework =
        is_asked ? framework_find_among(project->frameworks, text_of(request->framework)) : NULL;
    project->framework = framework == NULL ? NULL : framework->id;
    detection->frameworks = project->frameworks;
    return true;
}

bool detect_reading(const struct request *request, struct pg_session *session, struct detection *detection)
{
    const struct looking looking = {request, session, detection};
    struct project project;
    struct folder_list folders = {0};
    bool certain;
    const struct framework *const golang_migrate = framework_find(text_of("golang-migrate"));
    const char *const wanted[] = {request->site->ledger.table, place_of_url(&looking, golang_migrate).table};
    if (!take_project(request, detection, &project) ||
        !folders_find(request->arena, &project, &folders, request->status) ||
        !shapes_find(request, session, project.frameworks, &folders, wanted, &detection->ledgers) ||
        !make_sources(&looking, &folders) || !choose_source(&looking, &certain)) {
        return false;
    }
    check_url(&looking);
    say_unreadable(&looking, &folders);
    return true;
}

bool detect(const struct request *request, struct pg_session *session, struct detection *detection)
{
    *detection = (struct detection){0};
    if (!reading_begin(request, session, &detection->facts)) {
        return false;
    }
    const bool ok = detect_reading(request, session, detection);
    reading_end(session);
    return ok;
}

bool detect_offline(const struct request *request, struct detection *detection, bool *certain)
{
    const struct looking looking = {request, NULL, detection};
    struct project project;
    struct folder_list folders = {0};
    *detection = (struct detection){0};
    if (!take_project(request, detection, &project) ||
        !folders_find(request->arena, &project, &folders, request->status) || !make_sources(&looking, &folders)) {
        return false;
    }
    return choose_source(&looking, certain);
}

bool detect_ledger(const struct request *request, struct pg_session *session, struct detection *detection)
{
    static const char sql[] =
        "SELECT r.rolname, " PG_IS_TRUSTED("r") " FROM pg_catalog.pg_class c "
                                                "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                                                "JOIN pg_catalog.pg_roles r ON r.oid = c.relowner "
                                                "WHERE n.nspname = $1 AND c.relname = $2";
    if (detection->framework == NULL || detection->problem != NULL || detection->has_ledger) {
        return true;
    }
    const char *const values[] = {detection->ledger.schema, detection->ledger.table};
    PG_RESULT(result) = pg_query(session, sql, 2, values, request->status);
    if (result == NULL || PQntuples(result) == 0) {
        return result != NULL;
    }
    detection->has_ledger = true;
    return pg_field_bool(result, 0, 1) || request->site->ledger.table != NULL ||
           status_fail(request->status, STATUS_ABORTED,
                       "The table %s.%s was made meanwhile by the role \"%s\"; look at the status again.",
                       detection->ledger.schema, detection->ledger.table, pg_field(result, 0, 0));
}

const struct habits *detection_habits(const struct detection *detection)
{
    return detection->has_folder && detection->folder.habits != NULL ? detection->folder.habits
                                                                     : &detection->framework->habits;
}
