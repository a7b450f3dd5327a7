/*
 * The frameworks whose migrations are programs, as far as they need no database: how their folders are told apart, what
 * their migrations are called, and the SQL of their rows.
 */
#include "framework/coded/code.h"
#include "project_files.h"

static struct folder_list search(void)
{
    const struct project here = {.root = root};
    struct folder_list folders = {0};
    ck_assert_msg(folders_find(arena, &here, &folders, &status), "%s", status.message);
    return folders;
}

/* "knex db/migrations" of each folder that is found, joined by commas. */
static const char *found(void)
{
    const struct folder_list folders = search();
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < folders.count; i++) {
        buffer_printf(&out, "%s%s %s", i == 0 ? "" : ", ", folders.items[i].framework->id, folders.items[i].path);
    }
    return buffer_string(&out);
}

static const struct framework *framework_of(const char *id)
{
    const struct framework *const framework = framework_find(text_of(id));
    ck_assert_msg(framework != NULL, "no framework is called %s", id);
    return framework;
}

static struct folder folder_at(const char *id, const char *path)
{
    return (struct folder){.framework = framework_of(id), .root = root, .base = "", .path = path};
}

static struct migration_files list(const char *id, const char *path)
{
    const struct folder folder = folder_at(id, path);
    struct migration_files files;
    ck_assert_msg(framework_list(arena, &folder, &files, &status), "%s", status.message);
    return files;
}

/* "name=key" of each migration, joined by commas. */
static const char *listed(const char *id, const char *path)
{
    const struct migration_files files = list(id, path);
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < files.count; i++) {
        buffer_printf(&out, "%s%s=%s", i == 0 ? "" : ",", files.items[i].name, migration_file_key(&files.items[i]));
    }
    return buffer_string(&out);
}

/* ---- folders ---- */

#define KNEX      "exports.up = (knex) => knex.raw('SELECT 1');"
#define SEQUELIZE "module.exports = { async up(queryInterface, Sequelize) {} };"
#define TYPEORM   "export class Init1704067200000 implements MigrationInterface { async up(queryRunner: QueryRunner) {} }"
#define MIKRO     "import { Migration } from '@mikro-orm/migrations'; export class Migration1 extends Migration { up() {} }"
#define KYSELY    "import { Kysely } from 'kysely'; export async function up(db: Kysely<any>) {}"
#define PAYLOAD   "import { MigrateUpArgs, sql } from '@payloadcms/db-postgres'; export async function up() {}"

