/*
 * Every script is read and planned before the first is run: a broken one at the end is found at the beginning. Contents
 * are released again: 400 files of 5 MB need no more memory than one.
 */
#include "migration/plan/plan.h"

#include "base/limits.h"

#include <string.h>

#define MOST_NAMES 100000

/* ---- settings ---- */

/* What may be asked for one of them. */
struct limit {
    const char *name;
    uint32_t usual; /* where nothing is asked */
    uint32_t most;  /* 0: anything */
};

static bool take(const struct limit *limit, uint32_t asked, uint32_t *value, struct status *status)
{
    *value = asked == 0 ? limit->usual : asked;
    return asked == 0 || limit->most == 0 || asked <= limit->most ||
           status_fail(status, STATUS_INVALID_ARGUMENT, "%s is at most %u here; the worker's options say so.",
                       limit->name, limit->most);
}

bool prepare_settings(const struct site *site, const struct run_options *options, struct run_settings *settings,
                      struct status *status)
{
    const struct run_settings *const asked = &options->settings;
    const struct run_settings *const usual = &site->settings;
    const struct limit lock_timeout = {"lock_timeout_ms", usual->lock_timeout_ms, LIMIT_LOCK_TIMEOUT_MS};
    const struct limit lock_retry = {"lock_retry_ms", usual->lock_retry_ms, usual->lock_retry_ms};
    const struct limit statement_timeout = {"statement_timeout_ms", usual->statement_timeout_ms,
                                            usual->statement_timeout_ms};
    return take(&lock_timeout, asked->lock_timeout_ms, &settings->lock_timeout_ms, status) &&
           take(&lock_retry, asked->lock_retry_ms, &settings->lock_retry_ms, status) &&
           take(&statement_timeout, asked->statement_timeout_ms, &settings->statement_timeout_ms, status);
}

/* ---- which ---- */

static bool find(const struct request *request, const struct catalog *catalog, const char *name, size_t *index)
{
    const struct catalog_item *const item = catalog_find(catalog, text_of(name));
    if (item == NULL || item->file == NULL) {
        return catalog_not_found(catalog, text_of(name), request->status);
    }
    *index = (size_t)(item - catalog->items);
    return true;
}

/* Which items are asked for, applied or not. */
static bool mark_wanted(const struct request *request, const struct catalog *catalog, const struct run_options *options,
                        bool *wanted)
{
    const bool has_target = options->target != NULL && options->target[0] != '\0';
    size_t last = catalog->count - 1;
    if (options->name_count > MOST_NAMES) {
        return status_fail(request->status, STATUS_INVALID_ARGUMENT, "A run takes at most %d names.", MOST_NAMES);
    }
    if (options->name_count > 0 && has_target) {
        return status_fail(request->status, STATUS_INVALID_ARGUMENT,
                           "Give either migrations or target: the one names all, the other the last.");
    }
    if (has_target && !find(request, catalog, options->target, &last)) {
        return false;
    }
    for (size_t i = 0; i < options->name_count; i++) {
        size_t index;
        if (!find(request, catalog, options->names[i], &index)) {
            return false;
        }
        wanted[index] = true;
    }
    for (size_t i = 0; options->name_count == 0 && catalog->count > 0 && i <= last; i++) {
        wanted[i] = true;
    }
    return true;
}

/* A migration behind which another one is applied. */
static bool check_order(const struct request *request, const struct catalog *catalog, const struct catalog_item *item,
                        enum run_order order)
{
    const struct detection *const detection = &catalog->detection;
    const struct habits *const habits = detection_habits(detection);
    const bool is_late = item->detail == DETAIL_OUT_OF_ORDER || item->detail == DETAIL_SKIPPED;
    const bool cannot = detection->framework->ledger.records_in_order;
    const bool allowed = order == RUN_ORDER_ANY || (order == RUN_ORDER_OF_FRAMEWORK && habits->late == LATE_RUNS);
    if (!is_late || (allowed && !cannot)) {
        return true;
    }
    const char *later = "";
    for (const struct catalog_item *other = item + 1; other < catalog->items + catalog->count; other++) {
        later = other->state == MIGRATION_APPLIED || other->state == MIGRATION_MODIFIED ? other->name : later;
    }
    status_fail_because(request->status, STATUS_FAILED_PRECONDITION, REASON_OUT_OF_ORDER,
                        "Migration \"%s\" is pending although \"%s\" behind it is applied.%s%s %s.", item->name, later,
                        habits->late_note == NULL || order == RUN_ORDER_STRICT ? "" : " ",
                        habits->late_note == NULL || order == RUN_ORDER_STRICT ? "" : habits->late_note,
                        cannot ? "The ledger cannot record it in this place: give it a place behind the others"
                               : "allow_out_of_order runs it all the same");
    request->status->migration = item->name;
    return false;
}

