/*
 * All rows go in one query: the composer opens a transaction with the first row, and the others are inserted before its
 * COMMIT.
 */
#include "migration/run/baseline.h"

#include "base/clock.h"
#include "base/uuid.h"
#include "base/words.h"
#include "migration/look/catalog.h"
#include "migration/look/permission.h"
#include "migration/look/store.h"
#include "migration/record/last_failure.h"
#include "migration/record/make.h"
#include "migration/record/note_applied.h"
#include "migration/record/progress.h"
#include "migration/record/row.h"
#include "migration/record/transaction.h"
#include "migration/run/baseline_verify.h"
#include "migration/run/late.h"
#include "migration/run/lock.h"
#include "migration/run/mark.h"
#include "migration/run/send.h"

#define USUAL_ROW ((size_t)16 * 1024) /* bytes; a longer one is an exception */

struct baseline {
    struct run run;
    const struct baseline_wish *wish;
    struct catalog catalog;
    const struct catalog_item **chosen; /* in the order of the files */
    size_t count;
    struct baseline_result *result;
};

/* ---- which ---- */

static bool check_wish(const struct baseline_wish *wish, struct status *status)
{
    const bool has_through = wish->through != NULL && wish->through[0] != '\0';
    const int ways = (wish->name_count > 0 ? 1 : 0) + (has_through ? 1 : 0) + (wish->all ? 1 : 0);
    return ways == 1 || status_fail(status, STATUS_INVALID_ARGUMENT,
                                    "Say which migrations are in the database already in one way: their names, "
                                    "through (the last one), or all.");
}

/* Connects, takes the run's locks, and reads the catalog. */
static bool begin(struct baseline *baseline)
{
    struct run *const run = &baseline->run;
    struct detection detection;
    if (!run_connect(run) || !detect(run->request, run->session, &detection)) {
        return false;
    }
    if (detection.framework != NULL && detection.problem == NULL && !lock_take(run, &detection)) {
        return false;
    }
    return (baseline->wish->dry_run || run_may_commit(run)) &&
           catalog_read_again(run->request, run->session, &detection, &baseline->catalog) &&
           catalog_check_baseline(&baseline->catalog, baseline->wish->dry_run, run->status);
}

/* The item with this name, which must have a file. */
static const struct catalog_item *find(struct baseline *baseline, const char *name)
{
    const struct catalog_item *const item = catalog_find(&baseline->catalog, text_of(name));
    if (item == NULL || item->file == NULL) {
        catalog_not_found(&baseline->catalog, text_of(name), baseline->run.status);
        return NULL;
    }
    return item;
}

static void choose(struct baseline *baseline, const struct catalog_item *item)
{
    if (item->state == MIGRATION_PENDING) {
        baseline->chosen[baseline->count++] = item;
    } else if (item->file != NULL) {
        baseline->result->already++;
    }
}

/* Marks the items that are named, applied or not; NULL if a name is unknown. */
static bool *named(struct baseline *baseline)
{
    const struct baseline_wish *const wish = baseline->wish;
    const struct catalog *const catalog = &baseline->catalog;
    bool *const is_named = arena_array(baseline->run.arena, catalog->count + 1, sizeof *is_named);
    const struct catalog_item **const found =
        catalog_find_all(baseline->run.arena, catalog, wish->names, wish->name_count);
    for (size_t i = 0; i < wish->name_count; i++) {
        if (found[i] == NULL || found[i]->file == NULL) {
            catalog_not_found(catalog, text_of(wish->names[i]), baseline->run.status);
            return NULL;
        }
        is_named[found[i] - catalog->items] = true;
    }
    return is_named;
}

