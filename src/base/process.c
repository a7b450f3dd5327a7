#include "base/process.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS  50
#define GRACE_MS 5000
#define DRAIN_MS 1000

#define DATA_PIPE_SIZE 1048576

/* The streams that are read: lines, and bytes if wanted. */
enum stream { STREAM_LINES, STREAM_BYTES, STREAMS };

/* A running child. */
struct running {
    const struct process *process;
    struct keeper keeper;
    bool ended;
    int status;           /* from waitpid */
    int streams[STREAMS]; /* -1: ended */
    bool refused;         /* by `bytes` */
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

/* Reads once what has arrived. Returns false if nothing had. */
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

/* A keeper that ended without a message was killed, and its program with it. */
static void take_word(struct running *running)
{
    struct keeper_word word = {KEEPER_ENDED, SIGKILL};
    const ssize_t size = recv(running->keeper.control, &word, sizeof word, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    running->ended = word.event == KEEPER_ENDED;
    running->status = word.value;
}

/* Handles what arrives within a moment. Returns false if there was no output. */
static bool look(struct running *running)
{
    struct pollfd wanted[STREAMS + 1];
    bool came = false;
    for (int i = 0; i < STREAMS; i++) {
        wanted[i] = (struct pollfd){.fd = running->streams[i], .events = POLLIN};
    }
    wanted[STREAMS] = (struct pollfd){.fd = running->ended ? -1 : running->keeper.control, .events = POLLIN};
    if (poll(wanted, STREAMS + 1, LOOK_MS) <= 0) {
        return false;
    }
    if (wanted[STREAMS].revents != 0) {
        take_word(running);
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

/* ---- running ---- */

static void command(const struct running *running, char word)
{
    send(running->keeper.control, &word, sizeof word, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void watch(struct running *running, struct process_end *end)
{
    const struct process *const process = running->process;
    while (!running->ended) {
        look(running);
        const bool late = deadline_passed(process->deadline);
        const bool unwanted = running->refused || (process->go_on != NULL && !process->go_on(process->data));
        if (!end->timed_out && !end->stopped && (late || unwanted)) {
            end->timed_out = late;
            end->stopped = !late;
            command(running, KEEPER_END);
        }
    }
}

/* Descendants outside of the group may keep the pipe open for ever: it is read only as long as something arrives, and
 * for a limited time. Bytes are read to their end, or until none arrived for so long. */
static void finish(struct running *running, struct process_end *end)
{
    int64_t enough = deadline_in(DRAIN_MS);
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
    close(running->keeper.control);
    waitpid(running->keeper.pid, NULL, 0);
    end->signal = WIFSIGNALED(running->status) ? WTERMSIG(running->status) : 0;
    end->code = WIFSIGNALED(running->status) ? 128 + end->signal : WEXITSTATUS(running->status);
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
            fcntl(bytes[1], F_SETPIPE_SZ, DATA_PIPE_SIZE); /* for fewer reads; works without it, too */
        }
        return true;
    }
    return status_fail(status, STATUS_INTERNAL, "A pipe cannot be made: %s.", strerror(errno));
}

static bool start(const struct process *process, const int lines[2], int bytes, struct keeper *keeper,
                  struct status *status)
{
    const struct keeper_task task = {
        .argv = process->argv,
        .environment = process->environment,
        .directory = process->directory,
        .output = bytes >= 0 ? bytes : lines[1],
        .errors = lines[1],
        .errors_end = lines[0],
        .held = process->held,
        .end_signal = process->end_signal == 0 ? SIGTERM : process->end_signal,
        .grace_ms = process->grace_ms == 0 ? GRACE_MS : process->grace_ms,
    };
    return keeper_start(&task, keeper, status);
}

const char *process_sibling(struct arena *arena, const char *name)
{
    char self[4096];
    const ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size <= 0) {
        return name;
    }
    self[size] = '\0';
    return path_join(arena, path_above(arena, self), name);
}

bool process_run(const struct process *process, struct process_end *end, struct status *status)
{
    int lines[2] = {-1, -1};
    int bytes[2] = {-1, -1};
    struct running running = {.process = process};
    *end = (struct process_end){0};
    if (open_pipes(process, lines, bytes, status) && start(process, lines, bytes[1], &running.keeper, status)) {
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
