/*
 * Each statement adds to lists, and for each list one query finds problems: its rows are sentences.
 */
#include "migration/plan/check/moment_needs.h"

#include "migration/plan/check/rights.h"
#include "pg/activity.h"
#include "pg/briefly.h"
#include "pg/locks.h"
#include "pg/query.h"
#include "pg/search.h"
#include "pg/values.h"
#include "sql/classify.h"

#include <string.h>

/* ---- who would be waited for ---- */

/* "pid 4711 (application "psql", user app, idle in transaction, its transaction for 12 s: SELECT …)"; without a time if
 * there is none. */
#define WHO                                                                                                            \
    "pg_catalog.format('%s, %s%s: %s)', " ACTIVITY_NAME ", " ACTIVITY_STATE ", coalesce(', its transaction for ' || "  \
    "pg_catalog.floor(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start)) || ' s', "           \
    "''), " ACTIVITY_QUERY ")"

/* The names of relations, as the scripts' session would write them. */
#define WANTED_NAME   PG_SCRIPT_NAME("h.wanted")
#define RELATION_NAME PG_SCRIPT_NAME("c.oid")

/* A look of our own, as another status: it is over before a run begins. */
#define OWN_LOOK                                                                                                       \
    "(a.application_name = pg_catalog.current_setting('application_name') AND a.usename = session_user AND "           \
    "coalesce(a.xact_start > pg_catalog.clock_timestamp() - interval '5 seconds', true))"

/* $1 relations, $2 their locks as numbers. Conflicts are as in PostgreSQL's table. Autovacuum gives way by itself,
 * unless it prevents wraparound; sessions that wait before us count, too. A prepared transaction has no process: its
 * locks show its transaction's number. */
static const char holders_sql[] =
    "WITH wanted AS (SELECT w.relation, pg_catalog.max(w.mode) AS mode FROM unnest($1::oid[], $2::int[]) AS "
    "w(relation, mode) GROUP BY 1), modes(name, mode, conflicts) AS (VALUES ('AccessShareLock', 1, '{8}'::int[]), "
    "('RowShareLock', 2, '{7,8}'), ('RowExclusiveLock', 3, '{5,6,7,8}'), ('ShareUpdateExclusiveLock', 4, "
    "'{4,5,6,7,8}'), ('ShareLock', 5, '{3,4,6,7,8}'), ('ShareRowExclusiveLock', 6, '{3,4,5,6,7,8}'), ('ExclusiveLock', "
    "7, '{2,3,4,5,6,7,8}'), ('AccessExclusiveLock', 8, '{1,2,3,4,5,6,7,8}')), held AS (SELECT l.*, w.relation AS "
    "wanted FROM wanted w JOIN pg_catalog.pg_locks l ON l.relation = w.relation AND l.locktype = 'relation' AND "
    "l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) JOIN "
    "modes m ON m.name = l.mode AND w.mode = ANY (m.conflicts)) (SELECT pg_catalog.format('This run would wait for %s, "
    "which %s a lock on %s (%s)%s.', " WHO
    ", CASE WHEN h.granted THEN 'has' ELSE 'waits in front for' END, " WANTED_NAME
    ", h.mode, CASE WHEN " ACTIVITY_IS_AUTOVACUUM " THEN ': it is there to prevent wraparound and "
    "does not give way' ELSE '' END) FROM held h JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid WHERE a.pid <> "
    "pg_catalog.pg_backend_pid() AND (NOT " ACTIVITY_IS_AUTOVACUUM " OR a.query LIKE '%to prevent wraparound%') "
    "AND NOT (h.granted AND h.mode = 'AccessShareLock' AND " OWN_LOOK ") "
    "ORDER BY a.xact_start NULLS LAST, a.pid LIMIT 8) UNION ALL (SELECT pg_catalog.format('This run would wait for the "
    "prepared transaction \"%s\" (of %s, since %s), which has a lock on %s (%s): COMMIT PREPARED or ROLLBACK PREPARED "
    "ends it.', x.gid, x.owner, x.prepared, " WANTED_NAME
    ", h.mode) FROM held h JOIN pg_catalog.pg_prepared_xacts x ON "
    "h.virtualtransaction = '-1/' || x.transaction::text WHERE h.pid IS NULL LIMIT 8)";

