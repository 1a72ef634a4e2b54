#ifndef FIRE_WORDS_H
#define FIRE_WORDS_H

#include "fire.h"
#include "notify.h"

/*
 * fire_words - what people are told of scheduled changes, in their zone and in UTC.
 */

/* What is told about a moment that was decided. */
struct fire_news {
	const struct db_rows *rows; /* of q_fire_look */
	const struct fire_case *c;
	const struct fire_verdict *v;
	bool drops;                    /* the moment that was to follow went with it */
	const struct zone *zone, *utc; /* NULL: not known */
};

const char *fire_type(const struct fire_case *c, const struct fire_verdict *v);
const char *fire_title(struct arena *a, const struct fire_news *n);
const char *fire_body(struct arena *a, const struct fire_news *n);
const char *fire_link(struct arena *a, const struct fire_news *n);
const char *fire_data(struct arena *a, const struct fire_news *n);

/* Of an end that tzdata has moved to to_ms. */
const char *fire_moved_title(struct arena *a, const struct fire_news *n);
const char *fire_moved_body(struct arena *a, const struct fire_news *n, int64_t to_ms);

/* What only the mail says: when, which is ms, why, and why to this reader. */
void fire_mail(struct arena *a, const struct fire_news *n, int64_t ms, struct notice *out);

#endif
