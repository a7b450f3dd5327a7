/*
 * Between fork and exec, and during the whole life of the keeper, only system calls are used: it is a copy of a process
 * with threads, whose locks (of the heap, of libraries) may be held by threads that no longer exist. _Fork runs no
 * handlers that would take them.
 */
#include "base/keeper.h"

#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILL_MS 20    /* between two rounds of killing */
#define ROUNDS  500   /* of killing, if somebody waits for us */
#define MOVED   100   /* descriptors are first moved above this number */
#define HELD    63    /* the held file in the program: above the numbers that scripts use */
#define CONTROL 3     /* in the keeper */
#define OUTPUT  4     /* in the keeper: the program's */
#define ERRORS  5     /* likewise */
#define READING 6     /* in the keeper: the other end of ERRORS */
#define LISTED  16384 /* bytes of the list of children read at once */

/* The keeper's state, in its own process. */
struct life {
    const struct keeper_task *task;
    pid_t program;
    int children;  /* a signalfd */
    int looked_at; /* CONTROL; READING if nobody is at its other end; -1: that has ended, too */
    int64_t kill_at;
    bool is_to_end;   /* it was told to end */
    bool is_orphaned; /* nobody waits for us */
};

static void tell(enum keeper_event event, int value)
{
    const struct keeper_word word = {event, value};
    send(CONTROL, &word, sizeof word, MSG_NOSIGNAL);
}

/* ---- the program ---- */

/* By the system call: since glibc 2.41 sigaction() for SIGABRT waits for a lock that _Fork() takes in each thread, and
 * that may be held in a copy of a process with threads. The kernel's struct differs from glibc's; all zeroes mean
 * SIG_DFL in both. */
static void use_signals_as_usual(void)
{
    static const char usual[64];
    sigset_t none;
    sigemptyset(&none);
    for (int i = 1; i < NSIG; i++) {
        syscall(SYS_rt_sigaction, i, usual, NULL, NSIG / 8);
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the program's process. It also dies with its parent, because the keeper may be killed as well. */
static void become_program(const struct keeper_task *task, pid_t keeper, int failed)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == keeper && setpgid(0, 0) == 0 && dup2(OUTPUT, STDOUT_FILENO) >= 0 &&
        dup2(ERRORS, STDERR_FILENO) >= 0 && chdir(task->directory) == 0) {
        use_signals_as_usual();
        execve(task->argv[0], (char *const *)(uintptr_t)task->argv, (char *const *)(uintptr_t)task->environment);
    }
    const int error = errno;
    _exit(write(failed, &error, sizeof error) == sizeof error ? 127 : 126);
}

/* 0, or why it did not start. */
static int start_program(struct life *life)
{
    const pid_t keeper = getpid();
    int failed[2];
    int error = 0;
    if (pipe2(failed, O_CLOEXEC) != 0) {
        return errno;
    }
    life->program = _Fork();
    if (life->program == 0) {
        become_program(life->task, keeper, failed[1]);
    }
    error = life->program < 0 ? errno : 0;
    close(failed[1]);
    if (error == 0 && read(failed[0], &error, sizeof error) > 0) {
        waitpid(life->program, NULL, 0);
    }
    close(failed[0]);
    close(OUTPUT); /* they end with the last writer */
    close(ERRORS);
    return error;
}

/* ---- ending ---- */

static void kill_listed(const char *list, size_t size)
{
    pid_t pid = 0;
    for (size_t i = 0; i < size; i++) {
        if (list[i] >= '0' && list[i] <= '9') {
            pid = pid * 10 + (list[i] - '0');
        } else if (pid > 0) {
            kill(pid, SIGKILL);
            pid = 0;
        }
    }
}

/* Orphans of the killed become our children: a truncated list is read again. */
static void kill_children(void)
{
    char list[LISTED];
    const int file = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    const ssize_t size = file < 0 ? 0 : read(file, list, sizeof list);
    kill_listed(list, size > 0 ? (size_t)size : 0);
    close(file);
}

/* Kills everything below us. We hold `held` as long as something lives; if nobody waits there is no hurry. */
static void kill_all(const struct life *life)
{
    for (int round = 0; life->is_orphaned || round < ROUNDS; round++) {
        kill_children();
        poll(NULL, 0, round == 0 ? 0 : KILL_MS);
        pid_t buried;
        while ((buried = waitpid(-1, NULL, WNOHANG)) > 0) {
        }
        if (buried < 0 && errno == ECHILD) {
            return;
        }
    }
}

/* Kills the program's group and, if it was to be ended, descendants that have left the group. The program is reaped
 * last, because its pid is its group's. */
static void finish(const struct life *life)
{
    int status = 0;
    kill(-life->program, SIGKILL);
    waitpid(life->program, &status, 0);
    if (life->is_to_end) {
        kill_all(life);
    }
    tell(KEEPER_ENDED, status);
    _exit(0);
}

/* ---- running ---- */

static void end_program(struct life *life)
{
    if (!life->is_to_end) {
        life->is_to_end = true;
        life->kill_at = deadline_in(life->task->grace_ms);
        kill(-life->program, life->task->end_signal);
    }
}

