/*
 * proc_pid_stat(5): fields are counted after the last ")", because a program's name may contain anything.
 */
#include "base/vitals.h"

#include "base/clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* The first field after the name is number 3 (state). */
enum { FIRST = 3, UTIME = 14, STIME = 15, THREADS = 20, STARTTIME = 22, VSIZE = 23, RSS = 24, FIELDS = 25 };

/* The bytes of a small file, NUL-terminated; false if it cannot be read. */
static bool read_small(const char *path, char *out, size_t size)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t got = file < 0 ? -1 : read(file, out, size - 1);
    if (file >= 0) {
        close(file);
    }
    out[got < 0 ? 0 : got] = '\0';
    return got > 0;
}

/* Numbers of a process's stat, by their field numbers in proc_pid_stat(5); false if there are too few. */
static bool read_stat(const char *path, long long fields[FIELDS])
{
    char line[1024];
    char *at = read_small(path, line, sizeof line) ? strrchr(line, ')') : NULL;
    char *rest = NULL;
    if (at == NULL) {
        return false;
    }
    int field = FIRST;
    for (char *word = strtok_r(at + 1, " ", &rest); word != NULL && field < FIELDS; word = strtok_r(NULL, " ", &rest)) {
        fields[field++] = strtoll(word, NULL, 10);
    }
    return field == FIELDS;
}

/* The descriptor used for counting is not counted. */
static int64_t count_fds(void)
{
    DIR *const folder = opendir("/proc/self/fd");
    int64_t count = -1;
    if (folder == NULL) {
        return -1;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        count += entry->d_name[0] == '.' ? 0 : 1;
    }
    closedir(folder);
    return count;
}

/* The start time, from ticks since the machine's start. */
static double start_of(long long ticks, double ticks_a_second)
{
    struct timespec since_boot;
    if (clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0) {
        return -1;
    }
    const double up = (double)since_boot.tv_sec + (double)since_boot.tv_nsec / 1e9;
    return (double)clock_wall_us() / 1e6 - up + (double)ticks / ticks_a_second;
}

void vitals_read(struct vitals *vitals)
{
    long long stat[FIELDS] = {0};
    struct rlimit limit;
    const double ticks = (double)sysconf(_SC_CLK_TCK);
    *vitals = (struct vitals){-1, -1, -1, count_fds(), -1, -1, -1};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        vitals->max_fds = (int64_t)limit.rlim_cur;
    }
    if (read_stat("/proc/self/stat", stat)) {
        vitals->resident_bytes = (int64_t)stat[RSS] * sysconf(_SC_PAGESIZE);
        vitals->virtual_bytes = (int64_t)stat[VSIZE];
        vitals->threads = (int64_t)stat[THREADS];
        vitals->cpu_seconds = (double)(stat[UTIME] + stat[STIME]) / ticks;
        vitals->start_seconds = start_of(stat[STARTTIME], ticks);
    }
}

int64_t vitals_start_of(int64_t pid)
{
    long long stat[FIELDS] = {0};
    char path[64];
    snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", pid);
    const double start =
        pid > 0 && read_stat(path, stat) ? start_of(stat[STARTTIME], (double)sysconf(_SC_CLK_TCK)) : -1;
    return start < 0 ? -1 : (int64_t)(start * 1000);
}
