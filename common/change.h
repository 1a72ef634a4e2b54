#ifndef CHANGE_H
#define CHANGE_H

#include "audit.h"
#include "http.h"
#include "rights.h"

/*
 * change - something that a member of a team changes: rights, rows and audit entry in
 * one transaction.
 *
 * A handler reads its input into a struct that starts with a struct change, names the
 * path's id with change_begin(), runs its body with db_tx() and ends with
 * change_reply().  The body starts with change_enter(), sets before and after, and
 * ends with change_audit().
 */
struct change {
	struct req *rq;
	const char *noun;           /* of the 404 when the caller may not even look */
	const char *id;             /* in the path: a team, a project … */
	const char *team;           /* known once entered, like the next */
	const char *role;           /* the caller's */
	const char *before, *after; /* the object as JSON, or NULL where there is none */
	int status;                 /* 0, or what the body refused with … */
	const char *why;            /* … and the text */
};

/* 0 with c->id taken from path argument 0, or the status already answered. */
int change_begin(struct change *c, struct req *rq, struct reply *rp, const char *noun);

/*
 * The first step of a body: forget what an earlier run left, and let the caller in.
 *   st    $1 the path's id, $2 the caller: columns team_id, role and what the body
 *         wants; it locks the member's row, so that a removal waits for us or we see it
 *   rows  receives that row, or NULL when nothing more is wanted
 * DB_OK: the caller has the right.  DB_NONE: refused, return it.
 */
enum db_status change_enter(struct db_tx *tx, struct change *c, const struct db_stmt *st,
    enum right right, struct db_rows **rows) MUST_CHECK;

/*
 * The same for an object that enter locks, and that show, with the same parameters, then tells as it is
 * by now: in now.
 */
enum db_status change_open(struct db_tx *tx, struct change *c, const struct db_stmt *enter,
    const struct db_stmt *show, enum right right, struct db_rows **now) MUST_CHECK;

/* Refuse from inside a body that has written nothing yet: returns DB_NONE. */
enum db_status change_refuse(struct change *c, int status, const char *why);

/* The same where there is no c->noun, or no more, that the caller may see: 404. */
enum db_status change_missing(struct change *c);

/*
 * For objects with a version (common/version.h): DB_OK, or refused with 412.
 *   row   as entered, with column version
 *   seen  the version in the body, or NULL; If-Match is rq's
 */
enum db_status change_version(struct change *c, const struct db_rows *row,
    const char *seen) MUST_CHECK;

/* The audit row, unless before and after are the same. */
enum db_status change_audit(struct db_tx *tx, const struct change *c, const char *action,
    const char *kind, const char *id) MUST_CHECK;

/* After db_tx(): 0, or the refusal or failure already answered. */
int change_failed(struct req *rq, struct reply *rp, enum db_status st, const struct change *c);

/* The same, and when it worked status with {key:after}. */
int change_reply(struct req *rq, struct reply *rp, enum db_status st, const struct change *c,
    int status, const char *key);

/* The same for a removal: {"id":id}. */
int change_gone(struct req *rq, struct reply *rp, enum db_status st, const struct change *c,
    const char *id);

#endif
