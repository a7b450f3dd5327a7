/*
 * The list of frameworks: the only place where a new one is registered. If nothing else distinguishes two, the first is
 * named first.
 */
#include "framework/core/framework.h"

#define FRAMEWORKS(X)                                                                                                  \
    X(prisma)                                                                                                          \
    X(sqitch)                                                                                                          \
    X(django)                                                                                                          \
    X(alembic)                                                                                                         \
    X(yoyo)                                                                                                            \
    X(hasura)                                                                                                          \
    X(atlas)                                                                                                           \
    X(evolve)                                                                                                          \
    X(flyway)                                                                                                          \
    X(liquibase)                                                                                                       \
    X(sqlx)                                                                                                            \
    X(diesel)                                                                                                          \
    X(refinery)                                                                                                        \
    X(sea_orm)                                                                                                         \
    X(supabase)                                                                                                        \
    X(graphile)                                                                                                        \
    X(db_migrate)                                                                                                      \
    X(drizzle)                                                                                                         \
    X(node_pg_migrate)                                                                                                 \
    X(postgrator)                                                                                                      \
    X(postgres_migrations)                                                                                             \
    X(dbmate)                                                                                                          \
    X(goose)                                                                                                           \
    X(sql_migrate)                                                                                                     \
    X(bun)                                                                                                             \
    X(pop)                                                                                                             \
    X(popx)                                                                                                            \
    X(morph)                                                                                                           \
    X(golang_migrate)                                                                                                  \
    X(tern)                                                                                                            \
    X(rambler)                                                                                                         \
    X(play)                                                                                                            \
    X(knex)                                                                                                            \
    X(typeorm)                                                                                                         \
    X(sequelize)                                                                                                       \
    X(mikro_orm)                                                                                                       \
    X(kysely)                                                                                                          \
    X(payload)                                                                                                         \
    X(lucid)                                                                                                           \
    X(strapi)                                                                                                          \
    X(directus)                                                                                                        \
    X(rails)                                                                                                           \
    X(sequel)                                                                                                          \
    X(sequel_integers)                                                                                                 \
    X(laravel)                                                                                                         \
    X(yii)                                                                                                             \
    X(doctrine)                                                                                                        \
    X(phinx)                                                                                                           \
    X(ecto)                                                                                                            \
    X(fluent_migrator)                                                                                                 \
    X(efcore)                                                                                                          \
    X(dbup)                                                                                                            \
    X(gormigrate)                                                                                                      \
    X(xormigrate)

#define DECLARE(id) extern const struct framework framework_##id;
FRAMEWORKS(DECLARE)

#define POINTER(id) &framework_##id,
const struct framework *const frameworks[] = {FRAMEWORKS(POINTER) NULL};

const struct framework *framework_find_among(const struct framework *const *all, struct text name)
{
    for (size_t i = 0; all[i] != NULL; i++) {
        if (text_is_nocase(name, all[i]->id) || text_is_nocase(name, all[i]->display_name)) {
            return all[i];
        }
    }
    return NULL;
}

const struct framework *framework_find(struct text name)
{
    return framework_find_among(frameworks, name);
}

const char *migration_file_key(const struct migration_file *file)
{
    return file->key == NULL ? file->name : file->key;
}

const char *ledger_entry_key(const struct ledger_entry *entry)
{
    return entry->key == NULL ? entry->name : entry->key;
}

int64_t ledger_entry_ms(const struct ledger_entry *entry)
{
    const bool is_timed = entry->started_at != NO_TIME && entry->finished_at >= entry->started_at;
    return is_timed ? (entry->finished_at - entry->started_at) / 1000 : entry->duration_ms;
}
