#ifndef DISPATCH_H
#define DISPATCH_H

#include "adapter.h"
#include "cron.h"
#include "text.h"

/*
 * dispatch - claim deliveries, send them, record what became of each.
 */

/* The same order as this job's names in cron/main.c. */
enum dispatch_tally {
	SENT,
	SKIPPED, /* must not be sent any more: gone, deleted, muted, expired */
	FAILED,  /* for good */
	RETRIED, /* put off to another try */
	LOST     /* claimed, but the lease was over before it was finished */
};

/* Send all that is due through adapter, which is open.  Returns whether the run was sound. */
bool dispatch_all(const struct run *run, const struct adapter *adapter, void *state,
    int64_t tally[TALLY_MAX]) MUST_CHECK;

/* ---- for cron/dispatch*.c ---- */

/* One run. */
struct dispatch {
	const struct run *run;
	const struct adapter *adapter;
	void *state;
	struct mail_sender from;
	int64_t counted[LOST + 1]; /* how much of tally metric_event() has heard of */
	const char *host;
	const char *may_mute;    /* PostgreSQL's text[] of the types that preferences count for */
	const char *lease_ms;    /* as text, for statements */
	int64_t call_ms;         /* what a call takes at most */
	struct arena keep, work; /* for the whole run; for one call */
	int64_t *tally;
	int64_t ends;      /* clock_ms() */
	int64_t busy_from; /* clock_us(): since then the database has worked for us */
	double per_second; /* the pace as it was last seen */
	bool parked;       /* somebody found that nothing could be sent */
	bool stale;        /* what a claim in hand says of receivers is so no more */
	bool enough;       /* this run has nothing more to do, and that is sound */
};

/* A call that is ours, and committed. */
struct batch {
	char id[UUID_LEN + 1], lease[UUID_LEN + 1];
	struct call call;
	int64_t until;    /* clock_ms(): the lease is surely ours before */
	bool is_new;      /* no earlier call can have brought it out */
	const char *rest; /* until when its receiver must not be asked, or NULL */
};

bool dispatch_is_over(const struct dispatch *d);

/*
 * Run a statement that changes what is ours only, and may run twice: it is repeated while the
 * database is away.  *broke: an earlier try broke off, and may be why no row was found.
 */
enum db_status dispatch_insist(struct dispatch *d, const struct db_stmt *st, struct db_args args,
    struct db_rows **rows, bool *broke) MUST_CHECK;

/*
 * Insist on a statement that ends a claim of ours on n deliveries.  What rows tell of each counts as
 * it says (status: sent, failed, skipped, pending); those it does not tell of were lost, unless an
 * earlier try broke off: then they count as what.  False when the run cannot go on.
 */
bool dispatch_settle(struct dispatch *d, const struct db_stmt *st, struct db_args args, size_t n,
    enum dispatch_tally what) MUST_CHECK;

/* Make the call and settle it.  False when the run cannot go on. */
bool dispatch_call(struct dispatch *d, struct batch *b) MUST_CHECK;

/* Take a batch that was tried before, as it was then, and make its call again.  *more: whether there was
 * one.  False when the run cannot go on. */
bool dispatch_retaken(struct dispatch *d, bool *more) MUST_CHECK;

/* Claim what is due, login codes first and other mail only if others, and make one call after the other
 * of it, in turn with those of batches that were tried before.  *more: whether there was anything. */
bool dispatch_claimed(struct dispatch *d, bool others, bool *more) MUST_CHECK;

/* Who is in batch b->id, as it was frozen.  verdict: why a single one must not be sent any more, or
 * NULL.  False when the run cannot go on. */
bool dispatch_members(struct dispatch *d, struct batch *b, const char **verdict) MUST_CHECK;

/* The batch is over: all in it become status (sent, failed, skipped) with error.  ids: by which the
 * provider knows them, or NULL. */
bool dispatch_end(struct dispatch *d, const struct batch *b, const char *status, const char *error,
    const char *const *ids) MUST_CHECK;

#endif
