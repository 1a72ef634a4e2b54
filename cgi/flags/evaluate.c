/*
 * evaluate - the OpenFeature Remote Evaluation Protocol (OFREP 0.3, github.com/open-feature/
 * protocol): what the environment of a client key is served now.
 *
 * Nothing is targeted, so the context is only checked.  Enabled flags serve default_on with
 * reason STATIC, others default_off with reason DISABLED; archived ones are not there.
 * Errors carry the protocol's errorCode and errorDetails beside our error.
 */
#include <string.h>

#include "auth.h"
#include "cgi/flags/flags.h"
#include "queries.h"
#include "token.h"

#define SHOWN_CHARS 100 /* of a key or field that an error repeats */

const char *const evaluate_params[] = { "flagConfigEtag", "flagConfigLastModified", NULL };

/* key is NULL for an error of all flags together. */
static int
evaluation_failed(struct req *rq, struct reply *rp, int status, const char *key, const char *code,
    const char *why)
{
	struct out *o = http_begin(rq, rp, status);
	const char *shown;

	out_open(o, '{');
	out_key(o, "error");
	out_text(o, why);
	if (key != NULL) {
		shown = text_clean(rq->a, key, strlen(key));
		out_key(o, "key");
		out_text(o, arena_ndup(rq->a, shown, text_prefix(shown, SHOWN_CHARS)));
	}
	out_key(o, "errorCode");
	out_text(o, code);
	out_key(o, "errorDetails");
	out_text(o, why);
	out_close(o, '}');
	return status;
}

int
evaluate_refuse(struct req *rq, struct reply *rp)
{
	return evaluation_failed(rq, rp, 400, rq->arg[0], "PARSE_ERROR", rq->refusal);
}

/*
 * 0, or the status answered.  Bodies may hold more than a context in later versions of the
 * protocol: only strict handling refuses it.
 */
static int
check_context(struct req *rq, struct reply *rp, const char *key)
{
	if (rq->body == NULL)
		return 0;
	json_object_object_foreach(rq->body, name, v)
	{
		if (strcmp(name, "context") == 0 && !json_object_is_type(v, json_type_object))
			return evaluation_failed(rq, rp, 400, key, "INVALID_CONTEXT",
			    "Invalid field: context");
		if (strcmp(name, "context") != 0 && rq->strict)
			return evaluation_failed(rq, rp, 400, key, "PARSE_ERROR",
			    arena_fmt(rq->a, "Unknown field: %.*s",
				(int)text_prefix(name, SHOWN_CHARS), name));
	}
	return 0;
}

/* A row of flag_evaluate, where the flag is there. */
static void
served(struct out *o, const char *key, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	out_key(o, "key");
	out_text(o, key);
	row_json(o, rows, row, "value");
	out_key(o, "reason");
	out_text(o, rows_bool(rows, row, "enabled") ? "STATIC" : "DISABLED");
	row_text(o, rows, row, "variant");
	out_close(o, '}');
}

/* What was written to the body, or that it is what the client has. */
static int
tagged(struct req *rq, struct reply *rp)
{
	rp->etag = token_tag(rq->a, rp->body.s, rp->body.n);
	return http_tag_matches(rq->if_none_match, rp->etag) ? http_empty(rp, 304) : rp->status;
}

int
evaluate_flag(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	const char *key = rq->arg[0];
	enum db_status st;

	if (check_context(rq, rp, key) != 0)
		return rp->status;
	st = db_read_together(rq->db, &q_flag_evaluate,
	    DB_ARGS(rq->key_hash, flag_key_ok(key) ? key : NULL), &rows);
	if (auth_client_key(rq, rp, st, rows) != 0)
		return rp->status;
	if (rows_text(rows, 0, "value") == NULL)
		return evaluation_failed(rq, rp, 404, key, "FLAG_NOT_FOUND", "Flag not found");
	served(http_begin(rq, rp, 200), key, rows, 0);
	return tagged(rq, rp);
}

int
evaluate_flags(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st;
	struct out *o;

	if (check_context(rq, rp, NULL) != 0)
		return rp->status;
	st = db_read(rq->db, &q_flags_evaluate, DB_ARGS(rq->key_hash), &rows);
	if (auth_client_key(rq, rp, st, rows) != 0)
		return rp->status;
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, "flags");
	out_open(o, '[');
	for (int i = 0; i < rows_count(rows) && rows_text(rows, i, "key") != NULL; i++)
		served(o, rows_text(rows, i, "key"), rows, i);
	out_close(o, ']');
	out_close(o, '}');
	return tagged(rq, rp);
}
