/* cron/dispatch: each delivery once, whatever dies or runs beside it; and the file adapter. */
#include "t_dispatch.h"

#include <fcntl.h>
#include <sys/stat.h>

static const struct {
	const char *what, *before, *at;
	const char *status, *error; /* of the one delivery afterwards */
	int sent;
} verdicts[] = {
	{ "as it is", NULL, NULL, "sent", "", 1 },
	{ "deleted", "UPDATE notifications SET deleted_at = now()", NULL, "skipped", "deleted", 0 },
	{ "read", "UPDATE notifications SET read_at = now()", NULL, "sent", "", 1 },
	{ "muted",
	    "UPDATE users SET preferences ="
	    " '{\"notifications\":{\"types\":{\"issue.new\":{\"email\":false}}}}'",
	    NULL, "skipped", "muted", 0 },
	{ "another channel muted",
	    "UPDATE users SET preferences ="
	    " '{\"notifications\":{\"types\":{\"issue.new\":{\"in_app\":false}}}}'",
	    NULL, "sent", "", 1 },
	{ "another type muted",
	    "UPDATE users SET preferences ="
	    " '{\"notifications\":{\"types\":{\"feedback.new\":{\"email\":false}}}}'",
	    NULL, "sent", "", 1 },
	{ "strange preferences",
	    "UPDATE users SET preferences = '{\"notifications\":{\"types\":[1]}}'", NULL, "sent",
	    "", 1 },
	{ "a type that cannot be muted",
	    "WITH u AS (UPDATE users SET preferences ="
	    " '{\"notifications\":{\"types\":{\"FLAG_SCHEDULE_MISSED\":{\"email\":false}}}}')"
	    " UPDATE deliveries SET kind = 'FLAG_SCHEDULE_MISSED'",
	    NULL, "sent", "", 1 },
	{ "a type that only a newer program knows", "UPDATE deliveries SET kind = 'future.type'",
	    NULL, "sent", "", 1 },
	{ "not due", "UPDATE deliveries SET next_try_at = now() + interval '1 minute'", NULL,
	    "pending", "", 0 },
	{ "due at --at", "UPDATE deliveries SET next_try_at = '2090-01-01 12:00'",
	    "2090-01-01T12:00:00.000Z", "sent", "", 1 },
	{ "not due at --at", "UPDATE deliveries SET next_try_at = '2090-01-01 12:00'",
	    "2090-01-01T11:59:59.999Z", "pending", "", 0 },
	{ "another channel", "UPDATE deliveries SET channel = 'pager'", NULL, "pending", "", 0 },
	{ "leased",
	    "UPDATE deliveries SET lease_token = gen_random_uuid(), lease_until = now() + interval '1 minute'",
	    "2090-01-01T12:00:00.000Z", "pending", "", 0 },
	{ "left behind by a crash",
	    "UPDATE deliveries SET lease_token = gen_random_uuid(),"
	    " lease_until = now() - interval '1 second'",
	    NULL, "sent", "", 1 },
	{ "read, and to be mailed only when unread",
	    "WITH n AS (UPDATE notifications SET read_at = now())"
	    " UPDATE users SET preferences = '{\"notifications\":{\"email_after_minutes\":5}}'",
	    NULL, "skipped", "read", 0 },
	{ "unread, and to be mailed only then",
	    "UPDATE users SET preferences = '{\"notifications\":{\"email_after_minutes\":5}}'",
	    NULL, "sent", "", 1 },
	{ "read, but of a type that cannot be muted",
	    "WITH n AS (UPDATE notifications SET read_at = now()),"
	    " u AS (UPDATE users SET preferences = '{\"notifications\":{\"email_after_minutes\":5}}')"
	    " UPDATE deliveries SET kind = 'FLAG_SCHEDULE_MISSED'",
	    NULL, "sent", "", 1 },
	{ "an address that bounced",
	    "INSERT INTO suppressions (address, reason, since) VALUES ('owner@example.com', 'bounced', now())",
	    NULL, "skipped", "suppressed", 0 },
	{ "an address that bounced once", "UPDATE suppressions SET lifted_at = now()", NULL, "sent",
	    "", 1 },
	{ "a webhook's receiver that rests",
	    "INSERT INTO webhooks (user_id, name, url, secret, rests_until)"
	    " VALUES (" U1 ", '', '', '', now() + interval '1 hour')",
	    NULL, "sent", "", 1 },
	{ "no payload", "UPDATE deliveries SET payload = NULL", NULL, "failed", "unfit", 0 },
	{ "half a payload", "UPDATE deliveries SET payload = '{\"subject\":\"s\"}'", NULL, "failed",
	    "unfit", 0 },
	{ "no HTML", "UPDATE deliveries SET payload = '{\"subject\":\"s\",\"text\":\"t\"}'", NULL,
	    "sent", "", 1 },
	{ "two addresses", "UPDATE users SET email = 'a@example.com,b@example.com'", NULL, "failed",
	    "unfit", 0 },
	{ "an address with a header",
	    "UPDATE users SET email = e'a@example.com\\r\\nbcc:b@example.com'", NULL, "failed",
	    "unfit", 0 },
	{ "an old code",
	    "UPDATE deliveries SET notification_id = NULL, kind = 'auth.code',"
	    " created_at = now() - interval '10 minutes'",
	    NULL, "skipped", "expired", 0 },
	{ "a code",
	    "UPDATE deliveries SET notification_id = NULL, kind = 'auth.code',"
	    " created_at = now() - interval '9 minutes 50 seconds'",
	    NULL, "sent", "", 1 },
	{ "a code at --at",
	    "UPDATE deliveries SET notification_id = NULL, kind = 'auth.code',"
	    " created_at = '2089-12-31 23:50'",
	    "2090-01-01T00:00:00.000Z", "skipped", "expired", 0 },
};

