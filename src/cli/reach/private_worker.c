/*
 * The worker writes "listening" to a pipe when it may be called. If the pipe closes before that, the worker has ended,
 * and its log says why. The log is a file in memory, so that nobody has to read it all the time.
 */
#include "cli/reach/private_worker.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/private_place.h"
#include "base/process.h"
#include "base/text.h"
#include "cli/reach/child.h"
#include "cli/table.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#define LISTEN_MS    60000 /* with --create-database, a server first copies its template */
#define END_MS       40000
#define LOG_TAIL     ((size_t)4096)
#define LONGEST_PATH 60 /* of a folder for sockets: the path of a socket has at most 107 bytes */
#define MOST_WORDS   32

/* ---- the directory ---- */

/* An address ends at a comma, because addresses are written in a list. */
static bool is_place(const char *place)
{
    return place != NULL && place[0] == '/' && strlen(place) <= LONGEST_PATH && strchr(place, ',') == NULL &&
           access(place, W_OK) == 0;
}

/* Chooses a name for a directory of its own. The worker makes and removes the directory, so that none is left if this
 * command is killed before it has passed on the name. */
static bool name_directory(struct cli *cli, struct private_worker *worker)
{
    const char *const places[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp"};
    uint64_t number;
    size_t i = 0;
    while (!is_place(places[i])) {
        if (++i == sizeof places / sizeof places[0]) {
            return status_fail(cli->status, STATUS_FAILED_PRECONDITION,
                               "A socket cannot be made: /tmp is not writable; name another folder in TMPDIR.");
        }
    }
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
        return status_fail(cli->status, STATUS_INTERNAL, "Cannot get a random number: %s.", strerror(errno));
    }
    worker->directory = arena_printf(cli->arena, "%s/" PRIVATE_PREFIX "%0*" PRIx64, places[i], PRIVATE_DIGITS, number);
    worker->address = arena_printf(cli->arena, "ipc://%s/" PRIVATE_SOCKET, worker->directory);
    return true;
}

/* Removes what a killed worker has left. */
static void remove_directory(const struct private_worker *worker)
{
    char lock[LONGEST_PATH + sizeof PRIVATE_PREFIX + PRIVATE_DIGITS + sizeof PRIVATE_LOCK + 2];
    if (worker->directory != NULL) {
        unlink(worker->address + strlen("ipc://"));
        snprintf(lock, sizeof lock, "%s/" PRIVATE_LOCK, worker->directory);
        unlink(lock);
        rmdir(worker->directory);
    }
}

/* ---- starting and ending it ---- */

/* Passes on those options of the command line that a worker has too. It reads variables and files itself. */
static void add_words(const struct cli *cli, const char **argv, size_t count)
{
    for (size_t i = 0; cli->command->options[i] != OPTION_NONE && count < MOST_WORDS - 1; i++) {
        const enum option_id id = cli->command->options[i];
        const struct option *const option = option_of(id);
        if (!cli_is_on_line(cli, id) || (option->programs & OF_WORKER) == 0 || option->kind == OPTION_SECRET ||
            id == OPTION_help) {
            continue;
        }
        const char *const value = cli_option_value(cli, id);
        argv[count++] = value == NULL ? arena_printf(cli->arena, "--%s", option->name)
                                      : arena_printf(cli->arena, "--%s=%s", option->name, value);
    }
    if (cli->given.ask_lock_retry > 0 && count < MOST_WORDS - 1) {
        /* A worker's own limit is the most that may be asked for; this worker serves nobody else. */
        argv[count++] = arena_printf(cli->arena, "--lock-retry=%ums", cli->given.ask_lock_retry);
    }
    argv[count] = NULL;
}

/* The last lines of its log, without the program's name in front. */
static const char *log_tail(const struct cli *cli, const struct private_worker *worker)
{
    static const char name[] = "truss-worker: ";
    char *const text = arena_alloc(cli->arena, LOG_TAIL + 1);
    const off_t size = lseek(worker->log, 0, SEEK_END);
    const off_t from = size > (off_t)LOG_TAIL ? size - (off_t)LOG_TAIL : 0;
    const ssize_t got = size <= 0 ? 0 : pread(worker->log, text, LOG_TAIL, from);
    const struct text all = text_trim((struct text){text, got < 0 ? 0 : (size_t)got});
    const char *const end = arena_strndup(cli->arena, all.data, all.size);
    const char *const said = strstr(end, name);
    return said == NULL ? end : said + strlen(name);
}

