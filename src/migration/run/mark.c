/*
 * Both functions take the run's locks: what is recorded must not change during a run of ours, or of the framework's own
 * CLI.
 */
#include "migration/run/mark.h"

#include "base/clock.h"
#include "base/uuid.h"
#include "migration/look/catalog.h"
#include "migration/look/changed.h"
#include "migration/look/permission.h"
#include "migration/look/store.h"
#include "migration/record/last_failure.h"
#include "migration/record/make.h"
#include "migration/record/note_applied.h"
#include "migration/record/progress.h"
#include "migration/record/transaction.h"
#include "migration/run/late.h"
#include "migration/run/lock.h"
#include "migration/run/send.h"
#include "pg/exec.h"

#define LOCK_WAIT_MS  10000 /* for the ledger's lock */
#define SECOND_TRY_MS 15000 /* extra time beyond the request's, to find out what happened */

/* A mark, which may be attempted twice. */
struct mark {
    const char *message; /* the message if it is made */
    const char *warning; /* what it does to others; NULL: nothing */
    bool is_sent;        /* it may have been written, whatever the answer was */
    bool is_read;        /* the ledger was read under the locks: what it has is known */
};

/* Connects, locks, reads, and looks for the migration; *item is NULL if there is none. */
static bool begin(struct run *run, const char *name, struct mark *mark, struct catalog *catalog,
                  const struct catalog_item **item)
{
    const struct request *const request = run->request;
    struct detection detection;
    if (name[0] == '\0') {
        return status_fail(run->status, STATUS_INVALID_ARGUMENT, "migration name is required.");
    }
    if (!run_connect(run) || !detect(request, run->session, &detection)) {
        return false;
    }
    if (detection.framework != NULL && detection.problem == NULL && !lock_take(run, &detection)) {
        return false;
    }
    if (!run_may_commit(run)) {
        return false;
    }
    if (!catalog_read_again(request, run->session, &detection, catalog)) {
        return false;
    }
    mark->is_read = true;
    if (!catalog_check_ledger(catalog, run->status)) {
        return false;
    }
    *item = catalog_find(catalog, text_of(name));
    return true;
}

struct transaction mark_transaction(const struct run *run, const struct catalog *catalog,
                                    const struct ledger_record *record, enum ledger_part part, bool has_steps)
{
    return (struct transaction){
        .frame = FRAME_WHOLE,
        .framework = catalog->detection.framework,
        .ledger = &catalog->detection.ledger,
        .session = &run->settings,
        .lock_timeout_ms = LOCK_WAIT_MS,
        .stalls = true,
        .locks = true,
        .record = record,
        .records = true,
        .part = part,
        .step_mark = has_steps ? STEPS_FORGOTTEN : STEP_NOT_MARKED,
    };
}

static bool write_record(struct run *run, const struct catalog *catalog, const struct ledger_record *record,
                         enum ledger_part part)
{
    bool has_steps;
    struct failure ignored = {0};
    if (!store_exists(run->session, &has_steps, run->status)) {
        return false;
    }
    const struct transaction transaction = mark_transaction(run, catalog, record, part, has_steps);
    const struct query query = transaction_compose(run->arena, &transaction);
    return query_write(run, &query, &ignored);
}

/* A ledger that stores only the last version would record earlier ones as applied, too. */
static bool check_gap(struct run *run, const struct catalog *catalog, const struct catalog_item *item)
{
    const struct catalog_item *before = item;
    while (catalog->detection.framework->ledger.records_in_order && before-- > catalog->items) {
        if (before->state == MIGRATION_PENDING && !before->file->repeatable) {
            status_fail(
                run->status, STATUS_FAILED_PRECONDITION,
                "The tracking table of %s records how far it is: with \"%s\" it would say that \"%s\" is applied, too. "
                "Mark that one first.",
                catalog->detection.framework->display_name, item->name, before->name);
            run->status->migration = item->name;
            return false;
        }
    }
    const struct catalog_item *const later = changed_last_applied(catalog, (size_t)(item - catalog->items) + 1);
    return !catalog->detection.framework->ledger.records_in_order || later == NULL ||
           status_fail(run->status, STATUS_FAILED_PRECONDITION,
                       "\"%s\" behind \"%s\" is applied, and the tracking table of %s cannot record one in front of "
                       "it.",
                       later->name, item->name, catalog->detection.framework->display_name);
}

