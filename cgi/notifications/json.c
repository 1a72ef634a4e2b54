/* json - a row of the inbox as each face shows it. */
#include "inbox.h"
#include "notify.h"

static const char *const v1_names[V1_COLS] = { "id", "type", "title", "body", "link", "team_id",
	"read_at", "created_at" };

struct inbox_cols
inbox_cols(struct req *rq, const struct db_rows *rows, struct inbox_more more)
{
	struct inbox_cols c = { .more = more, .a = rq->a };

	for (int i = 0; i < V1_COLS; i++)
		c.at[i] = rows_col(rows, v1_names[i]);
	if (more.moment != NULL)
		c.moment = rows_col(rows, more.moment);
	if (more.reason)
		c.because = rows_col(rows, "because");
	return c;
}

void
notification_json(struct out *o, const struct db_rows *rows, int row, const struct inbox_cols *c)
{
	out_open(o, '{');
	for (int i = 0; i < V1_COLS; i++) {
		out_key(o, v1_names[i]);
		if (i == READ_AT || i == CREATED_AT)
			out_moment(o, rows_at(rows, row, c->at[i]));
		else
			out_text(o, rows_at(rows, row, c->at[i]));
	}
	if (c->more.moment != NULL) {
		out_key(o, c->more.moment);
		out_moment(o, rows_at(rows, row, c->moment));
	}
	if (c->more.reason) {
		out_key(o, "reason");
		out_text(o,
		    notice_reason(c->a, rows_at(rows, row, c->at[TYPE]),
			rows_at(rows, row, c->because)));
	}
	out_close(o, '}');
}

int
notification_answer(struct req *rq, struct reply *rp, const struct db_rows *rows,
    struct inbox_more more)
{
	struct inbox_cols c = inbox_cols(rq, rows, more);
	struct out *o = http_begin(rq, rp, 200);

	out_open(o, '{');
	out_key(o, "notification");
	notification_json(o, rows, 0, &c);
	out_close(o, '}');
	return rp->status;
}

static void
member(struct out *o, const char *key, const struct db_rows *rows, int row, const char *col)
{
	out_key(o, key);
	out_text(o, rows_text(rows, row, col));
}

/* {id,name}, with its kind before it where there is one; null without an id. */
static void
thing_json(struct out *o, const struct db_rows *rows, int row, const char *key,
    const char *kind_col, const char *id_col, const char *name_col)
{
	out_key(o, key);
	if (rows_text(rows, row, id_col) == NULL) {
		out_text(o, NULL);
		return;
	}
	out_open(o, '{');
	if (kind_col != NULL)
		member(o, "kind", rows, row, kind_col);
	member(o, "id", rows, row, id_col);
	member(o, "name", rows, row, name_col);
	out_close(o, '}');
}

void
bell_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	for (int i = ID; i <= LINK; i++)
		member(o, v1_names[i], rows, row, v1_names[i]);
	thing_json(o, rows, row, "resource", "resource_kind", "resource_id", "resource_name");
	thing_json(o, rows, row, "project", NULL, "project_id", "project_name");
	thing_json(o, rows, row, "environment", NULL, "environment_id", "environment_name");
	out_key(o, "readAt");
	out_moment(o, rows_text(rows, row, "read_at"));
	out_key(o, "createdAt");
	out_moment(o, rows_text(rows, row, "created_at"));
	out_close(o, '}');
}
