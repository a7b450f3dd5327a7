/*
 * A real PostgreSQL, and a session in it that looks for what a script makes.
 */
#ifndef TESTS_SCHEMA_SCENE_H
#define TESTS_SCHEMA_SCENE_H

#include "migration/look/schema.h"
#include "pg/query.h"
#include "pg/search.h"
#include "pg/session_settings.h"
#include "support/cluster.h"
#include "support/runner.h"

#include <string.h>

static struct cluster cluster;
static struct arena *arena;
static struct status status;
static struct conninfo conninfo;
static struct pg_session *session;
static struct schema_findings findings;

static void begin_cluster(void)
{
    ck_assert_msg(cluster_start(&cluster), "no PostgreSQL: see %s/log", cluster.directory);
}

static void remove_cluster(void)
{
    cluster_stop(&cluster);
}

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
    ck_assert(conninfo_parse(arena, cluster.url, &conninfo, &status));
    session = pg_session_open_pinned(&conninfo, NO_DEADLINE, &status);
    ck_assert_msg(session != NULL, "%s", status.message);
}

static void tear_down(void)
{
    pg_session_free(session);
    arena_free(arena);
}

#endif
