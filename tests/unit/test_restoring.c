/*
 * What a pg_restore that is newer than its server says: the one error that it always has there is none.
 */
#include "pg/restoring.h"

#include "support/runner.h"

#include <check.h>

#define ERROR                                                                                                          \
    "pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter \"transaction_timeout\""

static bool is_restored(int program, int server, const char *const *lines, int code)
{
    struct restore_errors errors = restore_errors_of(program, server);
    for (; *lines != NULL; lines++) {
        restore_errors_see(&errors, text_of(*lines));
    }
    return restore_errors_are_none(&errors, code);
}

static const char *const usual[] = {ERROR, "Command was: SET transaction_timeout = 0;", "",
                                    "pg_restore: warning: errors ignored on restore: 1", NULL};

START_TEST(the_setting_that_an_older_server_does_not_know_is_no_error)
{
    ck_assert(is_restored(17, 160014, usual, 1));
    ck_assert(!is_restored(17, 160014, usual, 2));
    ck_assert(!is_restored(17, 170010, usual, 1));
    ck_assert(!is_restored(16, 150018, usual, 1));
    ck_assert(is_restored(15, 150018, (const char *const[]){NULL}, 0));
}
END_TEST

START_TEST(one_that_was_cut_off_has_not_restored_everything)
{
    static const char *const cut[] = {ERROR, "Command was: SET transaction_timeout = 0;",
                                      "pg_restore: terminated by user", NULL};
    static const char *const another_count[] = {ERROR, "Command was: SET transaction_timeout = 0;",
                                                "pg_restore: warning: errors ignored on restore: 2", NULL};
    ck_assert(!is_restored(17, 160014, cut, 1));
    ck_assert(!is_restored(17, 160014, another_count, 1));
}
END_TEST

START_TEST(any_other_error_is_one)
{
    static const char *const with_another[] = {
        ERROR, "Command was: SET transaction_timeout = 0;",
        "pg_restore: error: could not execute query: ERROR:  role \"x\" does not exist",
        "Command was: ALTER TABLE public.t OWNER TO x;", NULL};
    static const char *const fatal[] = {ERROR, "Command was: SET transaction_timeout = 0;",
                                        "pg_restore: error: could not read from input file: end of file", NULL};
    ck_assert(!is_restored(17, 160014, with_another, 1));
    ck_assert(!is_restored(17, 160014, fatal, 1));
    ck_assert(!is_restored(17, 160014, (const char *const[]){NULL}, 1));
}
END_TEST

int main(void)
{
    TCase *const tests = tcase_create("restoring");
    tcase_add_test(tests, the_setting_that_an_older_server_does_not_know_is_no_error);
    tcase_add_test(tests, one_that_was_cut_off_has_not_restored_everything);
    tcase_add_test(tests, any_other_error_is_one);
    Suite *const suite = suite_create("restoring");
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
