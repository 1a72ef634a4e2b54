/*
 * carillon-doctor [--json] - is this host fit to run Carillon, and what is to be done if not?
 *
 * One row a check; what fails says what to do.  Changes nothing.  Exit codes: 0 nothing fails,
 * 1 something does, 2 usage.  The settings are those of the copy that the program belongs to, or
 * of CARILLON_VAR.
 */
#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto.h"
#include "doctor.h"
#include "json.h"
#include "log.h"

#define ARENA_MAX (4 * 1024 * 1024)

DEFINE_SCOPED(char *, free)

/* In this order: later ones look at what earlier ones found. */
static const struct check {
	const char *name;
	check_fn *fn;
} checks[] = {
	{ "settings", check_settings },
	{ "secrets", check_secrets },
	{ "database: web", check_web },
	{ "database: worker", check_worker },
	{ "migrations", check_migrations },
	{ "clock", check_clock },
	{ "cron", check_cron },
	{ "sockets", check_sockets },
	{ "nginx", check_nginx },
	{ "address", check_address },
	{ "mail", check_mail },
	{ "mail reports", check_reports },
	{ "disk", check_disk },
	{ "time zones", check_zones },
	{ "huge pages", check_pages },
};

/* ---- telling ---- */

static const char *const state_names[] = { "ok", "warn", "FAIL", "-" };

static void
tell_row(const char *name, const struct finding *f)
{
	printf("%-17s %-5s %s\n", name, state_names[f->state], f->detail);
	if (f->todo != NULL)
		printf("%-17s       > %s\n", "", f->todo);
}

static void
tell_json(struct out *o, const char *name, const struct finding *f)
{
	static const char *const states[] = { "ok", "warn", "fail", "skipped" };

	out_open(o, '{');
	out_key(o, "check");
	out_text(o, name);
	out_key(o, "state");
	out_text(o, states[f->state]);
	out_key(o, "detail");
	out_text(o, f->detail);
	out_key(o, "todo");
	out_text(o, f->todo);
	out_close(o, '}');
}

static int
examine(struct doctor *d, bool json)
{
	int count[SKIP + 1] = { 0 };
	struct out o;

	out_init(&o, &d->a, 4096);
	out_open(&o, '[');
	for (size_t i = 0; i < COUNT(checks); i++) {
		struct finding f = checks[i].fn(d);

		count[f.state]++;
		if (json)
			tell_json(&o, checks[i].name, &f);
		else
			tell_row(checks[i].name, &f);
	}
	out_close(&o, ']');
	if (json)
		printf("%.*s\n", (int)o.n, o.s);
	else
		printf("\n%d ok, %d warn, %d fail, %d not looked at\n", count[OK], count[WARN],
		    count[FAIL], count[SKIP]);
	return count[FAIL] == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* The copy that this program is of: build/carillon-doctor in its root. */
static bool
find_copy(struct doctor *d)
{
	SCOPED(free) char *exe = realpath("/proc/self/exe", NULL), *var = NULL;
	const char *given = getenv("CARILLON_VAR");

	if (exe == NULL)
		return false;
	d->build = arena_dup(&d->a, dirname(exe));
	d->root = arena_dup(&d->a, dirname(exe));
	d->installed = access(arena_fmt(&d->a, "%s/VERSION", d->root), R_OK) == 0;
	d->conf = conf_load();
	d->var = d->conf != NULL ? d->conf->var
	    : given != NULL      ? given
				 : arena_fmt(&d->a, "%s/var", d->root);
	if ((var = realpath(d->var, NULL)) != NULL)
		d->var = arena_dup(&d->a, var);
	return true;
}

int
main(int argc, char **argv)
{
	bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
	struct doctor d = { 0 };
	int code;

	log_name("carillon-doctor");
	if (argc > 2 || (argc == 2 && !json)) {
		fprintf(stderr, "usage: carillon-doctor [--json]\n");
		return 2;
	}
	arena_init(&d.a, ARENA_MAX);
	if (!find_copy(&d))
		return 2;
	crypto_ready();
	if (d.conf != NULL) {
		d.web = db_open(d.conf->web_database_url, d.conf->prepare);
		d.worker = db_open(d.conf->worker_database_url, d.conf->prepare);
	}
	code = examine(&d, json);
	db_close(d.web);
	db_close(d.worker);
	arena_free(&d.a);
	return code;
}
