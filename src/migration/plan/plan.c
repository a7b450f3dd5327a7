/*
 * Every script is read and planned before the first runs, so that a broken one at the end is found at the beginning.
 * Large contents are freed again: 400 files of 5 MB need no more memory than one.
 */
#include "migration/plan/plan.h"

#include "framework/core/project_bounds.h"
#include "migration/look/catalog.h"
#include "migration/look/looking.h"
#include "migration/look/permission.h"
#include "migration/plan/bodies.h"
#include "migration/plan/cut_facts.h"
#include "migration/plan/marks.h"
#include "migration/plan/selection.h"
#include "pg/query.h"
#include "pg/values.h"
#include "sql/changes.h"

#include <string.h>

#define MOST_KEPT  ((size_t)2 * 1024 * 1024) /* bytes of the scripts of a plan */
#define SMALL_KEPT ((size_t)64 * 1024)       /* of one of them: a larger one is read again */

/* ---- scripts ---- */

bool prepared_read(struct arena *arena, const struct prepared *prepared, struct loaded *loaded, struct status *status)
{
    return migration_load(arena, &prepared->place, loaded, status) &&
           (strcmp(loaded_hash(arena, loaded), prepared->content_hash) == 0 ||
            status_fail(status, STATUS_FAILED_PRECONDITION,
                        "The file was changed while the run was going on; run again."));
}

struct plan_options prepare_options(const struct pg_session *session, const struct framework *framework,
                                    const struct migration_script *script)
{
    const enum script_sending unwrapped =
        framework->sent_unwrapped == SENT_IN_TRANSACTION ? SENT_EACH : framework->sent_unwrapped;
    return (struct plan_options){
        .sent = script->no_transaction ? unwrapped : framework->sent,
        .is_wish = script->no_transaction,
        .parts = script->parts,
        .backslashes = !pg_session_standard_strings(session),
    };
}

/* A CALL, or a DO that may contain one, commits if its procedure does. */
static bool may_commit_unseen(struct text script)
{
    struct sql_lexer lexer = {.text = script};
    struct sql_token token = {.kind = SQL_END};
    do {
        token = sql_next(&lexer);
        if (sql_is_word(&token, "call") || sql_is_word(&token, "do")) {
            return true;
        }
    } while (token.kind != SQL_END);
    return false;
}

/* What scripts create and later ones depend on. */
struct made {
    struct procedures procedures; /* that end transactions */
    struct deferred deferred;     /* tables for which the server acts at COMMIT */
    struct hidden hidden;         /* what functions leave in their caller's session */
    struct targets targets;       /* what is partitioned, and what has no slot */
};

static void add_made(struct arena *arena, struct text script, struct made *made)
{
    struct sql_lexer lexer = {.text = script};
    struct sql_statement statement;
    struct sql_code code;
    while (sql_next_statement(&lexer, &statement)) {
        const struct text text = text_slice(script, statement.start, statement.end);
        struct sql_reader words = sql_read(text);
        if (sql_is_word(&words.token, "create") && sql_code(arena, text, &code) && code.plpgsql && !code.is_do) {
            procedures_note(arena, &made->procedures, code.name, code.body);
        }
        sql_deferred_tables(arena, text, &made->deferred);
        hidden_note(arena, &made->hidden, text, &made->deferred);
        targets_note(arena, &made->targets, text);
    }
}

/* Plans the scripts one after the other on a session; a later one may call what an earlier one creates. */
struct planner {
    const struct request *request;
    struct pg_session *session;
    struct preparation *preparation;
    struct made made;
    /* Of the database, once they were queried. */
    struct hidden hidden;
    struct deferred deferred;
    bool knows_hidden; /* and `deferred` */
    struct targets targets;
    bool knows_targets;
    struct procedures procedures;
    bool knows_procedures;
    size_t kept;      /* bytes of scripts */
    const char *user; /* NULL: not queried yet */
    const char *database;
};

/* What functions leave in their caller's session, and for which tables the server acts at COMMIT: the database's,
 * queried once, and those that earlier scripts create. */
static bool know_hidden(struct planner *planner, struct arena *arena, struct plan_options *options)
{
    struct arena *const lasting = planner->request->arena;
    struct status *const problem = &planner->preparation->problem;
    struct hidden *const hidden = arena_alloc(arena, sizeof *hidden);
    struct deferred *const deferred = arena_alloc(arena, sizeof *deferred);
    if (!planner->knows_hidden &&
        (!cut_facts_deferred(planner->session, lasting, &planner->deferred, problem) ||
         !bodies_read(planner->session, lasting, &planner->hidden, &planner->deferred, problem))) {
        return false;
    }
    planner->knows_hidden = true;
    *hidden = (struct hidden){0};
    *deferred = (struct deferred){0};
    hidden_join(arena, hidden, &planner->hidden);
    hidden_join(arena, hidden, &planner->made.hidden);
    deferred_join(arena, deferred, &planner->made.deferred);
    deferred_join(arena, deferred, &planner->deferred);
    options->hidden = hidden;
    options->deferred = deferred;
    return true;
}

