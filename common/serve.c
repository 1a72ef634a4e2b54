#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fiber.h"
#include "gate.h"
#include "log.h"
#include "metric.h"
#include "serve_slot.h"
#include "trim.h"

#define LISTEN_FD    0
#define SLOTS        128 /* kept connections of a process; more wait in the backlog */
#define TURN_MAX     64  /* events a turn */
#define ARENA_MAX    (4 * 1024 * 1024)
#define TICK_MS      250
#define PART_MS      10000 /* for a request to arrive whole */
#define GUARD_S      5     /* a read or write that blocks all the same */
#define DRAIN_MS     100   /* after SIGTERM, for requests already on kept connections */
#define DRAIN_MAX_MS 10000 /* and for the answers of those under way */

static struct server {
	const struct route *table;
	const struct conf *conf;
	struct db *db;
	int ep;
	int busy; /* requests under way */
	bool draining;
	bool full; /* no slot is free: the listening socket is not watched */
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

static int64_t
clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
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
	if (server.full && !server.draining)
		listen_again();
}

static void
drop(struct slot *s)
{
	close(s->fd); /* leaves epoll by itself */
	release(s);
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
 * Take every connection that waits, as far as there are slots.  When there are none, the
 * next answers close theirs (see finish), and the others wait in the backlog.
 */
static void
accept_all(void)
{
	/* Only a peer that cheats lets these run out: the gate sees requests whole. */
	struct timeval guard = { .tv_sec = GUARD_S };
	struct slot *s;

	while ((s = free_slot()) != NULL) {
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };
		int fd = accept4(LISTEN_FD, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof(guard));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &guard, sizeof(guard));
		s->fd = fd;
		s->edge = s->gone = s->busy = false;
		if (epoll_ctl(server.ep, EPOLL_CTL_ADD, fd, &ev) != 0)
			drop(s);
	}
	server.full = true;
	epoll_ctl(server.ep, EPOLL_CTL_DEL, LISTEN_FD, NULL);
}

static void
watch(struct slot *s, bool edge)
{
	struct epoll_event ev = { .events = EPOLLIN | (edge ? EPOLLET : 0), .data.ptr = s };

	s->edge = edge;
	if (epoll_ctl(server.ep, EPOLL_CTL_MOD, s->fd, &ev) != 0)
		drop(s);
}

/* Whether one whole request lies in the socket; a connection that never will have one is
 * dropped.  *body gets the bytes of its body. */
