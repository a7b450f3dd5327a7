/*
 * truss dev: starts everything that a project needs with one command, until Ctrl-C. All child processes are started
 * before the first call over nng, which does not survive a fork.
 */
#include "cli/local/dev.h"

#include "base/clock.h"
#include "base/dotenv.h"
#include "base/files.h"
#include "base/process.h"
#include "base/text.h"
#include "cli/local/postgres.h"
#include "cli/print/output.h"
#include "cli/reach/child.h"
#include "rpc/channel.h"
#include "truss/health/v1/health.pb-c.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LISTEN_MS     20000
#define READY_MS      15000
#define STOP_MS       25000
#define GUEST_STOP_MS 300

/* The worker or the bridge. */
struct program {
    const char *name;
    pid_t pid;
    int log;         /* its standard error, which this process reads */
    char line[4096]; /* the part of a line of its log that has arrived so far */
    size_t size;
    const char *address; /* set when it reports where it listens */
};

struct dev {
    struct cli *cli;
    struct postgres postgres;
    struct program worker;
    struct program bridge;
    const struct dev_guest *guest; /* NULL: this is a user's own project */
    pid_t helper;                  /* the guest's child process */
    int signals;                   /* signalfd */
    bool is_stopped;               /* by a signal */
};

/* ---- programs and their logs ---- */

static bool start_program(struct dev *dev, struct program *program, const char *name, const char *const *arguments,
                          const char *const *environment)
{
    struct cli *const cli = dev->cli;
    const char *argv[16] = {process_sibling(cli->arena, name)};
    int ends[2];
    for (size_t i = 0; arguments[i] != NULL; i++) {
        argv[i + 1] = arguments[i];
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return status_fail(cli->status, STATUS_RESOURCE_EXHAUSTED, "Cannot make a pipe: %s.", strerror(errno));
    }
    const struct process_spec spec = {
        .argv = argv, .environment = environment, .end_signal = SIGTERM, .output = ends[1], .error = ends[1]};
    program->name = name;
    program->log = ends[0];
    program->pid = process_start(&spec, cli->status);
    close(ends[1]);
    return program->pid > 0;
}

static void take_line(struct dev *dev, struct program *program)
{
    static const char listening[] = "event=\"listening\" address=";
    const char *const found = strstr(program->line, listening);
    if (found != NULL && program->address == NULL) {
        const char *const address = found + strlen(listening);
        program->address = arena_strndup(dev->cli->arena, address, strcspn(address, " "));
    } else {
        fprintf(stderr, "%s: %s\n", program->name + strlen("truss-"), program->line);
    }
}

/* Passes on the complete lines. Returns false when the program has closed its end. */
static bool read_log(struct dev *dev, struct program *program)
{
    char piece[1024];
    const ssize_t got = read(program->log, piece, sizeof piece);
    for (ssize_t i = 0; i < got; i++) {
        if (piece[i] == '\n' || program->size == sizeof program->line - 1) {
            program->line[program->size] = '\0';
            program->size = 0;
            take_line(dev, program);
        } else {
            program->line[program->size++] = piece[i];
        }
    }
    return got > 0 || (got < 0 && errno == EINTR);
}

enum happening { HAPPENED_NOTHING, HAPPENED_SIGNAL, HAPPENED_DEATH };

/* Which child has ended? */
static const char *find_dead(struct dev *dev)
{
    pid_t *const pids[] = {&dev->worker.pid, &dev->bridge.pid, &dev->postgres.pid};
    static const char *const names[] = {"truss-worker", "truss-bridge", "PostgreSQL"};
    for (size_t i = 0; i < 3; i++) {
        if (*pids[i] > 0 && waitpid(*pids[i], NULL, WNOHANG) == *pids[i]) {
            *pids[i] = 0;
            return names[i];
        }
    }
    return NULL;
}