START_TEST(programs_in_one_place_are_told_apart_by_what_they_use)
{
    static const struct {
        const char *file;
        const char *content;
        const char *found;
    } cases[] = {
        {"20240101000000_a.js", KNEX, "knex migrations"},
        {"20240101000000-a.js", SEQUELIZE, "sequelize migrations"},
        {"1704067200000-a.ts", TYPEORM, "typeorm migrations"},
        {"Migration20240101000000.ts", MIKRO, "mikro-orm migrations"},
        {"1704067200000_a.ts", KYSELY, "kysely migrations"},
        {"20240101_000000.ts", PAYLOAD, "payload migrations"},
        {"20201202A-a.js", "export async function up(db) {}", "directus migrations"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const path = arena_printf(arena, "migrations/%s", cases[i].file);
        put(path, cases[i].content);
        ck_assert_str_eq(found(), cases[i].found);
        ck_assert_int_eq(remove(arena_printf(arena, "%s/%s", root, path)), 0);
    }
}
END_TEST

START_TEST(a_folder_is_found_where_the_configuration_says)
{
    put("knexfile.js", "module.exports = { seeds: { directory: './seeds' }, migrations: { directory: './db/steps', "
                       "tableName: 'steps', schemaName: 'own' } };");
    put_directory("seeds");
    put("db/steps/1_a.js", "exports.up = (k) => k.raw('SELECT 1');");
    const struct folder_list folders = search();
    ck_assert_uint_eq(folders.count, 1);
    ck_assert_str_eq(folders.items[0].framework->id, "knex");
    ck_assert_str_eq(folders.items[0].path, "db/steps");
    ck_assert_str_eq(folders.items[0].evidence, "knexfile.js");
    ck_assert_str_eq(folders.items[0].ledger.table, "steps");
    ck_assert_str_eq(folders.items[0].ledger.schema, "own");
    ck_assert_int_eq(folders.items[0].confidence, CONFIDENCE_CERTAIN);
}
END_TEST

START_TEST(typeorm_is_started_with_the_data_source_that_was_found)
{
    put("src/data-source.ts", "export default new DataSource({ migrations: [__dirname + '/steps/*.ts'], "
                              "migrationsTableName: 'steps' });");
    put("src/steps/1704067200000-Init.ts", TYPEORM);
    const struct folder_list folders = search();
    ck_assert_uint_eq(folders.count, 1);
    ck_assert_str_eq(folders.items[0].path, "src/steps");
    ck_assert_str_eq(folders.items[0].ledger.table, "steps");
    ck_assert_str_eq(folders.items[0].delegate->run[2], "src/data-source.ts");
    ck_assert_ptr_null(folders.items[0].delegate->run[3]);
    ck_assert_str_eq(folders.items[0].delegate->programs[0], "node_modules/.bin/typeorm-ts-node-commonjs");
}
END_TEST

START_TEST(typeorm_may_list_its_classes)
{
    put("package.json", "{\"dependencies\": {\"typeorm\": \"0.3\"}}");
    put("src/data-source.ts",
        "import { A1700000000001 } from './migration/pg/1700000000001-A'\nimport { B1700000000002 } "
        "from \"./migration/pg/1700000000002-B\"\nexport default new DataSource({ migrations: "
        "[A1700000000001, B1700000000002] })");
    put("src/migration/pg/1700000000001-A.ts", "export class A1700000000001 implements MigrationInterface {");
    put("src/migration/pg/1700000000002-B.ts", "export class B1700000000002 implements MigrationInterface {");
    put("src/migration/pg/1700000000003-C.ts", "export class C1700000000003 implements MigrationInterface {");
    struct folder_list folders = {0};
    const struct project whole = {.root = root};
    ck_assert(folders_find(arena, &whole, &folders, &status));
    ck_assert_str_eq(folders.items[0].path, "src/migration/pg");
    ck_assert_ptr_null(folders.items[0].unread);
    struct migration_files files;
    ck_assert(framework_list(arena, &folders.items[0], &files, &status));
    ck_assert_uint_eq(files.count, 2);
    ck_assert_str_eq(files.warnings[0],
                     "1700000000003-C.ts is left out: the list of migrations in code does not name its "
                     "class C1700000000003.");
}
END_TEST

/* tsc writes the compiled file beside its source. */
START_TEST(typeorm_takes_the_ending_of_its_glob_where_both_are_there)
{
    put("data-source.js", "module.exports = new DataSource({ migrations: [__dirname + '/m/*.js'] });");
    put("m/1704067200000-A.ts", TYPEORM);
    put("m/1704067200000-A.js", TYPEORM);
    put("m/1704067200001-B.ts", TYPEORM);
    struct folder_list folders = search();
    struct migration_files files;
    ck_assert(framework_list(arena, &folders.items[0], &files, &status));
    ck_assert_uint_eq(files.count, 2);
    ck_assert_str_eq(files.items[0].filename, "1704067200000-A.js");
    ck_assert_str_eq(files.items[1].filename, "1704067200001-B.ts");
    put("data-source.js", "module.exports = new DataSource({ migrations: ['m/*.js', 'm/*.ts'] });");
    folders = search();
    ck_assert(framework_list(arena, &folders.items[0], &files, &status));
    ck_assert_ptr_nonnull(files.unrecordable);
}
END_TEST

START_TEST(sequelizerc_says_where_the_migrations_are)
{
    put(".sequelizerc", "const path = require('path');\nmodule.exports = {\n  'config': path.resolve('config', "
                        "'database.js'),\n  'migrations-path': path.resolve('db', 'steps')\n};");
    put("config/database.js", "module.exports = { dialect: 'postgres', migrationStorageTableName: 'steps' };");
    put("db/steps/20240101000000-a.js", SEQUELIZE);
    const struct folder_list folders = search();
    ck_assert_uint_eq(folders.count, 1);
    ck_assert_str_eq(folders.items[0].path, "db/steps");
    ck_assert_str_eq(folders.items[0].evidence, ".sequelizerc");
    ck_assert_str_eq(folders.items[0].ledger.table, "steps");
}
END_TEST

/* What sequelize-cli 6.6.5 itself lists in projects like these. */
START_TEST(sequelize_cli_finds_its_folder_however_its_options_are_written)
{
#define CLI "{\"dependencies\": {\"sequelize\": \"6\"}, \"devDependencies\": {\"sequelize-cli\": \"6\"}, \"scripts\": {"
    static const struct {
        const char *options; /* .sequelizerc; NULL: there is none */
        const char *script;
    } cases[] = {
        {"module.exports = { migrationsPath: 'db/mig' };", ""},
        {"const { resolve } = require('path');\nmodule.exports = {\n  'migrations-path': resolve('db', 'mig'),\n};",
         ""},
        {"const path = require('path');\nmodule.exports = { 'migrations-path': path.resolve(`${__dirname}/db/mig`) };",
         ""},
        {"const path = require('path');\nconst root = __dirname;\nconst dir = path.join(root, 'db', 'mig');\n"
         "module.exports = { 'migrations-path': dir };",
         ""},
        {"const options = {};\noptions['migrations-path'] = 'db/mig';\nmodule.exports = options;", ""},
        {NULL, "\"up\": \"sequelize db:migrate --migrations-path=db/mig\""},
        {NULL, "\"up\": \"sequelize-cli db:migrate --migrationsPath db/mig\""},
        {"module.exports = { migrationsPath: 'elsewhere' };",
         "\"up\": \"sequelize db:migrate --migrations-path ./db/mig\""},
        {NULL, "\"up\": \"sequelize db:migrate --options-path ./db/options.js\""},
        {"module.exports = { migrationsPath: 'elsewhere' };",
         "\"up\": \"sequelize db:migrate --optionsPath db/options.js\""},
    };
    put("db/mig/20240101000000-a.js", "module.exports = { up: (q, D) => q.createTable('a', { id: D.INTEGER }) };");
    put("db/options.js", "module.exports = { 'migrations-path': 'db/mig' };");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put("package.json", arena_printf(arena, CLI "%s}}", cases[i].script));
        if (cases[i].options != NULL) {
            put(".sequelizerc", cases[i].options);
        }
        const struct folder_list folders = search();
        ck_assert_msg(folders.count == 1, "case %zu: %zu folders", i, folders.count);
        ck_assert_str_eq(folders.items[0].framework->id, "sequelize");
        ck_assert_msg(strcmp(folders.items[0].path, "db/mig") == 0, "case %zu: %s", i, folders.items[0].path);
        ck_assert_ptr_null(folders.items[0].unread);
        remove(arena_printf(arena, "%s/.sequelizerc", root));
    }
}
END_TEST

START_TEST(a_constant_that_is_set_twice_or_computed_is_not_read)
{
    static const char *const constants[] = {"let dir = 'a';\ndir = 'db/mig';",
                                            "const dir = process.env.DIR || 'db/mig';", "const dir = choose();",
                                            "const dir = dir;", "import dir from './dir';"};
    put("db/mig/20240101000000-a.js", SEQUELIZE);
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
        put(".sequelizerc", arena_printf(arena, "%s\nmodule.exports = { 'migrations-path': dir };", constants[i]));
        const struct folder_list folders = search();
        ck_assert_msg(folders.count > 0 && folders.items[0].unread != NULL, "case %zu", i);
    }
}
END_TEST

START_TEST(migrations_of_sequelize_cli_may_name_their_arguments_as_they_like)
{
    static const char *const programs[] = {
        "module.exports = { up: (q, D) => q.createTable('a', { id: D.INTEGER }) };",
        "module.exports = { async up(m) { await m.createTable('a', {}); } };",
        "exports.up = async (q) => q.createTable('a', {});",
        "export async function up(qi) { await qi.createTable('a', {}); }",
        "module.exports.up = function (q) { return q.createTable('a', {}); };",
    };
    put("package.json", CLI "}}");
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        put("migrations/20240101000000-a.js", programs[i]);
        ck_assert_str_eq(found(), "sequelize migrations");
    }
}
END_TEST

