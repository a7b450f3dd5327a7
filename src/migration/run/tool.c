/*
 * Migrations that are programs are run by the project's own tool, as a child process, if the worker was started with
 * --allow-delegate, because that runs the project's code. The tool takes the framework's own lock. The result is judged
 * by the ledger before and after, never by what the tool prints: everything new in the ledger is applied, even if it
 * was not requested.
 *
 * A tool never runs twice. It is killed with its worker (base/keeper). Its processes inherit the socket of the session
 * that has our lock, so that the server keeps the lock while one of them lives, and the next run, on any machine, waits
 * for it; that run also waits for sessions with the tool's name. What the tool is started for is recorded first, and
 * deleted when the result was reported; if that never happens, no run starts it again before a person has looked.
 */
#include "base/log.h"
#include "base/words.h"
#include "migration/look/catalog.h"
#include "migration/look/store.h"
#include "migration/plan/refusal.h"
#include "migration/record/make.h"
#include "migration/record/progress.h"
#include "migration/run/executor.h"
#include "migration/run/lock.h"
#include "migration/tool/listen.h"
#include "pg/exec.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define RECONNECT_MS 1000  /* between two attempts to reopen a lost session */
#define JUDGE_MS     15000 /* for reading the ledger when the time is over */

/* ---- what to run ---- */

/* Refuses, with the reason, what the tool cannot do or is not allowed. */
static bool begin(const struct execution *execution)
{
    struct run *const run = execution->run;
    struct status *const status = run->status;
    if (!refusal_check_tool(run->request, execution->options, execution->preparation, status)) {
        status->message = arena_printf(status->arena, "%s Nothing was run.", status->message);
        return false;
    }
    return !watch_cancelled(&run->watch) ||
           status_fail(status, STATUS_CANCELLED, "The run was cancelled before it began; nothing was run.");
}

/* ---- what came of it ---- */

static bool is_applied(const struct catalog_item *item)
{
    return item != NULL && (item->state == MIGRATION_APPLIED || item->state == MIGRATION_MODIFIED);
}

static const struct catalog_item *item_of(const struct catalog *catalog, const struct catalog_item *other)
{
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        if (strcmp(item->key, other->key) == 0 && strcmp(item->name, other->name) == 0) {
            return item;
        }
    }
    return NULL;
}

/* Has the tool run it, since `before`? It may have been applied then already, and be run each time. */
static bool has_run(const struct catalog_item *after, const struct catalog_item *before)
{
    return is_applied(after) && (!is_applied(before) || (after->entry != NULL && before->entry != NULL &&
                                                         after->entry->finished_at > before->entry->finished_at));
}

static bool is_asked_for(const struct preparation *preparation, const struct catalog_item *item)
{
    for (size_t i = 0; i < preparation->count; i++) {
        if (strcmp(preparation->items[i].item->name, item->name) == 0) {
            return true;
        }
    }
    return false;
}

/* The present ledger, even after the deadline or a lost connection. A ledger that the tool has created is searched for,
 * since its place may differ from what we expected. */
static bool read_again(struct run *run, const struct detection *detection, struct catalog *after)
{
    if (run->deadline != NO_DEADLINE && deadline_left(run->deadline) < JUDGE_MS) {
        run->deadline = deadline_in(JUDGE_MS);
    }
    if ((run->session == NULL || pg_session_is_lost(run->session)) && !run_connect(run)) {
        return false;
    }
    pg_session_set_deadline(run->session, run->deadline);
    return detection->has_ledger ? catalog_read_again(run->request, run->session, detection, after)
                                 : catalog_read(run->request, run->session, after);
}

static void add_applied(const struct execution *execution, const struct catalog_item *item)
{
    struct run *const run = execution->run;
    /* When it began is only in the tracking table, if anywhere. */
    const int64_t ms = item->entry == NULL ? -1 : ledger_entry_ms(item->entry);
    const uint32_t took = ms < 0 ? 0 : ms == 0 ? 1 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
    const struct run_applied applied = {.name = item->name, .checksum = item->checksum, .duration_ms = took};
    result_add_applied(run->arena, execution->result, &applied);
    log_info("migration applied", "migration=\"%s\"", item->name);
    const struct run_event event = {
        .kind = RUN_EVENT_MIGRATION_DONE,
        .migration = item->name,
        .number = (uint32_t)execution->result->applied_count,
        .count = (uint32_t)execution->preparation->count,
        .duration_ms = took,
        .message = arena_printf(run->arena, "The tracking table has \"%s\".", item->name),
    };
    watch_tell(&run->watch, &event);
    if (!is_asked_for(execution->preparation, item)) {
        result_add_warning(run->arena, execution->result,
                           arena_printf(run->arena, "\"%s\" was run, too, without being asked for.", item->name));
    }
}

/* Advice about a tool that was killed. */
static const char *hint_for(const struct tool_use *use)
{
    const char *const lock = use->tool.delegate->left_lock;
    if (!use->was_ended) {
        return use->code == 0 ? "It may have another connection than DATABASE_URL: look at its configuration." : NULL;
    }
    return lock == NULL ? "The server may go on with its last statement for a while: ask for the status before running "
                          "again."
                        : arena_printf(use->request->arena,
                                       "The server may go on with its last statement for a while, and its lock may "
                                       "stay: if the next run says so, \"%s\" removes it.",
                                       lock);
}

