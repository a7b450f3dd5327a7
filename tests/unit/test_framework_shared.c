/*
 * What frameworks share of finding and listing folders, and of writing ledgers' SQL. Folders are hostile: what is in
 * them others wrote.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/core/order.h"
#include "support/runner.h"

#include <check.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena *arena;
static struct status status;
static char root[64];

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
    strcpy(root, access("/dev/shm", W_OK) == 0 ? "/dev/shm/truss-shared-XXXXXX"
                                               : "/tmp/truss-shared-XXXXXX"); /* memory: they make many files */
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void tear_down(void)
{
    ck_assert_int_eq(system(arena_printf(arena, "rm -rf '%s'", root)), 0);
    arena_free(arena);
}

static const char *in_root(const char *path)
{
    return arena_printf(arena, "%s/%s", root, path);
}

static void put_directory(const char *path)
{
    ck_assert(directory_make(arena, in_root(path), &status));
}

/* Makes a file of the project, and the directories above it. */
static void put(const char *path, const char *content)
{
    const char *const slash = strrchr(path, '/');
    if (slash != NULL) {
        put_directory(arena_strndup(arena, path, (size_t)(slash - path)));
    }
    ck_assert(file_create(in_root(path), text_of(content), &status));
}

/* ---- listing ---- */

/* Files that begin with a digit; the digits are the version, and the key without leading zeros. */
static bool accept_numbered(struct arena *place, const char *name, struct migration_file *file, const char **warning)
{
    const char *const slash = strrchr(name, '/');
    const struct text digits = leading_digits(text_of(slash == NULL ? name : slash + 1));
    if (strcmp(name, "README.sql") == 0) {
        *warning = "README.sql has no number.";
    }
    if (digits.size == 0) {
        return false;
    }
    const size_t zeros = strspn(digits.data, "0");
    file->version = arena_strndup(place, digits.data, digits.size);
    file->key = arena_strndup(place, digits.data + zeros, digits.size - zeros);
    return true;
}

static struct folder folder(const char *path)
{
    return (struct folder){.root = root, .base = "", .path = path};
}

/* Lists m/ by the rule; the names joined by commas. */
static const char *listed(const struct listing_rule *rule, struct migration_files *files)
{
    const struct folder place = folder("m");
    struct buffer out = {.arena = arena};
    if (!listing_read(arena, &place, rule, files, &status)) {
        return NULL;
    }
    for (size_t i = 0; i < files->count; i++) {
        buffer_printf(&out, "%s%s%s", i == 0 ? "" : ",", files->items[i].name, files->items[i].missing ? "!" : "");
    }
    return buffer_string(&out);
}

static const struct listing_rule numbered = {.accept = accept_numbered};
static const struct listing_rule by_version = {.accept = accept_numbered, .compare = listing_by_version};
static const struct listing_rule below = {.accept = accept_numbered, .recursive = true};
static const struct listing_rule scripts = {.accept = accept_numbered, .directories = true, .script = "up.sql"};

START_TEST(files_are_listed_in_the_order_of_their_bytes)
{
    struct migration_files files;
    put("m/2_b.sql", "");
    put("m/10_a.sql", "x");
    put("m/notes.txt", "");
    put_directory("m/3_directory");
    ck_assert_str_eq(listed(&numbered, &files), "10_a.sql,2_b.sql");
    ck_assert_str_eq(files.items[0].filename, "10_a.sql");
    ck_assert_str_eq(files.items[0].path, in_root("m/10_a.sql"));
    ck_assert_uint_eq(files.items[0].stamp.size, 1);
    ck_assert_ptr_null(files.items[0].checksum);
}
END_TEST

START_TEST(versions_of_any_length_are_compared_as_numbers)
{
    struct migration_files files;
    put("m/2_b.sql", "");
    put("m/002_a.sql", "");
    put("m/10_a.sql", "");
    put("m/99999999999999999999999999_z.sql", "");
    put("m/100000000000000000000000000_z.sql", "");
    ck_assert_str_eq(listed(&by_version, &files), "002_a.sql,2_b.sql,10_a.sql,99999999999999999999999999_z.sql,"
                                                  "100000000000000000000000000_z.sql");
    ck_assert_int_eq(number_compare(text_of("000"), text_of("")), 0);
    ck_assert_int_lt(number_compare(text_of("09"), text_of("10")), 0);
}
END_TEST

