/*
 * truss-worker: reads its options, listens, and serves until it is told to stop.
 */
#include "base/log.h"
#include "workbench/opening.h"
#include "worker/branch_watch.h"
#include "worker/create_database.h"
#include "worker/gate.h"
#include "worker/private.h"
#include "worker/service/service.h"
#include "worker/service/service_backup.h"
#include "worker/service/service_branch.h"
#include "worker/service/service_connection.h"
#include "worker/service/service_sql.h"
#include "worker/service/service_trust.h"
#include "worker/settings.h"
#include "worker/witness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define RUN_GRACE_MS     15000 /* for runs to end by themselves */
#define CANCEL_MS        15000 /* for those that are cancelled then */
#define STOP_GRACE_MS    5000
#define IDLE_CONNECTIONS 4

/* Threads of the server inherit the mask, so that these signals come to sigwait below and nowhere else. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static struct site site_of(const struct config *config)
{
    return (struct site){
        .project = config->project,
        .conninfo = config->has_conninfo ? &config->conninfo : NULL,
        .conninfo_error = config->conninfo_error,
        .conninfo_code = config->conninfo_code,
        .pool = config->has_conninfo ? pg_pool_new(&config->conninfo, IDLE_CONNECTIONS) : NULL,
        .checksums = checksums_new(),
        .framework = config->framework,
        .ledger = config->ledger,
        .allow_other_database = config->allow_other_database,
        .allow_delegate = config->allow_delegate,
        .delegate_timeout_ms = config->delegate_timeout_ms,
        .lock_wait_ms = config->lock_wait_ms,
        .settings = config->settings,
    };
}

static struct workbench workbench_of(const struct config *config)
{
    const bool has_own_url = config->sql_conninfo != NULL;
    struct workbench workbench = {
        .conninfo = has_own_url            ? config->sql_conninfo
                    : config->has_conninfo ? &config->conninfo
                                           : NULL,
        .conninfo_error = config->conninfo_error,
        .conninfo_code = config->conninfo_code,
        .has_own_url = has_own_url,
        .role = config->sql_role,
        .allows_user_functions = config->sql_user_functions,
        .allows_foreign_tables = config->sql_foreign_tables,
    };
    workbench_open(&workbench);
    return workbench;
}

/* The worker is told to end: so is what is under way. */
static volatile bool is_stopping;

static struct backups backups_of(struct arena *arena, const struct config *config)
{
    char host[256] = "?";
    gethostname(host, sizeof host - 1);
    return (struct backups){
        .conninfo = config->has_conninfo ? &config->conninfo : NULL,
        .folder = config->backups,
        .worker = arena_printf(arena, "%s:%ld", host, (long)getpid()),
        .pg_bin = config->pg_bin,
        .stopping = &is_stopping,
    };
}

static void log_start(const struct config *config, const struct rpc_server *server)
{
    char project[LOG_QUOTED_SIZE];
    char database[LOG_QUOTED_SIZE];
    for (size_t i = 0; rpc_server_url(server, i) != NULL; i++) {
        log_info("listening", "address=%s project=%s database=%s", rpc_server_url(server, i),
                 log_quoted(config->project.root, project),
                 log_quoted(config->has_conninfo ? config->conninfo.display : config->conninfo_error, database));
    }
}

/* Makes the database that is missing, where that is wanted. */
static bool ensure_database(const struct config *config, bool *created, struct status *status)
{
    *created = false;
    if (!config->create_database || !config->has_conninfo) {
        return true;
    }
    if (!database_create(status->arena, &config->conninfo, created, status)) {
        return false;
    }
    if (*created) {
        log_info("database created", "database=%s", config->conninfo.place.database);
    }
    return true;
}

/* NULL without tokens, or where they cannot be read: then status says why. */
static struct login *open_login(const struct config *config, struct status *status)
{
    const struct login_options options = {.tokens = config->tokens, .environment = ""};
    return config->tokens == NULL ? NULL : login_new(&options, status);
}

/* Ends without giving anything back but what would outlive us. */
static _Noreturn void leave(const struct config *config, int code)
{
    if (config->serves_parent) {
        private_end(config->urls[0]);
    }
    _exit(code);
}

