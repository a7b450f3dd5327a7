/*
 * truss-bridge: reads its options, connects to its workers, and serves until it is told to stop.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/program.h"
#include "bridge/dispatch.h"
#include "bridge/tally.h"
#include "bridge/walls.h"
#include "rpc/begin.h"
#include "truss/health/v1/health.pb-c.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Replaces GnuTLS's function: libmicrohttpd calls it when it is loaded, for HTTPS that it never serves here. */
int gnutls_global_init(void);

int gnutls_global_init(void)
{
    return 0;
}

#define STOP_GRACE_MS 5000
#define LAST_WORD_MS  1000
#define ASK_MS        3000
#define READERS       2
#define READERS_QUEUE (HTTP_BODIES_LIMIT / DISPATCH_READ_HERE) /* beyond that, bodies are refused */

static bool open_workers(struct arena *arena, const struct options *options, struct bridge *bridge,
                         struct status *status)
{
    const struct rpc_access access = {.tls = {options->worker_ca, options->worker_cert, options->worker_key},
                                      .is_watched = true};
    const char *urls[LIMIT_WORKERS + 1];
    if (!program_list(arena, options->workers, urls, LIMIT_WORKERS)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--worker takes 1 to %d URLs.", LIMIT_WORKERS);
    }
    for (size_t i = 0; urls[i] != NULL; i++) {
        bridge->workers[i] = rpc_channel_open_with(urls[i], &access, status);
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

/* Ends long polls at once; other calls have a little time to finish. The rest is cancelled, and has a moment to be
 * answered. */
static void stop(struct bridge *bridge, struct http_server *server)
{
    http_server_quiesce(server);
    bridge_end_polls(bridge);
    wait_until_idle(server, STOP_GRACE_MS);
    bridge_stop(bridge);
    wait_until_idle(server, LAST_WORD_MS);
    http_server_free(server);
}

/* If others can reach the bridge and its workers require no login, everybody could do everything. Returns false if a
 * worker says that it requires none. A worker that is not reachable now is asked with each request. */
static bool workers_ask_login(struct arena *arena, const struct bridge *bridge, struct status *status)
{
    static const Truss__Health__V1__CheckRequest nothing = TRUSS__HEALTH__V1__CHECK_REQUEST__INIT;
    for (size_t i = 0; i < bridge->worker_count; i++) {
        struct status outcome = {.arena = arena};
        const struct rpc_invocation invocation = {
            .service = &truss__health__v1__health__descriptor,
            .request = &nothing.base,
            .options = {.timeout_ms = ASK_MS, .connect_timeout_ms = ASK_MS, .needs_login = true},
        };
        if (rpc_call_wait(bridge->workers[i], &invocation, arena, &outcome) == NULL) {
            if (status_is_because(&outcome, REASON_NO_LOGIN)) {
                *status = outcome;
                return false;
            }
            log_warn("worker not asked yet whether it wants a login", "error=\"%s\"", outcome.message);
        }
    }
    return true;
}

static bool has_whole_tls(const struct options *options, struct status *status)
{
    const bool has_tls = options->tls_cert != NULL;
    return (has_tls == (options->tls_key != NULL) && (has_tls || options->tls_client_ca == NULL)) ||
           status_fail(status, STATUS_INVALID_ARGUMENT,
                       "HTTPS needs --tls-cert and --tls-key, both; --tls-client-ca is of use only with them.");
}

/* On this machine no login is needed; from other machines, as through a proxy, the workers must require one, or the
 * operator must have said that none is wanted. */
static bool decide_login(struct arena *arena, const struct http_server *server, struct bridge *bridge,
                         struct status *status)
{
    const bool has_proxies = bridge->proxies != NULL;
    if (http_server_is_loopback(server) && !has_proxies) {
        atomic_store(&bridge->needs_login, false);
        atomic_store(&bridge->is_near, true);
        return true;
    }
    return !atomic_load(&bridge->needs_login) || workers_ask_login(arena, bridge, status);
}

/* Serves until a signal arrives. In any case the bridge has been stopped when it returns. */
static bool serve_until_told(struct arena *arena, const struct options *options, struct bridge *bridge,
                             struct status *status)
{
    const struct tls_files tls = {options->tls_cert, options->tls_key, options->tls_client_ca};
    const struct http_place place = {.listen = options->http_listen,
                                     .tls = bridge->browsers.is_tls ? &tls : NULL,
                                     .proxies = bridge->proxies,
                                     .served = dispatch_served};
    sigset_t signals;
    int caught;
    program_block_signals(&signals);
    rpc_begin();
    struct http_server *const server =
        open_workers(arena, options, bridge, status) ? http_server_start(&place, dispatch, bridge, status) : NULL;
    if (server == NULL) {
        bridge_stop(bridge);
        return false;
    }
    /* Before clients are accepted, because they would be told that others can reach us. */
    const bool is_decided = decide_login(arena, server, bridge, status);
    if (!is_decided || !http_server_begin(server)) {
        if (is_decided) {
            status_fail(status, STATUS_INTERNAL, "The HTTP server cannot be started.");
        }
        stop(bridge, server);
        return false;
    }
    log_info("listening", "address=http%s://%s workers=%s", bridge->browsers.is_tls ? "s" : "",
             http_server_address(server), options->workers);
    while (sigwait(&signals, &caught) == 0 && caught == SIGHUP) {
        log_info("told to read its files again", "certificates=\"when they change\"");
    }
    log_info("stopping", "signal=%d", caught);
    stop(bridge, server);
    return true;
}

static bool serve(struct arena *arena, const struct options *options, struct sessions *sessions, struct status *status)
{
    const char *hosts[LIMIT_HOSTS + 1] = {NULL};
    struct bridge bridge = {
        .allowed_hosts = hosts,
        .read_timeout_ms = options->bridge_timeout,
        .run_timeout_ms = options->run_timeout,
        .metrics_open = options->metrics_open,
        .tally = http_tally_new(),
        .readers = lane_new(READERS, READERS_QUEUE),
        .browsers = {.sessions = sessions, .is_tls = options->tls_cert != NULL},
    };
    if (options->allow_host != NULL && !program_list(arena, options->allow_host, hosts, LIMIT_HOSTS)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--allow-host takes 1 to %d names.", LIMIT_HOSTS);
    }
    if (options->trusted_proxy != NULL) {
        bridge.proxies = proxies_read(arena, options->trusted_proxy, options->proxy_header, status);
        if (bridge.proxies == NULL) {
            return false;
        }
    }
    atomic_store(&bridge.needs_login,
                 !options->insecure_no_login); /* until it is known that nobody else can reach us */
    const bool served = has_whole_tls(options, status) && walls_enter(options, status) &&
                        serve_until_told(arena, options, &bridge, status);
    lane_free(bridge.readers);
    http_tally_free(bridge.tally);
    return served;
}

int main(int argc, char **argv)
{
    program_open_streams();
    memory_begin();
    static const struct program program = {"truss-bridge",
                                           "serves the REST routes and the panel by asking truss-worker", OF_BRIDGE};
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct options options;
    const enum program_start start = program_begin(&program, argc, argv, &options, &status);
    struct sessions *const sessions = start == PROGRAM_SERVES ? sessions_new(options.session) : NULL;
    const bool is_right =
        start != PROGRAM_IS_WRONG && (start != PROGRAM_SERVES || serve(arena, &options, sessions, &status));
    if (!is_right) {
        fprintf(stderr, "truss-bridge: %s\n", status.message);
    }
    sessions_free(sessions);
    arena_free(arena);
    return is_right ? 0 : 1;
}