START_TEST(directories_with_a_script_are_listed_and_those_without_are_missing)
{
    struct migration_files files;
    put("m/1_a/up.sql", "");
    put("m/1_a-b/up.sql", "");
    put("m/2_b/down.sql", "");
    put("m/3_c.sql", "");
    put_directory("m/4_d/up.sql");
    ck_assert_str_eq(listed(&scripts, &files), "1_a,1_a-b,2_b!,4_d!");
    ck_assert_str_eq(files.items[0].filename, "1_a/up.sql");
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_empty)
{
    struct migration_files files;
    ck_assert_str_eq(listed(&numbered, &files), "");
    put("m", "a file");
    ck_assert_ptr_null(listed(&numbered, &files));
    ck_assert_int_eq(status.code, STATUS_NOT_FOUND);
}
END_TEST

START_TEST(names_that_cannot_be_recorded_are_told_of)
{
    struct migration_files files;
    put("m/1_\xFF.sql", "");
    put("m/2_\n.sql", "");
    put("m/3_a.sql", "");
    ck_assert_str_eq(listed(&numbered, &files), "3_a.sql");
    ck_assert_uint_eq(files.warning_count, 2);
    ck_assert_ptr_nonnull(strstr(files.warnings[0], "1_\\xff.sql"));
    ck_assert_ptr_nonnull(strstr(files.warnings[1], "2_\\x0a.sql"));
}
END_TEST

START_TEST(a_rule_may_warn_of_what_it_leaves_out)
{
    struct migration_files files;
    put("m/README.sql", "");
    ck_assert_str_eq(listed(&numbered, &files), "");
    ck_assert_uint_eq(files.warning_count, 1);
}
END_TEST

START_TEST(warnings_are_bounded)
{
    struct migration_files files = {0};
    for (int i = 0; i < 1000; i++) {
        listing_warn(arena, &files, "again");
    }
    ck_assert_uint_lt(files.warning_count, 100);
}
END_TEST

START_TEST(folders_are_searched_recursively)
{
    struct migration_files files;
    put("m/b/1_x.sql", "");
    put("m/a/2_y.sql", "");
    put("m/0_z.sql", "");
    put("m/a-b/3.sql", "");
    ck_assert_str_eq(listed(&below, &files), "0_z.sql,a-b/3.sql,a/2_y.sql,b/1_x.sql");
    ck_assert_str_eq(files.items[3].path, in_root("m/b/1_x.sql"));
}
END_TEST

START_TEST(symbolic_links_to_above_end)
{
    struct migration_files files;
    put("m/a/1.sql", "");
    ck_assert_int_eq(symlink("..", in_root("m/a/up")), 0);
    ck_assert_int_eq(symlink(".", in_root("m/a/here")), 0);
    ck_assert_int_eq(symlink("nowhere", in_root("m/a/2.sql")), 0);
    ck_assert_int_eq(symlink("a", in_root("m/b")), 0);
    ck_assert_str_eq(listed(&below, &files), "a/1.sql,a/2.sql!,b/1.sql,b/2.sql!");
}
END_TEST

START_TEST(what_is_too_deep_is_left_out_and_told_of)
{
    struct migration_files files;
    put("m/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/16.sql", "");
    put("m/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/17.sql", "");
    ck_assert_ptr_nonnull(listed(&below, &files));
    ck_assert_uint_eq(files.count, 1);
    ck_assert_uint_eq(files.warning_count, 1);
}
END_TEST

START_TEST(too_many_entries_are_refused)
{
    struct migration_files files;
    put_directory("m/a");
    put_directory("m/b");
    for (int i = 0; i < 50001; i++) {
        for (int j = 0; j < 2; j++) {
            char path[128];
            snprintf(path, sizeof path, "%s/m/%c/%d.sql", root, "ab"[j], i);
            close(open(path, O_CREAT | O_WRONLY, 0666));
        }
    }
    ck_assert_ptr_null(listed(&below, &files));
    ck_assert_int_eq(status.code, STATUS_RESOURCE_EXHAUSTED);
}
END_TEST