/* A program that cleans up must not die from writing to its pipe: if nobody reads it, we do. */
static void throw_away_output(struct life *life)
{
    char data[4096];
    if (read(READING, data, sizeof data) <= 0) {
        life->looked_at = -1;
    }
}

static void obey(struct life *life)
{
    char word = 0;
    const ssize_t size = recv(CONTROL, &word, sizeof word, MSG_DONTWAIT);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
        life->is_orphaned = true;
        life->looked_at = READING;
    }
    if (word == KEEPER_END || life->is_orphaned) {
        end_program(life);
    }
}

/* Reaps our children. Returns true if the program itself has ended. */
static bool program_has_ended(const struct life *life)
{
    siginfo_t info = {0};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
        if (info.si_pid == life->program) {
            return true;
        }
        waitpid(info.si_pid, NULL, 0);
        info = (siginfo_t){0};
    }
    return false;
}

static void live(struct life *life)
{
    struct signalfd_siginfo signal_info;
    while (!program_has_ended(life)) {
        struct pollfd wanted[] = {{.fd = life->children, .events = POLLIN}, {.fd = life->looked_at, .events = POLLIN}};
        poll(wanted, 2, life->is_to_end ? KILL_MS : -1);
        if (wanted[0].revents != 0 && read(life->children, &signal_info, sizeof signal_info) < 0) {
            continue;
        }
        if (wanted[1].revents != 0 && life->is_orphaned) {
            throw_away_output(life);
        } else if (wanted[1].revents != 0) {
            obey(life);
        }
        if (life->is_to_end && deadline_passed(life->kill_at)) {
            kill(-life->program, SIGKILL);
        }
    }
    finish(life);
}

/* Closes all but the keeper's own descriptors: others would keep connections open whose peers wait for their end. */
static bool take_files(const struct keeper_task *task, int control)
{
    enum { FILES = 5 };
    const int held = task->held;
    const int from[FILES] = {control, task->output, task->errors, task->errors_end, held > 0 ? held : control};
    static const int to[FILES] = {CONTROL, OUTPUT, ERRORS, READING, HELD};
    int moved[FILES];
    bool ok = true;
    for (size_t i = 0; i < FILES; i++) {
        moved[i] = fcntl(from[i], F_DUPFD, MOVED);
        ok = ok && moved[i] >= 0;
    }
    for (size_t i = 0; ok && i < FILES; i++) {
        ok = dup3(moved[i], to[i], to[i] == HELD && held > 0 ? 0 : O_CLOEXEC) >= 0;
    }
    const int null = ok ? open("/dev/null", O_RDWR) : -1;
    ok = null >= 0;
    for (int i = STDIN_FILENO; ok && i <= STDERR_FILENO; i++) {
        ok = dup2(null, i) >= 0;
    }
    ok = ok && close_range(READING + 1, HELD - 1, 0) == 0 && close_range(HELD + 1, ~0U, 0) == 0;
    return ok && (held > 0 || close(HELD) == 0);
}

static void become_keeper(struct life *life, int control)
{
    sigset_t all;
    sigset_t child;
    sigfillset(&all);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_SETMASK, &all, NULL);
    signal(SIGCHLD, SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_NAME, "truss-keeper");
    if (!take_files(life->task, control) || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
        const struct keeper_word word = {KEEPER_FAILED, errno};
        _exit(send(control, &word, sizeof word, MSG_NOSIGNAL) < 0 ? 1 : 0);
    }
    life->children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    const int error = life->children < 0 ? errno : start_program(life);
    if (error != 0) {
        tell(KEEPER_FAILED, error);
        _exit(0);
    }
    tell(KEEPER_STARTED, life->program);
    live(life);
}

/* ---- in the parent ---- */

static bool fail(const struct keeper_task *task, int error, struct status *status)
{
    return status_fail(status, STATUS_FAILED_PRECONDITION, "%s cannot be started in %s: %s.", task->argv[0],
                       task->directory, strerror(error));
}

/* 0, or why there is no program. */
static int first_word(int control)
{
    struct keeper_word word = {KEEPER_FAILED, ECHILD};
    while (recv(control, &word, sizeof word, 0) < 0 && errno == EINTR) {
    }
    return word.event == KEEPER_FAILED ? word.value : 0;
}

bool keeper_start(const struct keeper_task *task, struct keeper *keeper, struct status *status)
{
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
        return fail(task, errno, status);
    }
    struct life life = {.task = task, .looked_at = CONTROL, .kill_at = NO_DEADLINE};
    const pid_t pid = _Fork();
    if (pid == 0) {
        become_keeper(&life, sockets[1]);
    }
    int error = pid < 0 ? errno : 0;
    close(sockets[1]);
    error = error == 0 ? first_word(sockets[0]) : error;
    if (error != 0) {
        close(sockets[0]);
        waitpid(pid, NULL, 0);
        return fail(task, error, status);
    }
    *keeper = (struct keeper){.pid = pid, .control = sockets[0]};
    return true;
}