static bool fail_dead(struct cli *cli, const struct private_worker *worker)
{
    const char *const said = log_tail(cli, worker);
    return status_fail(cli->status, STATUS_FAILED_PRECONDITION, "%s",
                       said[0] == '\0' ? "truss-worker, which does the work of this command, ended at once." : said);
}

/* Reads what the worker writes about itself until it listens. */
static bool wait_listening(struct cli *cli, struct private_worker *worker, int said)
{
    const int64_t until = deadline_in(LISTEN_MS);
    struct buffer text = {.arena = cli->arena};
    for (;;) {
        char piece[256];
        struct pollfd fd = {.fd = said, .events = POLLIN};
        if (poll(&fd, 1, deadline_left(until)) == 0) {
            return status_fail(
                cli->status, STATUS_DEADLINE_EXCEEDED,
                "truss-worker, which does the work of this command, does not begin to listen. It said: %s",
                log_tail(cli, worker));
        }
        const ssize_t got = read(said, piece, sizeof piece);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return fail_dead(cli, worker);
        }
        buffer_add(&text, (struct text){piece, (size_t)got});
        if (strstr(buffer_string(&text), "listening\n") != NULL) {
            break;
        }
    }
    const char *const created = strstr(buffer_string(&text), "created ");
    if (created != NULL) {
        const char *const name = created + strlen("created ");
        worker->created = arena_strndup(cli->arena, name, strcspn(name, "\n"));
    }
    return true;
}

static bool start(struct cli *cli, const char *url, struct private_worker *worker)
{
    const char *argv[MOST_WORDS] = {process_sibling(cli->arena, "truss-worker"), "--serves-parent", "--listen",
                                    worker->address};
    const char *const environment[] = {url == NULL ? NULL : arena_printf(cli->arena, "DATABASE_URL=%s", url), NULL};
    int ends[2];
    add_words(cli, argv, 4);
    worker->log = memfd_create("truss-worker", MFD_CLOEXEC);
    if (worker->log < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        return status_fail(cli->status, STATUS_RESOURCE_EXHAUSTED, "Cannot make a pipe: %s.", strerror(errno));
    }
    const struct process_spec spec = {.argv = argv,
                                      .environment = environment,
                                      .end_signal = SIGTERM,
                                      .output = ends[1],
                                      .error = worker->log,
                                      .is_deaf = true};
    const pid_t pid = process_start(&spec, cli->status);
    close(ends[1]);
    worker->pid = pid > 0 ? pid : 0;
    const bool ok = pid > 0 && wait_listening(cli, worker, ends[0]);
    close(ends[0]);
    return ok;
}

bool private_worker_start(struct cli *cli, const char *url, struct private_worker *worker)
{
    *worker = (struct private_worker){.log = -1};
    if (name_directory(cli, worker) && start(cli, url, worker)) {
        return true;
    }
    private_worker_end(worker);
    return false;
}

/* Guards a worker's pid and directory: a thread that handles a signal may end the worker while it is being ended
 * already. Until the process is waited for, its number cannot be used by another. */
static pthread_mutex_t ending = PTHREAD_MUTEX_INITIALIZER;

static pid_t pid_of(const struct private_worker *worker)
{
    pthread_mutex_lock(&ending);
    const pid_t pid = worker->pid;
    pthread_mutex_unlock(&ending);
    return pid;
}

void private_worker_cancel(const struct private_worker *worker)
{
    pthread_mutex_lock(&ending);
    if (worker->pid > 0) {
        kill(worker->pid, SIGTERM);
    }
    pthread_mutex_unlock(&ending);
}

/* Call with the mutex held, for a worker that has ended or was told to end at once. */
static void bury(struct private_worker *worker)
{
    process_end(worker->pid, SIGKILL, END_MS);
    worker->pid = 0;
    remove_directory(worker);
}

void private_worker_end(struct private_worker *worker)
{
    process_stop(pid_of(worker), SIGTERM, END_MS);
    pthread_mutex_lock(&ending);
    bury(worker);
    if (worker->log >= 0) {
        close(worker->log);
    }
    *worker = (struct private_worker){.log = -1};
    pthread_mutex_unlock(&ending);
}

void private_worker_kill(struct private_worker *worker)
{
    pthread_mutex_lock(&ending);
    bury(worker);
    pthread_mutex_unlock(&ending);
}
