/*
 * notifications - a user's inbox, both faces of it.
 *
 *   GET    /v1/notifications                 200 304 400 401 403
 *   GET    /v1/notifications/unread-count    200 304 401 403
 *   GET    /v1/notifications/counts          200 304 401 403
 *   GET    /v1/notifications/bin             200 304 400 401 403
 *   GET    /v1/notifications/snoozed         200 304 400 401 403
 *   GET    /v1/notifications/types           200 401 403
 *   POST   /v1/notifications/mark-all-read   200 400 401 403
 *   POST   /v1/notifications/undo            200 400 401 403 404
 *   PATCH  /v1/notifications/{id}            200 400 401 403 404 422
 *   DELETE /v1/notifications/{id}            200 401 403 404
 *   POST   /v1/notifications/{id}/restore    200 401 403 404
 *   GET    /v1/notifications/{id}/deliveries 200 401 403 404
 *   GET    /api/notifications                200 304 400 401 403
 *   POST   /api/notifications/{id}/read      200 401 403 404
 *   POST   /api/notifications/read-all       200 401 403
 *
 * SQL: sql/query/notifications.sql; each route is one statement of it, which also
 * checks the session.  Tests: tests/api/notifications, bell, polling, paging,
 * mark-all, undo, snooze, search, inbox-random.
 */
#include "inbox.h"
#include "notify.h"
#include "page.h"

/* The registry, for clients that show preferences or filters. */
static int
list_types(struct req *rq, struct reply *rp)
{
	struct out *o = http_begin(rq, rp, 200);

	out_open(o, '{');
	out_key(o, "types");
	out_open(o, '[');
	for (const struct notice_type *t = notice_types; t->name != NULL; t++) {
		const char *const texts[] = { "type", t->name, "label", t->label, "resource",
			t->resource, "recipients", t->recipients };

		out_open(o, '{');
		for (size_t i = 0; i < COUNT(texts); i += 2) {
			out_key(o, texts[i]);
			out_text(o, texts[i + 1]);
		}
		for (size_t i = 0; notice_channels[i] != NULL; i++) {
			out_key(o, notice_channels[i]);
			out_bool(o, notice_default(t, i));
		}
		out_key(o, "mutable");
		out_bool(o, t->is_mutable);
		out_close(o, '}');
	}
	out_close(o, ']');
	out_close(o, '}');
	return rp->status;
}

static const char *const filter_params[] = { "read_state", "type", "q", "include", "cursor",
	"limit", NULL };
static const char *const list_params[] = { "include", "cursor", "limit", NULL };

const struct route routes[] = {
	{ "GET", "/v1/notifications", INBOX, list_notifications, filter_params },
	{ "GET", "/v1/notifications/unread-count", INBOX, unread_count },
	{ "GET", "/v1/notifications/counts", INBOX, list_counts },
	{ "GET", "/v1/notifications/bin", INBOX, list_bin, list_params },
	{ "GET", "/v1/notifications/snoozed", INBOX, list_snoozed, list_params },
	{ "GET", "/v1/notifications/types", USER, list_types },
	{ "POST", "/v1/notifications/mark-all-read", INBOX, mark_all_read },
	{ "POST", "/v1/notifications/undo", INBOX, undo_mark_all },
	{ "PATCH", "/v1/notifications/{id}", INBOX, patch_notification },
	{ "DELETE", "/v1/notifications/{id}", INBOX, delete_notification },
	{ "POST", "/v1/notifications/{id}/restore", INBOX, restore_notification },
	{ "GET", "/v1/notifications/{id}/deliveries", INBOX, list_deliveries },
	{ "GET", "/api/notifications", INBOX, list_bell, page_params },
	{ "POST", "/api/notifications/read-all", INBOX, read_all },
	{ "POST", "/api/notifications/{id}/read", INBOX, read_notification },
	{ NULL, NULL, 0, NULL },
};