/* Waits for an event, at most ms (-1: for ever), and passes on the logs meanwhile. */
static enum happening wait_once(struct dev *dev, int ms)
{
    struct program *const programs[] = {&dev->worker, &dev->bridge};
    struct pollfd fds[3] = {{.fd = dev->signals, .events = POLLIN}};
    for (size_t i = 0; i < 2; i++) {
        fds[i + 1] = (struct pollfd){.fd = programs[i]->log, .events = POLLIN};
    }
    if (poll(fds, 3, ms) <= 0) {
        return HAPPENED_NOTHING;
    }
    for (size_t i = 0; i < 2; i++) {
        if (fds[i + 1].revents != 0 && !read_log(dev, programs[i])) {
            close(programs[i]->log);
            programs[i]->log = -1;
        }
    }
    struct signalfd_siginfo info;
    if (fds[0].revents == 0 || read(dev->signals, &info, sizeof info) != (ssize_t)sizeof info) {
        return HAPPENED_NOTHING;
    }
    if (info.ssi_signo != SIGCHLD) {
        dev->is_stopped = true;
        return HAPPENED_SIGNAL;
    }
    const char *const dead = find_dead(dev);
    if (dead == NULL) {
        return HAPPENED_NOTHING;
    }
    for (size_t i = 0; i < 2; i++) {
        while (programs[i]->pid == 0 && programs[i]->log >= 0 && read_log(dev, programs[i])) {
            /* its last words, up to the end of the pipe */
        }
    }
    status_fail(dev->cli->status, STATUS_INTERNAL, "%s has ended; what it said is above.", dead);
    return HAPPENED_DEATH;
}

static bool wait_listening(struct dev *dev, struct program *program)
{
    const int64_t deadline = deadline_in(LISTEN_MS);
    while (program->address == NULL) {
        const enum happening happening = wait_once(dev, deadline_left(deadline));
        if (happening == HAPPENED_DEATH) { /* the programs know only their own --listen */
            dev->cli->status->hint = program == &dev->worker
                                         ? "If its address is taken, --worker-listen chooses another."
                                         : "If its address is taken, --listen chooses another.";
        }
        if (happening != HAPPENED_NOTHING) {
            return false;
        }
        if (deadline_passed(deadline)) {
            return status_fail(dev->cli->status, STATUS_DEADLINE_EXCEEDED, "%s does not begin to listen.",
                               program->name);
        }
    }
    return true;
}

/* ---- starting ---- */

/* Finds the database that the project names; *url is NULL if it names none. */
static bool find_database(struct cli *cli, const char *project, const char **url)
{
    *url = getenv("DATABASE_URL");
    if (*url != NULL && (*url)[0] != '\0') {
        return true;
    }
    return dotenv_database_url(cli->arena, project, url, cli->status);
}

static bool start_worker(struct dev *dev, const char *project, const char *url)
{
    struct cli *const cli = dev->cli;
    const char *const database = arena_printf(cli->arena, "DATABASE_URL=%s", url);
    const char *const environment[] = {database, NULL};
    const char *arguments[14] = {"--listen", cli->given.worker_listen, "--project", project};
    size_t count = 4;
    if (cli->given.migrations != NULL) {
        arguments[count++] = "--migrations";
        arguments[count++] = cli->given.migrations;
    }
    if (cli->given.framework != NULL) {
        arguments[count++] = "--framework";
        arguments[count++] = cli->given.framework;
    }
    if (cli->given.allow_delegate) {
        arguments[count++] = "--allow-delegate";
    }
    if (cli->given.allow_outside) {
        arguments[count++] = "--allow-outside";
    }
    if (dev->guest != NULL) { /* a blocked run must stay visible for a while */
        arguments[count++] = "--lock-retry";
        arguments[count++] = "3600";
    }
    return start_program(dev, &dev->worker, "truss-worker", arguments, environment) &&
           wait_listening(dev, &dev->worker);
}

static bool start_bridge(struct dev *dev)
{
    const char *const arguments[] = {"--listen", dev->cli->given.http_listen, "--worker", dev->worker.address, NULL};
    return start_program(dev, &dev->bridge, "truss-bridge", arguments, NULL) && wait_listening(dev, &dev->bridge);
}

