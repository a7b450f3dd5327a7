/*
 * Which objects of a script exist already, asked of a real PostgreSQL.
 */
#include "base/memory.h"
#include "pg/values.h"
#include "unit/schema_scene.h"

static const char fixture[] =
    "CREATE SCHEMA app;"
    "CREATE TABLE users (id int CONSTRAINT users_pkey PRIMARY KEY, mail text, gone int);"
    "ALTER TABLE users DROP COLUMN gone;"
    "CREATE TABLE app.\"Order\" (id int, total int CONSTRAINT positive CHECK (total > 0));"
    "CREATE INDEX users_mail ON users (mail);"
    "CREATE TYPE mood AS ENUM ('good', 'it''s');"
    "CREATE TYPE pair AS (a int, b int);"
    "CREATE DOMAIN short AS text; CREATE DOMAIN code AS varchar(3) NOT NULL CHECK (value <> 'x'); "
    "CREATE TYPE span AS RANGE (subtype = int);"
    "CREATE VIEW v AS SELECT 1; CREATE MATERIALIZED VIEW m AS SELECT 1; CREATE SEQUENCE s;"
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';"
    "CREATE TRIGGER g BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f();"
    "CREATE POLICY own ON users USING (true);"
    "CREATE TABLE wide (a varchar(20), b numeric(10,2)[], c char, d serial, e float8, f timestamp(3), g mood);"
    "CREATE TABLE said (a text DEFAULT 'draft' NOT NULL, b timestamptz DEFAULT now(), c int UNIQUE, d int REFERENCES "
    "users ON DELETE CASCADE, e jsonb DEFAULT '{}', f numeric(4,1) DEFAULT 1.5, g uuid DEFAULT gen_random_uuid() "
    "PRIMARY "
    "KEY);"
    "CREATE INDEX users_lower ON users (lower(mail)) WHERE mail <> 'x';"
    "CREATE TABLE twice (a int); INSERT INTO twice VALUES (1), (1);"
    "CREATE TABLE actor (a INT);ALTER TABLE actor ADD CONSTRAINT acts FOREIGN KEY (a) REFERENCES users (id) ON UPDATE "
    "SET NULL ON DELETE CASCADE;"
    "ALTER TABLE twice ADD CONSTRAINT unchecked FOREIGN KEY (a) REFERENCES users (id) NOT VALID;"
    "CREATE VIEW w AS SELECT users.id FROM users;"
    "CREATE MATERIALIZED VIEW empty AS SELECT 1 WITH NO DATA;"
    "CREATE TRIGGER off BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f();"
    "ALTER TABLE users DISABLE TRIGGER off;"
    "CREATE TABLE a23456789b23456789c23456789d23456789e23456789f23456789g23456789xyz ();";

static void make_cluster(void)
{
    struct status failure = {.arena = arena_new(0)};
    begin_cluster();
    ck_assert(conninfo_parse(failure.arena, cluster.url, &conninfo, &failure));
    struct pg_session *const own = pg_session_open(&conninfo, NO_DEADLINE, &failure);
    ck_assert_msg(own != NULL && pg_exec(own, fixture, &failure), "%s", failure.message);
    ck_assert(!pg_exec(own, "CREATE UNIQUE INDEX CONCURRENTLY twice_a ON twice (a)", &failure));
    ck_assert(pg_exec(own,
                      "TRUNCATE twice; ALTER TABLE twice ADD CONSTRAINT checked FOREIGN KEY (a) REFERENCES users (id)",
                      &failure));
    pg_session_free(own);
    arena_free(failure.arena);
}

/* "+type name" of each that exists and "-type name" of each that does not, separated by ", ". */
static const char *found_in(const char *default_schema, const char *sql)
{
    struct buffer out = {.arena = arena};
    const struct objects_place place = {arena, session, default_schema};
    if (!schema_detect(&place, text_of(sql), &findings, &status)) {
        return arena_printf(arena, "refused: %s", status.message);
    }
    for (size_t i = 0; i < findings.count; i++) {
        buffer_printf(&out, "%s%c%s %s", i == 0 ? "" : ", ", findings.items[i].exists ? '+' : '-',
                      findings.items[i].type, findings.items[i].name);
    }
    return buffer_string(&out);
}

