/*
 * db_silent_test - how long a server may say nothing: one that is slow goes on answering, one that
 * has fallen silent is given up.  The clock stands still but for what a test adds to it.
 */
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fiber.h"
#include "t_db.h"

/* Where what was asked waits until somebody else lets it go on. */
static const char *const gates[] = { "1", "2", "3" };
#define HERE "(SELECT oid FROM pg_database WHERE datname = current_database())"
SQL(gate, 1, "SELECT pg_advisory_xact_lock($1::integer)");
SQL(shut, 1, "SELECT pg_advisory_lock($1::integer)");
SQL(let_go_on, 1, "SELECT 1 WHERE pg_advisory_unlock($1::integer)");
SQL(waits_at, 1,
    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = " HERE
    "   AND objid = $1::integer AND NOT granted");

static int64_t now_s = 1000000;

/* In place of the C library's, for the whole program. */
int
clock_gettime(clockid_t clock, struct timespec *t)
{
	(void)clock;
	*t = (struct timespec){ .tv_sec = now_s };
	return 0;
}

/* ---- who passes them: a transaction, or as many fibers as there are gates ---- */

struct passage;
typedef enum db_status pass_fn(struct passage *p);

struct passage {
	const char *what;
	pass_fn *pass;
	int fibers;
	bool joined;    /* to an event loop */
	int64_t slow_s; /* for so long it stands at each gate */
	enum db_status want, got;
	int begun, left;
};

static enum db_status
gates_later(struct db_tx *tx, void *ctx)
{
	(void)ctx;
	for (size_t i = 0; i < COUNT(gates); i++)
		db_later(tx, &gate, DB_ARGS(gates[i]));
	return DB_OK;
}

static enum db_status
pass_all(struct passage *p)
{
	(void)p;
	return db_tx(db, gates_later, NULL);
}

static enum db_status
pass_reading(struct passage *p)
{
	return db_read(db, &gate, DB_ARGS(gates[p->begun - 1]), NULL);
}

static enum db_status
pass_writing(struct passage *p)
{
	return db_write(db, &gate, DB_ARGS(gates[p->begun - 1]), NULL);
}

static void
pass(void *ctx)
{
	struct passage *p = ctx;
	enum db_status st;

	p->begun++;
	st = p->pass(p);
	if (st != DB_OK)
		p->got = st;
	p->left--;
}

/* ---- those who watch it ---- */

static struct db *keeper; /* of the gates */

static void
turn(void)
{
	db_flush(db);
	db_turn(db, 10);
}

/* Until it stands there; by then all that was asked for has been sent to us. */
static void
go_to(const struct passage *p, const char *where)
{
	while (p->left > 0 && db_read(keeper, &waits_at, DB_ARGS(where), NULL) == DB_NONE)
		turn();
	turn();
}

static void
try_passage(struct passage *p)
{
	for (size_t i = 0; i < COUNT(gates); i++)
		T_OK(db_read(keeper, &shut, DB_ARGS(gates[i]), NULL) == DB_OK, "%s: gate %s",
		    p->what, gates[i]);
	p->left = p->fibers;
	for (int i = 0; i < p->fibers; i++)
		fiber_start(pass, p);
	for (size_t i = 0; i < COUNT(gates); i++) {
		go_to(p, gates[i]);
		now_s += p->slow_s;
		turn();
		T_OK(db_read(keeper, &let_go_on, DB_ARGS(gates[i]), NULL) == DB_OK, "%s: gate %s",
		    p->what, gates[i]);
	}
	while (p->left > 0)
		turn();
	T_OK(p->got == p->want, "%s: %d, %s", p->what, p->got, db_error(db));
}

static void
passages(void)
{
	struct passage rows[] = {
		{ "slow", pass_all, 1, true, 2, DB_OK },
		{ "silent", pass_all, 1, true, 6, DB_AWAY },
		{ "slow, without a loop", pass_all, 1, false, 60, DB_OK },
		{ "silent, without a loop", pass_all, 1, false, 80, DB_AWAY },
		{ "slow reads", pass_reading, 3, true, 2, DB_OK },
		{ "slow reads, without a loop", pass_reading, 3, false, 60, DB_OK },
		{ "slow writes", pass_writing, 3, true, 2, DB_OK },
		{ "slow writes, without a loop", pass_writing, 3, false, 60, DB_OK },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int ep = epoll_create1(EPOLL_CLOEXEC);

		db = db_open(getenv("TEST_DATABASE_URL"), false);
		if (rows[i].joined)
			db_join(db, ep);
		try_passage(&rows[i]);
		db_close(db);
		close(ep);
	}
}

/* ---- one that takes connections, and no more ---- */

static enum db_status
ask(struct passage *p)
{
	(void)p;
	return db_read(db, &total, none, NULL);
}

/* A port of this machine that the kernel alone looks after. */
static int
listen_only(char url[64])
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	T_OK(bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 8) == 0 &&
		getsockname(fd, (struct sockaddr *)&at, &len) == 0,
	    "no port");
	snprintf(url, 64, "host=127.0.0.1 port=%d", ntohs(at.sin_port));
	return fd;
}

/* Who waits for such a connection is told within three seconds. */
static void
unanswered(void)
{
	struct passage p = { "no answer to a connection", .pass = ask, .left = 1 };
	char url[64];
	int fd = listen_only(url);

	db = db_open(url, false);
	fiber_start(pass, &p);
	for (int s = 0; s < 3; s++) {
		turn();
		T_OK(p.left == 1, "%s: given up after %d s", p.what, s);
		now_s++;
	}
	turn();
	T_OK(p.left == 0 && p.got == DB_AWAY, "%s: %d, %s", p.what, p.got, db_error(db));
	db_close(db);
	close(fd);
}

int
main(void)
{
	open_db();
	keeper = db;
	passages();
	unanswered();
	db_close(keeper);
	return T_DONE("db_silent");
}