/* The attempt that failed does not stand any more: it was undone, or completed by hand. */
static bool forget_failure(struct run *run, const struct catalog *catalog, const char *name)
{
    failures_settle(run->arena, run->session, &catalog->detection.ledger, &name, 1);
    return true;
}

static const char *name_itself(const void *of, size_t index)
{
    (void)index;
    return of;
}

/* Four eyes. content: of the recorded file; NULL: none. */
static bool may_mark(const struct run *run, const struct catalog *catalog, const char *verb,
                     const struct catalog_item *item, const char *content)
{
    struct sha256 hash;
    if (run->request->permission == NULL) {
        return true;
    }
    act_hash_start(&hash, verb, catalog);
    hash_add_word(&hash, item->name);
    hash_add_word(&hash, content);
    const struct act act = {.hash = act_hash_finish(run->arena, &hash),
                            .what = act_words(run->arena, verb, 1, name_itself, item->name)};
    return request_may(run->request, run->session, &act);
}

static bool has_file(const struct run *run, const struct catalog *catalog, const struct catalog_item *item,
                     const char *name)
{
    if (item == NULL) {
        return catalog_not_found(catalog, text_of(name), run->status);
    }
    return item->file != NULL ||
           status_fail(run->status, STATUS_NOT_FOUND,
                       "Migration \"%s\" has no file in the folder: only one that has can be marked as applied.",
                       item->name);
}

bool mark_check_unfinished(const struct catalog *catalog, struct status *status)
{
    const struct ledger_facts *const facts = &catalog->detection.framework->ledger;
    for (size_t i = 0; facts->knows_only_last && i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        if (item->file == NULL && item->detail == DETAIL_FAILED) {
            status_fail(status, STATUS_FAILED_PRECONDITION,
                        "An earlier attempt at \"%s\" did not finish, and the folder has no file of it. The tracking "
                        "table has only the last version, so a mark of another one would take its place: resolve it "
                        "with the folder that has its file, or set the version by hand.",
                        item->name);
            status->migration = item->name;
            return false;
        }
    }
    return true;
}

static bool apply_mark(struct run *run, const char *name, struct mark *mark)
{
    const char **const message = &mark->message;
    struct catalog catalog;
    const struct catalog_item *item;
    struct loaded loaded;
    char id[UUID_SIZE];
    const int64_t began = clock_ms();
    if (!begin(run, name, mark, &catalog, &item)) {
        return false;
    }
    if (!has_file(run, &catalog, item, name)) {
        return false;
    }
    if (catalog.problem != NULL) { /* the folder, and so the file, may be another project's */
        return status_fail(run->status, STATUS_FAILED_PRECONDITION, "%s", catalog.problem);
    }
    if (item->state != MIGRATION_PENDING) {
        *message = arena_printf(run->arena, "Migration \"%s\" is already recorded as applied.", item->name);
        return true;
    }
    const struct migration_place place = {&run->request->site->project, &catalog.detection.folder, item->file};
    if (!check_gap(run, &catalog, item) || !mark_check_unfinished(&catalog, run->status) ||
        !migration_load(run->arena, &place, &loaded, run->status) ||
        !may_mark(run, &catalog, "mark as applied", item, loaded_hash(run->arena, &loaded)) ||
        !ledger_ensure(run->request, run->session, &catalog.detection)) {
        return false;
    }
    uuid_v4(id);
    struct ledger_record record = record_of(run->arena, &catalog, item, &loaded);
    record.id = id;
    *message = arena_printf(run->arena, "Migration \"%s\" marked as applied without executing.", item->name);
    mark->warning = late_warning(run->arena, &catalog, &item, 1);
    if (!write_record(run, &catalog, &record, LEDGER_MARK_APPLIED)) {
        return false;
    }
    const struct applied_names names = {.ledger = &catalog.detection.ledger,
                                        .items = &item->name,
                                        .count = 1,
                                        .are_marked = true,
                                        .run_ms = (uint32_t)(clock_ms() - began)};
    applied_by_note(run->request, run->session, &names);
    forget_failure(run, &catalog, item->name);
    return true;
}

