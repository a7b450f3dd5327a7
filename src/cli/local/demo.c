/*
 * truss demo: truss dev with a sample project in a private database that is made new each time. What it shows is
 * produced as in real use: by calls to the worker, and by a session of another user that holds a lock.
 */
#include "base/files.h"
#include "cli/local/demo_project.h"
#include "cli/local/dev.h"
#include "cli/local/postgres.h"
#include "cli/reach/call.h"
#include "cli/reach/child.h"
#include "truss/branch/v1/branch.pb-c.h"
#include "truss/sql/v1/sql.pb-c.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CALL_MS 120000

/* The session that blocks. It waits for a file before it opens its transaction, because it must not be connected to the
 * project's data while branches are made; then it reads a table and stays. */
#define GO "held"
static const char holder[] =
    "rm -f \"$TRUSS_DEMO_STATE/" GO "\"; while [ ! -e \"$TRUSS_DEMO_STATE/" GO "\" ]; do sleep 0.1; done; "
    "PGAPPNAME=nightly-report exec psql -XqAt \"$TRUSS_DEMO_URL\" -c BEGIN "
    "-c 'SELECT count(*) FROM orders WHERE quantity > 1' -c 'SELECT pg_sleep(86400)' >/dev/null 2>&1";

static const char is_held[] = "SELECT 1 FROM pg_stat_activity a JOIN pg_locks l USING (pid) WHERE a.application_name = "
                              "'nightly-report' AND l.relation = to_regclass('orders')";

/* ---- the project ---- */

static const char *folder_of(struct arena *arena, const char *project, const char *name)
{
    return arena_printf(arena, "%s/prisma/migrations/%s", project, name);
}

static bool put(struct cli *cli, const char *project, const char *name, const char *sql)
{
    const char *const folder = folder_of(cli->arena, project, name);
    const char *const file = path_join(cli->arena, folder, "migration.sql");
    unlink(file);
    return directory_make(cli->arena, folder, cli->status) && file_create(file, text_of(sql), cli->status);
}

static void take_away(struct cli *cli, const char *project, const char *name)
{
    const char *const folder = folder_of(cli->arena, project, name);
    unlink(path_join(cli->arena, folder, "migration.sql"));
    rmdir(folder);
}

/* Writes the files of the first part, or the files that are added later. */
static bool put_all(struct cli *cli, const char *project, bool later)
{
    bool ok = true;
    for (const struct demo_file *file = demo_files; ok && file->name != NULL; file++) {
        ok = (file->time == DEMO_LATER) != later || put(cli, project, file->name, file->sql);
    }
    return ok;
}

static const char *project_of(struct cli *cli)
{
    return path_join(cli->arena, postgres_state_home(cli->arena), "demo/shop");
}

/* Commits the files as they were run, so that a later difference can be shown. Without git there is no history, and the
 * console says so. */
static bool commit(const char *project, struct status *status)
{
    static const char script[] =
        "command -v git >/dev/null || exit 0; unset $(git rev-parse --local-env-vars); cd \"$1\" && rm -rf .git && "
        "git init -q --template= . && git add -A . && git -c user.name=demo -c user.email=demo@example.org "
        "-c commit.gpgsign=false -c core.hooksPath=/dev/null commit -qm 'The shop as it was first deployed' >&2";
    const char *const words[] = {"/bin/sh", "-c", script, "sh", project, NULL};
    const pid_t pid =
        process_start(&(struct process_spec){.argv = words, .end_signal = SIGTERM, .output = -1, .error = -1}, status);
    if (pid > 0 && !process_wait(pid)) {
        fprintf(stderr,
                "demo: git could not commit the files, so that an edited migration has nothing to be compared with.\n");
    }
    return pid > 0;
}

static bool write_project(struct cli *cli, const char *project)
{
    static const char schema[] =
        "datasource db {\n  provider = \"postgresql\"\n  url      = env(\"DATABASE_URL\")\n}\n";
    const char *const prisma = path_join(cli->arena, project, "prisma");
    directory_remove(prisma);
    return put_all(cli, project, false) &&
           file_create(path_join(cli->arena, prisma, "schema.prisma"), text_of(schema), cli->status) &&
           commit(project, cli->status);
}