static void
test_verdicts(void)
{
	int64_t n[TALLY_MAX];

	for (size_t i = 0; i < COUNT(verdicts); i++) {
		start_afresh();
		queue(1);
		if (verdicts[i].before != NULL)
			sql(verdicts[i].before);
		if (strstr(verdicts[i].at != NULL ? verdicts[i].at : "", "2090") != NULL)
			sql("UPDATE deliveries SET next_try_at = least(next_try_at, '2090-01-01 12:00')");
		T_OK(run_at(worker, verdicts[i].at, n), "%s", verdicts[i].what);
		T_OK(fake.sent == verdicts[i].sent, "%s: %d sent", verdicts[i].what, fake.sent);
		T_SAME(sql_text("SELECT status FROM deliveries"), verdicts[i].status,
		    verdicts[i].what);
		T_SAME(sql_text("SELECT error FROM deliveries"), verdicts[i].error,
		    verdicts[i].what);
		T_OK(
		    sql("SELECT count(*) FROM deliveries WHERE (status = 'pending') = (decided_at IS NULL)") ==
			1,
		    "%s: decided_at", verdicts[i].what);
		T_OK(
		    sql("SELECT count(*) FROM deliveries WHERE kind = 'auth.code' AND payload IS NOT NULL") ==
			0,
		    "%s: the code is kept", verdicts[i].what);
	}
}

static void
test_batches(void)
{
	int64_t n[TALLY_MAX];

	start_afresh();
	queue(250);
	sql("UPDATE users SET email = 'new@example.com'");
	T_OK(run_at(worker, NULL, n), "run");
	T_OK(n[SENT] == 250 && fake.sent == 250, "%ld, %d", (long)n[SENT], fake.sent);
	T_SAME(fake.to, "new@example.com", "the address as it is now");
	T_OK(
	    sql("SELECT count(*) FROM deliveries WHERE status = 'sent' AND attempts = 1 AND lease_token IS NULL"
		" AND lease_until IS NULL AND payload IS NOT NULL") == 250,
	    "recorded");
	T_OK(run_at(worker, NULL, n) && n[SENT] == 0, "again");
}

/* ---- two at once, and one that dies ---- */

static char log_name_[64];

