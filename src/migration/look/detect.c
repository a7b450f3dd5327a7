/*
 * Every folder is a source, with its ledger where there is one; every other ledger is a source without a folder. Of
 * several the one with both is meant; of several of those, the one whose ledger knows the most of its files.
 */
#include "migration/look/detect.h"

#include "framework/core/layout.h"

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

/* Where the ledger is made: the configuration says, then the framework, then the connection URL. */
static struct ledger place_of(const struct project *project, const struct framework *framework,
                              const struct folder *folder)
{
    const struct ledger *const said = folder == NULL ? &(const struct ledger){0} : &folder->ledger;
    const char *const url = project->schema == NULL ? "public" : project->schema;
    return (struct ledger){
        .schema = said->schema != NULL               ? said->schema
                  : framework->ledger.schema != NULL ? framework->ledger.schema
                                                     : url,
        .table = said->table != NULL ? said->table : framework->ledger.shapes[0].table,
    };
}

static bool same_place(const struct ledger *a, const struct ledger *b)
{
    return strcmp(a->schema, b->schema) == 0 && strcmp(a->table, b->table) == 0;
}

/* One elsewhere is told of; where the framework does not say for sure where its own is, the only one is it. */
static void look_elsewhere(const struct request *request, struct detection *detection, struct source *source)
{
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
        return;
    }
    if (framework->ledger.is_fixed) {
        warn(detection, arena_printf(request->arena,
                                     "There is a ledger in schema \"%s\", but the connection URL means schema \"%s\": "
                                     "add ?schema=%s to it if that one is meant.",
                                     other->ledger.schema, source->ledger.schema, other->ledger.schema));
    } else if (count > 1 || source->folder.ledger.table != NULL) {
        warn(
            detection,
            arena_printf(request->arena,
                         "%s's ledger is looked for at %s.%s, where there is none; the database has %s.%s%s. Say which "
                         "in the project's configuration.",
                         framework->display_name, source->ledger.schema, source->ledger.table, other->ledger.schema,
                         other->ledger.table, count > 1 ? " and others" : ""));
    } else {
        source->ledger = other->ledger;
        source->has_ledger = true;
        add_evidence(source, other->evidence);
    }
}

static struct source source_of_folder(const struct request *request, struct detection *detection,
                                      const struct folder *folder)
{
    struct source source = {
        .framework = folder->framework,
        .ledger = place_of(&request->site->project, folder->framework, folder),
        .has_folder = true,
        .folder = *folder,
        .confidence = folder->confidence < CONFIDENCE_LOW ? CONFIDENCE_LOW : folder->confidence,
    };
    add_evidence(&source, folder->evidence);
    for (size_t i = 0; i < detection->ledgers.count; i++) {
        const struct found_ledger *const found = &detection->ledgers.items[i];
        if (found_ledger_is(found, source.framework) && same_place(&found->ledger, &source.ledger)) {
            source.has_ledger = true;
            add_evidence(&source, found->evidence);
        }
    }
    if (!source.has_ledger) {
        look_elsewhere(request, detection, &source);
    }
    return source;
}

