/*
 * PostgreSQL refuses to run as root, and its data directory must belong to the user that runs it. If this process is
 * root, the server runs as the user postgres (or nobody), with its state under /var/lib: other users cannot enter
 * root's home.
 */
#include "cli/local/postgres.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/uuid.h"
#include "cli/reach/child.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEBIAN_BIN "/usr/lib/postgresql"
#define ROOT_STATE "/var/lib/truss"
#define USER       "truss"
#define READY_MS   60000
#define STOP_MS    30000

/* What is needed to make and start a server. */
struct making {
    struct arena *arena;
    struct status *status;
    struct process_user user;
    const char *state;
    const char *data;
    const char *password;
    const char *bin;
    int port;
};

static const char *in_state(const struct making *making, const char *name)
{
    return path_join(making->arena, making->state, name);
}

/* ---- programs, users, directories ---- */

/* The directory of the newest version, as installed by Debian, that has a server. */
static const char *debian_bin(struct arena *arena)
{
    struct status unread = {.arena = arena};
    struct file_list versions;
    const char *best = NULL;
    long best_version = 0;
    if (!directory_list(arena, DEBIAN_BIN, &versions, &unread)) {
        return NULL;
    }
    for (size_t i = 0; i < versions.count; i++) {
        const char *const bin = arena_printf(arena, DEBIAN_BIN "/%s/bin", versions.entries[i].name);
        const long version = strtol(versions.entries[i].name, NULL, 10);
        if (version > best_version && access(path_join(arena, bin, "postgres"), X_OK) == 0) {
            best = bin;
            best_version = version;
        }
    }
    return best;
}

static const char *path_bin(struct arena *arena)
{
    const char *const path = getenv("PATH");
    char *rest;
    for (char *dir = strtok_r(arena_strdup(arena, path == NULL ? "" : path), ":", &rest); dir != NULL;
         dir = strtok_r(NULL, ":", &rest)) {
        if (access(path_join(arena, dir, "postgres"), X_OK) == 0 &&
            access(path_join(arena, dir, "initdb"), X_OK) == 0) {
            return dir;
        }
    }
    return NULL;
}

static bool find_bin(struct making *making, const char *given)
{
    making->bin = given != NULL ? given : debian_bin(making->arena);
    making->bin = making->bin != NULL ? making->bin : path_bin(making->arena);
    return making->bin != NULL ||
           status_fail(
               making->status, STATUS_FAILED_PRECONDITION,
               "There is no PostgreSQL server on this machine: install one (apt-get install postgresql), say where "
               "it is with --pg-bin, or set DATABASE_URL.");
}

/* The user that the server runs as. */
static bool find_user(struct making *making)
{
    if (geteuid() != 0) {
        return true;
    }
    const struct passwd *user = getpwnam("postgres");
    user = user != NULL ? user : getpwnam("nobody");
    if (user == NULL) {
        return status_fail(making->status, STATUS_FAILED_PRECONDITION,
                           "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody.");
    }
    making->user = (struct process_user){.is_set = true, .uid = user->pw_uid, .gid = user->pw_gid};
    return true;
}

const char *postgres_state_home(struct arena *arena)
{
    const char *const state = getenv("XDG_STATE_HOME");
    const char *const home = getenv("HOME");
    if (state != NULL && state[0] == '/') {
        return path_join(arena, state, "truss");
    }
    if (geteuid() == 0) {
        return ROOT_STATE;
    }
    return arena_printf(arena, "%s/.local/state/truss", home == NULL ? "" : home);
}

/* Makes a directory for each project, named after the project (for people) and a hash of its path. */
static bool make_state(struct making *making, const char *project)
{
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    char *const whole = realpath(project, NULL);
    if (whole == NULL) {
        return status_fail(making->status, STATUS_NOT_FOUND, "Cannot find the project %s: %s.", project,
                           strerror(errno));
    }
    sha256_text(text_of(whole), digest);
    sha256_hex(digest, hex);
    const char *const name = path_name(whole);
    making->state = path_join(making->arena, postgres_state_home(making->arena),
                              arena_printf(making->arena, "%.60s-%.8s", name[0] == '\0' ? "root" : name, hex));
    making->data = in_state(making, "data");
    free(whole);
    return directory_make(making->arena, making->state, making->status);
}

