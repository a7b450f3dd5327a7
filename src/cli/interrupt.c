/*
 * On a thread of its own, because the command waits for the answer to its call.
 */
#include "cli/interrupt.h"

#include "cli/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static sigset_t ending_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

static void *listen(void *data)
{
    struct cli *const cli = data;
    const sigset_t set = ending_signals();
    int caught;
    sigwait(&set, &caught);
    fprintf(stderr, "\ntruss: The run is being cancelled; waiting for its end.\n");
    worker_cancel(cli);
    sigwait(&set, &caught);
    fprintf(stderr, "\ntruss: %s\n", INTERRUPT_LAST);
    sigwait(&set, &caught);
    worker_kill(cli);
    _exit(EXIT_INTERRUPTED);
}

void interrupt_guard(struct cli *cli)
{
    const sigset_t set = ending_signals();
    pthread_t thread;
    if (!worker_is_private(cli)) {
        return;
    }
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (pthread_create(&thread, NULL, listen, cli) == 0) {
        pthread_detach(thread);
    }
}
