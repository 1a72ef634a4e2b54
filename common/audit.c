#include "audit.h"

#include "queries.h"

enum db_status
audit_write(struct db_tx *tx, const struct req *rq, const struct audit *e)
{
	const char *type = rq->user != NULL ? "USER" : rq->key != NULL ? "KEY" : "SYSTEM";

	return db_exec(tx, &q_audit_write,
	    DB_ARGS(e->team, type, http_caller(rq), e->action, e->resource_kind, e->resource_id,
		e->before, e->after, rq->id, NULL),
	    NULL);
}

void
audit_system(struct db_tx *tx, const char *on_behalf_of, const struct audit *e)
{
	db_later(tx, &q_audit_write,
	    DB_ARGS(e->team, "SYSTEM", NULL, e->action, e->resource_kind, e->resource_id, e->before,
		e->after, NULL, on_behalf_of));
}
