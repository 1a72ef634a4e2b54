/* cron/dispatch_call: what becomes of each outcome of a call, and that a try is never another one. */
#include "t_dispatch.h"

/* Whoever is late must not touch what another has taken over, nor send it again. */
static const struct {
	const char *what, *sql;
	int sent; /* of two */
} thefts[] = {
	{ "taken over",
	    "UPDATE mail_batches SET lease_token = '11111111-0000-4000-8000-000000000001'", 2 },
	{ "sent by another",
	    "WITH b AS (DELETE FROM mail_batches) UPDATE deliveries SET status = 'sent', lease_token = NULL,"
	    " error = 'other', batch_id = NULL, batch_place = NULL",
	    1 },
	{ "erased", "DELETE FROM deliveries", 1 },
};

static void
test_lost_lease(void)
{
	static const enum outcome answers[] = { OUT_SENT, OUT_UNKNOWN, OUT_NOT_SENT, OUT_NEVER,
		OUT_CONFLICT };
	int64_t n[TALLY_MAX];

	for (size_t i = 0; i < COUNT(thefts) * COUNT(answers); i++) {
		enum outcome answer = answers[i % COUNT(answers)];
		const char *what = thefts[i / COUNT(answers)].what;

		start_afresh();
		queue(2);
		fake.answer = answer;
		fake.meanwhile = thefts[i / COUNT(answers)].sql;
		T_OK(run_at(worker, NULL, n), "run");
		T_OK(fake.sent == thefts[i / COUNT(answers)].sent, "%s, %d: %d sent", what, answer,
		    fake.sent);
		T_OK(n[LOST] == 2 && n[SENT] == 0 && n[RETRIED] == 0 && n[FAILED] == 0,
		    "%s, %d: %ld lost", what, answer, (long)n[LOST]);
		T_OK(
		    sql("SELECT count(*) FROM deliveries WHERE attempts <> 0 OR (error <> 'other')") ==
			0,
		    "%s, %d: untouched", what, answer);
	}
}

/* Ten failures, each put off by the back-off that the contract names. */
static void
fail_ten_times(enum outcome answer, const char *last_error)
{
	int64_t n[TALLY_MAX];
	char at[40], text[200];
	long most = 5;

	start_afresh();
	queue(1);
	fake.answer = answer;
	snprintf(at, sizeof(at), "2089-12-31T00:00:00.000Z");
	for (int i = 1; i <= 10; i++) {
		most = 3 * most < 3600 ? 3 * most : 3600;
		T_OK(run_at(worker, at, n), "try %d", i);
		T_OK(fake.sent == i && n[RETRIED] == (i < 10) && n[FAILED] == (i == 10),
		    "try %d: %d sent, %ld, %ld", i, fake.sent, (long)n[RETRIED], (long)n[FAILED]);
		T_OK(sql("SELECT attempts FROM deliveries"
			 " WHERE lease_token IS NULL AND body IS NOT NULL") == i,
		    "try %d", i);
		T_SAME(sql_text("SELECT error FROM deliveries"), i < 10 ? "as told" : last_error,
		    "what is told of it");
		snprintf(text, sizeof(text),
		    "SELECT count(*) FROM deliveries WHERE extract(epoch FROM next_try_at"
		    " - timestamptz '%s') BETWEEN 1 AND %ld",
		    at, most);
		T_OK(i == 10 || sql(text) == 1, "try %d is put off by 1 to %ld seconds", i, most);
		snprintf(at, sizeof(at), "%s",
		    sql_text("SELECT to_char(next_try_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
			     " FROM deliveries"));
	}
	T_SAME(sql_text("SELECT status FROM deliveries"), "failed", "the tenth is the last");
	T_OK(sql("SELECT count(*) FROM mail_batches") == 0, "and leaves no batch");
	T_OK(run_at(worker, "2099-01-01T00:00:00.000Z", n) && fake.sent == 10, "and stays");
}

static void
test_retries(void)
{
	int64_t n[TALLY_MAX];

	fail_ten_times(OUT_UNKNOWN, "unknown: as told");
	fail_ten_times(OUT_NOT_SENT, "as told");
	sql("UPDATE deliveries SET status = 'pending', decided_at = NULL, attempts = 0");
	fake.answer = OUT_SENT;
	T_OK(run_at(worker, "2099-01-01T00:00:00.000Z", n) && n[SENT] == 1, "it can be replayed");
	T_SAME(sql_text("SELECT error FROM deliveries"), "", "an old error is forgotten");
}

#define UNTOUCHED \
	"SELECT count(*) FROM deliveries WHERE status = 'pending' AND attempts = 0" \
	" AND lease_token IS NULL AND batch_id IS NULL AND first_try_at IS NULL"

