/*
 * A disk as clouds have it, for the server of a measurement: each flush takes 3 ms more. Loaded in front of libc
 * (LD_PRELOAD); TRUSS_FLUSH_US says another time.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void wait(void)
{
    const char *const given = getenv("TRUSS_FLUSH_US");
    const long microseconds = given == NULL ? 3000 : atol(given);
    const struct timespec pause = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000};
    nanosleep(&pause, NULL);
}

static int flush(const char *name, int file)
{
    int (*real)(int);
    *(void **)&real = dlsym(RTLD_NEXT, name);
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
