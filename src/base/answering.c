/*
 * There is a record for each directory that was asked about, which a process has few of (its project), and at most one
 * child for each. Between fork and its end the child makes system calls only: it is a copy of a process with threads
 * (base/keeper.c). It has no other file than its pipe: it may hang as long as the machine runs, and would keep
 * connections, addresses and the output of a command open.
 */
#include "base/answering.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/mounts.h"
#include "base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS    5000
#define FRESH_MS   100 /* the parts of one request ask several times */
#define RETRY_MS   5000
#define TICK_MS    50
#define MOST_AGAIN 3 /* children that are killed, for one request */
#define OUT        3 /* the pipe, in the child */

/* What the child says. */
struct word {
    int at;    /* the mount that it looks at next; LAST: nothing more */
    int error; /* the last word's: errno for the directory; 0: it is there */
};

#define LAST (-1)

struct look {
    struct look *next;
    char *path;
    struct arena *arena; /* of the mounts */
    struct mounts mounts;
    const char *at; /* what is being looked at */
    pid_t child;    /* 0: nobody looks */
    int words;
    unsigned waiting; /* how many wait; the last one closes `words` */
    unsigned again;   /* children that were killed since somebody began to wait */
    bool has_ended;   /* one look at least; then `ended` and `error` are the last one's */
    int64_t began;    /* clock_ms */
    int64_t ended;
    int error;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* protects all looks */
static struct look *looks;

/* ---- looking, in the child ---- */

static void say(int at, int error)
{
    const struct word word = {at, error};
    if (write(OUT, &word, sizeof word) != sizeof word) {
        _exit(1);
    }
}

static bool is_same_tree(const char *a, const char *b)
{
    return path_is_within(a, b) || path_is_within(b, a);
}

/* All links followed; an errno. */
static int real_path(const char *path, char real[PATH_MAX])
{
    char name[] = "/proc/self/fd/0"; /* the lowest number is free */
    const int fd = open(path, O_PATH | O_DIRECTORY);
    if (fd < 0) {
        return errno;
    }
    name[sizeof name - 2] = (char)('0' + fd);
    const ssize_t size = readlink(name, real, PATH_MAX - 1);
    const int error = size < 0 ? errno : 0;
    real[size < 0 ? 0 : size] = '\0';
    close(fd);
    return error;
}

/* statfs(2) asks the server, where stat(2) may be answered from memory. What a mount inside the project fails with is
 * for those who read it. */
static void look_at_all(const struct look *look)
{
    char real[PATH_MAX];
    struct statfs ignored;
    int error = real_path(look->path, real);
    for (size_t i = 0; i < look->mounts.count && error == 0; i++) {
        const char *const at = look->mounts.items[i].at;
        if (is_same_tree(at, real)) {
            say((int)i, 0);
            const bool failed = statfs(at, &ignored) != 0;
            error = failed && path_is_within(at, real) ? errno : 0;
        }
    }
    say(LAST, error);
}

static _Noreturn void be_child(const struct look *look, int out)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "truss-look");
    if (dup2(out, OUT) == OUT && close_range(OUT + 1, ~0U, 0) == 0) {
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        close(STDERR_FILENO);
        look_at_all(look);
    }
    _exit(0);
}

/* ---- in the parent, with the mutex held ---- */

/* Without a child nobody looks: then the requests are on their own. The number of `words` stays: others may poll it. */
static void send_child(struct look *look)
{
    int ends[2];
    look->at = look->path;
    look->began = clock_ms();
    look->child = 0;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return;
    }
    const pid_t child = _Fork();
    if (child == 0) {
        be_child(look, ends[1]);
    }
    close(ends[1]);
    look->child = child < 0 ? 0 : child;
    if (look->words < 0) {
        look->words = ends[0];
    } else {
        dup3(ends[0], look->words, O_CLOEXEC);
        close(ends[0]);
    }
}

static void start(struct look *look)
{
    look->arena = arena_new(0);
    mounts_read(look->arena, &look->mounts);
    look->words = -1;
    send_child(look);
}

/* The child has said its last word, or is gone. Returns its status (waitpid). */
static int end(struct look *look, int error)
{
    int status = 0;
    waitpid(look->child, &status, 0);
    look->child = 0;
    look->error = error;
    look->has_ended = true;
    look->ended = clock_ms();
    return status;
}

/* A child without a last word. If it was killed, that says nothing of the directory, and another one is sent: the
 * kernel kills it when the thread that sent it ends (PR_SET_PDEATHSIG). */
static void replace(struct look *look)
{
    const int status = end(look, 0);
    if (WIFSIGNALED(status) && look->again++ < MOST_AGAIN) {
        send_child(look);
    }
}

static void listen_to(struct look *look)
{
    struct word word;
    while (look->child != 0) {
        const ssize_t got = read(look->words, &word, sizeof word);
        if (got < 0 && errno != EINTR) {
            return;
        }
        if (got == (ssize_t)sizeof word && word.at != LAST) {
            look->at = look->mounts.items[word.at].at;
        } else if (got == 0) {
            replace(look);
        } else if (got > 0) {
            end(look, word.error);
        }
    }
}

