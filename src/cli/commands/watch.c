/*
 * The long polls are short, half a second each, so that Ctrl-C is noticed and the displayed time is right. If the
 * worker cannot be reached for a moment it is asked again; the run goes on meanwhile.
 */
#include "cli/commands/watch.h"

#include "base/clock.h"
#include "cli/print/head.h"
#include "cli/print/live.h"
#include "cli/print/run_result.h"
#include "cli/reach/call.h"
#include "cli/reach/interrupt.h"
#include "cli/reach/worker.h"
#include "rpc/status_message.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS   500
#define ANSWER_MS 2000 /* how long an answer may take beyond that */
#define CANCEL_MS 1000

typedef Truss__Migration__V1__Operation Operation;
typedef Truss__Migration__V1__WaitOperationResponse Reply;

struct watching {
    struct cli *cli;
    struct rpc_channel *channel;
    const char *id;
    bool owns;
    bool wants_cancel;
    bool is_warned; /* the user knows that the next Ctrl-C ends everything */
    struct live live;
    uint32_t last_event;
    uint32_t pause_ms; /* before the next poll */
    int64_t deadline;
    int64_t lost_at; /* clock_ms() since when the worker cannot be reached; 0: it can be reached */
};

bool watch_is_passing(const struct status *status)
{
    return status->code == STATUS_UNAVAILABLE || status->code == STATUS_DEADLINE_EXCEEDED;
}

/* ---- Ctrl-C ---- */

static sigset_t interrupt_set(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    return set;
}

void watch_hold_interrupts(void)
{
    const sigset_t set = interrupt_set();
    sigprocmask(SIG_BLOCK, &set, NULL);
}

void watch_let_interrupts(void)
{
    const sigset_t set = interrupt_set();
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

bool watch_is_interrupted(uint32_t ms)
{
    const sigset_t set = interrupt_set();
    const struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    return sigtimedwait(&set, NULL, &wait) == SIGINT;
}

static void say_cancel(struct watching *watching, enum colour colour, const char *text)
{
    live_say(&watching->live, colour, "cancel   ", text);
}

/* Does not wait for the end, which will be among the events. If the call is not answered in time, it is made again. */
static void ask_to_cancel(struct watching *watching)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    const struct caller caller = {
        .channel = watching->channel, .options = {.timeout_ms = CANCEL_MS}, .arena = arena, .status = &status};
    Truss__Migration__V1__CancelOperationRequest request = TRUSS__MIGRATION__V1__CANCEL_OPERATION_REQUEST__INIT;
    request.id = arena_strdup(arena, watching->id);
    const void *const reply = call_on(&caller, "CancelOperation", &request.base);
    if (reply == NULL && !watch_is_passing(&status)) {
        say_cancel(watching, COLOUR_RED, status.message);
        watching->wants_cancel = false;
    }
    arena_free(arena);
}

/* ---- the end ---- */

static int leave(struct watching *watching)
{
    live_clear(&watching->live);
    status_fail(watching->cli->status, STATUS_CANCELLED,
                "The run goes on; follow it with: truss operations %s --follow", watching->id);
    return EXIT_ERROR;
}

static int finish(struct watching *watching, const Operation *operation)
{
    struct cli *const cli = watching->cli;
    live_clear(&watching->live);
    if (print_json(cli, &operation->base)) {
        /* That already says everything. */
    } else if (operation->error != NULL) {
        status_read(operation->error, cli->status); /* the error of the operation becomes the error of this command */
    } else if (operation->result == NULL) {
        status_fail(cli->status, STATUS_ABORTED, "%s", operation->summary);
    } else {
        result_print(cli, operation->result, watching->live.told, watching->live.told_count);
    }
    return operation->state == TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_SUCCEEDED ? EXIT_FINE
                                                                                                : EXIT_ERROR;
}

/* ---- watching ---- */

/* Returns NULL if it failed for good. If the worker is only unreachable for a moment, returns a reply without an
 * operation. */
