/* db_later_test - what travels with the next statement of a transaction, and how it fails. */
#include "t_db.h"

/* What travels with what follows it, as a row of letters: a adds 601, b adds 602, d divides by
 * zero, s fails as a deadlock does, m adds 0 to 149, more than a batch holds, c counts at once, x
 * ends the body with DB_BAD. */
struct trip {
	const char *way;
	enum db_status want;
	int runs;
	int64_t kept;
};

static void
add_many(struct db_tx *tx)
{
	char n[12];

	for (int i = 0; i < 150; i++) {
		snprintf(n, sizeof(n), "%d", i);
		db_later(tx, &add, DB_ARGS("many", n));
	}
}

static enum db_status
travel(struct db_tx *tx, void *ctx)
{
	struct trip *t = ctx;
	enum db_status st = DB_OK;
	char n[8];

	t->runs++;
	for (const char *c = t->way; *c != '\0' && st == DB_OK; c++) {
		snprintf(n, sizeof(n), "%d", 601 + *c - 'a'); /* gone when it is sent */
		if (*c == 'a' || *c == 'b')
			db_later(tx, &add, DB_ARGS("later", n));
		else if (*c == 'd')
			db_later(tx, &divide, DB_ARGS("0"));
		else if (*c == 's')
			db_later(tx, &serial, none);
		else if (*c == 'm')
			add_many(tx);
		else
			st = *c == 'c' ? db_exec(tx, &total, none, NULL) : DB_BAD;
	}
	return st;
}

static void
travels(void)
{
	static const struct trip trips[] = {
		{ "", DB_OK, 1, 0 },
		{ "ab", DB_OK, 1, 1203 },
		{ "acb", DB_OK, 1, 1203 },
		{ "aab", DB_CONFLICT, 1, 0 },
		{ "caab", DB_CONFLICT, 1, 0 },
		{ "aacb", DB_CONFLICT, 1, 0 },
		{ "adb", DB_FAIL, 1, 0 },
		{ "abx", DB_BAD, 1, 0 },
		{ "acbx", DB_BAD, 1, 0 },
		{ "asb", DB_BUSY, 5, 0 },
		{ "cas", DB_BUSY, 5, 0 },
		{ "m", DB_OK, 1, 11175 },
		{ "amcb", DB_OK, 1, 12378 },
		{ "aamb", DB_CONFLICT, 1, 0 },
		{ "mm", DB_CONFLICT, 1, 0 },
		{ "mmc", DB_CONFLICT, 1, 0 },
		{ "mx", DB_BAD, 1, 0 },
		{ "smc", DB_BUSY, 5, 0 },
		{ "ab", DB_OK, 1, 1203 },
	};

	for (size_t i = 0; i < COUNT(trips); i++) {
		struct trip t = { .way = trips[i].way };

		clear();
		T_OK(db_tx(db, travel, &t) == trips[i].want, "trip %zu: %s", i, db_error(db));
		T_OK(t.runs == trips[i].runs, "trip %zu: %d runs", i, t.runs);
		T_OK(sum() == trips[i].kept, "trip %zu keeps %d", i, (int)sum());
	}
}

static void
nowhere(void)
{
	static const char *const ways[] = { "a", "m", "mx" };
	struct db *away = db_open("host=/nonexistent", false);

	for (size_t i = 0; i < COUNT(ways); i++) {
		struct trip t = { .way = ways[i] };

		T_OK(db_tx(away, travel, &t) == (i < 2 ? DB_AWAY : DB_BAD), "nowhere: %s", ways[i]);
		T_OK(t.runs == 1, "nowhere: %s: %d runs", ways[i], t.runs);
	}
	db_close(away);
}

int
main(void)
{
	open_db();
	travels();
	nowhere();
	db_close(db);
	return T_DONE("db_later");
}
