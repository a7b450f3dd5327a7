/*
 * Between fork and exec, only calls that are safe there: no allocation, no locks of libraries.
 */
#include "cli/reach/child.h"

#include "base/clock.h"
#include "base/files.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Runs in the child; only calls that are safe after a fork. */
static void become(const struct process_spec *spec, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    if (spec->is_deaf) {
        sigaddset(&none, spec->end_signal);
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if ((spec->output >= 0 && dup2(spec->output, STDOUT_FILENO) < 0) ||
        (spec->error >= 0 && dup2(spec->error, STDERR_FILENO) < 0)) {
        _exit(126);
    }
    if (spec->user.is_set && (setgroups(0, NULL) != 0 || setgid(spec->user.gid) != 0 || setuid(spec->user.uid) != 0)) {
        _exit(126);
    }
    /* After the change of user, which would clear it. */
    prctl(PR_SET_PDEATHSIG, spec->end_signal);
    if (getppid() != parent) {
        _exit(126);
    }
    /* The terminal's Ctrl-C is for the parent, which ends its children in order. */
    setpgid(0, 0);
    for (size_t i = 0; spec->environment != NULL && spec->environment[i] != NULL; i++) {
        putenv((char *)(uintptr_t)spec->environment[i]);
    }
    /* The new user may not be allowed to see the current directory. */
    if (spec->user.is_set && chdir("/") != 0) {
        _exit(126);
    }
    execv(spec->argv[0], (char *const *)(uintptr_t)spec->argv);
    _exit(127);
}

pid_t process_start(const struct process_spec *spec, struct status *status)
{
    const pid_t parent = getpid();
    if (access(spec->argv[0], X_OK) != 0) {
        status_fail(status, STATUS_NOT_FOUND, "Cannot run %s: %s.", spec->argv[0], strerror(errno));
        return -1;
    }
    const pid_t pid = fork();
    if (pid < 0) {
        status_fail(status, STATUS_RESOURCE_EXHAUSTED, "Cannot start %s: %s.", spec->argv[0], strerror(errno));
    } else if (pid == 0) {
        become(spec, parent);
    }
    return pid;
}

bool process_wait(pid_t pid)
{
    int state;
    while (waitpid(pid, &state, 0) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return WIFEXITED(state) && WEXITSTATUS(state) == 0;
}

/* Does the process exist, and has it not ended? */
static bool lives(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

bool process_stop(pid_t pid, int signal, uint32_t ms)
{
    const struct timespec tick = {.tv_nsec = 2000000};
    const int64_t deadline = deadline_in(ms);
    if (pid <= 0) {
        return true;
    }
    kill(pid, signal);
    while (lives(pid)) {
        if (deadline_passed(deadline)) {
            return false;
        }
        nanosleep(&tick, NULL);
    }
    return true;
}

void process_end(pid_t pid, int signal, uint32_t ms)
{
    if (!process_stop(pid, signal, ms)) {
        kill(pid, SIGKILL);
    }
    if (pid > 0) {
        process_wait(pid);
    }
}
