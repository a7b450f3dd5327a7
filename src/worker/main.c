/*
 * truss-worker: reads its options, listens, and serves until it is told to stop.
 */
#include "base/log.h"
#include "base/memory.h"
#include "framework/core/survey.h"
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
#include "worker/telemetry/spans.h"
#include "worker/telemetry/webhooks.h"
#include "worker/walls.h"
#include "worker/witness.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RUN_GRACE_MS     15000 /* for runs to finish */
#define CANCEL_MS        15000 /* for cancelled runs to end */
#define STOP_GRACE_MS    5000
#define IDLE_CONNECTIONS 4
#define SPANS_MS         2000

static struct site site_of(const struct config *config)
{
    struct site site = {
        .project = config->project,
        .conninfo = config->has_conninfo ? &config->conninfo : NULL,
        .conninfo_error = config->conninfo_error,
        .conninfo_code = config->conninfo_code,
        .pool = config->has_conninfo ? pg_pool_new(&config->conninfo, IDLE_CONNECTIONS) : NULL,
        .checksums = checksums_new(),
        .meters = meters_new(),
        .environment = config->environment,
        .framework = config->framework,
        .ledger = config->ledger,
        .is_ledger_vouched = config->ledger.table != NULL && !config->ledger_is_projects,
        .allow_other_database = config->allow_other_database,
        .allow_delegate = config->allow_delegate,
        .delegate_timeout_ms = config->delegate_timeout_ms,
        .lock_wait_ms = config->lock_wait_ms,
        .settings = config->settings,
    };
    site.project.surveys = surveys_new();
    return site;
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
        .project = config->project.root,
        .environment = config->environment,
    };
    workbench_open(&workbench);
    return workbench;
}

/* The worker is ending: work must end. */
static atomic_bool is_stopping;