/* Another run of ours, or of the framework's own tool; $1 the keys of its locks. */
static const char runs_sql[] =
    "SELECT pg_catalog.format('This run would wait for %s, which is a run: it has the lock that keeps two apart.', " WHO
    ") FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' "
    "AND l.granted AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = "
    "pg_catalog.current_database()) AND (" LOCKS_IS_OF_RUN
    " OR (l.objsubid = 1 AND ((l.classid::bigint << 32) | l.objid::bigint) = ANY ($1::bigint[]))) LIMIT 4";

/* For statements that wait for all older snapshots. */
static const char snapshots_sql[] =
    "SELECT pg_catalog.format('%s would wait for %s, whose snapshot is older.', $1::text, " WHO ") "
    "FROM pg_catalog.pg_stat_activity a WHERE a.datname = pg_catalog.current_database() "
    "AND a.pid <> pg_catalog.pg_backend_pid() AND a.backend_xmin IS NOT NULL AND " ACTIVITY_IS_CLIENT " "
    "AND NOT " OWN_LOOK " "
    "ORDER BY a.xact_start NULLS LAST, a.pid LIMIT 4";

/* Are there more locks than the server has room for? A transaction keeps all of its own. */
static const char room_sql[] =
    "SELECT pg_catalog.format('One transaction locks at least %s relations, and the server has room for %s locks "
    "(max_locks_per_transaction): split it into several migrations, or raise that.', $1::bigint, r.room) FROM (SELECT "
    "pg_catalog.current_setting('max_locks_per_transaction')::bigint * (pg_catalog.current_setting('max_connections')"
    "::bigint + pg_catalog.current_setting('max_prepared_transactions')::bigint) AS room) r WHERE $1::bigint > r.room";

/* ---- rights ---- */

/* $1 relations, $2 what is needed on each: a privilege, or OWNER; DROP: the schema's owner suffices, too; MAINTAIN: a
 * privilege from PostgreSQL 17 on; RESTART: a sequence's owner; $3 the roles that need it; several, with a comma: one
 * of them suffices, and MAINTAIN does for LOCK. */
static const char rights_sql[] =
    "SELECT DISTINCT CASE WHEN w.needed IN ('OWNER', 'DROP', 'MAINTAIN', 'RESTART') THEN pg_catalog.format('The role "
    "\"%s\" is "
    "not the owner of %s (\"%s\" is), which a pending migration changes: GRANT \"%s\" TO \"%s\", or run it as that "
    "role.', r.rolname, " RELATION_NAME ", pg_catalog.pg_get_userbyid(c.relowner), "
    "pg_catalog.pg_get_userbyid(c.relowner), r.rolname) ELSE pg_catalog.format('The role \"%s\" lacks %s on %s, "
    "which a pending migration needs: GRANT %s ON %s TO \"%s\".', r.rolname, w.needed, " RELATION_NAME
    ", w.needed, " RELATION_NAME
    ", r.rolname) END FROM unnest($1::oid[], $2::text[], $3::text[]) AS w(relation, needed, role) JOIN "
    "pg_catalog.pg_roles r ON r.rolname = coalesce(w.role, current_user) JOIN pg_catalog.pg_class c ON c.oid = "
    "w.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE CASE "
    "WHEN w.needed = 'OWNER' OR (w.needed = 'RESTART' AND c.relkind = 'S') THEN NOT pg_catalog.pg_has_role(r.oid, "
    "c.relowner, 'USAGE') WHEN w.needed = 'RESTART' THEN false WHEN w.needed = 'DROP' "
    "THEN NOT pg_catalog.pg_has_role(r.oid, c.relowner, 'USAGE') AND NOT pg_catalog.pg_has_role(r.oid, "
    "n.nspowner, 'USAGE') WHEN w.needed = 'MAINTAIN' THEN NOT pg_catalog.pg_has_role(r.oid, c.relowner, "
    "'USAGE') AND NOT CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 170000 THEN "
    "pg_catalog.has_table_privilege(r.oid, c.oid, 'MAINTAIN') ELSE false END WHEN c.relkind IN ('S', 'i', 'I', 'c') "
    "THEN "
    "false "
    "WHEN w.needed LIKE '%,%' THEN NOT pg_catalog.has_table_privilege(r.oid, c.oid, w.needed) AND NOT "
    "pg_catalog.has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE') AND NOT CASE WHEN "
    "pg_catalog.current_setting('server_version_num')::int >= 170000 THEN pg_catalog.has_table_privilege(r.oid, c.oid, "
    "'MAINTAIN') ELSE false END WHEN w.needed IN ('TRUNCATE', 'TRIGGER', 'DELETE') THEN NOT "
    "pg_catalog.has_table_privilege(r.oid, c.oid, w.needed) ELSE "
    "NOT pg_catalog.has_table_privilege(r.oid, c.oid, w.needed) AND NOT pg_catalog.has_any_column_privilege(r.oid, "
    "c.oid, w.needed) "
    "END LIMIT 8";