static void
test_refusals(void)
{
	int64_t n[TALLY_MAX];

	start_afresh();
	queue(3);
	fake.answer = OUT_NEVER;
	T_OK(run_at(worker, NULL, n) && n[FAILED] == 3 && fake.sent == 3, "never");
	T_OK(sql("SELECT count(*) FROM deliveries WHERE status = 'failed' AND error = 'as told'") ==
		3,
	    "never");

	start_afresh();
	queue(3);
	fake.answer = OUT_CONFLICT;
	T_OK(run_at(worker, NULL, n) && n[FAILED] == 3 && fake.sent == 3, "conflict");
	T_OK(sql("SELECT count(*) FROM deliveries WHERE status = 'failed'"
		 " AND error = 'unknown: conflict, as told'") == 3,
	    "conflict");

	start_afresh();
	queue(3);
	fake.answer = OUT_PARKED;
	T_OK(!run_at(worker, NULL, n) && fake.sent == 1, "parked");
	T_OK(sql(UNTOUCHED) == 3, "parked: all are due again, none has used a try");
}

/* ---- batches ---- */

/* What the only call of the next run, at a moment, is. */
static void
one_call(const char *at, enum outcome answer, const char *what)
{
	int64_t n[TALLY_MAX];
	int before = fake.calls;

	fake.answer = answer;
	T_OK(run_at(worker, at, n), "%s", what);
	T_OK(fake.calls == before + 1, "%s: %d calls", what, fake.calls - before);
}

static void
start_with_batch(int members)
{
	start_afresh();
	by = &fake_resend;
	queue(members);
	one_call("2089-12-31T00:00:00.000Z", OUT_UNKNOWN, "the answer is lost");
}

#define OTHER_PAYLOAD "UPDATE deliveries SET payload = '{\"subject\":\"s\",\"text\":\"other\"}'"

/* An answer that was lost: whatever changes, the next try is the same call. */
static void
test_frozen(void)
{
	char key[64], body[256];

	start_with_batch(3);
	T_OK(fake.sent == 3 && strncmp(fake.key, "b/", 2) == 0 && strlen(fake.key) == 38,
	    "one batch: %s", fake.key);
	snprintf(key, sizeof(key), "%s", fake.key);
	snprintf(body, sizeof(body), "%s", fake.body);
	sql("UPDATE users SET email = 'new@example.com'");
	sql(OTHER_PAYLOAD);
	one_call("2089-12-31T23:54:59.000Z", OUT_SENT, "the same again");
	T_SAME(fake.key, key, "the same key");
	T_SAME(fake.body, body, "the same bytes");
	T_SAME(fake.to, "owner@example.com", "the same address");
	T_OK(sql("SELECT count(*) FROM deliveries WHERE status = 'sent' AND attempts = 2"
		 " AND provider_id = 'p-' || id AND batch_id IS NULL") == 3,
	    "and the provider's ids");
	T_OK(sql("SELECT count(*) FROM mail_batches") == 0, "no batch is left");
}

/* What may be out by one way goes by no other, and may still be asked for by its own. */
static void
test_other_way(void)
{
	char key[64];

	start_with_batch(3);
	snprintf(key, sizeof(key), "%s", fake.key);
	queue(1);
	by = &fake_adapter;
	one_call("2089-12-31T12:00:00.000Z", OUT_SENT, "only what is new");
	T_OK(fake.sent == 4, "%d", fake.sent);
	by = &fake_resend;
	one_call("2089-12-31T12:00:00.000Z", OUT_BUSY, "its own way");
	T_SAME(fake.key, key, "the batch");
	T_OK(sql("SELECT count(*) FROM mail_batches WHERE extract(epoch FROM next_try_at"
		 " - timestamptz '2089-12-31 12:00 UTC') BETWEEN 1 AND 5") == 1,
	    "what is in flight is asked for soon");

	/* what surely is not out is made anew for another way */
	start_afresh();
	by = &fake_resend;
	queue(1);
	one_call(NULL, OUT_NOT_SENT, "nobody there");
	sql("UPDATE users SET email = 'new@example.com'");
	by = &fake_adapter;
	one_call("2099-01-01T00:00:00.000Z", OUT_SENT, "another way");
	T_SAME(fake.to, "new@example.com", "to the address as it is then");
}

/* 24 hours after the first try nobody knows any more, and nobody asks in the minutes before. */
static void
test_unknown(void)
{
	int64_t n[TALLY_MAX];
	int calls;

	start_with_batch(3);
	calls = fake.calls;
	T_OK(run_at(worker, "2089-12-31T23:59:59.999Z", n) && n[FAILED] == 0, "not yet");
	by = &fake_adapter;
	T_OK(run_at(worker, "2090-01-01T00:00:00.000Z", n) && n[FAILED] == 3,
	    "given up, whatever sends now");
	T_OK(fake.calls == calls, "and nothing is sent for it");
	T_OK(
	    sql("SELECT count(*) FROM deliveries WHERE status = 'failed' AND error LIKE 'unknown: %'"
		" AND decided_at IS NOT NULL AND body IS NOT NULL") == 3,
	    "failed as unknown");
	T_OK(sql("SELECT count(*) FROM mail_batches") == 0, "no batch is left");
}

