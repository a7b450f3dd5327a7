/*
 * truss operations and truss cancel: runs in the background or ended, and their events.
 */
#include "base/clock.h"
#include "cli/commands/watch.h"
#include "cli/print/head.h"
#include "cli/print/output.h"
#include "cli/print/run_result.h"
#include "cli/reach/call.h"
#include "cli/reach/worker.h"
#include "rpc/time_message.h"

#include <stdio.h>
#include <string.h>

#define LISTED 50

typedef Truss__Migration__V1__Event Event;
typedef Truss__Migration__V1__Operation Operation;
typedef Truss__Migration__V1__WaitOperationResponse Reply;

static const struct {
    const char *word;
    enum colour colour;
} states[] = {
    [TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_UNSPECIFIED] = {"?", COLOUR_NONE},
    [TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_RUNNING] = {"running", COLOUR_BOLD},
    [TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_SUCCEEDED] = {"succeeded", COLOUR_GREEN},
    [TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_FAILED] = {"failed", COLOUR_RED},
    [TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_CANCELLED] = {"cancelled", COLOUR_YELLOW},
    [TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_LOST] = {"lost", COLOUR_MAGENTA},
    {"refused", COLOUR_YELLOW},
};

#define STATE_REFUSED (sizeof states / sizeof states[0] - 1)

static size_t state_of(const Operation *operation)
{
    if (operation->refused) {
        return STATE_REFUSED;
    }
    return operation->state < STATE_REFUSED ? (size_t)operation->state : 0;
}

static const char *took(struct arena *arena, const Operation *operation)
{
    const int64_t from = message_time_us(operation->started_at);
    const int64_t to = operation->done ? message_time_us(operation->finished_at) : clock_wall_us();
    return from == NO_TIME || to < from ? NULL : output_duration(arena, (uint32_t)((to - from) / 1000));
}

/* ---- the list ---- */

/* Marks are always listed, where a run is: what is listed is not all that has run. */
static void tell_what_is_kept(const struct cli *cli)
{
    if (worker_is_private(cli)) {
        printf(
            "This command asked the database, not a worker. The database has the runs of a worker that keeps running, "
            "and those that\nsomebody watched (run --progress, or on a terminal), so other runs are missing here; "
            "truss "
            "status shows what is applied.\n");
    }
}

static int list(struct cli *cli)
{
    static const char *const heads[] = {"ID", "STATE", "STARTED (UTC)", "TOOK", "SUMMARY"};
    Truss__Migration__V1__ListOperationsRequest request = TRUSS__MIGRATION__V1__LIST_OPERATIONS_REQUEST__INIT;
    request.limit = LISTED;
    const Truss__Migration__V1__ListOperationsResponse *const reply =
        call(cli, MIGRATION, "ListOperations", &request.base, READ_SECONDS);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    if (print_json(cli, &reply->base)) {
        return EXIT_FINE;
    }
    head_print(cli, reply->target);
    if (reply->n_operations == 0) {
        printf("There are no operations.\n");
        tell_what_is_kept(cli);
        return EXIT_FINE;
    }
    struct table table = table_with_heads(cli->arena, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < reply->n_operations; i++) {
        const Operation *const operation = reply->operations[i];
        table_add(&table, COLOUR_NONE, operation->id);
        table_add(&table, states[state_of(operation)].colour, states[state_of(operation)].word);
        table_add(&table, COLOUR_NONE, output_moment(cli->arena, operation->started_at));
        table_add(&table, COLOUR_NONE, took(cli->arena, operation));
        table_add(&table, COLOUR_NONE, operation->summary);
    }
    table_print(&table);
    if (reply->n_operations == LISTED) {
        printf("No more than the newest %d are listed.\n", LISTED);
    }
    tell_what_is_kept(cli);
    return EXIT_FINE;
}

/* ---- one operation ---- */

/* Gets the operation and all of its events, with as many calls as that takes. */
static const Reply *get_all(struct cli *cli, struct rpc_channel *channel, uint32_t timeout_ms)
{
    const struct caller caller = {
        .channel = channel,
        .options = {.timeout_ms = timeout_ms},
        .arena = cli->arena,
        .status = cli->status,
    };
    Reply *const all = arena_alloc(cli->arena, sizeof *all);
    size_t capacity = 0;
    *all = (Reply)TRUSS__MIGRATION__V1__WAIT_OPERATION_RESPONSE__INIT;
    for (;;) {
        Truss__Migration__V1__WaitOperationRequest request = TRUSS__MIGRATION__V1__WAIT_OPERATION_REQUEST__INIT;
        request.id = cli->words[0];
        const uint32_t known = all->n_events == 0 ? 0 : all->events[all->n_events - 1]->id;
        request.after_event = known;
        const Reply *const reply = call_on(&caller, "WaitOperation", &request.base);
        if (reply == NULL) {
            return NULL;
        }
        all->operation = reply->operation;
        for (size_t i = 0; i < reply->n_events; i++) {
            all->events = arena_grow(cli->arena, all->events, all->n_events, &capacity, sizeof(Event *));
            all->events[all->n_events++] = reply->events[i];
        }
        if (reply->n_events == 0 || all->events[all->n_events - 1]->id <= known) {
            return all;
        }
    }
}

