#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "conf.h"
#include "db.h"

/*
 * notify - the registry of notification types and the dispatcher (contract
 * sections 6 and 7).  Nothing else in the program lists the types.
 */
struct notice_type {
	const char *name;
	const char *label;      /* for people */
	const char *resource;   /* what kind of thing it is about, in words */
	const char *open;       /* what a mail's button says */
	const char *recipients; /* in words */
	const char *because;    /* the same said to one of them: see notice_because() */
	bool names_team;        /* the team's name ends that */
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
	/* for the mail only: */
	const char *when, *when_utc, *why; /* of what was scheduled; why: a sentence */
	const char *team_name;
	const char *request; /* X-Request-Id of the request that is the reason */
	const char *because; /* the end of "You get this because …", in place of the type's */
};

/* The end of "You get this because …" for a member of a team, NULL if its name is not known. */
const char *notice_because(struct arena *a, const struct notice_type *t, const char *team_name);

/* The same as a sentence of its own: "You scheduled it".  because is what the row says, or NULL;
 * NULL when neither that nor the type, which may have left the registry, says anything. */
const char *notice_reason(struct arena *a, const char *type, const char *because);

/*
 * Make one inbox row for each user and one delivery for each channel they want, in
 * the caller's transaction, of which it should be the last: the statements travel with COMMIT
 * (db_later).  Doubles and unknown users are dropped; a type that is not in the registry or an
 * unsafe link is DB_BAD before anything is written.
 *   a     for rendering; a scratch of the caller's
 *   conf  its base_url makes links absolute in the mail, its keys sign them
 */
enum db_status notify_enqueue(struct db_tx *tx, struct arena *a, const struct conf *conf,
    const struct notice *n) MUST_CHECK;

/*
 * A mail alone, for what people must hear of and the closed registry has no type for: type is a
 * word of the caller's.  Nobody can mute it.
 */
void notify_mail(struct db_tx *tx, struct arena *a, const struct conf *conf,
    const struct notice *n);

#endif
