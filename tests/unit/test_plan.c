/*
 * How scripts are cut into steps.
 */
#include "migration/plan/cut/cut.h"
#include "support/runner.h"

#include <string.h>

static struct arena *arena;
static struct status status;
static struct plan plan;

static void set_up(void)
{
    arena = arena_new(0);
    status = (struct status){.arena = arena};
}

static void tear_down(void)
{
    arena_free(arena);
}

static bool build(struct text script, enum script_sending sent)
{
    const struct plan_options options = {.sent = sent};
    return plan_build(arena, script, &options, &plan, &status);
}

/* The steps: T transaction, A alone, O the script's own; with the text of each. */
static const char *steps_as(const char *script, const struct plan_options *options)
{
    static const char letters[] = {[STEP_TRANSACTION] = 'T', [STEP_ALONE] = 'A', [STEP_OWN] = 'O'};
    struct buffer out = {.arena = arena};
    if (!plan_build(arena, text_of(script), options, &plan, &status)) {
        return arena_printf(arena, "refused: %s", status.message);
    }
    for (size_t i = 0; i < plan.count; i++) {
        buffer_printf(&out, "%c[%.*s]", letters[plan.steps[i].kind], (int)(plan.steps[i].end - plan.steps[i].start),
                      script + plan.steps[i].start);
    }
    return buffer_string(&out);
}

/* As one query: what most tools send, within their own transaction or not. */
static const char *steps(const char *script)
{
    return steps_as(script, &(const struct plan_options){.sent = SENT_WHOLE});
}

static const char *steps_sent(const char *script, enum script_sending sent)
{
    return steps_as(script, &(const struct plan_options){.sent = sent, .is_wish = true});
}

/* Alone each, they fail for their own tool: we must not do more. */
START_TEST(a_cursor_or_lock_needs_a_transaction_of_the_script_s)
{
    static const char *const scripts[] = {"declare c cursor for select 1",
                                          "declare c insensitive cursor without hold for select 1", "lock table t"};
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        ck_assert_ptr_nonnull(
            strstr(steps_sent(scripts[i], SENT_EACH), "refused: Line 1: this can only be used inside"));
        ck_assert_int_eq(steps_sent(scripts[i], SENT_IN_TRANSACTION)[0], 'T');
        ck_assert_int_eq(steps_sent(arena_printf(arena, "select 1; %s", scripts[i]), SENT_WHOLE)[0], 'T');
        ck_assert_ptr_nonnull(strstr(steps_sent(arena_printf(arena, "select 1; end;\n%s", scripts[i]), SENT_IN_BATCHES),
                                     "refused: Line 2"));
        ck_assert_int_eq(
            steps_sent(arena_printf(arena, "select 1; end; begin; %s; end", scripts[i]), SENT_IN_BATCHES)[0], 'T');
    }
    ck_assert_str_eq(steps_sent("declare c cursor with hold for select 1", SENT_EACH),
                     "T[declare c cursor with hold for select 1]");
}
END_TEST

/* What its own tool would read otherwise, statement by statement, and what a ROLLBACK would not undo. */
START_TEST(what_cannot_be_read_or_undone_as_its_tool_does_is_refused)
{
    static const char script[] =
        "do $$ begin perform set_config('standard_conforming_strings', 'off', false); end $$;\n"
        "insert into t values ('it\\'s; commit; --')";
    ck_assert_ptr_nonnull(strstr(steps_sent(script, SENT_IN_BATCHES), "refused: Line 1"));
    ck_assert_ptr_nonnull(strstr(steps_sent(script, SENT_IN_TRANSACTION_EACH), "refused: Line 1"));
    ck_assert_ptr_nonnull(strstr(steps("create index concurrently i on t (a);\nbegin; select 1; rollback"),
                                 "refused: Line 1: CREATE INDEX"));
    ck_assert_int_eq(steps("reindex table concurrently t; begin; select 1; rollback")[0], 'A');
}
END_TEST

/* In a pipeline a CALL commits what is before it; which procedures do is asked of the database. */
START_TEST(a_procedure_that_is_known_to_commit_is_cut_out_of_a_pipeline)
{
    static const char *known[] = {"app.archive", "archive"};
    const struct procedures procedures = {.committing = {.items = known, .count = 2}};
    const struct plan_options options = {.sent = SENT_IN_BATCHES, .procedures = &procedures};
    ck_assert_str_eq(steps_as("select 1; call archive(1); select 2; call App.Archive(2); call other()", &options),
                     "T[select 1]O[call archive(1)]T[select 2]O[call App.Archive(2)]T[call other()]");
    ck_assert_str_eq(steps_as("select 1; do $$ begin call archive(1); end $$", &options),
                     "T[select 1]O[do $$ begin call archive(1); end $$]");
    ck_assert_str_eq(steps_as("select 1; do $$ begin call other(1); end $$", &options),
                     "T[select 1; do $$ begin call other(1); end $$]");
}
END_TEST

START_TEST(the_usual_script_is_one_transaction)
{
    ck_assert_str_eq(steps("create table a (); create table b ();"), "T[create table a (); create table b ();]");
    ck_assert(plan.one_transaction);
    ck_assert_str_eq(steps("-- nothing\n"), "");
    ck_assert_str_eq(steps("\xEF\xBB\xBFselect 1"), "T[select 1]");
}
END_TEST

START_TEST(what_cannot_share_a_transaction_stands_alone)
{
    ck_assert_str_eq(
        steps("create table a (); create table b (); create index concurrently on a (x); select 1; select 2"),
        "T[create table a (); create table b ()]A[create index concurrently on a (x)]T[select 1; select 2]");
    ck_assert_str_eq(plan.steps[1].reason, "CREATE INDEX CONCURRENTLY");
    ck_assert(!plan.one_transaction);
    ck_assert_str_eq(steps("vacuum;"), "A[vacuum]");
}
END_TEST

/* libpg_query's scanner does not know this; the server reads 'ab'. */
START_TEST(a_string_may_go_on_behind_a_comment)
{
    steps("select 'a'\n-- it's \xC3\xA9\n'b'; vacuum; select 1");
    ck_assert_uint_eq(plan.count, 3);
    ck_assert_ptr_null(plan.note);
    steps("select E'a' -- it's\n'b\\';'; vacuum; select 1");
    ck_assert_uint_eq(plan.count, 3);
    ck_assert_ptr_null(plan.note);
}
END_TEST

START_TEST(a_word_that_only_looks_dangerous_changes_nothing)
{
    ck_assert_str_eq(steps("insert into t (value) select case when x then 1 end; select 2"),
                     "T[insert into t (value) select case when x then 1 end; select 2]");
    ck_assert(plan.one_transaction);
}
END_TEST

START_TEST(a_new_enum_value_is_committed_before_it_is_used)
{
    ck_assert_str_eq(steps("alter type t add value 'x'; select 1"), "T[alter type t add value 'x'; select 1]");
    ck_assert(plan.one_transaction);
    ck_assert_str_eq(steps("select 0; alter type t add value 'x'; update a set b = 'x'"),
                     "T[select 0; alter type t add value 'x']T[update a set b = 'x']");
    ck_assert_str_eq(steps("alter type t add value 'x'; alter type t add value 'y' after 'x'; select 1"),
                     "T[alter type t add value 'x'; alter type t add value 'y' after 'x'; select 1]");
    ck_assert_str_eq(steps("alter type t add value 'x'; insert into n select enum_range(null::t)"),
                     "T[alter type t add value 'x']T[insert into n select enum_range(null::t)]");
    ck_assert_str_eq(
        steps("alter type t add value 'x'; create function f() returns t as $$ select 'x'::t $$ language sql"),
        "T[alter type t add value 'x']T[create function f() returns t as $$ select 'x'::t $$ language sql]");
    ck_assert_str_eq(plan.steps[0].reason, "the new enum value is used later");
    ck_assert_str_eq(steps("alter type t add value 'it''s'; select $${it''s,y}$$; vacuum"),
                     "T[alter type t add value 'it''s']T[select $${it''s,y}$$]A[vacuum]");
    ck_assert_str_eq(steps("alter type t add value 'a$$'; select $$a$$"),
                     "T[alter type t add value 'a$$'; select $$a$$]");
}
END_TEST

