#include "rate.h"

#include <string.h>

#include "auth.h"
#include "clock.h"
#include "queries.h"
#include "text.h"

#define PLACES 4096 /* for keys of this minute */
#define PROBES 8    /* where one may be; when all are taken, that with the least left makes room */

/* What is left of what the database granted for a minute. */
struct place {
	char key[UUID_LEN + 1];
	int64_t until; /* of clock_ms(): the minute's end */
	int64_t left;
	bool refused; /* there is no more before that */
};

static struct place places[PLACES];

static unsigned
hash_of(const char *key)
{
	unsigned hash = 0;

	for (const char *c = key; *c != '\0'; c++)
		hash = hash * 31 + (unsigned char)*c;
	return hash;
}

/* What is lost with a place; 0: its minute is over. */
static int64_t
worth(const struct place *p, int64_t now)
{
	return now < p->until ? p->left + 1 : 0;
}

/* The key's place, emptied when its minute is over. */
static struct place *
place_of(const char *key)
{
	unsigned at = hash_of(key);
	int64_t now = clock_ms();
	struct place *room = &places[at % PLACES];

	for (unsigned i = 0; i < PROBES; i++) {
		struct place *p = &places[(at + i) % PLACES];

		if (strcmp(p->key, key) == 0 && now < p->until)
			return p;
		if (strcmp(p->key, key) == 0 || worth(p, now) < worth(room, now))
			room = p;
		if (strcmp(room->key, key) == 0)
			break;
	}
	*room = (struct place){ 0 };
	memcpy(room->key, key, UUID_LEN);
	return room;
}

/* Others may have used the place while this waited, so it is looked for again. */
static enum db_status
take(struct req *rq)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	int64_t rate = rq->conf->key_rate, most = rate / 100 > 0 ? rate / 100 : 1;
	struct place *p;
	enum db_status st;

	st = db_write(rq->db, &q_rate_take,
	    DB_ARGS(rq->key->id, arena_fmt(rq->a, "%lld", (long long)most),
		arena_fmt(rq->a, "%lld", (long long)rate)),
	    &rows);
	if (st != DB_OK)
		return st;
	p = place_of(rq->key->id);
	p->until = clock_ms() + rows_int(rows, 0, "left_ms");
	p->left += rows_int(rows, 0, "granted");
	p->refused = rows_int(rows, 0, "granted") == 0;
	return DB_OK;
}

int
rate_spend(struct req *rq, struct reply *rp)
{
	struct place *p = place_of(rq->key->id);
	enum db_status st;
	int64_t wait;

	if (p->left == 0 && !p->refused) {
		st = take(rq);
		if (st == DB_CONFLICT) /* revoked since it was looked at */
			return auth_bad_key(rq, rp);
		if (st != DB_OK)
			return http_db(rq, rp, st);
		p = place_of(rq->key->id);
	}
	if (p->left > 0) {
		p->left--;
		return 0;
	}
	wait = p->until - clock_ms();
	rp->retry_after = arena_fmt(rq->a, "%lld", wait > 0 ? ((long long)wait + 999) / 1000 : 1LL);
	return http_fail(rq, rp, 429, "Too many requests with this key");
}