/* A ledger that knows only how far it is cannot have gaps. */
static bool check_gap(const struct request *request, const struct catalog *catalog, const struct catalog_item *item,
                      const struct catalog_item *left_out)
{
    if (left_out == NULL || !catalog->detection.framework->ledger.records_in_order) {
        return true;
    }
    status_fail(request->status, STATUS_FAILED_PRECONDITION,
                "Migration \"%s\" cannot run before \"%s\": the ledger of %s would say that both are applied.",
                item->name, left_out->name, catalog->detection.framework->display_name);
    request->status->migration = item->name;
    return false;
}

/* ---- history ---- */

/* Where its own tool would run nothing because of what became of applied migrations, we do not either. */
static bool check_history(const struct request *request, const struct catalog *catalog,
                          const struct run_options *options)
{
    const struct habits *const habits = detection_habits(&catalog->detection);
    for (size_t i = 0; i < catalog->count && !options->ignore_history; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        const bool edited = habits->edited_blocks && item->state == MIGRATION_MODIFIED;
        const bool missing = habits->missing_blocks && item->state == MIGRATION_ORPHANED;
        if (edited || missing) {
            status_fail_because(request->status, STATUS_FAILED_PRECONDITION, REASON_HISTORY_CHANGED,
                                "Migration \"%s\" is applied, and its file %s. %s%sRestore the file, or run with "
                                "ignore_history.",
                                item->name, edited ? "was edited since" : "is missing",
                                item->note == NULL ? "" : item->note, item->note == NULL ? "" : " ");
            request->status->migration = item->name;
            return false;
        }
    }
    return true;
}

static bool check_duplicate(const struct request *request, const struct catalog_item *item)
{
    if (item->detail != DETAIL_DUPLICATE) {
        return true;
    }
    status_fail(request->status, STATUS_FAILED_PRECONDITION,
                "The file of \"%s\" has the version %s of another one before it: the ledger can have only one of them. "
                "Rename one.",
                item->name, item->key);
    request->status->migration = item->name;
    return false;
}

/* ---- what was left half done ---- */

static const struct ledger_entry *failed_attempt(const struct catalog_item *item)
{
    const struct ledger_entry *failed = NULL;
    for (size_t i = 0; i < item->attempt_count; i++) {
        failed = item->attempts[i].state == ENTRY_FAILED ? &item->attempts[i] : failed;
    }
    return failed;
}

/* Choosing among the catalog's items. */
struct choosing {
    const struct request *request;
    struct pg_session *session;
    const struct run_options *options;
    const struct catalog *catalog;
    bool has_steps;                      /* some migration of this ledger was interrupted */
    const struct catalog_item *left_out; /* the first that is pending and does not run */
};

static bool fail_unresolved(const struct request *request, const struct catalog *catalog,
                            const struct catalog_item *item)
{
    const bool can_be_given_up = ledger_has(catalog->detection.framework, LEDGER_MARK_ROLLED_BACK);
    status_fail(
        request->status, STATUS_FAILED_PRECONDITION,
        "An earlier attempt at \"%s\" did not finish, and nothing runs until that is resolved: %scomplete it by "
        "hand and mark it as applied (%s).",
        item->name, can_be_given_up ? "undo what it left and mark it as rolled back, or " : "",
        catalog->detection.framework->ledger.failed_note != NULL ? catalog->detection.framework->ledger.failed_note
                                                                 : "its own tool stops there, too");
    request->status->migration = item->name;
    request->status->detail = failed_attempt(item)->logs;
    return false;
}