static bool
has_request(struct slot *s, size_t *body)
{
	ssize_t n = recv(s->fd, server.peek, sizeof(server.peek), MSG_PEEK | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	switch (n <= 0 ? GATE_BROKEN : gate_check(server.peek, (size_t)n, body)) {
	case GATE_WHOLE:
		if (s->edge)
			watch(s, false);
		return s->fd >= 0;
	case GATE_PART:
		if (!s->edge) {
			s->since = clock_us() / 1000;
			watch(s, true);
		}
		return false;
	default:
		if (n > 0)
			log_line(LOG_WARN, NULL,
			    "dropped a connection that does not speak FastCGI");
		drop(s);
		return false;
	}
}

/* ---- one request ---- */

static void
finish(struct slot *s)
{
	slot_reply(s);
	metric_count(s->rp.status, clock_us() - s->began);
	if (server.draining || server.full)
		s->fcgi.keepConnection = 0;
	FCGX_Finish_r(&s->fcgi); /* keeps ipcFd when nginx asked for it */
	arena_reset(&s->arena);
	s->busy = false;
	server.busy--;
	if (s->fcgi.ipcFd < 0)
		release(s);
	else if (s->gone)
		drop(s);
}

static void
work(void *ctx)
{
	struct slot *s = ctx;

	http_dispatch(server.table, &s->rq, &s->rp);
	finish(s);
}

/* Read the request that lies whole in the socket, and start it. */
static void
start_request(struct slot *s, size_t body)
{
	s->fcgi.ipcFd = s->fd;
	s->fcgi.keepConnection = 1; /* or FCGX_Accept_r closes it first */
	if (FCGX_Accept_r(&s->fcgi) != 0) {
		if (s->fcgi.ipcFd < 0) /* libfcgi closed it */
			release(s);
		else
			drop(s);
		return;
	}
	s->busy = true;
	server.busy++;
	s->began = clock_us();
	slot_params(s);
	s->rq.db = server.db;
	s->rq.conf = server.conf;
	if (slot_body(s, body)) {
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
	if (has_request(s, &body))
		start_request(s, body);
}

/* ---- the loop ---- */

static void
turn(const sigset_t *unblocked, int timeout_ms)
{
	struct epoll_event evs[TURN_MAX];
	int n = epoll_pwait(server.ep, evs, TURN_MAX, timeout_ms, unblocked);

	for (int i = 0; i < n; i++)
		if (evs[i].data.ptr == &server.db)
			db_turn(server.db, 0);
		else if (evs[i].data.ptr == &server)
			accept_all();
		else
			on_readable(evs[i].data.ptr);
	if (n == 0)
		db_turn(server.db, 0); /* what waits too long for the database */
	db_flush(server.db);
}

static void
drop_parts(void)
{
	int64_t now = clock_us() / 1000;

	for (int i = 0; i < SLOTS; i++) {
		struct slot *s = &server.slots[i];

		if (s->fd >= 0 && s->edge && !s->busy && now - s->since > PART_MS)
			drop(s);
	}
}

/*
 * SIGTERM came: accept no more.  A kept connection closes after its next answer, and
 * idle ones a moment later, so that nginx does not meet a closed one with a request.
 */
static void
drain(const sigset_t *unblocked)
{
	int64_t began = clock_us() / 1000, age = 0;

	server.draining = true;
	epoll_ctl(server.ep, EPOLL_CTL_DEL, LISTEN_FD, NULL);
	for (; age < DRAIN_MS || (server.busy > 0 && age < DRAIN_MAX_MS);
	     age = clock_us() / 1000 - began)
		turn(unblocked, DRAIN_MS / 10);
	for (int i = 0; i < SLOTS; i++)
		if (server.slots[i].fd >= 0 && !server.slots[i].busy)
			drop(&server.slots[i]);
}

/* Signals arrive only inside epoll_pwait; so no read or write is ever cut short. */
static void
catch_signals(sigset_t *unblocked)
{
	struct sigaction sa = { .sa_handler = on_stop, .sa_flags = SA_RESTART };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, unblocked);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	sigdelset(unblocked, SIGTERM);
	sigdelset(unblocked, SIGINT);
	sigdelset(unblocked, SIGUSR1);
	signal(SIGPIPE, SIG_IGN);
}

static bool
start(const char *name, const struct route *table)
{
	struct epoll_event on_db = { .events = EPOLLIN, .data.ptr = &server.db };

	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "200", 0);
	server.table = table;
	server.conf = conf_load();
	if (server.conf == NULL)
		return false;
	server.db = db_open(server.conf->web_database_url, server.conf->prepare);
	server.ep = epoll_create1(EPOLL_CLOEXEC);
	metric_open(server.conf, name);
	for (int i = 0; i < SLOTS; i++) {
		server.slots[i].fd = -1;
		arena_init(&server.slots[i].arena, ARENA_MAX);
		FCGX_InitRequest(&server.slots[i].fcgi, LISTEN_FD, FCGI_FAIL_ACCEPT_ON_INTR);
	}
	return server.db != NULL && FCGX_Init() == 0 &&
	    fcntl(LISTEN_FD, F_SETFL, fcntl(LISTEN_FD, F_GETFL) | O_NONBLOCK) == 0 &&
	    listen_again() && epoll_ctl(server.ep, EPOLL_CTL_ADD, db_fd(server.db), &on_db) == 0;
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
	trim_startup();
	while (!stop) {
		turn(&unblocked, TICK_MS);
		drop_parts();
	}
	drain(&unblocked);
	db_close(server.db);
	return EXIT_SUCCESS;
}
