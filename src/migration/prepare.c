/*
 * Every script is read and planned before the first is run: a broken one at the end is found at the beginning. Contents
 * are released again: 400 files of 5 MB need no more memory than one.
 */
#include "migration/prepare.h"

#include <string.h>

#define MOST_NAMES           100000
#define LONGEST_LOCK_TIMEOUT 10000 /* ms: longer than that is no ladder */

/* ---- settings ---- */

static bool limit(const char *name, uint32_t asked, uint32_t most, uint32_t otherwise, uint32_t *value,
                  struct status *status)
{
    *value = asked == 0 ? otherwise : asked;
    return asked == 0 || most == 0 || asked <= most ||
           status_fail(status, STATUS_INVALID_ARGUMENT, "%s is at most %u here; the worker's options say so.", name,
                       most);
}

bool prepare_settings(const struct site *site, const struct run_request *request, struct run_settings *settings,
                      struct status *status)
{
    const struct run_settings *const asked = &request->settings;
    const struct run_settings *const usual = &site->settings;
    return limit("lock_timeout_ms", asked->lock_timeout_ms, LONGEST_LOCK_TIMEOUT, usual->lock_timeout_ms,
                 &settings->lock_timeout_ms, status) &&
           limit("lock_retry_ms", asked->lock_retry_ms, usual->lock_retry_ms, usual->lock_retry_ms,
                 &settings->lock_retry_ms, status) &&
           limit("statement_timeout_ms", asked->statement_timeout_ms, usual->statement_timeout_ms,
                 usual->statement_timeout_ms, &settings->statement_timeout_ms, status);
}

/* ---- which ---- */

static bool check_folder(struct work *work, const struct catalog *catalog)
{
    const struct detection *const detection = &catalog->detection;
    if (detection->framework == NULL || !detection->has_folder) {
        return status_fail(work->status, STATUS_FAILED_PRECONDITION, "%s",
                           detection->folder_problem != NULL
                               ? detection->folder_problem
                               : "No folder of migrations was found in the project; check --project and --migrations.");
    }
    return detection->framework->check_folder(work->arena, &detection->folder, &catalog->files, work->status);
}

static bool find(struct work *work, const struct catalog *catalog, const char *name, size_t *index)
{
    const struct catalog_item *const item = catalog_find(catalog, text_of(name));
    if (item == NULL || item->file == NULL) {
        return catalog_not_found(catalog, text_of(name), work->status);
    }
    *index = (size_t)(item - catalog->items);
    return true;
}

/* Which items are asked for, applied or not. */
static bool mark_wanted(struct work *work, const struct catalog *catalog, const struct run_request *request,
                        bool *wanted)
{
    const bool has_target = request->target != NULL && request->target[0] != '\0';
    size_t last = catalog->count - 1;
    if (request->name_count > MOST_NAMES) {
        return status_fail(work->status, STATUS_INVALID_ARGUMENT, "A run takes at most %d names.", MOST_NAMES);
    }
    if (request->name_count > 0 && has_target) {
        return status_fail(work->status, STATUS_INVALID_ARGUMENT,
                           "Give either migrations or target: the one names all, the other the last.");
    }
    if (has_target && !find(work, catalog, request->target, &last)) {
        return false;
    }
    for (size_t i = 0; i < request->name_count; i++) {
        size_t index;
        if (!find(work, catalog, request->names[i], &index)) {
            return false;
        }
        wanted[index] = true;
    }
    for (size_t i = 0; request->name_count == 0 && catalog->count > 0 && i <= last; i++) {
        wanted[i] = true;
    }
    return true;
}

