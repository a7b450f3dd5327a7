/*
 * The least that a run can take: one connection of libpq, and of each migration one message with what must be in it,
 * the same script and the same row; durable once, at the end. No locks, no look at what is there, no events. Usage:
 * bench_run DATABASE_URL COUNT. Prints the milliseconds from before connecting (bench.py calls it).
 */
#include "timing.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

static const char ledger[] =
    "CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at "
    "TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ "
    "NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)";

static void send(PGconn *connection, const char *sql)
{
    PGresult *const result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fprintf(stderr, "bench_run: %s", PQerrorMessage(connection));
        exit(1);
    }
    PQclear(result);
}

/* As bench.py writes them. */
static void migrate(PGconn *connection, int number, int is_last)
{
    char sql[1024];
    snprintf(
        sql, sizeof sql,
        "BEGIN; SET LOCAL synchronous_commit = %s; CREATE TABLE t%d (id INT PRIMARY KEY, name TEXT);\n"
        "CREATE INDEX t%d_name ON t%d (name);\n INSERT INTO _prisma_migrations (id, checksum, migration_name, "
        "started_at, finished_at, applied_steps_count) VALUES (gen_random_uuid(), repeat('0', 64), '%05d_m', now(), "
        "clock_timestamp(), 1); COMMIT",
        is_last ? "on" : "off", number, number, number, number);
    send(connection, sql);
}

int main(int argc, char **argv)
{
    const int count = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 0;
    const double began = now_us();
    PGconn *const connection = count > 0 ? PQconnectdb(argv[1]) : NULL;
    if (PQstatus(connection) != CONNECTION_OK) {
        fprintf(stderr, "usage: bench_run DATABASE_URL COUNT\n");
        return 1;
    }
    send(connection, ledger);
    for (int i = 0; i < count; i++) {
        migrate(connection, i, i == count - 1);
    }
    printf("%.1f\n", (now_us() - began) / 1000);
    PQfinish(connection);
    return 0;
}