static bool is_claimed(const struct detection *detection, const struct found_ledger *found)
{
    for (size_t i = 0; i < detection->source_count; i++) {
        const struct source *const source = &detection->sources[i];
        if (source->has_folder && source->has_ledger && same_place(&source->ledger, &found->ledger)) {
            return true;
        }
    }
    return false;
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

static void add_ledger_sources(const struct request *request, struct detection *detection)
{
    for (size_t i = 0; i < detection->ledgers.count; i++) {
        const struct found_ledger *const found = &detection->ledgers.items[i];
        if (is_claimed(detection, found)) {
            continue;
        }
        for (size_t j = 0; j < found->candidate_count; j++) {
            struct source source = {
                .framework = found->candidates[j],
                .has_ledger = true,
                .ledger = found->ledger,
                .confidence = found->candidate_count == 1 ? CONFIDENCE_LIKELY : CONFIDENCE_LOW,
            };
            add_evidence(&source, found->evidence);
            if (found->candidate_count > 1) {
                add_evidence(&source,
                             arena_printf(request->arena, "it fits %s", candidate_names(request->arena, found)));
            }
            detection->sources[detection->source_count++] = source;
        }
    }
}

static void make_sources(const struct request *request, const struct folder_list *folders, struct detection *detection)
{
    const size_t most = folders->count + detection->ledgers.count * MOST_CANDIDATES;
    detection->sources = arena_array(request->arena, most, sizeof *detection->sources);
    for (size_t i = 0; i < folders->count; i++) {
        detection->sources[detection->source_count++] = source_of_folder(request, detection, &folders->items[i]);
    }
    /* A ledger that fits two frameworks is that one's which has a folder: confirmed by it. */
    for (size_t i = 0; i < detection->source_count; i++) {
        struct source *const source = &detection->sources[i];
        if (source->has_ledger && source->confidence == CONFIDENCE_LIKELY) {
            source->confidence = CONFIDENCE_CERTAIN;
        }
    }
    add_ledger_sources(request, detection);
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
           (source->has_folder && text_is(asked, source->folder.path));
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
    if (framework_find(asked) == NULL && memchr(asked.data, '/', asked.size) == NULL) {
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
    return source->has_folder ? (source->has_ledger ? 2 : 1) : 0;
}

static int rank_of_confidence(const struct source *source)
{
    return (int)source->confidence;
}

/* How many of a folder's migrations its ledger has. */
static bool count_known(const struct request *request, struct pg_session *session, const struct source *source,
                        size_t *known)
{
    struct migration_files files;
    struct ledger_reading reading = {
        .arena = request->arena,
        .session = session,
        .status = request->status,
        .ledger = &source->ledger,
        .folder = &source->folder,
        .files = &files,
    };
    *known = 0;
    if (!framework_list(request->arena, &source->folder, &files, request->status) ||
        !framework_read_ledger(source->framework, &reading)) {
        return false;
    }
    for (size_t i = 0; i < files.count; i++) {
        for (size_t j = 0; j < reading.entries.count; j++) {
            if (strcmp(migration_file_key(&files.items[i]), ledger_entry_key(&reading.entries.items[j])) == 0) {
                (*known)++;
                break;
            }
        }
    }
    return true;
}

/* Leaves those of which the ledgers know the most. */
static bool keep_known(const struct request *request, struct pg_session *session, const struct detection *detection,
                       bool *among)
{
    size_t *const known = arena_array(request->arena, detection->source_count, sizeof *known);
    size_t best = 0;
    for (size_t i = 0; i < detection->source_count; i++) {
        const struct source *const source = &detection->sources[i];
        if (among[i] && source->has_folder && source->has_ledger && !count_known(request, session, source, &known[i])) {
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

static void say_ambiguous(const struct request *request, struct detection *detection, const bool *among)
{
    const struct framework *framework;
    const bool one = has_one_framework(detection, among, &framework);
    const char *const names = source_names(request->arena, detection, among);
    detection->framework = one ? framework : NULL;
    detection->problem =
        one ? arena_printf(request->arena,
                           "The project has several folders of migrations: %s. Say which by "
                           "--migrations, or by its folder as the framework of a request.",
                           names)
            : arena_printf(request->arena,
                           "Several frameworks were found: %s. Say which is meant by --framework, or by "
                           "the framework of a request.",
                           names);
    for (size_t i = 0; i < detection->source_count; i++) {
        detection->sources[i].reason = among[i] ? "it could be this one as well as another" : "others fit better";
    }
    warn(detection, detection->problem);
}

/* Only the database can tell which of several folders is meant: without it, *certain is false. */
static bool choose_source(const struct request *request, struct pg_session *session, struct detection *detection,
                          bool *certain)
{
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
    if (session == NULL && count_marked(among, count) > 1) {
        *certain = false;
        return true;
    }
    keep_best(detection, rank_of_halves, among);
    const bool was_alone = count_marked(among, count) == 1;
    if (!was_alone && !keep_known(request, session, detection, among)) {
        return false;
    }
    if (count_marked(among, count) > 1) {
        keep_best(detection, rank_of_confidence, among);
    }
    if (count_marked(among, count) > 1) {
        say_ambiguous(request, detection, among);
        return true;
    }
    choose(detection, among,
           is_asked     ? "it was asked for"
           : count == 1 ? "nothing else was found"
           : was_alone  ? "the project's files and the database's ledger agree on it best"
                        : "its ledger knows the most of its files, or it looks like nothing else");
    return true;
}

bool detect(const struct request *request, struct pg_session *session, struct detection *detection)
{
    struct folder_list folders = {0};
    bool certain;
    *detection = (struct detection){0};
    if (!folders_find(request->arena, &request->site->project, &folders, request->status) ||
        !shapes_find(request, session, &folders, &detection->ledgers)) {
        return false;
    }
    make_sources(request, &folders, detection);
    return choose_source(request, session, detection, &certain);
}

bool detect_offline(const struct request *request, struct detection *detection, bool *certain)
{
    struct folder_list folders = {0};
    *detection = (struct detection){0};
    if (!folders_find(request->arena, &request->site->project, &folders, request->status)) {
        return false;
    }
    make_sources(request, &folders, detection);
    return choose_source(request, NULL, detection, certain);
}

bool detect_ledger(const struct request *request, struct pg_session *session, struct detection *detection)
{
    static const char sql[] = "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
                              "c.relnamespace WHERE n.nspname = $1 AND c.relname = $2";
    if (detection->framework == NULL || detection->has_ledger) {
        return true;
    }
    const char *const values[] = {detection->ledger.schema, detection->ledger.table};
    PG_RESULT(result) = pg_query(session, sql, 2, values, request->status);
    detection->has_ledger = result != NULL && PQntuples(result) > 0;
    return result != NULL;
}

const struct habits *detection_habits(const struct detection *detection)
{
    return detection->has_folder && detection->folder.habits != NULL ? detection->folder.habits
                                                                     : &detection->framework->habits;
}
