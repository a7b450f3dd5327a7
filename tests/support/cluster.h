/*
 * A private PostgreSQL for the tests of one program: made, started, stopped and removed. It listens on a socket in its
 * own directory only. TRUSS_TEST_PG_BIN says where the server's binaries are (default: Debian's PostgreSQL 15).
 */
#ifndef TESTS_CLUSTER_H
#define TESTS_CLUSTER_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cluster {
    char directory[32];
    char url[128];
};

/* Runs a command line in the cluster's directory; as the user postgres where we are root, which the server refuses to
 * be. */
static bool cluster_run(const struct cluster *cluster, const char *command)
{
    const char *const set = getenv("TRUSS_TEST_PG_BIN");
    char line[1024];
    snprintf(line, sizeof line, "cd '%s' && PATH='%s':$PATH LC_ALL=C %s %s >>log 2>&1", cluster->directory,
             set != NULL ? set : "/usr/lib/postgresql/15/bin",
             geteuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --clear-groups" : "", command);
    return system(line) == 0;
}

/* False where it did not come up: the file "log" in its directory says why. */
static bool cluster_start(struct cluster *cluster)
{
    char command[128];
    strcpy(cluster->directory, "/tmp/truss-cluster-XXXXXX");
    if (mkdtemp(cluster->directory) == NULL) {
        return false;
    }
    snprintf(cluster->url, sizeof cluster->url, "postgresql://tester@/postgres?host=%s", cluster->directory);
    snprintf(command, sizeof command, "chown postgres '%s'", cluster->directory);
    return (geteuid() != 0 || system(command) == 0) &&
           cluster_run(cluster, "initdb -D data -U tester -A trust -E UTF8 --locale=C --no-sync") &&
           cluster_run(cluster, "pg_ctl -D data -w -o \"-c listen_addresses= -c unix_socket_directories=$PWD "
                                "-c fsync=off -c max_connections=20\" start");
}

static void cluster_stop(const struct cluster *cluster)
{
    char command[128];
    cluster_run(cluster, "pg_ctl -D data -w -m immediate stop");
    snprintf(command, sizeof command, "rm -rf '%s'", cluster->directory);
    if (system(command) != 0) {
        perror(command);
    }
}

#endif
