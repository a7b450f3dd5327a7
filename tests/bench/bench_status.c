/*
 * A warm status over migrations that are applied beside a bare SELECT of their ledger, over one connection each, one
 * after the other: asked of a worker by RPC, which has it from memory while nothing has changed, and in this process,
 * which is what detection, listing, checksums and the join cost where something has. And the least that it can cost who
 * answers from what is there now: that SELECT while each file is looked at, a socket that carries as many bytes, and
 * the message unpacked. Usage: bench_status DATABASE_URL PROJECT_DIR WORKER (bench.py calls it). Prints how many are
 * applied, and medians in microseconds: the SELECT, the least, the look in this process, by RPC.
 */
#include "base/clock.h"
#include "base/files.h"
#include "base/memory.h"
#include "framework/core/survey.h"
#include "migration/look/catalog.h"
#include "pg/query.h"
#include "pg/values.h"
#include "rpc/channel.h"
#include "timing.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 200
#define SELECT "SELECT * FROM _prisma_migrations ORDER BY started_at"

static double median(double *samples, size_t count)
{
    qsort(samples, count, sizeof *samples, by_value);
    return samples[count / 2];
}

static double select_once(struct pg_session *session, struct status *status)
{
    const double began = now_us();
    PG_RESULT(result) = pg_query(session, SELECT, 0, NULL, status);
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

/* GetStatus is the first method of its service. `reply` (may be NULL): its bytes, to be freed. */
static double rpc_once(struct rpc_channel *channel, struct text *reply)
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
    const ProtobufCMessage *const message = rpc_call_wait(channel, &invocation, arena, &status);
    if (message == NULL) {
        fprintf(stderr, "bench_status: %s\n", status.message);
        exit(1);
    }
    if (reply != NULL) {
        uint8_t *const bytes = memory_alloc(protobuf_c_message_get_packed_size(message));
        *reply = (struct text){(const char *)bytes, protobuf_c_message_pack(message, bytes)};
    }
    arena_free(arena);
    return now_us() - began;
}

/* ---- the least ---- */

struct least {
    PGconn *connection;
    int directory;
    const char **names;
    struct file_seen *seen;
    size_t count;
    struct text reply;
    char *room; /* for as many bytes */
    int ends[2];
};

static void note_files(const struct site *site, struct arena *arena, struct least *least)
{
    struct status status = {.arena = arena};
    const struct request request = {.site = site, .arena = arena, .deadline = NO_DEADLINE, .status = &status};
    struct catalog catalog;
    struct pg_session *const session = request_connect(&request);
    if (session == NULL || !catalog_read(&request, session, &catalog)) {
        fprintf(stderr, "bench_status: %s\n", status.message);
        exit(1);
    }
    const struct folder *const folder = &catalog.detection.folder;
    least->count = catalog.files.count;
    least->names = arena_array(arena, least->count, sizeof *least->names);
    least->seen = arena_array(arena, least->count, sizeof *least->seen);
    for (size_t i = 0; i < least->count; i++) {
        least->names[i] = catalog.files.items[i].filename;
    }
    least->directory = directory_open(path_join(arena, folder->root, folder->path));
    request_release(&request, session);
}

/* The other end: for each byte that comes, the reply. */
static void *answer(void *data)
{
    const struct least *const least = data;
    for (char asked; read(least->ends[1], &asked, 1) == 1;) {
        for (size_t sent = 0; sent < least->reply.size;) {
            const ssize_t more = write(least->ends[1], least->reply.data + sent, least->reply.size - sent);
            sent += more > 0 ? (size_t)more : 0;
        }
    }
    return NULL;
}

static void *take(void *arena, size_t size)
{
    return arena_try_alloc(arena, size);
}

static void keep(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

static double least_once(struct least *least)
{
    const double began = now_us();
    struct arena *const arena = arena_new(0);
    ProtobufCAllocator allocator = {.alloc = take, .free = keep, .allocator_data = arena};
    PQsendQueryParams(least->connection, SELECT, 0, NULL, NULL, NULL, NULL, 1);
    files_look_at(least->directory, least->names, least->count, least->seen);
    for (PGresult *result; (result = PQgetResult(least->connection)) != NULL;) {
        PQclear(result);
    }
    bool ok = write(least->ends[0], "", 1) == 1;
    for (size_t got = 0; ok && got < least->reply.size;) {
        const ssize_t more = read(least->ends[0], least->room + got, least->reply.size - got);
        ok = more > 0;
        got += ok ? (size_t)more : 0;
    }
    ok = ok && protobuf_c_message_unpack(&truss__migration__v1__get_status_response__descriptor, &allocator,
                                         least->reply.size, (const uint8_t *)least->room) != NULL;
    arena_free(arena);
    if (!ok || least->seen[0].kind != FILE_REGULAR) {
        fprintf(stderr, "bench_status: the least is less than nothing\n");
        exit(1);
    }
    return now_us() - began;
}

static void least_begin(struct least *least, const char *url)
{
    static pthread_t thread;
    least->connection = PQconnectdb(url);
    least->room = memory_alloc(least->reply.size);
    if (PQstatus(least->connection) != CONNECTION_OK || socketpair(AF_UNIX, SOCK_STREAM, 0, least->ends) != 0 ||
        pthread_create(&thread, NULL, answer, least) != 0) {
        fprintf(stderr, "bench_status: %s\n", PQerrorMessage(least->connection));
        exit(1);
    }
}

int main(int argc, char **argv)
{
    memory_begin(); /* as our programs do */
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct conninfo conninfo;
    static double selects[ROUNDS];
    static double statuses[ROUNDS];
    static double calls[ROUNDS];
    static double leasts[ROUNDS];
    static struct least least; /* the other end's thread lives as long as the process */
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
    rpc_once(channel, &least.reply);
    note_files(&site, arena, &least);
    least_begin(&least, argv[1]);
    for (size_t i = 0; i < ROUNDS; i++) {
        selects[i] = select_once(session, &status);
        statuses[i] = status_once(&site, &applied);
        calls[i] = rpc_once(channel, NULL);
        leasts[i] = least_once(&least);
    }
    printf("%zu %.0f %.0f %.0f %.0f\n", applied, median(selects, ROUNDS), median(leasts, ROUNDS),
           median(statuses, ROUNDS), median(calls, ROUNDS));
    rpc_channel_close(channel);
    pg_session_free(session);
    pg_pool_free(site.pool);
    checksums_free(site.checksums);
    surveys_free(site.project.surveys);
    arena_free(arena);
    return 0;
}