/* $1 relations that statements name, $2 as which roles: these need USAGE on their schemas. */
static const char usage_sql[] =
    "SELECT DISTINCT pg_catalog.format('The role \"%s\" may not use the schema \"%s\", in which a pending migration "
    "works: "
    "GRANT USAGE ON SCHEMA \"%s\" TO \"%s\".', r.rolname, n.nspname, n.nspname, r.rolname) "
    "FROM unnest($1::oid[], $2::text[]) AS w(relation, role) JOIN pg_catalog.pg_roles r ON r.rolname = "
    "coalesce(w.role, current_user) JOIN pg_catalog.pg_class c ON c.oid = w.relation "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE') LIMIT 8";

/* $1 relations whose rows are changed although policies hide some of them. */
static const char hidden_sql[] =
    "SELECT DISTINCT pg_catalog.format('Row security applies to the role \"%s\" on %s: a pending migration changes "
    "only the rows that its policies show. Run it as %s.', current_user, " RELATION_NAME
    ", CASE WHEN c.relforcerowsecurity THEN 'a role with BYPASSRLS (it is forced on the owner, too)' ELSE 'the owner, "
    "or as a role with BYPASSRLS' END) FROM unnest($1::oid[]) AS w(relation) JOIN pg_catalog.pg_class c ON c.oid = "
    "w.relation WHERE "
    "pg_catalog.row_security_active(c.oid) LIMIT 8";

/* What the server takes a lock for, which is not waited for. */
#define PUBLICATION_NAME  PG_BRIEFLY("p.pubname::text")
#define RELATIONS_BRIEFLY PG_BRIEFLY("$1::oid[]")

/* $1 relations with updates or deletes: a publication needs their replica identity. The server takes a lock to find
 * what it publishes of a table (15 and newer). */
static const char identity_sql[] =
    "SELECT DISTINCT pg_catalog.format('%s is published (publication \"%s\") and has no replica identity: UPDATE and "
    "DELETE fail. Give it a primary key, or ALTER TABLE %s REPLICA IDENTITY FULL.', " RELATION_NAME
    ", p.pubname, " RELATION_NAME
    ") FROM pg_catalog.pg_publication p CROSS JOIN LATERAL pg_catalog.pg_get_publication_tables(" PUBLICATION_NAME
    ") t JOIN pg_catalog.pg_class c ON c.oid = t.relid WHERE c.oid = ANY ($1::oid[]) AND "
    "pg_catalog.cardinality($1::oid[]) > 0 AND (p.pubupdate OR p.pubdelete) AND c.relkind = 'r' AND (c.relreplident = "
    "'n' OR (c.relreplident = 'd' AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND "
    "i.indisprimary)))";

/* $1 relations that are rewritten or get an index: no query tells the free disk space. */
static const char disk_sql[] =
    "SELECT pg_catalog.format('Tables and indexes of %s are written anew or built: whether the disk has room for as "
    "much again cannot be asked.', pg_catalog.pg_size_pretty(s.size)) FROM (SELECT "
    "pg_catalog.sum(pg_catalog.pg_total_relation_size(c.oid)) AS size FROM unnest(" RELATIONS_BRIEFLY
    ") AS w(relation) "
    "JOIN pg_catalog.pg_class c ON c.oid = w.relation) s WHERE s.size > 100 * 1024 * 1024";