static const char *found(const char *sql)
{
    return found_in(NULL, sql);
}

static const struct {
    const char *sql;
    const char *found;
} kinds[] = {
    {"create table users (id int)", "+table users"},
    {"create table Posts (id int)", "-table posts"},
    {"create table \"Users\" (id int)", "-table Users"},
    {"create table app.\"Order\" (id int)", "+table app.Order"},
    {"create table \"Order\" (id int)", "-table Order"},
    {"create table v (id int)", "-table v"},
    {"create table a23456789b23456789c23456789d23456789e23456789f23456789g23456789xyz ()",
     "+table a23456789b23456789c23456789d23456789e23456789f23456789g23456789"},
    {"create index users_mail on users (mail)", "+index users_mail"},
    {"create index users_mail on app.users (mail)", "-index app.users_mail"},
    {"alter table users add mail text, add gone int", "+column users.mail, -column users.gone"},
    {"alter table app.\"Order\" add column total int", "+column app.Order.total"},
    {"alter table users add constraint users_pkey primary key (id)", "+constraint users.users_pkey"},
    {"alter table users add constraint positive check (id > 0)", "-constraint users.positive"},
    {"alter table app.\"Order\" add constraint positive check (id > 0)", "+constraint app.Order.positive"},
    {"create type mood as enum ()", "+type mood"},
    {"create type pair as (a int)", "+type pair"},
    {"create type users as (a int)", "-type users"},
    {"create type _mood as (a int)", "-type _mood"},
    {"alter type mood add value 'it''s'", "+enum value mood.it's"},
    {"alter type mood add value 'bad'", "-enum value mood.bad"},
    {"create domain short as text", "+domain short"},
    {"create domain mood as text", "-domain mood"},
    {"create view v as select 1", "+view v"},
    {"create view users as select 1", "-view users"},
    {"create materialized view m as select 1", "+materialized view m"},
    {"create sequence s", "+sequence s"},
    {"create schema app", "+schema app"},
    {"create schema other", "-schema other"},
    {"create function f() returns int as 'x'", "+function f"},
    {"create function p() returns int as 'x'", "-function p"},
    {"create procedure p() as 'x'", "+procedure p"},
    {"create trigger g after insert on users execute function f()", "+trigger users.g"},
    {"create trigger g after insert on app.\"Order\" execute function f()", "-trigger app.Order.g"},
    {"create policy own on users", "+policy users.own"},
    {"create extension plpgsql", "+extension plpgsql"},
    {"create extension hstore", "-extension hstore"},
};

START_TEST(each_kind_is_looked_up_by_its_exact_name)
{
    ck_assert_str_eq(found(kinds[_i].sql), kinds[_i].found);
}
END_TEST

/* Each statement, and "=" where what is there is the same, "?" where that cannot be told, else a word of what is said.
 */
