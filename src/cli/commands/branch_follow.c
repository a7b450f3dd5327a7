/*
 * Uses short long polls, as watch.c does for a run, so that Ctrl-C is noticed soon.
 */
#include "cli/commands/branch_follow.h"

#include "base/clock.h"
#include "cli/commands/watch.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"
#include "cli/reach/worker.h"
#include "rpc/status_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_MS   500
#define ANSWER_MS 30000 /* while a database is copied nobody can connect to it, so the worker too may have to wait */

typedef Truss__Branch__V1__WaitBranchResponse Reply;

struct following {
    struct cli *cli;
    const char *id;
    bool owns;
    bool wants_cancel;
    uint32_t last_event;
    uint32_t pause_ms;
    int64_t deadline;
    int64_t lost_at; /* clock_ms() since when the worker cannot be reached; 0: it can be reached */
};

static const void *ask(struct following *following, struct arena *arena, const char *method,
                       const ProtobufCMessage *request)
{
    struct cli *const cli = following->cli;
    const struct caller caller = {
        .channel = worker_channel(cli),
        .options = {.timeout_ms = POLL_MS + ANSWER_MS},
        .arena = arena,
        .status = cli->status,
    };
    return caller.channel == NULL ? NULL : call_service(&caller, BRANCH, method, request);
}

static const Reply *poll_news(struct following *following, struct arena *arena, uint32_t wait_ms)
{
    Truss__Branch__V1__WaitBranchRequest request = TRUSS__BRANCH__V1__WAIT_BRANCH_REQUEST__INIT;
    request.id = arena_strdup(arena, following->id);
    request.after_event = following->last_event;
    request.wait_ms = wait_ms;
    return ask(following, arena, "WaitBranch", &request.base);
}

static void show(struct following *following, const Reply *reply)
{
    for (size_t i = 0; i < reply->n_events; i++) {
        following->last_event = reply->events[i]->id;
        if (!following->cli->given.json) {
            fprintf(stderr, "%s\n", output_safe(following->cli->arena, reply->events[i]->message, false));
        }
    }
}

/* Returns true if the worker may be reachable again in a moment. */
static bool may_come_back(struct following *following)
{
    struct status *const status = following->cli->status;
    following->lost_at = following->lost_at == 0 ? clock_ms() : following->lost_at;
    if (!watch_is_passing(status) || clock_ms() - following->lost_at >= WATCH_PATIENCE_MS) {
        return false;
    }
    *status = (struct status){.arena = status->arena};
    following->pause_ms = POLL_MS;
    return true;
}

/* Asks once. Returns true when there is no more to wait for: the work has ended, or the worker cannot be asked (then
 * the status says why). */
static bool look(struct following *following)
{
    struct arena *const arena = arena_new(0);
    const int64_t began = clock_ms();
    const Reply *const reply = poll_news(following, arena, POLL_MS);
    bool is_over = reply == NULL ? !may_come_back(following) : reply->done;
    if (reply != NULL) {
        show(following, reply);
        following->lost_at = 0;
        /* An answer that comes early and has no news means that the worker is stopping. */
        following->pause_ms = reply->n_events == 0 && clock_ms() - began < POLL_MS / 2 ? POLL_MS / 2 : 0;
    }
    arena_free(arena);
    return is_over;
}

static void cancel(struct following *following)
{
    struct arena *const arena = arena_new(0);
    Truss__Branch__V1__CancelBranchRequest request = TRUSS__BRANCH__V1__CANCEL_BRANCH_REQUEST__INIT;
    request.id = arena_strdup(arena, following->id);
    fprintf(stderr, worker_is_private(following->cli)
                        ? "It has been told to end; waiting until it has.\n"
                        : "It has been told to end; Ctrl-C again stops waiting for that.\n");
    if (ask(following, arena, "CancelBranch", &request.base) == NULL) {
        *following->cli->status = (struct status){.arena = following->cli->arena}; /* it may have ended by now */
    }
    following->wants_cancel = true;
    arena_free(arena);
}

/* A worker of this command's own ends with it, and the work, too. */
static void leave(struct following *following)
{
    if (worker_is_private(following->cli)) {
        status_fail(following->cli->status, STATUS_CANCELLED,
                    "It was not ready, and ends with this command, whose own worker does the work.");
    } else {
        status_fail(following->cli->status, STATUS_CANCELLED, "It goes on; follow it with: truss branch wait %s",
                    following->id);
    }
}

/* Follows until the end; returns false if the user leaves it running. */
static bool follow(struct following *following)
{
    while (!look(following)) {
        const bool interrupted = watch_is_interrupted(following->pause_ms);
        const bool can_leave = !following->owns || following->wants_cancel;
        if (deadline_passed(following->deadline) || (interrupted && can_leave)) {
            leave(following);
            return false;
        }
        if (interrupted) {
            cancel(following);
        }
    }
    return following->cli->status->code == STATUS_OK;
}

const Truss__Branch__V1__Branch *branch_follow(struct cli *cli, const char *id, bool owns)
{
    struct following following = {.cli = cli, .id = id, .owns = owns, .deadline = deadline_in(cli->given.timeout)};
    const bool is_done = follow(&following);
    const Reply *const reply = is_done ? poll_news(&following, cli->arena, 0) : NULL;
    watch_let_interrupts();
    if (reply == NULL) {
        return NULL;
    }
    if (reply->error != NULL) {
        status_read(reply->error, cli->status);
        return NULL;
    }
    if (reply->branch != NULL && strcmp(reply->branch->status, "failed") == 0) {
        status_fail(cli->status, STATUS_FAILED_PRECONDITION, "%s", reply->branch->last_error);
        return NULL;
    }
    return reply->branch;
}