/* The login role and the database: behind a pooler they may differ from the connection's. */
static bool know_session(struct planner *planner, struct plan_options *options)
{
    struct arena *const arena = planner->request->arena;
    if (planner->user == NULL) {
        PG_RESULT(result) = pg_query(planner->session, "SELECT session_user, pg_catalog.current_database()", 0, NULL,
                                     &planner->preparation->problem);
        if (result == NULL || PQntuples(result) == 0) {
            return false;
        }
        planner->user = arena_strdup(arena, pg_field(result, 0, 0));
        planner->database = arena_strdup(arena, pg_field(result, 0, 1));
    }
    options->user = planner->user;
    options->database = planner->database;
    return true;
}

static bool know_targets(struct planner *planner, struct plan_options *options)
{
    planner->knows_targets =
        planner->knows_targets ||
        cut_facts_targets(planner->session, planner->request->arena, &planner->targets, &planner->preparation->problem);
    planner->made.targets.outer = &planner->targets;
    options->targets = &planner->made.targets;
    return planner->knows_targets;
}

static bool know_procedures(struct planner *planner, struct arena *arena, struct plan_options *options)
{
    struct procedures *const procedures = arena_alloc(arena, sizeof *procedures);
    planner->knows_procedures =
        planner->knows_procedures || cut_facts_procedures(planner->session, planner->request->arena,
                                                          &planner->procedures, &planner->preparation->problem);
    *procedures = (struct procedures){0};
    procedures_join(arena, procedures, &planner->made.procedures);
    procedures_join(arena, procedures, &planner->procedures);
    options->procedures = procedures;
    return planner->knows_procedures;
}

/* In a pipeline a CALL may commit what precedes it, and if the file is cut it would fail after committed steps: so it
 * must be known whether it commits, and which changes are only checked at COMMIT. */
static bool plan_cuts(struct planner *planner, struct arena *reading, const struct migration_script *script,
                      struct prepared *prepared)
{
    struct status *const problem = &planner->preparation->problem;
    struct plan_options options = prepare_options(planner->session, prepared->place.folder->framework, script);
    const bool is_pipeline = options.sent == SENT_IN_BATCHES;
    const bool has_targets = targets_matter(script->sql);
    if (!is_pipeline && !has_targets && !plan_build(reading, script->sql, &options, &prepared->plan, problem)) {
        return false;
    }
    if (!is_pipeline && !has_targets && prepared->plan.count <= 1 && !prepared->plan.is_sent_apart) {
        return true;
    }
    return (!has_targets || know_targets(planner, &options)) &&
           (!may_commit_unseen(script->sql) || know_procedures(planner, reading, &options)) &&
           know_hidden(planner, reading, &options) && know_session(planner, &options) &&
           plan_build(reading, script->sql, &options, &prepared->plan, problem);
}

/* Reads and plans a script, and finds its finished steps; the plan's memory is in `reading`. */
static bool plan_script(struct planner *planner, struct arena *reading, struct prepared *prepared,
                        struct loaded *loaded)
{
    struct status *const problem = &planner->preparation->problem;
    if (!migration_load(reading, &prepared->place, loaded, problem)) {
        return false;
    }
    return prepared->item->file->is_code ||
           (plan_cuts(planner, reading, &loaded->script, prepared) &&
            steps_match(&prepared->steps, loaded->script.sql, &prepared->plan, &prepared->done, problem));
}

/* The first statement whose flaws matter: an interrupted one is handled by leftovers.h. */
static size_t looked_at_from(const struct prepared *prepared)
{
    const struct plan *const plan = &prepared->plan;
    const bool goes_on = prepared->done < plan->count && prepared->attempt != NULL;
    return plan->count == 0 ? 0
           : goes_on        ? plan->steps[prepared->done].kind == STEP_ALONE ? plan->steps[prepared->done].end
                                                                             : plan->steps[prepared->done].start
                            : 0;
}

/* Keeps what is sent for who shows the plan. */
static void keep_script(struct planner *planner, const struct loaded *loaded, struct prepared *prepared)
{
    const struct text script = loaded->script.sql;
    if (script.size <= SMALL_KEPT && planner->kept + script.size <= MOST_KEPT) {
        planner->kept += script.size;
        prepared->script = (struct text){arena_strndup(planner->request->arena, script.data, script.size), script.size};
    }
}