START_TEST(mikro_orm_has_its_sources_where_pathts_says)
{
    put("mikro-orm.config.ts", "export default { migrations: { tableName: 'own.steps', path: 'dist/steps', "
                               "pathTs: 'src/steps' } };");
    put("dist/steps/Migration1.js", MIKRO);
    put("src/steps/Migration1.ts", MIKRO);
    const struct folder_list folders = search();
    ck_assert_uint_eq(folders.count, 1);
    ck_assert_str_eq(folders.items[0].path, "src/steps");
    ck_assert_str_eq(folders.items[0].ledger.schema, "own");
    ck_assert_str_eq(folders.items[0].ledger.table, "steps");
}
END_TEST

START_TEST(kysely_may_be_told_to_run_late_ones)
{
    put("kysely.config.ts", "export default defineConfig({ migrations: { allowUnorderedMigrations: true } });");
    put("migrations/1_a.ts", KYSELY);
    const struct folder_list folders = search();
    ck_assert_str_eq(folders.items[0].evidence, "kysely.config.ts");
    ck_assert_int_eq(folders.items[0].habits->late, LATE_RUNS);
    ck_assert_int_eq(framework_of("kysely")->habits.late, LATE_REFUSED);
}
END_TEST

START_TEST(strapi_is_known_by_its_dependency_alone)
{
    put("database/migrations/a.js", KNEX);
    ck_assert_str_eq(found(), "knex database/migrations");
    put("package.json", "{\"dependencies\": {\"@strapi/strapi\": \"5\", \"knex\": \"3\"}}");
    ck_assert_str_eq(found(), "strapi database/migrations");
}
END_TEST

START_TEST(frameworks_of_php_are_told_apart_by_what_they_use)
{
    put("migrations/Version1.php", "<?php\nnamespace Blog;\nuse Doctrine\\Migrations\\AbstractMigration;");
    put("db/migrations/20260101000000_a.php", "<?php\nuse Phinx\\Migration\\AbstractMigration;");
    put("database/migrations/2026_01_01_000000_a.php", "<?php\nuse Illuminate\\Database\\Migrations\\Migration;");
    put("config/Migrations/20260101000000_A.php", "<?php\nuse Migrations\\BaseMigration;");
    ck_assert_str_eq(found(), "laravel database/migrations, doctrine migrations, phinx db/migrations, "
                              "phinx config/Migrations");
}
END_TEST

START_TEST(rails_ecto_and_ef_core_are_known_by_their_files)
{
    put("db/migrate/1_a.rb", "class A < ActiveRecord::Migration[7.1]");
    put("priv/repo/migrations/1_a.exs", "defmodule A do\n  use Ecto.Migration");
    put("Migrations/20260101000000_A.cs", "class A : Migration {}");
    put("Migrations/20260101000000_A.Designer.cs", "[Migration(\"20260101000000_A\")]");
    ck_assert_str_eq(found(), "rails db/migrate, ecto priv/repo/migrations, efcore Migrations");
}
END_TEST

START_TEST(symfony_has_its_own_console)
{
    put("config/packages/doctrine_migrations.yaml",
        "doctrine_migrations:\n    migrations_paths:\n        'Blog\\Steps': '%kernel.project_dir%/steps'\n"
        "    storage:\n        table_storage:\n            table_name: 'own_versions'\n");
    put("steps/Version1.php", "<?php\nnamespace Blog\\Steps;\nuse Doctrine\\Migrations\\AbstractMigration;");
    const struct folder_list folders = search();
    ck_assert_uint_eq(folders.count, 1);
    ck_assert_str_eq(folders.items[0].path, "steps");
    ck_assert_str_eq(folders.items[0].ledger.table, "own_versions");
    ck_assert_str_eq(folders.items[0].delegate->programs[0], "bin/console");
}
END_TEST

START_TEST(settings_of_phinx_laravel_and_ecto_name_the_ledger)
{
    put("phinx.yml", "paths:\n    migrations: '%%PHINX_CONFIG_DIR%%/steps'\nenvironments:\n"
                     "    default_migration_table: own_log\n");
    put("steps/20260101000000_a.php", "<?php\nuse Phinx\\Migration\\AbstractMigration;");
    put("artisan", "");
    put("config/database.php", "<?php return ['migrations' => ['table' => 'own_migrations']];");
    put("database/migrations/2026_01_01_000000_a.php", "<?php\nuse Illuminate\\Database\\Migrations\\Migration;");
    put("mix.exs", "{:ecto_sql, \"~> 3.11\"}");
    put("config/config.exs", "config :a, A.Repo, migration_source: \"own_schema\"\n");
    put("priv/repo/migrations/1_a.exs", "defmodule A do\n  use Ecto.Migration");
    const struct folder_list folders = search();
    ck_assert_uint_eq(folders.count, 3);
    ck_assert_str_eq(folders.items[0].ledger.table, "own_migrations");
    ck_assert_str_eq(folders.items[1].ledger.table, "own_log");
    ck_assert_str_eq(folders.items[1].path, "steps");
    ck_assert_str_eq(folders.items[2].ledger.table, "own_schema");
}
END_TEST

/* TableMetadataStorageConfiguration of doctrine/migrations 3.8 */
START_TEST(columns_of_doctrine_with_other_names_are_a_question)
{
    static const struct {
        const char *file;
        const char *content;
        const char *says;
    } cases[] = {
        {"migrations.php",
         "<?php return ['table_storage' => ['table_name' => 'own', 'version_column_name' => 'version'],\n"
         "'migrations_paths' => ['Blog' => 'm']];",
         NULL},
        {"migrations.php",
         "<?php return ['migrations_paths' => ['Blog' => 'm'],\n'table_storage' => ['executed_at_column_name' => "
         "'at']];",
         "migrations.php, line 2, calls the column executed_at of the tracking table at"},
        {"config/packages/doctrine_migrations.yaml",
         "doctrine_migrations:\n    migrations_paths:\n        'Blog': '%kernel.project_dir%/m'\n"
         "    storage:\n        table_storage:\n            version_column_name: 'v'\n",
         "doctrine_migrations.yaml, line 6, calls the column version of the tracking table v"},
    };
    put("m/Version1.php", "<?php\nnamespace Blog;\nuse Doctrine\\Migrations\\AbstractMigration;");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(cases[i].file, cases[i].content);
        const struct folder_list folders = search();
        ck_assert_uint_eq(folders.count, 1);
        const char *const said = folders.items[0].unread_ledger;
        ck_assert_msg(cases[i].says == NULL ? said == NULL : said != NULL && strstr(said, cases[i].says) != NULL,
                      "%zu: %s", i, said == NULL ? "nothing" : said);
    }
}
END_TEST

