/*
 * On a thread of its own, because the command waits for the answer to its call.
 */
#include "cli/reach/interrupt.h"

#include "cli/reach/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* One that is ignored (nohup, a shell's background job) stays so: Linux would hand it to sigwait all the same. */
static sigset_t ending_signals(void)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
        struct sigaction action;
        if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN) {
            sigaddset(&set, ending[i]);
        }
    }
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

/* Waits for the signal that would have ended the command in silence. */
static void *take_leave(void *data)
{
    const struct cli *const cli = data;
    const sigset_t set = ending_signals();
    int caught;
    sigwait(&set, &caught);
    fprintf(stderr,
            "\ntruss: This command ends. A run that the worker at %s has begun goes on.\n"
            "  follow it: truss watch --worker %s\n"
            "  cancel it: truss operations --worker %s shows its ID; then truss cancel ID --worker %s\n",
            worker_address(cli), worker_address(cli), worker_address(cli), worker_address(cli));
    _exit(128 + caught);
}

void interrupt_guard(struct cli *cli)
{
    const sigset_t set = ending_signals();
    pthread_t thread;
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (pthread_create(&thread, NULL, worker_is_private(cli) ? listen : take_leave, cli) == 0) {
        pthread_detach(thread);
    }
}
