#ifndef MAILING_H
#define MAILING_H

#include "doc.h"
#include "notify.h"

/*
 * mailing - what is mailed about a notice, and the mail that brings a login code.  Pure.
 *
 * Rendered once, when the delivery is queued; what is sent later is this, byte for byte.  One
 * event goes to many, so the one thing that differs, the end of the unsubscribe link
 * (common/optout.h), is left out of both parts and put in by the statement that queues.
 */
struct mailing {
	const char *subject;
	struct doc_part text, html;
	const char *headers;     /* a JSON object: more header lines by name */
	const char *unsubscribe; /* the link up to that piece; NULL: cannot be muted */
};

void mailing_of(struct mailing *m, struct arena *a, const char *base_url,
    const struct notice_type *type, const struct notice *n);

/* One that is the same for everybody, as it is queued: {"subject","text","html","headers"}. */
const char *mailing_json(struct arena *a, const struct mailing *m);

/* The same of the mail with a login code. */
const char *mailing_code(struct arena *a, const char *code);

#endif
