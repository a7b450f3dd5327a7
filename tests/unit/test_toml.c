/*
 * Our own configuration files. What a value is was asked of Python's tomllib.
 */
#include "base/toml.h"
#include "support/runner.h"

#include <check.h>
#include <string.h>

static struct arena *arena;
static struct status status;
static struct toml toml;

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
}

static void tear_down(void)
{
    arena_free(arena);
}

static void read(const char *document)
{
    const bool ok = toml_read(arena, "truss.toml", text_of(document), &toml, &status);
    ck_assert_msg(ok, "%s", status.message);
}

static const char *value(const char *table, const char *key)
{
    const struct toml_entry *const entry = toml_find(&toml, table, key);
    return entry == NULL ? "(none)" : entry->value;
}

/* What is said of a document that is none. */
static const char *mistake(const char *document)
{
    const bool ok = toml_read(arena, "truss.toml", text_of(document), &toml, &status);
    ck_assert_msg(!ok, "taken: %s", document);
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    return status.message;
}

START_TEST(tables_keys_and_values_are_found)
{
    read("# ours\ntop = 1\r\n[run]\nlock-timeout = 50 # ms\n\n[framework.\"ours\"]\nledger = \"public.done\"\n"
         "a . b = true\n'quoted key' = -12\n[ x . y ]\nz=+1_000\n");
    ck_assert_uint_eq(toml.count, 6);
    ck_assert_str_eq(value("", "top"), "1");
    ck_assert_str_eq(value("run", "lock-timeout"), "50");
    ck_assert_str_eq(value("framework.ours", "ledger"), "public.done");
    ck_assert_str_eq(value("framework.ours.a", "b"), "true");
    ck_assert_str_eq(value("framework.ours", "quoted key"), "-12");
    ck_assert_str_eq(value("x.y", "z"), "1000");
    ck_assert_str_eq(value("run", "absent"), "(none)");
    ck_assert_int_eq(toml_find(&toml, "run", "lock-timeout")->kind, TOML_INTEGER);
    ck_assert_int_eq(toml_find(&toml, "framework.ours.a", "b")->kind, TOML_BOOLEAN);
    ck_assert_str_eq(toml_place(arena, &toml, toml_find(&toml, "run", "lock-timeout")), "truss.toml, line 4");
}
END_TEST

START_TEST(strings_are_read_in_all_four_spellings)
{
    read("a = \"q\\\"b\\\\ \\u00e9 \\U0001F600 \\t.\"\nb = 'c:\\n \"x\"'\nc = \"\"\"\nfirst\nsecond \\\n   joined "
         "\"\"q\"\"\"\"\n"
         "d = '''\r\none\r\n'two' '''\ne = \"\"\n");
    ck_assert_str_eq(value("", "a"), "q\"b\\ \xC3\xA9 \xF0\x9F\x98\x80 \t.");
    ck_assert_str_eq(value("", "b"), "c:\\n \"x\"");
    ck_assert_str_eq(value("", "c"), "first\nsecond joined \"\"q\"");
    ck_assert_str_eq(value("", "d"), "one\n'two' ");
    ck_assert_str_eq(value("", "e"), "");
}
END_TEST

START_TEST(a_list_may_go_over_lines)
{
    read("a = [ 'x', # one\n  \"y\",\n 3, true,\n]\nb = []\n");
    const struct toml_entry *const list = toml_find(&toml, "", "a");
    ck_assert_int_eq(list->kind, TOML_LIST);
    ck_assert_ptr_null(list->value);
    ck_assert_uint_eq(list->item_count, 4);
    ck_assert_str_eq(list->items[0], "x");
    ck_assert_str_eq(list->items[1], "y");
    ck_assert_str_eq(list->items[2], "3");
    ck_assert_str_eq(list->items[3], "true");
    ck_assert_uint_eq(toml_find(&toml, "", "b")->item_count, 0);
    ck_assert_uint_eq(toml_find(&toml, "", "b")->line, 5);
}
END_TEST

