#include "migration/run/blocker.h"

#include "pg/values.h"

struct run_blocker blocker_of(struct arena *arena, const PGresult *result, int row)
{
    return (struct run_blocker){
        .pid = (uint32_t)pg_field_int(result, row, 0, 0),
        .application = pg_field_copy(arena, result, row, 1),
        .user = pg_field_copy(arena, result, row, 2),
        .state = pg_field_copy(arena, result, row, 3),
        .query = pg_field_copy(arena, result, row, 4),
        .transaction_ms = (uint32_t)pg_field_int(result, row, 5, 0),
        .query_ms = (uint32_t)pg_field_int(result, row, 6, 0),
    };
}
