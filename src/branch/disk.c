/*
 * The server's directory is on this machine if the postmaster.pid in it describes the server that we are connected to
 * (by port and start time). If that file may not be read, as in the sandbox, it is here if the connection is a Unix
 * socket, or if the process of our session runs here: the same number, started at the same moment.
 */
#include "branch/disk.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/vitals.h"
#include "branch/server.h"
#include "pg/query.h"
#include "pg/values.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PID_MOST ((size_t)4096)
#define SAME_MS  1000 /* both times are from the same clock: between them is only the server's own work */

struct place {
    const char *folder; /* of the database's tablespace */
    const char *data;   /* of the server */
    int64_t started;    /* seconds */
    int64_t size;       /* of the database */
    int64_t process;    /* of our session, … */
    int64_t began;      /* … and the millisecond in which it started */
};

/* A role that may not read all settings is not told where the data is. */
static bool find(const struct branch_call *call, struct pg_session *session, const char *name, struct place *place)
{
    struct status ignored = {.arena = call->arena};
    PG_RESULT(result) = pg_query(
        session,
        "SELECT pg_catalog.current_setting('data_directory'), pg_catalog.pg_tablespace_location(d.dattablespace), "
        "extract(epoch FROM pg_catalog.pg_postmaster_start_time())::bigint, pg_catalog.pg_database_size(d.oid), a.pid, "
        "(extract(epoch FROM a.backend_start) * 1000)::bigint FROM pg_catalog.pg_database d, "
        "pg_catalog.pg_stat_activity a WHERE d.datname = $1 AND a.pid = pg_catalog.pg_backend_pid()",
        1, &name, &ignored);
    if (result == NULL || PQntuples(result) == 0) {
        return false;
    }
    const char *const location = pg_field(result, 0, 1);
    place->data = arena_strdup(call->arena, pg_field(result, 0, 0));
    place->folder = location == NULL || location[0] == '\0' ? place->data : arena_strdup(call->arena, location);
    place->started = pg_field_int(result, 0, 2, 0);
    place->size = pg_field_int(result, 0, 3, -1);
    place->process = pg_field_int(result, 0, 4, 0);
    place->began = pg_field_int(result, 0, 5, 0);
    return true;
}

/* Lines of postmaster.pid: pid, folder, start in seconds, port, … */
static bool is_of(const char *lines, const struct place *place, const struct pg_session *session)
{
    long long start = 0;
    int port = 0;
    return sscanf(lines, "%*d\n%*[^\n]\n%lld\n%d", &start, &port) == 2 && port == atoi(pg_session_port(session)) &&
           llabs(start - place->started) <= 5;
}

/* The number alone proves nothing: a server in a container or behind a tunnel has process numbers of its own. */
static bool has_process(const struct place *place)
{
    const int64_t began = vitals_start_of(place->process);
    return began >= 0 && llabs((long long)(began - place->began)) <= SAME_MS;
}

static bool is_here(const struct branch_call *call, const struct pg_session *session, const struct place *place)
{
    struct text lines;
    struct status ignored = {.arena = call->arena};
    const char *const path = path_join(call->arena, place->data, "postmaster.pid");
    const char *const host = pg_session_host(session);
    if (file_read(call->arena, path, PID_MOST, &lines, &ignored)) {
        return is_of(lines.data, place, session);
    }
    return ignored.code == STATUS_PERMISSION_DENIED && ((host != NULL && host[0] == '/') || has_process(place));
}

static bool fail(const struct branch_call *call, const char *name, const struct place *place, int64_t room)
{
    struct status *const status = call->status;
    status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_DISK,
                        "The server's disk has room for %" PRId64 " MB, and a copy of \"%s\" needs twice its %" PRId64
                        " MB. Nothing was begun.",
                        room >> 20, name, place->size >> 20);
    status->hint = "Make room, drop branches that nobody needs, or take source \"schema\", which copies no rows.";
    return false;
}

bool disk_has_room(const struct branch_call *call, struct pg_session *session, const char *copied,
                   struct words *warnings)
{
    struct place place = {.size = -1};
    struct statvfs disk;
    if (find(call, session, copied, &place) && is_here(call, session, &place) && statvfs(place.folder, &disk) == 0) {
        const int64_t room = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
        return place.size / 2 <= room / 4 || fail(call, copied, &place, room);
    }
    const int64_t size = place.size >= 0 ? place.size : server_size(call, session, copied);
    words_add(call->arena, warnings,
              size < 0
                  ? "Whether the server's disk has room for a copy is not known here."
                  : arena_printf(call->arena,
                                 "Whether the server's disk has room for another %" PRId64 " MB is not known here.",
                                 (size >> 20) + 1));
    return true;
}
