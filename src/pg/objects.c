/*
 * Each catalog of pg_depend has a part of the query. One that is not known here, because the server is newer, gives a
 * row without a definition if it has objects of users: so no kind is missing silently.
 */
#include "pg/objects.h"

#include "pg/objects_parts.h"

#include <string.h>

#define DIGEST(text)                                                                                                   \
    "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(" text ", pg_catalog.getdatabaseencoding())), 'hex')"

/* Compiling the query would take longer than running it: 9 s of 10 with 1,000 schemas. */
const char pg_objects_settings[] =
    "SET datestyle = 'ISO, MDY'; SET intervalstyle = 'postgres'; SET timezone = 'UTC'; SET extra_float_digits = 1; SET "
    "bytea_output = 'hex'; SET quote_all_identifiers = off; SET jit = off";

/* ---- a part ---- */

static void put_name(struct buffer *sql, const struct objects_part *part)
{
    const char *const schema = "pg_catalog.quote_ident(n.nspname) || '.' || ";
    if (part->name != NULL) {
        buffer_puts(sql, part->name);
    } else if (part->named == NULL) {
        buffer_printf(
            sql, "(SELECT i.identity FROM pg_catalog.pg_identify_object('pg_catalog.%s'::regclass, o.oid, 0) AS i)",
            part->catalog);
    } else {
        buffer_printf(sql, "%s%spg_catalog.quote_ident(%s)", part->schema != NULL || part->of != NULL ? schema : "",
                      part->of != NULL ? "pg_catalog.quote_ident(c.relname) || '.' || " : "", part->named);
    }
}

#define GRANTS OBJECTS_ITEMS("coalesce(%s, pg_catalog.acldefault(%s%s%s, %s))::text[]")

/* Without grants an object has those that PostgreSQL gives by default. */
static void put_rights(struct buffer *sql, const struct objects_part *part)
{
    const bool is_expression = strlen(part->letter) > 1;
    const char *const quote = is_expression ? "" : "'";
    buffer_printf(sql, ", 'PRIVILEGES ' || coalesce(" GRANTS ", 'none')", part->acl, quote, part->letter, quote,
                  part->owner);
}

static void put_rest(struct buffer *sql, const struct objects_part *part)
{
    buffer_puts(sql, ", pg_catalog.concat_ws(pg_catalog.chr(31)");
    if (part->owner != NULL) {
        buffer_printf(sql, ", 'OWNER ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(%s))", part->owner);
    }
    if (part->acl != NULL) {
        put_rights(sql, part);
    }
    if (part->options != NULL) {
        buffer_printf(sql,
                      ", 'OPTIONS ' || (SELECT pg_catalog.string_agg(pg_catalog.split_part(l.item, '=', 1), ', ' ORDER "
                      "BY l.item COLLATE \"C\") FROM pg_catalog.unnest(%s) AS l(item))",
                      part->options);
    }
    buffer_printf(sql, "%s%s, NULL), ", part->more == NULL ? "" : ", ", part->more == NULL ? "" : part->more);
    if (part->options != NULL) {
        buffer_printf(sql, DIGEST(OBJECTS_ITEMS("%s")), part->options);
    } else if (part->hidden != NULL) {
        buffer_printf(sql, DIGEST("%s"), part->hidden);
    } else {
        buffer_puts(sql, "NULL");
    }
}

static void put_from(struct buffer *sql, const struct objects_part *part)
{
    if (part->from != NULL) {
        buffer_printf(sql, " FROM %s", part->from);
    } else {
        buffer_printf(sql, " FROM pg_catalog.%s o", part->catalog);
    }
    if (part->of != NULL) {
        buffer_printf(sql, " JOIN pg_catalog.pg_class c ON c.oid = o.%s", part->of);
    }
    if (part->schema != NULL || part->of != NULL) {
        buffer_printf(sql, " JOIN pg_catalog.pg_namespace n ON n.oid = %s.%s AND ", part->of != NULL ? "c" : "o",
                      part->of != NULL ? "relnamespace" : part->schema);
        /* Users may make functions and the like in pg_catalog, too. */
        buffer_puts(sql, "((" OBJECTS_SCHEMA ")");
        buffer_printf(sql, "%s)",
                      part->of == NULL ? " OR (n.nspname = 'pg_catalog' AND o.oid >= " OBJECTS_FIRST ")" : "");
    }
}

static void put_where(struct buffer *sql, const struct objects_part *part)
{
    buffer_printf(sql, " WHERE %s", part->where == NULL ? "true" : part->where);
    if (part->schema == NULL && part->of == NULL && !part->has_any_oid) {
        buffer_printf(sql, " AND %s >= " OBJECTS_FIRST, part->oid == NULL ? "o.oid" : part->oid);
    }
    if (!part->is_of_any) {
        buffer_printf(sql,
                      " AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.%s'::regclass AND m.objid = "
                      "%s)",
                      part->catalog, part->oid == NULL ? "o.oid" : part->oid);
    }
}

static void put_part(struct buffer *sql, const struct objects_part *part)
{
    const bool is_expression = strncmp(part->kind, "CASE", 4) == 0;
    const char *const quote = is_expression ? "" : "'";
    buffer_printf(sql, "SELECT 'pg_catalog.%s'::regclass::oid, %s, %s, %s%s%s, ", part->catalog,
                  part->oid == NULL ? "o.oid" : part->oid, part->number == NULL ? "0" : part->number, quote, part->kind,
                  quote);
    put_name(sql, part);
    buffer_printf(sql, ", %s", part->definition);
    put_rest(sql, part);
    put_from(sql, part);
    put_where(sql, part);
}