START_TEST(two_files_with_one_version_are_told_of)
{
    struct migration_files files;
    put("m/1_a.sql", "");
    put("m/2_b.sql", "");
    put("m/01_c.sql", "");
    listed(&by_version, &files);
    listing_warn_duplicates(arena, &files);
    ck_assert_uint_eq(files.count, 3);
    ck_assert_uint_eq(files.warning_count, 1);
    ck_assert_ptr_nonnull(strstr(files.warnings[0], "01_c.sql and 1_a.sql"));
    files = (struct migration_files){0};
    listing_warn_duplicates(arena, &files);
    ck_assert_uint_eq(files.warning_count, 0);
}
END_TEST

/* ---- names of new migrations ---- */

START_TEST(a_new_name_has_letters_and_digits_only)
{
    ck_assert_str_eq(name_slug(arena, "Add users!", '_', &status), "add_users");
    ck_assert_str_eq(name_slug(arena, "../../etc/passwd\n", '-', &status), "etc-passwd");
    ck_assert_str_eq(name_slug(arena, "\xC3\xA4 x 1", '_', &status), "x_1");
    ck_assert_ptr_null(name_slug(arena, "\xC3\xA4 /", '_', &status));
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    ck_assert_uint_eq(strlen(name_slug(arena, arena_printf(arena, "%01000d", 1), '_', &status)), 200);
}
END_TEST

/* ---- looking into folders ---- */

static bool says_up(const char *name, bool is_directory, struct text head)
{
    (void)name;
    return !is_directory && text_starts_with(head, "-- up");
}

START_TEST(a_folder_is_known_by_what_is_in_its_files)
{
    const struct folder place = folder("m");
    put("m/1.sql", "-- down");
    ck_assert_int_eq(mkfifo(in_root("m/0.sql"), 0666), 0);
    ck_assert_ptr_null(folder_any(arena, &place, says_up));
    put("m/1\xFF.sql", "-- up"); /* nobody could be told of it */
    ck_assert_ptr_null(folder_any(arena, &place, says_up));
    put("m/2.sql", "-- up");
    ck_assert_str_eq(folder_any(arena, &place, says_up), "2.sql");
    const struct folder nowhere = folder("nowhere");
    ck_assert_ptr_null(folder_any(arena, &nowhere, says_up));
}
END_TEST

START_TEST(a_dependency_is_one_of_the_package_or_of_the_project)
{
    struct folder place = folder("m");
    put("package.json", "{\"dependencies\": {\"knex\": \"^3\"}, \"scripts\": {\"umzug\": \"x\"}}");
    put("packages/a/package.json", "{\"devDependencies\": {\"@x/y\": \"1\"}}");
    ck_assert(folder_depends_on(arena, &place, "knex"));
    ck_assert(!folder_depends_on(arena, &place, "umzug"));
    ck_assert(!folder_depends_on(arena, &place, "@x/y"));
    place.base = "packages/a";
    ck_assert(folder_depends_on(arena, &place, "@x/y"));
    ck_assert(folder_depends_on(arena, &place, "knex"));
}
END_TEST

START_TEST(a_configuration_that_is_not_text_is_not_read)
{
    const struct folder place = folder("m");
    struct text content;
    put("good.ini", "a=1");
    put("bad.ini", "a=\xFF");
    put_directory("dir.ini");
    ck_assert(folder_read(arena, &place, "good.ini", &content));
    ck_assert(text_is(content, "a=1"));
    ck_assert(!folder_read(arena, &place, "bad.ini", &content));
    ck_assert(!folder_read(arena, &place, "dir.ini", &content));
    ck_assert(!folder_read(arena, &place, "none.ini", &content));
    ck_assert_str_eq(folder_first_file(arena, &place, (const char *const[]){"no.ini", "dir.ini", "bad.ini", NULL}),
                     "bad.ini");
    ck_assert_ptr_null(folder_first_file(arena, &place, (const char *const[]){"no.ini", NULL}));
}
END_TEST

