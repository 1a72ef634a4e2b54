#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "db.h"

/*
 * notify - the registry of notification types and the dispatcher (contract
 * sections 6 and 7).  Nothing else in the program lists the types.
 */
struct notice_type {
	const char *name;
	const char *label;      /* for people */
	const char *resource;   /* what kind of thing it is about, in words */
	const char *recipients; /* in words */
	bool in_app, email;     /* on unless a preference says otherwise */
	bool is_mutable;        /* preferences count */
};

extern const struct notice_type notice_types[]; /* ends with a NULL name */
extern const char *const notice_channels[];     /* in_app, email, webhook, NULL */

/* Whether a channel, by its place in notice_channels[], is on unless a preference says otherwise. */
bool notice_default(const struct notice_type *t, size_t channel);

const struct notice_type *notice_find(const char *name); /* NULL: unknown */

/* One event, rendered.  NULL where there is nothing. */
struct notice {
	const char *type;   /* a name of the registry */
	const char *users;  /* PostgreSQL's text of uuid[]: {id,id} */
	const char *dedupe; /* the same event: the same key */
	const char *team, *title, *body, *link;
	const char *data; /* JSON object, or NULL for {} */
	const char *resource_kind, *resource_id, *resource_name;
	const char *project_id, *project_name, *environment_id, *environment_name;
};

/*
 * Make one inbox row for each user and one delivery for each channel they want, in
 * the caller's transaction, of which it should be the last: the statements travel with COMMIT
 * (db_later).  Doubles and unknown users are dropped; a type that is not in the registry or an
 * unsafe link is DB_BAD before anything is written.
 *   a         for rendering; a scratch of the caller's
 *   base_url  makes the link absolute in the mail
 */
enum db_status notify_enqueue(struct db_tx *tx, struct arena *a, const char *base_url,
    const struct notice *n) MUST_CHECK;

/*
 * A mail alone, for what people must hear of and the closed registry has no type for: type is a
 * word of the caller's, and only users, title, body and link count.  Nobody can mute it.
 */
void notify_mail(struct db_tx *tx, struct arena *a, const char *base_url, const struct notice *n);

#endif
