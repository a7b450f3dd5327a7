/*
 * Reports a megabyte at most, line by line; keeps the last 4 kB.
 */
#include "migration/tool/listen.h"

#include "base/log.h"
#include "base/masking.h"
#include "base/process.h"

#include <string.h>

#define TAIL_LIMIT  ((size_t)4 * 1024)
#define SHOWN_LIMIT ((size_t)8 * 1024)    /* of a line */
#define TOLD_LIMIT  ((size_t)1024 * 1024) /* of all of them */
#define PER_LINE    100                   /* the cost of a line besides its text */
#define SQL_LIMIT   ((size_t)4 * 1024 * 1024)

/* ---- output ---- */

/* The last complete lines. */
static struct text last_lines(const struct buffer *tail)
{
    struct text text = buffer_text(tail);
    struct text line;
    while (text.size > TAIL_LIMIT && text_next_line(&text, &line)) {
    }
    return text;
}

/* Keeps twice what is wanted, so that it is rarely moved. */
static void keep_tail(struct tool_use *use, struct text line)
{
    struct buffer *const tail = &use->tail;
    if (tail->size + line.size + 1 > 2 * TAIL_LIMIT) {
        const struct text last = last_lines(tail);
        memmove(tail->data, last.data, last.size);
        tail->size = last.size;
    }
    buffer_add(tail, text_cut(line, TAIL_LIMIT - 1));
    buffer_putc(tail, '\n');
}

static void tell_line(struct tool_use *use, struct text line)
{
    if (use->told > TOLD_LIMIT) {
        return;
    }
    use->told += line.size + PER_LINE;
    const bool is_last = use->told > TOLD_LIMIT;
    watch_tell(use->watch, &(struct run_event){
                               .kind = RUN_EVENT_OUTPUT,
                               .message = arena_strndup(use->scratch, line.data, line.size),
                           });
    if (is_last) {
        watch_note(use->watch, NULL, "It prints more than is shown here.");
    }
}

static void on_line(void *data, struct text raw)
{
    struct tool_use *const use = data;
    use->scratch = arena_new(0);
    const struct text whole = text_of(masked(use->scratch, raw, tool_secret(use->request->site)));
    const struct text line = text_cut(whole, SHOWN_LIMIT);
    if (use->whole != NULL) {
        use->is_cut = use->is_cut || raw.size == PROCESS_LINE_LIMIT || use->whole->size + whole.size > SQL_LIMIT;
    }
    if (use->whole != NULL && !use->is_cut) {
        buffer_add(use->whole, whole);
        buffer_putc(use->whole, '\n');
    }
    if (use->hear != NULL && use->told <= TOLD_LIMIT) {
        use->hear(use->hear_data, line);
    }
    if (text_trim(line).size > 0) {
        keep_tail(use, line);
        tell_line(use, line);
    }
    arena_free(use->scratch);
}

static bool on_look(void *data)
{
    const struct tool_use *const use = data;
    watch_tick(use->watch);
    return !watch_cancelled(use->watch) && (use->look == NULL || use->look(use->look_data));
}

/* ---- running ---- */

static void keep_end(struct tool_use *use, const struct process_end *end)
{
    struct arena *const arena = use->request->arena;
    const char *const name = use->tool.name;
    use->code = end->code;
    use->was_cancelled = end->stopped && watch_cancelled(use->watch);
    use->was_ended = end->signal != 0 || end->timed_out || end->stopped;
    use->outcome = end->timed_out ? arena_printf(arena, "%s had not ended when its time was over, and was ended", name)
                   : end->stopped && watch_cancelled(use->watch)
                       ? arena_printf(arena, "The run was cancelled; %s was ended", name)
                   : end->stopped     ? arena_printf(arena, "Another run has the lock by now; %s was ended", name)
                   : end->signal != 0 ? arena_printf(arena, "%s was ended by signal %d", name, end->signal)
                   : end->code != 0   ? arena_printf(arena, "%s failed with exit status %d", name, end->code)
                                      : arena_printf(arena, "%s ended as if all were well", name);
    log_info("delegate ended", "program=\"%s\" code=%d", name, end->code);
}

bool tool_call(struct tool_use *use, const char *const *arguments)
{
    const struct request *const request = use->request;
    struct process_end end;
    if (!tool_prepare(request->arena, &use->tool, arguments, request->status)) {
        return false;
    }
    const int64_t limit = deadline_in(request->site->delegate_timeout_ms);
    const struct process process = {
        .argv = use->tool.argv,
        .environment = use->tool.environment,
        .directory = use->tool.directory,
        .deadline = limit < request->deadline ? limit : request->deadline,
        .held = use->held,
        .line = on_line,
        .go_on = on_look,
        .data = use,
    };
    use->tail = (struct buffer){.arena = request->arena};
    buffer_reserve(&use->tail, 2 * TAIL_LIMIT + 1);
    log_info("delegate", "program=\"%s\"", use->tool.argv[0]);
    watch_note(use->watch, NULL,
               arena_printf(request->arena, "Running %s.", tool_command(request->arena, &use->tool, arguments)));
    if (!process_run(&process, &end, request->status)) {
        return false;
    }
    keep_end(use, &end);
    return true;
}

const char *tool_tail(const struct tool_use *use)
{
    const struct text tail = last_lines(&use->tail);
    return tail.size == 0 ? NULL : arena_strndup(use->request->arena, tail.data, tail.size);
}

/* ---- a preview ---- */

bool tool_preview(const struct request *request, const struct detection *detection, const struct migration_file *file,
                  struct text *sql)
{
    static const struct watch nobody;
    struct buffer whole = {.arena = request->arena};
    struct tool_use use = {
        .request = request, .watch = &nobody, .tool = tool_of(request->site, detection), .whole = &whole};
    *sql = (struct text){0};
    if (!request->site->allow_delegate || use.tool.delegate == NULL || use.tool.delegate->preview == NULL) {
        return true;
    }
    use.tool.file = file;
    if (!tool_call(&use, use.tool.delegate->preview)) {
        return false;
    }
    if (use.code != 0 || use.is_cut) {
        status_fail(request->status, STATUS_FAILED_PRECONDITION, "It cannot be previewed: %s.",
                    use.is_cut ? "its own tool prints more than can be shown" : use.outcome);
        request->status->detail = tool_tail(&use);
        return false;
    }
    *sql = buffer_text(&whole);
    return true;
}