static bool take_lock(struct making *making, struct postgres *postgres)
{
    const char *const path = in_state(making, "lock");
    postgres->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (postgres->lock < 0) {
        return status_fail(making->status, STATUS_INTERNAL, "Cannot make %s: %s.", path, strerror(errno));
    }
    return flock(postgres->lock, LOCK_EX | LOCK_NB) == 0 ||
           status_fail(making->status, STATUS_FAILED_PRECONDITION,
                       "Another `truss dev` serves this project already; end it first (its state is in %s).",
                       making->state);
}

/* ---- files of the state ---- */

static bool write_private(struct making *making, const char *path, const char *content)
{
    unlink(path); /* an older file may be readable by others */
    return file_create_private(path, text_of(content), making->status);
}

/* The first line of a file; NULL if there is none. */
static const char *read_line(struct making *making, const char *path)
{
    struct status unread = {.arena = making->arena};
    struct text content;
    struct text line;
    if (!file_read(making->arena, path, 4096, &content, &unread) || !text_next_line(&content, &line)) {
        return NULL;
    }
    return arena_strndup(making->arena, line.data, line.size);
}

static bool make_password(struct making *making)
{
    const char *const path = in_state(making, "password");
    char random[UUID_SIZE];
    making->password = read_line(making, path);
    if (making->password != NULL) {
        return true;
    }
    uuid_v4(random);
    making->password = arena_strdup(making->arena, random);
    return write_private(making, path, making->password);
}

/* ---- the cluster ---- */

static bool give_to_user(const struct making *making, const char *path)
{
    return !making->user.is_set || chown(path, making->user.uid, making->user.gid) == 0 ||
           status_fail(making->status, STATUS_INTERNAL, "Cannot give %s to PostgreSQL's user: %s.", path,
                       strerror(errno));
}