static void fail(const struct tool_use *use, const char *name, const char *what, struct run_result *result)
{
    struct arena *const arena = use->request->arena;
    result->ok = false;
    result->failed_name = name;
    result->failure = (struct failure){.status = {.arena = arena}};
    status_fail(&result->failure.status, use->was_cancelled ? STATUS_CANCELLED : STATUS_FAILED_PRECONDITION, "%s, %s.",
                use->outcome, what);
    result->failure.status.detail = tool_tail(use);
    result->failure.status.hint = hint_for(use);
    result->summary = result->applied_count == 0
                          ? arena_printf(arena, "Migration \"%s\" failed; no other migration was run.", name)
                          : arena_printf(arena, "Migration \"%s\" failed; %s applied.", name,
                                         words_counted(arena, result->applied_count, "migration that was run stays",
                                                       "migrations that were run stay"));
}

/* ---- recording that it was started ---- */

static bool write_begun(const struct execution *execution)
{
    struct run *const run = execution->run;
    const struct preparation *const preparation = execution->preparation;
    struct detection *const detection = &execution->preparation->catalog.detection;
    const char **const names = arena_array(run->arena, preparation->count, sizeof *names);
    struct buffer sql = {.arena = run->arena};
    if (!store_ensure(run->session, run->status) || !ledger_note_obstacles(run->request, run->session, detection)) {
        return false;
    }
    for (size_t i = 0; i < preparation->count; i++) {
        names[i] = preparation->items[i].item->name;
    }
    progress_put_tool(&sql, &detection->ledger, names, preparation->count);
    return pg_exec(run->session, buffer_string(&sql), run->status);
}

/* Fails if it cannot be recorded; then nothing may be started. If the role may not have tables of ours, that is
 * reported. */
static bool note_begun(const struct execution *execution)
{
    struct run *const run = execution->run;
    if (write_begun(execution)) {
        return true;
    }
    if (!status_is_because(run->status, REASON_NO_STATE_SCHEMA)) {
        return false;
    }
    result_add_warning(
        run->arena, execution->result,
        arena_printf(run->arena,
                     "It could not be recorded that the tool was started (the role may not use the schema \"%s\"): had "
                     "the worker been killed meanwhile, the next run would have started it again.",
                     pg_session_own_schema(run->session)));
    *run->status = (struct status){.arena = run->arena};
    return true;
}

/* A remaining note stops the next run if these migrations are pending then. */
static void note_ended(const struct execution *execution)
{
    struct run *const run = execution->run;
    struct status ignored = {.arena = run->arena};
    struct buffer sql = {.arena = run->arena};
    bool is_kept;
    if (store_exists(run->session, &is_kept, &ignored) && is_kept) {
        progress_put_tool_ended(&sql, &execution->preparation->catalog.detection.ledger);
        pg_exec(run->session, buffer_string(&sql), &ignored);
    }
}

void run_tool_settled(const struct execution *execution)
{
    struct catalog *const catalog = &execution->preparation->catalog;
    struct detection *const detection = &catalog->detection;
    struct status ignored = {.arena = execution->run->arena};
    struct request request = *execution->run->request;
    request.status = &ignored;
    if (catalog->has_own_schema && detection->has_ledger && catalog->counts[MIGRATION_PENDING] == 0 &&
        tool_of(request.site, detection).delegate != NULL &&
        ledger_note_obstacles(&request, execution->run->session, detection)) {
        note_ended(execution);
    }
}

/* ---- judging ---- */

/* Which migration its output names last: where all are run in one transaction, that is the one that failed. */
struct naming {
    const struct preparation *preparation;
    const struct catalog_item *last; /* NULL: none yet */
};

static bool is_of_word(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_';
}

/* Where the line has the word last, as a whole one; SIZE_MAX: nowhere. */
static size_t word_at(struct text line, const char *word)
{
    const size_t size = strlen(word);
    size_t found = SIZE_MAX;
    for (size_t at = 0; size > 0 && (at = text_find(line, word, at)) != SIZE_MAX; at++) {
        const bool begins = at == 0 || !is_of_word(line.data[at - 1]);
        const bool ends = at + size == line.size || !is_of_word(line.data[at + size]);
        found = begins && ends ? at : found;
    }
    return found;
}

static void hear(void *data, struct text line)
{
    struct naming *const naming = data;
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < naming->preparation->count; i++) {
        const struct catalog_item *const item = naming->preparation->items[i].item;
        const size_t name = word_at(line, item->name);
        const size_t at = name != SIZE_MAX || item->file->version == NULL ? name : word_at(line, item->file->version);
        if (at != SIZE_MAX && (last == SIZE_MAX || at > last)) {
            last = at;
            naming->last = item;
        }
    }
}

