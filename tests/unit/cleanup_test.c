/* cron/cleanup: both sides of every bound, batches, a dry run, two runs at once, busy owners. */
#include "cron/cron.h"

#include "queries.h"
#include "t.h"
#include "t_cron.h"

#define AT   "2030-06-01T12:00:00.000Z"
#define U(n) "'00000000-0000-4000-8000-00000000000" #n "'"

enum { DELETED, ERASED, CODES, SESSIONS, DELIVERIES, PLACES };
static const char *const places[] = { "deleted", "erased", "codes", "sessions", "deliveries" };

static bool
clean_until(struct db *db, bool dry, int64_t until, int64_t tally[TALLY_MAX])
{
	static const struct conf nowhere = { .var = "/nonexistent" };
	struct run run = { .db = db, .conf = &nowhere, .at = AT, .dry = dry, .until = until };

	memset(tally, 0, TALLY_MAX * sizeof(*tally));
	return cleanup_job(&run, tally);
}

static bool
clean(struct db *db, bool dry, int64_t tally[TALLY_MAX])
{
	return clean_until(db, dry, 0, tally);
}

static void
start_afresh(void)
{
	sql("TRUNCATE users, login_codes CASCADE");
	sql("INSERT INTO users (id, email) SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid,"
	    " 'u' || n || '@example.com' FROM generate_series(1, 4) n");
	sql("INSERT INTO inbox (user_id) SELECT id FROM users");
}

/* insert is run with the age in place of %s, then one cleanup; tally says whether it went. */
static const struct {
	const char *what, *insert, *age;
	int place;
	int64_t gone;
} bounds[] = {
#define READ \
	"INSERT INTO notifications (user_id, type, title, dedupe_key, read_at)" \
	" VALUES (" U(1) ", 'issue.new', 't', 'k', timestamptz '" AT "' - interval '%s')"
	{ "read 30 days ago", READ, "720 hours", DELETED, 0 },
	{ "read a millisecond before", READ, "720 hours 1 millisecond", DELETED, 1 },
	{ "read a millisecond after", READ, "719 hours 3599.999 seconds", DELETED, 0 },
#define HIDDEN \
	"INSERT INTO notifications (user_id, type, title, dedupe_key, deleted_at)" \
	" VALUES (" U(1) ", 'issue.new', 't', 'k', timestamptz '" AT "' - interval '%s')"
	{ "deleted 90 days ago", HIDDEN, "2160 hours", ERASED, 0 },
	{ "deleted a millisecond before", HIDDEN, "2160 hours 1 millisecond", ERASED, 1 },
#define UNREAD \
	"INSERT INTO notifications (user_id, type, title, dedupe_key, created_at)" \
	" VALUES (" U(1) ", 'issue.new', 't', 'k', timestamptz '" AT "' - interval '%s')"
	{ "old but never read", UNREAD, "9000 hours", DELETED, 0 },
#define CODE \
	"INSERT INTO login_codes (email, code_mac, created_at, expires_at)" \
	" SELECT 'u1@example.com', '', t, t + interval '10 minutes'" \
	" FROM (SELECT timestamptz '" AT "' - interval '%s' AS t) x"
	{ "code that still works", CODE, "9 minutes", CODES, 0 },
	{ "code that counts for the hour", CODE, "1 hour", CODES, 0 },
	{ "code that is over", CODE, "1 hour 1 millisecond", CODES, 1 },
#define EXPIRED \
	"INSERT INTO sessions (user_id, expires_at)" \
	" VALUES (" U(1) ", timestamptz '" AT "' - interval '%s')"
	{ "session at its end", EXPIRED, "0", SESSIONS, 0 },
	{ "session past its end", EXPIRED, "1 millisecond", SESSIONS, 1 },
#define REVOKED \
	"INSERT INTO sessions (user_id, expires_at, revoked_at)" \
	" VALUES (" U(1) ", '2031-01-01', timestamptz '" AT "' - interval '%s')"
	{ "revoked 30 days ago", REVOKED, "720 hours", SESSIONS, 0 },
	{ "revoked a millisecond before", REVOKED, "720 hours 1 millisecond", SESSIONS, 1 },
#define MAILED \
	"INSERT INTO deliveries (user_id, channel, kind, status, decided_at)" \
	" VALUES (" U(1) ", 'email', 'auth.code', 'sent', timestamptz '" AT "' - interval '%s')"
	{ "code mailed 90 days ago", MAILED, "2160 hours", DELIVERIES, 0 },
	{ "code mailed a millisecond before", MAILED, "2160 hours 1 millisecond", DELIVERIES, 1 },
};