START_TEST(a_new_enum_value_that_is_part_of_another_word_is_not_used)
{
    ck_assert_str_eq(steps("alter type t add value 'x'; select 'xy', x, \"x\" -- 'x'"),
                     "T[alter type t add value 'x'; select 'xy', x, \"x\"]");
}
END_TEST

START_TEST(a_script_without_an_end_to_its_parentheses_is_not_cut)
{
    ck_assert_str_eq(steps("select (; vacuum"), "T[select (; vacuum]");
}
END_TEST

START_TEST(begin_and_commit_around_everything_are_ours)
{
    ck_assert_str_eq(steps("BEGIN; select 1; select 2; COMMIT;"), "T[select 1; select 2]");
    ck_assert(plan.one_transaction);
    ck_assert_ptr_null(plan.steps[0].modes);
    ck_assert_str_eq(steps("begin isolation level serializable; select 1; commit"), "T[select 1]");
    ck_assert_str_eq(plan.steps[0].modes, "isolation level serializable");
    ck_assert_str_eq(
        steps("start transaction read write; set transaction isolation level repeatable read; select 1; end"),
        "T[select 1]");
    ck_assert_str_eq(plan.steps[0].modes, "read write, isolation level repeatable read");
    /* Behind a statement of ours the server takes no SET TRANSACTION DEFERRABLE: it is in our BEGIN. */
    ck_assert_str_eq(steps_sent("set transaction deferrable; vacuum; select 1", SENT_BY_JDBC), "A[vacuum]T[select 1]");
    ck_assert_str_eq(steps_sent("set transaction deferrable; select 1; vacuum", SENT_BY_JDBC), "T[select 1]A[vacuum]");
    ck_assert_str_eq(plan.steps[0].modes, "deferrable");
    steps("set local transaction_isolation to 'repeatable read'; select 1; set transaction read only");
    ck_assert_str_eq(plan.steps[0].modes, "ISOLATION LEVEL REPEATABLE READ");
    ck_assert_str_eq(steps("begin; select 1; rollback"), "O[begin; select 1; rollback]");
    ck_assert(plan.steps[0].leaves_nothing);
    ck_assert_str_eq(steps("begin; prepare transaction 'x'"), "O[begin; prepare transaction 'x']");
    ck_assert(!plan.steps[0].leaves_nothing);
    ck_assert_str_eq(steps("begin; commit"), "");
}
END_TEST

/* In one query BEGIN goes on with the transaction that is there, and a COMMIT ends it. */
START_TEST(a_transaction_of_the_script_ends_where_the_server_ends_it)
{
    ck_assert_str_eq(steps("select 0; begin; select 1; commit; select 2"), "T[select 0; begin; select 1]T[select 2]");
    ck_assert_str_eq(plan.steps[0].reason, "the script's own transaction");
    ck_assert_str_eq(steps("vacuum; begin; select 1; commit; begin read write; select 2; commit; select 3"),
                     "A[vacuum]T[select 1]T[select 2]T[select 3]");
    ck_assert_str_eq(plan.steps[2].modes, "read write");
    ck_assert_str_eq(steps("select 1; commit; select 2"), "T[select 1]T[select 2]");
    ck_assert_str_eq(plan.steps[0].reason, "the script ends its transaction here");
    ck_assert_str_eq(steps("begin; select 1; commit; end; vacuum"), "T[select 1]A[vacuum]");
    ck_assert_str_eq(steps("begin; begin; select 0; commit; select 1"), "T[select 0]T[select 1]");
    ck_assert_str_eq(steps("commit; rollback; select 1; commit"), "T[select 1]");
    ck_assert(plan.one_transaction);
}
END_TEST

START_TEST(a_chained_commit_does_not_end_the_script_s_own_piece)
{
    ck_assert_str_eq(steps("begin; select 1; commit and chain; select 2; commit; select 3"),
                     "O[begin; select 1; commit and chain; select 2; commit]T[select 3]");
    ck_assert_str_eq(steps("begin; select 1; commit and no chain; select 2"), "T[select 1]T[select 2]");
}
END_TEST

/* The server refuses a chain where nobody has begun a transaction, and BEGIN of ours must not make it more. */
START_TEST(a_chain_needs_a_transaction_that_somebody_begins)
{
    static const struct {
        const char *script;
        enum script_sending sent;
        bool refused;
    } cases[] = {
        {"select 1;\ncommit and chain", SENT_WHOLE, true},
        {"select 1;\nrollback and chain; select 2; commit", SENT_WHOLE, true},
        {"abort;\ncommit and chain", SENT_IN_TRANSACTION, true},
        {"abort; select 1;\nrollback and chain; select 2", SENT_IN_TRANSACTION_EACH, true},
        {"select 1;\ncommit and chain", SENT_EACH, true},
        {"select 1;\ncommit and chain", SENT_IN_BATCHES, true},
        {"select 1;\ncommit and chain; begin; commit", SENT_WHOLE, true},
        {"commit and chain; select 1; commit and chain", SENT_IN_TRANSACTION, false},
        {"abort; select 1; commit and chain", SENT_BY_JDBC, false},
        {"abort; begin; select 1; commit and chain; select 2", SENT_IN_TRANSACTION, false},
        {"begin; select 1; commit and chain; select 2; commit", SENT_EACH, false},
        {"select 1; commit and no chain", SENT_WHOLE, false},
    };
    const char *const shown = steps_sent(cases[_i].script, cases[_i].sent);
    const bool refused = strstr(shown, "refused: Line 2: this can only be used inside a transaction") == shown;
    ck_assert_msg(refused == cases[_i].refused && (refused || strstr(shown, "refused") == NULL), "%s", shown);
}
END_TEST

/* drizzle sends a query for each piece; where the script has ended its transaction, each piece is one of its own. */
START_TEST(behind_the_tool_s_transaction_each_piece_is_a_query)
{
    static const char breaks[] = "select 0; commit;\n--> statement-breakpoint\nselect 1; select 2;\n"
                                 "--> statement-breakpoint\nset transaction read write;\n--> statement-breakpoint\n"
                                 "select 3;\n--> statement-breakpoint\nbegin;\n--> statement-breakpoint\nselect 4;\n"
                                 "--> statement-breakpoint\ncommit; select 5";
    ck_assert_str_eq(steps_sent(breaks, SENT_IN_PIECES),
                     "T[select 0]T[select 1; select 2]T[select 3]T[select 4]T[select 5]");
    ck_assert_str_eq(steps_sent("select 1;\n--> statement-breakpoint\nselect 2; vacuum; select 3", SENT_IN_PIECES),
                     "T[select 1;\n--> statement-breakpoint\nselect 2]A[vacuum]T[select 3]");
    ck_assert_ptr_nonnull(
        strstr(steps_sent("commit;\n--> statement-breakpoint\nlock table t;\n--> statement-breakpoint\nselect 1",
                          SENT_IN_PIECES),
               "refused: Line 3: this can only be used inside a transaction"));
    ck_assert_ptr_nonnull(strstr(steps_sent("set standard_conforming_strings = off;\n--> statement-breakpoint\n"
                                            "select '\\'';'; commit",
                                            SENT_IN_PIECES),
                                 "refused: Line 1"));
}
END_TEST

/* Its tool sends VACUUM by itself and ends the transaction in front of it; CLUSTER fails there. */
START_TEST(what_its_tool_does_not_cut_out_of_a_pipeline_loses_nothing)
{
    const struct plan_options options = {.sent = SENT_IN_BATCHES};
    ck_assert_str_eq(steps_as("set local a.b = 1; vacuum; select 1", &options),
                     "T[set local a.b = 1]A[vacuum]T[select 1]");
    ck_assert_ptr_null(plan.steps[2].carry);
    ck_assert_str_eq(steps_as("set local a.b = 1; cluster; select 1", &options),
                     "T[set local a.b = 1]A[cluster]T[select 1]");
    ck_assert_ptr_nonnull(plan.steps[2].carry);
    ck_assert_ptr_nonnull(strstr(steps_as("set transaction isolation level serializable;\nselect 1; cluster", &options),
                                 "refused: Line 1"));
}
END_TEST

