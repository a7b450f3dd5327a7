/*
 * A table says for each kind of event what changes. The line that is rewritten is cut to the terminal's width, and line
 * wrapping is off while it is written, because some letters are two columns wide.
 */
#include "cli/print/live.h"

#include "base/clock.h"
#include "cli/print/run_result.h"
#include "rpc/time_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_COLUMNS 80
#define LABEL_WIDTH   9
#define BAR_WIDTH     24
#define QUERY_SHOWN   120     /* characters of a blocker's statement */
#define SHORT_WAIT_MS 1000    /* shorter waits for a lock are not worth a line */
#define STALE_MS      3000    /* waits for locks are reported every second */
#define NAME_EACH_MS  10000   /* how often the blockers are named, while others keep blocking */
#define SLOW_US       2000000 /* a migration that takes longer gets a line while it runs, if this is not a terminal */
#define PERCENT_EACH  25

typedef Truss__Migration__V1__Event Event;

struct live live_new(struct arena *arena)
{
    const char *const terminal = getenv("TERM");
    return (struct live){
        .arena = arena,
        .now = arena_new(0),
        .is_terminal = isatty(STDOUT_FILENO) != 0 && terminal != NULL && strcmp(terminal, "dumb") != 0,
    };
}

void live_free(struct live *live)
{
    arena_free(live->now);
}

/* ---- drawing ---- */

static size_t terminal_columns(void)
{
    struct winsize size = {0};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : USUAL_COLUMNS;
}

static const char *elapsed_text(struct arena *arena, int64_t since)
{
    const int64_t us = clock_wall_us() - since;
    const uint32_t seconds = us < 0 ? 0 : (uint32_t)(us / 1000000);
    return seconds < 60 ? arena_printf(arena, "%u s", seconds)
                        : arena_printf(arena, "%u min %u s", seconds / 60, seconds % 60);
}

void live_clear(struct live *live)
{
    if (live->is_drawn) {
        printf("\r\033[K");
        fflush(stdout);
        live->is_drawn = false;
    }
}

void live_interrupted(struct live *live)
{
    live->is_drawn = live->is_drawn || live->is_terminal;
}

static void draw(struct live *live)
{
    struct arena *const arena = arena_new(0);
    const size_t columns = terminal_columns();
    const char *const text = output_safe(arena,
                                         arena_printf(arena, "%s, %s%s%s", live->what, elapsed_text(arena, live->since),
                                                      live->more[0] == '\0' ? "" : ": ", live->more),
                                         false);
    const size_t room = columns > LABEL_WIDTH + 1 ? columns - LABEL_WIDTH : 1;
    const bool fits = text_characters(text_of(text)) < room;
    const size_t size = fits ? strlen(text) : text_byte_of_character(text_of(text), room - 1);
    printf("\r\033[?7l");
    output_put(live->colour, live->label);
    printf("%.*s%s\033[K\033[?7h", (int)size, text, fits ? "" : "…");
    fflush(stdout);
    live->is_drawn = true;
    arena_free(arena);
}

void live_say(struct live *live, enum colour colour, const char *label, const char *text)
{
    struct arena *const arena = arena_new(0);
    live_clear(live);
    output_put(colour, label);
    printf("%s\n", output_safe(arena, text, false));
    fflush(stdout);
    arena_free(arena);
}

/* ---- the current activity ---- */

static int64_t event_time(const Event *event, uint32_t before_ms)
{
    const int64_t at = message_time_us(event->at);
    return (at == NO_TIME ? clock_wall_us() : at) - (int64_t)before_ms * 1000;
}

/* Replaces what was there before; `what` and `more` may point into it. */
static void set_now(struct live *live, enum colour colour, const char *label, const char *what, const char *more)
{
    struct arena *const arena = arena_new(0);
    live->what = arena_strdup(arena, what);
    live->more = arena_strdup(arena, more);
    live->colour = colour;
    live->label = label;
    live->waits_till = 0;
    arena_free(live->now);
    live->now = arena;
}

/* "NAME", "NAME, step 2 of 3" */
static const char *place(struct arena *arena, const Event *event)
{
    const char *const name = event->_migration_case == 0 ? "" : event->migration;
    return event->step > 0 && event->steps > 1
               ? arena_printf(arena, "%s, step %u of %u", name, event->step, event->steps)
               : name;
}

/* With its number, if there are several: "NAME (2 of 5), step 2 of 3". */
static const char *numbered_place(const struct live *live, const Event *event)
{
    const char *const name = event->_migration_case == 0 ? "" : event->migration;
    const char *const rest = place(live->now, event) + strlen(name);
    return live->count > 1 ? arena_printf(live->now, "%s (%u of %u)%s", name, live->number, live->count, rest)
                           : place(live->now, event);
}