/* ---- requirements on server and role ---- */

static const char prepared_sql[] =
    "SELECT 'A pending migration has PREPARE TRANSACTION, and max_prepared_transactions is 0.' WHERE "
    "pg_catalog.current_setting('max_prepared_transactions') = '0'";

/* $1 extensions to create: may the role? Whether they are available is checked by the plan itself (missing.h). */
static const char extensions_sql[] =
    "SELECT pg_catalog.format('The extension \"%s\" needs a superuser%s, and \"%s\" is none: have one CREATE "
    "EXTENSION before.', v.name, CASE WHEN v.trusted THEN ' or CREATE on the database' ELSE '' END, current_user) FROM "
    "(SELECT e.name, pg_catalog.bool_or(coalesce((pg_catalog.to_jsonb(e) ->> 'trusted')::bool, false)) AS trusted, "
    "pg_catalog.bool_or(e.superuser) AS superuser FROM pg_catalog.pg_available_extension_versions e WHERE e.name = ANY "
    "($1::text[]) GROUP BY 1) v JOIN pg_catalog.pg_roles r ON r.rolname = current_user WHERE NOT EXISTS (SELECT FROM "
    "pg_catalog.pg_extension x WHERE x.extname = v.name) AND v.superuser AND NOT r.rolsuper AND NOT (v.trusted AND "
    "pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'))";

/* ---- the lists ---- */

struct needs {
    struct arena *arena;
    struct buffer relations; /* with their locks */
    struct buffer modes;
    struct buffer needing; /* relations, with what is needed on each */
    struct buffer needed;
    struct buffer roles;   /* as which roles */
    struct buffer changed; /* relations whose rows are changed */
    struct buffer named;   /* relations that statements name */
    struct buffer namers;  /* as which roles */
    struct buffer extensions;
    const char *concurrent; /* a statement that waits for snapshots; NULL: none */
    int server_version;
    bool only_known;       /* leave out what may be different when its turn comes */
    bool prepares;         /* PREPARE TRANSACTION */
    bool may_change;       /* an earlier statement may have changed rights */
    size_t most;           /* the most locks of one transaction */
    struct buffer written; /* relations that are rewritten, or get an index */
    bool only_possible;    /* only what DO blocks may run */
};

static bool begins(const char *words, const char *with)
{
    return strncmp(words, with, strlen(with)) == 0;
}

static void add_needed(struct needs *needs, const char *oid, const char *needed, const char *role)
{
    pg_put_element(&needs->needing, oid);
    pg_put_element(&needs->needed, needed);
    pg_put_element(&needs->roles, role);
}

/* What a TRUNCATE empties along: tables that reference its own, with CASCADE, and partitions and children, whose own
 * privilege PostgreSQL asks for before 13. RESTART IDENTITY is for the owner of a sequence. */
static void add_emptied(struct needs *needs, const struct sql_relation_lock *lock, const char *oid, const char *role)
{
    if (!lock->is_heir || needs->server_version < 130000) {
        add_needed(needs, oid, "TRUNCATE", role);
    }
    add_needed(needs, oid, "RESTART", role);
}

static void add_lock(struct needs *needs, const struct sql_relation_lock *lock, const char *words, const char *role)
{
    const char *const oid = arena_printf(needs->arena, "%u", lock->oid);
    const bool is_known = role == NULL || strcmp(role, PERMITS_ANY) != 0;
    if (lock->oid == 0) {
        return;
    }
    pg_put_element(&needs->relations, oid);
    pg_put_element(&needs->modes, arena_printf(needs->arena, "%d", (int)lock->lock));
    if (lock->name != NULL && is_known) {
        pg_put_element(&needs->named, oid);
        pg_put_element(&needs->namers, role);
    }
    if (lock->is_heir && is_known && begins(words, "alter table ")) {
        add_needed(needs, oid, "OWNER", role);
    }
    if (lock->name == NULL && is_known && begins(words, "truncate ")) {
        add_emptied(needs, lock, oid, role);
    }
    /* VACUUM skips tables that the role may not vacuum, with a warning. */
    const bool is_asked = is_known && lock->name != NULL && !(needs->only_known && begins(words, "vacuum "));
    for (size_t i = 0; is_asked && rights_may_be_needed(i); i++) {
        const char *const needed = rights_needed(i, words, lock);
        if (needed != NULL) {
            add_needed(needs, oid, needed, role);
        }
    }
    if (lock->is_target && role == NULL && (begins(words, "update ") || begins(words, "delete "))) {
        pg_put_element(&needs->changed, oid);
    }
}

