#include "metric.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define LAYOUT       2 /* of struct board: a new one with every change of it */
#define FAMILIES_MAX 16
#define LATE_BUCKETS 9
#define WORDS_MAX    5 /* of a label */

typedef _Atomic uint64_t counter;

/* Statuses that are told apart. */
enum kind { INFORMED, DONE, MOVED, REFUSED, BROKEN, NOT_MODIFIED, KINDS };

/* What one family has answered: each reply in one cell only, and those that are polls apart. */
struct tally {
	char name[32];
	counter took[2][KINDS][METRIC_BUCKETS + 1];
	counter microseconds[2];
};

struct board {
	struct tally family[FAMILIES_MAX];
	counter event[METRIC_EVENTS][WORDS_MAX][WORDS_MAX];
	counter late[LATE_BUCKETS + 1];
	counter late_ms;
};

static struct board *board;
static struct tally *mine;

/* Upper bounds of buckets, as they are measured and as Prometheus wants them. */
struct bound {
	int64_t most;
	const char *le;
};

static const struct bound durations[METRIC_BUCKETS] = {
	{ 500, "0.0005" },
	{ 1000, "0.001" },
	{ 2500, "0.0025" },
	{ 5000, "0.005" },
	{ 10000, "0.01" },
	{ 25000, "0.025" },
	{ 50000, "0.05" },
	{ 100000, "0.1" },
	{ 250000, "0.25" },
	{ 500000, "0.5" },
	{ 1000000, "1" },
	{ 2500000, "2.5" },
};

/* A minute is what cron needs, an hour the most that still fires. */
static const struct bound latenesses[LATE_BUCKETS] = {
	{ 15000, "15" },
	{ 30000, "30" },
	{ 60000, "60" },
	{ 90000, "90" },
	{ 120000, "120" },
	{ 300000, "300" },
	{ 900000, "900" },
	{ 1800000, "1800" },
	{ 3600000, "3600" },
};

static const struct {
	const char *name, *help;
	struct {
		const char *name, *words[WORDS_MAX + 1];
	} label[2]; /* the second may be none */
} events[METRIC_EVENTS] = {
	[METRIC_MOMENTS] = { "moments_total", "Scheduled moments that cron has decided.",
	    { { "outcome", { METRIC_MOMENT_OUTCOMES } } } },
	[METRIC_DELIVERIES] = { "deliveries_total",
	    "What dispatching came to, by delivery and try; the bell's are sent at once and not counted.",
	    { { "channel", { "email", "webhook" } },
		{ "outcome", { METRIC_DELIVERY_OUTCOMES } } } },
	[METRIC_REPORTS] = { "mail_reports_total",
	    "What the provider has told afterwards of mail that it had taken.",
	    { { "report", { "delivered", "bounced", "complained" } } } },
	[METRIC_JOBS] = { "jobs_total", "Jobs that cron has ended.",
	    { { "outcome", { METRIC_JOB_OUTCOMES } } } },
};

static int
bucket_of(const struct bound *bounds, int n, int64_t value)
{
	int i = 0;

	while (i < n && value > bounds[i].most)
		i++;
	return i;
}

int
metric_bucket(int64_t microseconds)
{
	return bucket_of(durations, METRIC_BUCKETS, microseconds);
}

/* ---- the file ---- */

/* The family's own place, or the first free one; NULL when the board is full. */
static struct tally *
place_of(const char *family)
{
	for (int i = 0; i < FAMILIES_MAX; i++) {
		struct tally *t = &board->family[i];

		if (t->name[0] == '\0')
			snprintf(t->name, sizeof(t->name), "%s", family);
		if (strncmp(t->name, family, sizeof(t->name) - 1) == 0)
			return t;
	}
	return NULL;
}

/* Size and map the file, holding its lock: another process may be doing the same.  It never
 * shrinks: that would pull the page from under who has it mapped. */
static bool
map_board(int fd)
{
	struct stat sb;

	if (fstat(fd, &sb) == -1 ||
	    (sb.st_size < (off_t)sizeof(*board) && ftruncate(fd, sizeof(*board)) == -1))
		return false;
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (board == MAP_FAILED)
		board = NULL;
	return board != NULL;
}