/* A pipeline is one transaction, of which a ROLLBACK inside a block undoes what stands before the block. */
START_TEST(a_block_that_rolls_back_what_its_tool_sends_with_it_is_refused)
{
    static const struct {
        const char *script;
        bool refused;
    } cases[] = {
        {"select 1;\ndo $$ begin rollback; end $$", true},
        {"select 1;\ndo 'begin if a then rollback and chain; end if; end'", true},
        {"select 1;\ndo $$ begin call app.undo(); end $$", true},
        {"select 1;\ncall App.undo()", true},
        {"create procedure p() language plpgsql as $$ begin rollback; end $$;\ncall p()", true},
        {"do $$ begin rollback; end $$; select 1", false},
        {"vacuum; do $$ begin rollback; end $$; select 1", false},
        {"do $$ begin commit; insert into t values (1); end $$;\ndo $$ begin rollback; end $$", true},
        {"do $$ begin commit; end $$; commit; do $$ begin rollback; end $$", false},
        {"select 1; do $$ begin commit; raise notice 'rollback;'; end $$", false},
        {"select 1; call archive()", false},
        {"select 1; commit; do $$ begin rollback; end $$", false},
        {"do $$ begin commit; set local a.b = 1; end $$", false},
    };
    static const char *ends[] = {"app.undo", "archive"};
    const struct procedures procedures = {.committing = {.items = ends, .count = 2},
                                          .rolling_back = {.items = ends, .count = 1}};
    const struct plan_options options = {.sent = SENT_IN_BATCHES, .procedures = &procedures};
    const char *const shown = steps_as(cases[_i].script, &options);
    const bool refused = strstr(shown, "refused: Line 2: this has a ROLLBACK") == shown;
    ck_assert_msg(refused == cases[_i].refused && (refused || strstr(shown, "refused") == NULL), "%s", shown);
}
END_TEST

/* … and what a block leaves in its last one goes on behind the block. */
START_TEST(what_a_block_leaves_to_what_its_tool_sends_with_it_is_refused)
{
    const struct plan_options options = {.sent = SENT_IN_BATCHES};
    const char *const shown = steps_as("select 1;\ndo $$ begin commit; set local a.b = 1; end $$; select 2", &options);
    ck_assert_msg(strstr(shown, "refused: Line 2: this leaves something") == shown, "%s", shown);
}
END_TEST

/* A trigger that runs at COMMIT sees and does something else at a cut, even at the first. */
START_TEST(what_a_trigger_would_see_too_early_is_refused)
{
    static const struct {
        const char *script;
        bool refused;
    } cases[] = {
        {"select 1;\ninsert into app.watched values (1); vacuum; select 2", true},
        {"create constraint trigger t after insert on app.other initially deferred for each row execute function "
         "f();\n"
         "insert into other values (1); vacuum",
         true},
        {"select 1;\nupdate watched set a = 1; alter type m add value 'x'; select 'x'", true},
        {"insert into watched values (1); select 2; commit; vacuum", false},
        {"insert into watched values (1); set constraints all immediate; vacuum", false},
        {"create trigger t after insert on other for each row execute function f(); insert into other values (1); "
         "vacuum",
         false},
        {"vacuum; insert into watched values (1); select 2", false},
    };
    static const char *names[] = {"watched"};
    const struct deferred deferred = {.fires = {.items = names, .count = 1}};
    const struct plan_options options = {.sent = SENT_IN_TRANSACTION, .deferred = &deferred};
    const char *const shown = steps_as(cases[_i].script, &options);
    const bool refused = strstr(shown, "refused: Line 2: the server runs a trigger for this change of \"") == shown;
    ck_assert_msg(refused == cases[_i].refused && (refused || strstr(shown, "refused") == NULL), "%s", shown);
}
END_TEST

/* The parser does not know a string that goes on behind a comment: the script is sent as its tool sends it. */
START_TEST(what_ends_its_tool_s_transaction_and_cannot_be_parsed_has_that_transaction)
{
    static const char script[] = "commit and chain; select 'a'\n-- it's\n'b'";
    ck_assert_str_eq(steps_sent(script, SENT_IN_TRANSACTION), arena_printf(arena, "O[%s]", script));
    ck_assert_str_eq(plan.steps[0].carry, "BEGIN;");
    ck_assert_str_eq(plan.steps[0].restore, "COMMIT;");
    ck_assert_str_eq(steps_sent("select 1; commit; select 'a'\n-- it's\n'b'", SENT_BY_JDBC),
                     "T[select 1]T[select 'a'\n-- it's\n'b']");
    steps_sent("begin; select 'a'\n-- it's\n'b'; rollback", SENT_WHOLE);
    ck_assert_ptr_null(plan.steps[0].carry);
}
END_TEST

/* A change that is checked at COMMIT: at a cut it would be checked after steps that stay. */
START_TEST(what_would_be_checked_behind_steps_that_stay_is_refused)
{
    static const struct {
        const char *script;
        bool refused;
    } cases[] = {
        {"vacuum;\ninsert into app.child values (1); vacuum; insert into parent values (1)", true},
        {"vacuum;\nupdate only \"Odd\" set a = 1; vacuum", true},
        {"vacuum;\nwith x as (select 1) delete from child where a in (select * from x); vacuum", true},
        {"vacuum;\nmerge into child using p on true when not matched then do nothing; vacuum", true},
        {"vacuum;\ndo $$ begin perform 1; insert into app.child values (1); end $$; vacuum", true},
        {"create table if not exists app.new (a int references parent initially deferred); vacuum;\n"
         "insert into new values (1); vacuum",
         true},
        {"alter table only other add foreign key (a) references app.parent deferrable initially deferred; vacuum;\n"
         "delete from parent; vacuum",
         true},
        {"create table new (a int references parent initially immediate); vacuum; insert into new values (1); vacuum",
         false},
        {"vacuum; select 1;\ninsert into child values (1); alter type m add value 'x'; select 'x'", true},
        {"select 1; commit;\ninsert into child values (1); vacuum", true},
        {"set constraints all immediate; insert into child values (1); vacuum; select 1;\nset constraints all "
         "deferred; "
         "insert into child values (1); commit",
         false},
        {"insert into child values (1); vacuum; insert into parent values (1)", false},
        {"vacuum; insert into child values (1); insert into parent values (1)", false},
        {"vacuum; insert into child values (1); set constraints all immediate; vacuum", false},
        {"vacuum; set constraints all immediate; insert into child values (1); vacuum", false},
        {"vacuum; insert into other values (1); select 'insert into child'; vacuum", false},
        {"vacuum; create rule r as on insert to t do also insert into child values (1); vacuum", false},
        {"vacuum; insert into child values (1); commit; vacuum", false},
        {"vacuum; update odd set a = 1; vacuum", false},
    };
    static const char *names[] = {"child", "Odd"};
    const struct deferred deferred = {.checked = {.items = names, .count = 2}};
    const struct plan_options options = {.sent = SENT_IN_TRANSACTION, .deferred = &deferred};
    const char *const shown = steps_as(cases[_i].script, &options);
    const bool refused = strstr(shown, "refused: Line 2: the server checks this change of \"") == shown;
    ck_assert_msg(refused == cases[_i].refused && (refused || strstr(shown, "refused") == NULL), "%s", shown);
}
END_TEST

START_TEST(what_is_rolled_back_is_sent_as_it_is)
{
    /* Cut before the ROLLBACK, what it undoes would stay. */
    ck_assert_str_eq(steps("select 1; rollback; select 2"), "O[select 1; rollback]T[select 2]");
    ck_assert_ptr_null(plan.steps[0].carry);
    ck_assert_str_eq(steps_sent("select 1; rollback; select 2", SENT_IN_TRANSACTION),
                     "O[select 1; rollback]T[select 2]");
    ck_assert_str_eq(plan.steps[0].carry, "BEGIN;");
    ck_assert_str_eq(steps("vacuum; begin; select 1; rollback"), "A[vacuum]O[begin; select 1; rollback]");
    ck_assert_ptr_nonnull(
        strstr(steps("select 0;\nvacuum;\nselect 1;\nrollback"),
               "refused: Line 2: VACUUM cannot be inside the transaction that the script ends in line 4"));
}
END_TEST

