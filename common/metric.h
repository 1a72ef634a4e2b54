#ifndef METRIC_H
#define METRIC_H

#include "conf.h"
#include "json.h"

/*
 * metric - what each family has answered, counted over all of its workers.
 *
 * The counters live in one small file of fixed layout, $CARILLON_VAR/run/metrics, that
 * every worker maps: counting is one atomic addition, and a scrape sees every worker
 * whichever one answers it.  The numbers outlive a worker and a restart.
 */

/* Map the file and take the place of program in it.  Whatever goes wrong is logged
 * once, and nothing is counted then. */
void metric_open(const struct conf *conf, const char *program);

/* One reply with this status, given after so many microseconds. */
void metric_count(int status, int64_t microseconds);

/* Everything counted so far as Prometheus text 0.0.4. */
void metric_print(struct out *o);

/* The bucket, 0 to METRIC_BUCKETS, that a duration falls into; the last has no bound. */
#define METRIC_BUCKETS 12
int metric_bucket(int64_t microseconds);

#endif
