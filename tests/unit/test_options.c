/*
 * Options: the table itself, and where their values come from.
 */
#include "base/files.h"
#include "base/limits.h"
#include "base/options.h"
#include "support/runner.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena *arena;
static struct status status;
static struct options options;
static char directory[] = "/tmp/truss-options-XXXXXX";

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
    strcpy(directory + sizeof directory - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    for (size_t i = OPTION_NONE + 1; i < OPTION_COUNT; i++) {
        if (option_of((enum option_id)i)->environment != NULL) {
            unsetenv(option_of((enum option_id)i)->environment);
        }
    }
}

static void tear_down(void)
{
    directory_remove(directory);
    arena_free(arena);
}

static const char *in_directory(const char *name)
{
    return path_join(arena, directory, name);
}

static void write_file(const char *name, const char *content)
{
    ck_assert(file_create(in_directory(name), text_of(content), &status));
}

/* Reads a line of words, which "|" separates, as the program does; its words are at the front of the array. */
static char **argv;
static int words;

static bool read_line(enum option_programs program, const char *line)
{
    enum option_id taken[OPTION_COUNT + 1];
    struct options_request request = {.arena = arena, .taken = taken};
    char *rest;
    options_of(program, taken);
    argv = arena_array(arena, 32, sizeof *argv);
    argv[request.argc++] = arena_strdup(arena, "program");
    for (char *word = strtok_r(arena_strdup(arena, line), "|", &rest); word != NULL;
         word = strtok_r(NULL, "|", &rest)) {
        argv[request.argc++] = arena_strdup(arena, word);
    }
    request.argv = argv;
    const bool ok = options_read(&request, &options, &status);
    words = request.words;
    return ok;
}

static void must_read(enum option_programs program, const char *line)
{
    ck_assert_msg(read_line(program, line), "%s: %s", line, status.message);
}

static void must_refuse(enum option_programs program, const char *line, const char *said)
{
    ck_assert_msg(!read_line(program, line), "%s was taken", line);
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    ck_assert_msg(strstr(status.message, said) != NULL, "%s: %s", line, status.message);
}

/* ---- the table ---- */

START_TEST(a_name_means_one_option_in_a_program)
{
    for (unsigned program = OF_WORKER; program <= OF_BRIDGE; program <<= 1) {
        enum option_id taken[OPTION_COUNT + 1];
        options_of((enum option_programs)program, taken);
        for (size_t i = 0; taken[i] != OPTION_NONE; i++) {
            for (size_t j = 0; j < i; j++) {
                ck_assert_str_ne(option_of(taken[i])->name, option_of(taken[j])->name);
            }
        }
    }
}
END_TEST

START_TEST(every_row_is_whole)
{
    for (size_t i = OPTION_NONE + 1; i < OPTION_COUNT; i++) {
        const struct option *const option = option_of((enum option_id)i);
        struct option_given fallback = {option->fallback, "the fallback"};
        ck_assert_ptr_nonnull(option->name);
        ck_assert_str_ne(option->help, "");
        ck_assert_int_ne((int)option->programs, 0);
        ck_assert_msg((option->argument == NULL) == (option->kind == OPTION_FLAG), "%s", option->name);
        ck_assert_msg(option->key == NULL || strchr(option->key, '.') != NULL, "%s", option->key);
        ck_assert_msg(fallback.text == NULL || option_store(option, &fallback, &options, &status), "%s", option->name);
    }
}
END_TEST

/* ---- the command line ---- */

START_TEST(words_and_options_may_stand_in_any_order)
{
    must_read(OF_TRUSS, "one|--json|--target=3|two|--key|k|--|--three|-");
    ck_assert_int_eq(words, 4);
    ck_assert_str_eq(argv[0], "one");
    ck_assert_str_eq(argv[1], "two");
    ck_assert_str_eq(argv[2], "--three");
    ck_assert_str_eq(argv[3], "-");
    ck_assert(options.json && !options.yes);
    ck_assert_str_eq(options.target, "3");
    ck_assert_str_eq(options.key, "k");
    ck_assert_ptr_null(options.framework);
}
END_TEST

