/*
 * The names of a database while a plan is read: what the catalogs say, and what statements before have made, renamed
 * and dropped. Nothing is asked twice; a name that neither knows is one that nobody uses yet.
 */
#ifndef MIGRATION_PLAN_FORESEE_WORLD_H
#define MIGRATION_PLAN_FORESEE_WORLD_H

#include "migration/look/place.h"
#include "migration/plan/foresee/questions.h"
#include "sql/effects.h"

/* What a change of a relation's rows fires. */
enum firing { FIRES_NOT_ASKED, FIRES_ROWS /* it locks rows only */, FIRES_UNKNOWN };

/* A relation, whatever it is called by now. */
struct relation {
    uint32_t oid;        /* 0: the plan makes it */
    const char *display; /* as the session names it before the plan runs; NULL with oid 0 */
    char kind;           /* pg_class.relkind; 0 with oid 0 */
    bool has_children;   /* something inherits from it, or did */
    bool gone;           /* the plan has dropped it */
    bool renamed;        /* the plan calls it otherwise by now */
    enum firing fires;
    struct relation *tied_to; /* a change of one may fire what a change of the other does (fires.h); NULL: none */
};

struct world;

/* Lives in the request's arena. The session of the questions must stay while the world does. is_large: all names of
 * the database are loaded at once, not one by one first. */
struct world *world_new(const struct request *request, struct questions *questions, bool is_large);

/* A migration begins: the search path is the session's again. */
void world_begin(struct world *world);

/* The relation that a statement would find by this name now; NULL: there is none. schema may be NULL. */
struct relation *world_find(struct world *world, const char *schema, const char *bare);

/* The same without a name's last resort, any schema: NULL where the search path does not find it, or is not known. */
struct relation *world_find_surely(struct world *world, const char *schema, const char *bare);

/* The relation of this name in a place, which is a schema as it was called before the plan: what world_schema() and
 * world_place() give. NULL: there is none. */
struct relation *world_find_in(struct world *world, const char *place, const char *bare);

/* The schema in which it has this name now, as it was called before the plan; NULL: it has no such name. */
const char *world_schema(const struct world *world, const struct relation *relation, const char *bare);

/* The relation of this oid, which the catalogs have named. */
struct relation *world_of_oid(struct world *world, uint32_t oid, const char *display, char kind);

/* A statement is read: what was done to names behind a savepoint is undone with it. */
void world_statement(struct world *world, struct text statement);

/* The relation is dropped. */
void world_goes(struct world *world, struct relation *relation);

/* What the statement has done to names is known from here on. */
void world_apply(struct world *world, const struct sql_effects *effects);

/* Calls for each relation that the plan has linked with this one (NULL: with an index of this name that was made
 * without one). */
typedef void world_link_fn(void *data, struct relation *relation);
void world_links(const struct world *world, const struct relation *relation, const char *index, world_link_fn *fn,
                 void *data);

/* True where there was no relation of anybody's: nobody can be stopped. */
bool world_is_empty(const struct world *world);

/* True where nothing in the database is called so, nor by the plan. */
bool world_is_new(struct world *world, const char *schema, const char *bare);

/* The schema in which a name without one is made, as it was called before the plan; NULL: it is not known. alone: NULL
 * as well where the search path has several. */
const char *world_place(const struct world *world, bool alone);

/* True where something is or was called so, in any schema. */
bool world_knows(struct world *world, const char *bare);

/* True where every function of this name is known to lock no more than rows: PostgreSQL's own, and those that are
 * STABLE or IMMUTABLE, to which PostgreSQL allows nothing else. */
bool world_is_harmless(struct world *world, const char *schema, const char *function);

#endif
