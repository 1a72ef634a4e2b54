/*
 * feeds - addresses under which programs read what is a user's, without a cookie.
 *
 *   GET|POST /v1/feeds              POST {kind: "atom" | "calendar", name?}; 422 above FEEDS_MAX
 *   DELETE   /v1/feeds/{id}         revoked: its address is dead at once
 *   GET      /feeds/{token}.atom    atom.c: the inbox; 200, 304 or 404
 *   GET      /feeds/{token}.ics     calendar.c: what is scheduled; the same
 *
 * The address is the permission: signed (common/seal.h), it names user, feed and kind, and is good
 * while the feed's row is there, whatever becomes of sessions.  The signature is looked at first,
 * so nobody learns from an answer, or from how long it takes, which feeds there are.  Neither our
 * logs (http.h: shown) nor nginx's hold an address.  SQL: sql/query/feeds.sql.
 */
#include "cgi/feeds/feeds.h"

#include "field.h"
#include "listing.h"
#include "page.h"
#include "queries.h"
#include "seal.h"

#define NOUN       "Feed"
#define PURPOSE    "read a feed"
#define NAME_CHARS 200
#define FEEDS_MAX  50 /* of one user */

const struct feed_kind feed_atom = { "atom", "atom", "application/atom+xml; charset=utf-8" };
const struct feed_kind feed_calendar = { "calendar", "ics", "text/calendar; charset=utf-8" };

static const char *const kind_names[] = { "atom", "calendar", NULL };

/* ---- /v1/feeds ---- */

static const char *
address_of(struct req *rq, const char *kind_name, const char *id)
{
	const struct feed_kind *kind =
	    strcmp(kind_name, feed_atom.name) == 0 ? &feed_atom : &feed_calendar;
	struct seal s = { .purpose = PURPOSE, .about = kind->name, .n = 2 };
	char token[SEAL_MAX + 1];

	snprintf(s.id[0], sizeof(s.id[0]), "%s", rq->user);
	snprintf(s.id[1], sizeof(s.id[1]), "%s", id);
	seal_sign(&rq->conf->keys, &s, token);
	return arena_fmt(rq->a, "%s/feeds/%s.%s", rq->conf->base_url, token, kind->ending);
}

static void
feed_json(struct req *rq, struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "kind");
	row_text(o, rows, row, "name");
	out_key(o, "url");
	out_text(o, address_of(rq, rows_text(rows, row, "kind"), rows_text(rows, row, "id")));
	row_moment(o, rows, row, "last_used_at");
	row_moment(o, rows, row, "created_at");
	out_close(o, '}');
}

static int
list_feeds(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct page p;
	enum db_status st;
	struct out *o;
	bool more;
	int shown;

	if (page_read(rq, rp, &p) != 0)
		return rp->status;
	st = db_read(rq->db, &q_feeds_page, DB_ARGS(rq->user, p.at, p.id, p.fetch), &rows);
	if (st != DB_OK && st != DB_NONE)
		return http_db(rq, rp, st);
	shown = page_shown(&p, rows, &more);
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, "feeds");
	out_open(o, '[');
	for (int i = 0; i < shown; i++)
		feed_json(rq, o, rows, i);
	page_close(o, rows, shown, more, "cursor", "has_more");
	out_close(o, '}');
	return rp->status;
}

struct feed_new {
	struct req *rq;
	const char *kind, *name;
	struct db_rows *made; /* owned by the handler */
};

static const struct field new_fields[] = {
	WORD(struct feed_new, kind, REQUIRED, kind_names),
	TEXT(struct feed_new, name, NULLABLE, 0, NAME_CHARS),
	{ 0 },
};

static enum db_status
add_body(struct db_tx *tx, void *ctx)
{
	struct feed_new *w = ctx;
	struct req *rq = w->rq;
	const char *most = arena_fmt(rq->a, "%d", FEEDS_MAX);
	enum db_status st;

	rows_free(TAKE(w->made));
	if ((st = db_exec(tx, &q_feeds_enter, DB_ARGS(rq->user), NULL)) != DB_OK)
		return st;
	return db_exec(tx, &q_feed_add,
	    DB_ARGS(rq->user, w->kind, w->name != NULL ? w->name : "", most), &w->made);
}

static int
add_feed(struct req *rq, struct reply *rp)
{
	struct feed_new w = { .rq = rq };
	enum db_status st;
	struct out *o;

	if (field_read(rq, rp, new_fields, &w) != 0)
		return rp->status;
	st = db_tx(rq->db, add_body, &w);
	if (st == DB_OK) {
		o = http_begin(rq, rp, 201);
		out_open(o, '{');
		out_key(o, "feed");
		feed_json(rq, o, w.made, 0);
		out_close(o, '}');
	} else if (st == DB_NONE)
		http_fail(rq, rp, 422, "You have %d feeds: revoke one first", FEEDS_MAX);
	else
		http_db(rq, rp, st);
	rows_free(w.made);
	return rp->status;
}

static int
remove_feed(struct req *rq, struct reply *rp)
{
	const char *id = http_id(rq, rp, 0, NOUN);
	enum db_status st;

	if (id == NULL)
		return rp->status;
	st = db_write(rq->db, &q_feed_remove, DB_ARGS(rq->user, id), NULL);
	return feed_failed(rq, rp, st) != 0 ? rp->status : http_gone(rq, rp, id);
}

/* ---- what both feeds share ---- */

int
feed_open(struct req *rq, struct reply *rp, const struct feed_kind *kind, struct feed *f)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct seal s = { .purpose = PURPOSE, .about = kind->name, .n = 2 };
	enum db_status st;

	if (!seal_check(&rq->conf->keys, rq->arg[0], &s))
		return http_missing(rq, rp, NOUN);
	st = db_write(rq->db, &q_feed_use, DB_ARGS(s.id[0], s.id[1], kind->name), &rows);
	if (feed_failed(rq, rp, st) != 0)
		return rp->status;
	memcpy(f->user, s.id[0], sizeof(f->user));
	memcpy(f->id, s.id[1], sizeof(f->id));
	f->version = arena_dup(rq->a, rows_text(rows, 0, "version"));
	return 0;
}

int
feed_failed(struct req *rq, struct reply *rp, enum db_status st)
{
	if (st == DB_NONE)
		return http_missing(rq, rp, NOUN);
	return st == DB_OK ? 0 : http_db(rq, rp, st);
}

struct out *
feed_begin(struct req *rq, struct reply *rp, const struct feed_kind *kind)
{
	rp->type = kind->type;
	return http_begin(rq, rp, 200);
}

/* A reader may keep what it got, and asks each time whether it still holds. */
int
feed_done(struct req *rq, struct reply *rp, const char *etag)
{
	rp->etag = etag;
	rp->cache = "private, no-cache";
	return http_tag_matches(rq->if_none_match, etag) ? http_empty(rp, 304) : rp->status;
}

const struct route routes[] = {
	{ "GET", "/v1/feeds", USER, list_feeds, page_params },
	{ "POST", "/v1/feeds", USER, add_feed },
	{ "DELETE", "/v1/feeds/{id}", USER, remove_feed },
	{ "GET", "/feeds/{token}.atom", SIGNED, show_atom },
	{ "GET", "/feeds/{token}.ics", SIGNED, show_calendar },
	{ NULL, NULL, 0, NULL },
};
