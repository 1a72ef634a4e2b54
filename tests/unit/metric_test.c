/* metric_test - buckets, and counters that several programs share and that outlive them. */
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "metric.h"
#include "t.h"

static const struct {
	int64_t us;
	int bucket;
} buckets[] = {
	{ -1, 0 },
	{ 0, 0 },
	{ 500, 0 },
	{ 501, 1 },
	{ 1000, 1 },
	{ 2500000, METRIC_BUCKETS - 1 },
	{ 2500001, METRIC_BUCKETS },
	{ INT64_MAX, METRIC_BUCKETS },
};

static const char *const lines[] = {
	"# TYPE carillon_requests_total counter\n",
	"carillon_requests_total{family=\"one\",class=\"2xx\"} 4\n",
	"carillon_requests_total{family=\"one\",class=\"3xx\"} 2\n",
	"carillon_requests_total{family=\"one\",class=\"5xx\"} 0\n",
	"carillon_requests_total{family=\"two\",class=\"3xx\"} 1\n",
	"carillon_requests_total{family=\"two\",class=\"4xx\"} 1\n",
	"carillon_requests_total{family=\"two\",class=\"5xx\"} 1\n",
	"carillon_not_modified_total{family=\"one\"} 2\n",
	"carillon_not_modified_total{family=\"two\"} 1\n",
	"carillon_request_duration_seconds_bucket{family=\"one\",le=\"0.0005\"} 4\n",
	"carillon_request_duration_seconds_bucket{family=\"one\",le=\"0.001\"} 6\n",
	"carillon_request_duration_seconds_bucket{family=\"one\",le=\"+Inf\"} 6\n",
	"carillon_request_duration_seconds_sum{family=\"one\"} 0.001800\n",
	"carillon_request_duration_seconds_count{family=\"one\"} 6\n",
	"carillon_request_duration_seconds_sum{family=\"two\"} 3.000020\n",
	"carillon_request_duration_seconds_bucket{family=\"two\",le=\"2.5\"} 2\n",
	"carillon_request_duration_seconds_bucket{family=\"two\",le=\"+Inf\"} 3\n",
	"# TYPE carillon_polls_total counter\n",
	"carillon_polls_total{status=\"2xx\"} 2\n",
	"carillon_polls_total{status=\"304\"} 2\n",
	"carillon_polls_total{status=\"4xx\"} 0\n",
	"carillon_polls_total{status=\"5xx\"} 1\n",
	"carillon_poll_duration_seconds_bucket{le=\"0.0005\"} 3\n",
	"carillon_poll_duration_seconds_sum 0.001610\n",
	"carillon_poll_duration_seconds_count 5\n",
	"# TYPE carillon_moments_total counter\n",
	"carillon_moments_total{outcome=\"fired\"} 2\n",
	"carillon_moments_total{outcome=\"missed\"} 0\n",
	"carillon_deliveries_total{channel=\"email\",outcome=\"sent\"} 100\n",
	"carillon_deliveries_total{channel=\"webhook\",outcome=\"lost\"} 1\n",
	"carillon_mail_reports_total{report=\"bounced\"} 1\n",
	"carillon_jobs_total{outcome=\"cancelled\"} 1\n",
	"# TYPE carillon_fire_lateness_seconds histogram\n",
	"carillon_fire_lateness_seconds_bucket{le=\"15\"} 1\n",
	"carillon_fire_lateness_seconds_bucket{le=\"3600\"} 1\n",
	"carillon_fire_lateness_seconds_bucket{le=\"+Inf\"} 2\n",
	"carillon_fire_lateness_seconds_sum 3601.001000\n",
	"carillon_fire_lateness_seconds_count 2\n",
};

/* A worker of one family: what it counts is seen by whoever maps the file later. */
static void
worker(const struct conf *conf, const char *name, void (*work)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		metric_open(conf, name);
		work();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void
work_one(void)
{
	metric_reply(200, false, 100);
	metric_reply(201, true, 100);
	metric_reply(304, true, 700);
	metric_reply(0, false, 1);
	metric_reply(999, false, 1);
}

static void
work_two(void)
{
	metric_reply(404, false, 3000000);
	metric_reply(304, false, 10);
	metric_reply(503, true, 10);
}

/* A run of cron has no place of its own, and takes no part in replies. */
static void
work_cron(void)
{
	metric_reply(200, false, 10);
	metric_event(METRIC_MOMENTS, "fired", NULL, 2);
	metric_event(METRIC_MOMENTS, "skipped", NULL, 1); /* is no outcome */
	metric_event(METRIC_MOMENTS, "missed", NULL, -1);
	metric_event(METRIC_DELIVERIES, "email", "sent", 100);
	metric_event(METRIC_DELIVERIES, "webhook", "lost", 1);
	metric_event(METRIC_DELIVERIES, "pigeon", "sent", 1);
	metric_event(METRIC_REPORTS, "bounced", NULL, 1);
	metric_event(METRIC_JOBS, "cancelled", NULL, 1);
	metric_late(1000);
	metric_late(3600 * 1000 + 1);
}

static void
test_file(struct arena *a)
{
	char dir[] = "/tmp/metric_test.XXXXXX", path[64];
	struct conf conf = { .var = mkdtemp(dir) };
	struct out o;

	T_OK(conf.var != NULL, "no folder");
	snprintf(path, sizeof(path), "%s/run", dir);
	mkdir(path, 0700);
	metric_reply(200, true, 1);     /* before it is opened: nothing happens */
	worker(&conf, NULL, work_cron); /* there is no file yet: nothing is counted either */
	snprintf(path, sizeof(path), "%s/run/metrics-2", dir);
	T_OK(access(path, F_OK) == -1, "cron has made the file");
	worker(&conf, "one", work_one);
	worker(&conf, NULL, work_cron);
	worker(&conf, "two", work_two);
	worker(&conf, "one", work_one);
	metric_open(&conf, "three");
	out_init(&o, a, 64);
	metric_print(&o);
	out_raw(&o, "", 1);
	for (size_t i = 0; i < COUNT(lines); i++)
		T_OK(strstr(o.s, lines[i]) != NULL, "no %s in\n%s", lines[i], o.s);
	T_OK(strstr(o.s, "pigeon") == NULL && strstr(o.s, "skipped\"} 1") == NULL, "made up");
	snprintf(path, sizeof(path), "%s/run/metrics-2", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/run", dir);
	rmdir(path);
	rmdir(dir);
}

int
main(void)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < COUNT(buckets); i++)
		T_OK(metric_bucket(buckets[i].us) == buckets[i].bucket, "row %zu", i);
	test_file(&a);
	arena_free(&a);
	return T_DONE("metric");
}
