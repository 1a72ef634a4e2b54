#ifndef DOC_H
#define DOC_H

#include "json.h"

/*
 * doc - one text for people, written as plain text for a terminal and as HTML at the same time.
 *
 * Pure, and safe by construction: whatever is given is one line of text; no call takes markup, no
 * value can begin a line, a tag, an attribute or a paragraph of its own.  Addresses of links are
 * ours: absolute, http or https.
 */
#define DOC_FACTS_MAX 8

/* Where something that differs from reader to reader goes in, and what stands around it. */
struct doc_part {
	const char *head;
	const char *tail; /* NULL: there is no such place, head is all */
};

struct doc {
	struct arena *a;
	struct out text, html;
	size_t facts;
	struct {
		const char *label, *value;
	} fact[DOC_FACTS_MAX];
	bool foot;
	size_t text_gap, html_gap; /* 0: none */
};

void doc_begin(struct doc *d, struct arena *a, const char *title);
void doc_say(struct doc *d, const char *text);                      /* a paragraph; NULL: none */
void doc_code(struct doc *d, const char *code);                     /* to be typed elsewhere */
void doc_fact(struct doc *d, const char *label, const char *value); /* a row; NULL: none */
void doc_button(struct doc *d, const char *words, const char *url); /* what to do now */
void doc_foot(struct doc *d, const char *text);                     /* from here on: small print */
void doc_foot_link(struct doc *d, const char *words, const char *url);

/* The same, and the address ends with the reader's own piece, of [A-Za-z0-9_-]; once at most. */
void doc_foot_gap(struct doc *d, const char *words, const char *url);

/* Both parts, in the arena of doc_begin(). */
void doc_end(struct doc *d, struct doc_part *text, struct doc_part *html);

#endif
