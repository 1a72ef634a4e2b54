#ifndef AUDIT_H
#define AUDIT_H

#include "db.h"
#include "http.h"

/*
 * audit - one row a change, in the transaction of the change (contract section 8b).
 */
struct audit {
	const char *team;
	const char *action; /* noun.verb, as member.role_changed */
	const char *resource_kind, *resource_id;
	const char *before, *after; /* JSON text, or NULL */
};

/* The actor is rq's user or key; the request id is rq's. */
enum db_status audit_write(struct db_tx *tx, const struct req *rq,
    const struct audit *e) MUST_CHECK;

/* The actor is the program itself, for a user or for nobody (NULL).  By db_later(). */
void audit_system(struct db_tx *tx, const char *on_behalf_of, const struct audit *e);

#endif