/* useEnv of api/src/database/migrations/run.ts */
START_TEST(directus_has_its_folder_where_the_environment_says)
{
    put(".env", "MIGRATIONS_PATH=./steps\n");
    put("steps/20201202A-a.js", "");
    put("package.json", "{\"dependencies\": {\"express\": \"4\"}}");
    struct folder_list folders = search();
    ck_assert_uint_eq(folders.count, 0);
    put("package.json", "{\"dependencies\": {\"directus\": \"11\"}}");
    folders = search();
    ck_assert_uint_eq(folders.count, 1);
    ck_assert_str_eq(folders.items[0].path, "steps");
    ck_assert_str_eq(folders.items[0].evidence, ".env");
}
END_TEST

/* fs-migrations.js of knex 3.3 */
START_TEST(knex_loads_the_endings_that_are_configured)
{
    static const struct {
        const char *said;
        const char *listed;
    } cases[] = {
        {"migrations: {directory: 'm'}", "a.js=a.js,b.ts=b.ts"},
        {"migrations: {directory: 'm'}, seeds: {loadExtensions: ['.mjs']}", "a.js=a.js,b.ts=b.ts"},
        {"migrations: {directory: 'm', loadExtensions: ['.mjs', \".js\"]}", "a.js=a.js,c.mjs=c.mjs"},
        {"one: {migrations: {loadExtensions: ['.mjs'], directory: 'm'}}", "c.mjs=c.mjs"},
        {"migrations: {directory: 'm', loadExtensions: process.env.E}", NULL},
        {"migrations: {directory: 'm', loadExtensions: [...usual, '.mjs']}", NULL},
    };
    struct buffer many = {.arena = arena};
    for (int i = 0; i < 50000; i++) {
        buffer_puts(&many, "loadExtensions ");
    }
    put("m/a.js", "exports.up = (knex) => {}");
    put("m/b.ts", "export function up(knex) {}");
    put("m/c.mjs", "export function up(knex) {}");
    put("m/d.sql", "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put("knexfile.js", arena_printf(arena, "module.exports = {client: 'pg', %s}\n", cases[i].said));
        const struct folder_list folders = search();
        ck_assert_uint_eq(folders.count, 1);
        if (cases[i].listed == NULL) {
            ck_assert_ptr_nonnull(strstr(folders.items[0].unread, "knexfile.js, line 1, computes loadExtensions"));
            continue;
        }
        ck_assert_ptr_null(folders.items[0].unread);
        struct migration_files files;
        ck_assert(framework_list(arena, &folders.items[0], &files, &status));
        struct buffer out = {.arena = arena};
        for (size_t j = 0; j < files.count; j++) {
            buffer_printf(&out, "%s%s=%s", j == 0 ? "" : ",", files.items[j].name, migration_file_key(&files.items[j]));
        }
        ck_assert_str_eq(buffer_string(&out), cases[i].listed);
    }
    put("knexfile.js", arena_printf(arena, "module.exports = {client: 'pg', migrations: {directory: 'm'}}\n%s\n",
                                    buffer_string(&many)));
    ck_assert_ptr_nonnull(strstr(search().items[0].unread, "knexfile.js, line 2, computes loadExtensions"));
}
END_TEST

/* ---- names ---- */

START_TEST(some_keep_the_ending_and_some_do_not)
{
    put("m/1_a.ts", "export async function up() {}");
    put("m/1_a.js", "exports.up = () => {}");
    put("m/1_a.d.ts", "");
    put("m/.hidden.js", "");
    put("m/index.ts", "export async function up() {}");
    put("m/readme.md", "");
    ck_assert_str_eq(listed("knex", "m"), "1_a.js=1_a.js,1_a.ts=1_a.ts,index.ts=index.ts");
    ck_assert_str_eq(listed("sequelize", "m"), ".hidden.js=.hidden.js,1_a.js=1_a.js,1_a.ts=1_a.ts,index.ts=index.ts");
    ck_assert_str_eq(listed("kysely", "m"), "1_a=1_a,index=index");
    ck_assert_str_eq(listed("mikro-orm", "m"), "1_a=1_a,index=index");
    ck_assert_str_eq(listed("payload", "m"), "1_a=1_a");
}
END_TEST

START_TEST(all_are_programs_but_the_sql_files_of_strapi)
{
    put("m/1_a.js", "");
    put("m/2_b.sql", "");
    const struct migration_files files = list("strapi", "m");
    ck_assert_uint_eq(files.count, 2);
    ck_assert(files.items[0].is_code);
    ck_assert(!files.items[1].is_code);
    ck_assert(list("knex", "m").items[0].is_code);
}
END_TEST

START_TEST(a_typeorm_migration_is_called_like_its_class)
{
    put("m/zzz.ts", "// the name of the class\nexport class First1704067200000 implements MigrationInterface {");
    put("m/bbb.js", "module.exports = class X { name = 'Second1704067200001' }");
    put("m/aaa.ts", "class Y1704067200009 { name: string = \"Third1704067200002\"; }");
    put("m/1704067200003-Fourth.js", "exports.X = X");
    put("m/helper.ts", "export const name = 'no';");
    ck_assert_str_eq(listed("typeorm", "m"),
                     "First1704067200000=First1704067200000,Second1704067200001=Second1704067200001,"
                     "Third1704067200002=Third1704067200002,Fourth1704067200003=Fourth1704067200003");
    const struct migration_files files = list("typeorm", "m");
    ck_assert_str_eq(files.items[0].version, "1704067200000");
    ck_assert_uint_eq(files.warning_count, 1);
    ck_assert_str_eq(files.warnings[0],
                     "helper.ts is left out: it has no class whose name ends in a time of 13 digits.");
}
END_TEST

