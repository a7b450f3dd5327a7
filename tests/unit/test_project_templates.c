/*
 * Databases that a project names by URLs which are put together at run time.
 */
#include "base/files.h"
#include "migration/look/project_database.h"
#include "project_files.h"

static struct named_databases found;

/* What the project names, joined by "; ". */
static const char *named(const char *framework)
{
    struct buffer text = {.arena = arena};
    project_databases(arena, root, "", framework, &found);
    for (size_t i = 0; i < found.count; i++) {
        buffer_printf(&text, "%s%s", i == 0 ? "" : "; ", named_database_text(arena, &found.items[i]));
    }
    return buffer_string(&text);
}

/* Of a URL that is put together: what is named, and what is said of this worker's database. */
static const struct {
    const char *file;
    const char *content;
    const char *framework;
    const char *named;
    const char *said; /* a part of it, or "" */
} templates[] = {
    {"knexfile.js",
     "module.exports = { connection: "
     "`postgres://${process.env.U}:${process.env.P}@${process.env.DB_HOST}:${process.env.DB_PORT}/"
     "${process.env.DB_NAME}?x=y` };",
     "knex", "h:7/app (knexfile.js, line 1)", ""},
    {"knexfile.js",
     "const {DB_HOST, DB_NAME} = process.env;\nmodule.exports = { connection: "
     "`postgres://u@${DB_HOST}/${DB_NAME}_test` };",
     "knex", "h/app_test (knexfile.js, line 2)", ""},
    {"knexfile.js", "module.exports = { connection: `postgres://u@w:5432/${process.env.NOT_SET}` };", "knex", "",
     "is not known: knexfile.js, line 1, puts its URL together, also from NOT_SET, which is not set here"},
    {"knexfile.js", "module.exports = { connection: `postgres://u@other/${process.env.NOT_SET}` };", "knex", "",
     "other: other/? (knexfile.js, line 1, by NOT_SET)"},
    {"knexfile.js", "module.exports = { connection: `postgres://u@${host()}/${config.get('db')}` };", "knex", "",
     "is not known: knexfile.js, line 1, puts its URL together."},
    {"knexfile.js", "module.exports = { connection: 'postgres://u@' + process.env.DB_HOST + '/app' };", "knex", "",
     "is not known: knexfile.js, line 1, puts its URL together."},
    {"knexfile.js",
     "module.exports = { connection: `postgres://u@${process.env.NOT_SET || 'w'}:5432/${process.env.NO_DB ?? 'db'}` };",
     "knex", "", ""},
    {"knexfile.js", "module.exports = { connection: `postgres://u@${process.env.NOT_SET || 'other'}:5432/db` };",
     "knex", "", "from NOT_SET, which is not set here"},
    {"src/main/resources/application.properties",
     "spring.datasource.url=jdbc:postgresql://${DB_HOST:x}:5432/${DB_NAME}\n", "flyway",
     "h:5432/app (src/main/resources/application.properties, line 1)", ""},
    {"src/main/resources/application.properties", "spring.datasource.url=jdbc:postgresql://${NOT_SET:x}:5432/app\n",
     "flyway", "", "from NOT_SET, which is not set here"},
    {"alembic.ini", "sqlalchemy.url = postgresql+psycopg2://u:p@w/%(db)s\n", "alembic", "", "puts its URL together"},
    {"config/database.yml",
     "development:\n  url: postgres://<%= ENV['U'] %>@<%= ENV['DB_HOST'] %>/<%= ENV['DB_NAME'] %>\n", "rails",
     "h/app (config/database.yml, line 2)", ""},
};

START_TEST(a_url_that_is_put_together_is_read_as_far_as_it_can_be)
{
    struct conninfo worker;
    put(".env", "DB_HOST=h\nDB_PORT=7\nDB_NAME=app\n");
    put(templates[_i].file, templates[_i].content);
    ck_assert(conninfo_parse(arena, "postgresql://w:5432/db", &worker, &status));
    unsetenv("DATABASE_URL");
    ck_assert_str_eq(named(templates[_i].framework), templates[_i].named);
    const struct named_database *const other = project_database_other(&found, &worker);
    const char *const unread = project_database_unread(arena, &found, &worker);
    const char *const said = found.count > 0                   ? ""
                             : unread != NULL && other == NULL ? unread
                             : other != NULL ? arena_printf(arena, "other: %s", named_database_text(arena, other))
                                             : "";
    ck_assert_msg(templates[_i].said[0] == '\0' ? said[0] == '\0' : strstr(said, templates[_i].said) != NULL, "%s",
                  said);
}
END_TEST

START_TEST(a_hostile_one_takes_no_time)
{
    struct buffer content = {.arena = arena};
    for (int i = 0; i < 20000; i++) {
        buffer_puts(&content, "postgres://${");
    }
    put("knexfile.js", buffer_string(&content));
    ck_assert_str_eq(named("knex"), "");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("project_templates");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 20);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_url_that_is_put_together_is_read_as_far_as_it_can_be, 0,
                        (int)(sizeof templates / sizeof templates[0]));
    tcase_add_test(tests, a_hostile_one_takes_no_time);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
