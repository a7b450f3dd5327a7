/*
 * A thread that checks twice a second. Without a connection for a while, it makes nng dial anew. If calls time out and
 * none was answered meanwhile, it sends a pulse, which every worker answers at once, however busy; after two unanswered
 * pulses it closes the connection, and nng makes another one. Long calls are not affected as long as their worker
 * answers the pulses.
 */
#include "rpc/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/threads.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS  500
#define AWAY_MS  2000 /* without a connection; nng itself tries again after 500 ms at most */
#define PULSE_MS 3000
#define PULSES   2 /* unanswered ones in a row */
#define CLOSE_MS 500

struct rpc_watch {
    struct rpc_watched watched;
    pthread_t thread;
    int wake;        /* readable: the thread must end */
    int64_t gone_at; /* since when there is no connection; 0: there is one */
    size_t answered; /* the channel's counts at the last check */
    size_t timed_out;
    unsigned missed;  /* pulses */
    bool is_silent;   /* a pulse was sent and not answered yet */
    atomic_bool asks; /* a pulse is under way */
    atomic_bool lost; /* the last pulse was not answered */
};

/* ---- no connection ---- */

static void look_for_connection(struct rpc_watch *watch)
{
    const int64_t now = clock_ms();
    if (watch->watched.is_connected(watch->watched.channel)) {
        watch->gone_at = 0;
    } else if (watch->gone_at == 0) {
        watch->gone_at = now;
    } else if (now - watch->gone_at >= AWAY_MS) {
        watch->watched.dial_again(watch->watched.channel);
        watch->gone_at = now;
    }
}

/* ---- no answer ---- */

static void pulse_ended(struct text response, const struct status *status, void *data)
{
    struct rpc_watch *const watch = data;
    (void)response;
    atomic_store(&watch->lost, status->code != STATUS_OK);
    atomic_store(&watch->asks, false);
}

static void ask(struct rpc_watch *watch)
{
    atomic_store(&watch->lost, false);
    atomic_store(&watch->asks, true);
    if (!watch->watched.pulse(watch->watched.channel, PULSE_MS, pulse_ended, watch)) {
        atomic_store(&watch->asks, false);
    }
}

static void look_for_answers(struct rpc_watch *watch)
{
    const struct rpc_watched *const watched = &watch->watched;
    const size_t answered = atomic_load(watched->answered);
    const size_t timed_out = atomic_load(watched->timed_out);
    const bool is_connected = watched->is_connected(watched->channel);
    if (atomic_load(&watch->asks)) {
        return;
    }
    if (answered != watch->answered || !is_connected) {
        watch->missed = 0;
    } else if (watch->is_silent && atomic_load(&watch->lost)) {
        watch->missed++;
    }
    watch->is_silent = answered == watch->answered && (timed_out != watch->timed_out || watch->missed > 0);
    watch->answered = answered;
    watch->timed_out = timed_out;
    if (watch->missed >= PULSES) {
        log_warn("a worker answers nothing: it is connected again", "address=%s", watched->url);
        watched->give_up(watched->channel);
        watch->missed = 0;
    } else if (watch->is_silent && is_connected) {
        ask(watch);
    }
}

/* ---- the thread ---- */

static void *run(void *data)
{
    struct rpc_watch *const watch = data;
    struct pollfd ready = {.fd = watch->wake, .events = POLLIN};
    while (poll(&ready, 1, LOOK_MS) <= 0) {
        look_for_connection(watch);
        look_for_answers(watch);
    }
    return NULL;
}

struct rpc_watch *rpc_watch_new(const struct rpc_watched *watched)
{
    struct rpc_watch *const watch = memory_alloc(sizeof *watch);
    sigset_t all;
    sigset_t before;
    watch->watched = *watched;
    watch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool ok = watch->wake >= 0 && pthread_create(&watch->thread, NULL, run, watch) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!ok && watch->wake >= 0) {
        close(watch->wake);
    }
    if (!ok) {
        free(watch);
    }
    return ok ? watch : NULL;
}

bool rpc_watch_free(struct rpc_watch *watch)
{
    const uint64_t one = 1;
    if (watch == NULL) {
        return true;
    }
    if (write(watch->wake, &one, sizeof one) < 0 || !thread_join_in_time(watch->thread, CLOSE_MS)) {
        pthread_detach(watch->thread);
        return false;
    }
    close(watch->wake);
    free(watch);
    return true;
}