START_TEST(apps_of_django_have_their_migrations_where_the_settings_say)
{
    static const char *const packages[] = {"blog/migrations",       "shop/migrations", "store/shop_migrations",
                                           "store/of_others/oauth", "none/migrations", "blog/tests/fake/migrations"};
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++) {
        put(arena_printf(arena, "%s/__init__.py", packages[i]), "");
    }
    put("blog/migrations/0001_initial.py", "");
    put("shop/migrations/0001_old.py", "");
    put("store/shop_migrations/0001_new.py", "");
    put("store/of_others/oauth/0001_token.py", "");
    put("none/migrations/0001_initial.py", "");
    put("blog/tests/fake/migrations/0001_fake.py", "");
    put("config/settings/base.py", "MIGRATION_MODULES = {\n    'shop': 'store.shop_migrations', 'none': None,\n    "
                                   "\"oauth\": \"store.of_others.oauth\",\n}\n");
    put("config/settings/test.py", "MIGRATION_MODULES = DisableMigrations()\n");
    ck_assert_str_eq(
        listed("django", "."),
        "blog.0001_initial=blog.0001_initial,shop.0001_new=shop.0001_new,oauth.0001_token=oauth.0001_token");
    ck_assert_uint_eq(list("django", ".").warning_count, 0);
    put("config/settings/production.py", "import os\nMIGRATION_MODULES = modules()\n");
    ck_assert_ptr_nonnull(
        strstr(list("django", ".").warnings[0], "config/settings/production.py, line 2, computes MIGRATION_MODULES"));
}
END_TEST

/* load_disk of django/db/migrations/loader.py */
START_TEST(django_reads_each_module_of_a_package_whatever_its_name_is)
{
    static const char migration[] = "from django.db import migrations\n\nclass Migration(migrations.Migration):\n"
                                    "    dependencies = [('blog', '%s')]\n";
    static const char *const names[] = {"initial", "0002_second", "3_third",  "add-column",
                                        "_helper", "~backup",     "0004_v1.2"};
    put("manage.py", "import django\n");
    put("blog/migrations/__init__.py", "");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        put(arena_printf(arena, "blog/migrations/%s.py", names[i]),
            i == 0 ? "class Migration:\n    pass\n" : arena_printf(arena, migration, names[i - 1]));
    }
    put("blog/migrations/helpers.py", "def helper():\n    pass\n");
    ck_assert_str_eq(listed("django", "."),
                     "blog.0002_second=blog.0002_second,blog.3_third=blog.3_third,blog.add-column=blog.add-column,"
                     "blog.initial=blog.initial");
    ck_assert_uint_eq(list("django", ".").warning_count, 1);
    ck_assert_ptr_nonnull(
        strstr(list("django", ".").warnings[0], "blog/migrations/helpers.py has no class Migration: django stops"));
    put("shop/migrations/0001_initial.py", "");
    ck_assert_uint_eq(list("django", ".").count, 4);
    ck_assert_ptr_nonnull(
        strstr(list("django", ".").warnings[1], "shop/migrations are left out: it has no __init__.py"));
}
END_TEST

START_TEST(a_section_of_alembic_has_a_table_of_its_own)
{
    struct folder_list folders = {0};
    struct project said = {.root = root};
    put("alembic.ini", "[alembic]\nscript_location = one\n[second]\nscript_location = two\nversion_table = ours\n");
    put("one/env.py", "context.configure(version_table='first')\n");
    put("one/versions/a.py", "revision = 'a'\ndown_revision = None\n");
    put("two/env.py", "context.configure(version_table=config.get_main_option('version_table'))\n");
    put("two/versions/b.py", "revision = 'b'\ndown_revision = None\n");
    said.migrations = "two/versions";
    ck_assert(folders_find(arena, &said, &folders, &status));
    ck_assert_uint_eq(folders.count, 1);
    ck_assert_str_eq(folders.items[0].ledger.table, "ours");
    ck_assert_str_eq(folders.items[0].delegate->run[1], "second");
    ck_assert_ptr_null(folders.items[0].unread);
}
END_TEST

START_TEST(several_databases_of_alembic_may_be_named_on_several_lines)
{
    struct folder_list folders = {0};
    put("alembic.ini", "[alembic]\nscript_location = m\ndatabases = engine1,\n    engine2\n");
    put("m/env.py", "");
    put("m/versions/a.py", "revision = 'a'\ndown_revision = None\n");
    ck_assert(folders_find(arena, &project, &folders, &status));
    ck_assert_uint_eq(folders.count, 1);
    ck_assert_ptr_nonnull(strstr(folders.items[0].unread_ledger, "line 3, names several databases (engine1, engine2)"));
}
END_TEST

START_TEST(migrations_in_go_are_known_by_their_ids)
{
    put("m/a.go", "const second = \"2\"\nvar all = []*gormigrate.Migration{{ID: \"1\", Migrate: func() { _ = Role{ID: "
                  "\"admin\"} }}, {ID: second, Migrate: f}}");
    put("m/b.go", "&xormigrate.Migration{\n\tID: \"3\",\n\tDescription: \"d\",\n\tMigrateSession: f,\n}");
    put("m/b_test.go", "&xormigrate.Migration{ID: \"4\", Migrate: f}");
    ck_assert_str_eq(listed("gormigrate", "m"), "1=1,2=2,3=3");
    ck_assert_ptr_null(list("gormigrate", "m").unrecordable);
    put("m/c.go", "\n&gormigrate.Migration{\n\tID: newID(),\n\tMigrate: f,\n}");
    ck_assert_str_eq(list("gormigrate", "m").unrecordable,
                     "m/c.go, line 3, computes the ID of a migration, which cannot be read without running it.");
}
END_TEST

/* gormigrate and xormigrate run them in the order of the list that they get. */
START_TEST(migrations_in_go_have_the_order_of_the_programs_list)
{
    put("m/a.go",
        "func createB(db *gorm.DB) *gormigrate.Migration {\n\treturn &gormigrate.Migration{ID: \"1b\", Migrate: f}\n}\n"
        "var third = &gormigrate.Migration{\n\tID: \"0c\",\n\tMigrate: func() { _ = \"}\" }}\n");
    put("m/z.go", "var all = []*gormigrate.Migration{\n\t// the first, with a comma\n\t{\n\t\tID: "
                  "\"2a\",\n\t\tMigrate: f,\n\t},\n"
                  "\tm.createB(db),\n\t&third,\n}\n");
    ck_assert_str_eq(listed("gormigrate", "m"), "2a=2a,1b=1b,0c=0c");
    ck_assert_uint_eq(list("gormigrate", "m").warning_count, 0);
    put("m/y.go", "var list = []*gormigrate.Migration{}\nfunc init() { list = append(list, fourth()) }\n"
                  "func fourth() *gormigrate.Migration { return &gormigrate.Migration{ID: \"0a\", Migrate: f} }\n");
    ck_assert_str_eq(listed("gormigrate", "m"), "2a=2a,1b=1b,0c=0c,0a=0a");
    ck_assert_uint_eq(list("gormigrate", "m").warning_count, 0);

    /* Each file appends its own, and Go initialises files by their names. */
    put("x/a_late.go",
        "func init() {\n\tall = append(all, &xormigrate.Migration{\n\t\tID: \"2\",\n\t\tMigrate: f,\n\t})\n}");
    put("x/b_early.go",
        "func init() {\n\tall = append(all, &xormigrate.Migration{\n\t\tID: \"1\",\n\t\tMigrate: f,\n\t})\n}");
    ck_assert_str_eq(listed("xormigrate", "x"), "2=2,1=1");
    put("x/c.go", "func Run() {\n\tsort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })\n}");
    ck_assert_str_eq(listed("xormigrate", "x"), "1=1,2=2");
    ck_assert_uint_eq(list("xormigrate", "x").warning_count, 0);
}
END_TEST