static void on_run_started(struct live *live, const Event *event)
{
    (void)event;
    live_clear(live);
    live->label = NULL;
}

static void on_run_lock_wait(struct live *live, const Event *event)
{
    if (live->label == NULL) {
        live_say(live, COLOUR_YELLOW, "waiting  ", event->message);
    }
    set_now(live, COLOUR_YELLOW, "waiting  ", "another run is going on", "");
    live->since = event_time(event, event->duration_ms);
    live->is_said = true;
}

static void begin_running(struct live *live, const Event *event)
{
    set_now(live, COLOUR_NONE, "running  ", numbered_place(live, event), "");
    live->since = event_time(event, 0);
    live->is_said = false;
    live->blockers = NULL;
    live->phase = NULL;
}

static void on_migration_started(struct live *live, const Event *event)
{
    /* A batch that waits for a lock starts again from its first migration at each try. */
    if (event->number > live->number || clock_ms() > live->waits_till) {
        live->number = event->number;
        live->count = event->count;
        begin_running(live, event);
    }
}

static void on_step_started(struct live *live, const Event *event)
{
    begin_running(live, event);
}

static void on_step_done(struct live *live, const Event *event)
{
    if (!live->is_terminal && event->steps > 1) {
        live_say(live, COLOUR_NONE, "done     ",
                 arena_printf(live->now, "%s (%s)", place(live->now, event),
                              output_duration(live->now, event->duration_ms)));
    }
    live->label = NULL;
}

/* A migration in a batch has no steps: it is applied when all are, and the result says so. */
static void on_migration_done(struct live *live, const Event *event)
{
    if (event->steps > 0 && event->_migration_case != 0) {
        live_clear(live);
        result_print_applied(live->now, event->migration, event->duration_ms, 0);
        fflush(stdout);
        live->told = arena_grow(live->arena, live->told, live->told_count, &live->told_capacity, sizeof *live->told);
        live->told[live->told_count++] = arena_strdup(live->arena, event->migration);
    }
    live->label = NULL;
}

static void on_note(struct live *live, const Event *event)
{
    const char *const name = place(live->now, event);
    live_say(live, COLOUR_YELLOW, "note     ",
             arena_printf(live->now, "%s%s%s", name, name[0] == '\0' ? "" : ": ", event->message));
}

/* The output of a framework's tool is printed unchanged. */
static void on_output(struct live *live, const Event *event)
{
    live_say(live, COLOUR_DIM, "output   ", event->message);
}

static void on_notice(struct live *live, const Event *event)
{
    const Truss__Migration__V1__Notice *const notice = event->notice;
    const bool is_warning = notice != NULL && strcmp(notice->severity, "WARNING") == 0;
    const char *const name = place(live->now, event);
    live_say(live, is_warning ? COLOUR_YELLOW : COLOUR_DIM, is_warning ? "warning  " : "server   ",
             arena_printf(live->now, "%s%s%s", name, name[0] == '\0' ? "" : ": ",
                          is_warning ? notice->message : event->message));
    if (notice != NULL && notice->_detail_case != 0) {
        live_say(live, COLOUR_DIM, "         ", notice->detail);
    }
    if (notice != NULL && notice->_hint_case != 0) {
        live_say(live, COLOUR_DIM, "         ", arena_printf(live->now, "hint: %s", notice->hint));
    }
}

/* ---- locks ---- */

static const char *blocker_text(struct arena *arena, const Truss__Migration__V1__Blocker *blocker)
{
    struct buffer text = {.arena = arena};
    const struct text query = text_of(blocker->query);
    const size_t shown = text_byte_of_character(query, QUERY_SHOWN + 1);
    buffer_printf(&text, "pid %u (", blocker->pid);
    if (blocker->application[0] != '\0') {
        buffer_printf(&text, "%s, ", blocker->application);
    }
    buffer_printf(&text, "user %s), %s, in its transaction for %s: %.*s%s", blocker->user, blocker->state,
                  output_duration(arena, blocker->transaction_ms), (int)shown, query.data,
                  shown < query.size ? "…" : "");
    return buffer_string(&text);
}

static const char *pids_text(struct arena *arena, const Event *event)
{
    struct buffer text = {.arena = arena};
    for (size_t i = 0; i < event->n_blockers; i++) {
        buffer_printf(&text, "%spid %u", i == 0 ? "" : ", ", event->blockers[i]->pid);
        if (event->blockers[i]->application[0] != '\0') {
            buffer_printf(&text, " (%s)", event->blockers[i]->application);
        }
    }
    return buffer_string(&text);
}