static bool choose_all(struct baseline *baseline)
{
    const struct baseline_wish *const wish = baseline->wish;
    const struct catalog *const catalog = &baseline->catalog;
    const bool has_end = wish->name_count == 0 && !wish->all;
    const struct catalog_item *const last = has_end ? find(baseline, wish->through) : NULL;
    const bool *const is_named = has_end && last == NULL ? NULL : named(baseline);
    if (is_named == NULL) {
        return false;
    }
    baseline->chosen = arena_array(baseline->run.arena, catalog->count, sizeof(struct catalog_item *));
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        if (wish->name_count == 0 || is_named[i]) {
            choose(baseline, item);
        }
        if (has_end && item == last) {
            break;
        }
    }
    return true;
}

/* A ledger that stores only the last version would record more than was chosen. */
static bool check_order(const struct baseline *baseline)
{
    const struct catalog *const catalog = &baseline->catalog;
    size_t at = 0;
    if (!catalog->detection.framework->ledger.records_in_order || baseline->count == 0) {
        return true;
    }
    for (const struct catalog_item *item = catalog->items; item < catalog->items + catalog->count; item++) {
        const bool is_chosen = at < baseline->count && baseline->chosen[at] == item;
        const bool is_applied = item->state == MIGRATION_APPLIED || item->state == MIGRATION_MODIFIED;
        at += is_chosen ? 1 : 0;
        if (!is_chosen && at < baseline->count && item->state == MIGRATION_PENDING && !item->file->repeatable) {
            return status_fail(
                baseline->run.status, STATUS_FAILED_PRECONDITION,
                "The tracking table of %s records how far it is: with \"%s\" it would say that \"%s\" is applied, "
                "too. Say through or all, or name that one as well.",
                catalog->detection.framework->display_name, baseline->chosen[at]->name, item->name);
        }
        if (at > 0 && !is_chosen && is_applied) {
            return status_fail(
                baseline->run.status, STATUS_FAILED_PRECONDITION,
                "\"%s\" behind \"%s\" is applied, and the tracking table of %s cannot record one in front of it.",
                item->name, baseline->chosen[0]->name, catalog->detection.framework->display_name);
        }
    }
    return true;
}

/* ---- the rows ---- */

/* What a record needs, including the script, lives in `arena`. */
static bool make_record(struct baseline *baseline, struct arena *arena, const struct catalog_item *item,
                        struct ledger_record *record)
{
    const bool is_first = baseline->count > 1 && item == baseline->chosen[0];
    struct run *const run = &baseline->run;
    const struct catalog *const catalog = &baseline->catalog;
    const struct migration_place place = {&run->request->site->project, &catalog->detection.folder, item->file};
    struct loaded loaded;
    char id[UUID_SIZE];
    if (!migration_load(arena, &place, &loaded, run->status)) {
        return false;
    }
    uuid_v4(id);
    *record = record_of(arena, catalog, item, &loaded);
    record->id = arena_strdup(arena, id);
    record->place = is_first ? ROW_FIRST : baseline->count > 1 ? ROW_FURTHER : ROW_ALONE;
    record->is_new = item->entry == NULL && item->attempt_count == 0;
    return true;
}

/* Appends the row of one migration and frees its script: a thousand of them must not add up. The first row has taken
 * the locks, and nothing but rows of ours has come since. */
static bool put_one(struct baseline *baseline, const struct catalog_item *item, bool has_steps, struct buffer *sql)
{
    const struct detection *const detection = &baseline->catalog.detection;
    struct ledger ledger = detection->ledger;
    ledger.is_beside_guarded = true;
    struct arena *const reading = arena_new(0);
    struct buffer row = {.arena = reading};
    struct ledger_record record;
    const bool ok = make_record(baseline, reading, item, &record);
    if (ok) {
        row_put(&row, detection->framework, LEDGER_MARK_APPLIED, &ledger, &record);
        if (has_steps) {
            progress_put_forget(&row, &ledger, record.name);
        }
        buffer_add(sql, buffer_text(&row));
    }
    arena_free(reading);
    return ok;
}

/* Appends all rows but the first. They are about as long as each other: a text that grows by doubling would be there
 * twice. */