START_TEST(an_option_that_there_is_not_is_named_with_the_nearest)
{
    must_refuse(OF_TRUSS, "--bogus=1", "There is no option --bogus here; see --help.");
    must_refuse(OF_TRUSS, "--frmework|knex", "did you mean --framework? See --help.");
    must_refuse(OF_TRUSS, "--jsno", "There is no option --jsno here; did you mean --json? See --help.");
    must_refuse(OF_WORKER, "--yes", "There is no option --yes here; see --help.");
    must_refuse(OF_WORKER, "--json", "There is no option --json");
    must_refuse(OF_TRUSS, "-x", "There is no option -x here; see --help.");
    must_refuse(OF_TRUSS, "--dry", "There is no option --dry here; did you mean --dry-run? See --help.");
    must_refuse(OF_TRUSS, "-y", "There is no option -y here; did you mean --yes? See --help.");
    must_refuse(OF_TRUSS, "--t", "There is no option --t here; see --help.");
    must_refuse(OF_TRUSS, "--json=yes", "--json takes no value.");
    must_refuse(OF_TRUSS, "--target", "--target needs a value (NAME).");
}
END_TEST

START_TEST(a_value_is_checked_by_its_kind)
{
    must_refuse(OF_TRUSS, "--transaction|some", "--transaction takes each or all, not \"some\".");
    must_refuse(OF_WORKER, "--log-level|loud", "--log-level takes debug, info, warn or error, not \"loud\".");
    must_refuse(OF_WORKER, "--lock-timeout|0", "--lock-timeout takes 1 to 10000 milliseconds, not \"0\".");
    must_refuse(OF_WORKER, "--lock-timeout|10001", "1 to 10000 milliseconds");
    must_refuse(OF_WORKER, "--lock-timeout|11s", "1 to 10000 milliseconds");
    must_refuse(OF_WORKER, "--lock-timeout|5m", "1 to 10000 milliseconds");
    must_refuse(OF_WORKER, "--lock-timeout|-5", "1 to 10000 milliseconds");
    must_refuse(OF_WORKER, "--lock-timeout| 5", "1 to 10000 milliseconds");
    must_refuse(OF_WORKER, "--lock-retry|0", "--lock-retry takes a number of seconds");
    must_refuse(OF_WORKER, "--lock-retry|0.0001", "a number of seconds");
    must_refuse(OF_WORKER, "--lock-retry|8d", "a number of seconds");
    must_refuse(OF_WORKER, "--lock-retry|169h", "up to a week");
    must_refuse(OF_WORKER, "--lock-retry|nan", "a number of seconds");
    must_refuse(OF_WORKER, "--lock-retry|inf", "a number of seconds");
    must_read(OF_WORKER,
              "--lock-timeout|10000|--lock-retry|2h|--lock-wait|0|--statement-timeout|500ms|--delegate-timeout|0.5");
    ck_assert_uint_eq(options.lock_timeout, LIMIT_LOCK_TIMEOUT_MS);
    ck_assert_uint_eq(options.lock_retry, 7200000);
    ck_assert_uint_eq(options.lock_wait, 0);
    ck_assert_uint_eq(options.statement_timeout, 500);
    ck_assert_uint_eq(options.delegate_timeout, 500);
    ck_assert_uint_eq(options.migration_limit, 256u << 20);
    must_read(OF_WORKER, "--lock-timeout|2s");
    ck_assert_uint_eq(options.lock_timeout, 2000);
    must_read(OF_WORKER, "--lock-timeout=80ms");
    ck_assert_uint_eq(options.lock_timeout, 80);
    must_read(OF_WORKER, "--migration-limit|64KiB");
    ck_assert_uint_eq(options.migration_limit, 64u << 10);
    must_read(OF_WORKER, "--migration-limit|1G");
    ck_assert_uint_eq(options.migration_limit, 1u << 30);
    must_read(OF_WORKER, "--migration-limit|5");
    ck_assert_uint_eq(options.migration_limit, 5);
    for (const char *const *wrong = (const char *const[]){"0", "-1", "1GiB1", "2GiB", "1025M", "", "KiB", NULL};
         *wrong != NULL; wrong++) {
        must_refuse(OF_WORKER, arena_printf(arena, "--migration-limit=%s", *wrong),
                    "--migration-limit takes a size as");
    }
}
END_TEST

