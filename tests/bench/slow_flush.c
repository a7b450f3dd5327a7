/*
 * A disk as clouds have it, for the server of a measurement: each flush takes 3 ms more. Loaded in front of libc
 * (LD_PRELOAD); TRUSS_FLUSH_US says another time. Behind the file that TRUSS_FLUSH_COUNT names each flush leaves a
 * letter: "w" for the log (WAL), "f" for another file.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void wait(void)
{
    const char *const given = getenv("TRUSS_FLUSH_US");
    const long microseconds = given == NULL ? 3000 : atol(given);
    const struct timespec pause = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000};
    nanosleep(&pause, NULL);
}

static void count(int file)
{
    const char *const path = getenv("TRUSS_FLUSH_COUNT");
    const int counts = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    char link[64];
    char name[1024] = "";
    if (counts < 0) {
        return;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const ssize_t size = readlink(link, name, sizeof name - 1);
    const char *const letter = size > 0 && strstr(name, "/pg_wal/") != NULL ? "w" : "f";
    if (write(counts, letter, 1) != 1) {
        perror("slow_flush");
    }
    close(counts);
}

static int flush(const char *name, int file)
{
    int (*real)(int);
    *(void **)&real = dlsym(RTLD_NEXT, name);
    count(file);
    wait();
    return real(file);
}

int fsync(int file)
{
    return flush("fsync", file);
}

int fdatasync(int file)
{
    return flush("fdatasync", file);
}
