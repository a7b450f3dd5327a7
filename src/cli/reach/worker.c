/*
 * Options about project and database are for a private worker: a worker that is named by its address has its own, and
 * they are not sent to it. A contradiction is an error, because a command must not work on another database than the
 * one that was meant.
 */
#include "cli/reach/worker.h"

#include "base/answering.h"
#include "base/clock.h"
#include "base/dotenv.h"
#include "base/files.h"
#include "base/private_file.h"
#include "base/words.h"
#include "cli/reach/private_worker.h"
#include "cli/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_LIMIT   16384 /* a token from a CI pipeline, signed by its issuer, can be long */
#define USUAL_ADDRESS "tcp://127.0.0.1:8788"

struct worker {
    const char *address;
    bool is_named;
    struct rpc_channel *channel;
    struct private_worker own;
};

/* Options that only a private worker takes. */
static const enum option_id of_private[] = {OPTION_project,     OPTION_database_url, OPTION_create_database,
                                            OPTION_ledger,      OPTION_migrations,   OPTION_allow_delegate,
                                            OPTION_environment, OPTION_state_schema, OPTION_allow_outside};

static const char *said_to_private(const struct cli *cli)
{
    for (size_t i = 0; i < sizeof of_private / sizeof of_private[0]; i++) {
        if (cli_is_on_line(cli, of_private[i])) {
            return option_of(of_private[i])->name;
        }
    }
    return NULL;
}

/* A worker that is named has a project and a database of its own. */
static bool check_named(struct cli *cli)
{
    const char *const said = said_to_private(cli);
    if (said == NULL) {
        return true;
    }
    status_fail(
        cli->status, STATUS_INVALID_ARGUMENT,
        "--%s is for a command that does its own work, but %s names the worker %s, which has its own project and "
        "database.",
        said, cli->from[OPTION_worker], cli->given.worker);
    cli->status->hint = cli_is_on_line(cli, OPTION_worker)
                            ? arena_printf(cli->arena, "Leave --worker or --%s out.", said)
                            : arena_printf(cli->arena, "Leave --%s out, or unset %s.", said, cli->from[OPTION_worker]);
    return false;
}

/* The database of a private worker: *url is what must be passed to it; NULL if it finds the URL itself, or has no
 * database. */
static bool find_database(struct cli *cli, bool *found, const char **url)
{
    const char *in_file;
    *url = cli->given.database_url;
    *found = *url != NULL;
    if (*found) {
        return true;
    }
    if (!dotenv_database_url(cli->arena, cli->given.project, &in_file, cli->status)) {
        return false;
    }
    *found = in_file != NULL;
    return true;
}

static bool fail_no_database(struct cli *cli, const char *said)
{
    status_fail(cli->status, STATUS_FAILED_PRECONDITION,
                "--%s is given, but no database: neither --database-url nor DATABASE_URL is set, and there is no "
                "DATABASE_URL in %s/.env.",
                said, cli->given.project);
    cli->status->hint = "For example: truss status --database-url postgresql://USER:PASSWORD@HOST:5432/DATABASE";
    return false;
}

bool worker_find(struct cli *cli)
{
    struct worker *const worker = arena_alloc(cli->arena, sizeof *worker);
    const char *url;
    bool has_database;
    *worker = (struct worker){.own = {.log = -1}};
    cli->worker = worker;
    if (cli->given.worker != NULL) {
        worker->address = cli->given.worker;
        worker->is_named = true;
        return check_named(cli);
    }
    if (!directory_answers(cli->given.project, NO_DEADLINE, cli->status) || !find_database(cli, &has_database, &url)) {
        return false;
    }
    if (has_database) {
        const bool ok = private_worker_start(cli, url, &worker->own);
        worker->address = worker->own.address;
        if (worker->own.created != NULL) {
            fprintf(stderr, "The database \"%s\" was missing and has been made.\n", worker->own.created);
        }
        return ok;
    }
    const char *const said = said_to_private(cli);
    worker->address = USUAL_ADDRESS;
    return said == NULL || fail_no_database(cli, said);
}

/* The value of --token, else the content of --token-file; NULL if neither was given. A file that the command line names
 * wins over the variable TRUSS_TOKEN. Returns false if the file cannot be read. */