START_TEST(a_secret_is_blanked_where_ps_would_show_it)
{
    must_read(OF_WORKER, "--database-url|postgresql://u:hunter2@h/db");
    ck_assert_str_eq(options.database_url, "postgresql://u:hunter2@h/db");
    ck_assert_ptr_null(strstr(argv[2], "hunter2"));
    must_read(OF_WORKER, "--database-url=postgresql://u:hunter2@h/db");
    ck_assert_str_eq(options.database_url, "postgresql://u:hunter2@h/db");
    ck_assert_ptr_null(strstr(argv[1], "hunter2"));
}
END_TEST

START_TEST(who_asks_for_help_is_told_of_no_other_mistake)
{
    setenv("TRUSS_LOCK_WAIT", "long", 1);
    must_read(OF_WORKER, "--help|--config|/nowhere");
    ck_assert(options.help);
    must_read(OF_WORKER, "-h");
    ck_assert(options.help);
    must_refuse(OF_WORKER, "", "TRUSS_LOCK_WAIT takes a number of seconds");
}
END_TEST

/* ---- the other sources ---- */

START_TEST(the_line_wins_over_the_environment_and_that_over_files)
{
    write_file("c.toml", "[run]\nlock-wait = 1\nlock-retry = 2\nstatement-timeout = \"3s\"\nlock-timeout = 4\n");
    write_file("truss.toml", "[run]\nlock-wait = 5\nlock-retry = 5\nstatement-timeout = 5\nlock-timeout = 5\n"
                             "[project]\nframework = 'knex'\n[framework.ours]\nledger = \"x\"\n");
    setenv("TRUSS_LOCK_WAIT", "11", 1);
    setenv("TRUSS_LOCK_RETRY", "12", 1);
    setenv("TRUSS_STATEMENT_TIMEOUT", "", 1);
    must_read(OF_WORKER,
              arena_printf(arena, "--config|%s|--project|%s|--lock-wait|21", in_directory("c.toml"), directory));
    ck_assert_uint_eq(options.lock_wait, 21000);
    ck_assert_uint_eq(options.lock_retry, 12000);
    ck_assert_uint_eq(options.statement_timeout, 3000);
    ck_assert_uint_eq(options.lock_timeout, 4);
    ck_assert_str_eq(options.framework, "knex");
    ck_assert_uint_eq(options.delegate_timeout, 3600000);
    ck_assert_str_eq(options.listen, "tcp://127.0.0.1:8788");
}
END_TEST

START_TEST(a_variable_may_say_no_to_a_flag)
{
    static const struct {
        const char *value;
        bool is_set;
    } values[] = {{"1", true},  {"true", true},   {"Yes", true}, {"on", true},
                  {"0", false}, {"false", false}, {"NO", false}, {"", false}};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        setenv("TRUSS_ALLOW_DELEGATE", values[i].value, 1);
        must_read(OF_WORKER, "");
        ck_assert_msg(options.allow_delegate == values[i].is_set, "%s", values[i].value);
    }
    setenv("TRUSS_ALLOW_DELEGATE", "maybe", 1);
    must_refuse(OF_WORKER, "", "TRUSS_ALLOW_DELEGATE takes true or false, not \"maybe\".");
}
END_TEST

