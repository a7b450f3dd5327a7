/*
 * A warm status over migrations that are applied beside a bare SELECT of their ledger, over one connection each, one
 * after the other: asked of a worker by RPC, and in this process, which is what detection, listing, checksums and the
 * join cost of it. Usage: bench_status DATABASE_URL PROJECT_DIR WORKER (bench.py calls it).
 */
#include "base/clock.h"
#include "framework/core/survey.h"
#include "migration/look/catalog.h"
#include "rpc/channel.h"
#include "timing.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 200

static double median(double *samples, size_t count)
{
    qsort(samples, count, sizeof *samples, by_value);
    return samples[count / 2];
}

static double select_once(struct pg_session *session, struct status *status)
{
    const double began = now_us();
    PG_RESULT(result) = pg_query(session, "SELECT * FROM _prisma_migrations ORDER BY started_at", 0, NULL, status);
    if (result == NULL || PQntuples(result) == 0) {
        fprintf(stderr, "bench_status: no ledger: %s\n", status->message);
        exit(1);
    }
    return now_us() - began;
}

static double status_once(const struct site *site, size_t *applied)
{
    const double began = now_us();
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    const struct request request = {.site = site, .arena = arena, .deadline = NO_DEADLINE, .status = &status};
    struct catalog catalog;
    struct pg_session *const session = request_connect(&request);
    if (session == NULL || !catalog_read(&request, session, &catalog)) {
        fprintf(stderr, "bench_status: %s\n", status.message);
        exit(1);
    }
    *applied = catalog.counts[MIGRATION_APPLIED];
    request_release(&request, session);
    arena_free(arena);
    return now_us() - began;
}

/* GetStatus is the first method of its service. */
static double rpc_once(struct rpc_channel *channel)
{
    const double began = now_us();
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    Truss__Migration__V1__GetStatusRequest request = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
    const struct rpc_invocation invocation = {
        .service = &truss__migration__v1__migration_service__descriptor,
        .request = &request.base,
        .options = {.timeout_ms = 60000},
    };
    if (rpc_call_wait(channel, &invocation, arena, &status) == NULL) {
        fprintf(stderr, "bench_status: %s\n", status.message);
        exit(1);
    }
    arena_free(arena);
    return now_us() - began;
}

int main(int argc, char **argv)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct conninfo conninfo;
    static double selects[ROUNDS];
    static double statuses[ROUNDS];
    static double calls[ROUNDS];
    size_t applied = 0;
    if (argc != 4 || !conninfo_parse(arena, argv[1], &conninfo, &status)) {
        fprintf(stderr, "usage: bench_status DATABASE_URL PROJECT_DIR WORKER\n");
        return 1;
    }
    const struct site site = {
        .project = {.root = argv[2], .surveys = surveys_new()},
        .conninfo = &conninfo,
        .pool = pg_pool_new(&conninfo, 1),
        .checksums = checksums_new(),
    };
    struct pg_session *const session = pg_session_open(&conninfo, NO_DEADLINE, &status);
    struct rpc_channel *const channel = session == NULL ? NULL : rpc_channel_open(argv[3], &status);
    if (channel == NULL) {
        fprintf(stderr, "bench_status: %s\n", status.message);
        return 1;
    }
    status_once(&site, &applied);
    rpc_once(channel);
    for (size_t i = 0; i < ROUNDS; i++) {
        selects[i] = select_once(session, &status);
        statuses[i] = status_once(&site, &applied);
        calls[i] = rpc_once(channel);
    }
    printf("%zu %.0f %.0f %.0f\n", applied, median(selects, ROUNDS), median(statuses, ROUNDS), median(calls, ROUNDS));
    rpc_channel_close(channel);
    pg_session_free(session);
    pg_pool_free(site.pool);
    checksums_free(site.checksums);
    surveys_free(site.project.surveys);
    arena_free(arena);
    return 0;
}