static const Reply *poll_events(struct watching *watching, struct arena *arena)
{
    static const Reply nothing = TRUSS__MIGRATION__V1__WAIT_OPERATION_RESPONSE__INIT;
    struct status *const status = watching->cli->status;
    const struct caller caller = {
        .channel = watching->channel,
        .options = {.timeout_ms = POLL_MS + ANSWER_MS},
        .arena = arena,
        .status = status,
    };
    Truss__Migration__V1__WaitOperationRequest request = TRUSS__MIGRATION__V1__WAIT_OPERATION_REQUEST__INIT;
    request.id = arena_strdup(arena, watching->id);
    request.after_event = watching->last_event;
    request.wait_ms = POLL_MS;
    const Reply *const reply = call_on(&caller, "WaitOperation", &request.base);
    if (reply != NULL) {
        watching->lost_at = 0;
        return reply;
    }
    if (!watch_is_passing(status)) {
        return NULL;
    }
    watching->lost_at = watching->lost_at == 0 ? clock_ms() : watching->lost_at;
    if (clock_ms() - watching->lost_at < WATCH_PATIENCE_MS) {
        *status = (struct status){.arena = status->arena};
        return &nothing;
    }
    status->hint =
        arena_printf(status->arena, "The run may go on. When the worker is back: truss operations %s", watching->id);
    return NULL;
}

/* For a program: one event per line, as soon as it arrives. */
static void put_event(const struct cli *cli, const Truss__Migration__V1__Event *event)
{
    if (cli->given.progress || cli->command->run == command_watch) {
        print_json(cli, &event->base);
        fflush(stdout);
    }
}

static void show(struct watching *watching, const Reply *reply)
{
    const bool is_shown = !watching->cli->given.json;
    if (is_shown && reply->operation != NULL) {
        head_print(watching->cli, reply->operation->target);
    }
    for (size_t i = 0; i < reply->n_events; i++) {
        watching->last_event = reply->events[i]->id;
        if (is_shown) {
            live_event(&watching->live, reply->events[i]);
        } else {
            put_event(watching->cli, reply->events[i]);
        }
    }
    if (is_shown && (reply->operation == NULL || !reply->operation->done)) {
        live_tick(&watching->live);
    }
}

/* Returns the exit code of the process; -1: the run goes on. */
static int look(struct watching *watching)
{
    struct arena *const arena = arena_new(0);
    const int64_t began = clock_ms();
    const Reply *const reply = poll_events(watching, arena);
    const Operation *const operation = reply == NULL ? NULL : reply->operation;
    int code = reply == NULL ? EXIT_ERROR : -1;
    if (reply != NULL) {
        show(watching, reply);
        /* An answer that comes early and has no news means that the worker is stopping or gone. */
        watching->pause_ms = reply->n_events == 0 && clock_ms() - began < POLL_MS / 2 ? POLL_MS / 2 : 0;
    }
    if (operation != NULL && operation->done && watching->last_event >= operation->last_event) {
        code = finish(watching, operation);
    } else if (operation != NULL && watching->wants_cancel && !operation->cancel_requested) {
        ask_to_cancel(watching);
    }
    arena_free(arena);
    return code;
}

/* A run that somebody else started goes on without this command; so does one of ours, if its worker keeps running. */
static bool can_leave(const struct watching *watching)
{
    return !watching->owns || (watching->wants_cancel && !worker_is_private(watching->cli));
}

/* Handles Ctrl-C for a run that would end with this command: the first one cancels the run, and tells the user what the
 * next one does. */
static void take_interrupt(struct watching *watching)
{
    const bool is_private = worker_is_private(watching->cli);
    if (watching->is_warned) {
        live_clear(&watching->live);
        worker_kill(watching->cli);
        _exit(EXIT_INTERRUPTED);
    }
    if (watching->wants_cancel) {
        say_cancel(watching, COLOUR_RED, INTERRUPT_LAST);
        watching->is_warned = true;
        return;
    }
    say_cancel(watching, COLOUR_YELLOW,
               is_private ? "Asking the server to end the run, and waiting for its end."
                          : "Asking the worker to end the run; Ctrl-C again leaves it to itself.");
    watching->wants_cancel = true;
}

static int watch(struct watching *watching)
{
    int code = look(watching);
    while (code < 0) {
        const bool interrupted = watch_is_interrupted(watching->pause_ms);
        if (interrupted) {
            live_interrupted(&watching->live);
        }
        if (deadline_passed(watching->deadline) || (interrupted && can_leave(watching))) {
            return leave(watching);
        }
        if (interrupted) {
            take_interrupt(watching);
        }
        code = look(watching);
    }
    return code;
}

int watch_operation(struct cli *cli, struct rpc_channel *channel, const char *id, bool owns, uint32_t timeout_ms)
{
    struct watching watching = {
        .cli = cli,
        .channel = channel,
        .id = id,
        .owns = owns,
        .live = live_new(cli->arena),
        .deadline = deadline_in(timeout_ms),
    };
    const int code = watch(&watching);
    live_clear(&watching.live);
    live_free(&watching.live);
    return code;
}
