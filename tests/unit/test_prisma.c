/*
 * What only Prisma knows, as far as it needs no database: checksums, names, and where a project keeps its migrations.
 */
#include "base/digest.h"
#include "framework/core/layout.h"
#include "project_files.h"

static const struct framework *prisma;

static void set_up_prisma(void)
{
    set_up();
    prisma = framework_find(text_of("prisma"));
}

/* The folders found in a package, joined by commas. */
static const char *found_in(const char *base, const char *migrations)
{
    const struct project here = {.root = root, .migrations = migrations};
    struct folder_list folders = {0};
    struct buffer out = {.arena = arena};
    ck_assert(prisma->hooks.find(arena, &here, base, &folders, &status));
    for (size_t i = 0; i < folders.count; i++) {
        buffer_printf(&out, "%s%s", i == 0 ? "" : ",", folders.items[i].path);
    }
    return buffer_string(&out);
}

static const char *found(const char *migrations)
{
    return found_in("", migrations);
}

/* The only folder found. */
static struct folder found_folder(const char *migrations)
{
    const struct project here = {.root = root, .migrations = migrations};
    struct folder_list folders = {0};
    ck_assert(prisma->hooks.find(arena, &here, "", &folders, &status));
    ck_assert_uint_eq(folders.count, 1);
    return folders.items[0];
}

static const struct folder *folder(const char *path)
{
    struct folder *const made = arena_alloc(arena, sizeof *made);
    *made = (struct folder){.framework = prisma, .root = root, .base = "", .path = path};
    return made;
}

static const char *checksum(const char *content)
{
    return framework_checksum(arena, folder("m"), &(struct migration_file){0}, text_of(content));
}

static bool matches(const char *stored, const char *content)
{
    const struct folder *const place = folder("m");
    return prisma->hooks.checksum_matches(arena, place, &(struct migration_file){0}, stored, text_of(content));
}

