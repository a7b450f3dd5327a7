/*
 * truss-bridge: reads its options, connects to its workers, and serves until it is told to stop.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/manual.h"
#include "base/options.h"
#include "bridge/dispatch.h"
#include "bridge/openapi.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_HOSTS    32
#define STOP_GRACE_MS 5000
#define LAST_WORD_MS  1000

struct values {
    const char *listen;
    const char *workers;
    const char *timeout;
    const char *run_timeout;
    const char *allow_host;
    const char *log_level;
    const char *help;
    const char *man;
    const char *version;
};

static bool read_options(struct arena *arena, int argc, char **argv, struct values *values, struct status *status)
{
    int words;
    enum log_level level;
    const struct option_spec specs[] = {
        {"listen", "ADDR:PORT", "TRUSS_HTTP_LISTEN", "127.0.0.1:8787", "where to serve HTTP", &values->listen, false},
        {"worker", "URL[,URL…]", "TRUSS_WORKER", "tcp://127.0.0.1:8788", "the workers to ask", &values->workers, false},
        {"timeout", "SECONDS", "TRUSS_TIMEOUT", "30", "how long a worker may take to answer", &values->timeout, false},
        {"run-timeout", "SECONDS", "TRUSS_RUN_TIMEOUT", "3600", "how long a run may take", &values->run_timeout, false},
        {"allow-host", "NAME[,NAME…]", "TRUSS_ALLOW_HOST", NULL, "names besides localhost that clients may call us by",
         &values->allow_host, false},
        {"log-level", "LEVEL", "TRUSS_LOG_LEVEL", "info", "debug, info, warn or error", &values->log_level, false},
        {"help", NULL, NULL, NULL, "show this", &values->help, false},
        {"man", NULL, NULL, NULL, "print the manual page, for man(1)", &values->man, false},
        {"version", NULL, NULL, NULL, "show the version", &values->version, false},
        {0},
    };
    if (!options_parse(arena, specs, argc, argv, &words, status)) {
        return false;
    }
    if (words > 0) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "\"%s\" is not an option; see --help.", argv[0]);
    }
    if (values->man != NULL) {
        manual_of_program("truss-bridge", 8, "serves the REST routes and the panel by asking truss-worker", specs);
        values->help = values->man;
        return true;
    }
    if (values->help != NULL) {
        printf("Usage: truss-bridge [OPTION…]\nServes the REST routes by asking truss-worker.\n\n");
        options_help(specs, stdout);
        return true;
    }
    if (!log_parse_level(values->log_level, &level)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--log-level is debug, info, warn or error.");
    }
    log_set_level(level);
    return true;
}

/* Cuts a list at its commas; the last item is followed by NULL. False where there are more than `most`. */
static bool cut_list(struct arena *arena, const char *list, const char **items, size_t most, size_t *count)
{
    char *rest;
    *count = 0;
    for (char *item = strtok_r(arena_strdup(arena, list), ",", &rest); item != NULL;
         item = strtok_r(NULL, ",", &rest)) {
        if (*count == most) {
            return false;
        }
        items[(*count)++] = item;
    }
    items[*count] = NULL;
    return true;
}

static bool open_workers(struct arena *arena, const char *list, struct bridge *bridge, struct status *status)
{
    const char *urls[BRIDGE_WORKERS + 1];
    size_t count;
    if (!cut_list(arena, list, urls, BRIDGE_WORKERS, &count) || count == 0) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--worker takes 1 to %d URLs.", BRIDGE_WORKERS);
    }
    for (size_t i = 0; i < count; i++) {
        bridge->workers[i] = rpc_channel_open(urls[i], status);
        if (bridge->workers[i] == NULL) {
            return false;
        }
        bridge->worker_count++;
    }
    return true;
}

static void wait_until_idle(struct http_server *server, uint32_t ms)
{
    const struct timespec tick = {.tv_nsec = 10000000};
    const int64_t deadline = deadline_in(ms);
    while (http_server_busy(server) > 0 && !deadline_passed(deadline)) {
        nanosleep(&tick, NULL);
    }
}

/* Who waits for news is told at once that there are none any more; other calls under way have a little time to end. The
 * rest is ended, and has a moment to be told so. */
static void stop(struct bridge *bridge, struct http_server *server)
{
    http_server_quiesce(server);
    bridge_end_polls(bridge);
    wait_until_idle(server, STOP_GRACE_MS);
    bridge_stop(bridge);
    wait_until_idle(server, LAST_WORD_MS);
    http_server_free(server);
}

static bool serve(struct arena *arena, const struct values *values, struct status *status)
{
    struct bridge bridge = {.openapi = openapi_document(arena), .index = openapi_index(arena)};
    const char *hosts[MOST_HOSTS + 1] = {NULL};
    size_t host_count;
    sigset_t signals;
    int caught;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (!option_seconds(values->timeout, "timeout", false, &bridge.read_timeout_ms, status) ||
        !option_seconds(values->run_timeout, "run-timeout", false, &bridge.run_timeout_ms, status)) {
        return false;
    }
    if (values->allow_host != NULL && !cut_list(arena, values->allow_host, hosts, MOST_HOSTS, &host_count)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--allow-host takes at most %d names.", MOST_HOSTS);
    }
    bridge.allowed_hosts = hosts;
    if (!open_workers(arena, values->workers, &bridge, status)) {
        bridge_stop(&bridge);
        return false;
    }
    atomic_store(&bridge.loopback_only, true); /* until it is known that others can reach us */
    struct http_server *const server = http_server_start(values->listen, dispatch, &bridge, status);
    if (server == NULL) {
        bridge_stop(&bridge);
        return false;
    }
    atomic_store(&bridge.loopback_only, http_server_is_loopback(server));
    log_info("listening", "address=http://%s workers=%s", http_server_address(server), values->workers);
    sigwait(&signals, &caught);
    log_info("stopping", "signal=%d", caught);
    stop(&bridge, server);
    return true;
}

int main(int argc, char **argv)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct values values = {0};
    bool ok = read_options(arena, argc, argv, &values, &status);
    if (ok && values.version != NULL) {
        printf("truss-bridge %s\n", TRUSS_VERSION);
    } else if (ok && values.help == NULL) {
        ok = serve(arena, &values, &status);
    }
    if (!ok) {
        fprintf(stderr, "truss-bridge: %s\n", status.message);
    }
    arena_free(arena);
    return ok ? 0 : 1;
}