START_TEST(a_lone_begin_means_what_it_means_to_its_own_tool)
{
    static const enum script_sending wrapped[] = {SENT_IN_TRANSACTION, SENT_IN_TRANSACTION_EACH};
    static const enum script_sending bare[] = {SENT_WHOLE, SENT_EACH};
    for (size_t i = 0; i < 2; i++) {
        /* The tool's own COMMIT ends it: to the server the script's BEGIN is a warning. */
        ck_assert_str_eq(steps_sent("create table a ();\nbegin;\ncreate table b ();", wrapped[i]),
                         "T[create table a ();\nbegin;\ncreate table b ()]");
        ck_assert(plan.one_transaction);
        ck_assert_str_eq(steps_sent("begin; select 1; vacuum; begin; select 2", wrapped[i]),
                         "T[select 1]A[vacuum]T[select 2]");
        ck_assert_ptr_nonnull(
            strstr(steps_sent("select 1;\nbegin;\nselect 2;", bare[i]), "refused: Line 2: this BEGIN has no COMMIT"));
        ck_assert_uint_eq(plan.count, 0);
    }
}
END_TEST

START_TEST(a_lone_commit_means_what_it_means_to_its_own_tool)
{
    static const char script[] = "select 1; commit; select 2; set local a.b = 1; select 3";
    ck_assert_str_eq(steps_sent(script, SENT_IN_TRANSACTION), "T[select 1]T[select 2; set local a.b = 1; select 3]");
    ck_assert_str_eq(steps_sent(script, SENT_WHOLE), "T[select 1]T[select 2; set local a.b = 1; select 3]");
    /* Behind it the tool's transaction is over. */
    ck_assert_str_eq(steps_sent(script, SENT_IN_TRANSACTION_EACH),
                     "T[select 1]T[select 2]T[set local a.b = 1]T[select 3]");
    /* JDBC begins the next one by itself: a ROLLBACK there undoes what is behind the COMMIT. */
    ck_assert_str_eq(steps_sent(script, SENT_BY_JDBC), "T[select 1]T[select 2; set local a.b = 1; select 3]");
    ck_assert_str_eq(steps_sent("select 1; commit; select 2; rollback", SENT_BY_JDBC),
                     "T[select 1]O[select 2; rollback]");
    ck_assert_str_eq(plan.steps[1].carry, "BEGIN;");
    ck_assert_str_eq(steps_sent("commit; savepoint a; release a", SENT_BY_JDBC), "T[savepoint a; release a]");
    /* Without a transaction it is a warning. */
    ck_assert_str_eq(steps_sent(script, SENT_EACH), "T[select 1]T[select 2]T[set local a.b = 1]T[select 3]");
    for (size_t i = 0; i < plan.count; i++) {
        ck_assert_ptr_null(plan.steps[i].carry);
    }
}
END_TEST

START_TEST(what_is_sent_statement_by_statement_shares_a_transaction_where_nobody_could_tell)
{
    static const char script[] =
        "create table a (); set search_path = x; insert into a values (1); select now(); call p()";
    ck_assert_str_eq(steps_as(script, &(const struct plan_options){.sent = SENT_EACH}),
                     "T[create table a (); set search_path = x; insert into a values (1)]T[select now()]T[call p()]");
    ck_assert_str_eq(steps_sent("select 1; select 2", SENT_EACH), "T[select 1]T[select 2]");
    /* A COMMIT empties it. */
    ck_assert_str_eq(
        steps_as("create temp table k on commit delete rows as select 1; insert into k values (2); insert "
                 "into t select * from k; insert into t values (1); insert into t values (2)",
                 &(const struct plan_options){.sent = SENT_EACH}),
        "T[create temp table k on commit delete rows as select 1]T[insert into k values (2)]T[insert into t "
        "select * from k; insert into t values (1); insert into t values (2)]");
    ck_assert_ptr_nonnull(strstr(steps_sent("select 1;\nlock table t", SENT_EACH), "refused: Line 2: this can only"));
}
END_TEST

/* The check of a deferred key fails there behind its own statement, and not behind what would satisfy it. */
START_TEST(what_is_sent_statement_by_statement_is_checked_statement_by_statement)
{
    static const char *names[] = {"child"};
    const struct deferred deferred = {.checked = {.items = names, .count = 1}};
    const struct deferred firing = {.fires = {.items = names, .count = 1}};
    const struct plan_options known[] = {
        {.sent = SENT_IN_TRANSACTION_EACH, .deferred = &deferred},
        {.sent = SENT_IN_TRANSACTION_EACH, .deferred = &firing},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ck_assert_str_eq(steps_as("rollback; insert into child values (1); insert into parent values (1); insert into "
                                  "parent values (2)",
                                  &known[i]),
                         "T[insert into child values (1)]T[insert into parent values (1); insert into parent values "
                         "(2)]");
    }
    ck_assert_str_eq(steps_as("rollback; create table late (a int references parent initially deferred); insert into "
                              "late values (1); insert into parent values (1)",
                              &(const struct plan_options){.sent = SENT_IN_TRANSACTION_EACH}),
                     "T[create table late (a int references parent initially deferred)]T[insert into late values "
                     "(1)]T[insert into parent values (1)]");
}
END_TEST

START_TEST(a_savepoint_needs_a_transaction_that_somebody_begins)
{
    static const char script[] = "select 1;\nsavepoint s;\nrelease s";
    ck_assert_str_eq(steps_sent(script, SENT_IN_TRANSACTION), arena_printf(arena, "T[%s]", script));
    ck_assert_ptr_nonnull(strstr(steps_sent(script, SENT_WHOLE), "refused: Line 2: this can only be used inside"));
    ck_assert_ptr_nonnull(strstr(steps_sent(script, SENT_EACH), "refused: Line 2: this can only be used inside"));
    ck_assert_ptr_nonnull(
        strstr(steps_sent("end; savepoint s", SENT_IN_TRANSACTION), "refused: Line 1: this can only"));
    ck_assert_str_eq(steps_sent("begin; savepoint s; release s; commit", SENT_WHOLE), "T[savepoint s; release s]");
}
END_TEST

START_TEST(where_the_tool_cuts_itself_nothing_is_carried_or_refused)
{
    ck_assert_str_eq(steps_sent("set local a.b = 1; lock table t; vacuum; select 1", SENT_IN_BATCHES),
                     "T[set local a.b = 1; lock table t]A[vacuum]T[select 1]");
    ck_assert_ptr_null(plan.steps[1].carry);
    ck_assert_ptr_null(plan.steps[2].carry);
    ck_assert(!plan.steps[0].is_cut);
}
END_TEST

START_TEST(what_may_commit_is_sent_as_its_tool_sends_it_where_the_server_says_so)
{
    steps_sent("call p()", SENT_WHOLE);
    ck_assert(plan.steps[0].may_commit && plan.one_transaction);
    steps_sent("do $$ begin call p(); end $$", SENT_EACH);
    ck_assert(plan.steps[0].may_commit);
    steps_sent("call p()", SENT_IN_TRANSACTION);
    ck_assert(!plan.steps[0].may_commit);
    steps_sent("select 1; call p()", SENT_WHOLE);
    ck_assert(!plan.steps[0].may_commit);
    steps_sent("select 1; call p()", SENT_EACH);
    ck_assert(!plan.steps[0].may_commit && plan.steps[1].may_commit);
}
END_TEST

START_TEST(a_procedure_that_the_script_makes_is_known_to_commit)
{
    static const char make[] = "create procedure a.p() language plpgsql as $$ begin commit; end $$";
    static const char other[] = "create procedure a.q() language plpgsql as $$ begin perform 1; end $$";
    ck_assert_str_eq(steps(arena_printf(arena, "%s; call A.p(); select 1", make)),
                     arena_printf(arena, "T[%s]O[call A.p()]T[select 1]", make));
    ck_assert_str_eq(plan.steps[1].reason, "CALL of a procedure with its own COMMIT");
    ck_assert_str_eq(steps(arena_printf(arena, "%s; do $$ begin call a.p(); end $$; select 1", make)),
                     arena_printf(arena, "T[%s]O[do $$ begin call a.p(); end $$]T[select 1]", make));
    ck_assert_str_eq(steps(arena_printf(arena, "%s; call a.q(); select 1", other)),
                     arena_printf(arena, "T[%s; call a.q(); select 1]", other));
    ck_assert_str_eq(steps("call a.p(); vacuum"), "T[call a.p()]A[vacuum]");
}
END_TEST

START_TEST(what_stands_alone_inside_the_script_s_own_transaction_is_left_to_the_server)
{
    ck_assert_str_eq(steps("begin; vacuum; commit; vacuum"), "T[vacuum]A[vacuum]");
    ck_assert_str_eq(steps("begin; alter type t add value 'x'; select 'x'::t; commit; select 1"),
                     "T[alter type t add value 'x'; select 'x'::t]T[select 1]");
}
END_TEST