static bool check_order(struct work *work, const struct catalog *catalog, const struct catalog_item *item,
                        enum run_order order)
{
    if (item->detail != DETAIL_OUT_OF_ORDER || order != RUN_ORDER_STRICT) {
        return true;
    }
    const char *later = "";
    for (const struct catalog_item *other = item + 1; other < catalog->items + catalog->count; other++) {
        later = other->state == MIGRATION_APPLIED || other->state == MIGRATION_MODIFIED ? other->name : later;
    }
    status_fail_because(work->status, STATUS_FAILED_PRECONDITION, "OUT_OF_ORDER",
                        "Migration \"%s\" is pending although \"%s\" behind it is applied; allow_out_of_order runs it "
                        "all the same.",
                        item->name, later);
    work->status->migration = item->name;
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

static bool fail_unresolved(struct work *work, const struct catalog_item *item)
{
    status_fail(work->status, STATUS_FAILED_PRECONDITION,
                "An earlier attempt at \"%s\" did not finish, and nothing runs until that is resolved: undo what it "
                "left and mark it as rolled back, or complete it by hand and mark it as applied (Prisma's P3009).",
                item->name);
    work->status->migration = item->name;
    work->status->detail = failed_attempt(item)->logs;
    return false;
}

/* A failed attempt that is ours, with its steps written down, is gone on with; every other must be resolved first. */
static bool check_unresolved(struct work *work, const struct catalog *catalog, const struct catalog_item *item,
                             bool is_wanted, struct prepared *prepared)
{
    const struct ledger_entry *const failed = failed_attempt(item);
    if (failed == NULL || !catalog->detection.framework->failed_entry_blocks) {
        return true;
    }
    struct step_records steps = {0};
    if (item->state == MIGRATION_PENDING && item->file != NULL && !item->file->missing &&
        !steps_read(work->arena, work->session, &catalog->detection.ledger, item->name, &steps, work->status)) {
        return false;
    }
    if (steps.count == 0 || strcmp(steps.items[0].attempt, failed->id) != 0) {
        return fail_unresolved(work, item);
    }
    if (!is_wanted) {
        status_fail(work->status, STATUS_FAILED_PRECONDITION,
                    "Migration \"%s\" is half done (%zu of %u steps): run it to its end first, or undo it and mark it "
                    "as rolled back.",
                    item->name, steps.count, steps.items[0].steps);
        work->status->migration = item->name;
        return false;
    }
    prepared->attempt = failed->id;
    prepared->steps = steps;
    return true;
}

static bool choose(struct work *work, const struct run_request *request, struct preparation *preparation)
{
    const struct catalog *const catalog = &preparation->catalog;
    bool *const wanted = arena_array(work->arena, catalog->count, sizeof *wanted);
    preparation->items = arena_array(work->arena, catalog->count, sizeof *preparation->items);
    if (!mark_wanted(work, catalog, request, wanted)) {
        return false;
    }
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        struct prepared prepared = {.item = item};
        const bool runs = wanted[i] && item->state == MIGRATION_PENDING;
        if (!check_unresolved(work, catalog, item, runs, &prepared) ||
            (runs && !check_order(work, catalog, item, request->order))) {
            return false;
        }
        if (runs) {
            preparation->items[preparation->count++] = prepared;
        }
    }
    return true;
}

/* ---- scripts ---- */

bool prepared_read(struct arena *arena, const struct prepared *prepared, struct text *content, struct status *status)
{
    return script_read(arena, prepared->item->file, content, status) &&
           (strcmp(sha256_hex_of(arena, *content), prepared->content_hash) == 0 ||
            status_fail(status, STATUS_FAILED_PRECONDITION,
                        "The file was changed while the run was going on; run again."));
}

/* The plan without what it needed to be made. */
static void keep_plan(struct arena *arena, struct plan *plan)
{
    struct step *const steps = arena_array(arena, plan->count, sizeof *steps);
    for (size_t i = 0; i < plan->count; i++) {
        steps[i] = plan->steps[i];
        steps[i].reason = arena_strdup(arena, steps[i].reason);
    }
    plan->steps = steps;
    plan->note = arena_strdup(arena, plan->note);
}

static bool plan_one(struct work *work, struct prepared *prepared, struct status *problem)
{
    struct arena *const reading = arena_new(0);
    struct text content;
    const bool ok = script_read(reading, prepared->item->file, &content, problem) &&
                    plan_build(reading, content, &prepared->plan, problem) &&
                    steps_match(work->arena, &prepared->steps, content, &prepared->plan, prepared->item->name,
                                &prepared->done, problem);
    if (ok) {
        prepared->content_hash = sha256_hex_of(work->arena, content);
        keep_plan(work->arena, &prepared->plan);
    }
    arena_free(reading);
    return ok;
}

static void plan_all(struct work *work, struct preparation *preparation)
{
    preparation->problem = (struct status){.arena = work->arena};
    for (size_t i = 0; i < preparation->count; i++) {
        if (!plan_one(work, &preparation->items[i], &preparation->problem)) {
            preparation->unfit = preparation->items[i].item;
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
        add_word(&hash, entry->name);
        add_word(&hash, entry->id);
        add_word(&hash, entry->checksum);
        add_word(&hash, arena_printf(arena, "%d", (int)entry->state));
    }
    sha256_finish(&hash, digest);
    sha256_hex(digest, hex);
    return hex;
}

bool prepare(struct work *work, const struct run_request *request, struct preparation *preparation)
{
    *preparation = (struct preparation){0};
    if (!catalog_read(work, &preparation->catalog) || !check_folder(work, &preparation->catalog) ||
        !choose(work, request, preparation)) {
        return false;
    }
    plan_all(work, preparation);
    preparation->hash = hash_of(work->arena, preparation);
    if (request->plan_hash != NULL && request->plan_hash[0] != '\0' &&
        strcmp(request->plan_hash, preparation->hash) != 0) {
        return status_fail_because(work->status, STATUS_ABORTED, "PLAN_CHANGED",
                                   "Files or ledger have changed since this plan was made; nothing was run. Look at "
                                   "the plan again: its hash is %s now.",
                                   preparation->hash);
    }
    return true;
}

const char *prepare_obstacle(struct arena *arena, const struct preparation *preparation)
{
    for (size_t i = 0; i < preparation->count; i++) {
        const struct prepared *const one = &preparation->items[i];
        if (one->attempt != NULL) {
            return arena_printf(arena, "\"%s\" is half done by an earlier run", one->item->name);
        }
        for (size_t j = 0; j < one->plan.count && !one->plan.one_transaction; j++) {
            if (one->plan.steps[j].reason != NULL) {
                return arena_printf(arena, "\"%s\" cannot be one transaction: %s", one->item->name,
                                    one->plan.steps[j].reason);
            }
        }
    }
    return NULL;
}
