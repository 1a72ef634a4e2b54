/*
 * atom - the newest of a user's inbox as an Atom feed (RFC 4287).
 *
 * There is no link to the feed itself: the address is a credential, and a copy that somebody keeps
 * or hands on should not hold it.
 */
#include "cgi/feeds/feeds.h"
#include "cgi/feeds/xml.h"
#include "listing.h"
#include "moment.h"
#include "notify.h"
#include "queries.h"
#include "token.h"

#define ENTRIES "50"
#define FORMAT  "1" /* another one when what is written of the same rows changes */

/* What it is of moves with the inbox alone, so the rows need not be read to know it. */
static const char *
etag_of(struct req *rq, const struct feed *f, const char *version)
{
	const char *all = arena_fmt(rq->a, FORMAT " %s %s %s", f->id, version, rq->conf->base_url);

	return token_tag(rq->a, all, strlen(all));
}

static void
link_xml(struct out *o, const struct conf *conf, const char *path)
{
	const char *url = arena_fmt(o->a, "%s%s", conf->base_url, path);

	xml_empty(o, "link",
	    (const char *const[]){ "rel", "alternate", "type", "text/html", "href", url, NULL });
}

static void
moment_xml(struct out *o, const char *name, const char *pg)
{
	char at[MOMENT_LEN + 1];

	moment_from_pg(pg, at);
	xml_text(o, name, at);
}

static void
entry_xml(struct out *o, const struct conf *conf, const struct db_rows *rows, int row)
{
	const struct notice_type *type = notice_find(rows_text(rows, row, "type"));
	const char *body = rows_text(rows, row, "body"), *link = rows_text(rows, row, "link");
	const char *at = rows_text(rows, row, "created_at");

	xml_open(o, "entry");
	xml_text(o, "id", arena_fmt(o->a, "urn:uuid:%s", rows_text(rows, row, "id")));
	xml_text(o, "title", rows_text(rows, row, "title"));
	moment_xml(o, "published", at);
	moment_xml(o, "updated", at);
	link_xml(o, conf, link != NULL ? link : "/dashboard/inbox");
	if (type != NULL)
		xml_empty(o, "category",
		    (const char *const[]){ "term", type->name, "label", type->label, NULL });
	if (body != NULL)
		xml_text(o, "content", body);
	xml_close(o, "entry");
}

static void
feed_xml(struct out *o, const struct conf *conf, const struct feed *f, const struct db_rows *rows)
{
	const char *name = rows_text(rows, 0, "feed_name"), *newest;
	int n = rows_text(rows, 0, "id") != NULL ? rows_count(rows) : 0;

	newest = rows_text(rows, 0, n > 0 ? "created_at" : "feed_at");
	xml_begin(o);
	xml_open(o, "feed xmlns=\"http://www.w3.org/2005/Atom\"");
	xml_text(o, "id", arena_fmt(o->a, "urn:uuid:%s", f->id));
	xml_text(o, "title", name[0] != '\0' ? name : "Carillon inbox");
	moment_xml(o, "updated", newest);
	link_xml(o, conf, "/dashboard/inbox");
	xml_text(o, "icon", arena_fmt(o->a, "%s/favicon.svg", conf->base_url));
	xml_open(o, "author");
	xml_text(o, "name", "Carillon");
	xml_close(o, "author");
	for (int i = 0; i < n && o->n < LISTING_BYTES; i++)
		entry_xml(o, conf, rows, i);
	xml_close(o, "feed");
}

int
show_atom(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct feed f;
	enum db_status st;
	const char *etag;

	if (feed_open(rq, rp, &feed_atom, &f) != 0)
		return rp->status;
	etag = etag_of(rq, &f, f.version);
	if (http_tag_matches(rq->if_none_match, etag))
		return feed_done(rq, rp, etag);
	st = db_read(rq->db, &q_feed_notifications, DB_ARGS(f.user, f.id, ENTRIES), &rows);
	if (feed_failed(rq, rp, st) != 0)
		return rp->status;
	feed_xml(feed_begin(rq, rp, &feed_atom), rq->conf, &f, rows);
	return feed_done(rq, rp, etag_of(rq, &f, rows_text(rows, 0, "version")));
}
