/*
 * Round trips, one at a time, on one connection each: an RPC through channel, nng and server; an HTTP request to a
 * running bridge that it answers by itself; and, as the measure of both, 100 bytes there and back over a bare TCP
 * socket. Usage: bench_rpc BRIDGE_PORT. Prints p50 and p99 in microseconds.
 */
#include "base/clock.h"
#include "rpc/channel.h"
#include "rpc/server.h"
#include "timing.h"
#include "truss/health/v1/health.pb-c.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP 500
#define ROUNDS  5000
#define SIZE    100

static double samples[ROUNDS];

static void must(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

/* Times one action over and over; answers its median. */
static double measure(const char *name, void (*once)(void *), void *data, double bare)
{
    for (int i = 0; i < WARM_UP; i++) {
        once(data);
    }
    for (int i = 0; i < ROUNDS; i++) {
        const double began = now_us();
        once(data);
        samples[i] = now_us() - began;
    }
    qsort(samples, ROUNDS, sizeof samples[0], by_value);
    const double median = samples[ROUNDS / 2];
    printf("%-28s p50 %7.0f us   p99 %7.0f us   ratio %.2f\n", name, median, samples[ROUNDS / 100 * 99],
           bare == 0 ? 1.0 : median / bare);
    return median;
}

/* ---- a bare socket ---- */

static int connect_to(int port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    must(connect(fd, (const struct sockaddr *)&address, sizeof address) == 0, "connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void *echo(void *data)
{
    char bytes[4096];
    const int on = 1;
    const int fd = accept(*(const int *)data, NULL, NULL);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (ssize_t size; (size = read(fd, bytes, sizeof bytes)) > 0;) {
        must(write(fd, bytes, (size_t)size) == size, "write");
    }
    close(fd);
    return NULL;
}

static void bare_once(void *data)
{
    char bytes[SIZE] = {0};
    const int fd = *(const int *)data;
    must(write(fd, bytes, SIZE) == SIZE, "write");
    for (ssize_t got = 0; got < SIZE;) {
        const ssize_t more = read(fd, bytes, (size_t)(SIZE - got));
        must(more > 0, "read");
        got += more;
    }
}

static double bench_bare(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    pthread_t thread;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    must(bind(listener, (const struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0, "listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    must(pthread_create(&thread, NULL, echo, &listener) == 0, "thread");
    int fd = connect_to(ntohs(address.sin_port));
    const double median = measure("bare socket", bare_once, &fd, 0);
    close(fd);
    pthread_join(thread, NULL);
    close(listener);
    return median;
}

/* ---- RPC ---- */

static ProtobufCMessage *check(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    Truss__Health__V1__CheckResponse *const reply = arena_alloc(call->arena, sizeof *reply);
    (void)context;
    (void)input;
    truss__health__v1__check_response__init(reply);
    return &reply->base;
}

static void rpc_once(void *data)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    Truss__Health__V1__CheckRequest request;
    const struct rpc_invocation invocation = {
        .service = &truss__health__v1__health__descriptor,
        .request = &request.base,
        .options = {.timeout_ms = 10000},
    };
    truss__health__v1__check_request__init(&request);
    if (rpc_call_wait(data, &invocation, arena, &status) == NULL) {
        fprintf(stderr, "bench_rpc: %s\n", status.message);
        exit(1);
    }
    arena_free(arena);
}

static void bench_rpc(double bare)
{
    static const char *const urls[] = {"tcp://127.0.0.1:0", NULL};
    static const struct rpc_method methods[] = {{check, RPC_LANE_READ, false, SCOPE_OPEN},
                                                {check, RPC_LANE_READ, false, SCOPE_OPEN}};
    const struct rpc_service service = {.descriptor = &truss__health__v1__health__descriptor, .methods = methods};
    const struct rpc_server_options options = {.urls = urls, .threads = {2, 1}, .queue = {16, 1}};
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct rpc_server *const server = rpc_server_start(&options, &service, 1, &status);
    must(server != NULL, "server");
    struct rpc_channel *const channel = rpc_channel_open(rpc_server_url(server, 0), &status);
    must(channel != NULL, "channel");
    measure("RPC", rpc_once, channel, bare);
    rpc_channel_close(channel);
    rpc_server_stop(server, 1000);
    arena_free(arena);
}

/* ---- HTTP ---- */

static void http_once(void *data)
{
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char answer[4096];
    size_t got = 0;
    const int fd = *(const int *)data;
    must(write(fd, request, strlen(request)) == (ssize_t)strlen(request), "write");
    do {
        const ssize_t more = read(fd, answer + got, sizeof answer - 1 - got);
        must(more > 0, "read");
        got += (size_t)more;
        answer[got] = '\0';
    } while (strstr(answer, "\r\n\r\n{") == NULL || answer[got - 1] != '\n');
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: bench_rpc BRIDGE_PORT\n");
        return 1;
    }
    const double bare = bench_bare();
    int fd = connect_to((int)strtol(argv[1], NULL, 10));
    measure("HTTP, answered by the bridge", http_once, &fd, bare);
    close(fd);
    bench_rpc(bare);
    return 0;
}