static void
test_bounds(struct db *db)
{
	for (size_t i = 0; i < COUNT(bounds); i++) {
		int64_t dry[TALLY_MAX], real[TALLY_MAX];
		char text[512];

		start_afresh();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), bounds[i].insert, bounds[i].age);
#pragma GCC diagnostic pop
		sql(text);
		T_OK(clean(db, true, dry), "%s", bounds[i].what);
		T_OK(clean(db, false, real), "%s", bounds[i].what);
		for (int p = 0; p < PLACES; p++) {
			int64_t want = p == bounds[i].place ? bounds[i].gone : 0;

			T_OK(real[p] == want, "%s: %s is %ld", bounds[i].what, places[p],
			    (long)real[p]);
			T_OK(dry[p] == want, "%s: dry %s is %ld", bounds[i].what, places[p],
			    (long)dry[p]);
		}
	}
}

/* 2,500 read rows of three users and 300 unread ones; 2,100 deleted ones with two deliveries each. */
static void
fill(void)
{
	start_afresh();
	sql("INSERT INTO notifications (user_id, type, title, dedupe_key, read_at)"
	    " SELECT ('00000000-0000-4000-8000-00000000000' || 1 + n % 3)::uuid, 'issue.new', 't', 'r' || n,"
	    " timestamptz '2030-01-01' + n % 7 * interval '1 minute' FROM generate_series(1, 2500) n");
	sql("INSERT INTO notifications (user_id, type, title, dedupe_key)"
	    " SELECT ('00000000-0000-4000-8000-00000000000' || 1 + n % 3)::uuid, 'issue.new', 't', 'n' || n"
	    " FROM generate_series(1, 300) n");
	sql("INSERT INTO notifications (user_id, type, title, dedupe_key, deleted_at)"
	    " SELECT ('00000000-0000-4000-8000-00000000000' || 1 + n % 3)::uuid, 'issue.new', 't', 'd' || n,"
	    " '2030-01-01' FROM generate_series(1, 2100) n");
	sql("INSERT INTO deliveries (user_id, notification_id, channel, kind, status)"
	    " SELECT user_id, id, c, type, 'sent' FROM notifications, unnest('{email,in_app}'::text[]) c"
	    " WHERE deleted_at IS NOT NULL");
	sql("UPDATE inbox i SET unread = (SELECT count(*) FROM notifications n WHERE n.user_id = i.user_id"
	    " AND read_at IS NULL AND deleted_at IS NULL)");
}

static int64_t
drifted(void)
{
	return sql(
	    "SELECT count(*) FROM inbox i WHERE unread <> (SELECT count(*) FROM notifications n"
	    " WHERE n.user_id = i.user_id AND in_app AND read_at IS NULL AND deleted_at IS NULL"
	    " AND snooze_until IS NULL)");
}

static void
test_batches(struct db *db)
{
	int64_t n[TALLY_MAX];

	fill();
	T_OK(clean(db, true, n), "dry run");
	T_OK(n[DELETED] == 2500 && n[ERASED] == 2100, "dry: %ld, %ld", (long)n[0], (long)n[1]);
	T_OK(sql("SELECT count(*) FROM notifications WHERE deleted_at IS NULL") == 2800, "dry");
	T_OK(sql("SELECT sum(version) FROM inbox") == 4, "a dry run moves no version");

	T_OK(clean(db, false, n), "run");
	T_OK(n[DELETED] == 2500 && n[ERASED] == 2100, "%ld, %ld", (long)n[0], (long)n[1]);
	T_OK(sql("SELECT count(*) FROM notifications WHERE deleted_at IS NULL") == 300,
	    "unread ones stay");
	T_OK(sql("SELECT count(*) FROM notifications WHERE deleted_at = '" AT "'") == 2500,
	    "at its --at");
	T_OK(sql("SELECT count(*) FROM deliveries") == 0, "deliveries go with their notification");
	T_OK(sql("SELECT count(*) FROM inbox WHERE version > 1") == 3, "versions move");
	T_OK(sql("SELECT version FROM inbox WHERE user_id = " U(4)) == 1, "whose inbox is empty");
	T_OK(drifted() == 0, "counters");

	T_OK(clean(db, false, n), "again");
	T_OK(n[DELETED] == 0 && n[ERASED] == 0, "nothing is left");
}

