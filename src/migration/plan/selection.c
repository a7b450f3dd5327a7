/*
 * Examines every pending migration, even if it was not requested: what an earlier attempt has left of it prevents a run
 * of the others.
 */
#include "migration/plan/selection.h"

#include "base/words.h"
#include "migration/look/advice.h"
#include "migration/look/catalog.h"
#include "migration/look/changed.h"
#include "sql/split.h"

#include <string.h>

#define MOST_NAMES 100000

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

static bool mark_named(const struct request *request, const struct catalog *catalog, const struct run_options *options,
                       bool *wanted)
{
    const struct catalog_item **const found =
        catalog_find_all(request->arena, catalog, options->names, options->name_count);
    for (size_t i = 0; i < options->name_count; i++) {
        if (found[i] == NULL || found[i]->file == NULL) {
            return catalog_not_found(catalog, text_of(options->names[i]), request->status);
        }
        wanted[found[i] - catalog->items] = true;
    }
    return true;
}

/* Marks the requested items, applied or not. */
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
                           "Give either migrations or target: the first names all of them, the second the last one.");
    }
    if (has_target && !find(request, catalog, options->target, &last)) {
        return false;
    }
    if (!mark_named(request, catalog, options, wanted)) {
        return false;
    }
    for (size_t i = 0; options->name_count == 0 && catalog->count > 0 && i <= last; i++) {
        wanted[i] = true;
    }
    return true;
}

/* For a migration after which another is applied. */
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
    const struct catalog_item *const later = changed_last_applied(catalog, (size_t)(item - catalog->items) + 1);
    const char *const why = later == NULL
                                ? "its time is before that of what is applied"
                                : arena_printf(request->arena, "although the later \"%s\" is applied", later->name);
    status_fail_because(request->status, STATUS_FAILED_PRECONDITION, REASON_OUT_OF_ORDER,
                        "Migration \"%s\" is pending%s %s.%s%s %s.", item->name, later == NULL ? ", and" : "", why,
                        habits->late_note == NULL || order == RUN_ORDER_STRICT ? "" : " ",
                        habits->late_note == NULL || order == RUN_ORDER_STRICT ? "" : habits->late_note,
                        cannot ? "The tracking table cannot record it in this place: give it a place after the others"
                               : "--allow-out-of-order (in a request: allow_out_of_order) runs it anyway");
    request->status->migration = item->name;
    return false;
}

/* A ledger that stores only the last version cannot have gaps. */
static bool check_gap(const struct request *request, const struct catalog *catalog, const struct catalog_item *item,
                      const struct catalog_item *left_out)
{
    if (left_out == NULL || !catalog->detection.framework->ledger.records_in_order) {
        return true;
    }
    status_fail(request->status, STATUS_FAILED_PRECONDITION,
                "Migration \"%s\" cannot run before \"%s\": the tracking table of %s would say that both are applied.",
                item->name, left_out->name, catalog->detection.framework->display_name);
    request->status->migration = item->name;
    return false;
}

/* ---- history ---- */

/* Files without statements may be renamed freely. */
static bool sends_nothing(const struct request *request, const struct catalog *catalog,
                          const struct migration_file *file)
{
    const struct migration_place place = {&request->site->project, &catalog->detection.folder, file};
    struct arena *const reading = arena_new(0);
    struct status unread = {.arena = reading};
    struct sql_statement statement;
    struct loaded loaded;
    bool is_empty = false;
    if (!file->is_code && migration_load(reading, &place, &loaded, &unread)) {
        struct sql_lexer lexer = {.text = loaded.script.sql};
        is_empty = !sql_next_statement(&lexer, &statement);
    }
    arena_free(reading);
    return is_empty;
}

/* Its own tool would run it once more, or refuse without giving the reason. */
static bool check_renamed(const struct request *request, const struct catalog *catalog, const struct catalog_item *item,
                          const struct run_options *options)
{
    if (options->ignore_history || item->renamed == NULL || sends_nothing(request, catalog, item->file)) {
        return true;
    }
    const bool is_copy = item->renamed->renamed != item; /* another pending file also has the content */
    status_fail_because(
        request->status, STATUS_FAILED_PRECONDITION, REASON_HISTORY_CHANGED,
        "Migration \"%s\" has %s \"%s\", which is applied and has no file: %s, and a run would execute it "
        "again. %s, or say that it is applied (%s); --ignore-history (in a request: ignore_history) executes it.",
        item->name, item->likeness, item->renamed->name,
        is_copy ? "it is one of several copies of that" : "it seems to have been renamed",
        is_copy ? "Delete it" : "Give it its old name", advice_applied(request->arena, item->name));
    request->status->migration = item->name;
    return false;
}