static bool is_wait(const Event *event)
{
    return event->kind == TRUSS__MIGRATION__V1__EVENT_KIND__EVENT_KIND_LOCK_WAIT ||
           event->kind == TRUSS__MIGRATION__V1__EVENT_KIND__EVENT_KIND_RUN_LOCK_WAIT;
}

/* Waits and progress are reported many times: the last event of each is enough. */
static bool is_repeated(const Event *event, const Event *next)
{
    const bool same_phase =
        event->progress != NULL && next->progress != NULL && strcmp(event->progress->phase, next->progress->phase) == 0;
    return event->kind == next->kind && event->step == next->step && (is_wait(event) || same_phase);
}

static const char *message_of(struct arena *arena, const Event *event)
{
    const Truss__Migration__V1__Notice *const notice = event->notice;
    const bool has_detail = notice != NULL && notice->_detail_case != 0;
    const bool has_hint = notice != NULL && notice->_hint_case != 0;
    return arena_printf(arena, "%s%s%s%s%s", event->message, has_detail ? " DETAIL: " : "",
                        has_detail ? notice->detail : "", has_hint ? " HINT: " : "", has_hint ? notice->hint : "");
}

static void print_one(struct cli *cli, const Reply *reply)
{
    const Operation *const operation = reply->operation;
    head_print(cli, operation->target);
    struct arena *const arena = cli->arena;
    struct table table = table_new(arena, 3);
    for (size_t i = 0; i < reply->n_events; i++) {
        const Event *const event = reply->events[i];
        const bool is_failure = event->kind == TRUSS__MIGRATION__V1__EVENT_KIND__EVENT_KIND_FAILED;
        const char *const when = output_moment(arena, event->at);
        if (i + 1 < reply->n_events && is_repeated(event, reply->events[i + 1])) {
            continue;
        }
        table_add(&table, COLOUR_DIM,
                  when == NULL ? NULL : arena_strndup(arena, when + strlen("2026-11-23 "), strlen("10:34:00")));
        table_add(&table, COLOUR_NONE, event->_migration_case == 0 ? "" : event->migration);
        table_add(&table,
                  is_failure       ? COLOUR_RED
                  : is_wait(event) ? COLOUR_YELLOW
                                   : COLOUR_NONE,
                  message_of(arena, event));
    }
    output_put(states[state_of(operation)].colour, states[state_of(operation)].word);
    const char *const started = output_moment(arena, operation->started_at);
    const char *const duration = took(arena, operation);
    printf(", began at %s, %s\n", started == NULL ? "?" : started, duration == NULL ? "?" : duration);
    table_print(&table);
}

static int show(struct cli *cli, struct rpc_channel *channel, uint32_t timeout_ms)
{
    const Reply *const reply = get_all(cli, channel, timeout_ms);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    if (!print_json(cli, &reply->base)) {
        print_one(cli, reply);
    }
    return EXIT_FINE;
}

static int show_or_follow(struct cli *cli)
{
    const bool follows = cli->given.follow;
    const uint32_t timeout_ms = call_timeout(cli, follows ? 0 : READ_SECONDS);
    if (follows) {
        watch_hold_interrupts();
    }
    struct rpc_channel *const channel = worker_channel(cli);
    if (channel == NULL) {
        return EXIT_ERROR;
    }
    return follows ? watch_operation(cli, channel, cli->words[0], false, timeout_ms) : show(cli, channel, timeout_ms);
}

int command_operations(struct cli *cli)
{
    if (cli->word_count > 0) {
        return show_or_follow(cli);
    }
    if (cli->given.follow) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT,
                    "--follow needs the operation's ID; `truss operations` lists them.");
        return EXIT_ERROR;
    }
    return list(cli);
}

/* ---- cancel ---- */

int command_cancel(struct cli *cli)
{
    Truss__Migration__V1__CancelOperationRequest request = TRUSS__MIGRATION__V1__CANCEL_OPERATION_REQUEST__INIT;
    request.id = cli->words[0];
    const Operation *const operation = call(cli, MIGRATION, "CancelOperation", &request.base, READ_SECONDS);
    if (operation == NULL) {
        return EXIT_ERROR;
    }
    if (!operation->done) {
        status_fail(cli->status, STATUS_DEADLINE_EXCEEDED,
                    "It has been asked to end and has not ended yet; see: truss operations %s --follow", operation->id);
        return EXIT_ERROR;
    }
    if (!print_json(cli, &operation->base)) {
        head_print(cli, operation->target);
        output_put(states[state_of(operation)].colour, states[state_of(operation)].word);
        printf(": %s\n", output_safe(cli->arena, operation->summary, false));
        if (operation->state != TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_CANCELLED) {
            printf("Nothing was cancelled: it has ended by itself.\n");
        }
    }
    return EXIT_FINE;
}