/* ---- the whole ---- */

/* What belongs to an extension, and the functions and casts that the server makes with a range type. */
static const char members[] =
    "WITH member AS MATERIALIZED (SELECT d.classid, d.objid FROM pg_catalog.pg_depend d WHERE d.deptype = 'e' OR "
    "(d.deptype = 'i' AND d.classid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_cast'::regclass))), "
    "listed(class, oid, number, kind, name, def, rest, hidden) AS MATERIALIZED (";

/* What is noted of objects of all kinds: comments, security labels, and ALTER … DEPENDS ON EXTENSION. Not of the 5,000
 * objects of the system that have a comment and are not listed: that was two thirds of the time. */
#define NOTED                                                                                                          \
    "of_system(class, oid) AS MATERIALIZED (SELECT l.class, l.oid FROM listed l WHERE l.oid < " OBJECTS_FIRST          \
    "), noted(class, oid, number, text) AS MATERIALIZED (SELECT o.class, o.oid, o.number, "                            \
    "pg_catalog.string_agg(o.text, "                                                                                   \
    "pg_catalog.chr(31) ORDER BY o.text COLLATE \"C\") FROM (SELECT d.classoid, d.objoid, d.objsubid, 'COMMENT ' || "  \
    "pg_catalog.quote_literal(d.description) FROM pg_catalog.pg_description d UNION ALL SELECT l.classoid, l.objoid, " \
    "l.objsubid, pg_catalog.concat_ws(' ', 'SECURITY LABEL', l.provider, pg_catalog.quote_literal(l.label)) FROM "     \
    "pg_catalog.pg_seclabel l UNION ALL SELECT x.classid, x.objid, x.objsubid, 'DEPENDS ON EXTENSION ' || "            \
    "pg_catalog.quote_ident(e.extname) FROM pg_catalog.pg_depend x JOIN pg_catalog.pg_extension e ON e.oid = "         \
    "x.refobjid WHERE x.deptype = 'x') o(class, oid, number, text) WHERE o.oid >= " OBJECTS_FIRST                      \
    " OR (o.class, o.oid) IN (SELECT s.class, s.oid FROM of_system s) GROUP BY o.class, o.oid, o.number)"

/* Of what has no row of its own: the columns of a view, the index of a constraint, an extension's function, … */
#define NOTED_ALONE                                                                                                    \
    "SELECT 'comment', i.type || ' ' || i.identity, t.text, NULL, NULL FROM noted t, "                                 \
    "pg_catalog.pg_identify_object(t.class, t.oid, t.number) AS i WHERE t.oid >= " OBJECTS_FIRST                       \
    " AND t.class NOT IN ('pg_catalog.pg_largeobject'::regclass, 'pg_catalog.pg_database'::regclass) AND NOT EXISTS "  \
    "(SELECT FROM listed l WHERE l.class = t.class AND l.oid = t.oid AND l.number = t.number) AND i.schema IS "        \
    "DISTINCT FROM '{truss}' AND i.identity <> pg_catalog.quote_ident('{truss}') AND coalesce(i.schema, '') NOT LIKE " \
    "'pg\\_temp%'"

static const char rest[] =
    "), " NOTED " SELECT o.kind, o.name, o.def, o.rest, o.hidden FROM (SELECT l.kind, l.name, l.def, "
    "pg_catalog.concat_ws(pg_catalog.chr(31), nullif(l.rest, ''), t.text), l.hidden FROM listed l LEFT JOIN noted t ON "
    "t.class = l.class AND t.oid = l.oid AND t.number = l.number UNION ALL " NOTED_ALONE
    " UNION ALL SELECT 'objects of the catalog', c.relname::text, NULL, NULL, NULL FROM (SELECT DISTINCT d.classid "
    "FROM pg_catalog.pg_depend d WHERE d.objid >= " OBJECTS_FIRST
    ") u JOIN pg_catalog.pg_class c ON c.oid = u.classid WHERE c.relname NOT IN (";

/* Of these no part speaks: columns say their defaults, and large objects are data. */
static const char order[] = "'pg_attrdef', 'pg_largeobject')) o(kind, name, def, rest, hidden) ORDER BY o.kind COLLATE "
                            "\"C\", o.name COLLATE \"C\", o.def COLLATE \"C\"";

const char *pg_objects_query(struct arena *arena, const struct pg_session *session)
{
    static const struct objects_part *const all[] = {objects_tables, objects_code, objects_around};
    const int version = pg_session_server_version(session);
    struct buffer sql = {.arena = arena};
    struct buffer known = {.arena = arena};
    const char *between = members;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        for (const struct objects_part *part = all[i]; part->catalog != NULL; part++) {
            if (version >= part->since && version < part->until) {
                buffer_puts(&sql, between);
                put_part(&sql, part);
                buffer_printf(&known, "'%s', ", part->catalog);
                between = " UNION ALL ";
            }
        }
    }
    buffer_printf(&sql, "%s%s%s", rest, buffer_string(&known), order);
    return buffer_string(&sql);
}
