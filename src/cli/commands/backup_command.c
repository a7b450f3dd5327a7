/*
 * truss backup: makes backups and waits for them, lists, reads and restores them, and shows or sets the schedule of
 * automatic backups.
 */
#include "base/clock.h"
#include "cli/commands/backup_download.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"
#include "cli/reach/worker.h"
#include "cli/verbs.h"
#include "truss/backup/v1/backup.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BACKUP              &truss__backup__v1__backup_service__descriptor
#define LOOK_NS             300000000
#define LONGEST_S           86400
#define REQUEST(Type, TYPE) Truss__Backup__V1__##Type request = TRUSS__BACKUP__V1__##TYPE##__INIT

typedef Truss__Backup__V1__Backup Backup;

/* ---- what is shown ---- */

static enum colour colour_of(const Backup *backup)
{
    return strcmp(backup->status, "failed") == 0      ? COLOUR_RED
           : strcmp(backup->status, "completed") == 0 ? COLOUR_GREEN
                                                      : COLOUR_YELLOW;
}

static void print_backup(struct cli *cli, const Backup *backup)
{
    struct arena *const arena = cli->arena;
    struct table table = table_new(arena, 2);
    const char *const parts[][2] = {
        {"id", arena_printf(arena, "%u", backup->id)},
        {"state", backup->detail_status},
        {"file", backup->filename},
        {"size", output_bytes(arena, backup->size_bytes)},
        {"tables", arena_printf(arena, "%u of %u", backup->tables_done, backup->tables)},
        {"begun", output_moment(arena, backup->created_at)},
        {"complete", output_moment(arena, backup->completed_at)},
        {"label", backup->label},
        {"protected", backup->protected_ ? "yes" : ""},
        {"SHA-256", backup->sha256},
        {"verified", backup->verified},
        {"message", backup->_message_case == 0 ? "" : backup->message},
        {"restore", backup->restore == NULL ? "" : backup->restore->status},
        {"branch", backup->restore == NULL ? "" : backup->restore->branch_db},
        {"restored", backup->restore == NULL ? "" : backup->restore->message},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i][1] != NULL && parts[i][1][0] != '\0') {
            table_add(&table, COLOUR_DIM, parts[i][0]);
            table_add(&table, i == 1 ? colour_of(backup) : COLOUR_NONE, parts[i][1]);
        }
    }
    table_print(&table);
}

/* ---- waiting ---- */

