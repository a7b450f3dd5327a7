/*
 * So many clients that ask a worker for its status by RPC, each over a connection of its own and again as soon as it
 * has its answer. Usage: bench_load WORKER CLIENTS MILLISECONDS. Prints calls a second, p50 and p99 in microseconds,
 * the calls that were told to come back later, and the bytes of an answer.
 */
#include "rpc/channel.h"
#include "timing.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SAMPLES 2000000

struct client {
    struct rpc_channel *channel;
    double began;
};

static Truss__Migration__V1__GetStatusRequest request = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over all below */
static double samples[SAMPLES];
static size_t count;
static size_t put_off;
static size_t bytes;
static double end; /* of the clock below: nobody asks again behind it */

static void ask(struct client *client);

static void answered(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    struct client *const client = data;
    const double now = now_us();
    const bool is_later = status->code == STATUS_RESOURCE_EXHAUSTED || status->code == STATUS_UNAVAILABLE;
    if (reply == NULL && !is_later && status->code != STATUS_CANCELLED) {
        fprintf(stderr, "bench_load: %s\n", status->message);
        exit(1);
    }
    pthread_mutex_lock(&lock);
    if (reply == NULL) {
        put_off += is_later; /* CANCELLED is what we close at the end */
    } else if (count < SAMPLES) {
        samples[count++] = now - client->began;
        bytes = bytes == 0 ? protobuf_c_message_get_packed_size(reply) : bytes;
    }
    pthread_mutex_unlock(&lock);
    if (now < end) {
        ask(client);
    }
}

static void ask(struct client *client)
{
    const struct rpc_invocation invocation = {
        .service = &truss__migration__v1__migration_service__descriptor, /* GetStatus is its first method */
        .request = &request.base,
        .options = {.timeout_ms = 60000, .connect_timeout_ms = 10000},
    };
    client->began = now_us();
    rpc_call(client->channel, &invocation, answered, client);
}

int main(int argc, char **argv)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    if (argc != 4) {
        fprintf(stderr, "usage: bench_load WORKER CLIENTS MILLISECONDS\n");
        return 1;
    }
    const size_t clients_count = strtoul(argv[2], NULL, 10);
    struct client *const clients = arena_alloc(arena, clients_count * sizeof *clients);
    for (size_t i = 0; i < clients_count; i++) {
        clients[i] = (struct client){.channel = rpc_channel_open(argv[1], &status)};
        if (clients[i].channel == NULL) {
            fprintf(stderr, "bench_load: %s\n", status.message);
            return 1;
        }
    }
    const double began = now_us();
    const double milliseconds = strtod(argv[3], NULL);
    end = began + milliseconds * 1000;
    for (size_t i = 0; i < clients_count; i++) {
        ask(&clients[i]);
    }
    while (now_us() < end) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    for (size_t i = 0; i < clients_count; i++) {
        rpc_channel_close(clients[i].channel);
    }
    qsort(samples, count, sizeof *samples, by_value);
    printf("%.0f %.0f %.0f %zu %zu\n", (double)count / milliseconds * 1000, count == 0 ? 0 : samples[count / 2],
           count == 0 ? 0 : samples[count * 99 / 100], put_off, bytes);
    arena_free(arena);
    return 0;
}
