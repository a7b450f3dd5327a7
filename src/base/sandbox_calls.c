/*
 * seccomp: a list of allowed system calls. It contains what strace showed for our programs, with glibc, nng, libpq,
 * OpenSSL, libcurl and libmicrohttpd, and for pg_dump and pg_restore, and what glibc would use instead on other
 * kernels. If a project's tools are started, whose calls are unknown, the list is of refused calls instead.
 *
 * A refused call waits until a thread of ours has logged its name and answered with EPERM. A signal could not be used,
 * because it would kill threads that block all signals. If another listener exists already, the kernel answers without
 * a log.
 */
#include "base/sandbox_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/words.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALLS     1024 /* above all system call numbers */
#define AGAIN_MS  60000
#define REFUSED   SCMP_ACT_ERRNO(EPERM)
#define NOT_THERE SCMP_ACT_ERRNO(ENOSYS)

/* For every program of ours. */
static const char *const usual[] = {
    /* bytes and files */
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2", "lseek",
    "close", "close_range", "open", "openat", "openat2", "access", "faccessat", "faccessat2", "stat", "fstat", "lstat",
    "newfstatat", "statx", "statfs", "fstatfs", "getdents", "getdents64", "readlink", "readlinkat", "getcwd", "chdir",
    "fchdir", "fcntl", "flock", "dup", "dup2", "dup3", "pipe", "pipe2", "ioctl", "sendfile", "splice", "tee",
    "copy_file_range", "fsync", "fdatasync", "sync_file_range", "fadvise64", "readahead", "umask", "memfd_create",
    "unlink", "unlinkat",
    /* waiting */
    "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "epoll_pwait2", "eventfd", "eventfd2", "timerfd_create", "timerfd_settime", "timerfd_gettime", "signalfd",
    "signalfd4", "inotify_init1", "inotify_add_watch", "inotify_rm_watch", "nanosleep", "clock_nanosleep",
    "restart_syscall", "pause",
    /* the network */
    "socketpair", "bind", "listen", "accept", "accept4", "connect", "shutdown", "getsockname", "getpeername",
    "getsockopt", "setsockopt", "sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg",
    /* memory and threads */
    "brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "mincore", "membarrier", "mlock", "mlock2", "munlock",
    "futex", "futex_waitv", "set_robust_list", "get_robust_list", "set_tid_address", "rseq", "sched_yield",
    "sched_getaffinity", "sched_setaffinity", "sched_getparam", "sched_getscheduler", "sched_get_priority_max",
    "sched_get_priority_min", "gettid", "arch_prctl", "prctl", "exit", "exit_group", "riscv_flush_icache",
    /* signals */
    "rt_sigaction", "rt_sigprocmask", "rt_sigpending", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
    "sigaltstack", "kill", "tgkill", "tkill",
    /* identity and time */
    "getpid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "getpgrp",
    "getpgid", "getsid", "getpriority", "uname", "sysinfo", "getrlimit", "prlimit64", "getrusage", "getcpu",
    "getrandom", "gettimeofday", "time", "times", "clock_gettime", "clock_getres", "alarm", "setitimer", "getitimer",
    NULL};

/* For programs that write files and start PostgreSQL's programs. */
static const char *const of_worker[] = {"creat",
                                        "mkdir",
                                        "mkdirat",
                                        "rmdir",
                                        "rename",
                                        "renameat",
                                        "renameat2",
                                        "link",
                                        "linkat",
                                        "symlink",
                                        "symlinkat",
                                        "chmod",
                                        "fchmod",
                                        "fchmodat",
                                        "fchmodat2",
                                        "utimensat",
                                        "truncate",
                                        "ftruncate",
                                        "fallocate",
                                        "fork",
                                        "vfork",
                                        "clone",
                                        "clone3",
                                        "execve",
                                        "wait4",
                                        "waitid",
                                        "setpgid",
                                        "setsid",
                                        "setrlimit",
                                        "pidfd_open",
                                        "pidfd_send_signal",
                                        NULL};

/* Not needed by any project's program; most would be refused anyway. */
static const char *const of_administrators[] = {"acct",
                                                "add_key",
                                                "adjtimex",
                                                "bpf",
                                                "clock_adjtime",
                                                "clock_settime",
                                                "delete_module",
                                                "finit_module",
                                                "fsconfig",
                                                "fsmount",
                                                "fsopen",
                                                "fspick",
                                                "init_module",
                                                "io_uring_enter",
                                                "io_uring_register",
                                                "io_uring_setup",
                                                "ioperm",
                                                "iopl",
                                                "kexec_file_load",
                                                "kexec_load",
                                                "keyctl",
                                                "lookup_dcookie",
                                                "mount",
                                                "mount_setattr",
                                                "move_mount",
                                                "name_to_handle_at",
                                                "nfsservctl",
                                                "open_by_handle_at",
                                                "open_tree",
                                                "perf_event_open",
                                                "personality",
                                                "pivot_root",
                                                "process_vm_readv",
                                                "process_vm_writev",
                                                "ptrace",
                                                "quotactl",
                                                "quotactl_fd",
                                                "reboot",
                                                "request_key",
                                                "setdomainname",
                                                "sethostname",
                                                "setns",
                                                "settimeofday",
                                                "swapoff",
                                                "swapon",
                                                "syslog",
                                                "umount",
                                                "umount2",
                                                "unshare",
                                                "uselib",
                                                "userfaultfd",
                                                "vhangup",
                                                NULL};

