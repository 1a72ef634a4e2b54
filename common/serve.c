#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fiber.h"
#include "gate.h"
#include "log.h"
#include "metric.h"
#include "serve_slot.h"
#include "trim.h"

#define LISTEN_FD    0
#define SLOTS        256                /* connections of a process; more wait in the backlog */
#define TURN_MAX     64                 /* events a turn */
#define ARENA_MAX    (64 * 1024 * 1024) /* news for each of 300,000 members; all else is small */
#define TICK_MS      250
#define REST_MS      5000  /* without a request: a worker that rests needs less memory */
#define IDLE_MS      1000  /* a connection idle for so long makes room when there is none */
#define PART_MS      10000 /* for a request to arrive whole */
#define GUARD_S      5     /* a write that blocks: nginx always reads, so it is not nginx */
#define DRAIN_MS     2000  /* after SIGTERM, for nginx to close the connections that it keeps */
#define DRAIN_TURN   10    /* and how often that is looked at, ms */
#define DRAIN_MAX_MS 8000  /* and for those under way; scripts/run waits for 10 s */

static struct server {
	const struct route *table;
	const struct conf *conf;
	struct db *db;
	int ep;
	int memory; /* a file: where libfcgi reads and writes what must not be a socket's yet */
	bool draining;
	bool full;      /* no slot is free: the listening socket is not watched */
	int64_t tidied; /* ms: when tidy() last ran */
	int64_t worked; /* ms: when it last answered; 0 when it has trimmed its memory since */
	struct slot slots[SLOTS];
	unsigned char peek[GATE_PEEK_MAX];
} server;

static volatile sig_atomic_t stop;

static void
on_stop(int sig)
{
	(void)sig;
	stop = 1;
}

/* ---- connections ---- */

static bool
listen_again(void)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = &server };

	server.full = false;
	return epoll_ctl(server.ep, EPOLL_CTL_ADD, LISTEN_FD, &ev) == 0;
}

/* The slot's connection is closed already. */
static void
release(struct slot *s)
{
	s->fd = s->fcgi.ipcFd = -1;
	slot_drop_part(s);
	if (server.full && !server.draining)
		listen_again();
}

static void
drop(struct slot *s)
{
	close(s->fd); /* leaves epoll by itself */
	release(s);
}