START_TEST(comments_around_statements_are_not_sent)
{
    ck_assert_str_eq(steps("-- a\nvacuum -- b\n; /* c */ select 1 -- d"), "A[vacuum]T[select 1]");
}
END_TEST

START_TEST(what_can_never_run_is_refused_with_its_line)
{
    ck_assert_ptr_nonnull(strstr(steps("select 1;\nbegin;\nselect 2;"), "refused: Line 2: this BEGIN has no COMMIT"));
    ck_assert_ptr_nonnull(strstr(steps("select 1;\n\\connect x\n"), "refused: Line 2: a command of psql"));
    ck_assert_ptr_nonnull(strstr(steps("\ncopy t from stdin;"), "refused: Line 2: COPY"));
    /* The data is no SQL, and its end no command. */
    ck_assert_ptr_nonnull(strstr(steps("select 1;\nCOPY t (a) FROM stdin;\n1\tit's\n\\.\n"), "refused: Line 2: COPY"));
    ck_assert_ptr_nonnull(strstr(steps("select 1 \\gexec"), "refused: Line 1: a command of psql"));
    ck_assert_uint_eq(status.position, 10);
}
END_TEST

START_TEST(what_the_parser_does_not_know_is_sent_whole_and_said_so)
{
    ck_assert_str_eq(steps("create quantum table t; vacuum"), "T[create quantum table t; vacuum]");
    ck_assert_ptr_nonnull(strstr(plan.note, "quantum"));
    ck_assert_str_eq(steps("create quantum table t; commit"), "O[create quantum table t; commit]");
    ck_assert_str_eq(steps("vacuum quantum table t"), "A[vacuum quantum table t]");
    ck_assert_str_eq(steps_sent("create quantum table t; vacuum", SENT_EACH), "T[create quantum table t]A[vacuum]");
    /* Without a dangerous word nobody asks the parser. */
    ck_assert_str_eq(steps("create quantum table t"), "T[create quantum table t]");
    ck_assert_ptr_null(plan.note);
    /* Nor for a word that is dangerous only at the beginning of a statement. */
    ck_assert_str_eq(steps("create quantum table t; select case when a then b end, value, \"do\" from system"),
                     "T[create quantum table t; select case when a then b end, value, \"do\" from system]");
}
END_TEST

static const struct script_parts one_file = {.count = 0};

START_TEST(the_failing_statement_is_found_by_position_or_number)
{
    const char script[] = "select 1;\n  select '\xC3\xA4', nope;\nselect 3;";
    struct position where;
    const struct text text = text_of(script);
    ck_assert_str_eq(
        plan_failing_statement(arena, &(struct complaint){text, 0, text.size, 25, 0, &one_file}, &where, NULL),
        "select '\xC3\xA4', nope");
    ck_assert_uint_eq(where.line, 2);
    ck_assert_uint_eq(where.column, 15);
    ck_assert_str_eq(
        plan_failing_statement(arena, &(struct complaint){text, 0, text.size, 0, 2, &one_file}, &where, NULL),
        "select 3");
    ck_assert_uint_eq(where.line, 3);
    ck_assert_ptr_null(
        plan_failing_statement(arena, &(struct complaint){text, 0, text.size, 0, 3, &one_file}, &where, NULL));
}
END_TEST

START_TEST(the_failing_statement_is_found_where_the_parser_knows_nothing)
{
    struct position where;
    const struct text text = text_of("select 1;\nselec 2;\nselect 3;");
    ck_assert_str_eq(
        plan_failing_statement(arena, &(struct complaint){text, 0, text.size, 11, 0, &one_file}, &where, NULL),
        "selec 2");
    ck_assert_uint_eq(where.line, 2);
    ck_assert_uint_eq(where.column, 1);
}
END_TEST

START_TEST(the_failing_statement_is_told_in_lines_of_the_file_though_a_part_was_sent)
{
    struct position where;
    const struct text text = text_of("vacuum;\n\nselect 1;\nselect nope;");
    ck_assert_str_eq(
        plan_failing_statement(arena, &(struct complaint){text, 9, text.size, 18, 0, &one_file}, &where, NULL),
        "select nope");
    ck_assert_uint_eq(where.line, 4);
    ck_assert_uint_eq(where.column, 8);
}
END_TEST

START_TEST(the_failing_statement_is_told_in_lines_of_the_file_that_it_is_of)
{
    static const struct script_part parts[] = {{0, 10, "before.sql"}, {10, 30, NULL}};
    const struct script_parts two = {.items = parts, .count = 2};
    const struct text text = text_of("select 1;\nselect 2;\nselect a;\n");
    struct position where;
    const char *name;
    plan_failing_statement(arena, &(struct complaint){text, 0, text.size, 0, 0, &two}, &where, &name);
    ck_assert_str_eq(name, "before.sql");
    ck_assert_uint_eq(where.line, 1);
    plan_failing_statement(arena, &(struct complaint){text, 0, text.size, 28, 0, &two}, &where, &name);
    ck_assert_ptr_null(name);
    ck_assert_uint_eq(where.line, 2);
    ck_assert_uint_eq(where.column, 8);
}
END_TEST

START_TEST(a_long_statement_is_shown_around_the_error)
{
    struct buffer script = {.arena = arena};
    struct position where;
    buffer_puts(&script, "select ");
    for (int i = 0; i < 600; i++) {
        buffer_puts(&script, i == 300 ? "nope" : "\xC3\xA4,");
    }
    const size_t at = text_find(buffer_text(&script), "nope", 0);
    const size_t position = text_characters(text_slice(buffer_text(&script), 0, at)) + 1;
    const char *const shown = plan_failing_statement(
        arena, &(struct complaint){buffer_text(&script), 0, script.size, position, 0, &one_file}, &where, NULL);
    ck_assert_ptr_nonnull(strstr(shown, "nope"));
    ck_assert_uint_eq(text_characters(text_of(shown)), 502);
    ck_assert(text_is_utf8(text_of(shown), NULL));
    ck_assert(text_starts_with(text_of(shown), "\xE2\x80\xA6"));
}
END_TEST

/* `size` bytes of a text again and again, between two others. */
static struct text repeated(const char *before, const char *again, size_t size, const char *after)
{
    struct buffer out = {.arena = arena};
    buffer_puts(&out, before);
    while (out.size < size) {
        buffer_puts(&out, again);
    }
    buffer_puts(&out, after);
    return buffer_text(&out);
}

#define LARGE   5000000
#define HOSTILE 2000000 /* what is quadratic, or calls itself for each byte, does not get through this either */

START_TEST(five_megabytes_are_planned_without_the_parser)
{
    const struct text script = repeated("", "insert into t values (1, 'x', now());\n", LARGE, "");
    const size_t before = arena_used(arena);
    ck_assert(build(script, SENT_WHOLE));
    ck_assert(plan.one_transaction);
    ck_assert_uint_lt(arena_used(arena) - before, 1000);
}
END_TEST

START_TEST(a_hostile_expression_neither_crashes_nor_stalls)
{
    ck_assert(build(repeated("begin; select 1", "+1", HOSTILE, "; commit"), SENT_WHOLE));
    ck_assert(plan.one_transaction);
    ck_assert(build(repeated("vacuum; select ", "(", HOSTILE, ""), SENT_WHOLE));
    ck_assert_ptr_nonnull(plan.note);
    ck_assert(build(repeated("vacuum; select ", "- ", HOSTILE, "1"), SENT_WHOLE));
    ck_assert_ptr_nonnull(plan.note);
}
END_TEST

START_TEST(what_takes_postgresql_s_scanner_for_ever_is_not_given_to_it)
{
    static const char *const traps[] = {"/*", "+", "+-", "/*/"};
    const bool opens = traps[_i][0] == '/';
    const struct text script = repeated("vacuum; select 1 ", traps[_i], HOSTILE, "");
    if (opens) {
        ck_assert(!build(script, SENT_WHOLE));
        ck_assert_ptr_nonnull(strstr(status.message, "Line 1: a comment"));
        return;
    }
    ck_assert(build(script, SENT_WHOLE));
    ck_assert_uint_eq(plan.count, 1);
    ck_assert_ptr_nonnull(strstr(plan.note, "too many operator characters"));
}
END_TEST