static void add_extensions(struct needs *needs, const char *sql)
{
    struct sql_objects objects = {0};
    sql_created_objects(needs->arena, text_of(sql), &objects);
    for (size_t i = 0; i < objects.count; i++) {
        if (strcmp(objects.items[i].type, "extension") == 0) {
            pg_put_element(&needs->extensions, objects.items[i].name);
        }
    }
}

static void add_statement(struct needs *needs, const struct explained_statement *statement)
{
    const char *const words = rights_words(needs->arena, text_of(statement->sql));
    if (needs->only_known && needs->may_change) {
        return;
    }
    needs->may_change = statement->effects.unknown || rights_change(text_of(statement->sql));
    const bool writes = statement->effects.work == SQL_WORK_REWRITE || statement->effects.work == SQL_WORK_INDEX;
    for (size_t i = 0; i < statement->effects.count; i++) {
        add_lock(needs, &statement->effects.locks[i], words, statement->role);
        if (writes && statement->effects.locks[i].is_target) {
            pg_put_element(&needs->written, arena_printf(needs->arena, "%u", statement->effects.locks[i].oid));
        }
    }
    if (statement->role == NULL) {
        add_extensions(needs, statement->sql);
    }
    needs->prepares = needs->prepares || begins(words, "prepare transaction ");
}

/* What a DO block may run: only the rights that this takes. */
static void add_parts(struct needs *needs, const struct explained_statement *statement)
{
    for (size_t i = 0; i < statement->part_count; i++) {
        const struct explained_part *const part = &statement->parts[i];
        const char *const words = rights_words(needs->arena, text_of(part->sql));
        for (size_t j = 0; j < part->effects.count; j++) {
            add_lock(needs, &part->effects.locks[j], words, statement->role);
        }
    }
}

static void add_step(struct needs *needs, const struct explained_step *step)
{
    if (step->finished) {
        return;
    }
    const size_t locks = explained_locks(needs->arena, step);
    needs->most = locks > needs->most ? locks : needs->most;
    if (step->step->kind == STEP_ALONE && step->step->reason != NULL &&
        strstr(step->step->reason, "CONCURRENTLY") != NULL) {
        needs->concurrent = step->step->reason;
    }
    for (size_t i = 0; i < step->listed; i++) {
        if (needs->only_possible) {
            add_parts(needs, &step->statements[i]);
        } else {
            add_statement(needs, &step->statements[i]);
        }
    }
}

static void add_ledger(struct needs *needs, const struct moment *moment)
{
    static const char sql[] = "SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                              "ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2";
    const struct ledger *const ledger = &moment->detection->ledger;
    struct status unanswered = {.arena = needs->arena};
    PG_RESULT(result) =
        moment->detection->has_ledger
            ? pg_query_kept(moment->session, sql, 2, (const char *const[]){ledger->schema, ledger->table}, &unanswered)
            : NULL;
    if (result != NULL && PQntuples(result) > 0) {
        pg_put_element(&needs->relations, arena_strdup(needs->arena, pg_field(result, 0, 0)));
        pg_put_element(&needs->modes, arena_printf(needs->arena, "%d", (int)SQL_LOCK_ROW_EXCLUSIVE));
    }
}

static const char *framework_keys(const struct moment *moment)
{
    int64_t keys[MOST_ADVISORY_KEYS];
    struct arena *const arena = moment->request->arena;
    const struct detection *const detection = moment->detection;
    struct buffer array = {.arena = arena};
    const size_t count =
        framework_advisory_locks(detection->framework, &detection->ledger, pg_session_database(moment->session), keys);
    for (size_t i = 0; i < count; i++) {
        pg_put_element(&array, arena_printf(arena, "%lld", (long long)keys[i]));
    }
    return pg_array_text(&array);
}

/* ---- queries ---- */