void
metric_open(const struct conf *conf, const char *family)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/run/metrics-%d", conf->var, LAYOUT);
	fd = open(path, O_RDWR | O_CLOEXEC | (family != NULL ? O_CREAT : 0), 0600);
	if (fd == -1 && errno == ENOENT && family == NULL) /* nobody here to tell */
		return;
	if (fd == -1 || flock(fd, LOCK_EX) == -1 || !map_board(fd))
		log_line(LOG_WARN, NULL, "nothing is counted, no metrics file: %s",
		    strerror(errno));
	else if (family != NULL && (mine = place_of(family)) == NULL)
		log_line(LOG_WARN, NULL, "nothing is counted, the metrics file is full");
	if (fd != -1) {
		flock(fd, LOCK_UN); /* the mapping keeps the file open, and so the lock */
		close(fd);
	}
}

/* ---- in ---- */

static void
add(counter *c, int64_t n)
{
	if (n > 0)
		atomic_fetch_add_explicit(c, (uint64_t)n, memory_order_relaxed);
}

void
metric_reply(int status, bool is_poll, int64_t microseconds)
{
	int kind = status == 304 ? NOT_MODIFIED : status / 100 - 1;

	if (mine == NULL || status < 100 || status > 599)
		return;
	add(&mine->took[is_poll][kind][metric_bucket(microseconds)], 1);
	add(&mine->microseconds[is_poll], microseconds);
}

/* The place of word among a label's; a label that is none has one place.  -1: no such word. */
static int
place_of_word(const char *const *words, const char *word)
{
	if (words[0] == NULL)
		return 0;
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

void
metric_event(enum metric_event e, const char *word, const char *second, int64_t n)
{
	int i = place_of_word(events[e].label[0].words, word);
	int k = place_of_word(events[e].label[1].words, second);

	if (board != NULL && i >= 0 && k >= 0)
		add(&board->event[e][i][k], n);
}

void
metric_late(int64_t ms)
{
	if (board == NULL)
		return;
	add(&board->late[bucket_of(latenesses, LATE_BUCKETS, ms)], 1);
	add(&board->late_ms, ms);
}

/* ---- out ---- */

__attribute__((format(printf, 2, 3))) static void
line(struct out *o, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(text))
		out_raw(o, text, (size_t)n);
}

void
metric_help(struct out *o, const char *name, const char *type, const char *help)
{
	line(o, "# HELP carillon_%s %s\n", name, help);
	line(o, "# TYPE carillon_%s %s\n", name, type);
}

void
metric_sample(struct out *o, const char *name, const char *labels, int64_t value)
{
	line(o, "carillon_%s%s %" PRId64 "\n", name, labels, value);
}

/* labels: "" or label="value", with its comma. */
static void
histogram(struct out *o, const char *name, const char *labels, const struct bound *bounds, int n,
    const uint64_t *cells, double sum)
{
	int braced = (int)strlen(labels) - 1; /* without the comma */
	uint64_t so_far = 0;

	for (int i = 0; i <= n; i++) {
		so_far += cells[i];
		line(o, "carillon_%s_bucket{%sle=\"%s\"} %" PRIu64 "\n", name, labels,
		    i < n ? bounds[i].le : "+Inf", so_far);
	}
	labels = braced > 0 ? arena_fmt(o->a, "{%.*s}", braced, labels) : "";
	line(o, "carillon_%s_sum%s %.6f\n", name, labels, sum);
	line(o, "carillon_%s_count%s %" PRIu64 "\n", name, labels, so_far);
}

static uint64_t
count_of(const struct tally *t, bool is_poll, enum kind k)
{
	uint64_t n = 0;

	for (int i = 0; i <= METRIC_BUCKETS; i++)
		n += atomic_load(&t->took[is_poll][k][i]);
	return n;
}

/* Add t's replies, or only its polls, to the cells of a histogram; returns their microseconds. */
static uint64_t
add_times(uint64_t cells[METRIC_BUCKETS + 1], const struct tally *t, bool only_polls)
{
	for (int k = 0; k < KINDS; k++)
		for (int i = 0; i <= METRIC_BUCKETS; i++)
			cells[i] += atomic_load(&t->took[true][k][i]) +
			    (only_polls ? 0 : atomic_load(&t->took[false][k][i]));
	return atomic_load(&t->microseconds[true]) +
	    (only_polls ? 0 : atomic_load(&t->microseconds[false]));
}

