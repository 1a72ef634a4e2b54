/*
 * replay - have failed deliveries sent again, those that a filter names.
 *
 * Whether one of outcome "unknown" has arrived nobody knows: sending it again could tell its user
 * twice, so that takes --may-repeat.  Not part of "all".  SQL: sql/query/ledger.sql.
 */
#include <string.h>

#include "cron.h"
#include "log.h"
#include "notify.h"
#include "queries.h"
#include "text.h"

const char *
replay_unfit(const struct replay_filter *f)
{
	char id[UUID_LEN + 1];
	size_t i = 0;

	if (f->team == NULL && f->channel == NULL && f->error == NULL && f->since == NULL &&
	    f->delivery == NULL)
		return "replay needs a filter";
	if (f->team != NULL && !text_uuid(f->team, strlen(f->team), id))
		return "--team is not an id";
	if (f->delivery != NULL && !text_uuid(f->delivery, strlen(f->delivery), id))
		return "--delivery is not an id";
	if (f->error != NULL && !text_is_utf8(f->error, strlen(f->error)))
		return "--error is not UTF-8";
	while (f->channel != NULL && notice_channels[i] != NULL &&
	    strcmp(notice_channels[i], f->channel) != 0)
		i++;
	return f->channel != NULL && notice_channels[i] == NULL ? "--channel is unknown" : NULL;
}

bool
replay_job(const struct run *run, int64_t tally[TALLY_MAX])
{
	const struct replay_filter *f = run->filter;
	struct db_args args = DB_ARGS(f->team, f->channel, f->error, f->since, f->delivery,
	    f->may_repeat ? "true" : "false");
	bool more = true;

	while (more && !cron_ending()) {
		SCOPED(rows_free) struct db_rows *rows = NULL;
		enum db_status rc = run->dry ? db_read(run->db, &q_replay_count, args, &rows)
					     : db_alone(run->db, &q_replay_batch, args, &rows);

		if (rc != DB_OK)
			return cron_failed(run);
		tally[0] += rows_int(rows, 0, "n");
		more = !run->dry && rows_bool(rows, 0, "more");
	}
	return true;
}
