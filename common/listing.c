#include "listing.h"

#include "page.h"
#include "version.h"

/* 0, or the status already answered: the statement failed, or the caller may not look. */
static int
refuse(struct req *rq, struct reply *rp, enum db_status st, const struct db_rows *rows,
    const struct listing *l)
{
	if (st == DB_NONE)
		return http_missing(rq, rp, l->noun);
	if (st != DB_OK)
		return http_db(rq, rp, st);
	if (!rights_allow(rows_text(rows, 0, "my_role"), l->right != 0 ? l->right : RIGHT_VIEW))
		return http_fail(rq, rp, 403, "Forbidden");
	return 0;
}

int
listing_narrowed(struct req *rq, struct reply *rp, const struct listing *l, const char *first,
    const char *second)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st;
	struct db_args args;
	struct page p;
	struct out *o;
	const char *id;
	bool more;
	int shown, written;

	if (page_read(rq, rp, &p) != 0 || (id = http_id(rq, rp, 0, l->noun)) == NULL)
		return rp->status;
	args = DB_ARGS(id, http_caller(rq), p.at, p.id, p.fetch, first, second);
	args.n = l->statement->nargs;
	st = db_read(rq->db, l->statement, args, &rows);
	if (refuse(rq, rp, st, rows, l) != 0)
		return rp->status;
	shown = page_shown(&p, rows, &more);
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, l->key);
	out_open(o, '[');
	for (written = 0; written < shown && o->n < LISTING_BYTES; written++)
		l->json(o, rows, written);
	more = more || written < shown;
	page_close(o, rows, written, more, "cursor", "has_more");
	out_close(o, '}');
	return rp->status;
}

int
listing_page(struct req *rq, struct reply *rp, const struct listing *l)
{
	return listing_narrowed(rq, rp, l, NULL, NULL);
}

int
listing_one(struct req *rq, struct reply *rp, const struct listing *l)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st;
	struct out *o;
	const char *id;

	if ((id = http_id(rq, rp, 0, l->noun)) == NULL)
		return rp->status;
	st = db_read(rq->db, l->statement, DB_ARGS(id, http_caller(rq)), &rows);
	if (refuse(rq, rp, st, rows, l) != 0)
		return rp->status;
	if (l->versioned)
		rp->etag = version_etag(rq->a, rows_text(rows, 0, "version"));
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, l->key);
	l->json(o, rows, 0);
	out_close(o, '}');
	return rp->status;
}

/* ---- rows as JSON ---- */

void
row_text(struct out *o, const struct db_rows *rows, int row, const char *column)
{
	out_key(o, column);
	out_text(o, rows_text(rows, row, column));
}

void
row_bool(struct out *o, const struct db_rows *rows, int row, const char *column)
{
	out_key(o, column);
	out_bool(o, rows_bool(rows, row, column));
}

void
row_json(struct out *o, const struct db_rows *rows, int row, const char *column)
{
	out_key(o, column);
	out_json(o, rows_text(rows, row, column));
}

void
row_moment(struct out *o, const struct db_rows *rows, int row, const char *column)
{
	out_key(o, column);
	out_moment(o, rows_text(rows, row, column));
}

void
row_named(struct out *o, const struct db_rows *rows, int row, const char *key)
{
	const char *id = rows_text(rows, row, arena_fmt(o->a, "%s_id", key));

	out_key(o, key);
	if (id == NULL) {
		out_text(o, NULL);
		return;
	}
	out_open(o, '{');
	out_key(o, "id");
	out_text(o, id);
	out_key(o, "name");
	out_text(o, rows_text(rows, row, arena_fmt(o->a, "%s_name", key)));
	out_close(o, '}');
}

const char *
row_object(struct arena *a, const struct db_rows *rows, int row, row_json_fn *json)
{
	struct out o;

	out_init(&o, a, 512);
	json(&o, rows, row);
	return arena_ndup(a, o.s, o.n);
}