START_TEST(a_parser_s_message_that_quotes_the_whole_script_is_cut)
{
    const struct text script = repeated("vacuum; quantum '", "\xC3\xA4", 10000, "'");
    ck_assert(build(script, SENT_WHOLE));
    ck_assert_ptr_nonnull(strstr(plan.note, "syntax error"));
    ck_assert_uint_lt(strlen(plan.note), 400);
    ck_assert(text_is_utf8(text_of(plan.note), NULL));
}
END_TEST

START_TEST(a_quote_that_is_never_closed_is_refused_with_its_line)
{
    ck_assert_str_eq(steps("create table t ();\ninsert into t values ('abc);\n"),
                     "refused: Line 2: a quote ' is opened here and never closed; nothing was run. Close it.");
    ck_assert_ptr_nonnull(strstr(steps("select 1; /* todo\n"), "refused: Line 1: a comment /*"));
    ck_assert_ptr_nonnull(strstr(steps("vacuum;\ndo $x$ begin end $$"), "refused: Line 2: a dollar quote"));
}
END_TEST

START_TEST(a_server_with_other_strings_cuts_elsewhere)
{
    static const char script[] = "select '\\'; vacuum; select \\''; select 1";
    const struct plan_options off = {.sent = SENT_WHOLE, .backslashes = true};
    ck_assert_str_eq(steps("select 'a\\'; vacuum; select 'b'"), "T[select 'a\\']A[vacuum]T[select 'b']");
    ck_assert_str_eq(steps_as(script, &off), arena_printf(arena, "T[%s]", script));
    ck_assert(plan.one_transaction);
    ck_assert_str_eq(steps_as("set local x.y = 'a\\\\b'; vacuum; select 1", &off),
                     "T[set local x.y = 'a\\\\b']A[vacuum]T[select 1]");
    ck_assert_str_eq(plan.steps[2].carry, "set local x.y = 'a\\\\b';");
}
END_TEST

START_TEST(many_new_enum_values_are_not_searched_for_ever)
{
    ck_assert(build(repeated("", "alter type t add value 'x';", 1000000, "select 'y'"), SENT_WHOLE));
    ck_assert_uint_gt(plan.count, 1);
}
END_TEST

/* One query is read at once; statement by statement each is read as the one before it has set. */
START_TEST(a_setting_of_how_sql_is_read_needs_the_statements_apart)
{
    static const char script[] = "set local standard_conforming_strings = off; select 'a\\\\b'";
    ck_assert_ptr_nonnull(
        strstr(steps_sent(script, SENT_IN_TRANSACTION_EACH), "refused: Line 1: a setting that changes"));
    ck_assert_ptr_nonnull(strstr(steps_sent(script, SENT_IN_BATCHES), "refused: Line 1: a setting that changes"));
    ck_assert_ptr_nonnull(
        strstr(steps_sent("select set_config('standard_conforming_strings', 'off', true) from t; select 1",
                          SENT_IN_TRANSACTION_EACH),
               "refused: Line 1: a setting that changes"));
    steps_sent(script, SENT_IN_TRANSACTION);
    ck_assert(plan.one_transaction);
    steps_sent("select 1; set names 'latin1'", SENT_IN_TRANSACTION_EACH);
    ck_assert(plan.one_transaction);
    steps_sent("set standard_conforming_strings = on; set client_encoding = 'UTF8'; select 1",
               SENT_IN_TRANSACTION_EACH);
    ck_assert(plan.one_transaction);
    ck_assert_str_eq(steps_as("set standard_conforming_strings = off; select 1; select 2",
                              &(const struct plan_options){.sent = SENT_EACH}),
                     "T[set standard_conforming_strings = off]T[select 1; select 2]");
}
END_TEST

/* ---- what a cut would end ---- */

/* What is made again in front of each step, in brackets. */
static const char *carried(const char *script)
{
    struct buffer out = {.arena = arena};
    const char *const refusal = steps_sent(script, SENT_IN_TRANSACTION);
    if (plan.count == 0) {
        return refusal;
    }
    for (size_t i = 0; i < plan.count; i++) {
        buffer_printf(&out, "[%s]", plan.steps[i].carry == NULL ? "" : plan.steps[i].carry);
    }
    return buffer_string(&out);
}

START_TEST(what_lasts_as_long_as_its_transaction_is_made_again_behind_a_cut)
{
    static const struct {
        const char *script;
        const char *carried;
    } cases[] = {
        {"set local search_path = tenant, public; alter type m add value 'x'; update t set m = 'x'",
         "[][set local search_path = tenant, public;]"},
        {"set local role a; set local x.y to 1; alter type m add value 'x'; select 'x'; alter type m add value 'y'; "
         "select 'y'",
         "[][set local role a;set local x.y to 1;][set local role a;set local x.y to 1;]"},
        {"select set_config('app.x', 'a''b', true), pg_catalog.set_config('app.y', $$z$$, true) as y; "
         "alter type m add value 'x'; select 'x'",
         "[][SELECT pg_catalog.set_config('app.x', 'a''b', true);SELECT pg_catalog.set_config('app.y', $$z$$, true);]"},
        {"set constraints all immediate; alter type m add value 'x'; select 'x'", "[][set constraints all immediate;]"},
        /* Not what is no more in force. */
        {"set local a.b = 1; set a.b = 2; alter type m add value 'x'; select 'x'", "[][]"},
        {"set local a.b = 1; set local a.b = 2; alter type m add value 'x'; select 'x'", "[][set local a.b = 2;]"},
        {"set local a.b = 1; reset \"a\".b; alter type m add value 'x'; select 'x'", "[][]"},
        {"set local role r; set local a.b = 1; reset all; alter type m add value 'x'; select 'x'",
         "[][set local role r;]"},
        {"set local role r; set session authorization s; alter type m add value 'x'; select 'x'", "[][]"},
        {"set local time zone 'UTC'; set timezone = 'CET'; alter type m add value 'x'; select 'x'", "[][]"},
        {"savepoint s; set local a.b = 1; rollback to s; alter type m add value 'x'; select 'x'", "[][]"},
        {"savepoint s; set local a.b = 1; release s; alter type m add value 'x'; select 'x'", "[][set local a.b = 1;]"},
        /* The script's own COMMIT ends it for good. */
        {"set local a.b = 1; select 1; commit; alter type m add value 'x'; select 'x'", "[][][]"},
        {"begin; set local a.b = 1; select 1; commit; vacuum; select 2", "[][][]"},
        /* Nothing of it has been set yet. */
        {"vacuum; set local a.b = 1; select 1", "[][]"},
    };
    ck_assert_str_eq(carried(cases[_i].script), cases[_i].carried);
}
END_TEST

START_TEST(what_stands_alone_has_the_settings_of_its_transaction_and_leaves_none)
{
    steps("set local search_path = a; create index concurrently on t (c); select 1");
    ck_assert_str_eq(plan.steps[1].carry,
                     "SELECT pg_catalog.set_config('truss.kept_0', pg_catalog.concat('v', "
                     "pg_catalog.current_setting('search_path', true)), false);SET search_path = a;");
    ck_assert_str_eq(plan.steps[1].restore,
                     "SELECT pg_catalog.set_config('search_path', "
                     "pg_catalog.substr(pg_catalog.current_setting('truss.kept_0', true), 2), false) WHERE "
                     "pg_catalog.current_setting('truss.kept_0', true) OPERATOR(pg_catalog.<>) '';");
    ck_assert_str_eq(plan.steps[2].carry, "set local search_path = a;");
    ck_assert_str_eq(plan.steps[1].carried, "set local search_path = a");
    ck_assert_str_eq(plan.steps[2].carried, "set local search_path = a");
    ck_assert_ptr_null(plan.steps[0].carried);
    ck_assert_ptr_null(plan.steps[2].restore);
}
END_TEST