static struct backups backups_of(struct arena *arena, const struct config *config)
{
    char host[256] = "?";
    gethostname(host, sizeof host - 1);
    return (struct backups){
        .conninfo = config->has_conninfo ? &config->conninfo : NULL,
        .folder = config->backups,
        .s3 = config->backups_s3,
        .worker = arena_printf(arena, "%s:%ld", host, (long)getpid()),
        .pg_bin = config->pg_bin,
        .jobs = config->backup_jobs,
        .loads_foreign_code = config->loads_foreign_code,
        .quota_mb = config->backup_quota_mb,
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

/* Creates a missing database, if configured. */
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

static struct environment environment_of(const struct config *config)
{
    return (struct environment){.name = config->environment == NULL ? "" : config->environment,
                                .is_projects = config->environment_is_projects};
}

/* NULL without a login, or with a status if its files cannot be read. */
static struct login *open_login(const struct config *config, struct status *status)
{
    const struct login_options options = {
        .tokens = config->tokens, .oidc = config->oidc, .environment = environment_of(config)};
    return config_asks_login(config) ? login_new(&options, status) : NULL;
}

/* Exits and cleans up only what would outlive the process. */
static _Noreturn void leave(const struct config *config, int code)
{
    if (config->serves_parent) {
        private_end(config->urls[0]);
    }
    _exit(code);
}

#define SERVICES 7

/* Everything that serves, as long as the process lives. */
struct house {
    const struct config *config;
    struct gate gate;
    struct site site;
    struct workbench workbench;
    struct health_context health;
    struct witness *witness;
    struct telemetry telemetry;
    struct pg_pool *webhooks_pool;
    struct service_context service;
    struct trust_context trust;
    struct connection_context connection;
    struct branch_context branch;
    struct backups backups;
    struct backup_context backup;
    struct branch_watch *watch;
    struct rpc_service services[SERVICES]; /* live as long as the server */
    struct rpc_tally *tally;
    struct rpc_server *server;
};

/* Starts the threads for spans and for issuers' keys. */
static bool begin_threads(struct house *house, struct status *status)
{
    const struct config *const config = house->config;
    const struct spans_options spans = {config->otlp_endpoint, config->otlp_headers, config->environment};
    login_begin(house->gate.login);
    if (config->otlp_endpoint != NULL) {
        house->telemetry.spans = spans_start(&spans, status);
    }
    return config->otlp_endpoint == NULL || house->telemetry.spans != NULL;
}

/* The login, the addresses and the database; false if the worker cannot serve at all. */
static bool prepare(struct house *house, bool *created, struct status *status)
{
    const struct config *const config = house->config;
    house->gate.login = open_login(config, status);
    const bool has_login = !config_asks_login(config) || house->gate.login != NULL;
    return has_login && (!config->serves_parent || private_begin(config->urls[0], status)) &&
           ensure_database(config, created, status) && walls_enter(config, status) && begin_threads(house, status);
}

static struct branch_context branch_of(const struct house *house)
{
    const struct config *const config = house->config;
    return (struct branch_context){
        .site = &house->site,
        .approval = house->service.approval,
        .branches = {.pool = house->site.pool,
                     .most = config->max_branches,
                     .pg_bin = config->pg_bin,
                     .loads_foreign_code = config->loads_foreign_code},
        .pools = {house->site.pool, house->health.pool, house->workbench.pool, house->webhooks_pool},
    };
}

static void furnish(struct house *house, struct arena *arena)
{
    const struct config *const config = house->config;
    srandom((unsigned)(clock_wall_us() ^ getpid()));
    house->site = site_of(config);
    house->site.project.stopping = config->serves_parent ? &is_stopping : NULL; /* others finish what they do */
    house->workbench = workbench_of(config);
    house->health = (struct health_context){
        .workbench = &house->workbench,
        .site = &house->site,
        .pool = config->has_conninfo ? pg_pool_new(&config->conninfo, 1) : NULL,
        .metrics_open = config->metrics_open,
        .telemetry = &house->telemetry,
        .started_at = clock_wall_us(),
    };
    house->trust.audits = house->gate.login != NULL || config->audit;
    house->witness = witness_new(&house->site, house->trust.audits);
    house->telemetry.site = &house->site;
    if (config->webhooks != NULL && config->has_conninfo) {
        house->webhooks_pool = pg_pool_new(&config->conninfo, 1);
        house->telemetry.webhooks = webhooks_start(&house->site, config->webhooks, house->webhooks_pool);
    }
    house->service = (struct service_context){.site = &house->site,
                                              .operations = operations_new(&house->site, &house->telemetry),
                                              .witness = house->witness,
                                              .approval = {config->needs_approval, config->approval_ms},
                                              .recollections = recollections_new()};
    house->trust = (struct trust_context){&house->site, house->gate.login, house->trust.audits};
    house->connection = (struct connection_context){.site = &house->site};
    house->branch = branch_of(house);
    branch_context_begin(&house->branch);
    house->branch.jobs = branch_jobs_new(&house->branch.branches);
    house->backups = backups_of(arena, config);
    house->backups.pool = house->site.pool;
    house->backup = (struct backup_context){
        .site = &house->site,
        .backups = &house->backups,
        .jobs = backup_jobs_new(&house->backups, &house->branch.branches),
        .downloads = downloads_new(),
    };
}

static bool open_server(struct house *house, struct status *status)
{
    const struct rpc_service services[SERVICES] = {
        migration_service(&house->service),     health_service(&house->health), sql_service(&house->workbench),
        connection_service(&house->connection), trust_service(&house->trust),   branch_service(&house->branch),
        backup_service(&house->backup)};
    memcpy(house->services, services, sizeof services);
    house->health.tally = house->tally = rpc_tally_new(house->services, SERVICES);
    const struct rpc_server_options options = {
        .urls = house->config->urls,
        .tls = house->config->tls.certificate == NULL ? NULL : &house->config->tls,
        .gate = gate_enter,
        .gate_context = &house->gate,
        .gate_waits = gate_waits,
        .environment = environment_of(house->config),
        .tally = house->tally,
        .witness = witness_hooks(house->witness),
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
    house->server = rpc_server_start(&options, house->services, SERVICES, status);
    return house->server != NULL;
}

/* Ends running work. If it does not end in time, or its parent is gone, this does not return. */
static void stop(struct house *house)
{
    const struct config *const config = house->config;
    struct operations *const operations = house->service.operations;
    const bool is_idle = rpc_server_is_idle(house->server) && operations_are_idle(operations) &&
                         backup_jobs_are_idle(house->backup.jobs) && branch_jobs_are_idle(house->branch.jobs);
    if (config->serves_parent && is_idle) {
        leave(config, 0); /* the parent is gone */
    }
    atomic_store(&is_stopping, true);
    workbench_stop(&house->workbench);
    /* The parent of a private worker waits for its run's end, or is gone: then it is ended at once. */
    if (!operations_stop(operations, config->serves_parent ? 0 : RUN_GRACE_MS, CANCEL_MS) ||
        !branch_jobs_stop(house->branch.jobs, STOP_GRACE_MS) || !branch_watch_stop(house->watch, STOP_GRACE_MS) ||
        !rpc_server_stop(house->server, STOP_GRACE_MS)) {
        /* A run continues in its backend, which commits or not: the ledger will tell. */
        log_warn("stopped with work under way", "grace_ms=%d", RUN_GRACE_MS + CANCEL_MS + STOP_GRACE_MS);
        leave(config, 1);
    }
}

static void clear(struct house *house)
{
    backup_jobs_free(house->backup.jobs);
    downloads_free(house->backup.downloads);
    branch_jobs_free(house->branch.jobs);
    operations_free(house->service.operations);
    webhooks_stop(house->telemetry.webhooks);
    pg_pool_free(house->webhooks_pool);
    spans_stop(house->telemetry.spans, SPANS_MS);
    witness_free(house->witness);
    workbench_close(&house->workbench);
    pg_pool_free(house->health.pool);
    pg_pool_free(house->site.pool);
    checksums_free(house->site.checksums);
    surveys_free(house->site.project.surveys);
    recollections_free(house->service.recollections);
    meters_free(house->site.meters);
    rpc_tally_free(house->tally);
    login_free(house->gate.login);
}

/* On SIGHUP. Other files are read again whenever they change: tokens, rules of pipelines, certificates. */
static void renew(struct house *house)
{
    if (house->telemetry.webhooks != NULL) {
        webhooks_renew(house->telemetry.webhooks, house->config->webhooks_file);
    } else {
        log_info("told to read its files again", "webhooks=none");
    }
}

static int serve(const struct config *config, const sigset_t *signals, struct status *status)
{
    struct house house = {.config = config};
    bool created;
    int caught;
    if (!prepare(&house, &created, status)) {
        fprintf(stderr, "truss-worker: %s\n", status->message);
        return 1;
    }
    furnish(&house, status->arena);
    if (!open_server(&house, status)) {
        fprintf(stderr, "truss-worker: %s\n", status->message);
        return 1;
    }
    log_start(config, house.server);
    house.watch = config->has_conninfo && !config->serves_parent
                      ? branch_watch_start(&house.branch.branches, config->branch_interval_ms)
                      : NULL;
    if (config->serves_parent) {
        private_say_ready(created ? config->conninfo.place.database : NULL);
    }
    while (sigwait(signals, &caught) == 0 && caught == SIGHUP && !config->serves_parent) {
        renew(&house);
    }
    log_info("stopping", "signal=%d", caught);
    stop(&house);
    clear(&house);
    return 0;
}

int main(int argc, char **argv)
{
    program_open_streams();
    memory_begin();
    static const struct program program = {"truss-worker", "serves the migrations of one project and database over RPC",
                                           OF_WORKER};
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct options options;
    struct config config;
    sigset_t signals;
    program_block_signals(&signals);
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