static const struct {
    const char *sql;
    const char *said;
} comparisons[] = {
    {"create table users (id int primary key, mail text)", "="},
    {"create table users (id INTEGER, mail text, constraint users_pkey primary key (id))", "="},
    {"create table users (id bigint, mail text)", "\"id\" is integer there, and bigint here"},
    {"create table users (id int, mail varchar(20))", "\"mail\" is text there, and varchar(20) here"},
    {"create table users (id int, mail text not null)", "\"mail\" may be NULL"},
    {"create table users (id int, phone text)", "no column \"phone\""},
    {"create table users (id int, mail nonsense)", "?"},
    {"create table users (id int default 5, mail text)", "\"id\" has no default"},
    {"create table users (id int default null, mail text)", "="},
    {"create table users (id int, mail text unique)", "\"mail\" is not unique"},
    {"create table users (id int references actor, mail text)", "\"id\" refers to no other table"},
    {"create table said (a text default 'draft' not null, b timestamptz default current_timestamp, c int unique, d int "
     "references public.users (id) on delete cascade, e jsonb default '{}', f numeric(4,1) default (1.5), g uuid "
     "default "
     "gen_random_uuid() primary key)",
     "="},
    {"create table said (a varchar not null)", "\"a\" is text there"},
    {"create table said (a text default 'other')", "default of the column \"a\" is 'draft'::text there"},
    {"create table said (b timestamptz not null default now() + interval '1 day')", "may be NULL"},
    {"create table said (d int references users on delete set null)", "?"},
    {"create table said (d int references actor on delete cascade)", "?"},
    {"create table said (c int, d int, unique (c, d))", "no unique (c, d)"},
    {"create table said (c int check (c > 0))", "no check (c > 0)"},
    {"alter table said add column a text default 'draft' not null", "="},
    {"alter table said add column a text default 'draft'", "\"a\" is NOT NULL there"},
    {"alter table said add column a text not null", "has the default 'draft'::text there, and none here"},
    {"create table said (a text); alter table said alter a set default 'draft', alter a set not null", "?"},
    {"create table said (a text generated by default as identity)", "neither generated nor an identity there"},
    {"create table said (f numeric(4,1) default '1.5')", "="},
    {"create table said (f numeric(4,1) default 1.6)", "is 1.5 there"},
    {"create table said (e jsonb default '[]')", "?"},
    {"create table said (a text collate \"C\" default 'draft' not null)", "?"},
    {"create table said (a text default 'draft' not null constraint long check (a <> ''))", "no constraint \"long\""},
    {"create table users (id int, mail text, constraint key primary key (id))", "no constraint \"key\""},
    {"create table users (like app.\"Order\")", "?"},
    {"create table wide (a varchar(20), b numeric(10,2)[], c char, d serial, e double precision, f timestamp(3), g "
     "mood)",
     "="},
    {"create table wide (a varchar(30))", "character varying(20) there"},
    {"create table wide (b numeric(10, 3)[])", "numeric(10,2)[] there"},
    {"alter table users add column mail text", "="},
    {"alter table users add column mail int", "\"mail\" is text there"},
    {"alter table users add column if not exists mail text default 'a, b' not null, add id int", "may be NULL"},
    {"create index users_mail on users (mail)", "="},
    {"CREATE INDEX CONCURRENTLY IF NOT EXISTS users_mail ON public.users USING btree (mail ASC)", "="},
    {"create unique index users_mail on users (mail)", "another"},
    {"create index users_mail on users (id)", "another"},
    {"create index users_mail on users (mail) where id > 0", "another"},
    {"create index users_lower on users (lower(mail)) where mail <> 'x'", "="},
    {"create index users_lower on users (lower(mail)) where mail != 'x'", "?"},
    {"create unique index if not exists twice_a on twice (a)", "INVALID"},
    {"alter table users add constraint users_pkey primary key (id)", "="},
    {"alter table users add constraint users_pkey primary key (mail)", "another"},
    {"alter table users add constraint users_pkey unique (id)", "another"},
    {"alter table app.\"Order\" add constraint positive check (total > 0)", "="},
    {"alter table app.\"Order\" add constraint positive check (total >= 1)", "another"},
    {"alter table app.\"Order\" add constraint positive check (total between 1 and 5)", "?"},
    {"alter table twice add constraint unchecked foreign key (a) references users (id)", "NOT VALID"},
    {"alter table twice add constraint unchecked foreign key (a) references users (id) not valid", "="},
    {"alter table twice add constraint checked foreign key (a) references public.users (id) on update no action", "="},
    {"alter table twice add constraint checked foreign key (a) references users (id) on delete cascade", "another"},
    {"alter table actor add constraint acts foreign key (a) references users (id) on delete cascade on update set null",
     "="},
    {"alter table actor add constraint acts foreign key (a) references users (id) on delete cascade on update cascade",
     "another"},
    {"alter table twice add constraint checked foreign key (a) references users", "?"},
    {"create type mood as enum ('good')", "="},
    {"create type mood as enum ('good', 'bad')", "another"},
    {"create type pair as (a int, b int)", "="},
    {"create view v as select 1", "="},
    {"create view v as select 2", "?"},
    {"create view w as select users.id from users", "="},
    {"create materialized view m as select 1", "="},
    {"create materialized view empty as select 1", "not populated"},
    {"create materialized view empty as select 1 with no data", "="},
    {"create function f() returns trigger language plpgsql as $$BEGIN RETURN NEW; END$$", "="},
    {"create function f() returns trigger language plpgsql as $$BEGIN RETURN OLD; END$$", "another"},
    {"create procedure p() language sql as 'SELECT 1'", "="},
    {"create trigger g before insert on users for each row execute procedure f()", "="},
    {"create trigger g after insert on users for each row execute function f()", "another"},
    {"create trigger off before insert on users for each row execute function f()", "disabled"},
    {"create schema app", "="},
    {"create policy own on users using (true)", "="},
    {"create policy own on users", "another"},
    {"create policy own on users for select using (true)", "another"},
    {"create policy own on users as restrictive using (true)", "another"},
    {"create policy own on users to nobody using (true)", "another"},
    {"create policy own on users using (id > 0)", "?"},
    {"create sequence s", "="},
    {"create sequence s as bigint increment by 1 no maxvalue start with 1 cache 1 no cycle", "="},
    {"create sequence s increment 5", "another"},
    {"create sequence s as integer", "another"},
    {"create sequence s start 7", "another"},
    {"create sequence s cycle", "another"},
    {"create domain short as text", "="},
    {"create domain short text", "="},
    {"create domain short as text not null", "another"},
    {"create domain short as integer", "another"},
    {"create domain short as text check (value <> '')", "another"},
    {"create domain code as varchar(3) not null check (value <> 'x')", "="},
    {"create domain code as varchar(3) not null check (value <> 'y')", "?"},
    {"create type mood as enum ('it''s', 'good')", "another"},
    {"create type pair as (a int, b bigint)", "another"},
    {"create type pair as (a int, c int)", "another"},
    {"create type span as range (subtype = int)", "="},
    {"create type span as range (subtype = bigint)", "?"},
    {"create function f() returns trigger security definer language plpgsql as $$BEGIN RETURN NEW; END$$",
     "language, volatility, security"},
    {"create function f() returns trigger immutable language plpgsql as $$BEGIN RETURN NEW; END$$",
     "language, volatility, security"},
};