/* Reports what its tool has run in one transaction, of which nothing is left. */
static void fail_together(const struct tool_use *use, const struct preparation *preparation,
                          const struct catalog_item *named, struct run_result *result)
{
    struct arena *const arena = use->request->arena;
    const struct catalog_item *const item = named != NULL ? named : preparation->items[0].item;
    fail(use, item->name,
         arena_printf(
             arena, "and the tracking table has none of the %zu migrations, which it runs in one transaction%s",
             preparation->count, named != NULL ? "" : "; whether one of them failed, and which, is only in its output"),
         result);
    result->summary = arena_printf(
        arena, "%s failed; none of the %zu migrations was recorded.",
        named != NULL ? arena_printf(arena, "Migration \"%s\"", named->name) : "Its own tool", preparation->count);
    result->failed_unknown = named == NULL;
}

static bool has_none(const struct preparation *preparation, const struct catalog *after)
{
    for (size_t i = 0; i < preparation->count; i++) {
        if (is_applied(item_of(after, preparation->items[i].item))) {
            return false;
        }
    }
    return true;
}

/* Compares the ledger with its earlier state. Returns false if it could not be read. */
static bool judge(const struct tool_use *use, const struct naming *naming, const struct execution *execution)
{
    struct run *const run = execution->run;
    const struct preparation *const preparation = execution->preparation;
    struct run_result *const result = execution->result;
    struct catalog after;
    if (!read_again(run, &preparation->catalog.detection, &after)) {
        const char *const what =
            arena_printf(run->arena,
                         "and whether anything was applied could not be found out (%s); ask for the status when the "
                         "database is back",
                         run->status->message);
        fail(use, preparation_first_program(preparation), what, result);
        return false;
    }
    for (size_t i = 0; i < after.count; i++) {
        const struct catalog_item *const before = item_of(&preparation->catalog, &after.items[i]);
        if (has_run(&after.items[i], before)) {
            add_applied(execution, &after.items[i]);
        }
    }
    if (use->tool.delegate->is_atomic && preparation->count > 1 && has_none(preparation, &after)) {
        fail_together(use, preparation, naming->last, result);
        return true;
    }
    for (size_t i = 0; i < preparation->count; i++) {
        const struct catalog_item *const item = preparation->items[i].item;
        const struct catalog_item *const now = item_of(&after, item);
        const bool is_again = is_applied(item) && is_applied(now);
        if (is_again ? use->code != 0 && !has_run(now, item) : !is_applied(now)) {
            fail(use, item->name,
                 is_again ? "and the tracking table does not have this migration once more"
                          : "and the tracking table does not have this migration",
                 result);
            return true;
        }
    }
    if (use->code != 0) {
        result_add_warning(run->arena, result,
                           arena_printf(run->arena, "%s, but the tracking table has all migrations.", use->outcome));
    }
    result->ok = true;
    result->summary = result_applied(run->arena, result->applied_count);
    return true;
}

/* The session that has our lock, while the tool works in its own. */
struct lock_watch {
    const struct execution *execution;
    int64_t next_try; /* clock_ms */
};

/* A lost session has lost the lock: it is taken again. Returns false if another run has it. */
static bool look_at_lock(void *data)
{
    struct lock_watch *const watch = data;
    struct run *const run = watch->execution->run;
    struct status *const outer = run->status;
    struct status status = {.arena = run->arena};
    if ((run->session != NULL && !pg_session_is_lost(run->session)) || clock_ms() < watch->next_try) {
        return true;
    }
    run->status = &status;
    watch->next_try = clock_ms() + RECONNECT_MS;
    const bool connected = run_connect(run);
    const bool locked = connected && lock_take_ours(run, &watch->execution->preparation->catalog.detection);
    run->status = outer;
    watch_note(
        &run->watch, NULL,
        locked ? "The session that holds the lock of this run was lost; another one has it again."
               : arena_printf(run->arena, "The session that holds the lock of this run was lost: %s", status.message));
    return locked || !connected || status.code != STATUS_ABORTED;
}

static bool run_by_tool(const struct execution *execution)
{
    struct run *const run = execution->run;
    const struct preparation *const preparation = execution->preparation;
    struct tool_use use = {
        .request = run->request,
        .watch = &run->watch,
        .tool = tool_of(run->request->site, &preparation->catalog.detection),
    };
    struct lock_watch watch = {.execution = execution};
    struct naming naming = {.preparation = preparation};
    use.look = look_at_lock;
    use.look_data = &watch;
    use.hear = use.tool.delegate->is_atomic ? hear : NULL;
    use.hear_data = &naming;
    use.tool.file = preparation->items[preparation->count - 1].item->file;
    use.tool.session_name = tool_session_name(run->arena, &preparation->catalog.detection.ledger);
    use.held = pg_session_socket(run->session);
    if (!note_begun(execution)) {
        return false;
    }
    const bool was_started = tool_call(&use, tool_arguments_for(use.tool.delegate, preparation));
    if (!was_started || judge(&use, &naming, execution)) {
        note_ended(execution);
    }
    return was_started;
}

const struct executor run_tool = {.begin = begin, .run = run_by_tool};
