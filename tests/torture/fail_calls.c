#include "fail_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct control *control;

static __attribute__((constructor)) void
open_control(void)
{
	const char *folder = getenv("CARILLON_TORTURE_FOLDER");
	char path[512];
	void *at;
	int fd;

	if (folder == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s", folder, program_invocation_short_name);
	if ((fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
		return;
	at = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		control = at;
}

bool
fails(enum kind kind, const char *name)
{
	struct control *c = control;

	if (c == NULL || ++c->count[kind] != c->at || c->kind != kind)
		return false;
	c->failed++;
	snprintf(c->name, sizeof(c->name), "%s", name);
	return true;
}

/* ---- memory: what common/memory.c asks, for every library too ---- */

void *__interceptor_malloc(size_t n);
void *__interceptor_calloc(size_t n, size_t size);
void *__interceptor_realloc(void *p, size_t n);
void *__wrap___libc_malloc(size_t n);
void *__wrap___libc_calloc(size_t n, size_t size);
void *__wrap___libc_realloc(void *p, size_t n);

static void *
none(void)
{
	errno = ENOMEM;
	return NULL;
}

void *
__wrap___libc_malloc(size_t n)
{
	return fails(MEMORY, "malloc") ? none() : __interceptor_malloc(n);
}

void *
__wrap___libc_calloc(size_t n, size_t size)
{
	return fails(MEMORY, "calloc") ? none() : __interceptor_calloc(n, size);
}

void *
__wrap___libc_realloc(void *p, size_t n)
{
	return n != 0 && fails(MEMORY, "realloc") ? none() : __interceptor_realloc(p, n);
}

/* The sanitizer's own of these two would not come to us. */
static char *
copy_of(const char *s, size_t n)
{
	char *copy = malloc(n + 1);

	if (copy == NULL)
		return NULL;
	copy[n] = '\0';
	return memcpy(copy, s, n);
}

char *
strdup(const char *s)
{
	return copy_of(s, strlen(s));
}

char *
strndup(const char *s, size_t most)
{
	return copy_of(s, strnlen(s, most));
}

/* ---- libpq ---- */

static void
cut(PGconn *pg)
{
	shutdown(PQsocket(pg), SHUT_RDWR);
}

#define LIBPQ_CALL(type, name, params, args, failure) \
	INSTEAD(type, name, params) \
	{ \
		if (!fails(LIBPQ, #name)) \
			return __real_##name args; \
		if (control->way == CUT) { \
			cut(pg); \
			return __real_##name args; \
		} \
		if (control->way == DONE_FIRST) \
			(void)__real_##name args; \
		return failure; \
	}

LIBPQ_CALL(PostgresPollingStatusType, PQconnectPoll, (PGconn * pg), (pg), PGRES_POLLING_FAILED)
LIBPQ_CALL(int, PQsetnonblocking, (PGconn * pg, int on), (pg, on), -1)
LIBPQ_CALL(int, PQenterPipelineMode, (PGconn * pg), (pg), 0)
LIBPQ_CALL(int, PQsendPrepare,
    (PGconn * pg, const char *name, const char *sql, int n, const Oid *types),
    (pg, name, sql, n, types), 0)
LIBPQ_CALL(int, PQsendQueryPrepared,
    (PGconn * pg, const char *name, int n, const char *const *v, const int *lengths,
	const int *formats, int format),
    (pg, name, n, v, lengths, formats, format), 0)
LIBPQ_CALL(int, PQsendQueryParams,
    (PGconn * pg, const char *sql, int n, const Oid *types, const char *const *v,
	const int *lengths, const int *formats, int format),
    (pg, sql, n, types, v, lengths, formats, format), 0)
LIBPQ_CALL(int, PQpipelineSync, (PGconn * pg), (pg), 0)
LIBPQ_CALL(int, PQsendFlushRequest, (PGconn * pg), (pg), 0)
LIBPQ_CALL(int, PQflush, (PGconn * pg), (pg), -1)
LIBPQ_CALL(int, PQconsumeInput, (PGconn * pg), (pg), 0)

INSTEAD(PGconn *, PQconnectStart, (const char *url))
{
	return fails(LIBPQ, "PQconnectStart") ? NULL : __real_PQconnectStart(url);
}

INSTEAD(PGconn *, PQconnectStartParams,
    (const char *const *names, const char *const *v, int dbname))
{
	return fails(LIBPQ, "PQconnectStartParams") ? NULL
						    : __real_PQconnectStartParams(names, v, dbname);
}

INSTEAD(PQconninfoOption *, PQconninfoParse, (const char *url, char **why))
{
	return fails(LIBPQ, "PQconninfoParse") ? NULL : __real_PQconninfoParse(url, why);
}

INSTEAD(int, PQisBusy, (PGconn * pg))
{
	if (fails(LIBPQ, "PQisBusy"))
		cut(pg); /* it cannot say that it failed */
	return __real_PQisBusy(pg);
}

/* A result for which libpq found no room is an error without a code; the connection is sound. */
INSTEAD(PGresult *, PQgetResult, (PGconn * pg))
{
	bool failing = fails(LIBPQ, "PQgetResult");
	PGresult *res;

	if (failing && control->way == CUT)
		cut(pg);
	res = __real_PQgetResult(pg);
	if (!failing || control->way == CUT || res == NULL ||
	    PQresultStatus(res) == PGRES_PIPELINE_SYNC)
		return res;
	PQclear(res);
	return PQmakeEmptyPGresult(pg, PGRES_FATAL_ERROR);
}