/* ---- the list ---- */

/* Calls that this architecture or the library does not know are skipped. */
static bool add_all(scmp_filter_ctx list, uint32_t action, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        const int number = seccomp_syscall_resolve_name(names[i]);
        if (number >= 0 && seccomp_rule_add(list, action, number, 0) != 0) {
            return false;
        }
    }
    return true;
}

/* Sockets of this machine and of the internet, and netlink, for host name lookups. */
static bool add_sockets(scmp_filter_ctx list)
{
    static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    bool ok = true;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        ok = ok && seccomp_rule_add(list, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0)) == 0;
    }
    return ok;
}

/* Threads, but no processes. clone3's flags are in memory, which a filter cannot read: without clone3 glibc uses
 * clone. */
static bool add_threads(scmp_filter_ctx list)
{
    return seccomp_rule_add(list, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0 &&
           seccomp_rule_add(list, NOT_THERE, SCMP_SYS(clone3), 0) == 0;
}

static bool fill(scmp_filter_ctx list, enum sandbox_kind kind, uint32_t otherwise)
{
    if (kind == SANDBOX_STARTS_TOOLS) {
        return add_all(list, otherwise, of_administrators);
    }
    return add_all(list, SCMP_ACT_ALLOW, usual) && add_sockets(list) &&
           (kind == SANDBOX_STARTS_NOTHING ? add_threads(list) : add_all(list, SCMP_ACT_ALLOW, of_worker));
}

/* The list in the kernel's format, in an unnamed file; -1 on failure. */
static int make_program(enum sandbox_kind kind, uint32_t otherwise)
{
    scmp_filter_ctx const list = seccomp_init(kind == SANDBOX_STARTS_TOOLS ? SCMP_ACT_ALLOW : otherwise);
    const int fd = memfd_create("calls", MFD_CLOEXEC);
    const bool ok = list != NULL && fd >= 0 && seccomp_attr_set(list, SCMP_FLTATR_ACT_BADARCH, NOT_THERE) == 0 &&
                    fill(list, kind, otherwise) && seccomp_export_bpf(list, fd) == 0;
    seccomp_release(list);
    if (!ok && fd >= 0) {
        close(fd);
    }
    return ok ? fd : -1;
}

/* Installs it. Returns the listener's descriptor if the flag asks for one, else 0; -1 with errno. */
static int load(int fd, unsigned flags)
{
    struct stat found;
    if (fstat(fd, &found) != 0) {
        return -1;
    }
    void *const code = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (code == MAP_FAILED) {
        return -1;
    }
    const struct sock_fprog program = {.len = (unsigned short)((size_t)found.st_size / sizeof(struct sock_filter)),
                                       .filter = code};
    const int result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    const int error = errno;
    munmap(code, (size_t)found.st_size);
    errno = error;
    return result;
}

/* ---- logging refusals ---- */

struct teller {
    int listener;
    int64_t told[CALLS]; /* when each was last logged; 0: never */
};

static void tell(struct teller *teller, const struct seccomp_notif *call)
{
    const size_t number = (size_t)call->data.nr;
    const int64_t now = clock_ms();
    const bool is_known = number < CALLS;
    if (is_known && teller->told[number] != 0 && now - teller->told[number] < AGAIN_MS) {
        return;
    }
    char *const name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), call->data.nr);
    if (is_known) {
        teller->told[number] = now;
    }
    log_warn("a system call was refused", "call=%s number=%d process=%u advice=--sandbox", name == NULL ? "?" : name,
             call->data.nr, call->pid);
    free(name);
}

/* This thread must only use allowed calls: a refused one would wait for itself. The call is answered before it is
 * logged: a log that nobody reads is waited for. */
static void *answer(void *data)
{
    struct teller *const teller = data;
    for (;;) {
        struct seccomp_notif call = {0};
        if (ioctl(teller->listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
            if (errno != EINTR && errno != ENOENT) {
                return NULL;
            }
            continue;
        }
        struct seccomp_notif_resp reply = {.id = call.id, .error = -EPERM};
        ioctl(teller->listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
        tell(teller, &call);
    }
}

/* Signals are for the program's own threads. */
static bool start_telling(int listener)
{
    struct teller *const teller = memory_alloc(sizeof *teller);
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    teller->listener = listener;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool ok = pthread_create(&thread, NULL, answer, teller) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ok) {
        pthread_detach(thread);
    } else {
        free(teller);
    }
    return ok;
}

static int wall(enum sandbox_kind kind, uint32_t otherwise, unsigned flags, int *listener)
{
    const int program = make_program(kind, otherwise);
    *listener = program < 0 ? -1 : load(program, flags);
    const int error = *listener < 0 ? errno : 0;
    if (program >= 0) {
        close(program);
    }
    return *listener >= 0 ? 0 : error == 0 ? EINVAL : error;
}

int sandbox_wall_calls(enum sandbox_kind kind, bool *told)
{
    int listener = -1;
    int error = kind == SANDBOX_STARTS_TOOLS /* their processes do not outlive us, and may try forbidden calls */
                    ? EBUSY
                    : wall(kind, SCMP_ACT_NOTIFY, SECCOMP_FILTER_FLAG_NEW_LISTENER, &listener);
    *told = error == 0 && start_telling(listener);
    if (error == 0 && !*told) {
        close(listener); /* from now on a refused call fails with ENOSYS */
    }
    return error == 0 ? 0 : wall(kind, REFUSED, 0, &listener);
}
