/*
 * A tool's words are for people: they are told as events, and the last of them with a failure. Nothing is concluded
 * from them, nor from how it ended.
 */
#include "migration/run/tool.h"

#include "base/log.h"
#include "base/masking.h"
#include "base/process.h"
#include "migration/tool/start.h"

#include <string.h>

#define TAIL_LIMIT  ((size_t)4 * 1024)
#define SHOWN_LIMIT ((size_t)8 * 1024)    /* of a line */
#define TOLD_LIMIT  ((size_t)1024 * 1024) /* of all of them */
#define PER_LINE    100                   /* what a line costs beside its text */
#define SQL_LIMIT   ((size_t)4 * 1024 * 1024)
#define JUDGE_MS    15000 /* for reading the ledger when the time is over */

/* One use of a tool. */
struct use {
    struct run *run;
    struct tool tool;
    struct arena *scratch; /* of one line */
    struct buffer tail;    /* the last of what it printed */
    struct buffer *whole;  /* all of it, for a preview; NULL: not wanted */
    bool is_cut;           /* … which was too much */
    size_t told;           /* bytes */
    const char *outcome;   /* how it ended, in words */
    bool was_ended;        /* by us, or by somebody else */
    bool was_cancelled;
    int code;
};

const struct delegate *delegate_of(const struct detection *detection)
{
    return tool_of(NULL, detection).delegate;
}

const char *delegate_command(struct arena *arena, const struct site *site, const struct detection *detection)
{
    const struct tool tool = tool_of(site, detection);
    return tool.delegate == NULL || tool.delegate->run == NULL ? detection->framework->tool
                                                               : tool_command(arena, &tool, tool.delegate->run);
}

/* ---- its output ---- */

static struct text cut(struct text text, size_t limit)
{
    while (text.size > limit && limit > 0 && ((unsigned char)text.data[limit] & 0xC0) == 0x80) {
        limit--; /* not within a character */
    }
    return text_slice(text, 0, limit);
}

/* Its last whole lines. */
static struct text last_lines(const struct buffer *tail)
{
    struct text text = buffer_text(tail);
    struct text line;
    while (text.size > TAIL_LIMIT && text_next_line(&text, &line)) {
    }
    return text;
}

/* Twice what is wanted, so that it is seldom moved. */
static void keep_tail(struct use *use, struct text line)
{
    struct buffer *const tail = &use->tail;
    if (tail->size + line.size + 1 > 2 * TAIL_LIMIT) {
        const struct text last = last_lines(tail);
        memmove(tail->data, last.data, last.size);
        tail->size = last.size;
    }
    buffer_add(tail, cut(line, TAIL_LIMIT - 1));
    buffer_putc(tail, '\n');
}

static void tell_line(struct use *use, struct text line)
{
    if (use->told > TOLD_LIMIT) {
        return;
    }
    use->told += line.size + PER_LINE;
    const bool is_last = use->told > TOLD_LIMIT;
    watch_tell(&use->run->watch, &(struct run_event){
                                     .kind = RUN_EVENT_OUTPUT,
                                     .message = arena_strndup(use->scratch, line.data, line.size),
                                 });
    if (is_last) {
        watch_note(&use->run->watch, NULL, "It prints more than is shown here.");
    }
}

static void on_line(void *data, struct text raw)
{
    struct use *const use = data;
    use->scratch = arena_new(0);
    const struct text whole = text_of(masked(use->scratch, raw, tool_secret(use->run->request->site)));
    const struct text line = cut(whole, SHOWN_LIMIT);
    if (use->whole != NULL) {
        use->is_cut = use->is_cut || raw.size == PROCESS_LINE_LIMIT || use->whole->size + whole.size > SQL_LIMIT;
    }
    if (use->whole != NULL && !use->is_cut) {
        buffer_add(use->whole, whole);
        buffer_putc(use->whole, '\n');
    }
    if (text_trim(line).size > 0) {
        keep_tail(use, line);
        tell_line(use, line);
    }
    arena_free(use->scratch);
}