/* As one job of all, when its time is up: some of each kind, and the next run goes on. */
static void
test_shares(struct db *db)
{
	int64_t n[TALLY_MAX];

	fill();
	T_OK(clean_until(db, false, 1, n), "a run that is late");
	T_OK(n[DELETED] == 1000 && n[ERASED] == 1000, "%ld, %ld", (long)n[0], (long)n[1]);
	T_OK(clean(db, false, n), "the next");
	T_OK(n[DELETED] == 1500 && n[ERASED] == 1100, "%ld, %ld", (long)n[0], (long)n[1]);
}

/* A row that was never in the app is hidden too, but its owner cannot have seen that. */
static void
test_not_in_app(struct db *db)
{
	int64_t n[TALLY_MAX];

	start_afresh();
	sql("INSERT INTO notifications (user_id, type, title, dedupe_key, read_at, in_app)"
	    " VALUES (" U(1) ", 'issue.new', 't', 'k', '2030-01-01', false)");
	T_OK(clean(db, false, n) && n[DELETED] == 1, "%ld", (long)n[DELETED]);
	T_OK(sql("SELECT sum(version) FROM inbox") == 4, "no version moves");
}

/* Processes 0 and 1 clean up; 2 and 3 mark rows as unread and read, as their owners would. */
static bool
clean_or_write(struct db *db, int which)
{
	/* each in turn is a row of a user, whichever has the least id; half become unread */
	static const struct db_stmt mark = { .name = "mark",
		.nargs = 2,
		.sql =
		    "WITH box AS MATERIALIZED (SELECT user_id FROM inbox WHERE user_id = $1::uuid FOR UPDATE),"
		    " old AS MATERIALIZED (SELECT n.id FROM box JOIN notifications n USING (user_id)"
		    "  WHERE n.user_id = $1::uuid AND deleted_at IS NULL AND read_at IS NOT NULL"
		    "  ORDER BY md5(n.id::text || $2::text) LIMIT 1 FOR UPDATE OF n),"
		    " new AS (UPDATE notifications n SET read_at = NULL FROM old"
		    "  WHERE n.user_id = $1::uuid AND n.id = old.id RETURNING 1)"
		    " UPDATE inbox SET unread = unread + (SELECT count(*) FROM new), version = version + 1"
		    " WHERE user_id = $1::uuid" };
	static const char *const users[] = { "00000000-0000-4000-8000-000000000001",
		"00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000003" };
	int64_t n[TALLY_MAX];
	char salt[32];

	if (which < 2)
		return clean(db, false, n) && clean(db, false, n);
	for (int i = 0; i < 150; i++) {
		snprintf(salt, sizeof(salt), "%d-%d", which, i);
		if (db_alone(db, &mark, DB_ARGS(users[i % 3], salt), NULL) > DB_NONE)
			return false;
	}
	return true;
}

static void
test_at_once(void)
{
	fill();
	T_OK(t_at_once(4, clean_or_write) == 4, "nobody fails, nobody waits for ever");
	T_OK(drifted() == 0, "counters");
	T_OK(sql("SELECT sum(version) FROM inbox WHERE unread > 0") >= 3 + 300 + 3,
	    "every change moved a version");
	T_OK(
	    sql("SELECT count(*) FROM notifications WHERE deleted_at IS NULL AND read_at IS NOT NULL") ==
		0,
	    "every row that was left read is hidden");
	T_OK(
	    sql("SELECT count(*) FROM notifications WHERE deleted_at IS NOT NULL AND read_at IS NULL") ==
		0,
	    "no row that became unread is hidden");
	T_OK(sql("SELECT count(*) FROM notifications WHERE deleted_at < '2030-02-01'") == 0,
	    "erased");
}

int
main(void)
{
	struct db *db = t_open("TEST_WORKER_DATABASE_URL");

	t_owner = t_open("TEST_DATABASE_URL");
	test_bounds(db);
	test_batches(db);
	test_shares(db);
	test_not_in_app(db);
	test_at_once();
	db_close(db);
	db_close(t_owner);
	return T_DONE("cleanup");
}
