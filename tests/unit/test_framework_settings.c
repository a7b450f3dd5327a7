/*
 * Settings of programs read as text: what is written out is found, what is computed is not.
 */
#include "framework/coded/code.h"
#include "support/runner.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct arena *arena;
static struct status status;
static char root[64];

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
    strcpy(root, "/tmp/truss-code-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void tear_down(void)
{
    ck_assert_int_eq(system(arena_printf(arena, "rm -rf '%s'", root)), 0);
    arena_free(arena);
}

static void put_directory(const char *path)
{
    ck_assert(directory_make(arena, arena_printf(arena, "%s/%s", root, path), &status));
}

static const char *setting(const char *source)
{
    return code_string(arena, text_of(source), "migrations");
}

START_TEST(a_setting_is_found_where_it_is_written_out)
{
    ck_assert_str_eq(setting("{ migrations: 'a' }"), "a");
    ck_assert_str_eq(setting("{ \"migrations\": \"a\", b: 'c' }"), "a");
    ck_assert_str_eq(setting("['migrations' => 'a', 'b' => 'c']"), "a");
    ck_assert_str_eq(setting("config :blog, Repo, migrations: \"a\"\nconfig :b, c: \"d\""), "a");
    ck_assert_str_eq(setting("migrations = 'a';"), "a");
    ck_assert_str_eq(setting("{ migrations: ['a', 'b'] }"), "a");
    ck_assert_str_eq(setting("'migrations' => ['table' => 'a', 'update_date' => true]"), "a");
    ck_assert_str_eq(setting("'migrations' => ['Blog\\\\Migrations' => 'a']"), "a");
    ck_assert_str_eq(setting("{ migrations: { x: 1 }, y: { migrations: 'a' } }"), "a");
    ck_assert_str_eq(setting("// migrations: 'no'\n{ /* old:\n * migrations: 'no' */ migrations: /* ! */ 'a' }"), "a");
}
END_TEST

START_TEST(a_setting_that_is_computed_is_not_found)
{
    ck_assert_ptr_null(setting("{ migrations: process.env.X || 'a' }"));
    ck_assert_ptr_null(setting("{ migrations: `${folder}/a` }"));
    ck_assert_ptr_null(setting("{ migrations: 'a\\x41' }"));
    ck_assert_ptr_null(setting("'migrations' => env('TABLE', 'a')"));
    ck_assert_ptr_null(setting("{ migrations: [CreateUsers, CreatePosts] }"));
    ck_assert_ptr_null(setting("{ nomigrations: 'a', migrationsRun: 'b' }"));
    ck_assert_ptr_null(setting("if (migrations == 'a') {"));
    ck_assert_ptr_null(setting("{ migrations: 'unterminated"));
    ck_assert_ptr_null(setting("{ migrations: '\xff' }"));
    ck_assert_ptr_null(setting("migrations:"));
    ck_assert_ptr_null(setting(""));
}
END_TEST

static const char *directory(const char *file, const char *source)
{
    struct folder folder = {.root = root, .base = "app"};
    return code_directory(arena, &folder, file, text_of(source), "migrations");
}

START_TEST(a_directory_is_put_together_as_programs_do)
{
    put_directory("app/db/steps");
    put_directory("app/src/db/steps");
    ck_assert_str_eq(directory("x.js", "migrations: './db/steps/'"), "app/db/steps");
    ck_assert_str_eq(directory("x.js", "migrations: path.join(__dirname, 'db', 'steps')"), "app/db/steps");
    ck_assert_str_eq(directory("x.js", "migrations: [__dirname + '/db/steps/**/*{.ts,.js}']"), "app/db/steps");
    ck_assert_str_eq(directory("src/x.js", "migrations: [`${__dirname}/db/steps/*.js`]"), "app/src/db/steps");
    ck_assert_str_eq(directory("src/x.js", "migrations: ['db/steps/*.js']"), "app/db/steps");
    ck_assert_str_eq(directory("src/x.js", "migrations: path.resolve(__dirname, '../db/steps')"), "app/db/steps");
    ck_assert_str_eq(directory("x.php", "'migrations' => ['Blog\\\\Steps' => __DIR__.'/db/steps']"), "app/db/steps");
    ck_assert_str_eq(directory("x.php", "'migrations' => '%%PHINX_CONFIG_DIR%%/db/steps'"), "app/db/steps");
    ck_assert_str_eq(directory("a/b.yaml", "migrations:\n    'Steps': '%kernel.project_dir%/db/steps'\n"),
                     "app/db/steps");
    ck_assert_str_eq(directory("x.js", "migrations: 'db/nothing'"),
                     "app/db/nothing"); /* it is said that it is not there */
    ck_assert_ptr_null(directory("x.js", "migrations: process.env.DIRECTORY"));
    ck_assert_ptr_null(directory("x.js", "migrations: process.env.DIRECTORY ?? 'db/steps'"));
    ck_assert_ptr_null(directory("x.js", "migrations: isTest ? 'db/steps' : 'src/db/steps'"));
    ck_assert_ptr_null(directory("x.js", "migrations: '/db/steps'"));
    ck_assert_ptr_null(directory("x.js", "migrations: '../../../../tmp'"));
    ck_assert_str_eq(directory("x.js", "migrations: ['*.js']"), "app");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("framework_settings");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_setting_is_found_where_it_is_written_out);
    tcase_add_test(tests, a_setting_that_is_computed_is_not_found);
    tcase_add_test(tests, a_directory_is_put_together_as_programs_do);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