static bool on_look(void *data)
{
    const struct use *const use = data;
    watch_tick(&use->run->watch);
    return !watch_cancelled(&use->run->watch);
}

/* ---- its life ---- */

static void note_end(struct use *use, const struct process_end *end)
{
    struct arena *const arena = use->run->arena;
    const char *const name = use->tool.name;
    use->code = end->code;
    use->was_cancelled = end->stopped;
    use->was_ended = end->signal != 0 || end->timed_out || end->stopped;
    use->outcome = end->timed_out ? arena_printf(arena, "%s had not ended when its time was over, and was ended", name)
                   : end->stopped ? arena_printf(arena, "The run was cancelled; %s was ended", name)
                   : end->signal != 0 ? arena_printf(arena, "%s was ended by signal %d", name, end->signal)
                   : end->code != 0   ? arena_printf(arena, "%s failed with exit status %d", name, end->code)
                                      : arena_printf(arena, "%s ended as if all were well", name);
    log_info("delegate ended", "program=\"%s\" code=%d", name, end->code);
}

/* False where it could not be started. */
static bool start(struct use *use, const char *const *arguments)
{
    struct run *const run = use->run;
    struct process_end end;
    if (!tool_prepare(run->arena, &use->tool, arguments, run->status)) {
        return false;
    }
    const int64_t limit = deadline_in(run->request->site->delegate_timeout_ms);
    const struct process process = {
        .argv = use->tool.argv,
        .environment = use->tool.environment,
        .directory = use->tool.directory,
        .deadline = limit < run->deadline ? limit : run->deadline,
        .line = on_line,
        .go_on = on_look,
        .data = use,
    };
    use->tail = (struct buffer){.arena = run->arena};
    buffer_reserve(&use->tail, 2 * TAIL_LIMIT + 1);
    log_info("delegate", "program=\"%s\"", use->tool.argv[0]);
    watch_note(&run->watch, NULL,
               arena_printf(run->arena, "Running %s.", tool_command(run->arena, &use->tool, arguments)));
    if (!process_run(&process, &end, run->status)) {
        return false;
    }
    note_end(use, &end);
    return true;
}

static const char *tail_of(const struct use *use)
{
    const struct text tail = last_lines(&use->tail);
    return tail.size == 0 ? NULL : arena_strndup(use->run->arena, tail.data, tail.size);
}

/* ---- what to run ---- */

/* The arguments for all that is pending, for one, or for all up to one. NULL: the tool cannot run just these. */
static const char *const *arguments_for(const struct delegate *delegate, const struct preparation *preparation)
{
    const struct catalog *const catalog = &preparation->catalog;
    const struct catalog_item *const last = preparation->items[preparation->count - 1].item;
    size_t pending = 0;
    size_t pending_to_last = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        if (catalog->items[i].state == MIGRATION_PENDING) {
            pending++;
            pending_to_last += &catalog->items[i] <= last ? 1 : 0;
        }
    }
    return preparation->count == pending                          ? delegate->run
           : preparation->count == 1 && delegate->run_one != NULL ? delegate->run_one
           : preparation->count == pending_to_last                ? delegate->run_to
                                                                  : NULL;
}

static const char *first_program(const struct preparation *preparation)
{
    size_t i = 0;
    while (i + 1 < preparation->count && !preparation->items[i].item->file->is_code) {
        i++;
    }
    return preparation->items[i].item->name;
}

