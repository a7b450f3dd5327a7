/*
 * Bounded: a plan over 400 files of 5 MB lists the first statements of each step, and counts the others.
 */
#include "migration/plan/view.h"

#include "migration/tool/start.h"

#include "sql/classify.h"
#include "sql/split.h"

#include <string.h>

#define EXCERPT      200                   /* characters */
#define MOST_OF_STEP 100                   /* statements that are listed of one step */
#define MOST_OF_PLAN 5000                  /* and of all */
#define MOST_PARSED  ((size_t)1024 * 1024) /* bytes that are looked at for their effects: 5 us each at worst */

struct explaining {
    const struct request *request;
    struct pg_session *session;
    struct explanation *explanation;
    struct sql_facts facts;
    const char **created; /* relations that the plan has made so far; NULL-terminated */
    size_t created_count;
    size_t created_capacity;
    size_t listed;
    size_t parsed; /* bytes */
    const struct detection *detection;
    bool delegates; /* its own tool runs all of it */
};

/* For sql_effects: what the database says of a column. */
static const char *column_type(void *data, const char *schema, const char *table, const char *column)
{
    const struct explaining *const explaining = data;
    const struct request *const request = explaining->request;
    struct buffer name = {.arena = request->arena};
    struct status ignored = {.arena = request->arena};
    if (schema != NULL) {
        pg_quote_identifier(&name, schema);
        buffer_putc(&name, '.');
    }
    pg_quote_identifier(&name, table);
    PG_RESULT(result) = pg_query(explaining->session,
                                 "SELECT pg_catalog.format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute "
                                 "WHERE attrelid = pg_catalog.to_regclass($1) AND attname = $2 AND NOT attisdropped",
                                 2, (const char *const[]){buffer_string(&name), column}, &ignored);
    return result == NULL || PQntuples(result) == 0 ? NULL : arena_strdup(request->arena, pg_field(result, 0, 0));
}

static void add_created(struct explaining *explaining, struct text statement)
{
    struct sql_objects objects = {0};
    struct arena *const arena = explaining->request->arena;
    sql_created_objects(arena, statement, &objects);
    for (size_t i = 0; i < objects.count; i++) {
        const struct sql_object *const object = &objects.items[i];
        if (object->parent != NULL || strcmp(object->type, "index") == 0) {
            continue;
        }
        explaining->created[explaining->created_count++] =
            object->schema == NULL ? object->name : arena_printf(arena, "%s.%s", object->schema, object->name);
        explaining->created = arena_grow(arena, explaining->created, explaining->created_count,
                                         &explaining->created_capacity, sizeof *explaining->created);
        explaining->created[explaining->created_count] = NULL;
    }
}

static const char *excerpt(struct arena *arena, struct text statement)
{
    const size_t end = text_byte_of_character(statement, EXCERPT + 1);
    return arena_printf(arena, "%.*s%s", (int)end, statement.data, end < statement.size ? "…" : "");
}

static void add_locks(struct explanation *explanation, const struct sql_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        explanation->blocks_reads = explanation->blocks_reads || sql_lock_blocks_reads(effects->locks[i].lock);
        explanation->blocks_writes = explanation->blocks_writes || sql_lock_blocks_writes(effects->locks[i].lock);
    }
}

static void explain_step(struct explaining *explaining, struct text content, struct explained_step *explained)
{
    struct arena *const arena = explaining->request->arena;
    const struct step *const step = explained->step;
    const struct text part = text_slice(content, step->start, step->end);
    struct sql_lexer lexer = {.text = part};
    struct sql_statement statement;
    explained->where = text_position(content, step->start);
    explained->statements = arena_array(arena, MOST_OF_STEP, sizeof *explained->statements);
    for (; sql_next_statement(&lexer, &statement); explained->statement_count++) {
        const struct text one = text_slice(part, statement.start, statement.end);
        if (explained->finished || explained->listed == MOST_OF_STEP || explaining->listed == MOST_OF_PLAN) {
            continue;
        }
        struct explained_statement *const shown = &explained->statements[explained->listed++];
        explaining->listed++;
        *shown = (struct explained_statement){
            .sql = excerpt(arena, one),
            .start = step->start + statement.start,
            .end = step->start + statement.end,
            .where = text_position(content, step->start + statement.start),
        };
        explaining->parsed += one.size;
        if (explaining->parsed > MOST_PARSED) {
            shown->effects.advice = "This plan is too large to say what each statement locks; plan fewer migrations.";
            continue;
        }
        sql_effects(arena, one, &explaining->facts, explaining->created, &shown->effects);
        add_locks(explaining->explanation, &shown->effects);
        add_created(explaining, one);
    }
}