static bool plan_one(struct planner *planner, struct prepared *prepared)
{
    const struct request *const request = planner->request;
    struct arena *const reading = arena_new(0);
    struct loaded loaded;
    bool ok = plan_script(planner, reading, prepared, &loaded);
    if (ok) {
        prepared->content_hash = loaded_hash(request->arena, &loaded);
        keep_script(planner, &loaded, prepared);
        marks_note(request->arena, prepared, &loaded, &planner->preparation->marked);
        if (!prepared->item->file->is_code) {
            add_made(request->arena, loaded.script.sql, &planner->made);
            const struct flaws_script script = {prepared->item->name, loaded.script.sql, looked_at_from(prepared)};
            ok = flaws_find(request, planner->session, &script, &planner->preparation->flaws,
                            &planner->preparation->problem);
        }
        prepared->plan = plan_copy(request->arena, &prepared->plan);
    } else {
        prepared->plan = (struct plan){0}; /* its memory is freed with `reading` */
    }
    arena_free(reading);
    return ok;
}

/* Stops at the first script that cannot be planned. */
static void plan_each(struct planner *planner)
{
    struct preparation *const preparation = planner->preparation;
    size_t i = 0;
    while (i < preparation->count && plan_one(planner, &preparation->items[i])) {
        i++;
    }
    if (i == preparation->count) {
        return;
    }
    preparation->unfit = preparation->items[i].item;
    if (status_is_because(&preparation->problem, REASON_MIGRATION_TOO_LARGE)) {
        preparation->problem.migration = preparation->unfit->name;
        preparation->count = i; /* those before it are fine */
    }
}

static void plan_all(const struct request *request, struct pg_session *session, struct preparation *preparation)
{
    struct planner planner = {.request = request, .session = session, .preparation = preparation};
    struct bounds bounds;
    preparation->problem = (struct status){.arena = request->arena};
    project_enter_bounds(request->arena, &request->site->project, &bounds); /* once for all scripts */
    plan_each(&planner);
    bounds_leave(&bounds);
}

static void warn_of_flaws(const struct request *request, struct pg_session *session, struct preparation *preparation)
{
    const struct looking looking = {request, session, &preparation->catalog.detection};
    for (size_t i = 0; i < preparation->flaws.others.count; i++) {
        looking_warn(&looking, preparation->flaws.others.items[i]);
    }
    for (size_t i = 0; i < preparation->flaws.uncompared.count; i++) {
        looking_warn(&looking, preparation->flaws.uncompared.items[i]);
    }
    if (preparation->marked.count > 0) {
        looking_warn(&looking, marks_warning(request->arena, preparation));
    }
}

/* Plans callbacks as well, so that a broken one is found before anything runs. Adds their texts to the hash. */
static bool plan_around(const struct request *request, struct pg_session *session, struct preparation *preparation,
                        struct sha256 *hash)
{
    const struct catalog *const catalog = &preparation->catalog;
    bool ok = true;
    preparation->around = arena_array(request->arena, catalog->files.around_count + 1, sizeof *preparation->around);
    for (size_t i = 0; ok && i < catalog->files.around_count && !preparation->delegate; i++) {
        const struct migration_file *const file = &catalog->files.around[i].file;
        const struct migration_place place = {&request->site->project, &catalog->detection.folder, file};
        struct arena *const reading = arena_new(0);
        struct loaded loaded;
        struct plan plan;
        ok = migration_load(reading, &place, &loaded, request->status);
        if (ok) {
            const struct plan_options options = prepare_options(session, catalog->detection.framework, &loaded.script);
            preparation->around[i] = loaded_hash(request->arena, &loaded);
            sha256_add(hash, text_of(preparation->around[i]));
            ok = plan_build(reading, loaded.script.sql, &options, &plan, request->status) ||
                 status_fail(request->status, STATUS_FAILED_PRECONDITION, "The callback %s cannot run: %s",
                             file->filename, arena_strdup(request->arena, request->status->message));
            const struct flaws_script script = {file->filename, loaded.script.sql, 0};
            ok = ok && flaws_find(request, session, &script, &preparation->flaws, request->status);
        }
        arena_free(reading);
    }
    return ok;
}

/* ---- the hash ---- */

/* Over everything that decides what a run does: the files, how they are cut, how far they are, the ledger, and the
 * options. */