START_TEST(what_is_there_is_compared_with_what_the_script_says)
{
    static const char *const words[] = {[SCHEMA_UNCOMPARED] = "?", [SCHEMA_SAME] = "=", [SCHEMA_DIFFERENT] = ""};
    const char *const expected = comparisons[_i].said;
    found(comparisons[_i].sql);
    ck_assert_uint_ge(findings.count, 1);
    const struct schema_finding *const one = &findings.items[0];
    const bool fits = expected[1] == '\0' ? strcmp(words[one->comparison], expected) == 0
                                          : one->difference != NULL && strstr(one->difference, expected) != NULL;
    ck_assert_msg(fits, "%s: %s %s", comparisons[_i].sql, words[one->comparison], one->difference);
    ck_assert(!findings.all_exist || one->comparison != SCHEMA_DIFFERENT);
    ck_assert(findings.some_exist);
    ck_assert((one->comparison == SCHEMA_SAME && findings.count == 1) ==
              (strstr(findings.recommendation, "Safe to mark") != NULL));
}
END_TEST

/* What is not looked for is told, and is no reason to call anything safe. */
START_TEST(what_is_not_looked_for_is_told_and_never_safe)
{
    static const char *const statements[] = {"create rule r as on delete to users do instead nothing",
                                             "comment on table users is 'x'",
                                             "create role somebody",
                                             "create publication p for table users",
                                             "create event trigger e on ddl_command_end execute function f()",
                                             "create statistics st on id, id2 from users",
                                             "create aggregate a (int) (sfunc = int4pl, stype = int)"};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        found(statements[i]);
        ck_assert_uint_eq(findings.unjudged_count, 1);
        ck_assert_str_eq(findings.unjudged[0], arena_printf(arena, "%.60s%s", statements[i],
                                                            strlen(statements[i]) > 60 ? "\xE2\x80\xA6" : ""));
        ck_assert_ptr_nonnull(strstr(findings.recommendation, "Review carefully"));
        found(arena_printf(arena, "create schema app; %s", statements[i]));
        ck_assert(!findings.all_exist && findings.some_exist);
        ck_assert_ptr_nonnull(strstr(findings.recommendation, "Review carefully"));
    }
    found(
        "set search_path = ''; select pg_catalog.set_config('a.b', '', false); create schema app; create temp table t "
        "(i int)");
    ck_assert_uint_eq(findings.unjudged_count, 0);
    ck_assert_ptr_nonnull(strstr(findings.recommendation, "Safe to mark"));
}
END_TEST

