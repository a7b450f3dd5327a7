/*
 * posix_spawn: between a fork and an exec in a process with threads there is little that may be done.
 */
#include "base/process.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS  50
#define GRACE_MS 5000
#define DRAIN_MS 1000

/* A child that runs. */
struct running {
    const struct process *process;
    pid_t pid;
    int output;
    bool open; /* output may have more */
    char *line;
    size_t size;
};

/* ---- output ---- */

static void tell(struct running *running)
{
    if (running->process->line != NULL) {
        running->process->line(running->process->data, (struct text){running->line, running->size});
    }
    running->size = 0;
}

static void take(struct running *running, struct text data)
{
    for (size_t i = 0; i < data.size; i++) {
        if (data.data[i] == '\n') {
            tell(running);
        } else if (data.data[i] != '\r' && running->size < PROCESS_LINE_LIMIT) {
            running->line[running->size++] = data.data[i];
        }
    }
}

/* Takes what comes within a moment. False where nothing did. */
static bool look(struct running *running)
{
    char data[16384];
    struct pollfd wanted = {.fd = running->output, .events = POLLIN};
    if (poll(&wanted, running->open ? 1 : 0, LOOK_MS) <= 0) {
        return false;
    }
    const ssize_t size = read(running->output, data, sizeof data);
    if (size > 0) {
        take(running, (struct text){data, (size_t)size});
    }
    running->open = size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
    return running->open;
}

/* ---- its life ---- */

static bool spawn(const struct process *process, int output, pid_t *pid, struct status *status)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    /* A group of its own, and signals as a program expects them: ours are blocked and ignored. Everything above the
     * streams is closed, whoever opened it: libraries of ours do not mark all their sockets close-on-exec. */
    int error =
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) |
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) |
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO) |
        posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1) |
        posix_spawn_file_actions_addchdir_np(&actions, process->directory) |
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) |
        posix_spawnattr_setpgroup(&attributes, 0) | posix_spawnattr_setsigmask(&attributes, &none) |
        posix_spawnattr_setsigdefault(&attributes, &all);
    if (error == 0) {
        error = posix_spawn(pid, process->argv[0], &actions, &attributes, (char *const *)(uintptr_t)process->argv,
                            (char *const *)(uintptr_t)process->environment);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error == 0 || status_fail(status, STATUS_FAILED_PRECONDITION, "%s cannot be started in %s: %s.",
                                     process->argv[0], process->directory, strerror(error));
}

/* It stays a zombie, so that its number, which is its group's, is nobody else's yet. */
static bool has_ended(const struct running *running)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)running->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

static void watch(struct running *running, struct process_end *end)
{
    const struct process *const process = running->process;
    int64_t kill_at = NO_DEADLINE;
    while (!has_ended(running)) {
        look(running);
        const bool late = deadline_passed(process->deadline);
        const bool unwanted = process->go_on != NULL && !process->go_on(process->data);
        if (kill_at == NO_DEADLINE && (late || unwanted)) {
            end->timed_out = late;
            end->stopped = !late;
            kill(-running->pid, SIGTERM);
            kill_at = deadline_in(GRACE_MS);
        } else if (deadline_passed(kill_at)) {
            kill(-running->pid, SIGKILL);
        }
    }
}

/* What it has left behind goes, too. What has left its group as well may hold the pipe open for ever: it is read for as
 * long as something comes, and not for long. */
static void finish(struct running *running, struct process_end *end)
{
    const int64_t enough = deadline_in(DRAIN_MS);
    int status = 0;
    kill(-running->pid, SIGKILL);
    while (running->open && !deadline_passed(enough) && look(running)) {
    }
    if (running->size > 0) {
        tell(running);
    }
    waitpid(running->pid, &status, 0);
    end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end->code = WIFSIGNALED(status) ? 128 + end->signal : WEXITSTATUS(status);
}

bool process_run(const struct process *process, struct process_end *end, struct status *status)
{
    struct running running = {.process = process, .open = true};
    int pipes[2];
    *end = (struct process_end){0};
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        return status_fail(status, STATUS_INTERNAL, "A pipe cannot be made: %s.", strerror(errno));
    }
    const bool ok = spawn(process, pipes[1], &running.pid, status);
    close(pipes[1]);
    if (ok) {
        running.output = pipes[0];
        running.line = memory_alloc(PROCESS_LINE_LIMIT);
        watch(&running, end);
        finish(&running, end);
        free(running.line);
    }
    close(pipes[0]);
    return ok;
}