START_TEST(what_a_cut_would_lose_is_refused_with_its_line)
{
    static const struct {
        const char *script;
        const char *what; /* NULL: nothing is lost */
    } cases[] = {
        {"select 1;\nlock table t;\nvacuum;",
         "Line 2: LOCK TABLE lasts to the end of its transaction, but VACUUM cannot be inside it (line 3)"},
        {"select 1;\nselect pg_advisory_xact_lock(1);\nvacuum", "Line 2: pg_advisory_xact_lock()"},
        {"do $$ begin perform pg_try_advisory_xact_lock(1); end $$; vacuum", "pg_try_advisory_xact_lock()"},
        {"create temp table k on commit drop as select 1; vacuum", "ON COMMIT DROP or DELETE ROWS"},
        {"do $$ begin create local temporary table k (a int) on commit delete rows; end $$; vacuum", "ON COMMIT DROP"},
        {"do $$ begin execute 'create temp table k (a int) on commit drop'; end $$; vacuum", "ON COMMIT DROP"},
        {"create temp table if not exists k (a int) on commit delete rows;\ncommit;\ninsert into k values (1);\nvacuum",
         "Line 3: what is in the temporary table \"k\" (ON COMMIT DELETE ROWS) lasts"},
        {"create temp table k (a int) on commit preserve rows;\ncommit;\ninsert into k values (1);\nvacuum", NULL},
        {"declare c cursor for select 1; vacuum; fetch c", "a cursor lasts"},
        {"declare c cursor without hold for select 1; vacuum; fetch c", "a cursor lasts"},
        {"set constraints all deferred; vacuum", "SET CONSTRAINTS … DEFERRED"},
        {"set transaction isolation level serializable; select 1; vacuum", "the mode of the transaction"},
        {"set transaction_isolation = 'repeatable read'; select 1; vacuum", "the isolation level"},
        {"begin isolation level serializable; select 1;\nvacuum; select 2", "the mode of the transaction"},
        {"select * from t for update; vacuum", "SELECT … FOR UPDATE"},
        {"do $$ begin set local a.b = 1; end $$; vacuum", "inside DO"},
        {"do $$ begin perform set_config('a.b', '1', true); end $$; vacuum", "inside DO"},
        {"do $$ begin execute format('SET LOCAL %I = %L', 'a.b', 1); end $$; vacuum", "put together at run time"},
        {"do $$ declare n text := 'a.b'; begin execute 'set local ' || n || ' = 1'; end $$; vacuum",
         "put together at run time"},
        {"select set_config('a.b', (select 'x'), true); vacuum", "computed"},
        {"insert into t select set_config('a.b', 'c', true); vacuum", "computed"},
        {"savepoint s;\nselect 1;\nvacuum;\nrollback to s", "Line 4: the savepoint \"s\" (line 1)"},
        {"savepoint s;\nselect 1;\nvacuum;\nrelease savepoint s", "Line 4: the savepoint \"s\" (line 1)"},
        {"insert into t values (now());\nvacuum;\ndelete from t where a < now()",
         "Line 3: rows are chosen by the transaction's time"},
        {"set standard_conforming_strings = off; vacuum", "standard_conforming_strings"},
        {"set client_encoding = 'LATIN1'; vacuum", "client_encoding"},
        {"set names 'latin1'; vacuum", "client_encoding"},
        {"set client_encoding = 'LATIN1'; select 1;\ncommit; select 2", "Line 1: a setting that changes how the rest"},
        {"begin; set standard_conforming_strings = off; commit; insert into t values ('\\')",
         "sends the file as one text"},
        {"set session characteristics as transaction read only; vacuum; select 1", "default_transaction_"},
        {"select lo_open(1, 2); vacuum", "large object"},
        {"lock table t; alter type m add value 'x';\nselect 'x'",
         "but a new enum value must be committed before it is used (line 1)"},
        /* By functions that the script makes, however they are reached. */
        {"create function f() returns void language plpgsql as $$ begin set local a.b = 1; end $$;\nselect "
         "s.f();\nvacuum",
         "Line 2: what f() does (SET LOCAL"},
        {"create function \"F\"() returns int language sql begin atomic select pg_advisory_xact_lock(1); select 2; end;"
         "\ndo $$ begin perform \"F\"(); end $$;\nvacuum",
         "Line 2: what F() does (pg_advisory_xact_lock())"},
        {"create function f() returns void as 'begin execute ''set local role x''; end' language plpgsql;"
         "create function g() returns void as 'select f()' language sql;\nselect * from g();\nvacuum",
         "Line 2: what f() does"},
        {"create function f() returns trigger language plpgsql as $$ declare q text := 'set local a.b = 1'; begin "
         "execute q; "
         "return null; end $$; create trigger z after insert on s.t for each row execute function f();\n"
         "insert into t values (1);\nvacuum",
         "Line 2: what f() does"},
        {"create function f() returns int language plpython3u as 'plpy.execute(\"SET LOCAL a.b = 1\")'; "
         "create view v as select f();\nselect * from v;\nvacuum",
         "Line 2: what f() does"},
        {"create function f() returns int language plpgsql as $$ begin set local a.b = 1; end $$;\ninsert into s.t "
         "select f();\nvacuum",
         "Line 2: what f() does"},
        /* Nothing of these is lost. */
        {"create function f() returns void language plpgsql as $$ begin set local a.b = 1; end $$;\nvacuum;select f()",
         NULL},
        {"create function f() returns void language plpgsql as $$ begin set local a.b = 1; end $$;comment on function "
         "f() "
         "is 'f()'; select 'f()', f, \"f\" from t; drop function f();vacuum",
         NULL},
        {"create function f() returns void language plpgsql set a.b = 2 as $$ begin set local a.b = 1; end $$;"
         "select f();vacuum",
         NULL},
        {"create function f() returns trigger language plpgsql as $$ begin set local a.b = 1; end $$; create trigger z "
         "after insert on t for each row execute function f(); insert into u values (1); alter table t add x int; "
         "vacuum",
         NULL},
        {"create function f() returns void language plpgsql as $$ begin set local a.b = 1; end $$;"
         "insert into f (a) values (1); insert into s.f (a) values (1); vacuum",
         NULL},
        {"set client_encoding = 'UTF8'; set standard_conforming_strings = on; vacuum", NULL},
        {"select 1; commit; set client_encoding = 'LATIN1'", NULL},
        {"vacuum; lock table t; select 1", NULL},
        {"lock table t; select 1; commit; vacuum", NULL},
        {"begin; lock table t; select 1; commit; vacuum", NULL},
        {"savepoint s; lock table t; rollback to s; vacuum", NULL},
        {"savepoint s; select 1; release s; vacuum", NULL},
        {"create function f() returns int language sql as 'select pg_advisory_xact_lock(1)'; vacuum", NULL},
        {"create view v as select pg_advisory_xact_lock(1); vacuum", NULL},
        {"select 'lock table t', $$ set local a.b = 1 $$; -- lock table\nvacuum", NULL},
        {"insert into t values (now()); vacuum; insert into t values (now())", NULL},
        {"declare c cursor with hold for select 1; vacuum; fetch c", NULL},
        {"notify x; vacuum", NULL},
        {"select set_config('search_path', '', false); vacuum", NULL},
    };
    const char *const result = steps_sent(cases[_i].script, SENT_IN_TRANSACTION);
    if (cases[_i].what == NULL) {
        ck_assert_msg(plan.count >= 2, "%s", result);
    } else {
        ck_assert_msg(strstr(result, "refused: ") == result && strstr(result, cases[_i].what) != NULL, "%s", result);
        ck_assert_int_eq(status.code, STATUS_FAILED_PRECONDITION);
        ck_assert_uint_gt(status.position, 0);
    }
}
END_TEST

#define BEGINS_OTHERWISE "what its session began with, in front of ALTER ROLE or DATABASE … SET"