/* What is done to what is there: nobody has looked whether it was done. */
START_TEST(what_is_done_besides_making_is_told_and_never_safe)
{
    static const char *const statements[] = {"grant select on users to public",
                                             "alter table users owner to postgres",
                                             "alter table users enable row level security",
                                             "insert into users values (1)",
                                             "update users set id = 2",
                                             "drop table if exists gone",
                                             "select f()",
                                             "do $$ begin null; end $$"};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        found(arena_printf(arena, "create schema app; %s", statements[i]));
        ck_assert_uint_eq(findings.unjudged_count, 1);
        ck_assert_str_eq(findings.unjudged[0], statements[i]);
        ck_assert(findings.all_exist);
        ck_assert_ptr_nonnull(strstr(findings.recommendation, "Review carefully"));
    }
}
END_TEST

START_TEST(what_is_not_fit_for_use_does_not_exist)
{
    ck_assert_str_eq(found("create index twice_a on twice (a)"), "-index twice_a");
    ck_assert(findings.some_exist && !findings.all_exist);
    ck_assert_str_eq(found("alter table twice add constraint unchecked foreign key (a) references users (id)"),
                     "-constraint twice.unchecked");
}
END_TEST

START_TEST(an_unqualified_name_is_looked_for_in_the_default_schema)
{
    ck_assert_str_eq(found_in("app", "create table \"Order\" (); create table users (); create table public.users ()"),
                     "+table Order, -table users, +table public.users");
    ck_assert_str_eq(found_in("app", "alter table \"Order\" add total int"), "+column Order.total");
    ck_assert_str_eq(found_in("nowhere", "create table users ()"), "-table users");
}
END_TEST

START_TEST(without_a_default_the_search_path_decides)
{
    ck_assert(pg_exec(session, "ALTER ROLE CURRENT_USER SET search_path = nowhere, app, public", &status));
    tear_down();
    set_up();
    ck_assert(pg_exec(session, "ALTER ROLE CURRENT_USER RESET search_path", &status));
    ck_assert_str_eq(found("create table \"Order\" (); create table users ()"), "+table Order, +table users");
}
END_TEST

START_TEST(the_recommendation_is_one_of_three)
{
    found("create table users (id int); create schema app");
    ck_assert(findings.all_exist && findings.some_exist);
    ck_assert_str_eq(findings.recommendation,
                     "All DDL objects already exist. Safe to mark as applied without re-running.");
    found("create table users (); create table posts ()");
    ck_assert(!findings.all_exist && findings.some_exist);
    ck_assert_str_eq(findings.recommendation,
                     "Some objects already exist. Review carefully before running or marking as applied.");
    found("create table users (); create schema app");
    ck_assert(findings.all_exist && findings.some_exist);
    ck_assert_str_eq(findings.recommendation,
                     "Some objects already exist. Review carefully before running or marking as applied.");
    found("create table posts ()");
    ck_assert(!findings.all_exist && !findings.some_exist);
    ck_assert_str_eq(findings.recommendation, "No existing objects detected. Safe to run this migration.");
    found("select 1");
    ck_assert(!findings.all_exist && !findings.some_exist && findings.count == 0);
    ck_assert_str_eq(findings.recommendation, "No existing objects detected. Safe to run this migration.");
}
END_TEST

