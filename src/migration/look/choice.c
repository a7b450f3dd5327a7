/*
 * Prefers a source with both a folder and a ledger; of several, the one whose ledger knows most of its files.
 */
#include "migration/look/choice.h"

#include "base/words.h"
#include "framework/core/walk.h"
#include "migration/look/kinship.h"
#include "pg/query.h"
#include "pg/values.h"

#include <string.h>

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
            buffer_printf(&names, " (tracking table %s.%s)", source->ledger.schema, source->ledger.table);
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

/* Keeps only the requested ones. */
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

/* Keeps only those with the highest rank. */
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

/* A folder found by the walk counts as one of a package. */
static bool is_in_package(const struct source *source)
{
    return source->has_folder && (source->folder.base[0] != '\0' || source->folder.is_walked);
}

/* Is it in a directory of tests, fixtures or examples, and not named by a configuration outside of it? */
static bool is_aside(struct arena *arena, const struct source *source)
{
    const struct folder *const folder = &source->folder;
    return source->has_folder &&
           (walk_is_aside(arena, folder->base) || (!folder->is_named && walk_is_aside(arena, folder->path)));
}

/* The project's own sources come before those of its packages, which must be requested. */
static void leave_packages(struct arena *arena, const struct detection *detection, bool *among)
{
    bool has_own = false;
    for (size_t i = 0; i < detection->source_count; i++) {
        const struct source *const source = &detection->sources[i];
        has_own = has_own || (among[i] && source->has_folder && !is_in_package(source) && !is_aside(arena, source));
    }
    for (size_t i = 0; has_own && i < detection->source_count; i++) {
        among[i] = among[i] && !is_in_package(&detection->sources[i]);
    }
}

/* Examples and tests come behind all that is not one, unless the database knows them. */
static void leave_asides(struct arena *arena, const struct detection *detection, bool *among)
{
    bool has_other = false;
    for (size_t i = 0; i < detection->source_count; i++) {
        const struct source *const source = &detection->sources[i];
        has_other = has_other || (among[i] && source->has_folder && !is_aside(arena, source));
    }
    for (size_t i = 0; has_other && i < detection->source_count; i++) {
        among[i] = among[i] && !is_aside(arena, &detection->sources[i]);
    }
}

/* Both files and database, only files, only database. */
static int rank_of_halves(const struct source *source)
{
    return source->has_folder ? (source->has_ledger || source->problem != NULL ? 2 : 1) : 0;
}

static int rank_of_confidence(const struct source *source)
{
    return (int)source->confidence;
}

/* Is it a folder of the same framework beside a more certain one that no configuration names? A configuration file near
 * the other says nothing about this one, which may be for another database. */
static bool is_folder_beside(const struct source *source, const struct source *surer)
{
    return source->confidence >= CONFIDENCE_LIKELY && source->has_folder && surer->has_folder &&
           source->framework == surer->framework && !surer->folder.is_named &&
           strcmp(source->folder.path, surer->folder.path) != 0;
}

/* Keeps the most certain ones, and folders beside them that may be meant as well. */
static void keep_surest(struct arena *arena, const struct detection *detection, bool *among)
{
    bool *const before = arena_array(arena, detection->source_count, sizeof *before);
    memcpy(before, among, detection->source_count * sizeof *before);
    keep_best(detection, rank_of_confidence, among);
    for (size_t i = 0; i < detection->source_count; i++) {
        for (size_t j = 0; before[i] && !among[i] && j < detection->source_count; j++) {
            const struct source *const surer = &detection->sources[j];
            among[i] = among[j] && is_folder_beside(&detection->sources[i], surer);
        }
    }
}

/* Keeps those whose ledgers know the most files. */
static bool keep_known(const struct looking *looking, bool *among)
{
    const struct detection *const detection = looking->detection;
    size_t *const known = arena_array(looking->request->arena, detection->source_count, sizeof *known);
    size_t best = 0;
    for (size_t i = 0; i < detection->source_count; i++) {
        const struct source *const source = &detection->sources[i];
        struct kinship kinship = {0};
        if (among[i] && source->has_folder && source->has_ledger && !kinship_find(looking, source, &kinship)) {
            return false;
        }
        known[i] = kinship_known(&kinship);
        best = known[i] > best ? known[i] : best;
    }
    for (size_t i = 0; i < detection->source_count; i++) {
        among[i] = among[i] && known[i] == best;
    }
    return true;
}