START_TEST(one_folder_of_a_framework_is_added_once)
{
    struct folder_list folders = {0};
    struct folder place = {.framework = frameworks[0], .root = root, .base = ""};
    const char *const paths[] = {"./m", "m/", "m", ".", "./", "././/", ".//m//", "m/./."};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        place.path = paths[i];
        layout_add(arena, &folders, &place);
    }
    ck_assert_uint_eq(folders.count, 2);
    ck_assert_str_eq(folders.items[0].path, "m");
    ck_assert_str_eq(folders.items[1].path, ".");
}
END_TEST

START_TEST(a_project_is_searched_before_its_packages)
{
    const struct project project = {.root = root};
    struct folder_list folders = {0};
    put("packages/b/prisma/schema.prisma", "");
    put("node_modules/c/prisma/schema.prisma", "");
    ck_assert(folders_find(arena, &project, &folders, &status));
    ck_assert_uint_eq(folders.count, 1);
    ck_assert_str_eq(folders.items[0].path, "packages/b/prisma/migrations");
    ck_assert_str_eq(folders.items[0].base, "packages/b");
    folders = (struct folder_list){0};
    put("prisma/schema.prisma", "");
    ck_assert(folders_find(arena, &project, &folders, &status));
    ck_assert_uint_eq(folders.count, 2);
    ck_assert_str_eq(folders.items[0].path, "prisma/migrations");
    ck_assert_str_eq(folders.items[1].base, "packages/b");
}
END_TEST

START_TEST(a_given_folder_must_be_one_or_be_able_to_become_one)
{
    struct project project = {.root = root, .migrations = "a/b"};
    struct folder_list folders = {0};
    ck_assert(folders_find(arena, &project, &folders, &status));
    put("a", "a file");
    ck_assert(!folders_find(arena, &project, &folders, &status));
    ck_assert_int_eq(status.code, STATUS_FAILED_PRECONDITION);
}
END_TEST

/* ---- SQL of ledgers ---- */

START_TEST(values_and_names_are_quoted)
{
    const struct ledger ledger = {.schema = "a\"b", .table = "T"};
    struct buffer sql = {.arena = arena};
    ledger_putf(&sql, &ledger, "%t %s %s 100%%;", "it's", (const char *)NULL);
    ck_assert_str_eq(buffer_string(&sql), "\"a\"\"b\".\"T\" 'it''s' NULL 100%;");
}
END_TEST

/* ---- the registry ---- */

/* Whoever asks for it believes the facts: what is sent to the session sets no other path. */
START_TEST(the_search_path_of_a_frameworks_session_is_what_its_facts_say)
{
    const struct ledger ledger = {.schema = "its own", .table = "t"};
    size_t changing = 0;
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        const struct session_path path = framework_session_path(frameworks[i], &ledger);
        struct buffer sql = {.arena = arena};
        ledger_put(&sql, frameworks[i], LEDGER_SESSION, &ledger, NULL);
        const bool sets = text_find(buffer_text(&sql), "search_path", 0) != SIZE_MAX;
        const bool has_schema = text_find(buffer_text(&sql), "\"its own\"", 0) != SIZE_MAX;
        ck_assert_msg(sets == (path.place == PATH_IN_FRONT || path.place == PATH_ALONE), "%s: %s", frameworks[i]->id,
                      buffer_string(&sql));
        ck_assert_msg(sets == has_schema, "%s", frameworks[i]->id);
        changing += sets ? 1 : 0;
    }
    ck_assert_uint_ge(changing, 3);
}
END_TEST

START_TEST(a_framework_is_found_by_its_names_whatever_the_case)
{
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        const struct framework *const framework = frameworks[i];
        ck_assert_ptr_eq(framework_find(text_of(framework->id)), framework);
        ck_assert_ptr_eq(framework_find(text_of(framework->display_name)), framework);
        ck_assert_ptr_nonnull(framework->ledger.shapes[0].table);
        ck_assert_ptr_nonnull(framework->tool);
        ck_assert(framework->hooks.list != NULL || framework->folder.files != NULL);
        ck_assert(framework->hooks.read_ledger != NULL || framework->ledger.read != NULL);
        ck_assert(ledger_has(framework, LEDGER_CREATE) && ledger_has(framework, LEDGER_RECORD));
        ck_assert(framework->hooks.find != NULL || framework->hooks.recognise != NULL ||
                  framework->folder.sure_by != NULL || framework->folder.likely_by != NULL);
        ck_assert(framework->hooks.find != NULL || framework->folder.places[0] != NULL);
    }
    ck_assert_ptr_eq(framework_find(text_of("PRISMA")), framework_find(text_of("prisma")));
    ck_assert_ptr_null(framework_find(text_of("")));
    ck_assert_ptr_null(framework_find(text_of("prism")));
}
END_TEST