/* What the worker said about itself. */
struct readiness {
    atomic_bool is_answered;
    bool is_ready;
    char reason[512];
};

/* Runs on a thread of the channel. */
static void take_readiness(const ProtobufCMessage *message, const struct status *status, void *data)
{
    struct readiness *const said = data;
    const Truss__Health__V1__CheckResponse *const reply = (const Truss__Health__V1__CheckResponse *)message;
    said->is_ready =
        reply != NULL && reply->status == TRUSS__HEALTH__V1__CHECK_RESPONSE__SERVING_STATUS__SERVING_STATUS_SERVING;
    snprintf(said->reason, sizeof said->reason, "%s", reply == NULL ? status->message : reply->reason);
    atomic_store(&said->is_answered, true);
}

/* Asks the worker once. Returns false if a signal, or the end of a child, came first. */
static bool ask_readiness(struct dev *dev, struct rpc_channel *channel, struct readiness *said)
{
    const Truss__Health__V1__CheckRequest request = TRUSS__HEALTH__V1__CHECK_REQUEST__INIT;
    const struct rpc_invocation check = {
        .service = &truss__health__v1__health__descriptor,
        .request = &request.base,
        .options = {.timeout_ms = 5000},
    };
    enum happening happening = HAPPENED_NOTHING;
    rpc_call(channel, &check, take_readiness, said);
    while (happening == HAPPENED_NOTHING && !atomic_load(&said->is_answered)) {
        happening = wait_once(dev, 20);
    }
    return happening == HAPPENED_NOTHING;
}

/* Waits until the worker says that its database answers; then returns true. */
static bool wait_ready(struct dev *dev)
{
    struct cli *const cli = dev->cli;
    const int64_t deadline = deadline_in(READY_MS);
    struct rpc_channel *const channel = rpc_channel_open(dev->worker.address, cli->status);
    bool goes_on = channel != NULL;
    bool is_ready = false;
    while (goes_on && !is_ready && !deadline_passed(deadline)) {
        /* Not on the stack: an answer may still arrive after a signal has ended the wait for it. */
        struct readiness *const said = arena_alloc(cli->arena, sizeof *said);
        goes_on = ask_readiness(dev, channel, said);
        is_ready = goes_on && said->is_ready;
        if (goes_on && !is_ready) {
            status_fail(cli->status, STATUS_UNAVAILABLE, "The worker is not ready: %s", said->reason);
            if (dev->postgres.pid <= 0) {
                cli->status->hint =
                    "Correct DATABASE_URL, in the environment or in the project's .env. Without it, truss "
                    "dev makes a private PostgreSQL.";
            }
            goes_on = wait_once(dev, 100) == HAPPENED_NOTHING;
        }
    }
    rpc_channel_close(channel);
    return is_ready;
}

static void print_summary(const struct dev *dev)
{
    if (dev->postgres.pid > 0) {
        printf("database  %s (a private PostgreSQL; the whole URL is in %s)\n", dev->postgres.masked,
               dev->postgres.url_file);
    } else {
        const char *const url = getenv("DATABASE_URL");
        printf("database  that of DATABASE_URL in %s\n",
               url != NULL && url[0] != '\0' ? "the environment" : "the project's .env");
    }
    printf("worker    %s\nbridge    %s\n\n", dev->worker.address, dev->bridge.address);
    printf("Try:\n  %s in a browser\n  curl %s/api/migrations/idempotent/status\n  truss status --worker %s\n",
           dev->bridge.address, dev->bridge.address, dev->worker.address);
    if (dev->guest != NULL) {
        printf("%s", dev->guest->words);
    }
    printf("Ctrl-C stops everything.\n");
    fflush(stdout);
}

/* Starts the guest's child process. Its password is passed in the environment, because a command line would be visible
 * to others. */