/* Moves the chosen source to the front and copies its halves into the detection. */
static void choose(struct arena *arena, struct detection *detection, const bool *among, const char *reason)
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
    /* The detection is copied; what its ledger points to is not. */
    detection->ledger.folder = source.has_folder ? &detection->sources[0].folder : NULL;
    for (size_t i = 1; i < detection->source_count; i++) {
        detection->sources[i].reason =
            !detection->sources[i].has_folder ? "the project has no folder of it"
            : is_in_package(&detection->sources[i]) && !is_in_package(&source)
                ? "it is in a package: ask for it by its name or folder"
            : is_aside(arena, &detection->sources[i]) && !is_aside(arena, &source)
                ? "it is in a directory of examples or tests: ask for it by its folder"
            : !detection->sources[i].has_ledger
                ? "the database has no tracking table of it"
                : "the chosen one was asked for, or its tracking table knows more of its files";
    }
}

/* Is it a known tracking table, or one that by its name accompanies one (knex_migrations_lock)? The source's own may
 * have just been created by another first run. */
static bool is_known_ledger(const struct detection *detection, const char *schema, const char *table)
{
    const char *const own = detection->sources[0].ledger.table;
    bool is = own != NULL && strncmp(own, table, strlen(own)) == 0;
    for (size_t i = 0; !is && i < detection->ledgers.count; i++) {
        const struct ledger *const known = &detection->ledgers.items[i].ledger;
        is = strcmp(known->schema, schema) == 0 && strncmp(known->table, table, strlen(known->table)) == 0;
    }
    return is;
}

/* Finds an unknown table in the schema whose name and one of its columns are typical of tracking tables; *table is NULL
 * if there is none. Written so that the server, which has not read much of its catalogs yet, plans it in a third of the
 * time: without a join, and with patterns that it does not see when it plans, because it would compile them. */
static bool find_tracking_table(const struct looking *looking, const char *schema, const char **table)
{
    static const char sql[] =
        "SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relnamespace = "
        "(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = $1) AND c.relkind IN ('r', 'p') AND c.relname "
        "~* "
        "(SELECT '(^|_)(migrations?|schema_?(versions?|history|changes?|change_?log)|db_?versions?|evolutions)($|_)'"
        "::text) AND EXISTS "
        "(SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND "
        "a.attname ~* (SELECT "
        "'^(version|migration|script|file_?name|checksum|hash|applied|executed|installed|run_on|dirty)'::text) OFFSET "
        "0) "
        "ORDER BY 1 LIMIT 100";
    PG_RESULT(result) = pg_query(looking->session, sql, 1, (const char *const[]){schema}, looking->request->status);
    *table = NULL;
    for (int i = 0; result != NULL && *table == NULL && i < PQntuples(result); i++) {
        const char *const name = pg_field(result, i, 0);
        *table = is_known_ledger(looking->detection, schema, name) ? NULL : arena_strdup(looking->request->arena, name);
    }
    return result != NULL;
}

/* A ledger that this source's framework does not use, and that may be read. A table that fits this framework as well
 * may be another tenant's. */
static bool is_of_another_tool(const struct looking *looking, const struct source *source, const struct source *other)
{
    const struct found_ledgers *const ledgers = &looking->detection->ledgers;
    if (!other->has_ledger || other->has_folder || other->problem != NULL) {
        return false;
    }
    const struct table *const table = tables_at(&ledgers->tables, &other->ledger);
    const struct found_ledger *const found = table == NULL ? NULL : found_ledger_of(ledgers, table);
    return found != NULL && table->is_readable && !found_ledger_is(found, source->framework);
}

/* Atlas applies folders in the formats of other tools, and a project may have changed its tool: then all would run a
 * second time. */
static bool doubt_others(const struct looking *looking, struct source *source)
{
    struct detection *const detection = looking->detection;
    struct migration_files files = {0};
    bool is_listed = false;
    for (size_t i = 1; i < detection->source_count && source->problem == NULL; i++) {
        const struct source *const other = &detection->sources[i];
        struct kinship kinship;
        if (!is_of_another_tool(looking, source, other)) {
            continue;
        }
        is_listed =
            is_listed || framework_list(looking->request->arena, &source->folder, &files, looking->request->status);
        if (!is_listed || !kinship_find_of(looking, source, &files, other, &kinship)) {
            return false;
        }
        if (kinship.others == 0 && kinship.same + kinship.named + kinship.dated > 0) {
            source->problem = arena_printf(
                looking->request->arena,
                "The database has no tracking table of %s, so that every migration of %s would run; but %s.%s, the "
                "tracking table of %s, has them as applied. Run them with that tool; or say --framework %s if they are "
                "to be run again (truss mark-applied records them without running).",
                source->framework->display_name, source->folder.path, other->ledger.schema, other->ledger.table,
                other->framework->display_name, source->framework->id);
            detection->problem = source->problem;
        }
    }
    return true;
}

