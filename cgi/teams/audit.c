/* teams: the audit log. */
#include "cgi/teams/teams.h"

#include "queries.h"

static void
entry_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_moment(o, rows, row, "at");
	row_text(o, rows, row, "actor_type");
	row_text(o, rows, row, "actor_id");
	row_text(o, rows, row, "on_behalf_of");
	row_text(o, rows, row, "action");
	row_text(o, rows, row, "resource_kind");
	row_text(o, rows, row, "resource_id");
	row_text(o, rows, row, "resource_name");
	row_text(o, rows, row, "flag_id");
	row_named(o, rows, row, "environment");
	row_json(o, rows, row, "before");
	row_json(o, rows, row, "after");
	row_text(o, rows, row, "request_id");
	row_moment(o, rows, row, "created_at");
	out_close(o, '}');
}

int
list_audit(struct req *rq, struct reply *rp)
{
	static const struct listing entries = { &q_audit_page, "Team", "entries", entry_json };

	return listing_page(rq, rp, &entries);
}
