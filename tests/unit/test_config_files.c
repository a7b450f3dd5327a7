/*
 * What is read from a project's own configuration: .env, and plain strings in JavaScript, TypeScript and JSON.
 */
#include "base/dotenv.h"
#include "framework/formats/properties.h"
#include "support/runner.h"

#include <check.h>
#include <stdlib.h>

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(0);
}

static void tear_down(void)
{
    arena_free(arena);
}

static const char *env(const char *content, const char *key)
{
    return dotenv_value(arena, text_of(content), key);
}

START_TEST(dotenv_values_are_read_as_node_reads_them)
{
    ck_assert_str_eq(env("A=1\nURL=postgres://x\n", "URL"), "postgres://x");
    ck_assert_str_eq(env("URL=\"postgres://x?a=#b\" # comment\n", "URL"), "postgres://x?a=#b");
    ck_assert_str_eq(env("export URL = 'it is'\r\n", "URL"), "it is");
    ck_assert_str_eq(env("URL=plain # comment\n", "URL"), "plain");
    ck_assert_str_eq(env("# URL=no\nURL=\n", "URL"), "");
    ck_assert_str_eq(env("URL=first\nURL=second", "URL"), "second");
    ck_assert_str_eq(env("A=\"two\nlines\nURL=no\"\nURL=yes", "URL"), "yes");
    ck_assert_str_eq(env("A=\"x\\ny\"", "A"), "x\ny");
    ck_assert_ptr_null(env("NOT_URL=1\nURLS=2", "URL"));
    ck_assert_ptr_null(env("", "URL"));
    ck_assert_str_eq(env("URL=\"unterminated\n", "URL"), "\"unterminated");
    ck_assert_str_eq(env("URL: postgres://x\n", "URL"), "postgres://x");
    ck_assert_str_eq(env("export URL: 'it is'\n", "URL"), "it is");
    ck_assert_ptr_null(env("URL:x\nURL : x\n", "URL"));
    ck_assert_str_eq(env("A=\"a\\\"URL=b\"\nURL=yes", "A"), "a\\\"URL=b");
    ck_assert_str_eq(env("A=\"C:\\\"\nB=\"b\"", "A"), "C:\\");
    ck_assert_str_eq(env("A=\"C:\\\"\nB=\"b\"", "B"), "b");
}
END_TEST

START_TEST(dotenv_references_are_replaced)
{
    ck_assert_str_eq(env("U=me\nP=pw\nURL=\"postgres://${U}:$P@h\"", "URL"), "postgres://me:pw@h");
    ck_assert_str_eq(env("URL='${U}'\nU=me", "URL"), "${U}");
    ck_assert_str_eq(env("URL=${TRUSS_NO_SUCH:-there}", "URL"), "there");
    ck_assert_str_eq(env("URL=${TRUSS_NO_SUCH-there}", "URL"), "there");
    ck_assert_str_eq(env("URL=a${TRUSS_NO_SUCH}b", "URL"), "ab");
    ck_assert_str_eq(env("URL=a\\$b", "URL"), "a$b");
    ck_assert_str_eq(env("URL=cost$", "URL"), "cost$");
    ck_assert_ptr_nonnull(env("A=$B\nB=$A", "A"));
}
END_TEST

static const char *migrations_path(const char *source)
{
    return property_string(arena, text_of(source), (const char *const[]){"migrations", "path", NULL});
}

START_TEST(a_plain_string_is_found_at_its_path)
{
    ck_assert_str_eq(migrations_path("export default defineConfig({ migrations: { path: 'db/migrations' } })"),
                     "db/migrations");
    ck_assert_str_eq(migrations_path("{\"migrations\": {\"seed\": \"x\", \"path\": \"m\"}}"), "m");
    ck_assert_str_eq(migrations_path("a({migrations: {nested: {path: 'no'}, path: `yes`,}})"), "yes");
    ck_assert_str_eq(migrations_path("// migrations: {path: 'no'}\n/* migrations: {path: 'no'} */\n"
                                     "const s = \"migrations: { path: 'no' }\"; x({migrations: {path: 'yes'}})"),
                     "yes");
}
END_TEST

START_TEST(what_is_computed_is_not_found)
{
    ck_assert_ptr_null(migrations_path("x({migrations: {path: join('a', 'b')}})"));
    ck_assert_ptr_null(migrations_path("x({migrations: {path: `a/${b}`}})"));
    ck_assert_ptr_null(migrations_path("x({migrations: {path: 'a' + b}})"));
    ck_assert_ptr_null(migrations_path("x({migrations: config})"));
    ck_assert_ptr_null(migrations_path("x({migrations: {}, path: 'p'})"));
    ck_assert_ptr_null(migrations_path("x({migrations: {path: 'unterminated"));
    ck_assert_ptr_null(migrations_path(""));
}
END_TEST

/* Each of its objects goes on to the end of the file: read one by one they would take minutes. */
START_TEST(a_hostile_file_is_given_up_soon)
{
    struct buffer content = {.arena = arena};
    for (int i = 0; i < 60000; i++) {
        buffer_puts(&content, "migrations: { a: {\n");
    }
    buffer_puts(&content, "path: 'x' }");
    ck_assert_ptr_null(migrations_path(buffer_string(&content)));
}
END_TEST

/* Braces that nothing closes, and references to references: both took minutes and more. */
START_TEST(hostile_references_come_to_an_end)
{
    struct buffer open = {.arena = arena};
    struct buffer laughs = {.arena = arena};
    buffer_puts(&open, "A=");
    for (int i = 0; i < 190000; i++) {
        buffer_puts(&open, "${A:-");
    }
    for (char name = 'A'; name < 'H'; name++) {
        buffer_printf(&laughs, "%c=", name);
        for (int i = 0; i < 10000; i++) {
            buffer_printf(&laughs, "$%c", name + 1);
        }
        buffer_putc(&laughs, '\n');
    }
    ck_assert_uint_eq(strlen(env(buffer_string(&open), "A")), open.size - 2);
    ck_assert_ptr_nonnull(env(buffer_string(&laughs), "A"));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("config files");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, dotenv_values_are_read_as_node_reads_them);
    tcase_add_test(tests, dotenv_references_are_replaced);
    tcase_add_test(tests, a_plain_string_is_found_at_its_path);
    tcase_add_test(tests, what_is_computed_is_not_found);
    tcase_add_test(tests, a_hostile_file_is_given_up_soon);
    tcase_add_test(tests, hostile_references_come_to_an_end);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
