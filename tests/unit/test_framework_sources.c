/*
 * Flyway, Liquibase, Sqitch, Supabase, Postgrator, db-migrate, node-pg-migrate and Kysely as their sources have it, as
 * far as that needs no database. Each test says the source that it was taken from.
 */
#include "framework/core/crc.h"
#include "unit/framework_warnings.h"

/* "name:file" of each migration, joined by commas. */
static const char *scripts_of(const char *id)
{
    const struct migration_files files = list(folder_of(id));
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < files.count; i++) {
        buffer_printf(&out, "%s%s:%s", i == 0 ? "" : ",", files.items[i].name, files.items[i].filename);
    }
    return buffer_string(&out);
}

static const struct habits *habits_of(const char *id)
{
    const struct folder *const folder = folder_of(id);
    return folder->habits == NULL ? &folder->framework->habits : folder->habits;
}

/* ---- Sqitch 1.6: App/Sqitch/Plan.pm, Plan/Line.pm, Plan/Change.pm, Plan/Depend.pm, Target.pm ---- */

#define PLANNED " 2026-01-01T00:00:00Z Ann <a@b.c>"

/* Makes a plan of a project p. */
static void put_plan(const char *path, const char *rest)
{
    put(path, arena_printf(arena, "%%syntax-version=1.0.0\n%%project=p\n%s", rest));
}

/* The id of the only change of a project p. */
static const char *id_of(const char *uri, const char *name, const char *rest)
{
    const char *const text = arena_printf(
        arena, "project p\n%schange %s\nplanner Ann <a@b.c>\ndate 2026-01-01T00:00:00Z%s", uri, name, rest);
    struct buffer object = {.arena = arena};
    buffer_printf(&object, "change %zu", strlen(text));
    buffer_add(&object, (struct text){"", 1});
    buffer_puts(&object, text);
    return digest_hex_of(arena, "SHA1", buffer_text(&object));
}