/* Removes our rows of its steps, or that a tool was started for it; the tracking table has no row. */
static bool forget_steps(struct run *run, const struct catalog *catalog, const char *name)
{
    struct buffer sql = {.arena = run->arena};
    progress_put_lock(&sql, &catalog->detection.ledger);
    progress_put_forget(&sql, &catalog->detection.ledger, name);
    return pg_exec(run->session, buffer_string(&sql), run->status);
}

static bool is_about_to_be_sent(struct mark *mark)
{
    mark->is_sent = true;
    return true;
}

/* Of a migration of which only our rows know: its tracking table has none for a failed attempt, or its file is gone. */
static bool roll_back_steps(struct run *run, struct catalog *catalog, const struct catalog_item *item,
                            const struct step_records *steps, struct mark *mark)
{
    mark->message =
        steps_are_of_tool(steps)
            ? arena_printf(run->arena, "Migration \"%s\" may run again.", item->name)
            : arena_printf(run->arena, "Migration \"%s\" marked as rolled back; it may run again.", item->name);
    return may_mark(run, catalog, "mark as rolled back", item, NULL) &&
           ledger_note_obstacles(run->request, run->session, &catalog->detection) && is_about_to_be_sent(mark) &&
           forget_steps(run, catalog, item->name) && forget_failure(run, catalog, item->name);
}

static bool roll_back_missing(struct run *run, const char *name, struct catalog *catalog, struct mark *mark)
{
    const struct catalog_item item = {.name = name};
    struct step_records steps = {.migration = name};
    return steps_read(run->session, &catalog->detection.ledger, &steps, run->status) &&
           (steps.count > 0 ? roll_back_steps(run, catalog, &item, &steps, mark)
            : mark->is_sent ? true
                            : catalog_not_found(catalog, text_of(name), run->status));
}

static bool refuse_to_roll_back(const struct run *run, const struct catalog *catalog, const struct catalog_item *item)
{
    status_fail(run->status, STATUS_FAILED_PRECONDITION,
                "Migration \"%s\" %s, so there is nothing to mark as rolled back.", item->name,
                item->state == MIGRATION_PENDING ? "is pending already" : "is applied");
    run->status->migration = item->name;
    run->status->hint = item->state == MIGRATION_PENDING ? NULL : late_undo(run->arena, catalog);
    return false;
}

static bool check_before(const struct run *run, const struct catalog *catalog, const struct catalog_item *item)
{
    if (catalog_knows_before(catalog, item)) {
        return true;
    }
    status_fail(
        run->status, STATUS_FAILED_PRECONDITION,
        "The folder has no file of \"%s\", so which version came before it is not known, and the tracking table "
        "has only the last one: after this mark all migrations up to that version might run again. Mark it with "
        "the folder that has the file, or set the version by hand.",
        item->name);
    run->status->migration = item->name;
    return false;
}

/* Our own rows of an attempt whose file is gone, which may have another name than the tracking table's. */
static bool forget_left(struct run *run, const struct catalog *catalog, const struct catalog_item *item)
{
    struct words names = {0};
    if (item->file != NULL) {
        return true;
    }
    if (!steps_names(run->session, &catalog->detection.ledger, &names, run->status)) {
        return false;
    }
    for (size_t i = 0; i < names.count; i++) {
        const char *const name = names.items[i];
        if (catalog_named(catalog, name) == NULL && catalog_left(catalog, name) == item &&
            !(forget_steps(run, catalog, name) && forget_failure(run, catalog, name))) {
            return false;
        }
    }
    return true;
}

