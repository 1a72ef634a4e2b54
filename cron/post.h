#ifndef POST_H
#define POST_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "scope.h"

/*
 * post - one HTTPS POST and nothing behind our back: no redirect, no proxy, no second try by
 * libcurl (a fresh connection each time, HTTP/1.1), at most 64 KiB of an answer, and an end in
 * time.  Plain HTTP only where its user says so.
 */
enum post_end {
	POST_ANSWERED = 0, /* at least a status came back */
	POST_NOT_SENT,     /* surely nobody has got it */
	POST_UNKNOWN       /* it may have been acted on */
};

#define POST_BODY_MAX 65536 /* of an answer, and of its headers */
#define POST_WHY_MAX  160

/* Which addresses a name may lead to, decided for the very one that is connected to. */
enum post_reach { POST_ANYWHERE = 0, POST_PUBLIC, POST_PUBLIC_OR_LOCAL };

struct post_request {
	const char *url;
	const char *const *headers; /* "Name: value"; NULL ends them */
	const char *body;
	size_t n;
	int64_t timeout_ms;
	bool plain;          /* http is all right */
	const char *ca_file; /* see cron/tls.h */
	enum post_reach reach;
};

struct post_answer {
	enum post_end end;
	char why[POST_WHY_MAX]; /* unless POST_ANSWERED */
	long status;
	const char *body; /* with a NUL after its n bytes */
	size_t n;
	bool whole;      /* body is all there was */
	bool refused;    /* reach does not allow where the name leads */
	bool distrusted; /* TLS did not show that it is who we called */
};

struct post;

struct post *post_open(void); /* NULL: libcurl cannot be used */
void post_close(struct post *p);
DEFINE_SCOPED(struct post *, post_close)

/* a holds the answer's body. */
void post_send(struct post *p, struct arena *a, const struct post_request *rq,
    struct post_answer *out);

/* A header of the last answer, the last one of that name; NULL when there is none. */
const char *post_header(struct post *p, const char *name);

#endif
