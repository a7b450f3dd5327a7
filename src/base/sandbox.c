/*
 * The order of the steps, what every program needs, and the log messages.
 */
#include "base/sandbox.h"

#include "base/log.h"
#include "base/paths.h"
#include "base/sandbox_private.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

enum sandbox_mode sandbox_mode_of(const char *word)
{
    return strcmp(word, "off") == 0 ? SANDBOX_OFF : strcmp(word, "strict") == 0 ? SANDBOX_STRICT : SANDBOX_ON;
}

/* ---- files ---- */

void sandbox_allow(struct sandbox_paths *paths, const char *path, unsigned uses)
{
    if (path == NULL || path[0] == '\0') {
        return;
    }
    paths->items = arena_grow(paths->arena, paths->items, paths->count, &paths->capacity, sizeof *paths->items);
    paths->items[paths->count++] = (struct sandbox_path){arena_strdup(paths->arena, path), uses};
}

static void allow_folder_of(struct sandbox_paths *paths, const char *file)
{
    const char *const folder = path_above(paths->arena, file);
    sandbox_allow(paths, folder[0] == '\0' ? "." : folder, SANDBOX_READ);
}

void sandbox_allow_beside(struct sandbox_paths *paths, const char *file)
{
    char real[PATH_MAX];
    if (file == NULL || file[0] == '\0') {
        return;
    }
    allow_folder_of(paths, file);
    if (realpath(file, real) != NULL) {
        allow_folder_of(paths, real);
    }
}

/* For the user: libpq's default files, and those that the environment names instead. */
static void allow_users(struct sandbox_paths *paths)
{
    static const char *const variables[] = {"PGPASSFILE",   "PGSERVICEFILE", "PGSSLROOTCERT",  "PGSSLCERT",
                                            "PGSSLKEY",     "PGSSLCRL",      "SSL_CERT_FILE",  "SSL_CERT_DIR",
                                            "OPENSSL_CONF", "KRB5_CONFIG",   "CURL_CA_BUNDLE", "PGSYSCONFDIR"};
    static const char *const of_home[] = {".pgpass", ".pg_service.conf", ".postgresql"};
    const char *const home = sandbox_home(paths->arena);
    const char *const ticket = getenv("KRB5CCNAME");
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        sandbox_allow_beside(paths, getenv(variables[i])); /* replaced by new files when they are renewed */
        sandbox_allow(paths, getenv(variables[i]), SANDBOX_READ);
    }
    for (size_t i = 0; home != NULL && i < sizeof of_home / sizeof of_home[0]; i++) {
        sandbox_allow(paths, arena_printf(paths->arena, "%s/%s", home, of_home[i]), SANDBOX_READ);
    }
    sandbox_allow(paths, ticket != NULL && strncmp(ticket, "FILE:", 5) == 0 ? ticket + 5 : ticket, SANDBOX_READ);
}

/* Paths separated by blanks. */
static void allow_words(struct sandbox_paths *paths, const char *words)
{
    for (const char *word = words; *word != '\0';) {
        const size_t size = strcspn(word, " ");
        sandbox_allow(paths, arena_strndup(paths->arena, word, size), SANDBOX_READ);
        word += size + (word[size] == ' ' ? 1 : 0);
    }
}

void sandbox_allow_usual(struct sandbox_paths *paths, enum sandbox_mode mode)
{
    static const char system[] =
        "/usr /lib /lib32 /lib64 /nix/store /proc /sys/devices/system/cpu /dev/zero /dev/random "
        "/dev/urandom /run/systemd/resolve /run/resolvconf /run/NetworkManager /run/nscd "
        "/var/lib/sss";
    static const char of_etc[] =
        "/etc/ssl /etc/pki /etc/ca-certificates /etc/crypto-policies /etc/resolv.conf /etc/hosts /etc/host.conf "
        "/etc/nsswitch.conf /etc/gai.conf /etc/services /etc/protocols /etc/localtime /etc/timezone /etc/passwd "
        "/etc/group /etc/ld.so.cache /etc/ld.so.preload /etc/postgresql-common /etc/krb5.conf /etc/krb5.conf.d "
        "/etc/gss /etc/truss";
    allow_words(paths, system);
    /* Files in /etc are replaced by new ones, which a rule for the old file would not cover. */
    allow_words(paths, mode == SANDBOX_STRICT ? of_etc : "/etc");
    sandbox_allow(paths, "/dev/null", SANDBOX_READ | SANDBOX_WRITE);
    allow_users(paths);
}