/* Each of them was asked of Python's tomllib. */
START_TEST(what_is_defined_twice_is_told_with_both_lines)
{
    static const struct {
        const char *document;
        const char *said;
    } mistakes[] = {
        {"[a]\n[a]\n", "truss.toml, line 2: the table \"a\" is a table since line 1"},
        {"[a]\nb = 1\n\n[c]\n[a]\nd = 1\n", "line 5: the table \"a\" is a table since line 1"},
        {"[a]\n[ 'a' ]\n", "line 2: the table \"a\" is a table"},
        {"a = 1\n[a]\n", "line 2: the table \"a\" was set to a value on line 1 already"},
        {"a = 1\n[a.b]\n", "line 2: the table \"a\" was set to a value on line 1 already"},
        {"[a]\nb = 1\n[a.b]\n", "line 3: the table \"a.b\" was set to a value on line 2 already"},
        {"[a]\nb = 1\n[a.b.c]\nd = 1\n", "line 3: the table \"a.b\" was set to a value on line 2 already"},
        {"[a.b]\n[a]\nb = 1\n", "line 3: the key \"a.b\" is a table since line 1; it cannot be a value, too"},
        {"[a.b.c]\n[a]\nb = 1\n", "line 3: the key \"a.b\" is a table since line 1"},
        {"a = 1\na.b = 2\n", "line 2: the table \"a\" was set to a value on line 1 already"},
        {"a.b = 2\na = 1\n", "line 2: the key \"a\" is a table since line 1"},
        {"a.b = 2\n'a' . b = 1\n", "line 2: the key \"b\" was set on line 1 already"},
        {"a.b = 2\n[a]\n", "line 2: the table \"a\" is a table since line 1"},
        {"[a]\nb.c = 1\n[a.b]\n", "line 3: the table \"a.b\" is a table since line 2"},
        {"[a]\nb.c.d = 1\n[a.b.c]\n", "line 3: the table \"a.b.c\" is a table since line 2"},
        {"[a.b]\n[a]\nb.c = 1\n", "line 3: the table \"a.b\" is a table since line 1"},
        {"[a.b.c]\nz = 9\n[a]\nb.c.t = 1\n", "line 4: the table \"a.b.c\" is a table since line 1"},
        {"[a]\nx = 1\nx = 2\n[a]\n", "line 3: the key \"x\" was set on line 2 already"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        const char *const said = mistake(mistakes[i].document);
        ck_assert_msg(strstr(said, mistakes[i].said) != NULL, "%s: %s", mistakes[i].document, said);
    }
}
END_TEST

START_TEST(tables_may_come_in_any_order_and_keys_with_dots_share_one)
{
    read("[a.b]\nx = 1\n[a]\ny = 2\n[a.c]\n");
    read("a.b = 1\na.c = 2\n[d]\na.b = 1\n[d.e]\n");
    read("[f]\na.b = 1\na.t.s = true\n[f.a.u]\nx = 1\n[f.a.t.v]\n");
    read("[a.b.c]\n[a]\nb.x = 1\n");
    read("ab = 1\n[a]\nb = 1\n['a-']\nb = 1\n[a-b]\n");
    read("a = \"\"\"x\"\"\"\"\"\nb = \"\"\"\"\"\"\n");
    ck_assert_str_eq(value("", "a"), "x\"\"");
    ck_assert_str_eq(value("", "b"), "");
}
END_TEST

START_TEST(an_empty_file_says_nothing)
{
    read("");
    ck_assert_uint_eq(toml.count, 0);
    read("\n  # only words\n\t");
    ck_assert_uint_eq(toml.count, 0);
}
END_TEST

START_TEST(a_mistake_is_told_with_its_line)
{
    static const struct {
        const char *document;
        const char *said;
    } mistakes[] = {
        {"a = 1\nb", "truss.toml, line 2: the key \"b\" needs a value"},
        {"a = 1\n\n[t]\nx = 1\nx = 2\n", "truss.toml, line 5: the key \"x\" was set on line 4 already"},
        {"[a]\nb = 1\n[a]\nb = 2\n", "line 3: the table \"a\" is a table since line 1: write each table once"},
        {"a = knex", "line 1: \"knex\" is not a value: text needs quotes"},
        {"a = 1.5", "\"1.5\" is not a value"},
        {"a = 010", "\"010\" is not a value"},
        {"a = 1__0", "is not a value"},
        {"a = _1", "is not a value"},
        {"a = 1_", "is not a value"},
        {"a = 1234567890123456789", "is not a value"},
        {"a = 2024-01-01", "is not a value"},
        {"a =", "\"\" is not a value"},
        {"a = \"x", "line 1: the string that begins here has no end"},
        {"\na = '''x\n\n", "line 2: the string that begins here has no end"},
        {"a = \"x\ny\"", "has no end"},
        {"a = \"\\q\"", "\"\\q\" is not an escape"},
        {"a = \"\\u12\"", "4 hexadecimal digits"},
        {"a = \"\\u0000\"", "not a character"},
        {"a = \"\\ud800\"", "not a character"},
        {"a = \"\\U00110000\"", "not a character"},
        {"a = \"\x01\"", "control character"},
        {"a = \"\x7f\"", "control character"},
        {"a = '''b\rc'''", "control character"},
        {"# a\rb = 1", "line 1: there is a control character here"},
        {"a = 1 # \x01\n", "line 1: there is a control character here"},
        {"a = 1\rb = 2", "line 1: there is a control character here"},
        {"a = ''''''''''", "more than 5 quotes"},
        {"a = 'x' 'y'", "something after"},
        {"a = 1 b = 2", "something after"},
        {"[a] b = 1", "something after"},
        {"[a\nb = 1", "ends with a \"]\""},
        {"[[a]]", "lists of tables"},
        {"a = {b = 1}", "tables in braces"},
        {"a = [1", "line 1: the list that begins here has no end"},
        {"a = [1 2]", "separated by commas"},
        {"a = [[1]]", "a list in a list"},
        {"= 1", "a key was expected"},
        {"'''a''' = 1", "three quotes"},
        {"a..b = 1", "a key was expected"},
        {"\"a.b\" = 1", "has a dot"},
        {"\"a\\nb\" = 1", "control character inside"},
        {"\"\\u001b\" = 1", "control character inside"},
        {"'' = 1", "a key is empty"},
        {"a.a.a.a.a.a.a.a.a = 1", "more than 8 parts"},
        {"a = \"\xFF\"", "not a text file in UTF-8"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        const char *const said = mistake(mistakes[i].document);
        ck_assert_msg(strstr(said, mistakes[i].said) != NULL, "%s: %s", mistakes[i].document, said);
    }
    ck_assert(!toml_read(arena, "f", (struct text){"a = 1\0", 6}, &toml, &status));
}
END_TEST

START_TEST(too_many_keys_are_refused_soon)
{
    struct buffer document = {.arena = arena};
    for (int i = 0; i < 200000; i++) {
        buffer_printf(&document, "k%d=1\n", i);
    }
    ck_assert_ptr_nonnull(strstr(mistake(buffer_string(&document)), "more than 10000 keys"));
    struct buffer deep = {.arena = arena};
    buffer_puts(&deep, "a = ");
    for (int i = 0; i < 1000000; i++) {
        buffer_putc(&deep, '[');
    }
    mistake(buffer_string(&deep));
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("toml");
    TCase *const tests = tcase_create("toml");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, tables_keys_and_values_are_found);
    tcase_add_test(tests, strings_are_read_in_all_four_spellings);
    tcase_add_test(tests, a_list_may_go_over_lines);
    tcase_add_test(tests, what_is_defined_twice_is_told_with_both_lines);
    tcase_add_test(tests, tables_may_come_in_any_order_and_keys_with_dots_share_one);
    tcase_add_test(tests, an_empty_file_says_nothing);
    tcase_add_test(tests, a_mistake_is_told_with_its_line);
    tcase_add_test(tests, too_many_keys_are_refused_soon);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