/* A batch that is refused is asked for one by one. */
static void
test_split(void)
{
	int64_t n[TALLY_MAX];

	start_afresh();
	by = &fake_resend;
	queue(3);
	fake.answer = OUT_NEVER;
	T_OK(run_at(worker, NULL, n) && n[FAILED] == 3 && fake.calls == 4, "%d calls", fake.calls);
	T_SAME(fake.key, fake.last, "a single one's key is its delivery's id");

	/* what may be out is not split at the word of something in between */
	start_with_batch(3);
	one_call("2089-12-31T12:00:00.000Z", OUT_NEVER, "a proxy says no");
	T_OK(sql("SELECT members FROM mail_batches") == 3, "it stays together");
	fake.own_words = true;
	fake.answer = OUT_NEVER;
	T_OK(run_at(worker, "2089-12-31T23:00:00.000Z", n) && n[FAILED] == 3 && fake.calls == 6,
	    "the provider says no: %d calls", fake.calls);
}

/* What is surely not out may go with others. */
static void
test_regrouping(void)
{
	char bodies[512];

	start_afresh();
	by = &fake_resend;
	queue(2);
	one_call(NULL, OUT_NOT_SENT, "nobody there");
	snprintf(bodies, sizeof(bodies), "%s",
	    sql_text("SELECT string_agg(body, '') FROM deliveries"));
	T_OK(sql("SELECT count(*) FROM deliveries WHERE attempts = 1 AND batch_id IS NULL"
		 " AND first_try_at IS NULL") == 2,
	    "each for itself again");
	queue(1);
	sql(OTHER_PAYLOAD " WHERE attempts = 1");
	sql("UPDATE notifications SET deleted_at = now()"
	    " WHERE id = (SELECT notification_id FROM deliveries WHERE attempts = 1 LIMIT 1)");
	one_call("2089-12-31T00:00:00.000Z", OUT_UNKNOWN, "a new batch");
	T_OK(fake.sent == 4, "of two, one was deleted meanwhile: %d", fake.sent);
	T_OK(strstr(bodies, sql_text("SELECT body FROM deliveries WHERE attempts = 2")) != NULL,
	    "with the bytes of its first try");
}

static void
test_gone(void)
{
	int64_t n[TALLY_MAX];

	start_with_batch(1);
	sql("UPDATE notifications SET deleted_at = now()");
	T_OK(run_at(worker, "2089-12-31T12:00:00.000Z", n) && n[SKIPPED] == 1, "skipped");
	T_OK(fake.calls == 1, "a single one is not asked for any more: %d calls", fake.calls);

	/* part of a batch is gone: its key fits nothing any more */
	start_with_batch(2);
	sql("DELETE FROM notifications WHERE id = (SELECT notification_id FROM deliveries LIMIT 1)");
	T_OK(run_at(worker, "2089-12-31T01:00:00.000Z", n) && n[FAILED] == 1 && fake.calls == 1,
	    "%ld, %d", (long)n[FAILED], fake.calls);
	T_SAME(sql_text("SELECT error FROM deliveries"), "unknown: one of its batch is gone",
	    "told");
	start_with_batch(1);
	sql("DELETE FROM users");
	T_OK(run_at(worker, "2089-12-31T01:00:00.000Z", n) && fake.calls == 1, "all are gone");
	T_OK(sql("SELECT count(*) FROM mail_batches") == 0, "and the batch too");
}

/* By a way without keys, what may be out is never sent again. */
static void
test_forgetful(void)
{
	int64_t n[TALLY_MAX];

	start_afresh();
	by = &fake_smtp;
	queue(1);
	one_call(NULL, OUT_UNKNOWN, "the answer is lost");
	T_SAME(sql_text("SELECT status || ' ' || error FROM deliveries"), "failed unknown: as told",
	    "at once");
	T_OK(run_at(worker, "2099-01-01T00:00:00.000Z", n) && fake.calls == 1, "never again");

	start_afresh();
	by = &fake_smtp;
	queue(1);
	T_OK(t_at_once(1, send_and_die) == 0, "it dies");
	T_OK(run_at(worker, NULL, n) && n[FAILED] == 0, "it might still be alive");
	sql("UPDATE mail_batches SET lease_until = now() - interval '1 millisecond'");
	T_OK(run_at(worker, NULL, n) && n[FAILED] == 1 && fake.calls == 0, "it is not");
	T_OK(
	    sql("SELECT count(*) FROM deliveries WHERE status = 'failed' AND error LIKE 'unknown: %'") ==
		1,
	    "failed as unknown");

	/* its lease runs out while a run that began before is at work on another */
	start_afresh();
	by = &fake_smtp;
	queue(1);
	T_OK(t_at_once(1, send_and_die) == 0, "it dies");
	queue(1);
	fake.meanwhile = "UPDATE mail_batches SET lease_until = now() - interval '1 millisecond'"
			 " WHERE first_try_at = (SELECT min(first_try_at) FROM mail_batches)";
	T_OK(run_at(worker, NULL, n) && n[SENT] == 1 && fake.calls == 1,
	    "the run leaves it: %d calls", fake.calls);
	T_OK(run_at(worker, NULL, n) && n[FAILED] == 1 && fake.calls == 1, "the next ends it");
}