/* Migrations that are in a directory of examples or tests, and of which the database knows none, are hardly the
 * project's: those may be of a kind that nothing here recognises. */
static bool doubt_aside(const struct looking *looking, struct source *source)
{
    struct kinship kinship = {0};
    if (source->problem != NULL || looking->request->site->project.migrations != NULL ||
        !is_aside(looking->request->arena, source)) {
        return true;
    }
    if (source->has_ledger && !kinship_find(looking, source, &kinship)) {
        return false;
    }
    if (kinship_known(&kinship) == 0) {
        source->problem = arena_printf(looking->request->arena,
                                       "The only migrations that were found are those in %s, a directory of examples, "
                                       "tests or build results, and the database knows none of them. Say --migrations "
                                       "%s if they are meant, or where the project's own are.",
                                       source->folder.path, source->folder.path);
        looking->detection->problem = source->problem;
    }
    return true;
}

/* Files that merely look like a framework's may belong to an unknown tool with its own tracking table. If they could be
 * another's, that tool would run them again later. */
static bool doubt(const struct looking *looking)
{
    struct arena *const arena = looking->request->arena;
    struct source *const source = &looking->detection->sources[0];
    const char *const name = source->framework->display_name;
    const char *other = NULL;
    if (looking->session != NULL && !doubt_aside(looking, source)) {
        return false;
    }
    if (!source->has_folder || source->has_ledger || source->problem != NULL || source->folder.unread != NULL ||
        looking->session == NULL) {
        return true;
    }
    if (!doubt_others(looking, source)) {
        return false;
    }
    if (source->problem != NULL || source->confidence == CONFIDENCE_CERTAIN) {
        return true;
    }
    if (!find_tracking_table(looking, source->ledger.schema, &other)) {
        return false;
    }
    if (other != NULL || source->confidence == CONFIDENCE_LOW) {
        source->problem = arena_printf(
            arena,
            "The files of %s look like those of %s (%s), and nothing in the project says that they are; the database "
            "has no tracking table of it%s. If another tool runs them, it would be done twice. Say --framework %s if "
            "that is meant (truss init writes it down), or declare the runner as [framework.NAME] in truss.toml.",
            source->folder.path, name, source->evidence_count == 0 ? source->folder.path : source->evidence[0],
            other == NULL ? ""
                          : arena_printf(arena, ", and %s.%s, which may be another's", source->ledger.schema, other),
            source->framework->id);
        looking->detection->problem = source->problem;
    }
    return true;
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

/* The first of them as one that could be meant: its folder tells it from all others. In a workspace its package may be
 * the project instead. */
static const char *example_of(struct arena *arena, const struct detection *detection, const bool *among)
{
    size_t i = 0;
    while (i < detection->source_count && !(among[i] && detection->sources[i].has_folder)) {
        i++;
    }
    if (i == detection->source_count) {
        return "";
    }
    const struct folder *const folder = &detection->sources[i].folder;
    return arena_printf(arena, " For the first one: --framework %s%s.", words_quoted(arena, folder->path),
                        folder->base[0] == '\0' ? ""
                                                : arena_printf(arena, ", or its package alone: --project %s",
                                                               words_quoted(arena, folder->base)));
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
                                         "--framework FOLDER (truss init writes it down), or by its folder as the "
                                         "framework of a request.%s",
                                   names, example_of(arena, detection, among))
                    : arena_printf(arena,
                                   "Several frameworks were found: %s. Say which is meant by --framework (truss "
                                         "init writes it down), or by the framework of a request.%s",
                                   names, example_of(arena, detection, among));
    for (size_t i = 0; i < detection->source_count; i++) {
        detection->sources[i].reason = among[i] ? "it could be this one as well as another" : "others fit better";
    }
    looking_warn(looking, detection->problem);
}

bool source_choose(const struct looking *looking, bool *certain)
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
        leave_packages(request->arena, detection, among);
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
    if (count_marked(among, count) > 1 && !is_asked) {
        leave_asides(request->arena, detection, among);
    }
    if (count_marked(among, count) > 1) {
        keep_surest(request->arena, detection, among);
    }
    if (count_marked(among, count) > 1) {
        say_ambiguous(looking, among);
        return true;
    }
    choose(request->arena, detection, among,
           is_asked     ? "it was asked for"
           : count == 1 ? "nothing else was found"
           : was_alone  ? "the project's files and the database's tracking table agree on it best"
                        : "its tracking table knows the most of its files, or it looks like nothing else");
    return is_asked || doubt(looking);
}