static int open_log(struct making *making, const char *name)
{
    return open(in_state(making, name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static bool run_initdb(struct making *making)
{
    const char *const argv[] = {
        path_join(making->arena, making->bin, "initdb"),
        "--pgdata",
        making->data,
        "--username=" USER,
        "--auth=scram-sha-256",
        arena_printf(making->arena, "--pwfile=%s/pwfile", making->state),
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        NULL,
    };
    const int log = open_log(making, "initdb.log");
    const struct process_spec spec = {
        .argv = argv, .user = making->user, .end_signal = SIGTERM, .output = log, .error = log};
    const pid_t pid = process_start(&spec, making->status);
    close(log);
    if (pid < 0) {
        return false;
    }
    return process_wait(pid) ||
           status_fail(making->status, STATUS_INTERNAL, "initdb failed; see %s/initdb.log for why.", making->state);
}

/* initdb needs an empty directory, and the server's user must be able to read the password: so the password is in a
 * file next to the directory. */
static bool make_cluster(struct making *making)
{
    const char *const file = in_state(making, "pwfile");
    if (file_look(path_join(making->arena, making->data, "PG_VERSION"), NULL) == FILE_REGULAR) {
        return true;
    }
    directory_remove(making->data); /* remove what an interrupted initdb has left */
    if (mkdir(making->data, 0700) != 0) {
        return status_fail(making->status, STATUS_INTERNAL, "Cannot make %s: %s.", making->data, strerror(errno));
    }
    if (!give_to_user(making, making->data) || !write_private(making, file, making->password) ||
        !give_to_user(making, file)) {
        return false;
    }
    const bool ok = run_initdb(making);
    unlink(file);
    return ok;
}

/* Is the port free? With 0, finds one that is. */
static int probe_port(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof address;
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int found = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&address, size) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        found = ntohs(address.sin_port);
    }
    close(fd);
    return found;
}

/* Uses the same port as last time if it is free, so that a URL that somebody noted keeps working. */
static bool choose_port(struct making *making)
{
    const char *const path = in_state(making, "port");
    const char *const last = read_line(making, path);
    const long number = last == NULL ? 0 : strtol(last, NULL, 10);
    making->port = number > 0 && number < 65536 ? probe_port((int)number) : 0;
    making->port = making->port > 0 ? making->port : probe_port(0);
    if (making->port == 0) {
        return status_fail(making->status, STATUS_RESOURCE_EXHAUSTED, "There is no free port on 127.0.0.1.");
    }
    return write_private(making, path, arena_printf(making->arena, "%d\n", making->port));
}

static bool start_server(struct making *making, struct postgres *postgres)
{
    const char *const argv[] = {
        path_join(making->arena, making->bin, "postgres"),
        "-D",
        making->data,
        "-p",
        arena_printf(making->arena, "%d", making->port),
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "unix_socket_directories=",
        /* Without "$user": the role is called truss, as is the schema of Truss's own tables. */
        "-c",
        "search_path=public",
        NULL,
    };
    const int log = open_log(making, "postgres.log");
    /* SIGINT is PostgreSQL's fast shutdown. */
    const struct process_spec spec = {
        .argv = argv, .user = making->user, .end_signal = SIGINT, .output = log, .error = log};
    postgres->pid = process_start(&spec, making->status);
    close(log);
    return postgres->pid > 0;
}

/* The eighth line of postmaster.pid says "ready" when the server accepts connections. */
static bool is_ready(struct making *making)
{
    struct status unread = {.arena = making->arena};
    struct text content;
    struct text line = {0};
    if (!file_read(making->arena, path_join(making->arena, making->data, "postmaster.pid"), 4096, &content, &unread)) {
        return false;
    }
    for (int i = 0; i < 8; i++) {
        if (!text_next_line(&content, &line)) {
            return false;
        }
    }
    return text_is(text_trim(line), "ready");
}

static bool wait_ready(struct making *making, struct postgres *postgres)
{
    const struct timespec tick = {.tv_nsec = 20000000};
    const int64_t deadline = deadline_in(READY_MS);
    while (!is_ready(making)) {
        if (waitpid(postgres->pid, NULL, WNOHANG) != 0 || deadline_passed(deadline)) {
            postgres->pid = waitpid(postgres->pid, NULL, WNOHANG) == 0 ? postgres->pid : 0;
            return status_fail(making->status, STATUS_INTERNAL,
                               "PostgreSQL did not start; see %s/postgres.log for why.", making->state);
        }
        nanosleep(&tick, NULL);
    }
    return true;
}

static bool write_url(struct making *making, struct postgres *postgres)
{
    const char *const place = arena_printf(making->arena, "127.0.0.1:%d/postgres", making->port);
    postgres->state = making->state;
    postgres->url = arena_printf(making->arena, "postgresql://" USER ":%s@%s", making->password, place);
    postgres->masked = arena_printf(making->arena, "postgresql://" USER ":****@%s", place);
    postgres->url_file = in_state(making, "url");
    return write_private(making, postgres->url_file, arena_printf(making->arena, "%s\n", postgres->url));
}

bool postgres_start(const struct postgres_wish *wish, struct postgres *postgres, struct status *status)
{
    struct making making = {.arena = wish->arena, .status = status};
    *postgres = (struct postgres){.lock = -1};
    if (!find_bin(&making, wish->pg_bin) || !find_user(&making) || !make_state(&making, wish->project) ||
        !take_lock(&making, postgres)) {
        return false;
    }
    if (wish->reset) {
        directory_remove(making.data);
        unlink(in_state(&making, "password"));
    }
    return make_password(&making) && make_cluster(&making) && choose_port(&making) && start_server(&making, postgres) &&
           wait_ready(&making, postgres) && write_url(&making, postgres);
}

void postgres_stop(struct postgres *postgres)
{
    process_end(postgres->pid, SIGINT, STOP_MS);
    postgres->pid = 0;
    if (postgres->lock >= 0) {
        close(postgres->lock);
        postgres->lock = -1;
    }
}