/* ---- what there is to see ---- */

static const void *ask(struct cli *cli, struct rpc_channel *channel, const ProtobufCServiceDescriptor *service,
                       const char *method, const void *request)
{
    const struct caller caller = {
        .channel = channel, .options = {.timeout_ms = CALL_MS}, .arena = cli->arena, .status = cli->status};
    return call_service(&caller, service, method, request);
}

/* Runs one migration, or all of them if name is NULL. The result does not matter here; the console shows it. */
static bool run(struct cli *cli, struct rpc_channel *channel, const char *method, const char *name)
{
    Truss__Migration__V1__RunRequest request = TRUSS__MIGRATION__V1__RUN_REQUEST__INIT;
    char *names[] = {arena_strdup(cli->arena, name == NULL ? "" : name)};
    request.n_migrations = name == NULL ? 0 : 1;
    request.migrations = names;
    return ask(cli, channel, MIGRATION, method, &request) != NULL;
}

static bool make_branch(struct cli *cli, struct rpc_channel *channel, const char *label, uint32_t hours)
{
    Truss__Branch__V1__CreateBranchRequest request = TRUSS__BRANCH__V1__CREATE_BRANCH_REQUEST__INIT;
    request.label = arena_strdup(cli->arena, label);
    request.on_busy = arena_strdup(cli->arena, "dump");
    request.ttl_hours = hours;
    return ask(cli, channel, &truss__branch__v1__branch_service__descriptor, "CreateBranch", &request) != NULL;
}

/* Does the other session hold its lock? Waits for it at most ten seconds: without psql there is no such session, and
 * nothing is blocked. */
static bool wait_held(struct cli *cli, struct rpc_channel *channel)
{
    const struct timespec tick = {.tv_nsec = 100000000};
    Truss__Sql__V1__QueryRequest request = TRUSS__SQL__V1__QUERY_REQUEST__INIT;
    request.sql = arena_strdup(cli->arena, is_held);
    for (int i = 0; i < 100; i++) {
        const Truss__Sql__V1__QueryResponse *const reply =
            ask(cli, channel, &truss__sql__v1__sql_service__descriptor, "Query", &request);
        if (reply == NULL || reply->row_count > 0) {
            return reply != NULL;
        }
        nanosleep(&tick, NULL);
    }
    fprintf(stderr, "demo: psql is not there, so that no run is blocked.\n");
    return true;
}

static bool change_files(struct cli *cli)
{
    const char *const project = project_of(cli);
    for (const struct demo_file *file = demo_files; file->name != NULL; file++) {
        if (file->time == DEMO_GONE) {
            take_away(cli, project, file->name);
        }
    }
    return put(cli, project, demo_changed_name, demo_changed_sql) && put_all(cli, project, true);
}

static bool prepare(struct cli *cli, const struct dev_place *place)
{
    struct rpc_channel *const channel = rpc_channel_open(place->worker, cli->status);
    const bool ok = channel != NULL && run(cli, channel, "Run", NULL) && change_files(cli) &&
                    run(cli, channel, "Run", demo_failing) && make_branch(cli, channel, "checkout-redesign", 72) &&
                    make_branch(cli, channel, "load-test", 0) &&
                    file_create(path_join(cli->arena, place->state, GO), text_of(""), cli->status) &&
                    wait_held(cli, channel) && run(cli, channel, "StartRun", demo_blocked);
    rpc_channel_close(channel);
    return ok;
}

int command_demo(struct cli *cli)
{
    static const char *const helper[] = {"/bin/sh", "-c", holder, NULL};
    static const struct dev_guest guest = {
        .write = write_project,
        .helper = helper,
        .prepare = prepare,
        .words =
            "\nA shop with migrations in every state, two branches, and a run that waits for the lock of a session "
            "that is\ncalled nightly-report. The next `truss demo` throws all of it away and makes it again.\n",
    };
    const char *const project = project_of(cli);
    return directory_make(cli->arena, project, cli->status) ? dev_serve(cli, project, &guest) : EXIT_ERROR;
}
