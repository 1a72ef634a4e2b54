#include "gate.h"

#include <stdbool.h>

/* The FastCGI 1.0 specification's names without their FCGI_ */
enum { VERSION_1 = 1, RESPONDER = 1, HEADER_LEN = 8, BEGIN_LEN = 8 };
enum record_type { BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5 };

struct record {
	unsigned version, type, id;
	size_t len, padding; /* bytes of content and after it */
};

/* The name-value pairs, which may be cut into records anywhere. */
struct pairs {
	unsigned char head[8]; /* the two lengths of a pair, 1 or 4 bytes each */
	size_t have;           /* bytes of head so far */
	size_t skip;           /* bytes of name and value to come */
	size_t total;
};

struct walk {
	enum record_type next; /* what must come now */
	bool at_end;
	unsigned id;
	struct pairs pairs;
	size_t body;
};

static bool
is_long(unsigned char first)
{
	return (first & 0x80) != 0;
}

static size_t
read_length(const unsigned char *s)
{
	if (!is_long(s[0]))
		return s[0];
	return (size_t)(s[0] & 0x7f) << 24 | (size_t)s[1] << 16 | (size_t)s[2] << 8 | s[3];
}

/* Both lengths are there: expect that many bytes, if they can still come. */
static bool
pairs_expect(struct pairs *p)
{
	size_t name = is_long(p->head[0]) ? 4 : 1;

	if (p->have <= name || p->have < name + (is_long(p->head[name]) ? 4 : 1))
		return true;
	p->skip = read_length(p->head) + read_length(p->head + name);
	p->have = 0;
	return p->skip <= GATE_PARAMS_MAX - p->total;
}

static bool
pairs_feed(struct pairs *p, const unsigned char *s, size_t n)
{
	while (n > 0) {
		size_t step = p->skip == 0 ? 1 : p->skip < n ? p->skip : n;

		if (step > GATE_PARAMS_MAX - p->total)
			return false;
		p->total += step;
		if (p->skip > 0) {
			p->skip -= step;
		} else {
			p->head[p->have++] = *s;
			if (!pairs_expect(p))
				return false;
		}
		s += step;
		n -= step;
	}
	return true;
}

/* The whole of BEGIN_REQUEST's content: role (2 bytes), flags, 5 reserved. */
static bool
begin_is_ours(const unsigned char *s, size_t n)
{
	return n < 2 || (s[0] == 0 && s[1] == RESPONDER);
}

/* Take the n bytes that are there of r's content; false when they cannot be of a request. */
static bool
walk_record(struct walk *w, const struct record *r, const unsigned char *s, size_t n)
{
	if (r->version != VERSION_1 || r->type != (unsigned)w->next || r->id == 0)
		return false;
	/* libfcgi loses count of padding where a stream changes; nobody sends it there */
	if (r->padding > 0 && (r->len == 0 || r->type == BEGIN_REQUEST))
		return false;
	switch (w->next) {
	case BEGIN_REQUEST:
		w->id = r->id;
		w->next = PARAMS;
		return r->len == BEGIN_LEN && begin_is_ours(s, n);
	case PARAMS:
		if (r->len == 0)
			w->next = STDIN;
		return r->id == w->id && pairs_feed(&w->pairs, s, n) &&
		    (r->len > 0 || (w->pairs.have == 0 && w->pairs.skip == 0));
	case STDIN:
		w->at_end = r->len == 0;
		w->body += r->len;
		return r->id == w->id && w->body <= GATE_BODY_MAX;
	}
	return false;
}

enum gate
gate_check(const unsigned char *s, size_t n, size_t *body)
{
	struct walk w = { .next = BEGIN_REQUEST };

	for (int records = 0; !w.at_end; records++) {
		struct record r;
		size_t there;

		if (records == GATE_RECORDS_MAX || (n > 0 && s[0] != VERSION_1))
			return GATE_BROKEN;
		if (n < HEADER_LEN)
			return GATE_PART;
		r = (struct record){ s[0], s[1], (unsigned)s[2] << 8 | s[3],
			(size_t)s[4] << 8 | s[5], s[6] };
		s += HEADER_LEN;
		n -= HEADER_LEN;
		there = n < r.len ? n : r.len;
		if (!walk_record(&w, &r, s, there))
			return GATE_BROKEN;
		if (n < r.len + r.padding)
			return GATE_PART;
		s += r.len + r.padding;
		n -= r.len + r.padding;
	}
	if (n > 0)
		return GATE_BROKEN; /* nginx asks one thing at a time */
	*body = w.body;
	return GATE_WHOLE;
}
