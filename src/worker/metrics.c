/*
 * Metric values and names. What was never read has no sample, since 0 would be a claim.
 */
#include "worker/metrics.h"

#include "rpc/tally.h"
#include "worker/telemetry/spans.h"
#include "worker/telemetry/webhooks.h"

#define SECONDS(us) ((double)(us) / 1e6)

static void show_info(const struct health_context *context, struct metrics *metrics)
{
    static const struct metric info = {"truss_worker_info", "The worker's version, database and environment; always 1.",
                                       METRIC_GAUGE};
    const struct site *const site = context->site;
    const struct metric_label labels[] = {
        {"version", TRUSS_VERSION},
        {"database", site->conninfo == NULL ? "" : site->conninfo->place.database},
        {"environment", site->environment == NULL ? "" : site->environment},
        {0},
    };
    metrics_sample(metrics, metrics_family(metrics, &info), labels, 1);
}

/* ---- runs ---- */

static void show_results(const struct meters *meters, struct metrics *metrics)
{
    static const struct metric runs = {
        "truss_runs_total", "Runs that ended, by result; those that could not begin are refused.", METRIC_COUNTER};
    static const struct metric migrations = {"truss_migrations_total", "Migrations that runs have tried, by result.",
                                             METRIC_COUNTER};
    static const char *const results[] = {"applied", "failed"};
    metric_family *family = metrics_family(metrics, &runs);
    for (int dry = 0; dry < 2; dry++) {
        for (int i = 0; i < RUN_OUTCOMES; i++) {
            const struct metric_label labels[] = {
                {"result", run_outcome_word((enum run_outcome)i)}, {"dry_run", dry ? "true" : "false"}, {0}};
            metrics_sample(metrics, family, labels, (double)tally_read(&meters->runs[dry][i]));
        }
    }
    family = metrics_family(metrics, &migrations);
    for (int i = 0; i < 2; i++) {
        metrics_sample(metrics, family, (const struct metric_label[]){{"result", results[i]}, {0}},
                       (double)tally_read(&meters->migrations[i]));
    }
}

static void show_times(const struct meters *meters, struct metrics *metrics)
{
    static const struct metric runs = {"truss_run_duration_seconds", "How long runs took, dry ones left out.",
                                       METRIC_HISTOGRAM};
    static const struct metric migrations = {"truss_migration_duration_seconds",
                                             "How long migrations took that were applied.", METRIC_HISTOGRAM};
    metrics_times(metrics, metrics_family(metrics, &runs), NULL, &meters->run_times);
    metrics_times(metrics, metrics_family(metrics, &migrations), NULL, &meters->migration_times);
}

static void show_numbers(const struct meters *meters, struct metrics *metrics)
{
    const struct {
        struct metric metric;
        double value;
    } rows[] = {
        {{"truss_steps_total",
          "Steps of migrations that ran to their end; a migration that is one transaction is one step.",
          METRIC_COUNTER},
         (double)tally_read(&meters->steps)},
        {{"truss_lock_attempts_failed_total", "Tries of statements that did not get their lock in time.",
          METRIC_COUNTER},
         (double)tally_read(&meters->lock_failures)},
        {{"truss_lock_stall_seconds_total",
          "Time that such tries waited in the lock's queue, where others may have queued behind them.", METRIC_COUNTER},
         SECONDS(tally_read(&meters->stall_us))},
        {{"truss_lock_wait_seconds_total", "Time from such tries to the next ones: waiting and pauses.",
          METRIC_COUNTER},
         SECONDS(tally_read(&meters->lock_wait_us))},
        {{"truss_run_wait_seconds_total", "Time that runs waited for another run to end.", METRIC_COUNTER},
         SECONDS(tally_read(&meters->run_wait_us))},
        {{"truss_active_runs", "Runs under way in this worker.", METRIC_GAUGE}, (double)atomic_load(&meters->running)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        metrics_number(metrics, &rows[i].metric, rows[i].value);
    }
    static const struct metric success = {"truss_last_success_timestamp_seconds",
                                          "When a run of this worker last ended well, dry ones left out.",
                                          METRIC_GAUGE};
    metric_family *const family = metrics_family(metrics, &success);
    const int64_t at = atomic_load(&meters->last_success);
    if (at != 0) {
        metrics_sample(metrics, family, NULL, SECONDS(at));
    }
}

/* ---- states ---- */

static void show_states(struct meters *meters, struct metrics *metrics)
{
    static const struct metric states = {
        "truss_migrations", "Migrations by state as they were when somebody last asked; see the time of that look.",
        METRIC_GAUGE};
    static const struct metric times = {"truss_migrations_seen_timestamp_seconds",
                                        "When the states of the migrations were last read.", METRIC_GAUGE};
    struct seen_states seen[METER_LEDGERS];
    const size_t count = meters_states(meters, seen);
    metric_family *const family = metrics_family(metrics, &states);
    metric_family *const looks = metrics_family(metrics, &times);
    for (size_t i = 0; i < count; i++) {
        const struct {
            const char *state;
            uint64_t count;
        } rows[] = {{"applied", seen[i].applied},
                    {"pending", seen[i].pending},
                    {"modified", seen[i].modified},
                    {"orphaned", seen[i].orphaned},
                    {"failed", seen[i].failed}};
        struct metric_label labels[] = {{"framework", seen[i].framework}, {"tracking_table", seen[i].ledger}, {0}, {0}};
        metrics_sample(metrics, looks, labels, SECONDS(seen[i].at));
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
            labels[2] = (struct metric_label){"state", rows[k].state};
            metrics_sample(metrics, family, labels, (double)rows[k].count);
        }
    }
}

/* ---- pools ---- */

static void show_pools(const struct health_context *context, struct metrics *metrics)
{
    static const struct metric pools = {"truss_pool_connections",
                                        "Connections to PostgreSQL, by pool and state; those of runs are left out.",
                                        METRIC_GAUGE};
    const struct {
        const char *name;
        struct pg_pool *pool;
    } rows[] = {{"read", context->site->pool},
                {"health", context->pool},
                {"sql", context->workbench == NULL ? NULL : context->workbench->pool}};
    metric_family *const family = metrics_family(metrics, &pools);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t in_use;
        size_t idle;
        pg_pool_counts(rows[i].pool, &in_use, &idle);
        const struct metric_label used[] = {{"pool", rows[i].name}, {"state", "in_use"}, {0}};
        const struct metric_label free[] = {{"pool", rows[i].name}, {"state", "idle"}, {0}};
        metrics_sample(metrics, family, used, (double)in_use);
        metrics_sample(metrics, family, free, (double)idle);
    }
}

void worker_metrics_show(const struct health_context *context, struct metrics *metrics)
{
    struct meters *const meters = context->site->meters;
    show_info(context, metrics);
    if (meters != NULL) {
        show_results(meters, metrics);
        show_times(meters, metrics);
        show_numbers(meters, metrics);
        show_states(meters, metrics);
    }
    if (context->tally != NULL) {
        rpc_tally_show(context->tally, metrics);
    }
    show_pools(context, metrics);
    spans_show(context->telemetry->spans, metrics);
    webhooks_show(context->telemetry->webhooks, metrics);
    metrics_vitals(metrics, "truss_worker_");
}