static bool explain_migration(struct explaining *explaining, const struct prepared *prepared,
                              struct explained_migration *explained)
{
    const struct request *const request = explaining->request;
    const struct plan *const plan = &prepared->plan;
    struct arena *const reading = arena_new(0);
    struct loaded loaded;
    const bool ok = migration_load(reading, &prepared->place, &loaded, request->status);
    explained->prepared = prepared;
    explained->checksum = prepared->item->checksum;
    explained->delegate =
        explaining->delegates ? tool_run_command(request->arena, request->site, explaining->detection) : NULL;
    explained->steps = arena_array(request->arena, plan->count, sizeof *explained->steps);
    for (size_t i = 0; ok && i < plan->count; i++) {
        explained->steps[i] = (struct explained_step){.step = &plan->steps[i], .finished = i < prepared->done};
        explain_step(explaining, loaded.script.sql, &explained->steps[i]);
    }
    explaining->explanation->transactions += plan->count == 0 ? 1 : (uint32_t)(plan->count - prepared->done);
    arena_free(reading);
    return ok;
}

static void find_refusal(const struct request *request, const struct run_options *options,
                         const struct preparation *preparation, struct explanation *explanation)
{
    const char *const obstacle = prepare_obstacle(request->arena, preparation);
    if (preparation->unfit != NULL) {
        explanation->refusal = arena_printf(request->arena, "\"%s\" cannot run: %s", preparation->unfit->name,
                                            preparation->problem.message);
    } else if (preparation->delegate && !request->site->allow_delegate) {
        explanation->refusal = arena_printf(
            request->arena,
            "Some of these are programs, which only %s itself can run: %s, or a worker that was started with "
            "--allow-delegate.",
            preparation->catalog.detection.framework->display_name,
            tool_run_command(request->arena, request->site, &preparation->catalog.detection));
    } else if (options->in_one_transaction && obstacle != NULL) {
        explanation->refusal =
            arena_printf(request->arena, "These migrations cannot share one transaction: %s.", obstacle);
    }
}

static const char *summary_of(struct arena *arena, const struct preparation *preparation,
                              const struct explanation *explanation)
{
    return preparation->count == 0 ? "No pending migrations to run."
           : preparation->delegate
               ? arena_printf(arena, "%zu migration(s), run by %s itself: what they lock is not known before.",
                              preparation->count, preparation->catalog.detection.framework->display_name)
               : arena_printf(arena, "%zu migration(s) in %u transaction(s); %s.", preparation->count,
                              explanation->transactions,
                              explanation->blocks_reads    ? "some statements stop readers and writers"
                              : explanation->blocks_writes ? "some statements stop writers"
                                                           : "no statement stops readers or writers of what is there");
}

bool explain(const struct request *request, struct pg_session *session, const struct run_options *options,
             const struct preparation *preparation, struct explanation *explanation)
{
    struct explaining explaining = {
        .request = request,
        .session = session,
        .explanation = explanation,
        .facts = {.server_version = pg_session_server_version(session),
                  .data = &explaining,
                  .column_type = column_type},
    };
    explaining.detection = &preparation->catalog.detection;
    explaining.delegates = preparation->delegate;
    explaining.created = arena_grow(request->arena, NULL, 0, &explaining.created_capacity, sizeof *explaining.created);
    explaining.created[0] = NULL;
    *explanation = (struct explanation){0};
    explanation->migrations = arena_array(request->arena, preparation->count, sizeof *explanation->migrations);
    for (size_t i = 0; i < preparation->count && preparation->items[i].item != preparation->unfit; i++) {
        if (!explain_migration(&explaining, &preparation->items[i], &explanation->migrations[explanation->count++])) {
            return false;
        }
    }
    if (options->in_one_transaction) {
        explanation->transactions = preparation->count == 0 ? 0 : 1;
    }
    find_refusal(request, options, preparation, explanation);
    explanation->summary = summary_of(request->arena, preparation, explanation);
    return true;
}
