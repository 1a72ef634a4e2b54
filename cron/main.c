/*
 * carillon-cron JOB [--at RFC3339] [--dry-run]; --help has what single jobs take besides.
 *
 * cron runs it every minute.  One line of JSON with counts goes to stdout, what went wrong to
 * stderr.  Exit codes: 0 the run was sound, 1 it was not, 2 usage or settings.  Two runs at once
 * are safe: every job claims or locks what it works on.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "cron.h"
#include "json.h"
#include "log.h"
#include "metric.h"
#include "moment.h"
#include "queries.h"

#define ARENA_MAX (1024 * 1024)
#define SHARE_MS  10000 /* of a job without a bound of its own */

static const struct job jobs[] = {
	{ "fire", fire_job, "carry out what was scheduled", { METRIC_MOMENT_OUTCOMES, "skipped" } },
	{ "wake", wake_job, "bring back what people have snoozed", { "woken", "users" } },
	{ "digest", digest_job, "tell teams what is new and what came back",
	    { "digests", "issues", "told" } },
	{ "dispatch", dispatch_job, "send the mail that is due", { METRIC_DELIVERY_OUTCOMES } },
	{ "cleanup", cleanup_job, "delete what has outlived its keeping",
	    { "deleted", "erased", "codes", "sessions", "deliveries", "events", "files",
		"issue_events", "jobs" } },
	{ "jobs", jobs_job, "run what people and keys have started",
	    { METRIC_JOB_OUTCOMES, "left" }, .quiet = true },
	{ "replay", replay_job, "have failed deliveries sent again, those that match every filter",
	    { "replayed" }, .apart = true, .quiet = true },
	{ NULL, NULL, NULL, { NULL } },
};

enum { EXIT_SOUND = 0, EXIT_UNSOUND = 1, EXIT_USAGE = 2 };

struct options {
	const char *job;
	char at[MOMENT_LEN + 1]; /* "" when not given */
	bool dry, help, check, filtered;
	char since[MOMENT_LEN + 1];
	struct replay_filter filter;
	const char *without; /* of "all" */
};

static void
usage(FILE *to)
{
	fprintf(to,
	    "usage: carillon-cron JOB [--at RFC3339] [--dry-run] [--check] [--help]\n\nJOB is one of:\n");
	for (const struct job *j = jobs; j->name != NULL; j++)
		fprintf(to, "  %-10s %s\n", j->name, j->help);
	fprintf(to, "  %-10s all of the above but replay, one after the other\n\n", "all");
	fprintf(to, "  --at RFC3339   what counts as now for what is due, late or expired\n");
	fprintf(to, "  --dry-run      count what would be done, change nothing\n");
	fprintf(to, "  --without JOB  leave that one out of all\n");
	fprintf(to, "  --check        only say whether the settings will do; needs no JOB\n\n");
	fprintf(to, "Filters of replay, at least one of them:\n");
	fprintf(to, "  --team ID, --channel NAME, --delivery ID\n");
	fprintf(to, "  --error TEXT     whose error begins so\n");
	fprintf(to, "  --since RFC3339  that failed then or later\n");
	fprintf(to, "and --may-repeat: also those that may have arrived, of error unknown\n");
}

static bool
usage_error(const char *what, const char *value)
{
	fprintf(stderr, "carillon-cron: %s%s%s\n", what, value != NULL ? ": " : "",
	    value != NULL ? value : "");
	usage(stderr);
	return false;
}

static bool
job_is_known(const char *name)
{
	for (const struct job *j = jobs; j->name != NULL; j++)
		if (strcmp(name, j->name) == 0)
			return true;
	return strcmp(name, "all") == 0;
}

static bool
read_moment(const char *text, const char *name, char out[MOMENT_LEN + 1])
{
	int64_t ms;

	if (!moment_parse(text, strlen(text), &ms)) {
		usage_error("not an RFC 3339 date and time behind", name);
		return false;
	}
	moment_format(ms, out);
	return true;
}

/* An option that only replay has; false when it is none. */
static bool
read_filter(struct options *o, int c, const char *value)
{
	struct replay_filter *f = &o->filter;

	o->filtered = true;
	switch (c) {
	case 't':
		f->team = value;
		return true;
	case 'c':
		f->channel = value;
		return true;
	case 'd':
		f->delivery = value;
		return true;
	case 'e':
		f->error = value;
		return true;
	case 's':
		f->since = o->since;
		return read_moment(value, "--since", o->since);
	case 'r':
		return f->may_repeat = true;
	default: /* getopt has said what */
		usage(stderr);
		return false;
	}
}

/* Whether job and filter belong together. */
static bool
filter_fits(const struct options *o)
{
	const char *why;

	if (strcmp(o->job, "replay") != 0)
		return !o->filtered || usage_error("filters are for replay", NULL);
	why = replay_unfit(&o->filter);
	return why == NULL || usage_error(why, NULL);
}

