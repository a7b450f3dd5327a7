/*
 * A context of nng costs a lock, a random number and some memory, and a server may have a thousand requests: so few are
 * opened at first, and more as requests arrive, always some in advance. They are not closed again.
 */
#include "rpc/server_private.h"

#include "base/arena.h"

#include <nng/protocol/reqrep0/rep.h>
#include <stdlib.h>

#define FOLLOWERS 384 /* contexts for requests that wait for another one's answer, outside the lanes */
#define AHEAD     16  /* contexts that wait for requests */

static int open_one(struct rpc_server *server)
{
    struct visit *const visit = &server->visits[server->visit_count];
    visit->server = server;
    int error = nng_ctx_open(&visit->context, server->socket);
    if (error != 0) {
        return error;
    }
    error = nng_aio_alloc(&visit->aio, visit_on_aio, visit);
    if (error != 0) {
        nng_ctx_close(visit->context);
        return error;
    }
    server->visit_count++;
    return 0;
}

/* Hold the mutex, or be the only thread. */
static int open_some(struct rpc_server *server)
{
    int error = 0;
    for (int i = 0; error == 0 && i < AHEAD && server->visit_count < server->most_visits; i++) {
        error = open_one(server);
    }
    return error;
}

int visits_open(struct rpc_server *server, const struct rpc_server_options *options)
{
    server->most_visits = SPARE_CONTEXTS + FOLLOWERS;
    for (int i = 0; i < RPC_LANES; i++) {
        server->most_visits += options->threads[i] + options->queue[i];
    }
    server->visits = memory_alloc(server->most_visits * sizeof *server->visits);
    return open_some(server);
}

void visits_begin(struct rpc_server *server)
{
    for (size_t i = 0; i < AHEAD && i < server->most_visits; i++) {
        visit_receive(&server->visits[i]);
    }
}

void visit_receive(struct visit *visit)
{
    visit->step = STEP_RECEIVING;
    atomic_fetch_add(&visit->server->receiving, 1);
    nng_aio_set_timeout(visit->aio, NNG_DURATION_INFINITE);
    nng_ctx_recv(visit->context, visit->aio);
}

/* If nng has no memory for more, the existing ones go on. */
void visit_received(struct visit *visit)
{
    struct rpc_server *const server = visit->server;
    if (atomic_fetch_sub(&server->receiving, 1) > AHEAD / 2) {
        return;
    }
    pthread_mutex_lock(&server->mutex);
    const size_t first = server->visit_count;
    if (!server->is_closing) {
        open_some(server);
    }
    const size_t end = server->visit_count;
    pthread_mutex_unlock(&server->mutex);
    for (size_t i = first; i < end; i++) {
        visit_receive(&server->visits[i]);
    }
}

/* A callback of one visit may start others, which have higher indexes: they are stopped afterwards. */
void visits_stop(struct rpc_server *server)
{
    pthread_mutex_lock(&server->mutex);
    server->is_closing = true;
    pthread_mutex_unlock(&server->mutex);
    for (size_t i = 0; i < server->visit_count; i++) {
        nng_aio_stop(server->visits[i].aio);
    }
}

void visits_free(struct rpc_server *server)
{
    for (size_t i = 0; i < server->visit_count; i++) {
        nng_aio_free(server->visits[i].aio);
        arena_free(server->visits[i].arena);
    }
    free(server->visits);
}
