#ifndef AUTH_H
#define AUTH_H

#include "http.h"

/*
 * auth - who calls (contract section 4).
 */

/*
 * Read the credentials of rq, an Authorization header before the cookie, and check
 * them as access demands.  0 with rq->user and rq->session, or rq->key, set; or the
 * status already answered.  For INBOX nobody has looked yet whether the session is
 * still alive: the handler's statement does.  For KEY_INLINE nobody has looked for the
 * key, rq->key_hash: the handler's statement does, and auth_client_key() judges it.
 */
int auth_caller(struct req *rq, struct reply *rp, enum access access);

/*
 * What became of a statement with id, kind, expired and stale of caller_key for
 * rq->key_hash: 0 with rq->key set, or the status answered.
 */
int auth_client_key(struct req *rq, struct reply *rp, enum db_status st,
    const struct db_rows *rows);

/*
 * After a refusal: a handler of INBOX or KEY_INLINE that refused its input has run no
 * statement, so nobody has looked at the caller yet.  Ended sessions and unknown keys get
 * 401 whatever else is wrong.  rp->status, which may be a new one.
 */
int auth_late(struct req *rq, struct reply *rp, enum access access);

/* 0, or 403: a write that a browser sends for another site (FACTS section 6). */
int auth_same_site(struct req *rq, struct reply *rp);

/* The one 401 for a token that is not, or no longer, good. */
int auth_bad_token(struct req *rq, struct reply *rp);

/* The same of an API key. */
int auth_bad_key(struct req *rq, struct reply *rp);

/* The session cookie's name: __Host-token over TLS, token otherwise. */
const char *auth_cookie_name(const struct req *rq);

#endif
