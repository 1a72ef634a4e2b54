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
	"carillon_requests_total{family=\"two\",class=\"4xx\"} 1\n",
	"carillon_not_modified_total{family=\"one\"} 2\n",
	"carillon_request_duration_seconds_bucket{family=\"one\",le=\"0.0005\"} 4\n",
	"carillon_request_duration_seconds_bucket{family=\"one\",le=\"0.001\"} 6\n",
	"carillon_request_duration_seconds_bucket{family=\"one\",le=\"+Inf\"} 6\n",
	"carillon_request_duration_seconds_sum{family=\"one\"} 0.001800\n",
	"carillon_request_duration_seconds_count{family=\"one\"} 6\n",
	"carillon_request_duration_seconds_sum{family=\"two\"} 3.000000\n",
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
	metric_count(200, 100);
	metric_count(201, 100);
	metric_count(304, 700);
	metric_count(0, 1);
	metric_count(999, 1);
}

static void
work_two(void)
{
	metric_count(404, 3000000);
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
	metric_count(200, 1); /* before it is opened: nothing happens */
	worker(&conf, "one", work_one);
	worker(&conf, "two", work_two);
	worker(&conf, "one", work_one);
	metric_open(&conf, "three");
	out_init(&o, a, 64);
	metric_print(&o);
	out_raw(&o, "", 1);
	for (size_t i = 0; i < COUNT(lines); i++)
		T_OK(strstr(o.s, lines[i]) != NULL, "no %s in\n%s", lines[i], o.s);
	snprintf(path, sizeof(path), "%s/run/metrics", dir);
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
