#ifndef METRIC_H
#define METRIC_H

#include "conf.h"
#include "json.h"

/*
 * metric - what has been done, counted over all processes: each family's replies, and what cron and
 * hooks have come to.
 *
 * The counters live in one small file of fixed layout, in $CARILLON_VAR/run, that every worker and
 * every run of carillon-cron maps: a scrape sees all of them whichever worker answers it, and the
 * numbers outlive a process and a restart.  So they only rise, as Prometheus wants counters, and no
 * scrape has to look for them in tables that grow.  What must be looked up, because it falls again
 * (ages, what waits), is asked of the database by cgi/ops.c.
 *
 * The layout of the file is a part of its name: while an upgrade replaces workers, old and new ones
 * count apart.
 */

/* Map the file and take the place of family in it.  NULL is carillon-cron, which answers nobody and
 * leaves it to the workers to make the file.  Whatever goes wrong is logged once, and nothing is
 * counted then. */
void metric_open(const struct conf *conf, const char *family);

/* One reply with this status, given after so many microseconds; is_poll: it told its client when to
 * ask again.  Two atomic additions: polls are many. */
void metric_reply(int status, bool is_poll, int64_t microseconds);

/* What happens outside of replies.  The words are those of metric.c; with others nothing counts. */
enum metric_event {
	METRIC_MOMENTS,    /* outcome */
	METRIC_DELIVERIES, /* channel, outcome */
	METRIC_REPORTS,    /* report */
	METRIC_JOBS,       /* outcome */
	METRIC_EVENTS
};

/* Outcomes, for an array: cron's tallies of them (cron/fire.h, dispatch.h, jobs.h) have this order. */
#define METRIC_MOMENT_OUTCOMES   "fired", "missed", "failed"
#define METRIC_DELIVERY_OUTCOMES "sent", "skipped", "failed", "retried", "lost"
#define METRIC_JOB_OUTCOMES      "completed", "failed", "cancelled"

/* second is NULL where there is but one. */
void metric_event(enum metric_event e, const char *word, const char *second, int64_t n);

/* A moment was decided so many milliseconds after it was due. */
void metric_late(int64_t ms);

/* ---- Prometheus text 0.0.4 ---- */

/* Everything counted so far. */
void metric_print(struct out *o);

/* The two lines before the samples of carillon_NAME. */
void metric_help(struct out *o, const char *name, const char *type, const char *help);

/* One sample of carillon_NAME; labels is "" or {label="value"}. */
void metric_sample(struct out *o, const char *name, const char *labels, int64_t value);

/* The bucket, 0 to METRIC_BUCKETS, that a duration falls into; the last has no bound. */
#define METRIC_BUCKETS 12
int metric_bucket(int64_t microseconds);

#endif