static bool read_token(struct cli *cli, const char **token)
{
    struct private_file file;
    *token = cli->given.token;
    const bool is_file_meant =
        *token == NULL || (cli_is_on_line(cli, OPTION_token_file) && !cli_is_on_line(cli, OPTION_token));
    if (cli->given.token_file == NULL || !is_file_meant) {
        return true;
    }
    if (!private_file_read(cli->arena, cli->given.token_file, TOKEN_LIMIT, &file, cli->status)) {
        return false;
    }
    const struct text content = text_trim(file.content);
    *token = arena_strndup(cli->arena, content.data, content.size);
    return true;
}

struct rpc_channel *worker_channel(struct cli *cli)
{
    struct worker *const worker = cli->worker;
    const struct tls_trust tls = {cli->given.tls_ca, cli->given.own_cert, cli->given.own_key};
    struct rpc_access access = {.tls = worker->is_named ? tls : (struct tls_trust){0}};
    if (worker->channel == NULL && read_token(cli, &access.token)) {
        worker->channel = rpc_channel_open_with(worker->address, &access, cli->status);
    }
    return worker->channel;
}

const char *worker_address(const struct cli *cli)
{
    return worker_is_private(cli) ? "this command's own worker" : cli->worker->address;
}

bool worker_is_private(const struct cli *cli)
{
    return cli->worker->own.address != NULL;
}

bool worker_stays(struct cli *cli)
{
    if (!worker_is_private(cli)) {
        return true;
    }
    status_fail(cli->status, STATUS_FAILED_PRECONDITION,
                "--detach needs a worker that stays when this command has ended, and none is named.");
    cli->status->hint =
        "Start one (DATABASE_URL=… truss-worker --project DIR, or truss dev), and name it with --worker or "
        "TRUSS_WORKER. Or leave --detach out.";
    return false;
}

void worker_cancel(const struct cli *cli)
{
    private_worker_cancel(&cli->worker->own);
}

void worker_kill(struct cli *cli)
{
    private_worker_kill(&cli->worker->own);
}

/* The project's file for one environment that has a DATABASE_URL; NULL: none. Which of these counts depends on how the
 * application is started, so none of them is read by itself. */
static const char *other_file(const struct cli *cli)
{
    static const char *const names[] = {".env.local", ".env.development.local", ".env.development",
                                        ".env.production.local", ".env.production"};
    const char *found = NULL;
    for (size_t i = 0; found == NULL && i < sizeof names / sizeof names[0]; i++) {
        struct status unread = {.arena = cli->arena};
        const char *value;
        const char *const path = path_join(cli->arena, cli->given.project, names[i]);
        found = dotenv_read_file(cli->arena, path, "DATABASE_URL", &value, &unread) && value != NULL ? path : NULL;
    }
    return found;
}

/* A variable without a value is what a pipeline passes when its secret is missing. */
static const char *empty_url(const struct cli *cli)
{
    const char *const said = getenv("DATABASE_URL");
    const char *in_file = NULL;
    if (said != NULL && said[0] == '\0') {
        return "DATABASE_URL is set in the environment, but empty. ";
    }
    dotenv_read(cli->arena, cli->given.project, "DATABASE_URL", &in_file, &(struct status){.arena = cli->arena});
    if (in_file != NULL && in_file[0] == '\0') {
        return "DATABASE_URL is empty in the project's .env. ";
    }
    const char *const other = other_file(cli);
    return other == NULL ? ""
                         : arena_printf(cli->arena,
                                        "DATABASE_URL is in %s, and of these files only .env is read by itself: copy "
                                        "it there, or export it (set -a; . %s%s; set +a). ",
                                        other, strchr(other, '/') == NULL ? "./" : "", words_quoted(cli->arena, other));
}

const char *worker_advice(const struct cli *cli)
{
    if (worker_is_private(cli)) {
        return NULL;
    }
    return cli->worker->is_named
               ? arena_printf(
                     cli->arena,
                     "Start it: DATABASE_URL=… truss-worker --listen %s --project DIR. Or is another address right "
                     "(--worker, TRUSS_WORKER)?",
                     cli->worker->address)
               : arena_printf(
                     cli->arena,
                     "%sName the database and no worker is needed: --database-url URL, or DATABASE_URL in the "
                     "environment or in the project's .env. Or start one: DATABASE_URL=… truss-worker --project DIR",
                     empty_url(cli));
}

void worker_leave(struct cli *cli)
{
    if (cli->worker == NULL) {
        return;
    }
    if (worker_is_private(cli)) {
        private_worker_end(&cli->worker->own);
    }
    rpc_channel_leave(cli->worker->channel); /* this was the last thing to do */
    cli->worker->channel = NULL;
}
