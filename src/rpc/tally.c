/*
 * A row of counters for each method, and one for requests without a method: allocated once, so that nobody has to lock.
 */
#include "rpc/tally.h"

#include <stdlib.h>

#define CODES 17 /* google.rpc.Code */

struct row {
    tally codes[CODES];
    struct tally_times times;
};

struct rpc_tally {
    const struct rpc_service *services;
    size_t count;
    struct row *rows; /* the services' rows one after the other, then that for no method */
    _Atomic int64_t waiting[RPC_LANES];
    _Atomic int64_t working[RPC_LANES];
};

struct rpc_tally *rpc_tally_new(const struct rpc_service *services, size_t count)
{
    struct rpc_tally *const counted = memory_alloc(sizeof *counted);
    size_t methods = 0;
    for (size_t i = 0; i < count; i++) {
        methods += services[i].descriptor->n_methods;
    }
    counted->services = services;
    counted->count = count;
    counted->rows = memory_alloc((methods + 1) * sizeof *counted->rows);
    return counted;
}

void rpc_tally_free(struct rpc_tally *counted)
{
    if (counted != NULL) {
        free(counted->rows);
        free(counted);
    }
}

static struct row *row_of(const struct rpc_tally *counted, const struct rpc_place *place)
{
    size_t before = 0;
    for (size_t i = 0; i < counted->count; i++) {
        if (&counted->services[i] == place->service) {
            return &counted->rows[before + place->method];
        }
        before += counted->services[i].descriptor->n_methods;
    }
    return &counted->rows[before];
}

void rpc_tally_answered(struct rpc_tally *counted, const struct rpc_place *place, enum status_code code, int64_t us)
{
    if (counted != NULL) {
        struct row *const row = row_of(counted, place);
        tally_add(&row->codes[(unsigned)code < CODES ? (unsigned)code : STATUS_UNKNOWN], 1);
        tally_time(&row->times, us);
    }
}

void rpc_tally_waits(struct rpc_tally *counted, enum rpc_lane lane, int more)
{
    if (counted != NULL) {
        atomic_fetch_add(&counted->waiting[lane], more);
    }
}

void rpc_tally_works(struct rpc_tally *counted, enum rpc_lane lane, int more)
{
    if (counted != NULL) {
        atomic_fetch_add(&counted->working[lane], more);
    }
}

/* ---- showing ---- */

static void show_lanes(const _Atomic int64_t numbers[RPC_LANES], const struct metric *metric, struct metrics *metrics)
{
    static const char *const names[RPC_LANES] = {
        [RPC_LANE_READ] = "read",     [RPC_LANE_RUN] = "run",       [RPC_LANE_WAIT] = "wait",
        [RPC_LANE_CANCEL] = "cancel", [RPC_LANE_HEALTH] = "health", [RPC_LANE_SQL] = "sql"};
    metric_family *const family = metrics_family(metrics, metric);
    for (int i = 0; i < RPC_LANES; i++) {
        const int64_t now = atomic_load(&numbers[i]);
        metrics_sample(metrics, family, (const struct metric_label[]){{"lane", names[i]}, {0}},
                       now < 0 ? 0 : (double)now);
    }
}

/* What is passed along while rows are shown. */
struct showing {
    const struct metrics *metrics;
    metric_family *calls;
    metric_family *times;
};

static void show_row(const struct showing *showing, const char *method, const struct row *row)
{
    bool was_called = false;
    for (int code = 0; code < CODES; code++) {
        const uint64_t count = tally_read(&row->codes[code]);
        if (count > 0) {
            const struct metric_label labels[] = {
                {"method", method}, {"code", status_code_name((enum status_code)code)}, {0}};
            metrics_sample(showing->metrics, showing->calls, labels, (double)count);
            was_called = true;
        }
    }
    if (was_called) {
        metrics_times(showing->metrics, showing->times, (const struct metric_label[]){{"method", method}, {0}},
                      &row->times);
    }
}

void rpc_tally_show(const struct rpc_tally *counted, struct metrics *metrics)
{
    static const struct metric calls = {"truss_rpc_requests_total", "Calls answered, by method and code.",
                                        METRIC_COUNTER};
    static const struct metric times = {"truss_rpc_request_duration_seconds",
                                        "Time from a call's arrival to its answer, by method.", METRIC_HISTOGRAM};
    static const struct metric waiting = {"truss_rpc_queued_requests", "Calls that wait for their turn, by lane.",
                                          METRIC_GAUGE};
    static const struct metric working = {"truss_rpc_active_requests", "Calls that are worked on, by lane.",
                                          METRIC_GAUGE};
    const struct showing showing = {metrics, metrics_family(metrics, &calls), metrics_family(metrics, &times)};
    const struct row *row = counted->rows;
    for (size_t i = 0; i < counted->count; i++) {
        const ProtobufCServiceDescriptor *const service = counted->services[i].descriptor;
        for (unsigned k = 0; k < service->n_methods; k++) {
            show_row(&showing, arena_printf(metrics->arena, "%s/%s", service->name, service->methods[k].name), row++);
        }
    }
    show_row(&showing, "unknown", row);
    show_lanes(counted->waiting, &waiting, metrics);
    show_lanes(counted->working, &working, metrics);
}
