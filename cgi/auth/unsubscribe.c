/*
 * unsubscribe - the link in a mail of a type that may be muted (RFC 8058).
 *
 * The link alone is the permission: it is signed (common/optout.h), so neither a cookie nor an
 * origin counts.  Looking at it changes nothing, because scanners and previews look; a POST, by
 * a mail client or by the button, switches mail of that type off.  A second one changes nothing.
 */
#include "unsubscribe.h"

#include <string.h>

#include "notify.h"
#include "optout.h"
#include "queries.h"
#include "text.h"

/* The type that the link is for, and in user whose it is; NULL after answering 404. */
static const struct notice_type *
read_link(struct req *rq, struct reply *rp, char user[UUID_LEN + 1])
{
	const struct notice_type *type = notice_find(rq->arg[0]);

	if (type != NULL && type->is_mutable &&
	    optout_check(&rq->conf->keys, rq->arg[1], type->name, user))
		return type;
	http_missing(rq, rp, "Link");
	return NULL;
}

static void
put(struct out *o, const char *html)
{
	out_raw(o, html, strlen(html));
}

/* A small page that says text about the type; more is HTML of ours. */
static int
page(struct req *rq, struct reply *rp, const struct notice_type *type, const char *text,
    const char *more)
{
	struct out *o = http_begin(rq, rp, 200);

	rp->type = "text/html; charset=utf-8";
	put(o,
	    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<meta name=\"robots\" content=\"noindex\">\n"
	    "<title>Unsubscribe · Carillon</title>\n"
	    "<link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\n"
	    "<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n"
	    "<main class=\"page\" id=\"main\">\n<section class=\"card stack\">\n<h1>Mail about: ");
	put(o, text_html(rq->a, type->label));
	put(o, "</h1>\n<p>");
	put(o, text);
	put(o, "</p>\n");
	put(o, more);
	put(o, "</section>\n</main>\n</body>\n</html>\n");
	return rp->status;
}

int
unsubscribe_show(struct req *rq, struct reply *rp)
{
	char user[UUID_LEN + 1];
	const struct notice_type *type = read_link(rq, rp, user);

	if (type == NULL)
		return rp->status;
	return page(rq, rp, type,
	    "Shall Carillon stop mailing you about these? The bell goes on showing them.",
	    "<form method=\"post\"><input type=\"hidden\" name=\"from\" value=\"page\">"
	    "<button class=\"button primary\" type=\"submit\">Stop these mails</button></form>\n");
}

int
unsubscribe_now(struct req *rq, struct reply *rp)
{
	char user[UUID_LEN + 1];
	const struct notice_type *type = read_link(rq, rp, user);
	const char *off, *from;
	enum db_status st;
	size_t n;

	if (type == NULL)
		return rp->status;
	off = arena_fmt(rq->a, "{\"%s\":{\"email\":false}}", type->name);
	st = db_write(rq->db, &q_me_change, DB_ARGS(user, NULL, off, NULL), NULL);
	if (st != DB_OK && st != DB_NONE) /* nobody: the account is gone, and so is its mail */
		return http_db(rq, rp, st);
	from = text_query(rq->a, rq->raw, "from", &n);
	if (from == NULL || strcmp(from, "page") != 0)
		return http_empty(rp, 200);
	return page(rq, rp, type, "Carillon no longer mails you about these.",
	    "<p><a href=\"/dashboard/preferences\">Choose what reaches you, and where</a></p>\n");
}