/* The steps of an attempt that was interrupted and is ours to go on with; none where it is not. */
static bool read_steps(const struct choosing *choosing, const struct catalog_item *item, struct step_records *steps)
{
    const struct catalog *const catalog = choosing->catalog;
    const struct ledger_entry *const failed = failed_attempt(item);
    const bool may_be_ours = item->state == MIGRATION_PENDING && item->file != NULL && !item->file->missing;
    *steps = (struct step_records){.migration = item->name};
    if (!may_be_ours || !choosing->has_steps) {
        return true;
    }
    if (!steps_read(choosing->session, &catalog->detection.ledger, steps, choosing->request->status)) {
        return false;
    }
    const bool is_another =
        steps->count > 0 && (failed == NULL ? ledger_has(catalog->detection.framework, LEDGER_START)
                                            : failed->id != NULL && strcmp(steps->items[0].attempt, failed->id) != 0);
    steps->count = is_another ? 0 : steps->count;
    return true;
}

/* A failed attempt that is ours, with its steps written down, is gone on with; every other must be resolved first. A
 * ledger without unfinished rows has the steps alone. */
static bool check_unresolved(const struct choosing *choosing, bool is_wanted, struct prepared *prepared)
{
    const struct request *const request = choosing->request;
    const struct catalog_item *const item = prepared->item;
    const struct ledger_entry *const failed = failed_attempt(item);
    struct step_records *const steps = &prepared->steps;
    if (failed != NULL && !choosing->catalog->detection.framework->ledger.failed_entry_blocks) {
        return true;
    }
    if (!read_steps(choosing, item, steps)) {
        return false;
    }
    if (steps->count == 0) {
        return failed == NULL || fail_unresolved(request, choosing->catalog, item);
    }
    if (!is_wanted) {
        status_fail(request->status, STATUS_FAILED_PRECONDITION,
                    "Migration \"%s\" is half done (%zu of %u steps): run it to its end first, or undo it and mark it "
                    "as rolled back.",
                    item->name, steps->count, steps->items[0].steps);
        request->status->migration = item->name;
        return false;
    }
    prepared->attempt = steps->items[0].attempt;
    return true;
}

/* May it run now, or must it stand back? */
static bool check_place(const struct choosing *choosing, const struct catalog_item *item)
{
    return check_order(choosing->request, choosing->catalog, item, choosing->options->order) &&
           check_duplicate(choosing->request, item) &&
           check_gap(choosing->request, choosing->catalog, item, choosing->left_out);
}

static bool choose(struct choosing *choosing, struct preparation *preparation)
{
    const struct request *const request = choosing->request;
    const struct catalog *const catalog = choosing->catalog;
    bool *const wanted = arena_array(request->arena, catalog->count, sizeof *wanted);
    preparation->items = arena_array(request->arena, catalog->count, sizeof *preparation->items);
    if (!mark_wanted(request, catalog, choosing->options, wanted) ||
        !steps_exist(choosing->session, &catalog->detection.ledger, &choosing->has_steps, request->status)) {
        return false;
    }
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        const bool runs = wanted[i] && item->state == MIGRATION_PENDING;
        struct prepared prepared = {
            .item = item,
            .place = {&request->site->project, &catalog->detection.folder, item->file},
        };
        if (!check_unresolved(choosing, runs, &prepared) || (runs && !check_place(choosing, item))) {
            return false;
        }
        if (runs) {
            preparation->items[preparation->count++] = prepared;
            preparation->delegate = preparation->delegate || item->file->is_code || catalog->files.needs_tool != NULL;
        } else if (item->state == MIGRATION_PENDING && choosing->left_out == NULL) {
            choosing->left_out = item;
        }
    }
    return true;
}

/* ---- scripts ---- */

bool prepared_read(struct arena *arena, const struct prepared *prepared, struct loaded *loaded, struct status *status)
{
    return migration_load(arena, &prepared->place, loaded, status) &&
           (strcmp(loaded_hash(arena, loaded), prepared->content_hash) == 0 ||
            status_fail(status, STATUS_FAILED_PRECONDITION,
                        "The file was changed while the run was going on; run again."));
}

