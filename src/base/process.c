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
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_LIMIT   ((size_t)8 * 1024)
#define OUTPUT_LIMIT ((size_t)1024 * 1024)
#define LOOK_MS      100
#define GRACE_MS     5000

/* A child that runs. */
struct running {
    const struct process *process;
    pid_t pid;
    int output;
    char line[LINE_LIMIT];
    size_t size;
    size_t told; /* bytes of output so far */
    bool is_over;
    int wait_status;
};

/* ---- output ---- */

static void tell(struct running *running)
{
    if (running->process->line != NULL && running->told <= OUTPUT_LIMIT) {
        running->process->line(running->process->data, (struct text){running->line, running->size});
    }
    running->size = 0;
}

static void take(struct running *running, const char *data, size_t size)
{
    running->told += size;
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n' || running->size == LINE_LIMIT) {
            tell(running);
        }
        if (data[i] != '\n' && data[i] != '\r') {
            running->line[running->size++] = data[i];
        }
    }
}

/* Takes what is there; false at its end. */
static bool read_some(struct running *running)
{
    char data[16384];
    const ssize_t size = read(running->output, data, sizeof data);
    if (size > 0) {
        take(running, data, (size_t)size);
    }
    return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

/* ---- its life ---- */

static bool spawn(const struct process *process, const int pipes[2], pid_t *pid, struct status *status)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], STDERR_FILENO);
    posix_spawn_file_actions_addchdir_np(&actions, process->directory);
    /* A group of its own, and signals as a program expects them: ours are blocked and ignored. */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    const int error = posix_spawn(pid, process->argv[0], &actions, &attributes, (char *const *)(uintptr_t)process->argv,
                                  (char *const *)(uintptr_t)process->environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error == 0 || status_fail(status, STATUS_FAILED_PRECONDITION, "%s cannot be started in %s: %s.",
                                     process->argv[0], process->directory, strerror(error));
}

static bool has_ended(struct running *running)
{
    running->is_over = running->is_over || waitpid(running->pid, &running->wait_status, WNOHANG) == running->pid;
    return running->is_over;
}

/* Reads its output for a moment at most. */
static void look(struct running *running, bool *open)
{
    struct pollfd wanted = {.fd = running->output, .events = POLLIN};
    if (poll(&wanted, *open ? 1 : 0, LOOK_MS) > 0) {
        *open = read_some(running);
    }
}

static void watch(struct running *running, struct process_end *end)
{
    const struct process *const process = running->process;
    int64_t kill_at = NO_DEADLINE;
    bool open = true;
    while (!has_ended(running)) {
        look(running, &open);
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
    /* What it has started and left behind may have the pipe open: it goes, too. */
    kill(-running->pid, SIGKILL);
    for (size_t before = SIZE_MAX; open && running->told != before;) {
        before = running->told;
        struct pollfd wanted = {.fd = running->output, .events = POLLIN};
        if (poll(&wanted, 1, LOOK_MS) > 0) {
            open = read_some(running);
        }
    }
    if (running->size > 0) {
        tell(running);
    }
}

bool process_run(const struct process *process, struct process_end *end, struct status *status)
{
    struct running running = {.process = process};
    int pipes[2];
    *end = (struct process_end){0};
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        return status_fail(status, STATUS_INTERNAL, "A pipe cannot be made: %s.", strerror(errno));
    }
    const bool ok = spawn(process, pipes, &running.pid, status);
    close(pipes[1]);
    running.output = pipes[0];
    if (ok) {
        fcntl(pipes[0], F_SETFL, O_NONBLOCK);
        watch(&running, end);
        end->code =
            WIFEXITED(running.wait_status) ? WEXITSTATUS(running.wait_status) : 128 + WTERMSIG(running.wait_status);
    }
    close(pipes[0]);
    return ok;
}