static bool put_others(struct baseline *baseline, bool has_steps, struct buffer *sql)
{
    bool ok = true;
    for (size_t i = 1; i < baseline->count && ok; i++) {
        ok = put_one(baseline, baseline->chosen[i], has_steps, sql);
        if (i == 1 && sql->size < USUAL_ROW) {
            buffer_reserve(sql, (sql->size + sql->size / 8) * (baseline->count - 2));
        }
    }
    return ok;
}

static void note(const struct baseline *baseline, int64_t began)
{
    struct arena *const arena = baseline->run.arena;
    const char **const names = arena_array(arena, baseline->count, sizeof *names);
    for (size_t i = 0; i < baseline->count; i++) {
        names[i] = baseline->chosen[i]->name;
    }
    const struct applied_names noted = {.ledger = &baseline->catalog.detection.ledger,
                                        .items = names,
                                        .count = baseline->count,
                                        .are_marked = true,
                                        .run_ms = (uint32_t)(clock_ms() - began)};
    applied_by_note(baseline->run.request, baseline->run.session, &noted);
    failures_settle(arena, baseline->run.session, noted.ledger, names, baseline->count);
}

/* All rows in one message. */
static bool compose(struct baseline *baseline, struct query *query)
{
    struct run *const run = &baseline->run;
    struct arena *const reading = arena_new(0);
    struct buffer others = {.arena = reading};
    struct ledger_record first;
    bool has_steps;
    const bool ok = store_exists(run->session, &has_steps, run->status) &&
                    make_record(baseline, run->arena, baseline->chosen[0], &first) &&
                    put_others(baseline, has_steps, &others);
    if (ok) {
        struct transaction transaction =
            mark_transaction(run, &baseline->catalog, &first, LEDGER_MARK_APPLIED, has_steps);
        transaction.closing = buffer_text(&others);
        *query = transaction_compose(run->arena, &transaction);
    }
    arena_free(reading);
    return ok;
}

static bool write(struct baseline *baseline)
{
    struct run *const run = &baseline->run;
    struct query query;
    struct failure failure = {0};
    const int64_t began = clock_ms();
    if (!ledger_ensure(run->request, run->session, &baseline->catalog.detection) || !compose(baseline, &query)) {
        return false;
    }
    if (!query_write(run, &query, &failure)) {
        if (failure.connection_lost) {
            run->status->message = arena_printf(run->arena,
                                                "%s Whether the migrations were recorded is not known: look at the "
                                                "status, and record what is still pending.",
                                                run->status->message);
        }
        return false;
    }
    note(baseline, began);
    return true;
}

/* ---- four eyes ---- */

static const char *name_of(const void *of, size_t index)
{
    return ((const struct baseline *)of)->chosen[index]->name;
}

static bool may_record(struct baseline *baseline)
{
    struct run *const run = &baseline->run;
    const struct catalog *const catalog = &baseline->catalog;
    struct sha256 hash;
    struct loaded loaded;
    bool ok = true;
    if (run->request->permission == NULL) {
        return true;
    }
    act_hash_start(&hash, "baseline", catalog);
    for (size_t i = 0; ok && i < baseline->count; i++) {
        const struct catalog_item *const item = baseline->chosen[i];
        const struct migration_place place = {&run->request->site->project, &catalog->detection.folder, item->file};
        struct arena *const reading = arena_new(0);
        ok = migration_load(reading, &place, &loaded, run->status);
        hash_add_word(&hash, item->name);
        hash_add_word(&hash, ok ? loaded_hash(reading, &loaded) : NULL);
        arena_free(reading);
    }
    const struct act act = {.hash = act_hash_finish(run->arena, &hash),
                            .what = act_words(run->arena, "mark as applied", baseline->count, name_of, baseline)};
    return ok && request_may(run->request, run->session, &act);
}

/* ---- all of it ---- */

