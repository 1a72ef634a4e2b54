/* database - reached by both programs, fit, up to date; its clock, and cron as it shows there. */
#include <dirent.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "doctor.h"
#include "queries.h"
#include "text.h"

#define OLDEST_SERVER 150000
#define CRON_SECONDS  180
#define CLOCK_WARN_MS 2000
#define CLOCK_FAIL_MS 60000
#define BUFFERS_MB    1024 /* from which on it costs to look them up in small pages */

DEFINE_SCOPED(FILE *, fclose)
DEFINE_SCOPED(DIR *, closedir)

static struct finding
ask_server(struct doctor *d, struct db *db, const char *setting, bool *reached)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	const char *role, *lacks;

	if (db == NULL)
		return skipped("no settings");
	if (db_read(db, &q_doctor_server, (struct db_args){ 0 }, &rows) != DB_OK)
		return found(FAIL, text_one_line(&d->a, db_error(db)),
		    arena_fmt(&d->a, "start PostgreSQL, or mend %s", setting));
	*reached = true;
	role = arena_dup(&d->a, rows_text(rows, 0, "role"));
	if (rows_int(rows, 0, "number") < OLDEST_SERVER)
		return found(FAIL,
		    arena_fmt(&d->a, "PostgreSQL %s is too old", rows_text(rows, 0, "version")),
		    "use PostgreSQL 15 or newer");
	if (rows_bool(rows, 0, "read_only"))
		return found(FAIL, "it is read-only: a standby, perhaps",
		    arena_fmt(&d->a, "add target_session_attrs=read-write to %s", setting));
	lacks = rows_text(rows, 0, "endless");
	if (lacks[0] != '\0' || !rows_bool(rows, 0, "utc"))
		return found(FAIL,
		    arena_fmt(&d->a, "role %s has no %s", role,
			lacks[0] != '\0' ? lacks : "timezone UTC"),
		    "carillon migrate, as who may alter roles; sql/logins.sql has their settings");
	if (rows_bool(rows, 0, "too_much"))
		return found(WARN, arena_fmt(&d->a, "role %s may do everything", role),
		    arena_fmt(&d->a, "let %s name a role of sql/roles.sql", setting));
	return fine(arena_fmt(&d->a, "PostgreSQL %s as %s", rows_text(rows, 0, "version"), role));
}

struct finding
check_web(struct doctor *d)
{
	return ask_server(d, d->web, "CARILLON_WEB_DATABASE_URL", &d->reached);
}

struct finding
check_worker(struct doctor *d)
{
	bool reached;

	return ask_server(d, d->worker, "CARILLON_WORKER_DATABASE_URL", &reached);
}

static const char *
sha256_of(struct arena *a, const char *path)
{
	SCOPED(fclose) FILE *f = fopen(path, "re");
	unsigned char part[8192], hash[crypto_hash_sha256_BYTES];
	char *hex = arena_alloc(a, 2 * sizeof(hash) + 1);
	crypto_hash_sha256_state state;
	size_t n;

	if (f == NULL)
		return NULL;
	crypto_hash_sha256_init(&state);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		crypto_hash_sha256_update(&state, part, n);
	crypto_hash_sha256_final(&state, hash);
	return sodium_bin2hex(hex, 2 * sizeof(hash) + 1, hash, sizeof(hash));
}

static int
row_of(const struct db_rows *rows, const char *name, size_t n)
{
	for (int i = 0; i < rows_count(rows); i++) {
		const char *at = rows_text(rows, i, "name");

		if (strlen(at) == n && memcmp(at, name, n) == 0)
			return i;
	}
	return -1;
}

/* What of the files in sql/migrations the database has.  edited: the name of one it has otherwise. */
static bool
compare(struct doctor *d, const struct db_rows *rows, int *have, int *lack, const char **edited)
{
	const char *folder = arena_fmt(&d->a, "%s/sql/migrations", d->root);
	SCOPED(closedir) DIR *dir = opendir(folder);
	struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		const char *end = strrchr(e->d_name, '.'), *sum;
		int row;

		if (end == NULL || strcmp(end, ".sql") != 0)
			continue;
		row = row_of(rows, e->d_name, (size_t)(end - e->d_name));
		sum = sha256_of(&d->a, arena_fmt(&d->a, "%s/%s", folder, e->d_name));
		if (row < 0)
			++*lack;
		else if (++*have &&
		    (sum == NULL || strcmp(sum, rows_text(rows, row, "sha256")) != 0))
			*edited = arena_dup(&d->a, e->d_name);
	}
	return dir != NULL;
}

