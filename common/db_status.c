/* db_status - what PostgreSQL's error codes mean to callers. */
#include <string.h>

#include "db_lane.h"

/* SQLSTATEs that callers may act on, whole or by class; all others are DB_FAIL. */
static const struct {
	const char *state;
	enum db_status status;
} sqlstates[] = {
	{ "08", DB_AWAY },        /* connection_exception */
	{ "22003", DB_BAD },      /* numeric_value_out_of_range */
	{ "22007", DB_BAD },      /* invalid_datetime_format */
	{ "22008", DB_BAD },      /* datetime_field_overflow */
	{ "22021", DB_BAD },      /* character_not_in_repertoire */
	{ "22P02", DB_BAD },      /* invalid_text_representation */
	{ "22P05", DB_BAD },      /* untranslatable_character */
	{ "23503", DB_CONFLICT }, /* foreign_key_violation */
	{ "23505", DB_CONFLICT }, /* unique_violation */
	{ "25006", DB_AWAY },     /* read_only_sql_transaction: a standby */
	{ "25P03", DB_AWAY },     /* idle_in_transaction_session_timeout: we were held up */
	{ "26000", DB_RETRY },    /* invalid_sql_statement_name: not prepared after all */
	{ "40001", DB_RETRY },    /* serialization_failure */
	{ "40P01", DB_RETRY },    /* deadlock_detected */
	{ "42P05", DB_RETRY },    /* duplicate_prepared_statement: prepared already */
	{ "53", DB_AWAY },        /* insufficient_resources: connections, memory, disk */
	{ "55P03", DB_BUSY },     /* lock_not_available */
	{ "57014", DB_BUSY },     /* query_canceled: statement_timeout */
	{ "57P", DB_AWAY },       /* shutting down, starting up */
};

/* A Citus coordinator's words, with XX000 as the code, when it finds that a worker has ended. */
static const char worker_away[] = "failure on connection marked as essential";

enum db_status
lane_status(const char *sqlstate, const char *message)
{
	for (size_t i = 0; sqlstate != NULL && i < COUNT(sqlstates); i++)
		if (strncmp(sqlstate, sqlstates[i].state, strlen(sqlstates[i].state)) == 0)
			return sqlstates[i].status;
	if (message != NULL && strncmp(message, worker_away, strlen(worker_away)) == 0)
		return DB_AWAY;
	return DB_FAIL;
}