/* How its own tool sends it, and how this server reads it. */
static struct plan_options options_of(const struct pg_session *session, const struct framework *framework,
                                      const struct migration_script *script)
{
    const enum script_sending unwrapped =
        framework->sent_unwrapped == SENT_IN_TRANSACTION ? SENT_EACH : framework->sent_unwrapped;
    return (struct plan_options){
        .sent = script->no_transaction ? unwrapped : framework->sent,
        .is_wish = script->no_transaction,
        .backslashes = !pg_session_standard_strings(session),
    };
}

/* The database's procedures that commit, by the names that a CALL may give them. */
static bool find_committing(struct pg_session *session, struct arena *arena, struct sql_names *names,
                            struct status *status)
{
    static const char sql[] =
        "SELECT pg_catalog.lower(n.nspname), pg_catalog.lower(p.proname), pg_catalog.pg_function_is_visible(p.oid), "
        "p.prosrc FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN "
        "pg_catalog.pg_language l ON l.oid = p.prolang WHERE p.prokind = 'p' AND l.lanname = 'plpgsql' ORDER BY p.oid";
    PG_RESULT(result) = pg_query(session, sql, 0, NULL, status);
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        const char *const name = arena_strdup(arena, pg_field(result, i, 1));
        if (plpgsql_commits(arena, text_of(pg_field(result, i, 3)), names)) {
            sql_names_add(arena, names, arena_printf(arena, "%s.%s", pg_field(result, i, 0), name));
            if (pg_field_bool(result, i, 2)) {
                sql_names_add(arena, names, name);
            }
        }
    }
    return result != NULL;
}

/* In a pipeline a CALL may commit what is before it: there it must be known whether it does. */
static bool may_commit_unseen(const struct plan_options *options, struct text script)
{
    struct sql_lexer lexer = {.text = script};
    struct sql_token token = {.kind = SQL_END};
    if (options->sent != SENT_IN_BATCHES) {
        return false;
    }
    do {
        token = sql_next(&lexer);
        if (sql_is_word(&token, "call") || sql_is_word(&token, "do")) {
            return true;
        }
    } while (token.kind != SQL_END);
    return false;
}

/* Reads, plans, and finds how far it is; what the plan needs lives in `reading`. */
static bool plan_script(struct pg_session *session, struct arena *reading, struct prepared *prepared,
                        struct loaded *loaded, struct status *problem)
{
    const struct migration_script *const script = &loaded->script;
    if (!migration_load(reading, &prepared->place, loaded, problem)) {
        return false;
    }
    if (prepared->item->file->is_code) {
        return true;
    }
    struct plan_options options = options_of(session, prepared->place.folder->framework, script);
    struct sql_names committing = {0};
    if (may_commit_unseen(&options, script->sql)) {
        if (!find_committing(session, reading, &committing, problem)) {
            return false;
        }
        options.committing = &committing;
    }
    return plan_build(reading, script->sql, &options, &prepared->plan, problem) &&
           steps_match(&prepared->steps, script->sql, &prepared->plan, &prepared->done, problem);
}

/* An interrupted statement is gone on with by who looks for what it has left. */
static size_t looked_at_from(const struct prepared *prepared)
{
    const struct plan *const plan = &prepared->plan;
    const bool goes_on = prepared->done < plan->count && prepared->attempt != NULL;
    return plan->count == 0 ? 0
           : goes_on        ? plan->steps[prepared->done].kind == STEP_ALONE ? plan->steps[prepared->done].end
                                                                             : plan->steps[prepared->done].start
                            : 0;
}

static bool plan_one(const struct request *request, struct pg_session *session, struct prepared *prepared,
                     struct flaws *flaws, struct status *problem)
{
    struct arena *const reading = arena_new(0);
    struct loaded loaded;
    const bool ok = plan_script(session, reading, prepared, &loaded, problem);
    if (ok) {
        prepared->content_hash = loaded_hash(request->arena, &loaded);
        if (!prepared->item->file->is_code) {
            flaws_find(request, session, prepared->item->name, loaded.script.sql, looked_at_from(prepared), flaws);
        }
        prepared->plan = plan_copy(request->arena, &prepared->plan);
    } else {
        prepared->plan = (struct plan){0}; /* what there was of it goes with `reading` */
    }
    arena_free(reading);
    return ok;
}

