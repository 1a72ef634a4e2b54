/* experiments: the snippet on a project's pages says that it is there. */
#include "cgi/experiments/experiments.h"

#include "auth.h"
#include "field.h"
#include "queries.h"

int
see_snippet(struct req *rq, struct reply *rp)
{
	static const struct field no_fields[] = { { 0 } };
	enum db_status st;

	if (field_read(rq, rp, no_fields, NULL) != 0)
		return rp->status;
	st = db_write(rq->db, &q_snippet_seen, DB_ARGS(rq->key->project, rq->key->id), NULL);
	if (st == DB_NONE) /* revoked or expired since it was looked at */
		return auth_bad_key(rq, rp);
	return st == DB_OK ? http_empty(rp, 204) : http_db(rq, rp, st);
}
