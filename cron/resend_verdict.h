#ifndef RESEND_VERDICT_H
#define RESEND_VERDICT_H

#include "adapter.h"

/*
 * resend_verdict - what an answer of Resend means.  Pure: one table.
 */
struct verdict {
	enum outcome outcome;
	bool own_words;   /* the name is one of Resend's: no proxy in between has made it up */
	int64_t park_min; /* OUT_PARKED: for how long it is certain */
};

/* name is the error's, or NULL when the body has none that can be read. */
struct verdict resend_verdict(long status, const char *name);

/* Both in words, in valid UTF-8 whatever name is. */
void resend_why(struct arena *a, long status, const char *name, char out[SEND_WHY_MAX]);

#endif
