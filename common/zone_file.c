#include "zone_file.h"

#define HEADER_BYTES   44
#define FILE_BYTES_MAX (64 * 1024) /* the longest there is has 4 KiB */
#define TAIL_BYTES_MAX 255
#define TYPES_MAX      256
#define TYPE_BYTES     6

/* What is left to read; every take checks that it is there. */
struct bytes {
	const unsigned char *at;
	size_t left;
};

/* The six numbers of a header, in its order. */
struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

static const unsigned char *
take(struct bytes *b, size_t n)
{
	const unsigned char *at = b->at;

	if (n > b->left)
		return NULL;
	b->at += n;
	b->left -= n;
	return at;
}

static uint32_t
be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t
be64(const unsigned char *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static bool
read_header(struct bytes *b, struct counts *c)
{
	const unsigned char *h = take(b, HEADER_BYTES);

	if (h == NULL || memcmp(h, "TZif", 4) != 0 || h[4] < '2' || h[4] > '4')
		return false;
	*c = (struct counts){ be32(h + 20), be32(h + 24), be32(h + 28), be32(h + 32), be32(h + 36),
		be32(h + 40) };
	/* no sum of these overflows */
	return c->isut <= TYPES_MAX && c->isstd <= TYPES_MAX && c->leap <= FILE_BYTES_MAX &&
	    c->time <= FILE_BYTES_MAX && c->type <= TYPES_MAX && c->chars <= FILE_BYTES_MAX;
}

/* Bytes after a header whose times have that many bytes. */
static size_t
block_bytes(const struct counts *c, size_t time_bytes)
{
	return c->time * (time_bytes + 1) + c->type * TYPE_BYTES + c->chars +
	    c->leap * (time_bytes + 4) + c->isstd + c->isut;
}

static bool
read_transitions(struct arena *a, const unsigned char *p, const struct counts *c, struct zone *z)
{
	int64_t *at = arena_alloc(a, (c->time + 1) * sizeof(*at));
	uint8_t *becomes = arena_alloc(a, c->time + 1);

	for (uint32_t i = 0; i < c->time; i++) {
		at[i] = be64(p + i * 8);
		becomes[i] = p[c->time * 8 + i];
		if ((i > 0 && at[i] <= at[i - 1]) || becomes[i] >= c->type)
			return false;
	}
	z->count = c->time;
	z->at = at;
	z->becomes = becomes;
	return true;
}

/* An abbreviation goes into mail: letters, digits and signs only, then a NUL. */
static bool
read_abbreviation(struct arena *a, const char *s, size_t n, const char **out)
{
	size_t len = 0;

	while (len < n && s[len] != '\0' &&
	    strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-", s[len]))
		len++;
	if (len == 0 || len == n || s[len] != '\0')
		return false;
	*out = arena_ndup(a, s, len);
	return true;
}

static bool
read_types(struct arena *a, const unsigned char *p, const struct counts *c, struct zone *z)
{
	struct zone_type *type = arena_alloc(a, c->type * sizeof(*type));
	const char *chars = (const char *)p + c->type * TYPE_BYTES;

	for (uint32_t i = 0; i < c->type; i++, p += TYPE_BYTES) {
		int64_t offset = (int32_t)be32(p);

		if (offset < -ZONE_OFFSET_MAX || offset > ZONE_OFFSET_MAX || p[4] > 1 ||
		    p[5] >= c->chars ||
		    !read_abbreviation(a, chars + p[5], c->chars - p[5], &type[i].abbreviation))
			return false;
		type[i].offset = (int32_t)offset;
	}
	z->type = type;
	return true;
}

/* Everything that is left: a line between two line ends, or two line ends. */
static bool
read_tail(struct arena *a, struct bytes *b, struct zone *z)
{
	const char *s = (const char *)b->at;
	size_t n = b->left;

	if (n < 2 || n > TAIL_BYTES_MAX || s[0] != '\n' || s[n - 1] != '\n')
		return false;
	z->has_tail = n > 2;
	s = arena_ndup(a, s + 1, n - 2);
	return !z->has_tail || (strlen(s) == n - 2 && zone_tail_parse(a, s, &z->tail));
}

/*
 * Two blocks, each with a header: the first has 32-bit times and is skipped.  With leap seconds
 * times would not be ours, so a file that has them is refused.
 */
bool
zone_parse(struct arena *a, const char *name, const void *data, size_t n, const struct zone **out)
{
	struct bytes b = { data, n };
	struct counts c;
	struct zone *z = arena_alloc(a, sizeof(*z));
	const unsigned char *p;

	if (n > FILE_BYTES_MAX || !read_header(&b, &c) || take(&b, block_bytes(&c, 4)) == NULL)
		return false;
	if (!read_header(&b, &c) || c.leap != 0 || c.type == 0 ||
	    (c.isstd != 0 && c.isstd != c.type) || (c.isut != 0 && c.isut != c.type))
		return false;
	p = take(&b, block_bytes(&c, 8));
	if (p == NULL || !read_transitions(a, p, &c, z) || !read_types(a, p + c.time * 9, &c, z) ||
	    !read_tail(a, &b, z))
		return false;
	z->name = arena_dup(a, name);
	*out = z;
	return true;
}

/* How many transitions there are up to t. */
static size_t
count_until(const struct zone *z, int64_t t)
{
	size_t low = 0, high = z->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (z->at[mid] <= t)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct zone_span
zone_span_at(const struct zone *z, int64_t t)
{
	size_t i = count_until(z, t);
	struct zone_span span = { INT64_MIN, INT64_MAX, &z->type[0] };

	if (i == z->count && z->has_tail)
		span = zone_tail_span(&z->tail, t);
	else if (i > 0)
		span.type = &z->type[z->becomes[i - 1]];
	if (i > 0 && span.start < z->at[i - 1])
		span.start = z->at[i - 1];
	if (i < z->count)
		span.end = z->at[i];
	return span;
}
