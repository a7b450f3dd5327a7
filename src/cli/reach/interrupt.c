/*
 * Signals are handled on a thread of their own, because the command itself waits for the answer to its call.
 */
#include "cli/reach/interrupt.h"

#include "cli/reach/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

/* The thread that waits for signals, until there is nothing more to do on a signal. */
struct interrupt {
    struct cli *cli;
    pthread_t thread;
    atomic_bool is_over;
};

#define OVER SIGUSR1 /* sent by us to end the thread */

/* An ignored signal (nohup, a background job of a shell) stays ignored; without this, Linux would pass it to
 * sigwait. */
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
    sigaddset(&set, OVER);
    return set;
}

/* The next signal; false when there is nothing more to wait for. */
static bool wait_signal(const struct interrupt *interrupt, int *caught)
{
    const sigset_t set = ending_signals();
    do {
        sigwait(&set, caught);
    } while (*caught == OVER && !atomic_load(&interrupt->is_over));
    return !atomic_load(&interrupt->is_over);
}

static void *listen(void *data)
{
    const struct interrupt *const interrupt = data;
    int caught;
    if (!wait_signal(interrupt, &caught)) {
        return NULL;
    }
    fprintf(stderr, "\ntruss: The run is being cancelled; waiting for its end.\n");
    worker_cancel(interrupt->cli);
    if (!wait_signal(interrupt, &caught)) {
        return NULL;
    }
    fprintf(stderr, "\ntruss: %s\n", INTERRUPT_LAST);
    if (!wait_signal(interrupt, &caught)) {
        return NULL;
    }
    worker_kill(interrupt->cli);
    _exit(EXIT_INTERRUPTED);
}

/* Waits for a signal that would have ended the command without a word. */
static void *take_leave(void *data)
{
    const struct interrupt *const interrupt = data;
    const struct cli *const cli = interrupt->cli;
    int caught;
    if (!wait_signal(interrupt, &caught)) {
        return NULL;
    }
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
    struct interrupt *const interrupt = arena_alloc(cli->arena, sizeof *interrupt);
    interrupt->cli = cli;
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (pthread_create(&interrupt->thread, NULL, worker_is_private(cli) ? listen : take_leave, interrupt) == 0) {
        cli->interrupt = interrupt;
    }
}

void interrupt_end(struct cli *cli)
{
    if (cli->interrupt != NULL) {
        atomic_store(&cli->interrupt->is_over, true);
        pthread_kill(cli->interrupt->thread, OVER);
        pthread_join(cli->interrupt->thread, NULL);
        cli->interrupt = NULL;
    }
}