/* Whether nothing waits to be read, except perhaps that the other side has hung up. */
static bool
is_quiet(const struct slot *s)
{
	char c;

	return recv(s->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

/* The connection that has been idle longest, if long enough: nginx takes the one it used
 * last, so it will hardly send a request on that one just now; and a request of which only
 * a part came in all that time is not nginx's. */
static struct slot *
oldest_idle(void)
{
	int64_t before = clock_ms() - IDLE_MS;
	struct slot *oldest = NULL;

	for (int i = 0; i < SLOTS; i++) {
		struct slot *s = &server.slots[i];

		if (s->fd >= 0 && !s->busy && s->since < before && is_quiet(s)) {
			before = s->since;
			oldest = s;
		}
	}
	return oldest;
}

static struct slot *
free_slot(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (server.slots[i].fd < 0)
			return &server.slots[i];
	return NULL;
}

/*
 * Take every connection that waits, as far as there are slots.  When there are none, idle
 * connections make room; when all are at work the next answers close theirs (see finish),
 * and the others wait in the backlog.
 */
static void
accept_all(void)
{
	struct timeval guard = { .tv_sec = GUARD_S };
	struct slot *s, *idle = NULL;
	int fd;

	while ((s = free_slot()) != NULL || (idle = oldest_idle()) != NULL) {
		struct epoll_event ev = { .events = EPOLLIN };

		if ((fd = accept4(LISTEN_FD, NULL, NULL, SOCK_CLOEXEC)) < 0)
			return;
		if (s == NULL)
			drop(s = idle);
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &guard, sizeof(guard));
		s->fd = fd;
		s->gone = s->busy = false;
		s->since = clock_ms();
		ev.data.ptr = s;
		if (epoll_ctl(server.ep, EPOLL_CTL_ADD, fd, &ev) != 0)
			drop(s);
	}
	server.full = true;
	epoll_ctl(server.ep, EPOLL_CTL_DEL, LISTEN_FD, NULL);
}

/* What has come of a request: in server.peek and still in the socket, or in s->part. */
static enum gate
look(struct slot *s, size_t *body)
{
	bool first = s->part == NULL;
	unsigned char *to = first ? server.peek : s->part + s->part_n;
	ssize_t n =
	    recv(s->fd, to, GATE_PEEK_MAX - s->part_n, MSG_DONTWAIT | (first ? MSG_PEEK : 0));
	enum gate g;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return GATE_PART;
	if (n <= 0)
		return GATE_BROKEN; /* the usual end of a connection */
	if (!first)
		s->part_n += (size_t)n;
	g = first ? gate_check(to, (size_t)n, body) : gate_check(s->part, s->part_n, body);
	if (g == GATE_BROKEN)
		log_line(LOG_WARN, NULL, "dropped a connection that does not speak FastCGI");
	if (g == GATE_PART && first) {
		s->since = clock_ms();
		return slot_keep_part(s, (size_t)n) ? GATE_PART : GATE_BROKEN;
	}
	return g;
}

/* ---- one request ---- */

static int
empty_memory(void)
{
	if (ftruncate(server.memory, 0) != 0 || lseek(server.memory, 0, SEEK_SET) != 0) {
		log_line(LOG_ERROR, NULL, "cannot empty a file in memory: %m");
		abort();
	}
	return server.memory;
}

/* A record that nobody asked for: nginx closes a connection that it keeps when this comes, and
 * passes over it when it has just sent a request. */
static const unsigned char unasked[8] = { 1, 7 /* STDERR */, 0, 1 };

/*
 * Send the last answer of a connection, which lies in memory.  Between it and our closing,
 * nginx would send the next request on that connection, and lose it: so behind its end
 * comes that record.
 */
static void
send_last(struct slot *s)
{
	off_t at = 0, end = lseek(server.memory, 0, SEEK_CUR);
	ssize_t n = pwrite(server.memory, unasked, sizeof(unasked), end);

	for (end += n; n > 0 && at < end; at += n) {
		n = pread(server.memory, server.peek, sizeof(server.peek), at);
		if (n > 0 && send(s->fd, server.peek, (size_t)n, 0) != n)
			return;
	}
}

static void
finish(struct slot *s)
{
	bool asked = s->fcgi.keepConnection != 0;
	bool last = asked && (server.draining || server.full);
	int64_t now = clock_us();

	if (last)
		s->fcgi.ipcFd = empty_memory();
	slot_reply(s);
	metric_reply(s->rp.status, s->rp.poll != NULL, now - s->began);
	/* Closing is our part: libfcgi would wait until the other side has closed too. */
	s->fcgi.keepConnection = 1;
	FCGX_Detach(&s->fcgi);
	FCGX_Finish_r(&s->fcgi);
	if (last)
		send_last(s);
	arena_reset(&s->arena);
	s->busy = false;
	s->since = server.worked = now / 1000;
	if (s->fcgi.ipcFd < 0 && !last) /* it could not be written */
		release(s);
	else if (last || !asked || s->gone)
		drop(s);
}

static void
work(void *ctx)
{
	struct slot *s = ctx;

	http_dispatch(server.table, &s->rq, &s->rp);
	finish(s);
}

/* A descriptor that libfcgi can read the request from, which came in parts. */
static int
replay(struct slot *s)
{
	ssize_t n = pwrite(empty_memory(), s->part, s->part_n, 0);
	bool ok = n == (ssize_t)s->part_n;

	slot_drop_part(s);
	return ok ? server.memory : -1;
}

/* Read the request that has come whole, and start it. */
static void
start_request(struct slot *s, size_t body)
{
	bool ok;

	s->fcgi.ipcFd = s->part != NULL ? replay(s) : s->fd;
	s->fcgi.keepConnection = 1; /* or FCGX_Accept_r closes it first */
	if (FCGX_Accept_r(&s->fcgi) != 0) {
		log_line(LOG_ERROR, NULL, "libfcgi refuses a request that the gate let through");
		abort(); /* it has closed a descriptor of ours */
	}
	s->busy = true;
	s->began = clock_us();
	slot_params(s);
	ok = slot_body(s, body);
	s->fcgi.ipcFd = s->fd; /* where the answer goes */
	s->rq.db = server.db;
	s->rq.conf = server.conf;
	if (ok) {
		fiber_start(work, s);
		return;
	}
	http_fail(&s->rq, &s->rp, 400, "Truncated body");
	finish(s);
}

static void
on_readable(struct slot *s)
{
	size_t body = 0;

	if (s->fd < 0)
		return;
	if (s->busy) { /* no request comes now: nginx has hung up */
		s->gone = true;
		epoll_ctl(server.ep, EPOLL_CTL_DEL, s->fd, NULL);
		return;
	}
	switch (look(s, &body)) {
	case GATE_WHOLE:
		start_request(s, body);
		return;
	case GATE_PART:
		return;
	case GATE_BROKEN:
		drop(s);
	}
}

/* ---- the loop ---- */

/* What time alone brings about, a few times a second, whatever else goes on. */
static void
tidy(void)
{
	int64_t now = clock_ms();

	if (now - server.tidied < TICK_MS)
		return;
	server.tidied = now;
	db_tick(server.db);
	for (int i = 0; i < SLOTS; i++) {
		struct slot *s = &server.slots[i];

		if (s->part != NULL && now - s->since > PART_MS)
			drop(s);
	}
	if (server.full && !server.draining && oldest_idle() != NULL)
		listen_again();
	if (server.worked != 0 && now - server.worked > REST_MS) {
		trim_memory();
		server.worked = 0;
	}
}

static void
turn(const sigset_t *unblocked, int timeout_ms)
{
	struct epoll_event evs[TURN_MAX];
	int n = epoll_pwait(server.ep, evs, TURN_MAX, timeout_ms, unblocked);

	for (int i = 0; i < n; i++)
		if (evs[i].data.ptr == &server)
			accept_all();
		else if (!db_event(server.db, evs[i].data.ptr))
			on_readable(evs[i].data.ptr);
	tidy();
	db_flush(server.db);
}

/* Whether a connection is open; those without a request close when idle says so. */
static bool
any_open(bool idle)
{
	bool any = false;

	for (int i = 0; i < SLOTS; i++) {
		struct slot *s = &server.slots[i];

		if (idle && s->fd >= 0 && !s->busy && s->part == NULL && is_quiet(s))
			drop(s);
		any = any || s->fd >= 0;
	}
	return any;
}

/* Whoever closes an idle connection must know that no request is on its way on it: nginx alone does. */
static void
ask_to_close(void)
{
	for (int i = 0; i < SLOTS; i++) {
		struct slot *s = &server.slots[i];

		if (s->fd >= 0 && !s->busy && s->part == NULL)
			send(s->fd, unasked, sizeof(unasked), MSG_DONTWAIT);
	}
}

/*
 * SIGTERM came: accept no more.  A kept connection closes after its next answer, an idle one when
 * nginx has closed it, or when that takes too long.
 */
static void
drain(const sigset_t *unblocked)
{
	int64_t began = clock_ms(), age = 0;

	server.draining = true;
	epoll_ctl(server.ep, EPOLL_CTL_DEL, LISTEN_FD, NULL);
	ask_to_close();
	while (any_open(age > DRAIN_MS) && age < DRAIN_MAX_MS) {
		turn(unblocked, DRAIN_TURN);
		age = clock_ms() - began;
	}
}

/* Signals arrive only inside epoll_pwait; so no read or write is ever cut short. */
static void
catch_signals(sigset_t *unblocked)
{
	/* QUIT: multiwatch 1.0.0 sends that to its workers when it is told to send TERM */
	static const int signals[] = { SIGTERM, SIGINT, SIGQUIT, SIGUSR1 };
	struct sigaction sa = { .sa_handler = on_stop, .sa_flags = SA_RESTART };
	sigset_t block;

	sigemptyset(&block);
	for (size_t i = 0; i < COUNT(signals); i++)
		sigaddset(&block, signals[i]);
	sigprocmask(SIG_BLOCK, &block, unblocked);
	for (size_t i = 0; i < COUNT(signals); i++) {
		sigaction(signals[i], &sa, NULL);
		sigdelset(unblocked, signals[i]);
	}
	signal(SIGPIPE, SIG_IGN);
}

static bool
start(const char *name, const struct route *table)
{
	server.table = table;
	server.conf = conf_load();
	if (server.conf == NULL ||
	    (server.db = db_open(server.conf->web_database_url, server.conf->prepare)) == NULL)
		return false;
	if (server.conf->citus)
		db_sharded(server.db);
	server.ep = epoll_create1(EPOLL_CLOEXEC);
	db_join(server.db, server.ep);
	server.memory = memfd_create("fastcgi", MFD_CLOEXEC);
	metric_open(server.conf, name);
	for (int i = 0; i < SLOTS; i++) {
		server.slots[i].fd = -1;
		arena_init(&server.slots[i].arena, ARENA_MAX);
		/* no listening socket: accepting is never libfcgi's business */
		FCGX_InitRequest(&server.slots[i].fcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	}
	return server.memory >= 0 && FCGX_Init() == 0 &&
	    fcntl(LISTEN_FD, F_SETFL, fcntl(LISTEN_FD, F_GETFL) | O_NONBLOCK) == 0 &&
	    listen_again();
}

int
serve(const char *name, const struct route *table)
{
	sigset_t unblocked;

	log_name(name);
	catch_signals(&unblocked);
	if (!start(name, table)) {
		log_line(LOG_ERROR, NULL, "cannot start: settings, or descriptor 0 is no socket");
		return EXIT_FAILURE;
	}
	trim_memory();
	while (!stop)
		turn(&unblocked, TICK_MS);
	drain(&unblocked);
	db_close(server.db);
	return EXIT_SUCCESS;
}
