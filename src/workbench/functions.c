/*
 * Lists of words; a word that ends with "*" stands for all that begin like it. The first match counts.
 */
#include "workbench/functions.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *why;
    const char *names;
} dangers[] = {
    {"it takes or releases locks that outlast the query and block others", "pg_advisory_* pg_try_advisory_*"},
    {"it holds its connection and its snapshot", "pg_sleep pg_sleep_for pg_sleep_until"},
    {"it runs any SQL text, which nobody could check", "query_to_xml* cursor_to_xml* ts_stat ts_rewrite crosstab "
                                                       "crosstab2 crosstab3 crosstab4 crosstabN crosstabn connectby "
                                                       "xpath_table dblink*"},
    {"it reads a whole table, schema or database past every limit", "table_to_xml* schema_to_xml* database_to_xml*"},
    {"it writes to the write-ahead log, which logical replication passes on", "pg_logical_emit_message"},
    {"it ends or disturbs other sessions",
     "pg_cancel_backend pg_terminate_backend pg_log_backend_memory_contexts pg_notify"},
    {"it gives the transaction an id, which is a write; ask pg_current_snapshot()", "txid_current pg_current_xact_id"},
    {"it publishes the transaction's snapshot as a file", "pg_export_snapshot"},
    {"it changes settings, time limits and role among them", "set_config set_limit"},
    {"it changes the state of a session that others use later",
     "setseed pg_stat_clear_snapshot pg_stat_force_next_flush currval lastval"},
    {"it changes a sequence", "nextval setval"},
    {"it works on large objects or on files of the server",
     "lo_* loread lowrite pg_read_file* pg_read_binary_file* pg_stat_file pg_ls_* pg_hba_file_rules "
     "pg_ident_file_mappings pg_show_all_file_settings pg_current_logfile pg_file_*"},
    {"it controls the server", "pg_reload_conf pg_rotate_logfile* pg_switch_wal pg_create_restore_point pg_backup_* "
                               "pg_start_backup pg_stop_backup "
                               "pg_promote pg_wal_replay_* pg_log_standby_snapshot pg_prewarm autoprewarm_*"},
    {"it makes, moves or drops what replication depends on",
     "pg_create_*_replication_slot pg_create_physical_replication_slot pg_create_logical_replication_slot pg_copy_* "
     "pg_drop_replication_slot pg_replication_slot_advance pg_logical_slot_* pg_sync_replication_slots "
     "pg_replication_origin_*"},
    {"it throws statistics away or writes them",
     "pg_stat_reset* pg_stat_statements_reset pg_restore_* pg_clear_* pg_stat_kcache_reset"},
    {"it writes to an index", "brin_summarize_* brin_desummarize_range gin_clean_pending_list"},
    {"it changes the catalogue",
     "pg_import_system_collations pg_nextoid pg_stop_making_pinned_objects binary_upgrade_* pg_extension_config_dump"},
    {"it calls what a name hidden in its arguments says",
     "domain_in domain_recv array_in array_recv record_in record_recv range_in range_recv multirange_in "
     "multirange_recv pg_input_is_valid pg_input_error_info fmgr_* plpgsql_call_handler plpgsql_inline_handler"},
};

static const char harmless[] =
    "random random_normal array_sample array_shuffle gen_random_uuid gen_random_bytes uuidv4 uuidv7 uuid_generate_v1 "
    "uuid_generate_v1mc uuid_generate_v4 clock_timestamp timeofday statement_timestamp transaction_timestamp now "
    "current_query pg_relation_size pg_table_size pg_indexes_size pg_total_relation_size pg_database_size "
    "pg_tablespace_size pg_partition_tree pg_partition_ancestors pg_is_in_recovery pg_blocking_pids "
    "pg_safe_snapshot_blocking_pids "
    "pg_lock_status pg_xact_status txid_status pg_stat_get_* pg_get_wait_events pg_sequence_last_value "
    "pg_current_wal_* pg_last_wal_* pg_last_xact_* pg_is_wal_replay_paused pg_get_wal_replay_pause_state "
    "pg_notification_queue_usage pg_collation_actual_version pg_database_collation_actual_version pg_jit_available "
    "pg_control_* pg_xact_commit_timestamp pg_last_committed_xact pg_prepared_xact pg_config pg_listening_channels "
    "pg_get_shmem_allocations* pg_get_backend_memory_contexts pg_timezone_names pg_timezone_abbrevs* pg_cursor "
    "pg_prepared_statement amvalidate timezone pg_get_replication_slots pg_show_replication_origin_status "
    "pg_available_wal_summaries";

static const char words[] =
    "extract json json_array json_arrayagg json_object json_objectagg json_exists json_query json_scalar "
    "json_serialize json_value merge_action coalesce nullif greatest least";

static bool fits(const char *word, size_t size, const char *name)
{
    const char *const star = memchr(word, '*', size);
    const size_t fixed = star == NULL ? size : (size_t)(star - word);
    const size_t behind = star == NULL ? 0 : size - fixed - 1;
    const size_t length = strlen(name);
    if (strncmp(name, word, fixed) != 0 || length < fixed + behind || (star == NULL && length != size)) {
        return false;
    }
    return behind == 0 || memcmp(name + length - behind, star + 1, behind) == 0;
}

static bool is_among(const char *list, const char *name)
{
    for (size_t size; *list != '\0'; list += size + strspn(list + size, " ")) {
        size = strcspn(list, " ");
        if (fits(list, size, name)) {
            return true;
        }
    }
    return false;
}

const char *function_danger(const char *name)
{
    for (size_t i = 0; i < sizeof dangers / sizeof dangers[0]; i++) {
        if (is_among(dangers[i].names, name)) {
            return dangers[i].why;
        }
    }
    return NULL;
}

bool function_is_harmless(const char *name)
{
    return is_among(harmless, name);
}

bool function_is_word(const char *name)
{
    return is_among(words, name);
}

bool function_fills_rows(const char *name)
{
    return is_among("json_populate_record* jsonb_populate_record* populate_record", name);
}