/* ---- entering ---- */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#endif

/* Functions of gcc's and clang's coverage libraries, which write files at the end. */
extern void __gcov_init(void *) __attribute__((weak));
extern void llvm_gcov_init(void *, void *) __attribute__((weak));
extern int __llvm_profile_runtime __attribute__((weak));

const char *sandbox_what_looks_in(void)
{
#ifdef HAS_SANITIZER
    return "sanitizer";
#else
    const bool has_coverage = __gcov_init != NULL || llvm_gcov_init != NULL || &__llvm_profile_runtime != NULL;
    return has_coverage ? "coverage" : NULL;
#endif
}

static struct sandbox_state state = {"off", "all", "all", ""}; /* written while there is only one thread */

const struct sandbox_state *sandbox_holds(void)
{
    return &state;
}

static bool lack(enum sandbox_mode mode, const char *what, int error, struct status *status)
{
    if (mode == SANDBOX_STRICT) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "--sandbox=strict needs %s, and the system gives none: %s. Say --sandbox=on to start with "
                           "what it gives.",
                           what, strerror(error));
    }
    state.missing = what;
    log_warn("sandbox: not all can be had", "lacks=%s error=\"%s\"", what, strerror(error));
    return true;
}

/* The sandbox applies to the calling thread and those that it starts: another one would escape it. */
static bool is_alone(void)
{
    size_t count = 0;
    DIR *const threads = opendir("/proc/self/task");
    for (const struct dirent *entry; threads != NULL && (entry = readdir(threads)) != NULL;) {
        count += entry->d_name[0] == '.' ? 0 : 1;
    }
    if (threads != NULL) {
        closedir(threads);
    }
    return count <= 1;
}

bool sandbox_enter(enum sandbox_mode mode, enum sandbox_kind kind, const struct sandbox_paths *paths,
                   struct status *status)
{
    const char *const reason = mode == SANDBOX_OFF ? "--sandbox=off" : sandbox_what_looks_in();
    int version = 0;
    bool told = false;
    if (reason != NULL) {
        state.missing = reason;
        log_info("sandbox: off", "because=%s", reason);
        return mode != SANDBOX_STRICT || lack(mode, "a build without sanitizers and coverage", ENOTSUP, status);
    }
    if (!is_alone() && !lack(mode, "to be asked for before there is a second thread", EBUSY, status)) {
        return false;
    }
    const int privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
    if (privileges != 0) {
        return lack(mode, "PR_SET_NO_NEW_PRIVS", privileges, status); /* the others require it */
    }
    const int files = kind == SANDBOX_STARTS_TOOLS ? 0 : sandbox_wall_files(paths, &version);
    if (files != 0 && !lack(mode, "Landlock", files, status)) {
        return false;
    }
    if (files == 0 && kind != SANDBOX_STARTS_TOOLS) {
        sandbox_wall_stands();
    }
    const int calls = sandbox_wall_calls(kind, &told);
    if (calls != 0 && !lack(mode, "seccomp", calls, status)) {
        return false;
    }
    state.mode = mode == SANDBOX_STRICT ? "strict" : "on";
    state.files = files == 0 && kind != SANDBOX_STARTS_TOOLS ? "listed" : "all";
    state.calls = calls != 0 ? "all" : kind == SANDBOX_STARTS_TOOLS ? "without-administration" : "listed";
    log_info("sandbox: on", "files=%s landlock=%d calls=%s refusals=%s", state.files, files == 0 ? version : 0,
             state.calls, told ? "logged" : "silent");
    return true;
}
