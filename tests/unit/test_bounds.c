/*
 * The bounds of a project whose root is a link that a deployment turns, and of one that cannot be looked at.
 */
#include "base/bounds.h"
#include "base/files.h"
#include "support/runner.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct arena *arena;
static struct status status;
static char folder[] = "/tmp/truss-bounds-XXXXXX";
static const char *current; /* the project */
static struct bounds bounds;

static const char *in(const char *path)
{
    return path_join(arena, folder, path);
}

static void put(const char *path, const char *content)
{
    ck_assert(file_create(in(path), text_of(content), &status));
}

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
    strcpy(folder, "/tmp/truss-bounds-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert(directory_make(arena, in("1"), &status) && directory_make(arena, in("2"), &status));
    put("secret", "secret");
    put("1/a.sql", "one");
    put("2/a.sql", "two");
    ck_assert_int_eq(symlink("../secret", in("2/out.sql")), 0);
    current = in("current");
    bounds = (struct bounds){.arena = arena, .root = current};
}

static void tear_down(void)
{
    ck_assert_int_eq(system(arena_printf(arena, "rm -rf '%s'", folder)), 0);
    arena_free(arena);
}

/* As a deployment does it. */
static void turn_to(const char *release)
{
    ck_assert_int_eq(symlink(release, in("next")), 0);
    ck_assert_int_eq(rename(in("next"), current), 0);
}

static bool reads(const char *path)
{
    struct text content;
    return file_read(arena, in(path), 100, &content, &status);
}

START_TEST(what_is_read_behind_a_turn_of_the_link_says_so_and_is_not_taken)
{
    turn_to("1");
    bounds_enter(&bounds);
    ck_assert(reads("current/a.sql"));
    turn_to("2");
    ck_assert(!reads("current/a.sql"));
    ck_assert_str_eq(status.message,
                     arena_printf(arena,
                                  "The project %s was changed while it was read: it was %s/1 and is %s/2 now. Try "
                                  "again.",
                                  current, folder, folder));
    bounds_leave(&bounds);
}
END_TEST

START_TEST(a_turn_behind_the_last_file_is_told_too)
{
    turn_to("1");
    bounds_enter(&bounds);
    ck_assert(reads("current/a.sql"));
    turn_to("2");
    bounds_leave(&bounds);
    ck_assert_ptr_nonnull(bounds.note);
    ck_assert_ptr_nonnull(strstr(bounds.note, "was changed while it was read"));
}
END_TEST

START_TEST(bounds_that_are_entered_again_are_those_of_the_project_as_it_was)
{
    struct bounds again = {.arena = arena, .root = current};
    turn_to("1");
    bounds_enter(&bounds);
    bounds_enter_again(&again);
    ck_assert(reads("current/a.sql"));
    bounds_leave(&again);
    turn_to("2");
    again = (struct bounds){.arena = arena, .root = current};
    bounds_enter_again(&again);
    ck_assert(!reads("current/a.sql"));
    ck_assert_ptr_nonnull(strstr(status.message, "was changed while it was read"));
    bounds_leave(&again);
    bounds_leave(&bounds);
}
END_TEST

START_TEST(bounds_of_another_project_are_not_those_in_force)
{
    struct bounds other = {.arena = arena, .root = in("2")};
    turn_to("1");
    bounds_enter(&bounds);
    bounds_enter_again(&other);
    ck_assert(reads("2/a.sql"));
    ck_assert(!reads("1/a.sql"));
    bounds_leave(&other);
    ck_assert(reads("1/a.sql"));
    ck_assert(!reads("2/a.sql"));
    bounds_leave(&bounds);
}
END_TEST

START_TEST(a_project_that_comes_while_it_is_looked_for_has_bounds)
{
    bounds_enter(&bounds);
    turn_to("2");
    ck_assert(!reads("current/out.sql"));
    ck_assert_ptr_nonnull(strstr(status.message, "it was not there and is"));
    bounds_leave(&bounds);
}
END_TEST

START_TEST(a_project_that_cannot_be_looked_at_is_refused_with_the_reason)
{
    turn_to("current");
    bounds_enter(&bounds);
    turn_to("2");
    ck_assert(!reads("current/out.sql") && !reads("current/a.sql"));
    ck_assert_ptr_nonnull(strstr(status.message, "cannot be looked at (Too many levels of symbolic links)"));
    bounds_leave(&bounds);
}
END_TEST

START_TEST(a_project_that_is_not_there_and_one_that_stays_are_nothing_to_tell)
{
    bounds_enter(&bounds);
    ck_assert(!reads("current/a.sql"));
    bounds_leave(&bounds);
    ck_assert_ptr_null(bounds.note);
    turn_to("1");
    bounds_enter(&bounds);
    ck_assert(reads("current/a.sql"));
    bounds_leave(&bounds);
    ck_assert_ptr_null(bounds.note);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("bounds");
    TCase *const tests = tcase_create("bounds");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_is_read_behind_a_turn_of_the_link_says_so_and_is_not_taken);
    tcase_add_test(tests, a_turn_behind_the_last_file_is_told_too);
    tcase_add_test(tests, bounds_that_are_entered_again_are_those_of_the_project_as_it_was);
    tcase_add_test(tests, bounds_of_another_project_are_not_those_in_force);
    tcase_add_test(tests, a_project_that_comes_while_it_is_looked_for_has_bounds);
    tcase_add_test(tests, a_project_that_cannot_be_looked_at_is_refused_with_the_reason);
    tcase_add_test(tests, a_project_that_is_not_there_and_one_that_stays_are_nothing_to_tell);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