START_TEST(what_stays_in_the_session_is_known_for_another_one)
{
    static const struct {
        const char *script;
        const char *settings; /* of the first step */
        const char *bound;    /* NULL: any session can go on */
    } cases[] = {
        {"set search_path = a; set role b; vacuum", "set search_path = a;set role b;", NULL},
        {"set session authorization b; select 1; vacuum", "set session authorization b;", NULL},
        {"select pg_catalog.set_config('search_path', '', false); vacuum",
         "SELECT pg_catalog.set_config('search_path', '', false);", NULL},
        {"reset all; load 'x'; vacuum", "reset all;load 'x';", NULL},
        {"discard all; vacuum", "SET SESSION AUTHORIZATION DEFAULT;RESET ROLE;RESET ALL;", NULL},
        {"savepoint s; set role b; rollback to s; vacuum", NULL, NULL},
        {"begin; set role b; rollback; vacuum", NULL, NULL},
        {"set local role b; select 1; vacuum", NULL, NULL},
        {"create temp table k (a int); vacuum", NULL, "a temporary object"},
        {"select 1;\nselect 2 into temp k; vacuum", NULL, "a temporary table"},
        {"create function pg_temp.f() returns int language sql as 'select 1'; vacuum", NULL, "a temporary object"},
        {"prepare p as select 1; vacuum", NULL, "a prepared statement"},
        {"select pg_advisory_lock(1); vacuum", NULL, "an advisory lock"},
        {"do $$ begin set search_path = x; end $$; vacuum", NULL, "a setting made inside DO or a function"},
        {"do $$ begin commit; create temp table x (); end $$; vacuum", NULL, "a temporary object"},
        {"alter role me in database here set search_path = c; vacuum", NULL, BEGINS_OTHERWISE},
        {"do $$ begin execute format('alter database %I reset timezone', current_database()); end $$; vacuum", NULL,
         BEGINS_OTHERWISE},
        {"alter role a login; alter database b owner to c; alter table t set (fillfactor = 90); vacuum", NULL, NULL},
        {"alter user mapping for a server s options (set password 'x'); vacuum", NULL, NULL},
        {"alter database here set tablespace t; vacuum", NULL, NULL},
        {"alter role a set work_mem = 1; alter database b set work_mem = 1; alter role me in database b reset all; "
         "alter role all in database b set work_mem = 1; do $$ begin alter user \"Me\" set work_mem = 1; end $$; "
         "vacuum",
         NULL, NULL},
        {"alter role ME set work_mem = 1; vacuum", NULL, BEGINS_OTHERWISE},
        {"alter role a set work_mem = 1; create temp table k (); vacuum", NULL, "a temporary object"},
        {"alter role all set work_mem = 1; vacuum", NULL, BEGINS_OTHERWISE},
        {"alter user current_user in database here set work_mem = 1; vacuum", NULL, BEGINS_OTHERWISE},
        {"alter database here reset work_mem; vacuum", NULL, BEGINS_OTHERWISE},
        {"do $$ begin execute format('alter role m%s set work_mem = 1', 'e'); end $$; vacuum", NULL, BEGINS_OTHERWISE},
        {"do $$ begin execute 'alter role m$x set work_mem = 1'; end $$; vacuum", NULL, BEGINS_OTHERWISE},
    };
    const struct plan_options options = {
        .sent = SENT_IN_TRANSACTION, .is_wish = true, .user = "me", .database = "here"};
    const char *const shown = steps_as(cases[_i].script, &options);
    ck_assert_msg(plan.count >= 2, "%s", shown);
    ck_assert_pstr_eq(plan.steps[0].settings, cases[_i].settings);
    ck_assert_pstr_eq(plan.steps[0].session_bound, cases[_i].bound);
}
END_TEST

START_TEST(a_step_that_would_stall_others_is_told_from_one_that_would_not)
{
    ck_assert(build(text_of("insert into t values (1); alter table t add c int"), SENT_WHOLE));
    ck_assert(plan.steps[0].stalls);
    ck_assert(build(text_of("insert into t values (1); update t set c = 'drop table t'"), SENT_WHOLE));
    ck_assert(!plan.steps[0].stalls);
    ck_assert(build(text_of("create index concurrently i on t (c); truncate t"), SENT_WHOLE));
    ck_assert(!plan.steps[0].stalls);
    ck_assert(plan.steps[1].stalls);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("plan");
    TCase *const tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_cursor_or_lock_needs_a_transaction_of_the_script_s);
    tcase_add_test(tests, what_cannot_be_read_or_undone_as_its_tool_does_is_refused);
    tcase_add_test(tests, a_procedure_that_is_known_to_commit_is_cut_out_of_a_pipeline);
    tcase_add_test(tests, the_usual_script_is_one_transaction);
    tcase_add_test(tests, what_cannot_share_a_transaction_stands_alone);
    tcase_add_test(tests, a_string_may_go_on_behind_a_comment);
    tcase_add_test(tests, a_word_that_only_looks_dangerous_changes_nothing);
    tcase_add_test(tests, a_new_enum_value_is_committed_before_it_is_used);
    tcase_add_test(tests, a_new_enum_value_that_is_part_of_another_word_is_not_used);
    tcase_add_test(tests, a_script_without_an_end_to_its_parentheses_is_not_cut);
    tcase_add_test(tests, begin_and_commit_around_everything_are_ours);
    tcase_add_test(tests, a_chained_commit_does_not_end_the_script_s_own_piece);
    tcase_add_test(tests, behind_the_tool_s_transaction_each_piece_is_a_query);
    tcase_add_loop_test(tests, a_chain_needs_a_transaction_that_somebody_begins, 0, 12);
    tcase_add_test(tests, what_its_tool_does_not_cut_out_of_a_pipeline_loses_nothing);
    tcase_add_loop_test(tests, a_block_that_rolls_back_what_its_tool_sends_with_it_is_refused, 0, 13);
    tcase_add_test(tests, what_a_block_leaves_to_what_its_tool_sends_with_it_is_refused);
    tcase_add_loop_test(tests, what_a_trigger_would_see_too_early_is_refused, 0, 7);
    tcase_add_test(tests, what_ends_its_tool_s_transaction_and_cannot_be_parsed_has_that_transaction);
    tcase_add_loop_test(tests, what_would_be_checked_behind_steps_that_stay_is_refused, 0, 19);
    tcase_add_test(tests, a_transaction_of_the_script_ends_where_the_server_ends_it);
    tcase_add_test(tests, what_is_rolled_back_is_sent_as_it_is);
    tcase_add_test(tests, a_lone_begin_means_what_it_means_to_its_own_tool);
    tcase_add_test(tests, a_lone_commit_means_what_it_means_to_its_own_tool);
    tcase_add_test(tests, what_is_sent_statement_by_statement_shares_a_transaction_where_nobody_could_tell);
    tcase_add_test(tests, what_is_sent_statement_by_statement_is_checked_statement_by_statement);
    tcase_add_test(tests, a_savepoint_needs_a_transaction_that_somebody_begins);
    tcase_add_test(tests, where_the_tool_cuts_itself_nothing_is_carried_or_refused);
    tcase_add_test(tests, what_may_commit_is_sent_as_its_tool_sends_it_where_the_server_says_so);
    tcase_add_test(tests, a_procedure_that_the_script_makes_is_known_to_commit);
    tcase_add_test(tests, what_stands_alone_inside_the_script_s_own_transaction_is_left_to_the_server);
    tcase_add_test(tests, comments_around_statements_are_not_sent);
    tcase_add_test(tests, what_can_never_run_is_refused_with_its_line);
    tcase_add_test(tests, what_the_parser_does_not_know_is_sent_whole_and_said_so);
    tcase_add_test(tests, the_failing_statement_is_found_by_position_or_number);
    tcase_add_test(tests, the_failing_statement_is_found_where_the_parser_knows_nothing);
    tcase_add_test(tests, the_failing_statement_is_told_in_lines_of_the_file_though_a_part_was_sent);
    tcase_add_test(tests, the_failing_statement_is_told_in_lines_of_the_file_that_it_is_of);
    tcase_add_test(tests, a_long_statement_is_shown_around_the_error);
    tcase_add_test(tests, five_megabytes_are_planned_without_the_parser);
    tcase_add_test(tests, a_hostile_expression_neither_crashes_nor_stalls);
    tcase_add_loop_test(tests, what_takes_postgresql_s_scanner_for_ever_is_not_given_to_it, 0, 4);
    tcase_add_test(tests, a_parser_s_message_that_quotes_the_whole_script_is_cut);
    tcase_add_test(tests, many_new_enum_values_are_not_searched_for_ever);
    tcase_add_loop_test(tests, what_lasts_as_long_as_its_transaction_is_made_again_behind_a_cut, 0, 15);
    tcase_add_loop_test(tests, what_a_cut_would_lose_is_refused_with_its_line, 0, 50);
    tcase_add_loop_test(tests, what_stays_in_the_session_is_known_for_another_one, 0, 28);
    tcase_add_test(tests, what_stands_alone_has_the_settings_of_its_transaction_and_leaves_none);
    tcase_add_test(tests, a_setting_of_how_sql_is_read_needs_the_statements_apart);
    tcase_add_test(tests, a_quote_that_is_never_closed_is_refused_with_its_line);
    tcase_add_test(tests, a_server_with_other_strings_cuts_elsewhere);
    tcase_add_test(tests, a_step_that_would_stall_others_is_told_from_one_that_would_not);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