static void plan_all(const struct request *request, struct pg_session *session, struct preparation *preparation)
{
    preparation->problem = (struct status){.arena = request->arena};
    for (size_t i = 0; i < preparation->count; i++) {
        if (!plan_one(request, session, &preparation->items[i], &preparation->flaws, &preparation->problem)) {
            preparation->unfit = preparation->items[i].item;
            if (status_is_because(&preparation->problem, REASON_MIGRATION_TOO_LARGE)) {
                preparation->problem.migration = preparation->unfit->name;
                preparation->count = i; /* nothing is wrong with those before it */
            }
            return;
        }
    }
}

/* ---- the hash ---- */

static void add_word(struct sha256 *hash, const char *word)
{
    sha256_add(hash, text_of(word == NULL ? "" : word));
    sha256_add(hash, (struct text){"", 1}); /* its NUL keeps words apart */
}

/* Over everything that decides what a run does: the files, how they are cut, how far they are, and the ledger. */
static const char *hash_of(struct arena *arena, const struct preparation *preparation)
{
    const struct catalog *const catalog = &preparation->catalog;
    struct sha256 hash;
    unsigned char digest[SHA256_SIZE];
    char *const hex = arena_alloc(arena, SHA256_HEX_SIZE);
    sha256_start(&hash);
    add_word(&hash, catalog->detection.framework->id);
    add_word(&hash, catalog->detection.ledger.schema);
    add_word(&hash, catalog->detection.ledger.table);
    for (size_t i = 0; i < preparation->count; i++) {
        const struct prepared *const one = &preparation->items[i];
        add_word(&hash, one->item->name);
        add_word(&hash, one->content_hash);
        add_word(&hash, arena_printf(arena, "%zu %zu", one->plan.count, one->done));
    }
    for (size_t i = 0; i < catalog->entries.count; i++) {
        const struct ledger_entry *const entry = &catalog->entries.items[i];
        add_word(&hash, ledger_entry_key(entry));
        add_word(&hash, entry->id);
        add_word(&hash, entry->checksum);
        add_word(&hash, arena_printf(arena, "%d", (int)entry->state));
    }
    sha256_finish(&hash, digest);
    sha256_hex(digest, hex);
    return hex;
}

bool prepare(const struct request *request, struct pg_session *session, const struct detection *detection,
             const struct run_options *options, struct preparation *preparation)
{
    struct choosing choosing = {
        .request = request, .session = session, .options = options, .catalog = &preparation->catalog};
    *preparation = (struct preparation){0};
    if (!catalog_read_again(request, session, detection, &preparation->catalog) ||
        !catalog_check_folder(&preparation->catalog, request->status) ||
        !check_history(request, &preparation->catalog, options) || !choose(&choosing, preparation)) {
        return false;
    }
    plan_all(request, session, preparation);
    preparation->hash = hash_of(request->arena, preparation);
    if (options->plan_hash != NULL && options->plan_hash[0] != '\0' &&
        strcmp(options->plan_hash, preparation->hash) != 0) {
        return status_fail_because(request->status, STATUS_ABORTED, REASON_PLAN_CHANGED,
                                   "Files or ledger have changed since this plan was made; nothing was run. Look at "
                                   "the plan again: its hash is %s now.",
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

const char *prepare_obstacle(struct arena *arena, const struct preparation *preparation)
{
    for (size_t i = 0; i < preparation->count && preparation->items[i].item != preparation->unfit; i++) {
        const struct prepared *const one = &preparation->items[i];
        if (one->attempt != NULL) {
            return arena_printf(arena, "\"%s\" is half done by an earlier run", one->item->name);
        }
        for (size_t j = 0; j < one->plan.count; j++) {
            if (one->plan.steps[j].modes != NULL) {
                return arena_printf(arena, "\"%s\" begins its transaction with modes of its own (%s)", one->item->name,
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