START_TEST(a_checksum_is_the_sha256_of_the_bytes)
{
    ck_assert_str_eq(checksum(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

START_TEST(either_line_ending_counts_as_unchanged)
{
    const char *const lf = "create table a ();\ncreate table b ();\n";
    const char *const crlf = "create table a ();\r\ncreate table b ();\r\n";
    ck_assert(matches(checksum(lf), lf));
    ck_assert(matches(checksum(lf), crlf));
    ck_assert(matches(checksum(crlf), lf));
    ck_assert(!matches(checksum(lf), "create table a ();\n"));
    ck_assert(!matches("", lf));
}
END_TEST

START_TEST(checksums_of_old_versions_lack_leading_zeros)
{
    /* A text whose digest has a byte below 16. */
    unsigned char digest[SHA256_SIZE];
    char bare[SHA256_HEX_SIZE];
    size_t size = 0;
    sha256_text(text_of("2"), digest);
    for (int i = 0; i < SHA256_SIZE; i++) {
        size += (size_t)snprintf(bare + size, sizeof bare - size, "%x", digest[i]);
    }
    ck_assert_uint_lt(size, 64);
    ck_assert(matches(bare, "2"));
}
END_TEST

START_TEST(bytes_that_are_not_utf8_count_as_node_reads_them)
{
    /* What 6.19.3 wrote for this script: the digest of it with U+FFFD in place of the byte. */
    ck_assert(matches(checksum("-- caf\xEF\xBF\xBD\n"), "-- caf\xE9\n"));
    ck_assert(matches(checksum("\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBD"), "\xE2\x82(\xC0\xAF"));
    ck_assert(!matches(checksum("-- cafe\n"), "-- caf\xE9\n"));
}
END_TEST

START_TEST(the_usual_place_is_found)
{
    ck_assert_str_eq(found(NULL), "");
    put_directory("prisma/migrations");
    ck_assert_str_eq(found(NULL), "prisma/migrations");
}
END_TEST

START_TEST(a_schema_without_migrations_says_where_they_will_be)
{
    put("prisma/schema.prisma", "");
    ck_assert_str_eq(found(NULL), "prisma/migrations");
}
END_TEST

START_TEST(a_schema_folder_may_hold_the_migrations)
{
    put("prisma/schema/user.prisma", "");
    put_directory("prisma/schema/migrations");
    ck_assert_str_eq(found(NULL), "prisma/schema/migrations");
}
END_TEST

/* Each expected folder of these three is what `prisma migrate status` of 6.19.3 listed. */
START_TEST(a_schema_in_the_project_itself_comes_before_the_one_in_prisma)
{
    put("prisma/schema.prisma", "");
    put_directory("prisma/migrations");
    put_directory("prisma/schema/migrations");
    ck_assert_str_eq(found(NULL), "prisma/migrations");
    put("schema.prisma", "");
    put_directory("migrations");
    ck_assert_str_eq(found(NULL), "migrations");
}
END_TEST

START_TEST(migrations_are_beside_the_file_with_the_datasource)
{
    put("prisma.config.ts", "export default { schema: './prisma/' }");
    put("prisma/a.prisma", "// datasource db {\nmodel datasource_a {}\n");
    put("prisma/db/schema.prisma", "datasource db {\n}\n");
    ck_assert_str_eq(found(NULL), "prisma/db/migrations");
    put_directory("prisma/migrations");
    ck_assert_str_eq(found(NULL), "prisma/migrations");
    put_directory("prisma/db/migrations");
    ck_assert_str_eq(found(NULL), "prisma/db/migrations");
}
END_TEST

START_TEST(links_in_a_schema_folder_do_not_make_its_search_endless)
{
    put("prisma.config.ts", "export default { schema: './prisma/' }");
    put("prisma/z.prisma", "model a {}\n");
    for (int i = 0; i < 12; i++) {
        ck_assert_int_eq(symlink(".", arena_printf(arena, "%s/prisma/%d", root, i)), 0);
    }
    ck_assert_str_eq(found(NULL), "prisma/migrations");
}
END_TEST

START_TEST(the_configuration_is_the_file_that_prisma_takes)
{
    static const char *const files[] = {
        ".config/prisma.config.ts", ".config/prisma.ts", "prisma.config/index.ts",
        "prisma.config.ts",         "prisma.config.js",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *const up = strchr(files[i], '/') == NULL ? "." : "..";
        put(files[i], arena_printf(arena, "export default { migrations: { path: '%s/db/%zu' } }", up, i));
        ck_assert_str_eq(found(NULL), arena_printf(arena, "db/%zu", i));
    }
}
END_TEST

/* Read in the CLIs of 6.5 and 7.10. */
START_TEST(where_a_schema_folder_has_its_migrations_depends_on_the_version)
{
    static const struct {
        const char *version;
        const char *path;
    } cases[] = {
        {"6.5.0", "prisma/migrations"},
        {"^5.22.0", "prisma/migrations"},
        {"6.19.3", "prisma/schema/base/migrations"},
        {"^6.2.0", "prisma/schema/base/migrations"},
        {"latest", "prisma/schema/base/migrations"},
        {"~7.0.1", "prisma/schema/migrations"},
    };
    put("prisma/schema/base/db.prisma", "datasource db {\n}\n");
    put_directory("prisma/migrations");
    put_directory("prisma/schema/migrations");
    put_directory("prisma/schema/base/migrations");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put("package.json", arena_printf(arena, "{\"devDependencies\": {\"prisma\": \"%s\"}}", cases[i].version));
        put("prisma.config.ts", "export default { schema: 'prisma/schema' }");
        ck_assert_msg(strcmp(found(NULL), cases[i].path) == 0, "%s: %s", cases[i].version, found(NULL));
    }
    put("node_modules/prisma/package.json", "{\"name\": \"prisma\", \"version\": \"6.4.1\"}");
    ck_assert_str_eq(found(NULL), "prisma/migrations");
}
END_TEST

START_TEST(a_package_of_a_monorepo_is_searched_in_itself)
{
    put("packages/db/prisma.config.ts", "export default { schema: 'src/schema.prisma' }");
    put_directory("packages/api/prisma/migrations");
    ck_assert_str_eq(found_in("packages/db", NULL), "packages/db/src/migrations");
    ck_assert_str_eq(found_in("packages/api", NULL), "packages/api/prisma/migrations");
    ck_assert_str_eq(found(NULL), "");
}
END_TEST

START_TEST(a_folder_says_what_it_was_known_by)
{
    put("m/20240101_a/migration.sql", "");
    ck_assert_str_eq(found_folder("m").evidence, "m/20240101_a/migration.sql");
    ck_assert_int_eq(found_folder("m").confidence, CONFIDENCE_LIKELY);
    put("m/migration_lock.toml", "");
    ck_assert_str_eq(found_folder("m").evidence, "m/migration_lock.toml");
    ck_assert_int_eq(found_folder("m").confidence, CONFIDENCE_CERTAIN);
    put("prisma/schema.prisma", "");
    ck_assert_str_eq(found_folder(NULL).evidence, "prisma/schema.prisma");
    ck_assert_int_eq(found_folder(NULL).confidence, CONFIDENCE_CERTAIN);
}
END_TEST

START_TEST(a_folder_of_drizzle_is_not_ours)
{
    put("drizzle/20240101000000_a/migration.sql", "");
    put("drizzle/20240101000000_a/snapshot.json", "{}");
    ck_assert_str_eq(found("drizzle"), "");
}
END_TEST

START_TEST(the_configuration_comes_before_the_usual_places)
{
    put_directory("prisma/migrations");
    put("package.json", "{\"prisma\": {\"schema\": \"db/schema.prisma\"}}");
    ck_assert_str_eq(found(NULL), "db/migrations");
    put("prisma.config.ts", "export default defineConfig({ migrations: { path: './sql/migrations' } })");
    ck_assert_str_eq(found(NULL), "sql/migrations");
}
END_TEST

START_TEST(an_option_comes_before_all_and_may_name_what_will_be)
{
    put_directory("prisma/migrations");
    put_directory("other");
    put("third/1_a.sql", "");
    ck_assert_str_eq(found("other"), "other");
    ck_assert_int_eq(found_folder("other").confidence, CONFIDENCE_LOW);
    ck_assert_str_eq(found("nowhere"), "nowhere");
    ck_assert_str_eq(found("third"), "");
    const char *const absolute = arena_printf(arena, "%s/other", root);
    ck_assert_str_eq(found(absolute), absolute);
}
END_TEST

START_TEST(directories_are_listed_and_files_beside_them_are_not)
{
    struct migration_files files;
    put("m/20240102_b/migration.sql", "");
    put("m/20240101_a b/migration.sql", "");
    put("m/20240103_c/README.md", "");
    put("m/loose.sql", "");
    const struct folder *const place = folder("m");
    ck_assert(prisma->hooks.list(arena, place, &files, &status));
    ck_assert_uint_eq(files.count, 3);
    ck_assert_str_eq(files.items[0].name, "20240101_a b");
    ck_assert_str_eq(files.items[1].name, "20240102_b");
    ck_assert(files.items[2].missing);
    ck_assert(!prisma->hooks.check_folder(arena, place, &files, &status));
    ck_assert_str_eq(status.migration, "20240103_c");
}
END_TEST

/* The names in m, joined by commas. */
static const char *listed(void)
{
    struct migration_files files;
    struct buffer out = {.arena = arena};
    ck_assert(prisma->hooks.list(arena, folder("m"), &files, &status));
    for (size_t i = 0; i < files.count; i++) {
        buffer_printf(&out, "%s%s", i == 0 ? "" : ",", files.items[i].name);
    }
    return buffer_string(&out);
}

/* In this order `prisma migrate deploy` of 6.19.3 ran them. */
START_TEST(directories_are_ordered_as_the_version_of_prisma_orders_them)
{
    static const char by_locale[] =
        "_x,.hidden,10_b,2_a,2024_a b,2024_a_b,2024_a-b,2024_Aa,2024_ab,2024_aB,a,B,\xC3\xA9,z";
    static const char by_bytes[] =
        ".hidden,10_b,2024_Aa,2024_a b,2024_a-b,2024_aB,2024_a_b,2024_ab,2_a,B,_x,a,z,\xC3\xA9";
    char *rest = NULL;
    char *const names = arena_strdup(arena, by_locale);
    for (char *name = strtok_r(names, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
        put(arena_printf(arena, "m/%s/migration.sql", name), "");
    }
    ck_assert_str_eq(listed(), by_locale);
    put("package.json", "{\"dependencies\": {\"@prisma/client\": \"6.5.0\"}}");
    ck_assert_str_eq(listed(), by_bytes);
    put("package.json", "{\"dependencies\": {\"@prisma/client\": \"^6.5.0\"}}");
    ck_assert_str_eq(listed(), by_locale);
}
END_TEST

START_TEST(a_link_to_a_directory_is_left_out_as_prisma_does_and_told_of)
{
    struct migration_files files;
    put("m/20240101_a/real.sql", "");
    put("elsewhere/migration.sql", "");
    ck_assert_int_eq(symlink("../real.sql", arena_printf(arena, "%s/m/20240101_a/migration.sql", root)), 0);
    put("m/real.sql", "");
    ck_assert_int_eq(symlink("../elsewhere", arena_printf(arena, "%s/m/20240102_b", root)), 0);
    ck_assert_int_eq(symlink("m", arena_printf(arena, "%s/n", root)), 0);
    ck_assert(prisma->hooks.list(arena, folder("n"), &files, &status));
    ck_assert_uint_eq(files.count, 1);
    ck_assert_str_eq(files.items[0].name, "20240101_a");
    ck_assert(!files.items[0].missing);
    ck_assert_uint_eq(files.warning_count, 1);
    ck_assert_ptr_nonnull(strstr(files.warnings[0], "20240102_b is left out: it is a symbolic link, which prisma"));
}
END_TEST

START_TEST(a_name_that_is_not_utf8_is_left_out_and_told_of)
{
    struct migration_files files;
    put("m/1_\xFF/migration.sql", "");
    const struct folder *const place = folder("m");
    ck_assert(prisma->hooks.list(arena, place, &files, &status));
    ck_assert_uint_eq(files.count, 0);
    ck_assert_uint_eq(files.warning_count, 1);
    ck_assert_ptr_nonnull(strstr(files.warnings[0], "\\xff"));
    ck_assert(!prisma->hooks.check_folder(arena, place, &files, &status));
}
END_TEST

START_TEST(a_lock_file_of_another_provider_is_refused)
{
    struct migration_files files = {0};
    put("m/migration_lock.toml", "# do not edit\nprovider = \"mysql\"\n");
    const struct folder *const place = folder("m");
    ck_assert(!prisma->hooks.check_folder(arena, place, &files, &status));
    ck_assert_ptr_nonnull(strstr(status.message, "mysql"));
    put("n/migration_lock.toml", "provider = \"postgresql\"\n");
    const struct folder *const fit = folder("n");
    ck_assert(prisma->hooks.check_folder(arena, fit, &files, &status));
}
END_TEST

/* Each was asked of the CLI 6.19.3, which reads this file line by line and not as TOML. */
START_TEST(a_lock_file_counts_as_the_engine_reads_it)
{
    static const struct {
        const char *content;
        bool fits;
    } cases[] = {
        {"provider = \"postgresql\"\n", true},
        {"provider = \"postgresql\"\r\n", true},
        {"provider = \"postgresql\n", true},
        {"# \xFF\nprovider = \"postgresql\"\n", true},
        {"", false},
        {"# nothing\n", false},
        {"provider = 'postgresql'\n", false},
        {"provider=\"postgresql\"\n", false},
        {"  provider = \"postgresql\"\n", false},
        {"provider = \"postgresql\" # x\n", false},
        {"provider = \"postgres\"\n", false},
        {"\xEF\xBB\xBFprovider = \"postgresql\"\n", false},
        {"provider = \"postgresql\" \n", false},
        {"providers = \"postgresql\"\n", false},
    };
    struct migration_files files = {0};
    const struct folder *const place = folder("m");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put("m/migration_lock.toml", cases[i].content);
        ck_assert_msg(prisma->hooks.check_folder(arena, place, &files, &status) == cases[i].fits, "%s",
                      cases[i].content);
        ck_assert(cases[i].fits || strstr(status.message, "P3019") != NULL);
    }
}
END_TEST

START_TEST(what_is_not_utf8_is_recorded_with_the_sum_of_what_node_reads)
{
    const struct folder *const place = folder("m");
    const struct migration_file file = {.name = "1_a"};
    ck_assert_str_eq(framework_checksum(arena, place, &file, text_of("-- caf\xE9\n")),
                     checksum("-- caf\xEF\xBF\xBD\n"));
    ck_assert_str_eq(framework_checksum(arena, place, &file, text_of("\xEF\xBB\xBF-- a\n")),
                     checksum("\xEF\xBB\xBF-- a\n"));
}
END_TEST

START_TEST(a_new_migration_is_named_as_prisma_names_it)
{
    struct new_migration made = {.title = "Add users' e-mail!", .wall_us = 1700000000000000};
    const struct folder *const place = folder("m");
    ck_assert(framework_create_migration(arena, place, &made, &status));
    ck_assert_str_eq(made.name, "20231114221320_add_users_e_mail");
    ck_assert_str_eq(made.file, "20231114221320_add_users_e_mail/migration.sql");
    made.title = "../..";
    ck_assert(!framework_create_migration(arena, place, &made, &status));
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("prisma");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up_prisma, tear_down);
    tcase_add_test(tests, a_checksum_is_the_sha256_of_the_bytes);
    tcase_add_test(tests, either_line_ending_counts_as_unchanged);
    tcase_add_test(tests, checksums_of_old_versions_lack_leading_zeros);
    tcase_add_test(tests, bytes_that_are_not_utf8_count_as_node_reads_them);
    tcase_add_test(tests, the_usual_place_is_found);
    tcase_add_test(tests, a_schema_without_migrations_says_where_they_will_be);
    tcase_add_test(tests, a_schema_folder_may_hold_the_migrations);
    tcase_add_test(tests, a_schema_in_the_project_itself_comes_before_the_one_in_prisma);
    tcase_add_test(tests, migrations_are_beside_the_file_with_the_datasource);
    tcase_add_test(tests, links_in_a_schema_folder_do_not_make_its_search_endless);
    tcase_add_test(tests, the_configuration_is_the_file_that_prisma_takes);
    tcase_add_test(tests, where_a_schema_folder_has_its_migrations_depends_on_the_version);
    tcase_add_test(tests, a_package_of_a_monorepo_is_searched_in_itself);
    tcase_add_test(tests, a_folder_says_what_it_was_known_by);
    tcase_add_test(tests, a_folder_of_drizzle_is_not_ours);
    tcase_add_test(tests, the_configuration_comes_before_the_usual_places);
    tcase_add_test(tests, an_option_comes_before_all_and_may_name_what_will_be);
    tcase_add_test(tests, directories_are_listed_and_files_beside_them_are_not);
    tcase_add_test(tests, directories_are_ordered_as_the_version_of_prisma_orders_them);
    tcase_add_test(tests, a_link_to_a_directory_is_left_out_as_prisma_does_and_told_of);
    tcase_add_test(tests, a_name_that_is_not_utf8_is_left_out_and_told_of);
    tcase_add_test(tests, a_lock_file_of_another_provider_is_refused);
    tcase_add_test(tests, a_lock_file_counts_as_the_engine_reads_it);
    tcase_add_test(tests, what_is_not_utf8_is_recorded_with_the_sum_of_what_node_reads);
    tcase_add_test(tests, a_new_migration_is_named_as_prisma_names_it);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