static void close_ended(struct look *look)
{
    if (look->child == 0 && look->waiting == 0 && look->arena != NULL) {
        if (look->words >= 0) {
            close(look->words);
        }
        arena_free(look->arena);
        look->arena = NULL;
        look->at = look->path;
    }
}

static struct look *look_for(const char *path)
{
    struct look *look = looks;
    while (look != NULL && strcmp(look->path, path) != 0) {
        look = look->next;
    }
    if (look == NULL) {
        look = memory_alloc(sizeof *look);
        *look = (struct look){.next = looks, .path = memory_alloc(strlen(path) + 1)};
        memcpy(look->path, path, strlen(path) + 1);
        look->at = look->path;
        looks = look;
    }
    return look;
}

/* Soon enough before the deadline that the answer arrives. */
static int64_t end_of_wait(int64_t deadline)
{
    const int left = deadline_left(deadline);
    return left < 0 ? INT64_MAX : deadline - left / 5;
}

/* How long there is to wait for the present child, at most until then. */
static int64_t wait_left(const struct look *look, int64_t until)
{
    const int64_t end = look->began + WAIT_MS;
    return (end < until ? end : until) - clock_ms();
}

/* Lets go of the mutex while it waits. */
static void wait_for_end(struct look *look, int64_t until)
{
    look->waiting++;
    look->again = 0;
    listen_to(look);
    for (int64_t left; look->child != 0 && (left = wait_left(look, until)) > 0; listen_to(look)) {
        struct pollfd words = {.fd = look->words, .events = POLLIN};
        pthread_mutex_unlock(&mutex);
        poll(&words, 1, left < TICK_MS ? (int)left : TICK_MS); /* another one may read the words first */
        pthread_mutex_lock(&mutex);
    }
    look->waiting--;
}

/* ---- saying ---- */

/* "its file system is fuse.sshfs (files:/srv)", by the names alone: nothing is looked at. */
static const char *words_of_system(struct arena *arena, const char *path)
{
    char here[PATH_MAX] = "";
    struct mounts mounts;
    mounts_read(arena, &mounts);
    const bool is_whole = path[0] == '/' || getcwd(here, sizeof here) == NULL;
    const char *const whole = is_whole                 ? path
                              : strcmp(path, ".") == 0 ? here
                                                       : path_join(arena, arena_strdup(arena, here), path);
    const struct mount_point *const of = mounts_of(&mounts, whole);
    return of == NULL ? "it leads to a file system of a network or of a program"
                      : arena_printf(arena, "its file system is %s (%s)", of->type, of->source);
}

static bool fail_silent(const char *at, int64_t ms, struct status *status)
{
    status_fail(status, STATUS_UNAVAILABLE,
                "The directory %s does not answer (asked %lld s ago); %s. Nothing of the project was read.",
                text_plain(status->arena, at, PATH_MAX), (long long)(ms / 1000), words_of_system(status->arena, at));
    status->hint = "Bring its server back, or mount it anew. As soon as it answers this works again.";
    status->retry_ms = RETRY_MS;
    return false;
}

static bool fail_broken(const char *path, int error, struct status *status)
{
    status_fail(status, STATUS_UNAVAILABLE, "The directory %s cannot be read: %s; %s. Nothing of the project was read.",
                text_plain(status->arena, path, PATH_MAX), strerror(error), words_of_system(status->arena, path));
    status->hint = "Mount it anew.";
    status->retry_ms = RETRY_MS;
    return false;
}

/* What those who read it report themselves. */
static bool is_ordinary(int error)
{
    static const int ordinary[] = {0, ENOENT, ENOTDIR, EACCES, EPERM, ELOOP, ENAMETOOLONG};
    for (size_t i = 0; i < sizeof ordinary / sizeof ordinary[0]; i++) {
        if (error == ordinary[i]) {
            return true;
        }
    }
    return false;
}

bool directory_answers(const char *path, int64_t deadline, struct status *status)
{
    if (!mounts_may_hang()) {
        return true;
    }
    pthread_mutex_lock(&mutex);
    struct look *const look = look_for(path);
    if (look->arena == NULL && !(look->has_ended && clock_ms() - look->ended < FRESH_MS)) {
        start(look);
    }
    if (look->arena != NULL) {
        wait_for_end(look, end_of_wait(deadline));
    }
    const bool is_silent = look->child != 0;
    const int error = is_silent || !look->has_ended ? 0 : look->error;
    const int64_t ms = clock_ms() - look->began;
    const char *const at = is_silent ? arena_strdup(status->arena, look->at) : path;
    close_ended(look);
    pthread_mutex_unlock(&mutex);
    return is_silent ? fail_silent(at, ms, status) : is_ordinary(error) || fail_broken(path, error, status);
}
