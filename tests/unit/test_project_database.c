/*
 * Which database a project names, in the words of each framework.
 */
#include "base/clock.h"
#include "base/dotenv.h"
#include "migration/look/project_database.h"
#include "support/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct arena *arena;
static char root[64];
static struct named_databases found;

static void set_up(void)
{
    arena = arena_new(0);
    snprintf(root, sizeof root, "/tmp/truss-named-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    unsetenv("DATABASE_URL");
}

static void tear_down(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", root);
    ck_assert_int_eq(system(command), 0);
    arena_free(arena);
}

static void write_file(const char *name, const char *content)
{
    char *const path = arena_printf(arena, "%s/%s", root, name);
    for (char *slash = strchr(path + strlen(root) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *const file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(content, file);
    fclose(file);
}

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

static const struct {
    const char *framework;
    const char *file;
    const char *content;
    const char *named;
} files[] = {
    {"prisma", "prisma/schema.prisma",
     "datasource db {\n  provider = \"postgresql\"\n  url = \"postgresql://u:p@h:6/app?schema=x&odd=1\"\n}\n",
     "h:6/app (prisma/schema.prisma, line 3)"},
    {"prisma", "prisma/schema/base.prisma", "datasource db {\n url=\"postgres://h/app\"\n}",
     "h:5432/app (prisma/schema/base.prisma, line 2)"},
    {"knex", "knexfile.js",
     "module.exports = { client: 'mysql2', connection: { host: process.env.H, database: 'app' } };",
     "MySQL (knexfile.js, line 1)"},
    {"knex", "knexfile.js", "module.exports = { client: 'better-sqlite3', connection: { filename: './x.db' } };",
     "SQLite (knexfile.js, line 1)"},
    {"knex", "knexfile.js",
     "module.exports = {\n development: { client: 'sqlite3' },\n production: { client: 'pg', connection: u } };", ""},
    {"knex", "knexfile.js", "module.exports = { client: process.env.DB_CLIENT || 'sqlite3', connection: u };", ""},
    {"typeorm", "src/data-source.ts",
     "export default new DataSource({\n  type: 'mysql',\n  host: 'h',\n  database: 'app',\n});\n",
     "MySQL (src/data-source.ts, line 2)"},
    {"knex", "knexfile.js", "module.exports = { client: 'mysql2', connection: 'postgres://h/app' };",
     "MySQL (knexfile.js, line 1)"},
    {"typeorm", "src/data-source.ts",
     "export default new DataSource({\n  type: 'mysql',\n  url: 'postgres://h/app',\n  logger: { name: 'x' },\n});\n",
     "MySQL (src/data-source.ts, line 2)"},
    {"prisma", "prisma/schema.prisma",
     "generator client {\n  provider = \"prisma-client-js\"\n}\ndatasource db {\n  provider = \"mysql\"\n  url = "
     "env(\"X\")\n}\n",
     "MySQL (prisma/schema.prisma, line 5)"},
    {"rails", ".env", "DATABASE_URL=mysql2://h/app\n", "MySQL (.env, by DATABASE_URL)"},
    {"django", ".env", "DATABASE_URL=mysql://h/app\n", "MySQL (.env, by DATABASE_URL)"},
    {"typeorm", ".env", "DATABASE_URL=mysql://h/app\n", "MySQL (.env, by DATABASE_URL)"},
    {"alembic", "env.py", "url = os.environ.get('DATABASE_URL', 'sqlite:///x.db')\n", ""},
    {"flyway", "flyway.conf", "flyway.url=jdbc:mysql://h/app\n", "MySQL (flyway.conf, line 1)"},
    {"liquibase", "liquibase.properties", "url=jdbc:oracle:thin:@//h:1521/app\n",
     "Oracle (liquibase.properties, line 1)"},
    {"atlas", "atlas.hcl", "env \"local\" {\n  url = \"mysql://root@h:3306/app\"\n}\n", "MySQL (atlas.hcl, line 2)"},
    {"goose", ".env", "GOOSE_DRIVER=sqlite3\nGOOSE_DBSTRING=./app.db\n", "SQLite (.env, by GOOSE_DRIVER)"},
    {"laravel", ".env", "DB_CONNECTION=mysql\nDB_HOST=h\nDB_DATABASE=app\n", "MySQL (.env, by DB_CONNECTION)"},
    {"rails", "config/database.yml", "development:\n  adapter: sqlite3\n  database: db/dev.sqlite3\n", ""},
    {"sequelize", "config/config.json",
     "{\"development\": {\"dialect\": \"mysql\"}, \"production\": {\"dialect\": \"mysql\"}}",
     "MySQL (config/config.json, line 1)"},
    {"prisma", "prisma/schema.prisma", "// url = \"postgresql://h/commented\"\nmodel A { id Int @id }\n", ""},
    {"prisma", "prisma.config.ts", "export default defineConfig({ datasource: { url: 'postgres://h/app' } })",
     "h:5432/app (prisma.config.ts, line 1)"},
    {"alembic", "alembic.ini",
     "[alembic]\nscript_location = alembic\nsqlalchemy.url = postgresql+psycopg2://postgres@127.0.0.1:7/alemA\n",
     "127.0.0.1:7/alemA (alembic.ini, line 3)"},
    {"alembic", "alembic.ini", "[alembic]\nsqlalchemy.url = driver://user:pass@localhost/dbname\n", ""},
    {"alembic", "alembic.ini", "sqlalchemy.url = postgresql://%(DB_USER)s@h/%(DB)s\n", ""},
    {"flyway", "flyway.conf", "# flyway.url=jdbc:postgresql://h/commented\nflyway.url=jdbc:postgresql://h:8/app\n",
     "h:8/app (flyway.conf, line 2)"},
    {"flyway", "flyway.toml", "[environments.default]\nurl = \"jdbc:postgresql://h/app?currentSchema=x\"\n",
     "h:5432/app (flyway.toml, line 2)"},
    {"flyway", "src/main/resources/application.yml", "spring:\n  datasource:\n    url: jdbc:postgresql://h:5432/app\n",
     "h:5432/app (src/main/resources/application.yml, line 3)"},
    {"flyway", "src/main/resources/application.properties",
     "spring.datasource.url=${DB_URL_NOT_SET:jdbc:postgresql://h/app}\n",
     "h:5432/app (src/main/resources/application.properties, line 1)"},
    {"liquibase", "liquibase.properties", "url: jdbc:postgresql://h/app\n",
     "h:5432/app (liquibase.properties, line 1)"},
    {"knex", "knexfile.js", "module.exports = { client: 'pg', connection: 'postgres://u:p@h/app' };",
     "h:5432/app (knexfile.js, line 1)"},
    {"knex", "knexfile.js",
     "module.exports = {\n development: { client: 'pg', connection: { host: 'h', port: 7, database: 'app' } } };",
     "h:7/app (knexfile.js, line 2)"},
    {"knex", "knexfile.ts",
     "const c = {\n  client: 'pg',\n  connection: {\n    host: process.env.H,\n    database: 'app',\n  },\n};\n",
     "app (knexfile.ts, line 5)"},
    {"knex", "knexfile.js", "module.exports = { connection: { host: 'h', database: process.env.DB_NOT_SET } };", ""},
    {"knex", "knexfile.js", "module.exports = { connection: { host: 'h', database: nameOf(process.env.DB_NOT_SET) } };",
     ""},
    {"knex", "knexfile.js",
     "module.exports = { connection: { host: process.env['H_NOT_SET'] || 'h', port: parseInt(process.env.P || '7', 10),"
     "\n database: process.env.DB_NOT_SET ?? 'app' } };",
     "h:7/app (knexfile.js, line 2, by DB_NOT_SET)"},
    {"doctrine", "migrations-db.php", "<?php return ['host' => 'h', 'dbname' => getenv('DB_NOT_SET') ?: 'x'];", ""},
    {"knex", "db/knexfile.js", "module.exports = { client: 'pg', connection: 'postgres://h/app' };",
     "h:5432/app (db/knexfile.js, line 1)"},
    {"typeorm", "src/database/data-source.ts",
     "export default new DataSource({\n  type: 'postgres',\n  url: 'postgres://h/app',\n})",
     "h:5432/app (src/database/data-source.ts, line 3)"},
    {"kysely", ".config/kysely.config.js", "export default { dialectConfig: { connectionString: 'postgres://h/app' } }",
     "h:5432/app (.config/kysely.config.js, line 1)"},
    {"knex", "knexfile.js", "module.exports = { client: 'sqlite3', connection: { filename: './dev.sqlite3' } }",
     "SQLite (knexfile.js, line 1)"},
    {"typeorm", "src/data-source.ts",
     "export const AppDataSource = new DataSource({\n  type: \"postgres\",\n  host: \"localhost\",\n  port: 5432,\n"
     "  username: \"test\",\n  database: \"test\",\n  synchronize: true,\n})\n",
     "localhost:5432/test (src/data-source.ts, line 6)"},
    {"sequelize", "config/config.json",
     "{\n \"development\": {\n  \"username\": \"root\",\n  \"database\": \"dev\",\n  \"host\": \"127.0.0.1\",\n"
     "  \"dialect\": \"postgres\"\n },\n \"test\": { \"database\": \"t\", \"host\": \"h\", \"dialect\": \"mysql\" }\n}",
     "127.0.0.1/dev (config/config.json, line 5)"},
    {"rails", "config/database.yml",
     "default: &default\n  adapter: postgresql\ndevelopment:\n  <<: *default\n  database: app_development\n"
     "production:\n  <<: *default\n  host: h\n  database: app_production\n  password: <%= ENV[\"X\"] %>\n",
     "app_development (config/database.yml, line 5); h/app_production (config/database.yml, line 9)"},
    {"rails", "config/database.yml", "production:\n  database: <%= ENV[\"DB\"] %>\n", ""},
    {"drizzle", "drizzle.config.ts", "export default { dbCredentials: { url: \"postgres://h/app\" } }",
     "h:5432/app (drizzle.config.ts, line 1)"},
    {"sql-migrate", "dbconfig.yml",
     "development:\n  dialect: postgres\n  datasource: dbname=app host=h sslmode=disable\n",
     "h:5432/app (dbconfig.yml, line 3)"},
    {"yoyo", "yoyo.ini", "[DEFAULT]\nsources = migrations\ndatabase = postgresql://u@h/app\n",
     "h:5432/app (yoyo.ini, line 3)"},
    {"rambler", "rambler.hjson", "{\n  driver: postgresql\n  host: h\n  port: 5433\n  database: app\n}\n",
     "h:5433/app (rambler.hjson, line 5)"},
    {"refinery", "refinery.toml",
     "[main]\ndb_type = \"Postgres\"\ndb_host = \"h\"\ndb_port = \"5432\"\ndb_name = \"app\"\n",
     "h:5432/app (refinery.toml, line 5)"},
    {"tern", "tern.conf", "[database]\nhost = h\nport = 5432\ndatabase = app\nuser = {{env \"U\"}}\n",
     "h:5432/app (tern.conf, line 4)"},
    {"tern", "tern.conf", "[database]\nhost = h\ndatabase = {{env \"DB\"}}\n", ""},
    {"efcore", "appsettings.json",
     "{ \"ConnectionStrings\": { \"DefaultConnection\": \"Host=h;Port=5432;Database=app;Username=u\" } }",
     "h:5432/app (appsettings.json, line 1)"},
    {"ecto", "config/dev.exs",
     "config :app, App.Repo,\n  hostname: \"h\",\n  database: \"app_dev\",\n  pool_size: 10\n",
     "h/app_dev (config/dev.exs, line 3)"},
    {"graphile-migrate", ".gmrc",
     "{\n // \"connectionString\": \"postgres://h/commented\",\n \"connectionString\": \"postgres://h/app\"\n}",
     "h:5432/app (.gmrc, line 3)"},
    {"goose", ".env", "GOOSE_DRIVER=postgres\nGOOSE_DBSTRING=\"host=h dbname=app\"\n",
     "h:5432/app (.env, by GOOSE_DBSTRING)"},
    {"dbmate", ".env", "DATABASE_URL=postgres://h/app?sslmode=disable\n", "h:5432/app (.env, by DATABASE_URL)"},
    {"golang-migrate", ".env", "DATABASE_URL=postgres://h/app\n", "h:5432/app (.env, by DATABASE_URL)"},
    {"laravel", ".env", "DB_CONNECTION=pgsql\nDB_HOST=h\nDB_PORT=5432\nDB_DATABASE=app\n",
     "h:5432/app (.env, by DB_DATABASE)"},
    {"laravel", ".env", "DB_CONNECTION=sqlite\nDB_DATABASE=app\n", "SQLite (.env, by DB_CONNECTION)"},
    {"dbmate", ".env", "DATABASE_URL=mysql://h/app\n", "MySQL (.env, by DATABASE_URL)"},
    {"flyway", "pom.xml",
     "<project>\n<properties><flyway.url>jdbc:postgresql://h:8/app</flyway.url></properties>\n"
     "<url>jdbc:postgresql://h/not-this</url>\n</project>\n",
     "h:8/app (pom.xml, line 2)"},
    {"flyway", "pom.xml",
     "<plugin><artifactId>jooq-codegen-maven</artifactId><url>jdbc:postgresql://h/jooq</url></plugin>\n"
     "<plugin>\n<artifactId>flyway-maven-plugin</artifactId>\n<configuration>\n"
     "<!-- <url>jdbc:postgresql://h/commented</url> -->\n<url>jdbc:postgresql://h/app</url>\n</plugin>\n"
     "<plugin><url>jdbc:postgresql://h/behind</url></plugin>\n",
     "h:5432/app (pom.xml, line 6)"},
    {"liquibase", "pom.xml",
     "<plugin>\n<artifactId>liquibase-maven-plugin</artifactId>\n<url>jdbc:postgresql://h/app</url>\n</plugin>\n",
     "h:5432/app (pom.xml, line 3)"},
    {"flyway", "build.gradle",
     "jooq {\n  url = 'jdbc:postgresql://h/jooq'\n}\nflyway {\n  url = 'jdbc:postgresql://h/app'\n}\n"
     "test {\n  url = 'jdbc:postgresql://h/test'\n}\n",
     "h:5432/app (build.gradle, line 5)"},
    {"flyway", "build.gradle.kts", "flyway {\n  url = System.getenv(\"NOT_SET\")\n}\n", ""},
    {"flyway", "build.gradle",
     "flyway { locations = ['a'] } // isn't }\njooq {\n  url = 'jdbc:postgresql://h/jooq'\n}\n", ""},
    {"knex", "knexfile.js",
     "const c = require('./c');\nmodule.exports = { client: 'pg', connection: { host: c.host, database: c.name } };",
     ""},
    {"typeorm", "src/data-source.ts",
     "export default new DataSource({\n  type: 'postgres',\n  host: config.host,\n  database: database,\n});\n", ""},
};

START_TEST(what_a_file_names_is_read)
{
    write_file(files[_i].file, files[_i].content);
    ck_assert_str_eq(named(files[_i].framework), files[_i].named);
}
END_TEST

START_TEST(the_parts_of_an_address_may_be_variables)
{
    write_file(".env", "DB_HOST=h\nDB_PORT=7\nDB_NAME=app\nDB_OTHER=other\n");
    write_file("drizzle.config.ts", "export default defineConfig({ dialect: 'postgresql', dbCredentials: {\n"
                                    "  host: process.env.DB_HOST!,\n  port: Number(process.env.DB_PORT),\n"
                                    "  database: process.env.DB_NAME as string,\n} });\n");
    ck_assert_str_eq(named("drizzle"), "h:7/app (drizzle.config.ts, line 4, by DB_NAME)");
    /* What is done with a variable is not known. */
    write_file("drizzle.config.ts", "export default { dbCredentials: { database: process.env.DB_NAME + '_x' } };\n");
    ck_assert_str_eq(named("drizzle"), "");
    write_file("drizzle.config.ts", "export default { dbCredentials: { database: process.env.DB_NAME!.trim() } };\n");
    ck_assert_str_eq(named("drizzle"), "");
    write_file("drizzle.config.ts", "export default { dbCredentials: { database: `${process.env.DB_NAME}` } };\n");
    ck_assert_str_eq(named("drizzle"), "");
    write_file("drizzle.config.ts", "export default { dbCredentials: { database: process.env.DB_OTHER || 'x' } };\n");
    ck_assert_str_eq(named("drizzle"), "other (drizzle.config.ts, line 1, by DB_OTHER)");
}
END_TEST

START_TEST(the_settings_that_manage_py_names_are_read)
{
    static const char *const cases[][2] = {
        {"'HOST': 'h', 'NAME': 'app',", "h/app (site/conf/local.py, line 6)"},
        {"'NAME': \"app\",\n'PORT': 5433, 'HOST': 'h',", "h:5433/app (site/conf/local.py, line 7)"},
        {"'NAME': os.environ.get('DB_NAME', 'app'), 'HOST': 'h',", ""},
        {"'NAME': env('DB_NAME'),", ""},
        {"'NAME': BASE_DIR / 'db.sqlite3',", ""},
    };
    write_file("manage.py", "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', \"site.conf.local\")\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file("site/conf/local.py",
                   arena_printf(arena,
                                "TEMPLATES = [{\n'NAME': 'not-this',\n}]\nDATABASES = {\n'default': {\n%s\n}\n}\n"
                                "CACHES = {\n'x': {'NAME': 'nor-this', 'HOST': 'c'}\n}\n",
                                cases[i][0]));
        ck_assert_str_eq(named("django"), cases[i][1]);
    }
    write_file("site/conf/local.py",
               "DATABASES = {'default': dj_database_url.config(default=url)}  # isn't a {\n\nVALIDATORS = [\n    {\n"
               "        'NAME': 'a.b.Validator',\n    },\n]\nX = {\n}\n");
    ck_assert_str_eq(named("django"), "");
}
END_TEST

/* A file that refers to a variable, and the variable in .env. */
/* What the configuration itself loads counts, in dotenv's order: what is set already stays. */
static const struct {
    const char *config;
    const char *named;
} loads[] = {
    {"url: process.env.DATABASE_URL", "h:5432/plain (drizzle.config.ts, line 2, by DATABASE_URL)"},
    {"import 'dotenv/config'", "h:5432/plain (drizzle.config.ts, line 2, by DATABASE_URL)"},
    {"config({ path: '.env.local' })", "h:5432/local (drizzle.config.ts, line 2, by DATABASE_URL)"},
    {"config({ path: \"./.env.local\" })", "h:5432/local (drizzle.config.ts, line 2, by DATABASE_URL)"},
    {"import 'dotenv/config'; config({ path: '.env.local' })",
     "h:5432/plain (drizzle.config.ts, line 2, by DATABASE_URL)"},
    {"config({ path: ['.env.development.local', '.env.production'] })",
     "h:5432/live (drizzle.config.ts, line 2, by DATABASE_URL)"},
    {"loadEnvConfig(process.cwd())", "h:5432/local (drizzle.config.ts, line 2, by DATABASE_URL)"},
};

START_TEST(the_dotenv_that_a_configuration_loads_counts)
{
    write_file(".env", "DATABASE_URL=postgres://h/plain\n");
    write_file(".env.local", "DATABASE_URL=postgres://h/local\n");
    write_file(".env.production", "DATABASE_URL=postgres://h/live\n");
    write_file("drizzle.config.ts",
               arena_printf(arena, "%s\nexport default { url: process.env.DATABASE_URL }\n", loads[_i].config));
    ck_assert_str_eq(named("drizzle"), _i == 0 ? "h:5432/plain (drizzle.config.ts, line 1, by DATABASE_URL); "
                                                 "h:5432/plain (drizzle.config.ts, line 2, by DATABASE_URL)"
                                               : loads[_i].named);
}
END_TEST

START_TEST(a_dotenv_of_another_environment_is_told)
{
    struct status status = {.arena = arena};
    struct conninfo conninfo;
    ck_assert(conninfo_parse(arena, "postgres://h/plain", &conninfo, &status));
    write_file(".env", "DATABASE_URL=postgres://h/plain\n");
    ck_assert_str_eq(named("prisma"), "h:5432/plain (.env, by DATABASE_URL)");
    ck_assert_ptr_null(project_database_aside(arena, root, "", &found, &conninfo));
    write_file(".env.development.local", "DATABASE_URL=postgresql://h:5432/plain?sslmode=disable\n");
    ck_assert_ptr_null(project_database_aside(arena, root, "", &found, &conninfo));
    write_file(".env.local", "export DATABASE_URL=\"postgres://h/other\"\n");
    const char *const said = project_database_aside(arena, root, "", &found, &conninfo);
    ck_assert_ptr_nonnull(said);
    ck_assert_ptr_nonnull(strstr(said, "h:5432/other (.env.local, by DATABASE_URL)"));
}
END_TEST

static const struct {
    const char *framework;
    const char *file;
    const char *content;
    const char *named;
} references[] = {
    {"prisma", "prisma/schema.prisma", "datasource db {\n  url = env(\"APP_DB\")\n}\n",
     "h:5432/app (prisma/schema.prisma, line 2, by APP_DB)"},
    {"prisma", "prisma.config.ts", "datasource: { url: env('APP_DB') }",
     "h:5432/app (prisma.config.ts, line 1, by APP_DB)"},
    {"knex", "knexfile.js", "connection: process.env.APP_DB || 'postgres://localhost/dev'",
     "h:5432/app (knexfile.js, line 1, by APP_DB)"},
    {"knex", "knexfile.js", "connection: process.env[\"APP_DB\"]", "h:5432/app (knexfile.js, line 1, by APP_DB)"},
    {"knex", "knexfile.js", "connection: process.env.NOT_SET || 'postgres://localhost/dev'",
     "localhost:5432/dev (knexfile.js, line 1)"},
    {"sequelize", "config/config.json", "{\"production\": {\"use_env_variable\": \"APP_DB\"}}",
     "h:5432/app (config/config.json, line 1, by APP_DB)"},
    {"db-migrate", "database.json", "{ \"dev\": { \"ENV\": \"APP_DB\" } }",
     "h:5432/app (database.json, line 1, by APP_DB)"},
    {"rails", "config/database.yml", "production:\n  url: <%= ENV[\"APP_DB\"] %>\n",
     "h:5432/app (config/database.yml, line 2, by APP_DB)"},
    {"ecto", "config/runtime.exs", "config :app, App.Repo, url: System.get_env(\"APP_DB\")",
     "h:5432/app (config/runtime.exs, line 1, by APP_DB)"},
    {"sql-migrate", "dbconfig.yml", "production:\n  datasource: ${APP_DB}\n",
     "h:5432/app (dbconfig.yml, line 2, by APP_DB)"},
    {"atlas", "atlas.hcl", "env \"local\" {\n  url = getenv(\"APP_DB\")\n}",
     "h:5432/app (atlas.hcl, line 2, by APP_DB)"},
    {"alembic", "alembic/env.py", "url = os.environ[\"APP_DB\"]\n", "h:5432/app (alembic/env.py, line 1, by APP_DB)"},
    {"flyway", "flyway.conf", "flyway.url=${APP_DB}\n", "h:5432/app (flyway.conf, line 1, by APP_DB)"},
};

START_TEST(a_variable_is_looked_up_as_the_tool_would)
{
    write_file(".env", "APP_DB=postgres://h/app\nDATABASE_URL=postgres://h/other\n");
    write_file(references[_i].file, references[_i].content);
    if (strcmp(references[_i].framework, "rails") == 0) {
        write_file(".env", "APP_DB=postgres://h/app\n"); /* DATABASE_URL would count before it */
    }
    ck_assert_str_eq(named(references[_i].framework), references[_i].named);
}
END_TEST

START_TEST(the_environment_counts_before_dotenv)
{
    write_file(".env", "DATABASE_URL=postgres://h/file\n");
    setenv("DATABASE_URL", "postgres://h/environment", 1);
    ck_assert_str_eq(named("dbmate"), "h:5432/environment (the environment, by DATABASE_URL)");
    write_file("config/database.yml", "production:\n  database: app_production\n");
    ck_assert_str_eq(named("rails"), "h:5432/environment (the environment, by DATABASE_URL)");
    unsetenv("DATABASE_URL");
}
END_TEST

START_TEST(an_alembic_that_asks_the_environment_is_not_held_to_its_ini)
{
    write_file("alembic.ini", "[alembic]\nsqlalchemy.url = postgresql://h/ini\n");
    write_file("alembic/env.py", "url = os.environ.get(\"NOT_SET\")\n");
    ck_assert_str_eq(named("alembic"), "");
}
END_TEST

START_TEST(one_that_is_the_workers_is_enough)
{
    struct status status = {.arena = arena};
    struct conninfo conninfo;
    write_file("config/database.yml", "development:\n  database: dev\nproduction:\n  host: h\n  database: app\n");
    project_databases(arena, root, "", "rails", &found);
    ck_assert(conninfo_parse(arena, "postgres://h:7/app", &conninfo, &status));
    ck_assert_ptr_null(project_database_other(&found, &conninfo));
    ck_assert(conninfo_parse(arena, "postgres://elsewhere/app", &conninfo, &status));
    ck_assert_str_eq(named_database_text(arena, project_database_other(&found, &conninfo)),
                     "dev (config/database.yml, line 2)");
    ck_assert(conninfo_parse(arena, "postgres://elsewhere/dev", &conninfo, &status));
    ck_assert_ptr_null(project_database_other(&found, &conninfo));
    found.count = 0;
    ck_assert_ptr_null(project_database_other(&found, &conninfo));
}
END_TEST

START_TEST(a_hostile_file_names_few_and_takes_no_time)
{
    struct buffer text = {.arena = arena};
    for (int i = 0; i < 30000; i++) {
        buffer_printf(&text, "postgres://h/d%d ${a ", i);
    }
    const clock_t start = clock();
    write_file("knexfile.js", buffer_string(&text));
    named("knex");
    ck_assert_uint_le(found.count, 64);
    ck_assert_int_lt((clock() - start) / CLOCKS_PER_SEC, 10); /* of the processor, whatever else runs */
}
END_TEST

/* Brackets of which each could begin a setting; and more variables than are looked for, each in a long .env. It took
 * twelve seconds, and a minute with some gigabytes. */
START_TEST(brackets_and_variables_without_end_take_no_time)
{
    struct buffer config = {.arena = arena};
    struct buffer dotenv = {.arena = arena};
    for (int i = 0; i < 100000; i++) {
        buffer_puts(&config, i < 50000 ? "url:(" : "url:a(");
    }
    for (int i = 0; i < 20000; i++) {
        buffer_puts(&dotenv, "A=1\n");
        buffer_printf(&config, "url: process.env.D%d, ", i);
    }
    write_file("prisma.config.ts", buffer_string(&config));
    write_file(".env", buffer_string(&dotenv));
    const clock_t start = clock();
    ck_assert_str_eq(named("prisma"), "");
    ck_assert_int_lt((clock() - start) / CLOCKS_PER_SEC, 5);
}
END_TEST

START_TEST(the_pooler_of_the_application_is_no_other_database)
{
    struct status status = {.arena = arena};
    struct conninfo conninfo;
    ck_assert(conninfo_parse(arena, "postgres://h/app", &conninfo, &status));
    write_file(".env", "DATABASE_URL=postgres://pooler:6543/app\nDIRECT_URL=postgres://h/app\n");
    write_file("prisma/schema.prisma",
               "datasource db {\n url = env(\"DATABASE_URL\")\n directUrl = env(\"DIRECT_URL\")\n}\n");
    project_databases(arena, root, "", "prisma", &found);
    ck_assert_ptr_null(project_database_other(&found, &conninfo));
    ck_assert_ptr_null(project_database_aside(arena, root, "", &found, &conninfo));
    write_file(".env.local", "DIRECT_URL=postgres://h/other\n");
    ck_assert_ptr_nonnull(project_database_aside(arena, root, "", &found, &conninfo));
    write_file(".env.local", "");
    ck_assert(conninfo_parse(arena, "postgres://pooler:6543/app", &conninfo, &status));
    ck_assert_ptr_nonnull(project_database_aside(arena, root, "", &found, &conninfo));
}
END_TEST

START_TEST(a_variable_for_migrations_that_is_the_usual_one_hides_nothing)
{
    struct status status = {.arena = arena};
    struct conninfo conninfo;
    ck_assert(conninfo_parse(arena, "postgres://h/app", &conninfo, &status));
    write_file(".env", "DATABASE_URL=postgres://h/app\n");
    write_file(".env.local", "DATABASE_URL=postgres://h/other\n");
    write_file("prisma.config.ts", "export default defineConfig({ datasource: { url: env('DATABASE_URL') } })");
    project_databases(arena, root, "", "prisma", &found);
    ck_assert_ptr_nonnull(project_database_aside(arena, root, "", &found, &conninfo));
}
END_TEST

/* The application goes through a pooler, migrations do not. */
static const struct {
    const char *file;
    const char *content;
    const char *database;
} directs[] = {
    {"prisma/schema.prisma", "datasource db {\n  url = env(\"DATABASE_URL\")\n  directUrl = env(\"DIRECT_URL\")\n}\n",
     "direct"},
    {"schema.prisma", "datasource db {\n  directUrl=env('DIRECT_URL')\n}\n", "direct"},
    {"prisma/schema.prisma",
     "datasource db {\n  url = env(\"DATABASE_URL\")\n  // directUrl = env(\"DIRECT_URL\")\n}\n", "pooled"},
    {"prisma/schema.prisma", "datasource db {\n  directUrl = env(\"NOT_SET\")\n}\n", "pooled"},
    {"prisma/schema.prisma", "datasource db {\n  directUrl = \"postgresql://h/written\"\n}\n", "pooled"},
    {"prisma.config.ts", "export default defineConfig({ datasource: { url: env('DIRECT_URL') } })", "direct"},
    {"prisma.config.ts", "datasource: {\n url: process.env.DATABASE_URL!,\n directUrl: process.env['DIRECT_URL'] }",
     "direct"},
    {"prisma.config.ts", "datasource: { shadowDatabaseUrl: env('DIRECT_URL') }", "pooled"},
    {"prisma.config.ts", "export default defineConfig({ schema: 'x', url: env('DIRECT_URL') })", "pooled"},
};

START_TEST(the_url_for_migrations_is_the_one_that_prisma_takes)
{
    const char *url;
    struct status status = {.arena = arena};
    write_file(".env", "DATABASE_URL=postgresql://h:6543/pooled\nDIRECT_URL=\"postgresql://h:5432/direct\"\n");
    write_file(directs[_i].file, directs[_i].content);
    ck_assert(dotenv_database_url(arena, root, &url, &status));
    ck_assert_str_eq(strrchr(url, '/') + 1, directs[_i].database);
    setenv("DIRECT_URL", "postgresql://h/of_the_environment", 1);
    ck_assert(dotenv_database_url(arena, root, &url, &status));
    unsetenv("DIRECT_URL");
    ck_assert_str_eq(strrchr(url, '/') + 1,
                     strcmp(directs[_i].database, "direct") == 0 ? "of_the_environment" : "pooled");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("project_database");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, the_dotenv_that_a_configuration_loads_counts, 0, sizeof loads / sizeof loads[0]);
    tcase_add_test(tests, a_dotenv_of_another_environment_is_told);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, what_a_file_names_is_read, 0, (int)(sizeof files / sizeof files[0]));
    tcase_add_test(tests, the_parts_of_an_address_may_be_variables);
    tcase_add_test(tests, the_settings_that_manage_py_names_are_read);
    tcase_add_loop_test(tests, a_variable_is_looked_up_as_the_tool_would, 0,
                        (int)(sizeof references / sizeof references[0]));
    tcase_add_test(tests, the_environment_counts_before_dotenv);
    tcase_add_test(tests, an_alembic_that_asks_the_environment_is_not_held_to_its_ini);
    tcase_add_test(tests, one_that_is_the_workers_is_enough);
    tcase_add_test(tests, a_hostile_file_names_few_and_takes_no_time);
    tcase_add_test(tests, brackets_and_variables_without_end_take_no_time);
    tcase_add_test(tests, the_pooler_of_the_application_is_no_other_database);
    tcase_add_test(tests, a_variable_for_migrations_that_is_the_usual_one_hides_nothing);
    tcase_add_loop_test(tests, the_url_for_migrations_is_the_one_that_prisma_takes, 0,
                        (int)(sizeof directs / sizeof directs[0]));
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