/* When the database was too slow to leave time for the call, it surely was not made. */
static void
test_too_slow(void)
{
	static const struct conf short_lease = { .base_url = "https://carillon.example",
		.mail_from = "carillon@example.com",
		.lease_ms = 3000 };
	struct run run = { .db = worker, .conf = &short_lease };
	int64_t n[TALLY_MAX] = { 0 };

	start_afresh();
	by = &fake_smtp;
	queue(1);
	sql("CREATE SEQUENCE slow_once");
	sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
	    " 'BEGIN IF nextval(''slow_once'') = 1 THEN PERFORM pg_sleep(2.2); END IF; RETURN NEW; END'");
	sql("CREATE TRIGGER slow BEFORE INSERT ON mail_batches FOR EACH ROW EXECUTE FUNCTION slow()");
	T_OK(dispatch_all(&run, by, &fake, n), "run");
	T_OK(n[SENT] == 1 && n[LOST] == 0 && fake.calls == 1,
	    "asked at the second attempt: %ld, %ld, %d", (long)n[SENT], (long)n[LOST], fake.calls);
	T_OK(sql("SELECT attempts FROM deliveries") == 1, "which is its first try");
	sql("DROP FUNCTION slow CASCADE");
	sql("DROP SEQUENCE slow_once");
}

/* A person waits for a login code: it goes before all other mail, also what was tried before. */
static void
test_codes_first(void)
{
	int64_t n[TALLY_MAX];

	start_with_batch(3);
	queue(150);
	sql("INSERT INTO deliveries (user_id, id, channel, kind, payload, next_try_at) VALUES (" U1
	    ", 'cccccccc-0000-4000-8000-000000000001', 'email', 'auth.code',"
	    " '{\"subject\":\"s\",\"text\":\"t\"}', '2089-12-31 00:00')");
	sql("UPDATE deliveries SET created_at = '2089-12-31 00:00' WHERE kind = 'auth.code'");
	fake.calls = 0;
	fake.answer = OUT_SENT;
	fake.meanwhile =
	    "UPDATE users SET name = name || (SELECT count(*) FROM deliveries"
	    " WHERE kind = 'auth.code' AND status = 'pending' AND batch_id IS NOT NULL)";
	T_OK(run_at(worker, "2089-12-31T00:05:00.000Z", n) && n[SENT] == 154, "all: %ld",
	    (long)n[SENT]);
	T_SAME(sql_text("SELECT name FROM users"), "1000", "the code is the first of four calls");
}

/* What is new has its turn beside what was tried before. */
static void
test_in_turn(void)
{
	int64_t n[TALLY_MAX];

	start_afresh();
	queue(3);
	fake.answer = OUT_UNKNOWN;
	T_OK(run_at(worker, "2089-12-31T00:00:00.000Z", n) && fake.calls == 3, "three for later");
	queue(3);
	fake.answer = OUT_SENT;
	fake.meanwhile = "UPDATE users SET name = name || (SELECT count(*) FROM deliveries"
			 " WHERE status = 'pending' AND batch_id IS NULL)";
	T_OK(run_at(worker, "2089-12-31T00:05:00.000Z", n) && n[SENT] == 6, "all: %ld",
	    (long)n[SENT]);
	T_SAME(sql_text("SELECT name FROM users"), "322110", "new ones that wait at each call");
}

int
main(void)
{
	worker = t_open("TEST_WORKER_DATABASE_URL");
	t_owner = t_open("TEST_DATABASE_URL");
	test_lost_lease();
	test_retries();
	test_refusals();
	test_frozen();
	test_other_way();
	test_unknown();
	test_split();
	test_regrouping();
	test_gone();
	test_forgetful();
	test_too_slow();
	test_codes_first();
	test_in_turn();
	db_close(worker);
	db_close(t_owner);
	return T_DONE("dispatch_call");
}
