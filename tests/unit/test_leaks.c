/*
 * The sanitized build finds what leaks, though it does not scan everything (support/leak_scan.c).
 */
#include "support/runner.h"

#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __has_feature /* clang's way to say what gcc says by a macro */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

static void *volatile known;

/* How a process ends that has forgotten memory, or knows of it. */
static int end_of(bool forgets)
{
    const pid_t child = fork();
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        known = malloc(100);
        known = forgets ? NULL : known;
        exit(0);
    }
    int end = -1;
    ck_assert_int_eq(waitpid(child, &end, 0), child);
    return end;
}

START_TEST(a_process_that_has_forgotten_memory_fails_where_it_is_sanitized)
{
    ck_assert_int_eq(end_of(false), 0);
    ck_assert_int_eq(end_of(true) != 0, IS_SANITIZED);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("leaks");
    TCase *const tests = tcase_create("leaks");
    tcase_add_test(tests, a_process_that_has_forgotten_memory_fails_where_it_is_sanitized);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