/* It was run already, or not: the same is there. To run it again may lose rows. */
START_TEST(what_is_away_again_behind_the_script_says_nothing)
{
    static const char *const unknown[] = {
        "create table users_new (id int); drop table users; alter table users_new rename to users",
        "create table app.n (id int); alter table app.n set schema archive",
        "create table a (i int); create table b (i int); drop table if exists public.a, b cascade",
        "alter table users add column old int; alter table users rename column old to fresh",
        "alter table users add old int; update users set old = 1; alter table users drop column if exists old",
        "alter table users add constraint c check (id > 0); alter table users rename constraint c to d",
        "create table n (i int); create index n_i on n (i); alter index n_i rename to m_i; alter table only n rename "
        "to m",
        "create function g(int, numeric(1)) returns int language sql as 'select 1'; drop function g(int, numeric(1))",
        "create materialized view mv as select 1; drop materialized view mv",
        "insert into users values (1)",
        "drop table users",
        NULL};
    static const char *const fresh[] = {
        "drop table if exists n; create table n (i int)",
        "create table n (i int); alter table n rename i to j; alter table n add constraint c check (j > 0)",
        "create table n (i int); create table m (i int); drop table m",
        "create table n (i int, m int); alter table n drop m", NULL};
    for (size_t i = 0; unknown[i] != NULL; i++) {
        found(unknown[i]);
        ck_assert_msg(strstr(findings.recommendation, "Safe") == NULL && findings.warning != NULL, "%s", unknown[i]);
    }
    for (size_t i = 0; fresh[i] != NULL; i++) {
        found(fresh[i]);
        ck_assert_msg(strstr(findings.recommendation, "Safe to run") != NULL && findings.warning == NULL, "%s: %s",
                      fresh[i], findings.recommendation);
    }
}
END_TEST

START_TEST(what_is_said_twice_is_found_once_and_in_the_order_of_the_script)
{
    ck_assert_str_eq(found("create table z (); create table users (); create table if not exists z (); "
                           "create schema z; create table app.z (); create table a ()"),
                     "-table z, +table users, -schema z, -table app.z, -table a");
}
END_TEST

START_TEST(a_script_that_no_parser_knows_is_read_all_the_same)
{
    ck_assert_str_eq(found("\xEF\xBB\xBF"
                           "create table users (); selec; -- 'x\n create quantum leap; create view v as select 1"),
                     "+table users, +view v");
}
END_TEST

START_TEST(names_are_data_and_never_sql)
{
    ck_assert_str_eq(
        found("create table \"a\\,'{}\"\"$$\" (); create table \"NULL\" (); create table \"null\".\"a.b\" ()"),
        "-table a\\,'{}\"$$, -table NULL, -table null.a.b");
}
END_TEST

START_TEST(an_empty_script_or_one_that_is_no_text_is_refused)
{
    ck_assert_str_eq(found(" \n"), "refused: sql is required.");
    ck_assert_int_eq(status.code, STATUS_INVALID_ARGUMENT);
    ck_assert_str_eq(found("\xEF\xBB\xBF"), "refused: sql is required.");
    ck_assert_str_eq(found("create table \xFF ()"), "refused: sql must be UTF-8 text.");
}
END_TEST

/* The limit of a test is what a quadratic search would run into. */
START_TEST(a_hundred_thousand_objects_are_found)
{
    struct buffer sql = {.arena = arena};
    for (int i = 0; i < 100000; i++) {
        buffer_printf(&sql, "create table t%d ();", i % 20000);
    }
    const struct objects_place place = {arena, session, NULL};
    ck_assert(schema_detect(&place, buffer_text(&sql), &findings, &status));
    ck_assert_uint_eq(findings.count, 20000);
}
END_TEST

