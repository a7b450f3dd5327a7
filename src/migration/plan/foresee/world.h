/*
 * The names of a database while a plan is read: what the catalogs say, and what earlier statements have created,
 * renamed and dropped. Nothing is queried twice; a name that neither knows is free.
 */
#ifndef MIGRATION_PLAN_FORESEE_WORLD_H
#define MIGRATION_PLAN_FORESEE_WORLD_H

#include "base/words.h"
#include "migration/look/place.h"
#include "migration/plan/foresee/links.h"
#include "migration/plan/foresee/questions.h"
#include "sql/effects.h"

/* What a change of a relation's rows fires. */
enum firing { FIRES_NOT_ASKED, FIRES_ROWS /* it locks rows only */, FIRES_UNKNOWN };

/* A relation, under whatever name. */
struct relation {
    uint32_t oid;             /* 0: created by the plan */
    const char *display;      /* its name for the session before the plan; NULL if oid is 0 */
    char kind;                /* pg_class.relkind; 0 if oid is 0 */
    bool has_children;        /* something inherits from it, or once did */
    bool has_policies;        /* row security is enabled for it */
    bool is_enabled;          /* by the plan, */
    bool is_forced;           /* also for its owner */
    bool gone;                /* the plan has dropped it */
    bool renamed;             /* the plan has renamed it */
    bool parts_renamed;       /* … or columns or constraints of it */
    enum firing fires;        /* as the database has it */
    size_t fires_since;       /* what was turned off then: struct switched */
    bool fires_more;          /* the plan has made it, or what is tied to it, fire what may lock more */
    struct words fired;       /* the functions that it fires, as the database has them */
    enum firing reads;        /* what reading its rows runs */
    struct words selected;    /* the same: the functions that a view calls */
    struct relation *tied_to; /* changing one may fire what a change of the other does (fires.h); NULL: none */
    struct links_from links;  /* what the plan has linked with it */
};

struct world;

/* Lives in the request's arena. The questions' session must live as long. is_large: load all names of the database at
 * once, instead of one by one first. */
struct world *world_new(const struct request *request, struct questions *questions, bool is_large);

/* Call it at the beginning of a migration: the search path is the session's again. */
void world_begin(struct world *world);

/* The number of the migration that is being read: how often world_begin() was called. */
unsigned world_migration(const struct world *world);

/* The relation that a statement would find under this name now; NULL: none. schema may be NULL. An unqualified name
 * that the search path does not find is looked for in any schema. */
struct relation *world_find(struct world *world, const char *schema, const char *bare);

/* The same without looking in any schema: NULL if the search path does not find it, or is not known. */
struct relation *world_find_surely(struct world *world, const char *schema, const char *bare);

/* The relation of this name in a schema, given by the schema's name before the plan (from world_schema() or
 * world_place()). NULL: none. */
struct relation *world_find_in(struct world *world, const char *place, const char *bare);

/* The schema in which the relation has this name now, by its name before the plan; NULL: it does not have this name. */
const char *world_schema(const struct world *world, const struct relation *relation, const char *bare);

/* The relation with this oid, which the catalogs have reported. */
struct relation *world_of_oid(struct world *world, uint32_t oid, const char *display, char kind);

/* Call it for each statement: changes to names after a savepoint are undone with it. */
void world_statement(struct world *world, struct text statement);

/* Marks the relation as dropped. */
void world_goes(struct world *world, struct relation *relation);

/* Records what the statement does to names. */
void world_apply(struct world *world, const struct sql_effects *effects);

/* Calls fn for each relation that the plan has linked with this one (for relation NULL: with an index of this name that
 * was created without one). */
typedef void world_link_fn(void *data, struct relation *relation, enum sql_link link);
void world_links(const struct world *world, const struct relation *relation, const char *index, world_link_fn *fn,
                 void *data);

/* Did the database have no relations of users? Then nobody can be blocked. */
bool world_is_empty(const struct world *world);

/* Is the name free, in the database and in the plan? */
bool world_is_new(struct world *world, const char *schema, const char *bare);

/* The schema in which an unqualified name is created, by its name before the plan; NULL: not known. alone: NULL also if
 * the search path has several schemas. */
const char *world_place(const struct world *world, bool alone);

/* The schemas of the search path, as statements name them; NULL-terminated; NULL: not known. */
const char *const *world_path(const struct world *world);

/* The name that a schema had before the plan. */
const char *world_schema_before(const struct world *world, const char *schema);

/* Has something this name, or had it, in any schema? */
bool world_knows(struct world *world, const char *bare);

/* Does every function of this name lock no more than rows by itself? PostgreSQL's own do not, nor do those that are
 * STABLE or IMMUTABLE, since PostgreSQL forbids them to write. *is_users: one is a user's, and may call others. */
bool world_is_harmless(struct world *world, const char *schema, const char *function, bool *is_users);

#endif
