/*
 * Put into a program by LD_PRELOAD: at SIGUSR2 it tries, from inside of it and on its own thread, what somebody would
 * who has taken it over, and says on standard error what came of it. TRUSS_INSIDE is a file that is none of its
 * business.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ONLY_ASK 0xFFFFFFFF

static void say(const char *what, int result)
{
    const int error = errno;
    dprintf(STDERR_FILENO, "inside: %s=%s\n", what, result >= 0 ? "done" : strerrorname_np(error));
}

static void start_a_shell(void)
{
    const pid_t child = fork();
    int state = 0;
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
        _exit(errno == EACCES ? 8 : 9);
    }
    say("fork", child);
    if (child > 0 && waitpid(child, &state, 0) == child) {
        dprintf(STDERR_FILENO, "inside: shell=%d\n", WEXITSTATUS(state));
    }
}

static void try_all(int signal_number)
{
    const char *const file = getenv("TRUSS_INSIDE");
    (void)signal_number;
    say("open", open(file, O_RDONLY | O_CLOEXEC));
    say("write", open(file, O_WRONLY | O_APPEND | O_CLOEXEC));
    say("raw-socket", socket(AF_PACKET, SOCK_RAW, 0));
    say("personality", personality(ONLY_ASK));
    start_a_shell();
    dprintf(STDERR_FILENO, "inside: over=1\n");
}

__attribute__((constructor)) static void begin(void)
{
    signal(SIGUSR2, try_all);
}