START_TEST(an_order_of_go_that_cannot_be_read_is_told)
{
    put("m/a.go",
        "var B = &gormigrate.Migration{ID: \"2\", Migrate: f}\nvar A = &gormigrate.Migration{ID: \"1\", Migrate: f}\n");
    ck_assert_str_eq(listed("gormigrate", "m"), "1=1,2=2");
    ck_assert_ptr_nonnull(strstr(list("gormigrate", "m").warnings[0], "in the order of their IDs"));
    put("m/b.go", "var all = []*gormigrate.Migration{B, steps.Other, A}\n");
    ck_assert_str_eq(listed("gormigrate", "m"), "1=1,2=2");
    ck_assert_uint_eq(list("gormigrate", "m").warning_count, 1);
    put("m/b.go", "var all = []*gormigrate.Migration{B, A}\n");
    ck_assert_str_eq(listed("gormigrate", "m"), "2=2,1=1");
    ck_assert_uint_eq(list("gormigrate", "m").warning_count, 0);
    put("m/b.go", "var all = []*gormigrate.Migration{B}\nvar more = []*gormigrate.Migration{A}\n");
    ck_assert_uint_eq(list("gormigrate", "m").warning_count, 1);
}
END_TEST

/* Each of these was looked at to the end of the file. */
START_TEST(an_order_of_go_in_lists_without_an_end_is_told_in_little_time)
{
    static const char *const hostile[] = {"append(", "append(a, ", "[]*gormigrate.Migration{", "sort.Slice("};
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct buffer source = {.arena = arena};
        buffer_puts(&source, "var A = &gormigrate.Migration{ID: \"1\", Migrate: f}\n"
                             "var B = &gormigrate.Migration{ID: \"2\", Migrate: f}\n");
        for (size_t k = 0; k < 100000; k++) {
            buffer_puts(&source, hostile[i]);
        }
        put("m/a.go", buffer_string(&source));
        const struct migration_files files = list("gormigrate", "m");
        ck_assert_uint_eq(files.count, 2);
        ck_assert_uint_eq(files.warning_count, 1);
    }
}
END_TEST

START_TEST(dbup_has_the_names_of_resources)
{
    put("Shop.csproj", "<Project><EmbeddedResource Include=\"Scripts/**\" /></Project>");
    put("Scripts/1-old/001 a.sql", "");
    ck_assert_str_eq(listed("dbup", "Scripts"), "1-old/001 a.sql=Shop.Scripts._1_old.001 a.sql");
    ck_assert_int_eq(remove(arena_printf(arena, "%s/Shop.csproj", root)), 0);
    put("Shop.csproj", "<Project><RootNamespace>My.Shop</RootNamespace><EmbeddedResource/></Project>");
    ck_assert_str_eq(listed("dbup", "Scripts"), "1-old/001 a.sql=My.Shop.Scripts._1_old.001 a.sql");
    ck_assert_int_eq(remove(arena_printf(arena, "%s/Shop.csproj", root)), 0);
    ck_assert_str_eq(listed("dbup", "Scripts"), "1-old/001 a.sql=1-old.001 a.sql");
}
END_TEST

START_TEST(evolve_compares_versions_as_numbers)
{
    put("Migrations/V1_10__b.sql", "");
    put("Migrations/v1.9.1__a.sql", "");
    put("Migrations/R__z.sql", "");
    put("Migrations/Vx__n.sql", "");
    ck_assert_str_eq(listed("evolve", "Migrations"), "v1.9.1__a.sql=1.9.1,V1_10__b.sql=1.10,R__z.sql=R__z.sql");
}
END_TEST

/* Alembic takes every file for a revision: one that is passed over would be "nothing to do". */
START_TEST(an_alembic_file_without_a_readable_revision_counts)
{
    put("m/a.py", "revision: str = 'aaa'\ndown_revision: Union[str, None] = None\n");
    put("m/b.py", "\xEF\xBB\xBFrevision = 'bbb'\ndown_revision = 'aaa'\n");
    put("m/c.py", "from ids import revision, down_revision\n");
    put("m/d.py", "if True:\n    revision = 'ddd'\n");
    put("m/e.py", "revision, down_revision = 'eee', 'aaa'\n");
    put("m/.#f.py", "");
    ck_assert_str_eq(listed("alembic", "m"), "a=aaa,b=bbb,c=c.py,d=d.py,e=e.py");
    const struct migration_files files = list("alembic", "m");
    ck_assert_uint_eq(files.warning_count, 3);
    ck_assert_ptr_nonnull(strstr(files.warnings[0], "c.py does not say its revision as plain text"));
    ck_assert_ptr_nonnull(strstr(files.warnings[0], "it counts as pending"));
}
END_TEST

START_TEST(a_computed_revision_of_alembic_is_not_taken_for_its_first_string)
{
    put("m/a.py", "\"\"\"Words\nrevision = 'old'\n\"\"\"\nrevision: str = 'aaa'\ndown_revision = None\n");
    put("m/b.py", "revision = 'bbb' + '1'\ndown_revision = 'aaa'\n");
    put("m/c.py", "revision = 'cc' 'c'\n");
    put("m/d.py", "revision = f'd{1}'\n");
    put("m/e.py", "revision = (\n    'eee'\n)\nf(\nrevision='no'\n)\n");
    put("m/f.py", "revision = 'fff'\ndown_revision = 'x' if True else None\n");
    put("m/g.py", "revision = 'old'\nrevision = 'ggg'; down_revision = 'aaa'\n");
    ck_assert_str_eq(listed("alembic", "m"), "a=aaa,b=b.py,c=c.py,d=d.py,e=eee,f=fff,g=ggg");
    const struct migration_files files = list("alembic", "m");
    ck_assert_ptr_nonnull(strstr(files.warnings[0], "b.py does not say its revision as plain text"));
    ck_assert_ptr_nonnull(strstr(files.warnings[3], "f.py computes the revision before it"));
}
END_TEST