/* Names the migrations that were recorded although they could not be compared completely: they may differ from what the
 * script creates. */
static const char *not_compared(struct arena *arena, const struct baseline_result *result)
{
    static const size_t most = 5;
    const struct words partly = {.items = result->partly, .count = result->partly_count};
    return result->partly_count == 0
               ? ""
               : arena_printf(arena,
                              " Not all of what these make was compared (defaults, unnamed constraints, changed rows): "
                              "%s.",
                              words_some(arena, &partly, most));
}

/* What it does to others, and, of a trial, why it would be refused. */
static const char *warning_of(const struct baseline *baseline)
{
    struct arena *const arena = baseline->run.arena;
    const struct catalog *const catalog = &baseline->catalog;
    struct status refused = {.arena = arena};
    const char *const late =
        baseline->result->ok ? late_warning(arena, catalog, baseline->chosen, baseline->count) : NULL;
    if (!baseline->wish->dry_run || catalog_check_baseline(catalog, false, &refused)) {
        return late;
    }
    return arena_printf(arena, "Recording them would be refused: %s%s%s", refused.message, late == NULL ? "" : " ",
                        late == NULL ? "" : late);
}

static void tell(struct baseline *baseline)
{
    struct baseline_result *const result = baseline->result;
    struct arena *const arena = baseline->run.arena;
    const char *const last = baseline->count == 0 ? "" : baseline->chosen[baseline->count - 1]->name;
    result->names = arena_array(arena, baseline->count, sizeof *result->names);
    for (size_t i = 0; i < baseline->count; i++) {
        result->names[result->count++] = baseline->chosen[i]->name;
    }
    result->warning = warning_of(baseline);
    if (!result->ok) {
        result->message = arena_printf(
            arena, "Nothing was recorded: %s that these migrations make %s not there as they make them. %s%s%s",
            words_counted(arena, result->missing_count, "object", "objects"), result->missing_count == 1 ? "is" : "are",
            result->proposed == NULL ? "The first of them is not there as a whole." : "Everything up to \"",
            result->proposed == NULL ? "" : result->proposed, result->proposed == NULL ? "" : "\" is there.");
    } else if (baseline->count == 0) {
        result->message = "All of them are recorded as applied already.";
    } else {
        result->message = arena_printf(
            arena,
            baseline->wish->dry_run ? "%s up to \"%s\" would be recorded as applied.%s"
                                    : "Recorded %s up to \"%s\" as applied; none was executed.%s",
            words_counted(arena, baseline->count, "migration", "migrations"), last, not_compared(arena, result));
    }
}

static bool record(struct baseline *baseline)
{
    struct run *const run = &baseline->run;
    if (!check_wish(baseline->wish, run->status) || !begin(baseline) || !choose_all(baseline) ||
        !check_order(baseline) || (baseline->count > 0 && !mark_check_unfinished(&baseline->catalog, run->status))) {
        return false;
    }
    const struct verification verification = {.run = run,
                                              .catalog = &baseline->catalog,
                                              .chosen = baseline->chosen,
                                              .count = baseline->count,
                                              .result = baseline->result};
    baseline->result->ok = true;
    if (baseline->wish->verify && !baseline_verify(&verification)) {
        return false;
    }
    const bool writes = baseline->result->ok && !baseline->wish->dry_run && baseline->count > 0;
    if (writes && (!may_record(baseline) || !write(baseline))) {
        return false;
    }
    tell(baseline);
    baseline->result->target = target_with(run->request, run->session, baseline->catalog.detection.framework);
    return true;
}

bool baseline_record(const struct request *request, const struct baseline_wish *wish, struct baseline_result *result)
{
    struct baseline baseline = {.run = run_of(request), .wish = wish, .result = result};
    *result = (struct baseline_result){0};
    const bool ok = record(&baseline) || failure_advise(request->status);
    run_close(&baseline.run);
    return ok;
}
