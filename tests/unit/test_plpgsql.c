/*
 * Which PL/pgSQL bodies commit: our reading against PL/pgSQL's own grammar (libpg_query has it), on bodies put together
 * at random around the words COMMIT and ROLLBACK. A seed repeats exactly.
 */
#include "sql/plpgsql.h"
#include "support/runner.h"

#include <pg_query.h>
#include <stdint.h>
#include <string.h>

#define ROUNDS 3000 /* of each of the seeds */

static struct arena *arena;
static uint64_t state;

/* For LeakSanitizer: libpg_query 15-4.0.0 loses an empty string with each error that it reports. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:pg_query_raw_parse";
}

static void set_up(void)
{
    arena = arena_new(0);
}

static void tear_down(void)
{
    arena_free(arena);
}

static size_t below(size_t limit)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(state >> 33) % limit;
}

/* Statements with the dangerous words where they mean nothing; %s is another list of statements. */
static const char *const statements[] = {
    "perform 1;",
    "null;",
    "x := 1;",
    "/* commit; */ null; -- rollback;\n",
    "create temp table k (a int) on commit drop;",
    "create temp table k2 on commit delete rows as select 1;",
    "perform ';commit;', $q$ ; rollback; $q$, E';\\'commit;';",
    "insert into t (a) select b as commit from t rollback;",
    "select 1 as commit into x;",
    "execute 'commit; rollback';",
    "raise notice 'commit; %', x;",
    "update t set rollback = case when x > 1 then 1 else (select commit from t) end;",
    "return;",
    "call p(1, 'commit;');",
    "commit_not := 1;",
    "perform (select 1; commit;);",
    "if x = 1 then %s end if;",
    "if (case when x = 1 then true else false end) then %s elsif x = 2 then %s else %s end if;",
    "case x when 1 then %s else %s end case;",
    "case when x = 1 then %s end case;",
    "loop %s exit when x > 2; end loop;",
    "while x < 3 loop %s x := x + 1; end loop;",
    "for i in 1..3 loop %s end loop;",
    "for r in select 1 as rollback from t loop %s end loop;",
    "for r in execute 'select commit' loop %s end loop;",
    "foreach x in array a loop %s continue; end loop;",
    "<<lab>> loop %s exit lab; end loop lab;",
    "begin %s end;",
    "<<b>> declare y int; begin %s end b;",
    "declare committed int := 1; begin %s exception when others then %s end;",
};
static const char *const controls[] = {
    "commit;", "rollback;", "COMMIT AND CHAIN;", "rollback and no chain;", "/* x */ commit -- y\n;",
};

#define WORD_COUNT (sizeof statements / sizeof statements[0])

static void put_statements(struct buffer *out, int depth, bool may_commit);

static void put_statement(struct buffer *out, int depth, bool may_commit)
{
    if (may_commit && below(12) == 0) {
        buffer_puts(out, controls[below(sizeof controls / sizeof controls[0])]);
        return;
    }
    for (const char *c = statements[below(depth > 3 ? 16 : WORD_COUNT)]; *c != '\0'; c++) {
        if (c[0] == '%' && c[1] == 's') {
            put_statements(out, depth + 1, may_commit);
            c++;
        } else {
            buffer_putc(out, *c);
        }
    }
}

static void put_statements(struct buffer *out, int depth, bool may_commit)
{
    for (size_t i = 0, count = 1 + below(3); i < count; i++) {
        put_statement(out, depth, may_commit);
        buffer_puts(out, below(2) == 0 ? " " : "\n");
    }
}

START_TEST(what_commits_is_what_pl_pgsql_s_grammar_says)
{
    size_t parsed = 0;
    size_t committing = 0;
    state = (uint64_t)_i * 1000003 + 17;
    for (int round = 0; round < ROUNDS; round++) {
        struct buffer body = {.arena = arena};
        buffer_puts(&body, "declare x int := 0; r record; a int[]; begin ");
        put_statements(&body, 0, below(2) == 0);
        buffer_puts(&body, "end");
        const char *const text = buffer_string(&body);
        const PgQueryPlpgsqlParseResult result = pg_query_parse_plpgsql(
            arena_printf(arena, "create function f() returns void language plpgsql as $body$%s$body$", text));
        if (result.error == NULL) {
            const bool theirs = strstr(result.plpgsql_funcs, "PLpgSQL_stmt_commit") != NULL ||
                                strstr(result.plpgsql_funcs, "PLpgSQL_stmt_rollback") != NULL;
            ck_assert_msg(plpgsql_commits(arena, text_of(text), NULL) == theirs, "%s", text);
            committing += theirs ? 1 : 0;
            parsed++;
        }
        pg_query_free_plpgsql_parse_result(result);
        tear_down();
        set_up();
    }
    ck_assert_uint_gt(parsed, ROUNDS / 4);
    ck_assert_uint_gt(committing, ROUNDS / 50);
}
END_TEST

START_TEST(a_call_commits_where_its_procedure_is_known_to)
{
    struct words names = {0};
    words_add(arena, &names, "app.flush");
    ck_assert(plpgsql_commits(arena, text_of("begin call app.Flush(1); end"), &names));
    ck_assert(!plpgsql_commits(arena, text_of("begin call flush(1); end"), &names));
    ck_assert(!plpgsql_commits(arena, text_of("begin perform 'call app.flush()'; end"), &names));
    ck_assert_str_eq(sql_called(arena, text_of("CALL \"App\".Flush (1)")), "App.flush");
    ck_assert_ptr_null(sql_called(arena, text_of("select call(1)")));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("plpgsql");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, what_commits_is_what_pl_pgsql_s_grammar_says, 0, 5);
    tcase_add_test(tests, a_call_commits_where_its_procedure_is_known_to);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