static int serve(const struct config *config, const sigset_t *signals, struct status *status)
{
    int caught;
    bool created;
    struct gate gate = {.login = open_login(config, status)};
    const bool has_login = config->tokens == NULL || gate.login != NULL;
    const bool has_place = has_login && (!config->serves_parent || private_begin(config->urls[0], status));
    if (!has_place || !ensure_database(config, &created, status)) {
        fprintf(stderr, "truss-worker: %s\n", status->message);
        return 1;
    }
    srandom((unsigned)(clock_wall_us() ^ getpid()));
    struct site site = site_of(config);
    struct workbench workbench = workbench_of(config);
    struct health_context health = {
        .workbench = &workbench,
        .site = &site,
        .pool = config->has_conninfo ? pg_pool_new(&config->conninfo, 1) : NULL,
        .started_at = clock_wall_us(),
    };
    struct witness *const witness = witness_new(&site, gate.login != NULL || config->audit);
    struct service_context context = {.site = &site, .operations = operations_new(&site), .witness = witness};
    struct trust_context trust = {.site = &site, .asks_login = gate.login != NULL};
    struct connection_context connection = {.site = &site};
    struct branch_context branch = {
        .site = &site,
        .branches = {.most = config->max_branches, .pg_bin = config->pg_bin},
        .pools = {site.pool, health.pool, workbench.pool},
    };
    branch_context_begin(&branch);
    const struct backups backups = backups_of(status->arena, config);
    struct backup_context backup = {
        .site = &site,
        .backups = &backups,
        .jobs = backup_jobs_new(&backups, &branch.branches),
    };
    const struct rpc_service services[] = {
        migration_service(&context), health_service(&health), sql_service(&workbench), connection_service(&connection),
        trust_service(&trust),       branch_service(&branch), backup_service(&backup)};
    const struct rpc_server_options options = {
        .urls = config->urls,
        .gate = gate_enter,
        .gate_context = &gate,
        .witness = witness_hooks(witness),
        .threads = {[RPC_LANE_READ] = 4,
                    [RPC_LANE_RUN] = 4,
                    [RPC_LANE_WAIT] = 256,
                    [RPC_LANE_CANCEL] = 32,
                    [RPC_LANE_HEALTH] = 2,
                    [RPC_LANE_SQL] = WORKBENCH_CONNECTIONS},
        .queue = {[RPC_LANE_READ] = 256,
                  [RPC_LANE_RUN] = 32,
                  [RPC_LANE_WAIT] = 0,
                  [RPC_LANE_CANCEL] = 64,
                  [RPC_LANE_HEALTH] = 64,
                  [RPC_LANE_SQL] = 32},
    };
    struct rpc_server *const server =
        rpc_server_start(&options, services, sizeof services / sizeof services[0], status);
    if (server == NULL) {
        fprintf(stderr, "truss-worker: %s\n", status->message);
        return 1;
    }
    log_start(config, server);
    struct branch_watch *const watch = config->has_conninfo && !config->serves_parent
                                           ? branch_watch_start(&branch.branches, config->branch_interval_ms)
                                           : NULL;
    if (config->serves_parent) {
        private_say_ready(created ? config->conninfo.place.database : NULL);
    }
    sigwait(signals, &caught);
    log_info("stopping", "signal=%d", caught);
    const bool is_idle =
        rpc_server_is_idle(server) && operations_are_idle(context.operations) && backup_jobs_are_idle(backup.jobs);
    if (config->serves_parent && is_idle) {
        leave(config, 0); /* nobody is left to ask */
    }
    is_stopping = true;
    workbench_stop(&workbench);
    /* Who started a private one waits for the end of its run, or is gone: then it is ended at once. */
    if (!operations_stop(context.operations, config->serves_parent ? 0 : RUN_GRACE_MS, CANCEL_MS) ||
        !branch_watch_stop(watch, STOP_GRACE_MS) || !rpc_server_stop(server, STOP_GRACE_MS)) {
        /* A run goes on in its backend, which commits or not by itself: the ledger will tell. */
        log_warn("stopped with work under way", "grace_ms=%d", RUN_GRACE_MS + CANCEL_MS + STOP_GRACE_MS);
        leave(config, 1);
    }
    backup_jobs_free(backup.jobs);
    operations_free(context.operations);
    witness_free(witness);
    workbench_close(&workbench);
    pg_pool_free(health.pool);
    pg_pool_free(site.pool);
    checksums_free(site.checksums);
    login_free(gate.login);
    return 0;
}

int main(int argc, char **argv)
{
    memory_keep_little();
    static const struct program program = {"truss-worker", "serves the migrations of one project and database over RPC",
                                           OF_WORKER};
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct options options;
    struct config config;
    sigset_t signals;
    block_signals(&signals);
    const enum program_start start = program_begin(&program, argc, argv, &options, &status);
    const bool is_right =
        start != PROGRAM_IS_WRONG && (start != PROGRAM_SERVES || config_make(arena, &options, &config, &status));
    if (!is_right) {
        fprintf(stderr, "truss-worker: %s\n", status.message);
    }
    const int code = !is_right ? 1 : start == PROGRAM_SERVES ? serve(&config, &signals, &status) : 0;
    if (is_right && start == PROGRAM_SERVES && config.serves_parent) {
        private_end(config.urls[0]);
    }
    arena_free(arena);
    return code;
}