struct finding
check_migrations(struct doctor *d)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	const char *edited = NULL;
	int have = 0, lack = 0;
	enum db_status rc;

	if (!d->reached)
		return skipped("no database");
	rc = db_read(d->web, &q_doctor_migrations, (struct db_args){ 0 }, &rows);
	if (rc != DB_OK && rc != DB_NONE)
		return found(FAIL, text_one_line(&d->a, db_error(d->web)), "carillon migrate");
	if (!compare(d, rows, &have, &lack, &edited))
		return found(FAIL, "sql/migrations of this copy is missing", "install it again");
	if (lack > 0)
		return found(FAIL,
		    arena_fmt(&d->a, "%d of %d are still to be applied", lack, have + lack),
		    "carillon migrate");
	if (rows_count(rows) > have)
		return found(FAIL, "the database is newer than the programs",
		    "install the newer release, which has migrated it");
	if (edited != NULL)
		return found(WARN, arena_fmt(&d->a, "%s is not what was applied here", edited),
		    "compare the schema with one made anew");
	return fine(arena_fmt(&d->a, "all %d are applied", have));
}

static int64_t
host_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The database's moment lies between our two: what is outside of them is the difference. */
struct finding
check_clock(struct doctor *d)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	int64_t before = host_ms(), after, theirs, off;
	const char *how;

	if (!d->reached || db_read(d->web, &q_doctor_server, (struct db_args){ 0 }, &rows) != DB_OK)
		return skipped("no database");
	after = host_ms();
	theirs = rows_int(rows, 0, "ms");
	off = theirs < before ? before - theirs : theirs > after ? theirs - after : 0;
	how = arena_fmt(&d->a, "%" PRId64 ".%03d s %s the database's", off / 1000,
	    (int)(off % 1000), theirs < before ? "ahead of" : "behind");
	if (off < CLOCK_WARN_MS)
		return fine("that of the host and the database's agree");
	return found(off < CLOCK_FAIL_MS ? WARN : FAIL, how,
	    "synchronise both hosts by NTP; schedules go by the database's clock");
}

struct finding
check_cron(struct doctor *d)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	const char *age;

	if (!d->reached || db_read(d->web, &q_ops_cron, (struct db_args){ 0 }, &rows) != DB_OK)
		return skipped("no database");
	age = rows_text(rows, 0, "age");
	if (age == NULL || rows_int(rows, 0, "age") >= CRON_SECONDS)
		return found(FAIL,
		    age == NULL ? "it has never run"
				: arena_fmt(&d->a, "it last ran %s s ago", age),
		    "systemctl status carillon-cron.timer, or the crontab; nothing is sent or fired");
	return fine(arena_fmt(&d->a, "it ran %s s ago", age));
}

/* That this host has, taken or free; 0 when it does not say. */
static int64_t
huge_pages(void)
{
	SCOPED(fclose) FILE *f = fopen("/proc/meminfo", "re");
	int64_t n = 0;
	char line[256];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "HugePages_Total: %" SCNd64, &n) == 1)
			break;
	return n;
}

/* README, "How fast it is", has what they bring. */
struct finding
check_pages(struct doctor *d)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	int64_t mb, pages;

	if (!d->reached ||
	    db_read(d->web, &q_doctor_buffers, (struct db_args){ 0 }, &rows) != DB_OK)
		return skipped("no database");
	mb = rows_int(rows, 0, "mb");
	pages = rows_int(rows, 0, "pages");
	if (mb < BUFFERS_MB || pages <= 0)
		return fine(arena_fmt(&d->a, "%" PRId64 " MB of buffers need none", mb));
	if (!rows_bool(rows, 0, "here"))
		return skipped("the database is on another host");
	if (huge_pages() >= pages)
		return fine(arena_fmt(&d->a, "there are some for %" PRId64 " MB of buffers", mb));
	return found(WARN, arena_fmt(&d->a, "none for PostgreSQL's %" PRId64 " MB of buffers", mb),
	    arena_fmt(&d->a,
		"vm.nr_hugepages=%" PRId64 " in /etc/sysctl.d, sysctl --system, restart PostgreSQL",
		pages));
}
