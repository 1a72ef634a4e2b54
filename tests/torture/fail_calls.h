#ifndef FAIL_CALLS_H
#define FAIL_CALLS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * fail_calls - one call in turn fails: an allocation anywhere in the program, or a call of ours to
 * libpq or libcurl.  Linked into every program of build-torture/ (make torture-build).
 *
 * The test (tests/lib/failing.mjs) and the program share the file CARILLON_TORTURE_FOLDER/<program>:
 * which call is to fail, how many there were, and what failed.  Without that file all goes well.
 */
enum kind { MEMORY, LIBPQ, LIBCURL, TRANSFER, KINDS };

/* How a call of libpq fails; of TRANSFER it is an index of endings[] in fail_curl.c. */
enum way {
	REFUSED,   /* it does nothing */
	CUT,       /* the connection breaks just before it */
	DONE_FIRST /* it does what it should, and then says that it did not */
};

struct control {
	uint32_t kind;
	int32_t at, way; /* the at-th of this kind fails; 0: none */
	int32_t failed;  /* how many have */
	int32_t count[KINDS];
	char name[32]; /* of what failed */
};

extern struct control *control;

/* Whether this is the call that is to fail. */
bool fails(enum kind kind, const char *name);

/* Called in place of name (the linker's --wrap), which is __real_name from then on. */
#define INSTEAD(type, name, params) \
	type __real_##name params; \
	type __wrap_##name params; \
	type __wrap_##name params

#endif
