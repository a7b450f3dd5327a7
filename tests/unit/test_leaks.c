/*
 * The sanitized build finds what leaks, though it does not scan everything, and what is undefined, though UBSan has no
 * words there (support/leak_scan.c, CMakeLists.txt).
 */
#include "support/runner.h"

#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
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

static volatile int largest = INT_MAX;

START_TEST(undefined_behaviour_ends_a_process_that_is_sanitized_and_its_place_is_said)
{
    int words[2];
    ck_assert_int_eq(pipe(words), 0);
    const pid_t child = fork();
    if (child == 0) {
        dup2(words[1], STDERR_FILENO);
        largest = largest + 1;
        _exit(0);
    }
    close(words[1]);
    char said[16384];
    size_t size = 0;
    for (ssize_t more; (more = read(words[0], said + size, sizeof said - 1 - size)) > 0;) {
        size += (size_t)more;
    }
    said[size] = '\0';
    close(words[0]);
    int end = -1;
    ck_assert_int_eq(waitpid(child, &end, 0), child);
    ck_assert_int_eq(end != 0, IS_SANITIZED);
    ck_assert_msg((strstr(said, "test_leaks.c:") != NULL) == IS_SANITIZED, "%s", said);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("leaks");
    TCase *const tests = tcase_create("leaks");
    tcase_add_test(tests, a_process_that_has_forgotten_memory_fails_where_it_is_sanitized);
    tcase_add_test(tests, undefined_behaviour_ends_a_process_that_is_sanitized_and_its_place_is_said);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