START_TEST(one_file_may_be_for_all_programs)
{
    write_file("c.toml",
               "[worker]\nlisten = [\"tcp://127.0.0.1:1\", 'ipc:///x']\nallow-delegate = true\n[bridge]\nlisten = "
               "\"127.0.0.1:2\"\nworker = \"tcp://a:1\"\n[truss]\nworker = \"tcp://b:1\"\nprogress = true\n"
               "[log]\nlevel = \"warn\"\n");
    const char *const line = arena_printf(arena, "--config|%s", in_directory("c.toml"));
    must_read(OF_WORKER, line);
    ck_assert_str_eq(options.listen, "tcp://127.0.0.1:1,ipc:///x");
    ck_assert_str_eq(options.log_level, "warn");
    ck_assert(options.allow_delegate);
    must_read(OF_BRIDGE, line);
    ck_assert_str_eq(options.http_listen, "127.0.0.1:2");
    ck_assert_str_eq(options.workers, "tcp://a:1");
    must_read(OF_TRUSS, line);
    ck_assert_str_eq(options.worker, "tcp://b:1");
    ck_assert(options.progress);
}
END_TEST

START_TEST(a_mistake_in_a_file_is_told_with_its_place)
{
    static const struct {
        const char *content;
        const char *said;
    } files[] = {
        {"[run]\nlock-wiat = 1\n", "c.toml, line 2: there is no setting run.lock-wiat; did you mean run.lock-wait?"},
        {"nothing = 1\n", "c.toml, line 1: there is no setting nothing."},
        {"[run]\nlock-wait = \"long\"\n", "c.toml, line 2: run.lock-wait takes a number of seconds"},
        {"[worker]\nallow-delegate = \"perhaps\"\n", "c.toml, line 2: worker.allow-delegate takes true or false"},
        {"[run\n", "c.toml, line 1: "},
        {"[project]\nenvironment = 3\n", "c.toml, line 2: project.environment takes a text in quotes, not 3."},
        {"[project]\nenvironment = true\n", "c.toml, line 2: project.environment takes a text in quotes, not true."},
        {"\n[project]\nenvironment = [\"a\", \"b\"]\n",
         "c.toml, line 3: project.environment takes one value, not a list."},
        {"[log]\nlevel = 1\n", "c.toml, line 2: log.level takes a text in quotes, not 1."},
        {"[framework.ours]\nledger = \"x\"\n", "there is no setting framework.ours.ledger"},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        unlink(in_directory("c.toml"));
        write_file("c.toml", files[i].content);
        must_refuse(OF_WORKER, arena_printf(arena, "--config|%s", in_directory("c.toml")), files[i].said);
    }
    ck_assert(!read_line(OF_WORKER, arena_printf(arena, "--config|%s", in_directory("absent.toml"))));
    ck_assert_int_eq(status.code, STATUS_NOT_FOUND);
}
END_TEST

START_TEST(a_project_may_not_say_what_is_its_operators)
{
    static const char *const keys[] = {"[worker]\nallow-delegate = true",
                                       "[worker]\ndatabase-url = \"postgresql://elsewhere/x\"",
                                       "[worker]\nlisten = \"tcp://0.0.0.0:1\"", "[log]\nlevel = \"error\""};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        unlink(in_directory("truss.toml"));
        write_file("truss.toml", keys[i]);
        must_refuse(OF_WORKER, arena_printf(arena, "--project|%s", directory), "is not for a project to say");
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("options");
    TCase *const tests = tcase_create("options");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_name_means_one_option_in_a_program);
    tcase_add_test(tests, every_row_is_whole);
    tcase_add_test(tests, words_and_options_may_stand_in_any_order);
    tcase_add_test(tests, an_option_that_there_is_not_is_named_with_the_nearest);
    tcase_add_test(tests, a_value_is_checked_by_its_kind);
    tcase_add_test(tests, a_secret_is_blanked_where_ps_would_show_it);
    tcase_add_test(tests, who_asks_for_help_is_told_of_no_other_mistake);
    tcase_add_test(tests, the_line_wins_over_the_environment_and_that_over_files);
    tcase_add_test(tests, a_variable_may_say_no_to_a_flag);
    tcase_add_test(tests, one_file_may_be_for_all_programs);
    tcase_add_test(tests, a_mistake_in_a_file_is_told_with_its_place);
    tcase_add_test(tests, a_project_may_not_say_what_is_its_operators);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