/* Did it fail, so that nothing runs until that is resolved? Then it is not applied. */
static bool is_unfinished(const struct catalog *catalog, const struct catalog_item *item)
{
    return item->detail == DETAIL_FAILED && catalog->detection.framework->ledger.failed_entry_blocks;
}

/* If its own tool would run nothing because of the state of applied migrations, neither do we. */
static bool check_history(const struct request *request, const struct catalog *catalog,
                          const struct run_options *options)
{
    const struct habits *const habits = detection_habits(&catalog->detection);
    for (size_t i = 0; i < catalog->count && !options->ignore_history; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        const bool edited = habits->edited_blocks && item->state == MIGRATION_MODIFIED &&
                            (item->entry == NULL || item->entry->edited_note == NULL);
        const bool missing = habits->missing_blocks && item->state == MIGRATION_ORPHANED &&
                             !is_unfinished(catalog, item) &&
                             (item->entry == NULL || item->entry->missing_note == NULL);
        if (missing && item->renamed != NULL && !check_renamed(request, catalog, item->renamed, options)) {
            return false;
        }
        if (edited || missing) {
            const char *const became = !edited                        ? "is missing"
                                       : item->entry->changed != NULL ? "is not as it was"
                                                                      : "was edited since";
            status_fail_because(request->status, STATUS_FAILED_PRECONDITION, REASON_HISTORY_CHANGED,
                                "Migration \"%s\" is applied, and its file %s. %s%sRestore the file (truss diff %s "
                                "shows what was applied), or run with --ignore-history (in a request: ignore_history).",
                                item->name, became, item->note == NULL ? "" : item->note, item->note == NULL ? "" : " ",
                                words_quoted(request->arena, item->name));
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
    status_fail(
        request->status, STATUS_FAILED_PRECONDITION,
        "The file of \"%s\" has the version %s of another one before it: the tracking table can have only one of them. "
        "Rename one.",
        item->name, item->key);
    request->status->migration = item->name;
    return false;
}

/* ---- interrupted attempts ---- */

static const struct ledger_entry *failed_attempt(const struct catalog_item *item)
{
    const struct ledger_entry *failed = NULL;
    for (size_t i = 0; i < item->attempt_count; i++) {
        failed = item->attempts[i].state == ENTRY_FAILED ? &item->attempts[i] : failed;
    }
    return failed;
}

/* The state of choosing among the catalog's items. */
struct choosing {
    const struct request *request;
    struct pg_session *session;
    const struct run_options *options;
    const struct catalog *catalog;
    bool has_steps;                      /* some migration of this ledger was interrupted */
    const struct catalog_item *left_out; /* the first pending one that will not run */
};

static bool fail_unresolved(const struct request *request, const struct catalog *catalog,
                            const struct catalog_item *item)
{
    const struct framework *const framework = catalog->detection.framework;
    const bool has_file = item->file != NULL;
    const bool may_undo = ledger_has(framework, LEDGER_MARK_ROLLED_BACK) && catalog_knows_before(catalog, item);
    const char *const undo = !may_undo ? ""
                                       : arena_printf(request->arena, "undo what it left, then %s; or ",
                                                      advice_rolled_back(request->arena, item->name));
    const char *const complete = has_file ? arena_printf(request->arena, "complete it by hand, then %s",
                                                         advice_applied(request->arena, item->name))
                                          : "resolve it with the folder that has its file";
    status_fail(request->status, STATUS_FAILED_PRECONDITION,
                "An earlier attempt at \"%s\" did not finish, and nothing runs until that is resolved: %s%s (%s).",
                item->name, undo, complete,
                framework->ledger.failed_note != NULL ? framework->ledger.failed_note
                                                      : "its own tool stops there, too");
    request->status->migration = item->name;
    request->status->detail = failed_attempt(item)->logs;
    return false;
}

/* The project's own tool had been started, and its worker died before the result was known. */
static bool fail_for_tool(const struct request *request, const struct catalog *catalog, const struct catalog_item *item)
{
    status_fail(request->status, STATUS_FAILED_PRECONDITION,
                "%s's own tool was started for \"%s\", and nobody saw how it ended: the worker went, or lost the "
                "database. What it did beside the tracking table is not known, and nothing runs until that is "
                "resolved: undo what it left, then %s; or complete it by hand, then %s. Each pending migration that it "
                "was started for needs its own mark.",
                catalog->detection.framework->display_name, item->name, advice_rolled_back(request->arena, item->name),
                advice_applied(request->arena, item->name));
    request->status->migration = item->name;
    return false;
}

/* The steps of an interrupted attempt of ours, which can be continued; otherwise none. */
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
    const bool is_another = steps->count > 0 && !steps_are_of_tool(steps) &&
                            (failed == NULL ? ledger_has(catalog->detection.framework, LEDGER_START)
                                            : failed->id != NULL && strcmp(steps->items[0].attempt, failed->id) != 0);
    steps->count = is_another ? 0 : steps->count;
    return true;
}

/* A failed attempt of ours with stored steps is continued; any other must be resolved first. If the ledger has no
 * unfinished rows there are only the steps. */
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
    if (steps_are_of_tool(steps)) {
        return fail_for_tool(request, choosing->catalog, item);
    }
    if (steps->count == 0) {
        return failed == NULL || fail_unresolved(request, choosing->catalog, item);
    }
    if (!is_wanted) {
        status_fail(request->status, STATUS_FAILED_PRECONDITION,
                    "Migration \"%s\" is half done (%zu of %u steps): run it to its end first; or undo it, then %s.",
                    item->name, steps->count, steps->items[0].steps, advice_rolled_back(request->arena, item->name));
        request->status->migration = item->name;
        return false;
    }
    prepared->attempt = steps->items[0].attempt;
    return true;
}

