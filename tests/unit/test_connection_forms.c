/*
 * The forms of a connection: libpq reads of its URL what was said, whatever the password is, and each tool gets its own
 * words.
 */
#include "connection/forms.h"

#include <check.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(0);
}

static void tear_down(void)
{
    arena_free(arena);
}

static struct conninfo parsed(const char *url)
{
    struct conninfo conninfo;
    struct status status = {.arena = arena};
    ck_assert_msg(conninfo_parse(arena, url, &conninfo, &status), "%s: %s", url, status.message);
    return conninfo;
}

/* What libpq reads in a URL; "" where nothing is said. */
static const char *read_back(const char *url, const char *keyword)
{
    char *error = NULL;
    const char *value = "";
    PQconninfoOption *const options = PQconninfoParse(url, &error);
    ck_assert_msg(options != NULL, "%s: %s", url, error);
    for (const PQconninfoOption *one = options; one->keyword != NULL; one++) {
        if (strcmp(one->keyword, keyword) == 0 && one->val != NULL) {
            value = arena_strdup(arena, one->val);
        }
    }
    PQconninfoFree(options);
    return value;
}

static const char *form(const char *url, const char *name)
{
    struct connection_form forms[CONNECTION_FORMS];
    const struct conninfo conninfo = parsed(url);
    const size_t count = connection_forms(arena, &conninfo, true, forms);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(forms[i].name, name) == 0) {
            return forms[i].text;
        }
    }
    return "";
}

START_TEST(every_character_of_a_password_comes_back)
{
    struct buffer url = {.arena = arena};
    struct buffer password = {.arena = arena};
    for (int c = 1; c < 128; c++) {
        buffer_putc(&password, (char)c);
    }
    buffer_puts(&password, "ä€😀%41%");
    buffer_puts(&url, "postgresql://us%65r%40:");
    for (size_t i = 0; i < password.size; i++) {
        buffer_printf(&url, "%%%02x", (unsigned char)password.data[i]);
    }
    buffer_puts(&url, "@h/d%2F%22b");
    const char *const text = form(buffer_string(&url), "url");
    ck_assert_str_eq(read_back(text, "password"), buffer_string(&password));
    ck_assert_str_eq(read_back(text, "user"), "user@");
    ck_assert_str_eq(read_back(text, "dbname"), "d/\"b");
    ck_assert_ptr_null(strpbrk(text, "'\"\\$`! \t\n"));
    const char *const go = form(buffer_string(&url), "go");
    ck_assert_str_eq(read_back(go, "password"), buffer_string(&password));
}
END_TEST