START_TEST(the_note_of_sqitch_is_all_behind_the_number_sign)
{
    static const struct {
        const char *written;
        const char *note;
    } cases[] = {
        {"", ""},
        {" # Adds a", "\n\nAdds a"},
        {" # Adds a ", "\n\nAdds a"},
        {"# near", "\n\nnear"},
        {" #\t far # and more", "\n\nfar # and more"},
        {" # One.\\n\\nTwo \\\\n.\\r", "\n\nOne.\n\nTwo \\n.\r"},
        {" #", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_plan("sqitch.plan", arena_printf(arena, "\na" PLANNED "%s\n", cases[i].written));
        ck_assert_str_eq(listed("sqitch"), arena_printf(arena, "a=%s", id_of("", "a", cases[i].note)));
    }
}
END_TEST

START_TEST(the_uri_of_sqitch_is_in_an_id_in_its_canonical_form)
{
    static const struct {
        const char *written;
        const char *canonical;
    } cases[] = {
        {"https://example.test/Blog", "https://example.test/Blog"},
        {"HTTPS://Example.test", "https://example.test/"},
        {"https://example.test?q=A", "https://example.test/?q=A"},
        {"urn:Blog", "urn:Blog"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_plan("sqitch.plan", arena_printf(arena, "%%uri=%s\n\na" PLANNED "\n", cases[i].written));
        ck_assert_str_eq(
            listed("sqitch"),
            arena_printf(arena, "a=%s", id_of(arena_printf(arena, "uri %s\n", cases[i].canonical), "a", "")));
    }
}
END_TEST

START_TEST(pragmas_and_signs_of_sqitch_may_have_blanks)
{
    put("sqitch.plan", "% syntax-version = 1.0.0\n % project = p\n\n+ a" PLANNED "\n");
    ck_assert_str_eq(listed("sqitch"), arena_printf(arena, "a=%s", id_of("", "a", "")));
    put_plan("sqitch.plan", "\n-a" PLANNED "\n");
    ck_assert_str_eq(listed("sqitch"), arena_printf(arena, "a=%s", id_of("", "a", "")));
}
END_TEST

START_TEST(the_script_of_a_reworked_change_of_sqitch_has_the_name_of_a_tag_between)
{
    put_plan("sqitch.plan", "\na" PLANNED "\n@v1" PLANNED "\n@v2" PLANNED "\nb" PLANNED "\n@v3" PLANNED "\na" PLANNED
                            "\n@v4" PLANNED "\n");
    put("deploy/a.sql", "");
    ck_assert_str_eq(scripts_of("sqitch"), "a:deploy/a@v3.sql,b:deploy/b.sql,a:deploy/a.sql");
    put("deploy/a@v2.sql", "");
    ck_assert_str_eq(scripts_of("sqitch"), "a:deploy/a@v2.sql,b:deploy/b.sql,a:deploy/a.sql");
    put("deploy/a@v1.sql", "");
    ck_assert_str_eq(scripts_of("sqitch"), "a:deploy/a@v1.sql,b:deploy/b.sql,a:deploy/a.sql");
}
END_TEST

static void is_refused_plan(const char *changes, const char *words)
{
    struct migration_files files;
    put_plan("sqitch.plan", arena_printf(arena, "\n%s", changes));
    ck_assert(!framework_list(arena, folder_of("sqitch"), &files, &status));
    says(words);
    status = (struct status){.arena = arena};
}

START_TEST(a_plan_at_which_sqitch_stops_is_refused)
{
    is_refused_plan("a" PLANNED "\na" PLANNED "\n", "line 5: the change is there twice");
    is_refused_plan("a" PLANNED "\nb\xff" PLANNED "\n", "line 5: it is not UTF-8, or has a NUL byte");
    is_refused_plan("a [b]" PLANNED "\nb" PLANNED "\n", "line 4: it requires b, which the plan does not have before");
    /* sqitch plan of 1.3.1: "Unknown change" */
    is_refused_plan("a" PLANNED "\n@v1" PLANNED "\na [a@v1]" PLANNED "\n@v2" PLANNED "\nb [a@v1]" PLANNED "\n",
                    "line 8: it requires a@v1, but the last tagged change of that name comes after that tag");
    is_refused_plan("a" PLANNED "\n@v1" PLANNED "\nc" PLANNED "\n@v2" PLANNED "\nb [c@v1]" PLANNED "\n",
                    "it requires c@v1, but");
    is_refused_plan("a" PLANNED "\n@v1" PLANNED "\nb [@v9]" PLANNED "\n",
                    "requires @v9, which the plan does not have before");
    is_refused_plan("a" PLANNED "\nb [a@v1]" PLANNED "\n@v1" PLANNED "\n",
                    "requires a@v1, which the plan does not have");
    is_refused_plan("a" PLANNED "\n@v1" PLANNED "\n@v1" PLANNED "\n", "line 6: the tag @v1 is there twice");
    put_plan("sqitch.plan", "\na [other:b !c]" PLANNED "\n");
    ck_assert_str_eq(listed("sqitch"),
                     arena_printf(arena, "a=%s", id_of("", "a", "\nrequires\n  + other:b\nconflicts\n  - c")));
    put_plan("sqitch.plan", "\na" PLANNED "\n@v1" PLANNED "\nb [p:a@v1 @v1]" PLANNED "\n");
    ck_assert_uint_eq(list(folder_of("sqitch")).count, 2);
}
END_TEST

START_TEST(a_change_of_sqitch_may_require_as_many_others_as_it_likes)
{
    struct buffer plan = {.arena = arena};
    struct buffer required = {.arena = arena};
    struct buffer lines = {.arena = arena};
    for (int i = 0; i < 100; i++) {
        buffer_printf(&required, "q:c%d ", i);
        buffer_printf(&lines, "\n  + q:c%d", i);
    }
    buffer_printf(&plan, "\na [%s]" PLANNED "\n", buffer_string(&required));
    put_plan("sqitch.plan", buffer_string(&plan));
    const char *const rest = arena_printf(arena, "\nrequires%s", buffer_string(&lines));
    ck_assert_str_eq(listed("sqitch"), arena_printf(arena, "a=%s", id_of("", "a", rest)));
}
END_TEST

START_TEST(the_files_of_sqitch_are_where_its_target_says)
{
    put("sqitch.conf", "[core]\n\tengine = pg\n\ttop_dir = db\n\textension = pgsql\n");
    put_plan("db/sqitch.plan", "\na" PLANNED "\n");
    ck_assert_str_eq(folder_of("sqitch")->path, "db");
    ck_assert_str_eq(scripts_of("sqitch"), "a:deploy/a.pgsql");
    put("sqitch.conf", "[core]\n\tengine = pg\n\tplan_file = plans/blog.plan\n[engine \"pg\"]\n\tdeploy_dir = sql/up\n"
                       "\ttarget = main\n[target \"main\"]\n\turi = db:pg:\n\tregistry = own\n\textension = ddl\n");
    put_plan("plans/blog.plan", "\nx/a" PLANNED "\n");
    const struct folder *const folder = folder_of("sqitch");
    ck_assert_str_eq(folder->path, ".");
    ck_assert_str_eq(folder->ledger.schema, "own");
    ck_assert_str_eq(folder->evidence, "sqitch.conf");
    ck_assert_str_eq(scripts_of("sqitch"), "x/a:sql/up/x/a.ddl");
    put_plan("plans/blog.plan", "\na" PLANNED "\n@v1" PLANNED "\na" PLANNED "\n");
    ck_assert_str_eq(scripts_of("sqitch"), "a:deploy/a@v1.ddl,a:sql/up/a.ddl");
    put("sqitch.conf", "[core]\n\tplan_file = plans/blog.plan\n\treworked_dir = old\n");
    ck_assert_str_eq(scripts_of("sqitch"), "a:old/deploy/a@v1.sql,a:deploy/a.sql");
    put("sqitch.conf", "[core]\n\tplan_file = plans/blog.plan\n\treworked_deploy_dir = old\n");
    ck_assert_str_eq(scripts_of("sqitch"), "a:old/a@v1.sql,a:deploy/a.sql");
    put_plan("plans/blog.plan", "\nx/a" PLANNED "\n");
    put("sqitch.conf", "[core]\n\tengine = pg\n\ttop_dir = db\n\tplan_file = plans/blog.plan\n");
    ck_assert_str_eq(scripts_of("sqitch"), "x/a:deploy/x/a.sql");
}
END_TEST

/* Is the stored sum one of this content? */
static bool matches(const struct folder *folder, const struct migration_file *file, const char *stored,
                    const char *content)
{
    return folder->framework->hooks.checksum_matches(arena, folder, file, stored, text_of(content));
}

/* ---- Flyway 11: ResourceNameParser.java, ConfigUtils.java, SqlScriptMetadata.java, MigrationInfoImpl.java ---- */

#define CONF "flyway.locations=filesystem:sql\n"

START_TEST(an_empty_prefix_of_flyway_is_one)
{
    put("flyway.conf", CONF "flyway.sqlMigrationPrefix=\n");
    put("sql/1_2__a.sql", "");
    put("sql/R__b.sql", "");
    put("sql/afterMigrate.sql", "SELECT 1");
    put("sql/x__c.sql", "");
    ck_assert_str_eq(listed("flyway"), "1_2__a=1.2,R__b=R:b");
}
END_TEST

START_TEST(a_hidden_directory_of_a_location_of_flyway_is_passed_over)
{
    put("flyway.conf", CONF);
    put("sql/..2026_01/V1__a.sql", "");
    put("sql/more/V1__a.sql", "");
    put("sql/.hidden.sql", "");
    ck_assert_str_eq(listed("flyway"), "V1__a=1");
    ck_assert_str_eq(warnings_of("flyway"), "");
}
END_TEST

START_TEST(scripts_of_a_shell_are_migrations_of_flyway)
{
    put("flyway.conf", CONF);
    put("sql/V1__load.sh", "echo");
    put("sql/V2__more", "");
    put("sql/V3__a.py", "");
    put("sql/V4__a.txt", "");
    put("sql/V5_.sql", "");
    put("sql/V5..1__a.sql", "");
    put("sql/README", "");
    ck_assert_str_eq(listed("flyway"), "V1__load=1,V2__more=2,V3__a=3");
    const struct migration_files files = list(folder_of("flyway"));
    ck_assert(files.items[0].is_code);
    ck_assert_str_eq(files.items[0].checksum, arena_printf(arena, "%d", (int32_t)crc32_add(0, text_of("echo"))));
    has(row_of("flyway"), "'load', 'SCRIPT', 'V1__load.sh'");
}
END_TEST

START_TEST(a_long_description_of_flyway_is_recorded_as_it_cuts_it)
{
    const char *const words = arena_printf(arena, "%0197d", 7);
    put("flyway.conf", CONF);
    put(arena_printf(arena, "sql/V1__%s890.sql", words), "");
    has(row_of("flyway"), arena_printf(arena, "'%s890', 'SQL'", words));
    tear_down();
    set_up();
    put("flyway.conf", CONF);
    put(arena_printf(arena, "sql/V1__%0197d8901.sql", 7), "");
    has(row_of("flyway"), arena_printf(arena, "'%0197d...', 'SQL'", 7));
}
END_TEST

START_TEST(beside_a_toml_file_of_flyway_the_other_does_not_count)
{
    put("flyway.conf", "flyway.locations=filesystem:old\n");
    put("flyway.toml", "[flyway]\nlocations = [\"filesystem:sql\"]\n");
    put("sql/V1__a.sql", "");
    put("old/V1__b.sql", "");
    ck_assert_str_eq(folder_of("flyway")->path, "sql");
}
END_TEST

START_TEST(the_sum_of_a_repeatable_migration_of_flyway_may_be_that_of_its_raw_text)
{
    static const char content[] = "SELECT '${who}';";
    put("flyway.conf", CONF "flyway.placeholders.who=ann\n");
    put("sql/R__a.sql", content);
    const struct folder *const folder = folder_of("flyway");
    const struct migration_files files = list(folder);
    const char *const raw = arena_printf(arena, "%d", (int32_t)crc32_add(0, text_of(content)));
    ck_assert_str_eq(checksum_of("flyway"), arena_printf(arena, "%d", (int32_t)crc32_add(0, text_of("SELECT 'ann';"))));
    ck_assert(matches(folder, &files.items[0], raw, content));
    ck_assert(!matches(folder, &files.items[0], "1", content));
}
END_TEST

START_TEST(suffixes_and_placeholders_of_flyway_are_read_in_every_form)
{
    static const struct {
        const char *file;
        const char *content;
        const char *place;
    } cases[] = {
        {"flyway.conf",
         "flyway.locations=filesystem:sql\nflyway.sqlMigrationSuffixes=.sql,.ddl\n"
         "flyway.placeholders.who=ann\n",
         "sql"},
        {"flyway.toml",
         "[flyway]\nlocations = [\"filesystem:sql\"]\nsqlMigrationSuffixes = [\".sql\", \".ddl\"]\n"
         "[flyway.placeholders]\nwho = \"ann\"\n",
         "sql"},
        {"src/main/resources/application.yml",
         "spring:\n  flyway:\n    sql-migration-suffixes: [.sql, .ddl]\n    placeholders:\n      # of the rows\n"
         "      \"who\": ann\n      deep:\n        who: bob\n    enabled: true\n",
         "src/main/resources/db/migration"},
        {"src/main/resources/application.properties",
         "spring.flyway.sql-migration-suffixes=.sql,.ddl\nspring.flyway.placeholders.who=ann\n",
         "src/main/resources/db/migration"},
        {"pom.xml",
         "<plugin>\n<artifactId>flyway-maven-plugin</artifactId>\n<configuration>\n<encoding>${project.build."
         "sourceEncoding}</encoding>\n<sqlMigrationSuffixes>\n<sqlMigrationSuffix>.sql</sqlMigrationSuffix>\n"
         "<sqlMigrationSuffix>.ddl</sqlMigrationSuffix>\n</sqlMigrationSuffixes>\n<placeholders>\n<!-- of the rows "
         "-->\n"
         "<who>ann</who>\n</placeholders>\n</configuration>\n</plugin>\n",
         "src/main/resources/db/migration"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(cases[i].file, cases[i].content);
        put(arena_printf(arena, "%s/V1__a.ddl", cases[i].place), "SELECT '${who}';");
        ck_assert_str_eq(listed("flyway"), "V1__a=1");
        ck_assert_str_eq(script_of("flyway"), "SELECT 'ann';");
        ck_assert_ptr_null(list(folder_of("flyway")).needs_tool);
        tear_down();
        set_up();
    }
}
END_TEST

START_TEST(a_placeholder_of_flyway_that_is_computed_is_not_filled_in)
{
    put("src/main/resources/application.properties", "spring.flyway.placeholders.who=${WHO:ann}\n");
    put("src/main/resources/db/migration/V1__a.sql", "SELECT '${who}';");
    ck_assert_ptr_null(script_of("flyway"));
    says("who");
}
END_TEST

START_TEST(what_the_configuration_of_flyway_lets_pass_does_not_stop_a_run)
{
    static const struct {
        const char *said;
        enum late_rule late;
        bool edited;
        bool missing;
    } cases[] = {
        {"", LATE_REFUSED, true, true},
        {"flyway.outOfOrder=true\n", LATE_RUNS, true, true},
        {"flyway.validateOnMigrate=false\n", LATE_SKIPPED, false, false},
        {"flyway.validateOnMigrate=false\nflyway.outOfOrder=true\n", LATE_RUNS, false, false},
        {"flyway.ignoreMigrationPatterns=*:missing\n", LATE_REFUSED, true, true},
        {"flyway.ignoreMigrationPatterns=versioned:ignored,repeatable:missing\n", LATE_SKIPPED, true, true},
        {"flyway.ignoreMigrationPatterns=*:*\n", LATE_SKIPPED, true, true},
        {"flyway.ignoreIgnoredMigrations=true\n", LATE_SKIPPED, true, true},
    };
    put("sql/V1__a.sql", "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put("flyway.conf", arena_printf(arena, CONF "%s", cases[i].said));
        ck_assert_int_eq(habits_of("flyway")->late, cases[i].late);
        ck_assert_int_eq(habits_of("flyway")->edited_blocks, cases[i].edited);
        ck_assert_int_eq(habits_of("flyway")->missing_blocks, cases[i].missing);
    }
}
END_TEST

START_TEST(a_setting_that_only_flyway_follows_leaves_the_folder_to_it)
{
    static const char *const settings[] = {"encoding=ISO-8859-1", "skipExecutingMigrations=true",
                                           "skipDefaultResolvers=true", "dryRunOutput=out.sql", NULL};
    static const char *const usual[] = {"encoding=utf-8", "skipExecutingMigrations=false", "target=latest", NULL};
    put("sql/V1__a.sql", "");
    for (size_t i = 0; settings[i] != NULL; i++) {
        put("flyway.conf", arena_printf(arena, CONF "flyway.%s\n", settings[i]));
        has(list(folder_of("flyway")).needs_tool, "which only flyway itself follows");
    }
    for (size_t i = 0; usual[i] != NULL; i++) {
        put("flyway.conf", arena_printf(arena, CONF "flyway.%s\n", usual[i]));
        ck_assert_ptr_null(list(folder_of("flyway")).needs_tool);
    }
}
END_TEST

START_TEST(what_is_said_beside_a_script_of_flyway_is_followed_or_refused)
{
    put("flyway.conf", CONF "flyway.executeInTransaction=false\n");
    put("sql/V1__a.sql", "SELECT '${who}';");
    put("sql/V1__a.sql.conf", "placeholderReplacement=false\n");
    ck_assert_str_eq(script_of("flyway"), "ALONE SELECT '${who}';");
    put("sql/V1__a.sql.conf", "placeholderReplacement=false\nexecuteInTransaction=true\nencoding=UTF-8\n");
    ck_assert_str_eq(script_of("flyway"), "SELECT '${who}';");
    put("flyway.conf", CONF "flyway.placeholderReplacement=false\nflyway.placeholders.who=ann\n");
    put("sql/V1__a.sql.conf", "placeholderReplacement=true\n");
    ck_assert_str_eq(script_of("flyway"), "SELECT 'ann';");
    put("sql/V1__a.sql.conf", "encoding=UTF-16\n");
    ck_assert_ptr_null(script_of("flyway"));
    says("V1__a.sql.conf says encoding");
    put("sql/V1__a.sql.conf", "shouldExecute=${x}==1\n");
    ck_assert_ptr_null(script_of("flyway"));
    says("V1__a.sql.conf says shouldExecute");
}
END_TEST

/* ---- Liquibase 4.28 and 4.33: AbstractFormattedChangeLogParser.java, ExpressionExpander.java,
 * YamlChangeLogParser.java; each of these was tried with the real 4.28 ---- */

#define FORMATTED "--liquibase formatted sql\n"

static void put_changelog(const char *name, const char *text)
{
    put("liquibase.properties", arena_printf(arena, "changeLogFile=%s\n", name));
    put(name, text);
}

/* The names of the changesets. */
static const char *changesets_of(const char *text)
{
    put_changelog("a.sql", text);
    const struct migration_files files = list(folder_of("liquibase"));
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < files.count; i++) {
        buffer_printf(&out, "%s%s", i == 0 ? "" : " ", files.items[i].name);
    }
    return buffer_string(&out);
}

START_TEST(the_attributes_of_formatted_sql_are_what_the_patterns_of_liquibase_match)
{
    static const struct {
        const char *text;
        const char *names;
    } cases[] = {
        {FORMATTED "--changeset a:1 dbms: oracle\nSELECT 1;\n", ""},
        {FORMATTED "--changeset a:1 dbms:\"postgresql\"\nSELECT 1;\n", ""},
        {FORMATTED "--changeset a:1 dbms: postgresql\nSELECT 1;\n", "a.sql::1::a"},
        {FORMATTED "--changeset a:1 dbms:${db}\nSELECT 1;\n", "a.sql::1::a"},
        {FORMATTED "--changeset 'a b':1\nSELECT 1;\n", "a.sql::1::a b"},
        {"\n" FORMATTED "--changeset a:1\nSELECT 1;\n", "a.sql::1::a"},
        {"\n--liquibase formatted sql logicalFilePath:b.sql\n--changeset a:1\nSELECT 1;\n", "b.sql::1::a"},
        {FORMATTED "--changeset a:1\nSELECT 1;\n--ignoreLines:1\n--changeset a:2\nSELECT 2;\n", "a.sql::1::a"},
        {FORMATTED "--changeset a:1\nSELECT 1;\n--ignoreLines:1 \n--changeset a:2\nSELECT 2;\n",
         "a.sql::1::a a.sql::2::a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_str_eq(changesets_of(cases[i].text), cases[i].names);
    }
}
END_TEST

START_TEST(a_line_at_which_liquibase_stops_is_refused)
{
    static const struct {
        const char *rest;
        const char *words;
    } cases[] = {
        {"--changeset a:1\n--comments: no\nSELECT 1;\n", "line 3: liquibase stops"},
        {"--comment: of the file\n--changeset a:1\nSELECT 1;\n", "line 2: liquibase stops"},
        {"-- property of tables\n--changeset a:1\nSELECT 1;\n", "line 2: liquibase stops"},
        {"--changeset a:1\n--ignoreLines:end\nSELECT 1;\n", "line 3: liquibase stops"},
        {"--changeset a:1\n--ignore:1\nSELECT 1;\n", "line 3: liquibase stops"},
        {"--changesets a:1\nSELECT 1;\n", "line 2: a changeset is called"},
        {"--changeset a: 1\nSELECT 1;\n", "line 2: a changeset is called"},
        {"--changeset a:1\nSELECT 1;\n/* liquibase rollback\nSELECT 2;\n", "does not end"},
        {"--include file:b.sql\n--changeset a:1\nSELECT 1;\n", "line 2: this is only in a paid"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct migration_files files;
        put_changelog("a.sql", arena_printf(arena, FORMATTED "%s", cases[i].rest));
        ck_assert(!framework_list(arena, folder_of("liquibase"), &files, &status));
        says(cases[i].words);
        status = (struct status){.arena = arena};
    }
}
END_TEST

START_TEST(an_empty_directory_stops_liquibase_unless_it_may_be_empty)
{
    struct migration_files files;
    put("d/a.sql", FORMATTED "--changeset a:1\nSELECT 1;\n");
    put_changelog("a.yaml",
                  "databaseChangeLog:\n- includeAll: {path: d, endsWithFilter: .xml, errorIfMissingOrEmpty: false}\n");
    ck_assert_uint_eq(list(folder_of("liquibase")).count, 0);
    put_changelog("a.yaml", "databaseChangeLog:\n- includeAll: {path: d, endsWithFilter: .xml}\n");
    ck_assert(!framework_list(arena, folder_of("liquibase"), &files, &status));
    says("line 2: there is nothing for it in d");
}
END_TEST

START_TEST(properties_of_liquibase_are_replaced_as_it_does)
{
    put_changelog("a.sql",
                  FORMATTED "--property name: t value: outer_${u}\n--changeset a:1\nSELECT '${ t }', '${T}', '${no}';\n"
                            "--property name:u value:in\n--changeset a:2\nSELECT '${:t}';\n");
    has(script_of("liquibase"), "SELECT 'outer_in', 'outer_in', '${no}'");
    has(warnings_of("liquibase"), "a.sql::2::a, because what ${:…}");
    put_changelog(
        "a.yaml",
        "databaseChangeLog:\n- changeSet: {id: 1, author: a, dbms: '${db}', changes: [{sql: {sql: 'SELECT ${n}'}}]}\n"
        "- changeSet: {id: 2, author: a, dbms: '${other}', changes: [{sql: {sql: 'SELECT 2'}}]}\n"
        "- property: {name: n, value: '1'}\n- property: {name: db, value: postgresql}\n"
        "- property: {name: other, value: oracle}\n");
    ck_assert_uint_eq(list(folder_of("liquibase")).count, 1);
    has(script_of("liquibase"), "SELECT 1");
}
END_TEST

/* ---- Supabase: pkg/migration/list.go, file.go ---- */

START_TEST(any_digits_begin_a_migration_of_supabase)
{
    put("supabase/config.toml", "");
    put("supabase/migrations/0001_a.sql", "");
    put("supabase/migrations/20260101000000_b.sql", "");
    put("supabase/migrations/3_.sql", "");
    put("supabase/migrations/2026_d.sql", "");
    put("supabase/migrations/c.sql", "");
    ck_assert_str_eq(listed("supabase"), "0001_a=0001,2026_d=2026,20260101000000_b=20260101000000,3_=3");
    has(warnings_of("supabase"), "c.sql is passed over by supabase: its name does not begin with digits");
}
END_TEST

START_TEST(the_first_file_of_an_early_version_of_supabase_is_passed_over)
{
    put("supabase/config.toml", "");
    put("supabase/migrations/20210101000000_init.sql", "");
    put("supabase/migrations/20210102000000_init.sql", "");
    ck_assert_str_eq(listed("supabase"), "20210102000000_init=20210102000000");
    has(warnings_of("supabase"), "20210101000000_init.sql is passed over by supabase");
    put("supabase/migrations/20200101000000_a.sql", "");
    ck_assert_uint_eq(list(folder_of("supabase")).count, 3);
    tear_down();
    set_up();
    put("supabase/config.toml", "");
    put("supabase/migrations/20211209000000_init.sql", "");
    ck_assert_uint_eq(list(folder_of("supabase")).count, 1);
}
END_TEST

/* ---- Postgrator 8, its CLI 9: postgrator.js, lib/Client.js ---- */

START_TEST(a_version_at_which_postgrator_s_configuration_stops_is_told)
{
    put("migrations/1.do.a.sql", "SELECT 1;");
    put(".postgratorrc.json", "{\n\"to\": \"max\"}");
    ck_assert_ptr_null(folder_of("postgrator")->note);
    put(".postgratorrc.json", "{\n\"to\": 3}");
    ck_assert_ptr_nonnull(strstr(folder_of("postgrator")->note, ".postgratorrc.json, line 2, has a version"));
}
END_TEST

START_TEST(a_pattern_of_postgrator_may_go_into_subdirectories)
{
    put(".postgratorrc.json", "{\"migrationPattern\": \"db/**/*\"}");
    put("db/1.do.a.sql", "");
    put("db/more/2.do.b.sql", "");
    ck_assert_str_eq(listed("postgrator"), "1.do.a=1,2.do.b=2");
    ck_assert_ptr_null(folder_of("postgrator")->unread);
    put(".postgratorrc.json", "{\"migrationPattern\": \"db/*.sql\"}");
    put("db/3.do.c.js", "");
    ck_assert_str_eq(listed("postgrator"), "1.do.a=1");
    put(".postgratorrc.json", "{\"migrationPattern\": \"db/*.{sql,js}\"}");
    ck_assert_str_eq(listed("postgrator"), "1.do.a=1,3.do.c=3");
    put(".postgratorrc.json", "{\"migrationPattern\": \"db/0*\"}");
    has(folder_of("postgrator")->unread, "has the pattern db/0*");
}
END_TEST

START_TEST(the_cli_of_postgrator_passes_over_newline_and_current_schema)
{
    static const char content[] = "a\r\n";
    put(".postgratorrc.json", "{\"newline\": \"LF\", \"currentSchema\": \"app\"}");
    put("migrations/1.do.a.sql", content);
    ck_assert_ptr_null(folder_of("postgrator")->ledger.schema);
    put("package.json", "{\"dependencies\": {\"postgrator\": \"8\"}}");
    ck_assert_str_eq(folder_of("postgrator")->ledger.schema, "app");
    ck_assert_str_eq(checksum_of("postgrator"), digest_hex_of(arena, "MD5", text_of("a\n")));
    put("package.json", "{\"devDependencies\": {\"postgrator-cli\": \"9\"}}");
    const struct folder *const folder = folder_of("postgrator");
    const struct migration_files files = list(folder);
    ck_assert_ptr_null(folder->ledger.schema);
    ck_assert_str_eq(checksum_of("postgrator"), digest_hex_of(arena, "MD5", text_of(content)));
    ck_assert(matches(folder, &files.items[0], digest_hex_of(arena, "MD5", text_of("a\n")), content));
    ck_assert(!matches(folder, &files.items[0], digest_hex_of(arena, "MD5", text_of("a")), content));
}
END_TEST

START_TEST(version_0_of_postgrator_never_runs)
{
    put("migrations/000.do.init.sql", "");
    put("migrations/001.do.a.sql", "");
    ck_assert_str_eq(listed("postgrator"), "001.do.a=1");
    ck_assert(is_fit("postgrator"));
    has(warnings_of("postgrator"), "000.do.init.sql is passed over by postgrator");
}
END_TEST

/* ---- db-migrate 0.11.14: lib/file.js, lib/commands/set-default-argv.js; db-migrate-pg: index.js ---- */

START_TEST(a_name_of_db_migrate_ends_at_a_dot)
{
    put("database.json", "{\"dev\": {\"driver\": \"pg\", \"schema\": \"app\"}}");
    put("migrations/20260101000000-add.users.js", "var dbm; exports.up = function (db) { return null; };");
    ck_assert_str_eq(listed("db-migrate"), "20260101000000-add=/20260101000000-add");
    ck_assert_str_eq(folder_of("db-migrate")->script_schema, "app");
    ck_assert_str_eq(folder_of("db-migrate")->ledger.schema, "app");
    has(session_of("db-migrate"), "\"app\"");
    has(row_of("db-migrate"), "'/20260101000000-add'");
    put(".db-migraterc", "{\"migration-table\": \"changes\"}");
    has(folder_of("db-migrate")->unread_ledger, "sets migration-table");
}
END_TEST

/* ---- node-pg-migrate 9: src/cli/config.ts ---- */

START_TEST(the_schema_of_node_pg_migrate_may_be_a_list)
{
    put("package.json", "{\"dependencies\": {\"node-pg-migrate\": \"9\"}}");
    put("migrations/1_a.sql", "");
    put("config/default.json", "{\"db\": {\"schema\": [\"app\"]}}");
    ck_assert_str_eq(folder_of("node-pg-migrate")->ledger.schema, "app");
    ck_assert_ptr_null(folder_of("node-pg-migrate")->unread_ledger);
    put("config/default.json", "{\"db\": {\"schema\": [\"app\", \"public\"]}}");
    has(folder_of("node-pg-migrate")->unread_ledger, "schema");
    put("config/default.json", "{\"db\": {\"ignore-pattern\": \".*\\\\.map\"}}");
    has(folder_of("node-pg-migrate")->unread, "ignore-pattern");
    put("config/default.json", "{\"db\": {\"ignore-pattern\": \"\", \"use-glob\": false, \"url\": \"x\"}}");
    ck_assert_ptr_null(folder_of("node-pg-migrate")->unread);
}
END_TEST

/* ---- Kysely 0.28: src/migration/file-migration-provider.ts ---- */

START_TEST(a_file_of_kysely_without_a_function_up_is_none)
{
    put("package.json", "{\"dependencies\": {\"kysely\": \"0.28\"}}");
    put("kysely.config.ts", "export default { migrations: { migrationFolder: 'migrations' } }");
    put("migrations/1_a.ts", "import type { Kysely } from 'kysely'\nexport async function up(db: Kysely<any>) {}");
    put("migrations/helpers.ts", "export const backup = 1");
    ck_assert_str_eq(listed("kysely"), "1_a=1_a");
    has(warnings_of("kysely"), "helpers.ts is left out");
}
END_TEST

START_TEST(kysely_ctl_reads_only_typescript_unless_it_is_told_otherwise)
{
    put("package.json", "{\"dependencies\": {\"kysely\": \"0.28\"}}");
    put("migrations/1_a.ts", "export async function up(db: Kysely<any>) {}");
    put("migrations/2_b.mjs", "export async function up(db) {}");
    ck_assert_str_eq(listed("kysely"), "1_a=1_a,2_b=2_b");
    put("kysely.config.ts", "export default { migrations: { migrationFolder: 'migrations' } }");
    ck_assert_str_eq(listed("kysely"), "1_a=1_a");
    has(warnings_of("kysely"), "2_b.mjs is left out: kysely-ctl passes over");
    put("kysely.config.ts", "export default { migrations: { migrationFolder: 'migrations', allowJS: true } }");
    ck_assert_str_eq(listed("kysely"), "1_a=1_a,2_b=2_b");
    put("kysely.config.ts", "export default { migrations: { provider: new FileMigrationProvider({ fs, path, "
                            "migrationFolder: 'migrations' }) } }");
    ck_assert_str_eq(listed("kysely"), "1_a=1_a,2_b=2_b");
}
END_TEST

/* ---- Drizzle 1.0: drizzle-orm/migrator.js, migrator.utils.js ---- */

START_TEST(each_directory_of_drizzle_with_a_script_is_a_migration)
{
    put("drizzle.config.ts", "export default { out: './drizzle' }");
    put("drizzle/20260101000000_a/migration.sql", "");
    put("drizzle/20260101000000_a/snapshot.json", "{}");
    put("drizzle/20261399256199b/migration.sql", "");
    put("drizzle/00000000000000_init/migration.sql", "");
    put("drizzle/20260102000000_gone/snapshot.json", "{}");
    put("drizzle/2026_c/migration.sql", "");
    put("drizzle/other/notes.md", "");
    ck_assert_str_eq(listed("drizzle"), "00000000000000_init=00000000000000_init,20260101000000_a=20260101000000_a,"
                                        "20261399256199b=20261399256199b");
    ck_assert_str_eq(warnings_of("drizzle"),
                     "2026_c/migration.sql does not begin with 14 digits: drizzle-kit stops at it.\n");
    has(row_of("drizzle"), "'-2211753600000'"); /* Date.UTC(0, -1, 0, 0, 0, 0) */
}
END_TEST

/* ---- MikroORM 7: packages/migrations/src/MigrationStorage.ts, packages/core/src/utils/env-vars.ts ---- */

#define MIKRO "import { Migration } from '@mikro-orm/migrations'; export class M extends Migration { up() {} }"

START_TEST(a_suffix_of_mikro_orm_is_removed_only_from_js_and_ts)
{
    put("package.json", "{\"dependencies\": {\"@mikro-orm/migrations\": \"7\"}}");
    put("mikro-orm.config.ts", "export default { migrations: { path: 'migrations', tableName: 'a.b', schema: 'c' } }");
    put("migrations/Migration1.ts", MIKRO);
    put("migrations/Migration2.cjs", MIKRO);
    put("migrations/Migration3.mjs", MIKRO);
    ck_assert_str_eq(listed("mikro-orm"), "Migration1=Migration1,Migration2.cjs=Migration2.cjs");
    ck_assert_str_eq(folder_of("mikro-orm")->ledger.schema, "c");
    ck_assert_str_eq(folder_of("mikro-orm")->ledger.table, "b");
    ck_assert_ptr_null(folder_of("mikro-orm")->unread);
    put("mikro-orm.config.ts", "export default { migrations: { path: 'migrations', glob: '!(*.d).{js,ts}' } }");
    ck_assert_ptr_null(folder_of("mikro-orm")->unread);
    put("mikro-orm.config.ts", "export default { migrations: { path: 'migrations', glob: 'Migration*.ts' } }");
    has(folder_of("mikro-orm")->unread, "has its own glob");
}
END_TEST

/* ---- TypeORM 1.1: src/util/DirectoryExportedClassesLoader.ts ---- */

START_TEST(a_file_of_typeorm_with_two_classes_is_not_passed_over_in_part)
{
    static const char one[] = "export class A1700000000000 implements MigrationInterface {}\n";
    put("package.json", "{\"dependencies\": {\"typeorm\": \"1\"}}");
    put("src/migrations/1700000000000-A.ts", one);
    ck_assert_ptr_null(list(folder_of("typeorm")).unrecordable);
    put("src/migrations/1700000000000-A.ts", arena_printf(arena, "%s// class B1700000000001 was here\n", one));
    ck_assert_ptr_null(list(folder_of("typeorm")).unrecordable);
    put("src/migrations/1700000000000-A.ts",
        arena_printf(arena, "%sexport class B1700000000001 implements MigrationInterface {}\n", one));
    has(list(folder_of("typeorm")).unrecordable, "1700000000000-A.ts has several classes");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("framework_sources");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_note_of_sqitch_is_all_behind_the_number_sign);
    tcase_add_test(tests, the_uri_of_sqitch_is_in_an_id_in_its_canonical_form);
    tcase_add_test(tests, pragmas_and_signs_of_sqitch_may_have_blanks);
    tcase_add_test(tests, the_script_of_a_reworked_change_of_sqitch_has_the_name_of_a_tag_between);
    tcase_add_test(tests, a_plan_at_which_sqitch_stops_is_refused);
    tcase_add_test(tests, a_change_of_sqitch_may_require_as_many_others_as_it_likes);
    tcase_add_test(tests, the_files_of_sqitch_are_where_its_target_says);
    tcase_add_test(tests, an_empty_prefix_of_flyway_is_one);
    tcase_add_test(tests, a_hidden_directory_of_a_location_of_flyway_is_passed_over);
    tcase_add_test(tests, scripts_of_a_shell_are_migrations_of_flyway);
    tcase_add_test(tests, a_long_description_of_flyway_is_recorded_as_it_cuts_it);
    tcase_add_test(tests, beside_a_toml_file_of_flyway_the_other_does_not_count);
    tcase_add_test(tests, the_sum_of_a_repeatable_migration_of_flyway_may_be_that_of_its_raw_text);
    tcase_add_test(tests, suffixes_and_placeholders_of_flyway_are_read_in_every_form);
    tcase_add_test(tests, a_placeholder_of_flyway_that_is_computed_is_not_filled_in);
    tcase_add_test(tests, what_the_configuration_of_flyway_lets_pass_does_not_stop_a_run);
    tcase_add_test(tests, a_setting_that_only_flyway_follows_leaves_the_folder_to_it);
    tcase_add_test(tests, what_is_said_beside_a_script_of_flyway_is_followed_or_refused);
    tcase_add_test(tests, the_attributes_of_formatted_sql_are_what_the_patterns_of_liquibase_match);
    tcase_add_test(tests, a_line_at_which_liquibase_stops_is_refused);
    tcase_add_test(tests, an_empty_directory_stops_liquibase_unless_it_may_be_empty);
    tcase_add_test(tests, properties_of_liquibase_are_replaced_as_it_does);
    tcase_add_test(tests, any_digits_begin_a_migration_of_supabase);
    tcase_add_test(tests, the_first_file_of_an_early_version_of_supabase_is_passed_over);
    tcase_add_test(tests, a_version_at_which_postgrator_s_configuration_stops_is_told);
    tcase_add_test(tests, a_pattern_of_postgrator_may_go_into_subdirectories);
    tcase_add_test(tests, version_0_of_postgrator_never_runs);
    tcase_add_test(tests, a_name_of_db_migrate_ends_at_a_dot);
    tcase_add_test(tests, the_schema_of_node_pg_migrate_may_be_a_list);
    tcase_add_test(tests, a_file_of_kysely_without_a_function_up_is_none);
    tcase_add_test(tests, kysely_ctl_reads_only_typescript_unless_it_is_told_otherwise);
    tcase_add_test(tests, the_cli_of_postgrator_passes_over_newline_and_current_schema);
    tcase_add_test(tests, each_directory_of_drizzle_with_a_script_is_a_migration);
    tcase_add_test(tests, a_suffix_of_mikro_orm_is_removed_only_from_js_and_ts);
    tcase_add_test(tests, a_file_of_typeorm_with_two_classes_is_not_passed_over_in_part);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