static void
print_replies(struct out *o, const struct tally *t)
{
	for (enum kind k = INFORMED; k <= BROKEN; k++) {
		uint64_t n = count_of(t, false, k) + count_of(t, true, k);

		if (k == MOVED)
			n += count_of(t, false, NOT_MODIFIED) + count_of(t, true, NOT_MODIFIED);
		line(o, "carillon_requests_total{family=\"%s\",class=\"%dxx\"} %" PRIu64 "\n",
		    t->name, (int)k + 1, n);
	}
}

static void
print_not_modified(struct out *o, const struct tally *t)
{
	line(o, "carillon_not_modified_total{family=\"%s\"} %" PRIu64 "\n", t->name,
	    count_of(t, false, NOT_MODIFIED) + count_of(t, true, NOT_MODIFIED));
}

static void
print_times(struct out *o, const struct tally *t)
{
	uint64_t cells[METRIC_BUCKETS + 1] = { 0 };
	uint64_t us = add_times(cells, t, false);

	histogram(o, "request_duration_seconds", arena_fmt(o->a, "family=\"%s\",", t->name),
	    durations, METRIC_BUCKETS, cells, (double)us / 1e6);
}

static void
print_families(struct out *o)
{
	static const struct {
		const char *name, *type, *help;
		void (*print)(struct out *o, const struct tally *t);
	} blocks[] = {
		{ "requests_total", "counter", "Replies by family and class of status.",
		    print_replies },
		{ "not_modified_total", "counter", "Replies with 304.", print_not_modified },
		{ "request_duration_seconds", "histogram", "Time from request to reply.",
		    print_times },
	};

	for (size_t b = 0; b < COUNT(blocks); b++) {
		metric_help(o, blocks[b].name, blocks[b].type, blocks[b].help);
		for (int i = 0; i < FAMILIES_MAX && board->family[i].name[0] != '\0'; i++)
			blocks[b].print(o, &board->family[i]);
	}
}

/* One family is polled, so the sum of all is that family's. */
static void
print_polls(struct out *o)
{
	static const struct {
		enum kind kind;
		const char *status;
	} rows[] = { { DONE, "2xx" }, { NOT_MODIFIED, "304" }, { REFUSED, "4xx" },
		{ BROKEN, "5xx" } };
	uint64_t cells[METRIC_BUCKETS + 1] = { 0 }, us = 0, n[COUNT(rows)] = { 0 };

	for (int i = 0; i < FAMILIES_MAX; i++) {
		us += add_times(cells, &board->family[i], true);
		for (size_t r = 0; r < COUNT(rows); r++)
			n[r] += count_of(&board->family[i], true, rows[r].kind);
	}
	metric_help(o, "polls_total", "counter", "Replies that said when to ask again, by status.");
	for (size_t r = 0; r < COUNT(rows); r++)
		line(o, "carillon_polls_total{status=\"%s\"} %" PRIu64 "\n", rows[r].status, n[r]);
	metric_help(o, "poll_duration_seconds", "histogram",
	    "Time from such a request to its reply.");
	histogram(o, "poll_duration_seconds", "", durations, METRIC_BUCKETS, cells,
	    (double)us / 1e6);
}

static void
print_event(struct out *o, enum metric_event e)
{
	const char *label = events[e].label[0].name, *second = events[e].label[1].name;
	const char *const *words = events[e].label[0].words;
	const char *const *seconds = events[e].label[1].words;

	metric_help(o, events[e].name, "counter", events[e].help);
	for (int i = 0; words[i] != NULL; i++)
		for (int k = 0; k == 0 || seconds[k] != NULL; k++) {
			const char *more =
			    second == NULL ? "" : arena_fmt(o->a, ",%s=\"%s\"", second, seconds[k]);

			line(o, "carillon_%s{%s=\"%s\"%s} %" PRIu64 "\n", events[e].name, label,
			    words[i], more, atomic_load(&board->event[e][i][k]));
		}
}

static void
print_late(struct out *o)
{
	uint64_t cells[LATE_BUCKETS + 1];

	for (int i = 0; i <= LATE_BUCKETS; i++)
		cells[i] = atomic_load(&board->late[i]);
	metric_help(o, "fire_lateness_seconds", "histogram",
	    "How long after they were due moments were decided.");
	histogram(o, "fire_lateness_seconds", "", latenesses, LATE_BUCKETS, cells,
	    (double)atomic_load(&board->late_ms) / 1e3);
}

void
metric_print(struct out *o)
{
	if (board == NULL)
		return;
	print_families(o);
	print_polls(o);
	for (enum metric_event e = 0; e < METRIC_EVENTS; e++)
		print_event(o, e);
	print_late(o);
}
