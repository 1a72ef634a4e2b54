#ifndef LISTING_H
#define LISTING_H

#include "http.h"
#include "rights.h"

/*
 * listing - what the members of a team may read: one object, or a page of them.
 *
 * The caller's membership, the role and the rows come from one statement, so they are
 * of one moment; columns of every such statement: my_role, id, created_at, ….
 *
 * A page ends early, and says that there is more, where its objects are so big that it
 * would grow beyond what a request may hold.
 */
#define LISTING_BYTES (384 * 1024)

/* Write one row as the public object, braces included. */
typedef void row_json_fn(struct out *o, const struct db_rows *rows, int row);

struct listing {
	/* $1 the id in the path, $2 the caller; of a page also $3 and $4 the place to go
	 * on from and $5 how many.  No row: not a member; id NULL: an empty page. */
	const struct db_stmt *statement;
	const char *noun; /* of the 404: "Team" */
	const char *key;  /* of the answer: "team", "members" */
	row_json_fn *json;
	bool versioned;   /* one object: its ETag is made of column version */
	enum right right; /* that it takes; 0 is RIGHT_VIEW */
};

int listing_page(struct req *rq, struct reply *rp, const struct listing *l);
/* A page of a statement that has $6 and $7 besides, what narrows it down: NULL does not. */
int listing_narrowed(struct req *rq, struct reply *rp, const struct listing *l, const char *first,
    const char *second);
int listing_one(struct req *rq, struct reply *rp, const struct listing *l);

/* ---- for row_json_fn: "column": value; NULL is null ---- */

void row_text(struct out *o, const struct db_rows *rows, int row, const char *column);
void row_bool(struct out *o, const struct db_rows *rows, int row, const char *column);
/* A number's text is JSON too. */
void row_json(struct out *o, const struct db_rows *rows, int row, const char *column);
void row_moment(struct out *o, const struct db_rows *rows, int row, const char *column);
/* "key": {"id","name"} from columns key_id and key_name, or null. */
void row_named(struct out *o, const struct db_rows *rows, int row, const char *key);

/* The object of a row as text in a. */
const char *row_object(struct arena *a, const struct db_rows *rows, int row, row_json_fn *json);

#endif