static bool is_under_way(const Backup *backup)
{
    static const char *const words[] = {"waiting", "running", "verifying", "restoring"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(backup->detail_status, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const Backup *get(struct cli *cli, char *id)
{
    REQUEST(GetBackupRequest, GET_BACKUP_REQUEST);
    request.id = id;
    return call(cli, BACKUP, "GetBackup", &request.base, READ_SECONDS);
}

/* The time is over. A worker of this command's own ends with it, and the work, too. */
static bool fail_late(struct cli *cli, const Backup *backup)
{
    status_fail(cli->status, STATUS_DEADLINE_EXCEEDED, "The time is over, and backup %u is not ready: it is %s.",
                backup->id, backup->detail_status);
    cli->status->hint =
        worker_is_private(cli)
            ? "It ends with this command, whose own worker does the work: give it more time (--timeout)."
            : arena_printf(cli->arena, "The worker goes on with it; see: truss backup show %u", backup->id);
    return false;
}

/* Returns the backup when the work on it has ended; NULL with a status if the worker cannot be asked, or the time is
 * over. */
static const Backup *wait_for_end(struct cli *cli, const Backup *backup)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};
    const int64_t until = deadline_in(call_timeout(cli, LONGEST_S));
    char *const id = arena_printf(cli->arena, "%u", backup->id);
    while (backup != NULL && is_under_way(backup) && !deadline_passed(until)) {
        nanosleep(&pause, NULL);
        backup = get(cli, id);
    }
    return backup == NULL || !is_under_way(backup) || fail_late(cli, backup) ? backup : NULL;
}

static int show(struct cli *cli, const Backup *backup)
{
    if (backup == NULL) {
        return EXIT_ERROR;
    }
    if (!print_json(cli, &backup->base)) {
        print_backup(cli, backup);
    }
    return strcmp(backup->status, "failed") == 0 ? EXIT_ERROR : EXIT_FINE;
}

/* Waits for the end of the work that was begun; with --detach, only reports that it has begun. */
static int follow(struct cli *cli, const Truss__Backup__V1__BackupAnswer *answer)
{
    if (answer == NULL) {
        return EXIT_ERROR;
    }
    if (!cli->given.json) {
        fprintf(stderr, "%s\n", output_safe(cli->arena, answer->message, false));
    }
    if (cli->given.detach_backup && !cli->given.json) {
        printf("%u\n", answer->backup->id);
        return EXIT_FINE;
    }
    return show(cli, cli->given.detach_backup ? answer->backup : wait_for_end(cli, answer->backup));
}

/* ---- the arguments ---- */

static int create(struct cli *cli)
{
    REQUEST(CreateBackupRequest, CREATE_BACKUP_REQUEST);
    request.label = arena_strdup(cli->arena, cli->given.label == NULL ? "" : cli->given.label);
    request.protected_ = cli->given.protect;
    return follow(cli, call(cli, BACKUP, "CreateBackup", &request.base, READ_SECONDS));
}

static int list(struct cli *cli)
{
    REQUEST(ListBackupsRequest, LIST_BACKUPS_REQUEST);
    static const char *const heads[] = {"ID", "STATE", "SIZE", "BEGUN (UTC)", "VERIFIED", "LABEL"};
    const Truss__Backup__V1__ListBackupsResponse *const reply =
        call(cli, BACKUP, "ListBackups", &request.base, READ_SECONDS);
    if (reply == NULL || print_json(cli, &reply->base)) {
        return reply == NULL ? EXIT_ERROR : EXIT_FINE;
    }
    struct table table = table_with_heads(cli->arena, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < reply->n_backups; i++) {
        const Backup *const one = reply->backups[i];
        table_add(&table, COLOUR_NONE, arena_printf(cli->arena, "%u", one->id));
        table_add(&table, colour_of(one), one->detail_status);
        table_add(&table, COLOUR_NONE, output_bytes(cli->arena, one->size_bytes));
        table_add(&table, COLOUR_NONE, output_moment(cli->arena, one->created_at));
        table_add(&table, COLOUR_NONE, one->verified);
        table_add(&table, COLOUR_NONE, one->label);
    }
    if (reply->n_backups > 0) {
        table_print(&table);
    } else {
        printf("There are no backups%s\n",
               reply->_folder_case == 0 ? ", and no place for them: --backups DIR, or s3://BUCKET/PREFIX." : ".");
    }
    if (reply->_problem_case != 0) {
        output_tell(cli->arena, "warning", reply->problem, false);
    }
    for (size_t i = 0; i < reply->n_orphans; i++) {
        printf("no backup knows the file %s\n", output_safe(cli->arena, reply->orphans[i], false));
    }
    return EXIT_FINE;
}

static int show_one(struct cli *cli)
{
    return show(cli, get(cli, cli->words[1]));
}

static int verify(struct cli *cli)
{
    REQUEST(VerifyBackupRequest, VERIFY_BACKUP_REQUEST);
    request.id = cli->words[1];
    request.restore = cli->given.by_restore;
    const int code = follow(cli, call(cli, BACKUP, "VerifyBackup", &request.base, READ_SECONDS));
    if (code != EXIT_FINE || cli->given.detach_backup) {
        return code;
    }
    /* A backup that could not be read back or restored is still complete; its message says why it is not verified. */
    const Backup *const backup = get(cli, cli->words[1]);
    return backup != NULL && (backup->_message_case == 0 || backup->message[0] == '\0') ? EXIT_FINE : EXIT_ERROR;
}

static int restore(struct cli *cli)
{
    REQUEST(RestoreBackupRequest, RESTORE_BACKUP_REQUEST);
    request.id = cli->words[1];
    request.label = arena_strdup(cli->arena, cli->given.label == NULL ? "" : cli->given.label);
    const int code = follow(cli, call(cli, BACKUP, "RestoreBackup", &request.base, READ_SECONDS));
    if (code != EXIT_FINE || cli->given.detach_backup) {
        return code;
    }
    const Backup *const backup = get(cli, cli->words[1]);
    return backup != NULL && backup->restore != NULL && strcmp(backup->restore->status, "completed") == 0 ? EXIT_FINE
                                                                                                          : EXIT_ERROR;
}

static int delete_one(struct cli *cli)
{
    REQUEST(DeleteBackupRequest, DELETE_BACKUP_REQUEST);
    request.id = cli->words[1];
    request.force = cli->given.force;
    const Truss__Backup__V1__DeleteBackupResponse *const reply =
        call(cli, BACKUP, "DeleteBackup", &request.base, READ_SECONDS);
    if (reply != NULL && !print_json(cli, &reply->base)) {
        printf("The backup %s is deleted.\n", output_safe(cli->arena, cli->words[1], false));
    }
    return reply == NULL ? EXIT_ERROR : EXIT_FINE;
}

static int cancel(struct cli *cli)
{
    REQUEST(CancelBackupRequest, CANCEL_BACKUP_REQUEST);
    request.id = cli->words[1];
    const Truss__Backup__V1__CancelBackupResponse *const reply =
        call(cli, BACKUP, "CancelBackup", &request.base, READ_SECONDS);
    if (reply != NULL && !print_json(cli, &reply->base)) {
        printf("%s\n", reply->cancelled ? "It has been told to end." : "Nothing was under way with it.");
    }
    return reply == NULL ? EXIT_ERROR : EXIT_FINE;
}

/* "schedule" alone shows it; "schedule hourly", "daily", "weekly" or "off" sets it. */
static int schedule(struct cli *cli)
{
    REQUEST(UpdateScheduleRequest, UPDATE_SCHEDULE_REQUEST);
    const Truss__Backup__V1__GetScheduleRequest ask = TRUSS__BACKUP__V1__GET_SCHEDULE_REQUEST__INIT;
    const bool changes = cli->word_count == 2;
    if (changes) {
        const bool is_off = strcmp(cli->words[1], "off") == 0;
        request._enabled_case = TRUSS__BACKUP__V1__UPDATE_SCHEDULE_REQUEST___ENABLED_ENABLED;
        request.enabled = !is_off;
        request._frequency_case = is_off ? TRUSS__BACKUP__V1__UPDATE_SCHEDULE_REQUEST___FREQUENCY__NOT_SET
                                         : TRUSS__BACKUP__V1__UPDATE_SCHEDULE_REQUEST___FREQUENCY_FREQUENCY;
        request.frequency = cli->words[1];
    }
    const Truss__Backup__V1__Schedule *const reply =
        changes ? call(cli, BACKUP, "UpdateSchedule", &request.base, READ_SECONDS)
                : call(cli, BACKUP, "GetSchedule", &ask.base, READ_SECONDS);
    if (reply == NULL || print_json(cli, &reply->base)) {
        return reply == NULL ? EXIT_ERROR : EXIT_FINE;
    }
    if (!reply->enabled) {
        printf("No backups are scheduled. To have the worker make one each day: truss backup schedule daily\n");
        return EXIT_FINE;
    }
    printf("%s, next at %s; verified: %s\n", output_safe(cli->arena, reply->frequency, false),
           output_moment(cli->arena, reply->next_at), output_safe(cli->arena, reply->verify, false));
    printf("kept: the last %u, one of each of %u days and %u weeks, none older than %u days\n", reply->keep_last,
           reply->keep_daily, reply->keep_weekly, reply->retention_days);
    return EXIT_FINE;
}

#define WHICH(verb) "truss backup " verb " needs the ID of a backup. `truss backup list` shows the ids."

const struct cli_verb cli_backup_verbs[] = {
    {.name = "create",
     .help = "dump the database and wait for its end",
     .run = create,
     .options = {OPTION_backups, OPTION_pg_bin, OPTION_backup_jobs, OPTION_label, OPTION_protect, OPTION_detach_backup,
                 OPTION_key, OPTION_NONE}},
    {.name = "list", .help = "list the backups", .run = list, .options = {OPTION_backups, OPTION_pg_bin, OPTION_NONE}},
    {.name = "show",
     .arguments = "ID",
     .least_words = 1,
     .most_words = 1,
     .help = "show one backup",
     .missing = WHICH("show"),
     .run = show_one,
     .options = {OPTION_backups, OPTION_pg_bin, OPTION_NONE}},
    {.name = "verify",
     .arguments = "ID",
     .least_words = 1,
     .most_words = 1,
     .help = "read it whole and compare its checksum",
     .missing = WHICH("verify"),
     .run = verify,
     .options = {OPTION_backups, OPTION_pg_bin, OPTION_by_restore, OPTION_load_foreign_code, OPTION_detach_backup,
                 OPTION_key, OPTION_NONE}},
    {.name = "download",
     .arguments = "ID [FILE]",
     .least_words = 1,
     .most_words = 2,
     .help = "fetch its file",
     .missing = WHICH("download"),
     .run = backup_download,
     .options = {OPTION_backups, OPTION_pg_bin, OPTION_NONE}},
    {.name = "restore",
     .arguments = "ID",
     .least_words = 1,
     .most_words = 1,
     .help = "restore it into a new branch",
     .missing = WHICH("restore"),
     .run = restore,
     .options = {OPTION_backups, OPTION_pg_bin, OPTION_backup_jobs, OPTION_load_foreign_code, OPTION_label,
                 OPTION_detach_backup, OPTION_key, OPTION_NONE}},
    {.name = "cancel",
     .arguments = "ID",
     .least_words = 1,
     .most_words = 1,
     .help = "end what is under way with it",
     .missing = WHICH("cancel"),
     .run = cancel,
     .options = {OPTION_backups, OPTION_pg_bin, OPTION_key, OPTION_NONE}},
    {.name = "delete",
     .arguments = "ID",
     .least_words = 1,
     .most_words = 1,
     .help = "delete a backup",
     .missing = WHICH("delete"),
     .run = delete_one,
     .options = {OPTION_backups, OPTION_pg_bin, OPTION_force, OPTION_key, OPTION_NONE}},
    {.name = "schedule",
     .arguments = "[hourly|daily|weekly|off]",
     .most_words = 1,
     .help = "show the schedule of backups, or change it",
     .run = schedule,
     .options = {OPTION_backups, OPTION_pg_bin, OPTION_key, OPTION_NONE}},
    {0},
};

int command_backup(struct cli *cli)
{
    return cli->given.detach_backup && !worker_stays(cli) ? EXIT_ERROR : cli_verb_run(cli);
}