START_TEST(an_alembic_merge_may_say_its_parents_on_several_lines)
{
    put("m/a.py", "revision = 'aaa'\ndown_revision = (\n    'zzz',  # one\n    'yyy',\n)\n");
    put("m/b.py", "revision = 'yyy'\ndown_revision = None\n");
    put("m/c.py", "revision = 'zzz'\ndown_revision = None\n");
    ck_assert_str_eq(listed("alembic", "m"), "b=yyy,c=zzz,a=aaa");
}
END_TEST

START_TEST(what_a_yoyo_migration_depends_on_comes_first_also_a_name_with_blanks)
{
    put("m/a.py", "__depends__ = {'b one', \"c\"}\n");
    put("m/b one.sql", "-- depends: d nothing\nSELECT 1;\n");
    put("m/c.sql", "-- depends: c dd\nSELECT 1;\n");
    put("m/d.sql", "SELECT 1;\n");
    ck_assert_str_eq(listed("yoyo", "m"), "c=c,d=d,b one=b one,a=a");
}
END_TEST

START_TEST(a_doctrine_migration_is_known_by_its_full_name)
{
    put("m/Version2.php", "<?php\n\ndeclare(strict_types=1);\n\nnamespace Blog\\Migrations;\n");
    put("m/Version1.php", "<?php\nfinal class Version1 {}");
    put("m/2026/Version3.php", "<?php namespace Blog\\Migrations { class Version3 {} }");
    put("m/Helper.php", "<?php");
    ck_assert_str_eq(listed("doctrine", "m"), "Version2=Blog\\Migrations\\Version2,Version3=Blog\\Migrations\\Version3,"
                                              "Version1=Version1");
}
END_TEST

START_TEST(numbers_are_compared_and_recorded_as_numbers)
{
    put("m/010_c.rb", "");
    put("m/9_b.rb", "");
    put("m/sub/0001_a.rb", "");
    put("m/no_number.rb", "");
    put("m/5.rb", "");
    put("m/9999999999999999999_big.rb", "");
    ck_assert_str_eq(listed("rails", "m"),
                     "0001_a=1,9_b=9,010_c=10,9999999999999999999_big=9999999999999999999"); /* its column is text */
    put("m/9999999999999999999_big.exs", "");
    ck_assert_str_eq(listed("ecto", "m"), "");
    ck_assert_uint_eq(list("ecto", "m").warning_count, 1);
}
END_TEST

START_TEST(a_phinx_migration_is_recorded_with_the_name_of_its_class)
{
    const struct ledger ledger = {.schema = "public", .table = "phinxlog"};
    put("m/20260105100000_create_users.php", "");
    put("m/20260106100000.php", "");
    put("m/helper.php", "");
    ck_assert_str_eq(listed("phinx", "m"), "20260105100000_create_users=20260105100000,20260106100000=20260106100000");
    const struct migration_files files = list("phinx", "m");
    static const char *const classes[] = {"'CreateUsers'", "'V20260106100000'"};
    for (size_t i = 0; i < files.count; i++) {
        struct buffer sql = {.arena = arena};
        ledger_put(&sql, framework_of("phinx"), LEDGER_RECORD, &ledger,
                   &(struct ledger_record){.key = files.items[i].key, .file = &files.items[i]});
        ck_assert_ptr_nonnull(strstr(buffer_string(&sql), classes[i]));
    }
}
END_TEST

#define EF_MODEL                                                                                                       \
    "[DbContext(typeof(Blog))]\n[Migration(\"20260105100000_CreateUsers\")]\npartial class CreateUsers {}\n"

START_TEST(ef_core_has_two_files_for_each_migration)
{
    put("m/20260105100000_CreateUsers.cs", "");
    put("m/20260105100000_CreateUsers.Designer.cs", EF_MODEL "b.HasAnnotation(\"ProductVersion\", \"8.0.4\")");
    put("m/BlogContextModelSnapshot.cs", "");
    ck_assert_str_eq(listed("efcore", "m"), "20260105100000_CreateUsers=20260105100000_CreateUsers");
}
END_TEST

static const char *efcore_row(void)
{
    const struct folder folder = folder_at("efcore", "m");
    const struct migration_files files = list("efcore", "m");
    const struct ledger ledger = {.schema = "public", .table = "__EFMigrationsHistory"};
    struct buffer sql = {.arena = arena};
    ledger_put(&sql, framework_of("efcore"), LEDGER_RECORD, &ledger,
               &(struct ledger_record){.name = files.items[0].name, .folder = &folder, .file = &files.items[0]});
    return buffer_string(&sql);
}

START_TEST(the_version_of_ef_core_is_that_of_the_project)
{
    put("m/20260105100000_A.cs", "[DbContext(typeof(Blog))]\n[Migration(\"20260105100000_A\")]");
    ck_assert_ptr_nonnull(strstr(efcore_row(), "coalesce(NULL, (SELECT"));
    put("m/20260105100000_A.Designer.cs", "modelBuilder.HasAnnotation(\"ProductVersion\", \"8.0.4\");");
    ck_assert_ptr_nonnull(strstr(efcore_row(), "coalesce('8.0.4', "));
    put("Blog.csproj", "<PackageReference Include=\"Npgsql\" Version=\"1.0\" />"
                       "<PackageReference Include=\"Microsoft.EntityFrameworkCore.Design\" Version=\"9.0.1\" />");
    ck_assert_ptr_nonnull(strstr(efcore_row(), "coalesce('9.0.1', "));
}
END_TEST

START_TEST(a_directus_migration_is_known_by_what_stands_before_the_dash)
{
    put("m/20201202A-my-custom-migration.js", "");
    put("m/nodash.js", "");
    ck_assert_str_eq(listed("directus", "m"), "20201202A-my-custom-migration=20201202A");
}
END_TEST

/* ---- SQL ---- */

START_TEST(the_locks_of_kysely_and_rails_are_known)
{
    const struct ledger ledger = {.schema = "public", .table = "x"};
    int64_t keys[MOST_ADVISORY_KEYS];
    ck_assert_uint_eq(framework_advisory_locks(framework_of("kysely"), &ledger, "blog", keys), 1);
    ck_assert_int_eq(keys[0], INT64_C(3853314791062309107));
    ck_assert_uint_eq(framework_advisory_locks(framework_of("rails"), &ledger, "blog", keys), 1);
    ck_assert_int_eq(keys[0], INT64_C(2053462845) * 3222622531); /* zlib.crc32(b"blog") */
}
END_TEST