/* values[0] is an array, and the query has a row for each of its elements at the most: an empty one asks nothing. A
 * query that finds nothing costs the server a millisecond to plan, and the list of extensions five to read. */
static void ask_each(const struct moment *moment, const char *what, const char *sql, int count,
                     const char *const *values)
{
    if (strcmp(values[0], "{}") != 0) {
        moment_ask(moment, what, sql, count, values);
    }
}

static void ask_locks(const struct moment *moment, struct needs *needs)
{
    const char *const relations = buffer_string(&needs->relations);
    const char *const count = arena_printf(needs->arena, "%zu", needs->most);
    const struct moment runs = moment_because(moment, REASON_UNDER_WAY);
    moment_ask(&runs, "Whether another run is under way", runs_sql, 1, (const char *const[]){framework_keys(moment)});
    ask_each(moment, "Whom a run would wait for", holders_sql, 2,
             (const char *const[]){relations, buffer_string(&needs->modes)});
    moment_ask(moment, "Whether the server has room for the locks", room_sql, 1, &count);
    if (needs->concurrent != NULL) {
        moment_ask(moment, "Whose snapshots are old", snapshots_sql, 1, &needs->concurrent);
    }
}

static void ask_rights(const struct moment *moment, struct needs *needs)
{
    ask_each(moment, "What the role may do", rights_sql, 3,
             (const char *const[]){pg_array_text(&needs->needing), pg_array_text(&needs->needed),
                                   pg_array_text(&needs->roles)});
    ask_each(moment, "Which schemas may be used", usage_sql, 2,
             (const char *const[]){pg_array_text(&needs->named), pg_array_text(&needs->namers)});
    ask_each(moment, "What is published", identity_sql, 1, (const char *const[]){buffer_string(&needs->changed)});
    if (needs->prepares) {
        moment_ask(moment, "Whether transactions may be prepared", prepared_sql, 0, NULL);
    }
    ask_each(moment, "Which extensions may be made", extensions_sql, 1,
             (const char *const[]){pg_array_text(&needs->extensions)});
}

/* What all statements of the plan need, as arrays. */
static struct needs needs_of(const struct moment *moment, const struct explanation *explanation, bool only_possible)
{
    struct arena *const arena = moment->request->arena;
    const struct buffer empty = {.arena = arena};
    struct needs needs = {.arena = arena,
                          .server_version = pg_session_server_version(moment->session),
                          .only_known = moment->only_known,
                          .only_possible = only_possible,
                          .relations = empty,
                          .modes = empty,
                          .needing = empty,
                          .needed = empty,
                          .changed = empty,
                          .roles = empty,
                          .named = empty,
                          .namers = empty,
                          .extensions = empty,
                          .written = empty};
    for (size_t i = 0; i < explanation->count; i++) {
        const struct explained_migration *const migration = &explanation->migrations[i];
        for (size_t j = 0; migration->steps != NULL && j < migration->prepared->plan.count; j++) {
            add_step(&needs, &migration->steps[j]);
        }
    }
    if (!only_possible) {
        add_ledger(&needs, moment);
    }
    pg_array_text(&needs.relations);
    pg_array_text(&needs.modes);
    pg_array_text(&needs.changed);
    return needs;
}

void needs_check(const struct moment *moment, const struct explanation *explanation)
{
    struct needs needs = needs_of(moment, explanation, false);
    struct needs possible = needs_of(moment, explanation, true);
    const struct moment waiting = moment_because(moment, REASON_WOULD_WAIT);
    const struct moment allowed = moment_because(moment, REASON_RIGHTS);
    struct moment noting = allowed;
    noting.warnings = moment->notes;
    ask_locks(&waiting, &needs);
    ask_rights(&allowed, &needs);
    ask_each(&allowed, "Which rows are seen", hidden_sql, 1, (const char *const[]){buffer_string(&needs.changed)});
    ask_each(&noting, "What is written", disk_sql, 1, (const char *const[]){pg_array_text(&needs.written)});
    noting.before = MOMENT_IN_BLOCK;
    ask_rights(&noting, &possible);
}

void needs_check_rights(const struct moment *moment, const struct explanation *explanation)
{
    struct needs needs = needs_of(moment, explanation, false);
    ask_rights(moment, &needs);
}
