#ifndef FEEDS_H
#define FEEDS_H

#include "http.h"
#include "text.h"

/*
 * feeds - what the files of the family share.
 */
struct feed_kind {
	const char *name;   /* what the API calls it, and part of what is signed */
	const char *ending; /* of its addresses */
	const char *type;   /* Content-Type */
};

extern const struct feed_kind feed_atom, feed_calendar;

/* Whose feed an address names, and which. */
struct feed {
	char user[UUID_LEN + 1], id[UUID_LEN + 1];
	const char *version; /* of the user's inbox */
};

/*
 * Read the address in path argument 0 and note that it was used.  0, or the status already
 * answered: the same 404 for one that is forged, of another kind, or revoked.
 */
int feed_open(struct req *rq, struct reply *rp, const struct feed_kind *kind, struct feed *f);

/* What became of a statement that shows a feed: 0, or the status answered; the feed may have been
 * revoked meanwhile. */
int feed_failed(struct req *rq, struct reply *rp, enum db_status st);

/* Begin the document. */
struct out *feed_begin(struct req *rq, struct reply *rp, const struct feed_kind *kind);

/* The document, if one was begun, is whole and has this entity tag: who has it already gets 304. */
int feed_done(struct req *rq, struct reply *rp, const char *etag);

handler_fn show_atom;     /* atom.c */
handler_fn show_calendar; /* calendar.c */

#endif
