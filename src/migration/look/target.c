/*
 * The session knows which of several hosts it reached, and the server's version.
 */
#include "migration/look/target.h"

#include <string.h>

/* "15.18" of "15.18 (Debian 15.18-0+deb12u1)". */
static const char *short_version(struct arena *arena, const char *version)
{
    return version == NULL ? NULL : arena_strndup(arena, version, strcspn(version, " "));
}

struct target target_of(struct arena *arena, const struct site *site, const struct pg_session *session)
{
    const struct conninfo *const conninfo = site->conninfo;
    if (session == NULL) {
        char version[PG_VERSION_SIZE] = "";
        if (site->pool != NULL) {
            pg_pool_server_version(site->pool, version);
        }
        return conninfo == NULL ? (struct target){0}
                                : (struct target){
                                      .host = conninfo->place.host,
                                      .port = conninfo->place.port,
                                      .database = conninfo->place.database,
                                      .user = conninfo_value(conninfo, "user"),
                                      .server_version = version[0] == '\0' ? NULL : short_version(arena, version),
                                      .project = site->project.root,
                                      .environment = site->environment,
                                  };
    }
    return (struct target){
        .host = arena_strdup(arena, pg_session_host(session)),
        .port = arena_strdup(arena, pg_session_port(session)),
        .database = arena_strdup(arena, pg_session_database(session)),
        .user = arena_strdup(arena, pg_session_user(session)),
        .server_version = short_version(arena, pg_session_parameter(session, "server_version")),
        .project = site->project.root,
        .environment = site->environment,
    };
}

struct target target_with(const struct request *request, const struct pg_session *session,
                          const struct framework *framework)
{
    struct target target = target_of(request->arena, request->site, session);
    target.framework = framework == NULL ? NULL : framework->display_name;
    return target;
}