/* Prints a line for each of them, once; while others keep blocking, only every few seconds. */
static void name_blockers(struct live *live, const Event *event, const char *pids)
{
    const bool is_first = live->blockers == NULL;
    if (!is_first && (strcmp(live->blockers, pids) == 0 || clock_ms() - live->named_at < NAME_EACH_MS)) {
        return;
    }
    for (size_t i = 0; i < event->n_blockers; i++) {
        const char *const who = blocker_text(live->now, event->blockers[i]);
        live_say(live, COLOUR_YELLOW, "waiting  ", arena_printf(live->now, "%s: %s", place(live->now, event), who));
    }
    live->blockers = arena_strdup(live->arena, pids);
    live->named_at = clock_ms();
}

static void on_lock_wait(struct live *live, const Event *event)
{
    const char *const pids = pids_text(live->now, event);
    if (event->duration_ms >= SHORT_WAIT_MS && event->n_blockers > 0) {
        name_blockers(live, event, pids);
    }
    set_now(live, COLOUR_YELLOW, "waiting  ", numbered_place(live, event),
            event->n_blockers == 0 ? "for a lock"
                                   : arena_printf(live->now, "for a lock of %s, try %u", pids, event->attempt));
    live->since = event_time(event, event->duration_ms);
    live->waits_till = clock_ms() + STALE_MS;
    live->is_said = true;
}

/* ---- progress ---- */

static const char *bar(struct arena *arena, double percent)
{
    static const char full[] = "########################";
    const double part = percent < 0 ? 0 : percent > 100 ? 1 : percent / 100;
    return arena_printf(arena, "[%-*.*s] %3.0f %%", BAR_WIDTH, (int)(part * BAR_WIDTH), full, part * 100);
}

static void say_progress(struct live *live, const Event *event, const char *phase, double percent)
{
    const bool is_new = live->phase == NULL || strcmp(live->phase, phase) != 0;
    if (is_new || percent >= live->percent + PERCENT_EACH) {
        live_say(live, COLOUR_NONE, "progress ",
                 arena_printf(live->now, "%s: %s", place(live->now, event), event->message));
        live->phase = is_new ? arena_strdup(live->arena, phase) : live->phase;
        live->percent = percent;
    }
}

static void on_progress(struct live *live, const Event *event)
{
    if (event->progress == NULL) {
        return;
    }
    const char *const phase = event->progress->phase;
    const double percent = event->progress->percent;
    if (!live->is_terminal) {
        say_progress(live, event, phase, percent);
    }
    set_now(live, COLOUR_NONE, "running  ", numbered_place(live, event),
            event->progress->total > 0 ? arena_printf(live->now, "%s %s", bar(live->now, percent), phase) : phase);
    live->since = event_time(event, event->duration_ms);
    live->is_said = true;
}

/* ---- all events ---- */

static void (*const on_event[])(struct live *live, const Event *event) = {
    [TRUSS__MIGRATION__V1__EVENT_KIND__EVENT_KIND_RUN_STARTED] = on_run_started,
    [TRUSS__MIGRATION__V1__EVENT_KIND__EVENT_KIND_RUN_LOCK_WAIT] = on_run_lock_wait,
    [TRUSS__MIGRATION__V1__EVENT_KIND__EVENT_KIND_MIGRATION_STARTED] = on_migration_started,
    [TRUSS__MIGRATION__V1__EVENT_KIND__EVENT_KIND_STEP_STARTED] = on_step_started,
    [TRUSS__MIGRATION__V1__EVENT_KIND__EVENT_KIND_LOCK_WAIT] = on_lock_wait,
    [TRUSS__MIGRATION__V1__EVENT_KIND__EVENT_KIND_PROGRESS] = on_progress,
    [TRUSS__MIGRATION__V1__EVENT_KIND__EVENT_KIND_STEP_DONE] = on_step_done,
    [TRUSS__MIGRATION__V1__EVENT_KIND__EVENT_KIND_MIGRATION_DONE] = on_migration_done,
    [TRUSS__MIGRATION__V1__EVENT_KIND__EVENT_KIND_NOTE] = on_note,
    [TRUSS__MIGRATION__V1__EVENT_KIND__EVENT_KIND_OUTPUT] = on_output,
    [TRUSS__MIGRATION__V1__EVENT_KIND__EVENT_KIND_NOTICE] = on_notice,
};

void live_event(struct live *live, const Event *event)
{
    const size_t kind = (size_t)event->kind;
    if (kind < sizeof on_event / sizeof on_event[0] && on_event[kind] != NULL) {
        on_event[kind](live, event);
    }
}

void live_tick(struct live *live)
{
    if (live->label == NULL) {
        live_clear(live);
        return;
    }
    if (live->waits_till != 0 && clock_ms() > live->waits_till) {
        set_now(live, COLOUR_NONE, "running  ", live->what, "");
    }
    if (live->is_terminal) {
        draw(live);
    } else if (!live->is_said && clock_wall_us() - live->since > SLOW_US) {
        live_say(live, COLOUR_NONE, live->label, live->what);
        live->is_said = true;
    }
}
