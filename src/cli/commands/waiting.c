/*
 * truss watch and truss wait: for people and programs that did not start the run themselves.
 */
#include "base/clock.h"
#include "base/words.h"
#include "cli/commands/watch.h"
#include "cli/print/head.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"
#include "cli/reach/worker.h"
#include "rpc/json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_MS      1000
#define WAIT_SECONDS 300

typedef Truss__Migration__V1__Operation Operation;

static void pause_ms(long ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* ---- watch ---- */

/* Finds the run that is at work, at some migration. If none has begun yet, it is the oldest: the others wait for it.
 * *known is false if the worker cannot be asked. */
static const Operation *find_running(struct cli *cli, struct rpc_channel *channel, bool *known)
{
    const struct caller caller = {
        .channel = channel,
        .options = {.timeout_ms = READ_SECONDS * 1000},
        .arena = cli->arena,
        .status = cli->status,
    };
    Truss__Migration__V1__ListOperationsRequest request = TRUSS__MIGRATION__V1__LIST_OPERATIONS_REQUEST__INIT;
    const Truss__Migration__V1__ListOperationsResponse *const reply = call_on(&caller, "ListOperations", &request.base);
    *known = reply != NULL;
    const Operation *running = NULL;
    for (size_t i = 0; reply != NULL && i < reply->n_operations; i++) { /* the newest first */
        const Operation *const operation = reply->operations[i];
        if (!operation->done && (running == NULL || running->_migration_case == 0)) {
            running = operation;
        }
    }
    return running;
}

static int watch_next(struct cli *cli, struct rpc_channel *channel)
{
    for (bool said = false;;) {
        struct arena *const kept = cli->arena;
        bool known;
        cli->arena = arena_new(0); /* this may go on for days */
        const Operation *const running = find_running(cli, channel, &known);
        const char *const id = running == NULL ? NULL : arena_strdup(kept, running->id);
        arena_free(cli->arena);
        cli->arena = kept;
        if (!known) {
            return EXIT_ERROR;
        }
        if (id != NULL) {
            watch_hold_interrupts();
            return watch_operation(cli, channel, id, false, 0);
        }
        if (!said) {
            fprintf(stderr, "Nothing is running; waiting for the next run (Ctrl-C ends this).\n");
            said = true;
        }
        pause_ms(LOOK_MS);
    }
}

int command_watch(struct cli *cli)
{
    struct rpc_channel *const channel = worker_channel(cli);
    return channel == NULL ? EXIT_ERROR : watch_next(cli, channel);
}

/* ---- wait ---- */

/* Says in one sentence what keeps the application from starting; NULL: nothing does. *unknown: it is not known which
 * migrations are applied. */
static const char *obstacle(struct cli *cli, bool is_first, bool *unknown)
{
    struct status status = {.arena = cli->arena};
    struct cli asking = *cli;
    Truss__Migration__V1__GetStatusRequest request = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
    asking.status = &status;
    asking.given.timeout = 0;
    request.framework = framework_of(cli);
    const Truss__Migration__V1__GetStatusResponse *const reply =
        call(&asking, MIGRATION, "GetStatus", &request.base, READ_SECONDS);
    if (reply != NULL && !cli->given.json) {
        head_print(cli, reply->target);
        fflush(stdout);
    }
    const char *const problem = reply != NULL && reply->_problem_case != 0 ? reply->problem : "";
    for (size_t i = 0; reply != NULL && is_first && i < reply->n_warnings; i++) {
        if (strcmp(reply->warnings[i], problem) == 0) {
            continue; /* this command waits for exactly that, and says so elsewhere */
        }
        output_tell(cli->arena, "warning", reply->warnings[i], false);
    }
    *unknown = reply == NULL || reply->_problem_case != 0;
    if (*unknown) {
        return reply == NULL ? status.message : reply->problem;
    }
    const uint32_t pending = reply->summary == NULL ? 0 : reply->summary->pending;
    return pending == 0 ? NULL : words_counted(cli->arena, pending, "migration is pending", "migrations are pending");
}

static void say_obstacle(struct cli *cli, const char *obstacle)
{
    struct buffer json = {.arena = cli->arena};
    if (cli->given.json) {
        json_write_string(&json, text_of(obstacle));
        printf("{\"applied\":false,\"obstacle\":%s}\n", buffer_string(&json));
    }
}

int command_wait(struct cli *cli)
{
    struct arena *const kept = cli->arena;
    const int64_t until = deadline_in(call_timeout(cli, WAIT_SECONDS));
    const char *said = "";
    for (bool is_first = true;; is_first = false) {
        cli->arena = arena_new(0);
        bool unknown;
        const char *const why = obstacle(cli, is_first, &unknown);
        const bool is_news = why != NULL && strcmp(why, said) != 0;
        said = is_news ? arena_strdup(kept, why) : said;
        arena_free(cli->arena);
        cli->arena = kept;
        if (why == NULL) {
            printf("%s\n", cli->given.json ? "{\"applied\":true,\"obstacle\":null}" : "Everything is applied.");
            return EXIT_FINE;
        }
        if (is_news) {
            output_tell(kept, "waiting", said, false);
        }
        if (deadline_passed(until)) {
            fprintf(stderr, "truss: gave up: %s\n",
                    unknown ? "what is said above was not mended in time" : output_safe(kept, said, false));
            say_obstacle(cli, said);
            return unknown ? EXIT_ERROR : EXIT_PENDING;
        }
        pause_ms(LOOK_MS);
    }
}