static bool
send_with_log(struct db *db, int which)
{
	int64_t n[TALLY_MAX];

	(void)which;
	fake.log = open(log_name_, O_WRONLY | O_APPEND);
	return run_at(db, NULL, n) && n[LOST] == 0;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
test_at_once(void)
{
	struct stat st;
	FILE *f;
	size_t lines = 0;
	static char ids[600][UUID_LEN + 2];

	start_afresh();
	queue(500);
	snprintf(log_name_, sizeof(log_name_), "/tmp/dispatch_test.XXXXXX");
	close(mkstemp(log_name_));
	T_OK(t_at_once(4, send_with_log) == 4, "nobody fails");
	T_OK(stat(log_name_, &st) == 0 && st.st_size == 500 * 37, "%ld bytes of ids",
	    (long)st.st_size);
	f = fopen(log_name_, "r");
	while (lines < COUNT(ids) && fgets(ids[lines], sizeof(ids[0]), f) != NULL)
		lines++;
	fclose(f);
	qsort(ids, lines, sizeof(ids[0]), by_text);
	for (size_t i = 1; i < lines; i++)
		T_OK(strcmp(ids[i - 1], ids[i]) != 0, "%s sent twice", ids[i]);
	T_OK(sql("SELECT count(*) FROM deliveries WHERE status = 'sent' AND attempts = 1") == 500,
	    "recorded");
	unlink(log_name_);
}

static void
test_crash(void)
{
	int64_t n[TALLY_MAX];

	start_afresh();
	queue(3);
	T_OK(t_at_once(1, send_and_die) == 0, "it dies");
	T_OK(run_at(worker, "2090-01-01T00:00:00.000Z", n) && fake.sent == 0,
	    "leases keep real time");
	T_OK(
	    sql("SELECT count(*) FROM deliveries WHERE batch_id IS NOT NULL AND body IS NOT NULL"
		" AND address = 'owner@example.com' AND via = 'fake' AND first_try_at IS NOT NULL") ==
		1,
	    "one was frozen");
	sql("UPDATE deliveries SET lease_until = now() - interval '1 millisecond'");
	sql("UPDATE mail_batches SET lease_until = now() - interval '1 millisecond'");
	T_OK(run_at(worker, NULL, n) && n[SENT] == 3, "what a crash left is taken up: %ld",
	    (long)n[SENT]);
	T_OK(sql("SELECT count(*) FROM mail_batches") == 0, "no batch is left");
}

/* A checksum over everything a run could change. */
static const char *
everything(void)
{
	return sql_text("SELECT md5(string_agg(d::text, ',' ORDER BY id)) FROM deliveries d");
}

static void
test_dry_run(void)
{
	struct conf c = conf;
	struct run run = { .db = worker, .conf = &c, .dry = true };
	int64_t n[TALLY_MAX] = { 0 };
	char before[64];

	start_afresh();
	queue(120);
	sql("UPDATE notifications SET deleted_at = now() WHERE id IN (SELECT id FROM notifications LIMIT 20)");
	snprintf(before, sizeof(before), "%s", everything());
	c.mail_url = "file:/nowhere/to/be/made";
	T_OK(dispatch_job(&run, n) && n[SENT] == 100 && n[SKIPPED] == 20, "%ld", (long)n[SENT]);
	T_SAME(everything(), before, "a dry run changes nothing");

	run.dry = false;
	memset(n, 0, sizeof(n));
	c.mail_url = "pigeon:loft";
	T_OK(!dispatch_job(&run, n) && n[SENT] == 0, "nobody sends by pigeon");
	c.mail_url = "file:/dev/null/mail";
	T_OK(!dispatch_job(&run, n) && n[SENT] == 0, "no folder can be there");
	c.mail_url = "file:";
	T_OK(!dispatch_job(&run, n) && n[SENT] == 0, "no folder");
	T_SAME(everything(), before, "and nothing is burned");
}

/* Whatever the lease, a run that is told to end gets through its call before it is killed. */
static void
test_call_time(void)
{
	static const struct {
		int64_t lease_ms, call_ms;
	} rows[] = { { 2000, 444 }, { 72000, 16000 }, { 90000, 16000 }, { 3600000, 16000 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct conf c = { .lease_ms = rows[i].lease_ms };

		T_OK(adapter_timeout_ms(&c) == rows[i].call_ms, "a lease of %ld ms: %ld ms",
		    (long)c.lease_ms, (long)adapter_timeout_ms(&c));
	}
}

/* ---- the file adapter ---- */

static long
size_of(const char *path, mode_t *mode)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return -1;
	*mode = st.st_mode & 07777;
	return (long)st.st_size;
}

static const char *
slurp(const char *path)
{
	static char s[8192];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, s, sizeof(s) - 1);

	close(fd);
	s[n > 0 ? n : 0] = '\0';
	return s;
}

static void
test_files(void)
{
	char dir[] = "/tmp/dispatch_test.XXXXXX", url[64], eml[128], old[8192];
	struct conf c = conf;
	struct run run = { .db = worker, .conf = &c };
	int64_t n[TALLY_MAX] = { 0 };
	mode_t mode = 0;

	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(url, sizeof(url), "file://%s/a/mail", dir);
	c.mail_url = url;
	start_afresh();
	queue(1);
	T_OK(dispatch_job(&run, n) && n[SENT] == 1, "%ld", (long)n[SENT]);
	snprintf(eml, sizeof(eml), "%s/a/mail/%s.eml", dir, sql_text("SELECT id FROM deliveries"));
	T_OK(size_of(eml, &mode) > 0 && mode == 0600, "%s, mode %o", eml, mode);
	snprintf(old, sizeof(old), "%s", slurp(eml));
	T_OK(strstr(old, "\r\nTo: owner@example.com\r\nSubject: s\r\n") != NULL, "%s", old);
	snprintf(url, sizeof(url), "file:%s/a/mail", dir);
	T_OK(size_of(url + 5, &mode) >= 0 && mode == 0700, "folder, mode %o", mode);

	/* the answer was lost: the same file again */
	sql("UPDATE deliveries SET status = 'pending', decided_at = NULL");
	T_OK(dispatch_job(&run, n) && n[SENT] == 2, "again");
	T_SAME(slurp(eml), old, "the same bytes on every try");

	/* something is in the way: another time perhaps */
	sql("UPDATE deliveries SET status = 'pending', decided_at = NULL");
	unlink(eml);
	T_OK(mkdir(eml, 0700) == 0, "in the way");
	T_OK(dispatch_job(&run, n) && n[RETRIED] == 1, "%ld", (long)n[RETRIED]);
	T_OK(rmdir(eml) == 0, "it is still there");
	snprintf(eml, sizeof(eml), "%s/a/mail", dir);
	T_OK(rmdir(eml) == 0, "and nothing else is: no half of a file");
	snprintf(eml, sizeof(eml), "%s/a", dir);
	rmdir(eml);
	rmdir(dir);
}

int
main(void)
{
	worker = t_open("TEST_WORKER_DATABASE_URL");
	t_owner = t_open("TEST_DATABASE_URL");
	test_verdicts();
	test_batches();
	test_at_once();
	test_crash();
	test_dry_run();
	test_call_time();
	test_files();
	db_close(worker);
	db_close(t_owner);
	return T_DONE("dispatch");
}