static bool make_hash(const struct request *request, struct pg_session *session, const struct run_options *options,
                      struct preparation *preparation)
{
    struct arena *const arena = request->arena;
    const struct catalog *const catalog = &preparation->catalog;
    struct sha256 hash;
    unsigned char digest[SHA256_SIZE];
    char *const hex = arena_alloc(arena, SHA256_HEX_SIZE);
    sha256_start(&hash);
    hash_add_place(&hash, catalog);
    for (size_t i = 0; i < preparation->count; i++) {
        const struct prepared *const one = &preparation->items[i];
        hash_add_word(&hash, one->item->name);
        hash_add_word(&hash, one->content_hash);
        hash_add_word(&hash, arena_printf(arena, "%zu %zu", one->plan.count, one->done));
    }
    hash_add_rows(arena, &hash, catalog);
    if (options->in_one_transaction) {
        hash_add_word(&hash, "all");
    }
    if (options->repair) {
        hash_add_word(&hash, "repair");
    }
    if (!plan_around(request, session, preparation, &hash)) {
        return false;
    }
    sha256_finish(&hash, digest);
    sha256_hex(digest, hex);
    preparation->hash = hex;
    return true;
}

bool prepare(const struct request *request, struct pg_session *session, const struct detection *detection,
             const struct run_options *options, struct preparation *preparation)
{
    *preparation = (struct preparation){0};
    if (!catalog_read_again(request, session, detection, &preparation->catalog) ||
        !catalog_check_folder(&preparation->catalog, request->status) ||
        !selection_make(request, session, options, preparation)) {
        return false;
    }
    plan_all(request, session, preparation);
    if (!make_hash(request, session, options, preparation)) {
        return false;
    }
    warn_of_flaws(request, session, preparation);
    if (options->plan_hash != NULL && options->plan_hash[0] != '\0' &&
        strcmp(options->plan_hash, preparation->hash) != 0) {
        return status_fail_because(
            request->status, STATUS_ABORTED, REASON_PLAN_CHANGED,
            "The plan is another one than that of this hash; nothing was run. It was made with other options (which "
            "migrations, --target, --transaction, ...), or files or tracking table have changed since. Look at the "
            "plan again: with these options its hash is %s now.",
            preparation->hash);
    }
    return true;
}

bool prepare_may_begin(const struct preparation *preparation, const struct run_options *options)
{
    return preparation->unfit == NULL || (status_is_because(&preparation->problem, REASON_MIGRATION_TOO_LARGE) &&
                                          preparation->count > 0 && !options->in_one_transaction);
}

void prepare_failure(const struct preparation *preparation, struct failure *failure)
{
    failure_take(failure, &preparation->problem);
    failure->where.character = preparation->problem.position;
}

static const char *name_of(const void *of, size_t index)
{
    return ((const struct preparation *)of)->items[index].item->name;
}

const char *prepare_words(struct arena *arena, const struct preparation *preparation)
{
    return act_words(arena, preparation->count == 0 ? "run the callbacks" : "run", preparation->count, name_of,
                     preparation);
}

/* The callback between versioned and repeatable migrations; NULL: none. */
static const char *callback_between(const struct preparation *preparation)
{
    const struct migration_files *const files = &preparation->catalog.files;
    const bool repeats = preparation->count > 0 && preparation->items[preparation->count - 1].item->file->repeatable;
    for (size_t i = 0; repeats && i < files->around_count; i++) {
        if (files->around[i].when == AROUND_AFTER_VERSIONED || files->around[i].when == AROUND_BEFORE_REPEATABLES) {
            return files->around[i].file.filename;
        }
    }
    return NULL;
}

const char *prepare_obstacle(struct arena *arena, const struct preparation *preparation)
{
    const char *const between = callback_between(preparation);
    if (between != NULL) {
        return arena_printf(arena, "the callback %s has its own transaction between them", between);
    }
    for (size_t i = 0; i < preparation->count && preparation->items[i].item != preparation->unfit; i++) {
        const struct prepared *const one = &preparation->items[i];
        if (one->attempt != NULL) {
            return arena_printf(arena, "\"%s\" is half done by an earlier run", one->item->name);
        }
        for (size_t j = 0; j < one->plan.count; j++) {
            if (one->plan.steps[j].modes != NULL) {
                return arena_printf(arena, "\"%s\" begins its transaction with its own modes (%s)", one->item->name,
                                    one->plan.steps[j].modes);
            }
            if (!one->plan.one_transaction && one->plan.steps[j].reason != NULL) {
                return arena_printf(arena, "\"%s\" cannot be one transaction: %s", one->item->name,
                                    one->plan.steps[j].reason);
            }
        }
    }
    return NULL;
}