/* May it run now? */
static bool check_place(const struct choosing *choosing, const struct catalog_item *item)
{
    return check_renamed(choosing->request, choosing->catalog, item, choosing->options) &&
           check_order(choosing->request, choosing->catalog, item, choosing->options->order) &&
           check_duplicate(choosing->request, item) &&
           check_gap(choosing->request, choosing->catalog, item, choosing->left_out);
}

/* A migration that is half done, and whose file has another name now, would be begun anew under that name. */
static bool check_missing(const struct choosing *choosing)
{
    struct status *const status = choosing->request->status;
    struct words names = {0};
    if (!choosing->has_steps) {
        return true;
    }
    if (!steps_names(choosing->session, &choosing->catalog->detection.ledger, &names, status)) {
        return false;
    }
    for (size_t i = 0; i < names.count; i++) {
        if (catalog_named(choosing->catalog, names.items[i]) == NULL) {
            status_fail(status, STATUS_FAILED_PRECONDITION,
                        "Migration \"%s\" is half done by an earlier run, and its file is not there any more: under "
                        "another name, what it has done already would be done again. Restore the file and run it to "
                        "its end; or undo it, then %s.",
                        names.items[i], advice_rolled_back(choosing->request->arena, names.items[i]));
            status->migration = names.items[i];
            return false;
        }
    }
    return true;
}

/* What the tool runs in each run belongs to a run of everything, where the tool may be started. */
static bool is_again(const struct choosing *choosing, const struct catalog_item *item)
{
    const struct run_options *const options = choosing->options;
    const char *const each_time = choosing->catalog->files.runs_each_time;
    const bool is_of_everything = options->name_count == 0 && (options->target == NULL || options->target[0] == '\0');
    return is_of_everything && choosing->request->site->allow_delegate && item->state == MIGRATION_APPLIED &&
           each_time != NULL && strcmp(item->name, each_time) == 0;
}

static bool choose(struct choosing *choosing, struct preparation *preparation)
{
    const struct request *const request = choosing->request;
    const struct catalog *const catalog = choosing->catalog;
    bool *const wanted = arena_array(request->arena, catalog->count, sizeof *wanted);
    preparation->items = arena_array(request->arena, catalog->count, sizeof *preparation->items);
    if (!mark_wanted(request, catalog, choosing->options, wanted) ||
        (catalog->has_own_schema &&
         !steps_exist(choosing->session, &catalog->detection.ledger, &choosing->has_steps, request->status))) {
        return false;
    }
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        const bool runs = wanted[i] && (item->state == MIGRATION_PENDING || is_again(choosing, item));
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
    return check_missing(choosing);
}

bool selection_make(const struct request *request, struct pg_session *session, const struct run_options *options,
                    struct preparation *preparation)
{
    struct choosing choosing = {
        .request = request, .session = session, .options = options, .catalog = &preparation->catalog};
    return check_history(request, &preparation->catalog, options) && choose(&choosing, preparation);
}