static bool
read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "at", required_argument, NULL, 'a' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "check", no_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ "without", required_argument, NULL, 'w' },
		{ "team", required_argument, NULL, 't' },
		{ "channel", required_argument, NULL, 'c' },
		{ "delivery", required_argument, NULL, 'd' },
		{ "error", required_argument, NULL, 'e' },
		{ "since", required_argument, NULL, 's' },
		{ "may-repeat", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		switch (c) {
		case 'a':
			if (!read_moment(optarg, "--at", o->at))
				return false;
			break;
		case 'n':
			o->dry = true;
			break;
		case 'w':
			o->without = optarg;
			break;
		case 'k':
			return o->check = true;
		case 'h':
			return o->help = true;
		default:
			if (!read_filter(o, c, optarg))
				return false;
		}
	if (optind + 1 != argc)
		return usage_error(optind == argc ? "no JOB given" : "one JOB at a time", NULL);
	o->job = argv[optind];
	if (!job_is_known(o->job))
		return usage_error("unknown JOB", o->job);
	if (o->without != NULL && (!job_is_known(o->without) || strcmp(o->job, "all") != 0))
		return usage_error("--without is for a JOB of all", o->without);
	return filter_fits(o);
}

static void
write_tally(struct out *o, const struct job *j, const int64_t *tally)
{
	for (int i = 0; j->tally[i] != NULL; i++) {
		out_key(o, j->tally[i]);
		out_int(o, tally[i]);
	}
}

static bool
heartbeat(const struct run *run, const struct job *j, const struct db_stmt *st, struct db_args args)
{
	enum db_status rc;

	if (run->dry || j->quiet)
		return true;
	rc = db_alone(run->db, st, args, NULL);
	if (rc == DB_AWAY) /* done twice it is still right */
		rc = db_alone(run->db, st, args, NULL);
	return rc == DB_OK || rc == DB_NONE || cron_failed(run);
}

/* One job between its two heartbeats.  o receives the counts, inside an open object. */
static bool
run_job(const struct run *run, const struct job *j, struct arena *a, struct out *o)
{
	int64_t tally[TALLY_MAX] = { 0 };
	struct out counts;
	bool sound = heartbeat(run, j, &q_cron_begin, DB_ARGS(j->name));

	if (!j->fn(run, tally))
		sound = false;
	write_tally(o, j, tally);

	out_init(&counts, a, 128);
	out_open(&counts, '{');
	write_tally(&counts, j, tally);
	out_key(&counts, "sound");
	out_bool(&counts, sound);
	out_close(&counts, '}');
	return heartbeat(run, j, &q_cron_end,
		   DB_ARGS(j->name, arena_ndup(a, counts.s, counts.n))) &&
	    sound;
}

/* What fails in one job stops no other: each has its own work and its own failures.  Nor does one
 * that has more to do than a minute is long: the next run goes on. */
static bool
run_all(struct run *run, const char *without, struct arena *a, struct out *o)
{
	bool sound = true;

	for (const struct job *j = jobs; j->name != NULL && !cron_ending(); j++) {
		if (j->apart || (without != NULL && strcmp(j->name, without) == 0))
			continue;
		out_key(o, j->name);
		out_open(o, '{');
		run->until = clock_ms() + SHARE_MS;
		if (!run_job(run, j, a, o))
			sound = false;
		out_close(o, '}');
	}
	return sound;
}

static bool
run_named(struct run *run, const struct options *w, struct arena *a, struct out *o)
{
	const struct job *j = jobs;

	if (strcmp(w->job, "all") == 0)
		return run_all(run, w->without, a, o);
	while (strcmp(w->job, j->name) != 0)
		j++;
	return run_job(run, j, a, o);
}

static int
run_and_tell(struct run *run, const struct options *w)
{
	struct arena a;
	struct out o;
	bool sound;

	arena_init(&a, ARENA_MAX);
	out_init(&o, &a, 512);
	out_open(&o, '{');
	out_key(&o, "job");
	out_text(&o, w->job);
	out_key(&o, "dry_run");
	out_bool(&o, run->dry);
	run->line = &o;
	sound = run_named(run, w, &a, &o);
	out_close(&o, '}');
	out_raw(&o, "\n", 1);
	fwrite(o.s, 1, o.n, stdout);
	if (fflush(stdout) != 0)
		sound = false;
	arena_free(&a);
	return sound ? EXIT_SOUND : EXIT_UNSOUND;
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };
	struct run run = { 0 };
	int code;

	log_name("carillon-cron");
	if (!read_options(argc, argv, &o))
		return EXIT_USAGE;
	if (o.help) {
		usage(stdout);
		putchar('\n');
		conf_print();
		return EXIT_SOUND;
	}
	if ((run.conf = conf_load()) == NULL)
		return EXIT_USAGE;
	if (o.check)
		return EXIT_SOUND;
	if ((run.db = db_open(run.conf->worker_database_url, run.conf->prepare)) == NULL)
		return EXIT_UNSOUND;
	if (run.conf->citus)
		db_sharded(run.db);
	run.at = o.at[0] != '\0' ? o.at : NULL;
	run.dry = o.dry;
	run.filter = &o.filter;
	metric_open(run.conf, NULL);
	cron_end_on_signals();
	code = run_and_tell(&run, &o);
	db_close(run.db);
	return code;
}