static bool start_helper(struct dev *dev)
{
    struct arena *const arena = dev->cli->arena;
    const char *const user = dev->postgres.url + strlen("postgresql://");
    const char *const password = strchr(user, ':') + 1;
    const char *const at = strchr(password, '@');
    const char *const environment[] = {
        arena_printf(arena, "PGPASSWORD=%.*s", (int)(at - password), password),
        arena_printf(arena, "TRUSS_DEMO_URL=postgresql://%.*s%s", (int)(password - 1 - user), user, at),
        arena_printf(arena, "TRUSS_DEMO_STATE=%s", dev->postgres.state),
        NULL,
    };
    const struct process_spec spec = {
        .argv = dev->guest->helper, .environment = environment, .end_signal = SIGTERM, .output = -1, .error = -1};
    dev->helper = process_start(&spec, dev->cli->status);
    return dev->helper > 0;
}

/* Makes the guest's own project, in a database of its own. */
static bool start_guest(struct dev *dev, const char *project)
{
    struct cli *const cli = dev->cli;
    const struct postgres_wish wish = {cli->arena, project, cli->given.pg_bin, true};
    return postgres_start(&wish, &dev->postgres, cli->status) && dev->guest->write(cli, project) && start_helper(dev) &&
           start_worker(dev, project, dev->postgres.url) && start_bridge(dev) && wait_ready(dev) &&
           dev->guest->prepare(
               cli, &(const struct dev_place){dev->worker.address, dev->bridge.address, dev->postgres.state});
}

static bool start_all(struct dev *dev, const char *project)
{
    struct cli *const cli = dev->cli;
    const char *url;
    if (file_look(project, NULL) != FILE_DIRECTORY) {
        return status_fail(cli->status, STATUS_NOT_FOUND, "The project %s is not a directory.", project);
    }
    if (!find_database(cli, project, &url)) {
        return false;
    }
    if (url == NULL) {
        const struct postgres_wish wish = {cli->arena, project, cli->given.pg_bin, cli->given.reset};
        if (!postgres_start(&wish, &dev->postgres, cli->status)) {
            return false;
        }
        url = dev->postgres.url;
    } else if (cli->given.reset) {
        return status_fail(cli->status, STATUS_INVALID_ARGUMENT,
                           "--reset is for the private database, but the project has a DATABASE_URL.");
    }
    return start_worker(dev, project, url) && start_bridge(dev) && wait_ready(dev);
}

/* Stops the programs that call others before those that are called. A guest's data is thrown away, so a run in it is
 * not waited for. */
static void stop_all(struct dev *dev)
{
    const uint32_t ms = dev->guest == NULL ? STOP_MS : GUEST_STOP_MS;
    process_end(dev->helper, SIGTERM, ms);
    process_end(dev->bridge.pid, SIGTERM, ms);
    process_end(dev->worker.pid, SIGTERM, ms);
    postgres_stop(&dev->postgres);
}

int dev_serve(struct cli *cli, const char *project, const struct dev_guest *guest)
{
    struct dev dev = {
        .cli = cli, .postgres = {.lock = -1}, .worker = {.log = -1}, .bridge = {.log = -1}, .guest = guest};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    dev.signals = signalfd(-1, &signals, SFD_CLOEXEC);
    const bool ok = guest != NULL ? start_guest(&dev, project) : start_all(&dev, project);
    enum happening happening = HAPPENED_NOTHING;
    if (ok) {
        print_summary(&dev);
    }
    while (ok && happening == HAPPENED_NOTHING) {
        happening = wait_once(&dev, -1);
    }
    if (dev.is_stopped) {
        printf("Stopping.%s%s%s\n", guest == NULL ? " A run under way has 15 seconds to end." : "",
               ok || cli->status->message == NULL ? "" : " ",
               ok || cli->status->message == NULL ? "" : cli->status->message);
    }
    stop_all(&dev);
    close(dev.signals);
    return dev.is_stopped ? EXIT_FINE : EXIT_ERROR;
}

int command_dev(struct cli *cli)
{
    char here[PATH_MAX];
    const char *const project = cli->word_count > 0 ? cli->words[0] : ".";
    const bool is_here = strcmp(project, ".") == 0 && getcwd(here, sizeof here) != NULL; /* "." names no project */
    return dev_serve(cli, is_here ? here : project, NULL);
}