START_TEST(hosts_of_all_kinds_come_back)
{
    static const char *const cases[][4] = {
        {"postgresql://u@[2001:db8::1]:6543/d", "2001:db8::1", "6543", ""},
        {"postgresql://u@a.example:1,b.example:2/d?target_session_attrs=read-write", "a.example,b.example", "1,2",
         "read-write"},
        {"postgresql://u@a.example,[::1]/d", "a.example,::1", "5432,5432", ""},
        {"postgresql:///d?host=/run/postgresql&port=5433&user=u", "/run/postgresql", "5433", ""},
        {"postgresql://u@%2Frun%2Fpg%20x/d", "/run/pg x", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const url = form(cases[i][0], "url");
        ck_assert_str_eq(read_back(url, "host"), cases[i][1]);
        ck_assert_msg(cases[i][2][0] == '\0' || strcmp(read_back(url, "port"), cases[i][2]) == 0, "%s", url);
        ck_assert_str_eq(read_back(url, "target_session_attrs"), cases[i][3]);
    }
}
END_TEST

START_TEST(a_host_that_is_none_stays_in_its_quotes)
{
    const char *const psql = form("postgresql://u@h%27%3Btouch%20x%3B%27/d", "psql");
    ck_assert_ptr_null(strchr(psql + strlen("psql '"), ' '));
    ck_assert_ptr_eq(strchr(psql + strlen("psql '"), '\''), psql + strlen(psql) - 1);
    const char *const jdbc = form("postgresql://u@h%3Fuser%3Dx/d", "jdbc");
    ck_assert_ptr_null(strstr(jdbc, "?user=x"));
}
END_TEST

START_TEST(each_tool_is_told_in_its_own_words)
{
    static const char url[] = "postgresql://u:p%40@h:6432/d?sslmode=verify-full&sslrootcert=/c.pem&connect_timeout=7&"
                              "channel_binding=require&gssencmode=disable&application_name=a%20b";
    ck_assert_str_eq(form(url, "jdbc"), "jdbc:postgresql://h:6432/d?user=u&password=p%40&sslmode=verify-full&"
                                        "sslrootcert=%2Fc.pem&connectTimeout=7&ApplicationName=a%20b");
    ck_assert_str_eq(form(url, "prisma"),
                     "DATABASE_URL=\"postgresql://u:p%40@h:6432/d?sslmode=require&sslaccept=strict&"
                     "sslcert=%2Fc.pem&channel_binding=require&connect_timeout=7&"
                     "application_name=a%20b&schema=public\"");
    ck_assert_str_eq(form(url, "go"), "postgres://u:p%40@h:6432/d?sslmode=verify-full&sslrootcert=%2Fc.pem&"
                                      "connect_timeout=7&application_name=a%20b");
    ck_assert_str_eq(read_back(form(url, "url"), "gssencmode"), "disable");
    ck_assert_str_eq(read_back(form(url, "url"), "channel_binding"), "require");
}
END_TEST

START_TEST(several_hosts_and_sockets_are_what_each_tool_can_read)
{
    static const char several[] = "postgresql://u:p@a:1,b:2/d?target_session_attrs=read-write";
    static const char socket[] = "postgresql://u:p@/d?host=/run/postgresql";
    ck_assert_str_eq(form(several, "sqlalchemy"),
                     "postgresql+psycopg://u:p@/d?host=a:1&host=b:2&target_session_attrs=read-write");
    ck_assert_str_eq(form(several, "prisma"), "");
    ck_assert_str_eq(form(several, "jdbc"), "jdbc:postgresql://a:1,b:2/d?user=u&password=p&targetServerType=primary");
    ck_assert_str_eq(form(socket, "jdbc"), "");
    ck_assert_str_eq(form(socket, "prisma"),
                     "DATABASE_URL=\"postgresql://u:p@localhost/d?host=%2Frun%2Fpostgresql&schema=public\"");
    ck_assert_str_eq(form(socket, "sqlalchemy"), "postgresql+psycopg://u:p@/d?host=%2Frun%2Fpostgresql");
}
END_TEST

START_TEST(what_is_secret_is_masked_in_every_form)
{
    static const char *const kept[] = {"url", "psql", "env", "sqlalchemy", "go", "jdbc", "prisma"};
    const struct conninfo conninfo = parsed("postgresql://u:hush@h/d?options=-c%20app.jwt_Secret%3Dhu%5C%20sh%20"
                                            "-csearch_path%3Dtoken,public%20-c%20app.password%3Dhush&sslmode=require");
    struct connection_form forms[CONNECTION_FORMS];
    const size_t count = connection_forms(arena, &conninfo, false, forms);
    ck_assert_uint_eq(count, sizeof kept / sizeof kept[0]);
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(strstr(forms[i].text, "hush") == NULL && strstr(forms[i].text, "sh%20-csearch") == NULL, "%s",
                      forms[i].text);
        ck_assert_msg(strstr(forms[i].text, "****") != NULL, "%s", forms[i].text);
    }
    ck_assert_str_eq(read_back(connection_url(arena, &conninfo, false), "options"),
                     "-c app.jwt_Secret=**** -csearch_path=token,public -c app.password=****");
    ck_assert_str_eq(read_back(connection_url(arena, &conninfo, true), "options"),
                     "-c app.jwt_Secret=hu\\ sh -csearch_path=token,public -c app.password=hush");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("connection forms");
    TCase *const tests = tcase_create("forms");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_is_secret_is_masked_in_every_form);
    tcase_add_test(tests, every_character_of_a_password_comes_back);
    tcase_add_test(tests, hosts_of_all_kinds_come_back);
    tcase_add_test(tests, a_host_that_is_none_stays_in_its_quotes);
    tcase_add_test(tests, each_tool_is_told_in_its_own_words);
    tcase_add_test(tests, several_hosts_and_sockets_are_what_each_tool_can_read);
    suite_add_tcase(suite, tests);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
