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

#define DATA_PIPE_SIZE 1048576

/* The streams that are read: lines, and bytes where those are wanted. */
enum stream { STREAM_LINES, STREAM_BYTES, STREAMS };

/* A child that runs. */
struct running {
    const struct process *process;
    pid_t pid;
    int streams[STREAMS]; /* -1: nothing more can come of it */
    bool refused;         /* `bytes` said so */
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

static void hand_on(struct running *running, enum stream stream, struct text data)
{
    if (stream == STREAM_LINES) {
        take(running, data);
    } else if (!running->refused) {
        running->refused = !running->process->bytes(running->process->data, data);
    }
}

/* Reads once what has come of a stream. False where nothing had. */
static bool read_stream(struct running *running, enum stream stream, short events)
{
    char data[65536];
    if (events == 0) {
        return false;
    }
    const ssize_t size = read(running->streams[stream], data, sizeof data);
    if (size > 0) {
        hand_on(running, stream, (struct text){data, (size_t)size});
    } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(running->streams[stream]);
        running->streams[stream] = -1;
    }
    return size > 0;
}

/* Takes what comes within a moment. False where nothing did. */
static bool look(struct running *running)
{
    struct pollfd wanted[STREAMS];
    bool came = false;
    for (int i = 0; i < STREAMS; i++) {
        wanted[i] = (struct pollfd){.fd = running->streams[i], .events = POLLIN};
    }
    if (poll(wanted, STREAMS, LOOK_MS) <= 0) {
        return false;
    }
    for (int i = 0; i < STREAMS; i++) {
        came = read_stream(running, (enum stream)i, wanted[i].revents) || came;
    }
    return came;
}

static bool is_open(const struct running *running)
{
    return running->streams[STREAM_LINES] >= 0 || running->streams[STREAM_BYTES] >= 0;
}

/* ---- its life ---- */

/* Its ends of the pipes. */
struct outputs {
    int lines;
    int bytes; /* -1: none */
};

static bool spawn(const struct process *process, struct outputs outputs, pid_t *pid, struct status *status)
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
        posix_spawn_file_actions_adddup2(&actions, outputs.bytes >= 0 ? outputs.bytes : outputs.lines, STDOUT_FILENO) |
        posix_spawn_file_actions_adddup2(&actions, outputs.lines, STDERR_FILENO) |
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
        const bool unwanted = running->refused || (process->go_on != NULL && !process->go_on(process->data));
        if (kill_at == NO_DEADLINE && (late || unwanted)) {
            end->timed_out = late;
            end->stopped = !late;
            kill(-running->pid, process->end_signal == 0 ? SIGTERM : process->end_signal);
            kill_at = deadline_in(process->grace_ms == 0 ? GRACE_MS : process->grace_ms);
        } else if (deadline_passed(kill_at)) {
            kill(-running->pid, SIGKILL);
        }
    }
}

/* What it has left behind goes, too. What has left its group as well may hold the pipe open for ever: it is read for as
 * long as something comes, and not for long. Bytes are read to their end, or till none came for so long. */
static void finish(struct running *running, struct process_end *end)
{
    int64_t enough = deadline_in(DRAIN_MS);
    int status = 0;
    kill(-running->pid, SIGKILL);
    while (is_open(running) && !deadline_passed(enough)) {
        const bool came = look(running);
        if (!came && running->process->bytes == NULL) {
            break;
        }
        enough = came && running->streams[STREAM_BYTES] >= 0 ? deadline_in(DRAIN_MS) : enough;
    }
    if (running->size > 0) {
        tell(running);
    }
    waitpid(running->pid, &status, 0);
    end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end->code = WIFSIGNALED(status) ? 128 + end->signal : WEXITSTATUS(status);
    end->stopped = end->stopped || running->refused;
}

static void close_pipe(const int pipes[2])
{
    for (int i = 0; i < 2; i++) {
        if (pipes[i] >= 0) {
            close(pipes[i]);
        }
    }
}

static bool open_pipes(const struct process *process, int lines[2], int bytes[2], struct status *status)
{
    if (pipe2(lines, O_CLOEXEC) == 0 && (process->bytes == NULL || pipe2(bytes, O_CLOEXEC) == 0)) {
        if (process->bytes != NULL) {
            fcntl(bytes[1], F_SETPIPE_SZ, DATA_PIPE_SIZE); /* fewer turns; without it all goes the same way */
        }
        return true;
    }
    return status_fail(status, STATUS_INTERNAL, "A pipe cannot be made: %s.", strerror(errno));
}

bool process_run(const struct process *process, struct process_end *end, struct status *status)
{
    int lines[2] = {-1, -1};
    int bytes[2] = {-1, -1};
    struct running running = {.process = process};
    *end = (struct process_end){0};
    const bool ok = open_pipes(process, lines, bytes, status) &&
                    spawn(process, (struct outputs){lines[1], bytes[1]}, &running.pid, status);
    if (ok) {
        close(lines[1]);
        if (bytes[1] >= 0) {
            close(bytes[1]);
        }
        running.streams[STREAM_LINES] = lines[0];
        running.streams[STREAM_BYTES] = bytes[0];
        running.line = memory_alloc(PROCESS_LINE_LIMIT);
        watch(&running, end);
        finish(&running, end);
        free(running.line);
        close_pipe(running.streams);
        return true;
    }
    close_pipe(lines);
    close_pipe(bytes);
    return false;
}