/* Were the list made anew for each, 20,000 of them would take 1.6 GB. */
START_TEST(statements_that_cannot_be_looked_up_take_little_memory)
{
    struct buffer sql = {.arena = arena};
    for (int i = 0; i < 20000; i++) {
        buffer_printf(&sql, "insert into t values (%d);", i);
    }
    const struct objects_place place = {arena_new(0), session, NULL};
    ck_assert(schema_detect(&place, buffer_text(&sql), &findings, &status));
    ck_assert_uint_eq(findings.unjudged_count, 20000);
    ck_assert_str_eq(findings.unjudged[19999], "insert into t values (19999)");
    ck_assert_uint_lt(arena_used(place.arena), 4 * 1024 * 1024);
    arena_free(place.arena);
}
END_TEST

START_TEST(a_script_for_whose_objects_there_is_no_memory_is_refused_to_be_sent_again)
{
    const struct objects_place place = {arena, session, NULL};
    memory_limit_resident(1);
    const bool ok = schema_detect(&place, text_of("create table t ()"), &findings, &status);
    memory_limit_resident(0);
    ck_assert(!ok);
    ck_assert_int_eq(status.code, STATUS_UNAVAILABLE);
    ck_assert_uint_gt(status.retry_ms, 0);
    ck_assert_str_eq(status.message, "There is not enough memory to look up what this script makes.");
}
END_TEST

static const char *jit(void)
{
    PG_RESULT(result) = pg_query(session, "SHOW jit", 0, NULL, &status);
    ck_assert_msg(result != NULL, "%s", status.message);
    return arena_strdup(arena, pg_field(result, 0, 0));
}

/* jit = on or off, as a database or a role may have it. */
static void has_jit(bool use, const char *expected)
{
    ck_assert_msg(pg_session_use_jit(session, use, &status), "%s", status.message);
    ck_assert_str_eq(jit(), expected);
}

START_TEST(what_we_ask_is_never_compiled_and_the_servers_setting_comes_back)
{
    ck_assert(pg_exec(session, "ALTER ROLE tester SET jit = on", &status));
    tear_down();
    set_up();
    ck_assert_str_eq(jit(), "on");
    has_jit(true, "on");
    has_jit(false, "off");
    has_jit(false, "off");
    has_jit(true, "on");
    ck_assert(pg_exec(session, "ALTER ROLE tester SET jit = off", &status));
    tear_down();
    set_up();
    has_jit(false, "off");
    has_jit(true, "off");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("schema");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 180);
    tcase_add_unchecked_fixture(tests, make_cluster, remove_cluster);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_we_ask_is_never_compiled_and_the_servers_setting_comes_back);
    tcase_add_loop_test(tests, each_kind_is_looked_up_by_its_exact_name, 0, (int)(sizeof kinds / sizeof kinds[0]));
    tcase_add_loop_test(tests, what_is_there_is_compared_with_what_the_script_says, 0,
                        (int)(sizeof comparisons / sizeof comparisons[0]));
    tcase_add_test(tests, what_is_not_looked_for_is_told_and_never_safe);
    tcase_add_test(tests, what_is_done_besides_making_is_told_and_never_safe);
    tcase_add_test(tests, what_is_not_fit_for_use_does_not_exist);
    tcase_add_test(tests, an_unqualified_name_is_looked_for_in_the_default_schema);
    tcase_add_test(tests, without_a_default_the_search_path_decides);
    tcase_add_test(tests, the_recommendation_is_one_of_three);
    tcase_add_test(tests, what_is_away_again_behind_the_script_says_nothing);
    tcase_add_test(tests, what_is_said_twice_is_found_once_and_in_the_order_of_the_script);
    tcase_add_test(tests, a_script_that_no_parser_knows_is_read_all_the_same);
    tcase_add_test(tests, names_are_data_and_never_sql);
    tcase_add_test(tests, an_empty_script_or_one_that_is_no_text_is_refused);
    tcase_add_test(tests, a_hundred_thousand_objects_are_found);
    tcase_add_test(tests, statements_that_cannot_be_looked_up_take_little_memory);
    tcase_add_test(tests, a_script_for_whose_objects_there_is_no_memory_is_refused_to_be_sent_again);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
