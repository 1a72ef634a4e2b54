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

#define FAMILIES_MAX 16
#define CLASSES      5                     /* 1xx to 5xx */
#define MAGIC        0x43524c4e4d455431ull /* changes when the layout does */

/* What one family has answered. */
struct tally {
	char name[32];
	_Atomic uint64_t replies[CLASSES];
	_Atomic uint64_t not_modified;
	_Atomic uint64_t took[METRIC_BUCKETS + 1]; /* each reply in one bucket only */
	_Atomic uint64_t microseconds;
};

struct board {
	uint64_t magic;
	struct tally family[FAMILIES_MAX];
};

static struct board *board;
static struct tally *mine;

/* Upper bounds, in microseconds and as Prometheus wants them. */
static const struct {
	int64_t us;
	const char *le;
} bounds[METRIC_BUCKETS] = {
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

int
metric_bucket(int64_t microseconds)
{
	int i = 0;

	while (i < METRIC_BUCKETS && microseconds > bounds[i].us)
		i++;
	return i;
}

/* The family's own place, or the first free one; NULL when the board is full. */
static struct tally *
place_of(const char *program)
{
	for (int i = 0; i < FAMILIES_MAX; i++) {
		struct tally *t = &board->family[i];

		if (t->name[0] == '\0')
			snprintf(t->name, sizeof(t->name), "%s", program);
		if (strncmp(t->name, program, sizeof(t->name) - 1) == 0)
			return t;
	}
	return NULL;
}

/* Size and map the file, holding its lock: another worker may be doing the same.  It
 * never shrinks: that would pull the page from under a worker that has it mapped. */
static bool
map_board(int fd)
{
	struct stat sb;

	if (fstat(fd, &sb) == -1 ||
	    (sb.st_size < (off_t)sizeof(*board) && ftruncate(fd, sizeof(*board)) == -1))
		return false;
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (board == MAP_FAILED) {
		board = NULL;
		return false;
	}
	if (board->magic != MAGIC) {
		memset(board, 0, sizeof(*board));
		board->magic = MAGIC;
	}
	return true;
}

void
metric_open(const struct conf *conf, const char *program)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/run/metrics", conf->var);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1 || flock(fd, LOCK_EX) == -1 || !map_board(fd))
		log_line(LOG_WARN, NULL, "nothing is counted, no metrics file: %s",
		    strerror(errno));
	else if ((mine = place_of(program)) == NULL)
		log_line(LOG_WARN, NULL, "nothing is counted, the metrics file is full");
	if (fd != -1) {
		flock(fd, LOCK_UN); /* the mapping keeps the file open, and so the lock */
		close(fd);
	}
}

static void
add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void
metric_count(int status, int64_t microseconds)
{
	if (mine == NULL || status < 100 || status > 599)
		return;
	add(&mine->replies[status / 100 - 1], 1);
	if (status == 304)
		add(&mine->not_modified, 1);
	add(&mine->took[metric_bucket(microseconds)], 1);
	add(&mine->microseconds, microseconds > 0 ? (uint64_t)microseconds : 0);
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

static void
print_replies(struct out *o, struct tally *t)
{
	for (int i = 0; i < CLASSES; i++)
		line(o, "carillon_requests_total{family=\"%s\",class=\"%dxx\"} %" PRIu64 "\n",
		    t->name, i + 1, atomic_load(&t->replies[i]));
}

static void
print_times(struct out *o, struct tally *t)
{
	static const char name[] = "carillon_request_duration_seconds";
	uint64_t so_far = 0;

	for (int i = 0; i <= METRIC_BUCKETS; i++) {
		so_far += atomic_load(&t->took[i]);
		line(o, "%s_bucket{family=\"%s\",le=\"%s\"} %" PRIu64 "\n", name, t->name,
		    i < METRIC_BUCKETS ? bounds[i].le : "+Inf", so_far);
	}
	line(o, "%s_sum{family=\"%s\"} %.6f\n", name, t->name,
	    (double)atomic_load(&t->microseconds) / 1e6);
	line(o, "%s_count{family=\"%s\"} %" PRIu64 "\n", name, t->name, so_far);
}

static void
print_not_modified(struct out *o, struct tally *t)
{
	line(o, "carillon_not_modified_total{family=\"%s\"} %" PRIu64 "\n", t->name,
	    atomic_load(&t->not_modified));
}

void
metric_print(struct out *o)
{
	static const struct {
		const char *name, *type, *help;
		void (*print)(struct out *o, struct tally *t);
	} blocks[] = {
		{ "requests_total", "counter", "Replies by family and class of status.",
		    print_replies },
		{ "not_modified_total", "counter", "Replies with 304.", print_not_modified },
		{ "request_duration_seconds", "histogram", "Time from request to reply.",
		    print_times },
	};

	for (size_t b = 0; board != NULL && b < COUNT(blocks); b++) {
		line(o, "# HELP carillon_%s %s\n", blocks[b].name, blocks[b].help);
		line(o, "# TYPE carillon_%s %s\n", blocks[b].name, blocks[b].type);
		for (int i = 0; i < FAMILIES_MAX && board->family[i].name[0] != '\0'; i++)
			blocks[b].print(o, &board->family[i]);
	}
}