/* False, with the reason, where this is nothing for the tool, or not allowed. */
static bool check(struct run *run, const struct run_options *options, const struct preparation *preparation,
                  const struct delegate *delegate)
{
    const struct detection *const detection = &preparation->catalog.detection;
    const char *const own = detection->framework->display_name;
    const char *const name = first_program(preparation);
    const bool has_tool = delegate != NULL && delegate->run != NULL;
    if (!has_tool || !run->request->site->allow_delegate) {
        status_fail_because(run->status, STATUS_FAILED_PRECONDITION, REASON_NEEDS_DELEGATE,
                            "Migration \"%s\" is a program, which only %s itself can run: %s. Nothing was run.%s", name,
                            own, delegate_command(run->arena, run->request->site, detection),
                            has_tool ? " A worker that was started with --allow-delegate does so." : "");
    } else if (options->dry_run || options->in_one_transaction) {
        status_fail(run->status, STATUS_FAILED_PRECONDITION,
                    "Migration \"%s\" is a program, which %s runs in transactions of its own: it cannot be %s.", name,
                    own, options->dry_run ? "tried" : "part of one transaction with all others");
    } else if (arguments_for(delegate, preparation) == NULL) {
        status_fail(run->status, STATUS_FAILED_PRECONDITION,
                    "Migration \"%s\" is a program, and %s cannot run just what was asked for: run all that is "
                    "pending%s%s. Nothing was run.",
                    name, own, delegate->run_to != NULL ? ", or all up to a target" : "",
                    delegate->run_one != NULL ? ", or one alone" : "");
    } else {
        return true;
    }
    run->status->migration = name;
    return false;
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

static bool is_asked_for(const struct preparation *preparation, const struct catalog_item *item)
{
    for (size_t i = 0; i < preparation->count; i++) {
        if (strcmp(preparation->items[i].item->name, item->name) == 0) {
            return true;
        }
    }
    return false;
}

/* The ledger as it is now, also where the deadline has passed or the connection was lost meanwhile. */
static bool read_again(struct run *run, struct catalog *after)
{
    if (run->deadline != NO_DEADLINE && deadline_left(run->deadline) < JUDGE_MS) {
        run->deadline = deadline_in(JUDGE_MS);
    }
    if (pg_session_is_lost(run->session) && !run_connect(run)) {
        return false;
    }
    pg_session_set_deadline(run->session, run->deadline);
    return catalog_read(run->request, run->session, after);
}

static void add_warning(struct run *run, struct run_result *result, const char *warning)
{
    const char **const warnings = arena_array(run->arena, result->warning_count + 1, sizeof *warnings);
    for (size_t i = 0; i < result->warning_count; i++) {
        warnings[i] = result->warnings[i];
    }
    warnings[result->warning_count++] = warning;
    result->warnings = warnings;
}

static void add_applied(struct run *run, const struct preparation *preparation, const struct catalog_item *item,
                        struct run_result *result)
{
    const bool is_asked = is_asked_for(preparation, item);
    result->applied = arena_grow(run->arena, result->applied, result->applied_count, &result->applied_capacity,
                                 sizeof *result->applied);
    result->applied[result->applied_count++] = (struct run_applied){.name = item->name, .checksum = item->checksum};
    log_info("migration applied", "migration=\"%s\"", item->name);
    watch_tell(&run->watch, &(struct run_event){
                                .kind = RUN_EVENT_MIGRATION_DONE,
                                .migration = item->name,
                                .number = (uint32_t)result->applied_count,
                                .count = (uint32_t)preparation->count,
                                .message = arena_printf(run->arena, "The ledger has \"%s\".", item->name),
                            });
    if (!is_asked) {
        add_warning(run, result, arena_printf(run->arena, "\"%s\" was run, too, without being asked for.", item->name));
    }
}

/* What to do about a tool that was ended. */
static const char *hint_for(const struct use *use)
{
    const char *const lock = use->tool.delegate->left_lock;
    if (!use->was_ended) {
        return use->code == 0 ? "It may have another connection than DATABASE_URL: look at its configuration." : NULL;
    }
    return lock == NULL
               ? "The server may go on with its last statement for a while: ask for the status before running "
                 "again."
               : arena_printf(use->run->arena,
                              "The server may go on with its last statement for a while, and its lock may stay: "
                              "where the next run says so, \"%s\" takes it away.",
                              lock);
}

static void fail(const struct use *use, const char *name, const char *what, struct run_result *result)
{
    struct arena *const arena = use->run->arena;
    result->ok = false;
    result->failed_name = name;
    result->failure = (struct failure){.status = {.arena = arena}};
    status_fail(&result->failure.status, use->was_cancelled ? STATUS_CANCELLED : STATUS_FAILED_PRECONDITION, "%s, %s.",
                use->outcome, what);
    result->failure.status.detail = tail_of(use);
    result->failure.status.hint = hint_for(use);
    result->summary =
        result->applied_count == 0
            ? arena_printf(arena, "Migration \"%s\" failed; no other migration was run.", name)
            : arena_printf(arena, "Migration \"%s\" failed; the %zu migration(s) that were run stay applied.", name,
                           result->applied_count);
}

/* Compares the ledger with what it was. */
static void judge(struct use *use, const struct preparation *preparation, struct run_result *result)
{
    struct run *const run = use->run;
    struct catalog after;
    if (!read_again(run, &after)) {
        const char *const what =
            arena_printf(run->arena,
                         "and whether anything was applied could not be found out (%s); ask for the status when the "
                         "database is back",
                         run->status->message);
        fail(use, first_program(preparation), what, result);
        return;
    }
    for (size_t i = 0; i < after.count; i++) {
        const struct catalog_item *const before = item_of(&preparation->catalog, &after.items[i]);
        if (is_applied(&after.items[i]) && !is_applied(before)) {
            add_applied(run, preparation, &after.items[i], result);
        }
    }
    for (size_t i = 0; i < preparation->count; i++) {
        const struct catalog_item *const item = preparation->items[i].item;
        if (!is_applied(item_of(&after, item))) {
            fail(use, item->name, "and the ledger does not have this migration", result);
            return;
        }
    }
    if (use->code != 0) {
        add_warning(run, result, arena_printf(run->arena, "%s, but the ledger has all migrations.", use->outcome));
    }
    result->ok = true;
    result->summary = arena_printf(run->arena, "Applied %zu migration(s) successfully.", result->applied_count);
}

bool delegate_run(struct run *run, const struct run_options *options, const struct preparation *preparation,
                  struct run_result *result)
{
    const struct detection *const detection = &preparation->catalog.detection;
    struct use use = {.run = run, .tool = tool_of(run->request->site, detection)};
    if (!check(run, options, preparation, use.tool.delegate)) {
        return false;
    }
    if (watch_cancelled(&run->watch)) {
        return status_fail(run->status, STATUS_CANCELLED, "The run was cancelled before it began; nothing was run.");
    }
    use.tool.file = preparation->items[preparation->count - 1].item->file;
    if (!start(&use, arguments_for(use.tool.delegate, preparation))) {
        return false;
    }
    judge(&use, preparation, result);
    return true;
}

bool delegate_preview(const struct request *request, const struct detection *detection,
                      const struct migration_file *file, struct text *sql)
{
    struct run run = run_of(request);
    struct buffer whole = {.arena = request->arena};
    struct use use = {.run = &run, .tool = tool_of(request->site, detection), .whole = &whole};
    *sql = (struct text){0};
    if (!request->site->allow_delegate || use.tool.delegate == NULL || use.tool.delegate->preview == NULL) {
        return true;
    }
    use.tool.file = file;
    if (!start(&use, use.tool.delegate->preview)) {
        return false;
    }
    if (use.code != 0 || use.is_cut) {
        status_fail(request->status, STATUS_FAILED_PRECONDITION, "It cannot be previewed: %s.",
                    use.is_cut ? "its own tool prints more than can be shown" : use.outcome);
        request->status->detail = tail_of(&use);
        return false;
    }
    *sql = buffer_text(&whole);
    return true;
}