START_TEST(typeorm_calls_its_key_after_a_hash_of_the_table)
{
    const struct ledger ledger = {.schema = "public", .table = "migrations"};
    struct buffer sql = {.arena = arena};
    ledger_put(&sql, framework_of("typeorm"), LEDGER_CREATE, &ledger, NULL);
    ck_assert_ptr_nonnull(strstr(buffer_string(&sql), "\"PK_8c82d7f526340ab734260ea46be\""));
}
END_TEST

START_TEST(a_table_name_with_quotes_stays_a_name)
{
    const struct ledger ledger = {.schema = "a\"b", .table = "c'd$x$"};
    struct buffer sql = {.arena = arena};
    ledger_put(&sql, framework_of("knex"), LEDGER_LOCK, &ledger, NULL);
    /* The guard stands in the block: what it looks at is what is written. */
    const char *const whole = buffer_string(&sql);
    static const char begin[] =
        "DO 'BEGIN IF pg_catalog.to_regclass(''\"a\"\"b\".\"c''''d$x$_lock\"'') IS NOT NULL THEN DO ''";
    ck_assert_msg(strncmp(whole, begin, strlen(begin)) == 0, "%s", whole);
    const char *const guard_end = strstr(whole, "END IF; END'';");
    ck_assert_ptr_nonnull(guard_end);
    ck_assert_str_eq(
        guard_end + strlen("END IF; END'';"),
        "UPDATE \"a\"\"b\".\"c''d$x$_lock\" SET is_locked = 1 WHERE is_locked OPERATOR(pg_catalog.=) 0; "
        "IF NOT FOUND AND EXISTS (SELECT FROM \"a\"\"b\".\"c''d$x$_lock\" WHERE is_locked OPERATOR(pg_catalog.<>) 0) "
        "THEN RAISE EXCEPTION USING ERRCODE = ''55P03'', MESSAGE = pg_catalog.format(''Knex.js is migrating, or a run "
        "of "
        "it died: is_locked is 1 in %s. If no run is going on, free it by \"knex migrate:unlock\".'', "
        "''c''''d$x$_lock''); END IF; END IF; END';");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("framework_code");
    TCase *const tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, programs_in_one_place_are_told_apart_by_what_they_use);
    tcase_add_test(tests, a_folder_is_found_where_the_configuration_says);
    tcase_add_test(tests, typeorm_is_started_with_the_data_source_that_was_found);
    tcase_add_test(tests, typeorm_may_list_its_classes);
    tcase_add_test(tests, typeorm_takes_the_ending_of_its_glob_where_both_are_there);
    tcase_add_test(tests, sequelizerc_says_where_the_migrations_are);
    tcase_add_test(tests, sequelize_cli_finds_its_folder_however_its_options_are_written);
    tcase_add_test(tests, a_constant_that_is_set_twice_or_computed_is_not_read);
    tcase_add_test(tests, migrations_of_sequelize_cli_may_name_their_arguments_as_they_like);
    tcase_add_test(tests, mikro_orm_has_its_sources_where_pathts_says);
    tcase_add_test(tests, kysely_may_be_told_to_run_late_ones);
    tcase_add_test(tests, strapi_is_known_by_its_dependency_alone);
    tcase_add_test(tests, frameworks_of_php_are_told_apart_by_what_they_use);
    tcase_add_test(tests, rails_ecto_and_ef_core_are_known_by_their_files);
    tcase_add_test(tests, symfony_has_its_own_console);
    tcase_add_test(tests, settings_of_phinx_laravel_and_ecto_name_the_ledger);
    tcase_add_test(tests, columns_of_doctrine_with_other_names_are_a_question);
    tcase_add_test(tests, directus_has_its_folder_where_the_environment_says);
    tcase_add_test(tests, knex_loads_the_endings_that_are_configured);
    tcase_add_test(tests, some_keep_the_ending_and_some_do_not);
    tcase_add_test(tests, all_are_programs_but_the_sql_files_of_strapi);
    tcase_add_test(tests, a_typeorm_migration_is_called_like_its_class);
    tcase_add_test(tests, apps_of_django_have_their_migrations_where_the_settings_say);
    tcase_add_test(tests, django_reads_each_module_of_a_package_whatever_its_name_is);
    tcase_add_test(tests, a_section_of_alembic_has_a_table_of_its_own);
    tcase_add_test(tests, several_databases_of_alembic_may_be_named_on_several_lines);
    tcase_add_test(tests, migrations_in_go_are_known_by_their_ids);
    tcase_add_test(tests, migrations_in_go_have_the_order_of_the_programs_list);
    tcase_add_test(tests, an_order_of_go_that_cannot_be_read_is_told);
    tcase_add_test(tests, an_order_of_go_in_lists_without_an_end_is_told_in_little_time);
    tcase_add_test(tests, dbup_has_the_names_of_resources);
    tcase_add_test(tests, evolve_compares_versions_as_numbers);
    tcase_add_test(tests, an_alembic_file_without_a_readable_revision_counts);
    tcase_add_test(tests, a_computed_revision_of_alembic_is_not_taken_for_its_first_string);
    tcase_add_test(tests, an_alembic_merge_may_say_its_parents_on_several_lines);
    tcase_add_test(tests, what_a_yoyo_migration_depends_on_comes_first_also_a_name_with_blanks);
    tcase_add_test(tests, a_doctrine_migration_is_known_by_its_full_name);
    tcase_add_test(tests, numbers_are_compared_and_recorded_as_numbers);
    tcase_add_test(tests, a_phinx_migration_is_recorded_with_the_name_of_its_class);
    tcase_add_test(tests, ef_core_has_two_files_for_each_migration);
    tcase_add_test(tests, the_version_of_ef_core_is_that_of_the_project);
    tcase_add_test(tests, a_directus_migration_is_known_by_what_stands_before_the_dash);
    tcase_add_test(tests, the_locks_of_kysely_and_rails_are_known);
    tcase_add_test(tests, typeorm_calls_its_key_after_a_hash_of_the_table);
    tcase_add_test(tests, a_table_name_with_quotes_stays_a_name);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