/* An attempt that the tracking table has. */
static bool roll_back_attempt(struct run *run, struct catalog *catalog, const struct catalog_item *item,
                              struct mark *mark)
{
    const struct ledger_record record = {
        .name = item->name,
        .key = item->key,
        .folder = &catalog->detection.folder,
        .file = item->file,
        .before = catalog_before(catalog, item),
    };
    mark->message = arena_printf(run->arena, "Migration \"%s\" marked as rolled back; it may run again.", item->name);
    return check_before(run, catalog, item) && may_mark(run, catalog, "mark as rolled back", item, NULL) &&
           ledger_note_obstacles(run->request, run->session, &catalog->detection) && is_about_to_be_sent(mark) &&
           write_record(run, catalog, &record, LEDGER_MARK_ROLLED_BACK) && forget_left(run, catalog, item) &&
           forget_failure(run, catalog, item->name);
}

static bool roll_back_mark(struct run *run, const char *name, struct mark *mark)
{
    const bool was_sent = mark->is_sent;
    struct catalog catalog;
    const struct catalog_item *item;
    if (!begin(run, name, mark, &catalog, &item)) {
        return false;
    }
    item = item == NULL ? catalog_left(&catalog, name) : item;
    if (item == NULL) {
        return roll_back_missing(run, name, &catalog, mark);
    }
    if (item->detail == DETAIL_FAILED && ledger_has(catalog.detection.framework, LEDGER_MARK_ROLLED_BACK)) {
        return roll_back_attempt(run, &catalog, item, mark);
    }
    struct step_records steps = {.migration = item->name};
    if (item->state == MIGRATION_PENDING && !steps_read(run->session, &catalog.detection.ledger, &steps, run->status)) {
        return false;
    }
    if (steps.count > 0) {
        return roll_back_steps(run, &catalog, item, &steps, mark);
    }
    if (was_sent && item->state == MIGRATION_PENDING) {
        return true; /* the answer was lost the first time: the message is true */
    }
    if (item->detail == DETAIL_ROLLED_BACK) {
        mark->message = arena_printf(run->arena, "Migration \"%s\" is already marked as rolled back.", item->name);
        return true;
    }
    return refuse_to_roll_back(run, &catalog, item);
}

typedef bool mark_fn(struct run *run, const char *name, struct mark *mark);

/* A mark has its own session, like a run, which is closed with its locks. *lost: it was lost during the mark. */
static bool mark_once(const struct request *request, mark_fn *marking, const char *name, struct mark *mark, bool *lost)
{
    struct run run = run_of(request);
    mark->is_read = false;
    const bool ok = marking(&run, name, mark);
    *lost = run.session != NULL && pg_session_is_lost(run.session);
    run_close(&run);
    return ok;
}

/* If the answer to the commit was lost the mark may exist: the second attempt finds it, or makes it. */
static bool mark_surely(const struct request *request, mark_fn *marking, const char *name, struct mark_told *told)
{
    struct request again = *request;
    struct mark mark = {0};
    bool lost;
    const bool ok = mark_once(request, marking, name, &mark, &lost);
    const bool may_be_marked = mark.is_read; /* nothing is written before */
    *told = (struct mark_told){mark.message, mark.warning};
    if (ok || !lost) {
        return ok;
    }
    if (request->deadline != NO_DEADLINE && deadline_left(request->deadline) < SECOND_TRY_MS) {
        again.deadline = deadline_in(SECOND_TRY_MS);
    }
    const char *const why = request->status->message;
    *request->status = (struct status){.arena = request->status->arena};
    if (mark_once(&again, marking, name, &mark, &lost)) {
        *told = (struct mark_told){mark.message, mark.warning};
        return true;
    }
    if (may_be_marked && (lost || !mark.is_read)) {
        request->status->message =
            arena_printf(request->arena,
                         "%s It is not known whether migration \"%s\" was marked, and it could not be found out (%s): "
                         "look at the status when the database is back, and mark it again if it is still pending.",
                         why, name, request->status->message);
    }
    return false;
}

bool mark_applied(const struct request *request, const char *name, struct mark_told *told)
{
    return mark_surely(request, apply_mark, name, told) || failure_advise(request->status);
}

bool mark_rolled_back(const struct request *request, const char *name, struct mark_told *told)
{
    return mark_surely(request, roll_back_mark, name, told) || failure_advise(request->status);
}