/* ---- an order ---- */

static const char *order_text(struct order *order, size_t count)
{
    const size_t *const made = order_made(order);
    struct buffer text = {.arena = arena};
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&text, "%s%zu", i == 0 ? "" : " ", made[i]);
    }
    return buffer_string(&text);
}

START_TEST(what_is_needed_comes_first_and_of_those_that_may_be_next_the_lowest)
{
    struct order *const order = order_new(arena, 7);
    order_needs(order, 0, 4);
    order_needs(order, 1, 5);
    order_needs(order, 1, 0);
    order_needs(order, 1, 0);
    ck_assert_str_eq(order_text(order, 7), "2 3 4 0 5 1 6");
}
END_TEST

START_TEST(what_is_in_a_circle_comes_last_as_it_was)
{
    struct order *const order = order_new(arena, 6);
    order_needs(order, 0, 1); /* behind the circle */
    order_needs(order, 1, 3);
    order_needs(order, 3, 1);
    order_needs(order, 2, 2);
    order_needs(order, 4, 5);
    ck_assert_str_eq(order_text(order, 6), "5 4 0 1 2 3");
}
END_TEST

/* It took as many steps as there are of its square, and a second was not enough. */
START_TEST(a_hundred_thousand_that_need_the_next_are_in_order_at_once)
{
    const size_t count = 100000;
    struct order *const order = order_new(arena, count);
    for (size_t i = 0; i + 1 < count; i++) {
        order_needs(order, i, i + 1);
    }
    const size_t *const made = order_made(order);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(made[i], count - 1 - i);
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("framework_shared");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, files_are_listed_in_the_order_of_their_bytes);
    tcase_add_test(tests, versions_of_any_length_are_compared_as_numbers);
    tcase_add_test(tests, directories_with_a_script_are_listed_and_those_without_are_missing);
    tcase_add_test(tests, a_folder_that_is_not_there_is_empty);
    tcase_add_test(tests, names_that_cannot_be_recorded_are_told_of);
    tcase_add_test(tests, a_rule_may_warn_of_what_it_leaves_out);
    tcase_add_test(tests, warnings_are_bounded);
    tcase_add_test(tests, folders_are_searched_recursively);
    tcase_add_test(tests, symbolic_links_to_above_end);
    tcase_add_test(tests, what_is_too_deep_is_left_out_and_told_of);
    tcase_add_test(tests, too_many_entries_are_refused);
    tcase_add_test(tests, two_files_with_one_version_are_told_of);
    tcase_add_test(tests, a_new_name_has_letters_and_digits_only);
    tcase_add_test(tests, a_folder_is_known_by_what_is_in_its_files);
    tcase_add_test(tests, a_dependency_is_one_of_the_package_or_of_the_project);
    tcase_add_test(tests, a_configuration_that_is_not_text_is_not_read);
    tcase_add_test(tests, one_folder_of_a_framework_is_added_once);
    tcase_add_test(tests, a_project_is_searched_before_its_packages);
    tcase_add_test(tests, a_given_folder_must_be_one_or_be_able_to_become_one);
    tcase_add_test(tests, values_and_names_are_quoted);
    tcase_add_test(tests, a_framework_is_found_by_its_names_whatever_the_case);
    tcase_add_test(tests, the_search_path_of_a_frameworks_session_is_what_its_facts_say);
    tcase_add_test(tests, what_is_needed_comes_first_and_of_those_that_may_be_next_the_lowest);
    tcase_add_test(tests, what_is_in_a_circle_comes_last_as_it_was);
    tcase_add_test(tests, a_hundred_thousand_that_need_the_next_are_in_order_at_once);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
