/* common/gate: requests cut at every byte, changed at every byte, and lengths that lie. */
#include "gate.h"

#include <stdlib.h>

#include "t.h"

#define S(s) s, sizeof(s) - 1

/* Bytes in the making. */
static struct {
	unsigned char s[GATE_PEEK_MAX + 4096];
	size_t n;
} b;

static void
bytes(const void *s, size_t n)
{
	memcpy(b.s + b.n, s, n);
	b.n += n;
}

static void
record(int type, int id, const void *content, size_t n, size_t padding)
{
	static const char zeros[255];
	unsigned char head[] = { 1, (unsigned char)type, (unsigned char)(id >> 8),
		(unsigned char)id, (unsigned char)(n >> 8), (unsigned char)n,
		(unsigned char)padding, 0 };

	bytes(head, sizeof(head));
	if (n > 0)
		bytes(content, n);
	bytes(zeros, padding);
}

static void
begin(int id)
{
	b.n = 0;
	record(1, id, S("\0\1\1\0\0\0\0\0"), 0);
}

/* Look at exactly the first n bytes, on a heap of their own. */
static enum gate
look_at(size_t n, size_t *body)
{
	unsigned char *copy = malloc(n > 0 ? n : 1);
	enum gate g;

	if (copy == NULL)
		abort();
	memcpy(copy, b.s, n);
	g = gate_check(copy, n, body);
	free(copy);
	return g;
}

static enum gate
look(void)
{
	size_t body = 42;
	enum gate g = look_at(b.n, &body);

	T_OK(g == GATE_WHOLE || body == 42, "body written though not whole");
	return g;
}

static const char pairs[] = "\4\3NAMEabc\1\0X\2\200\0\0\5YZvalue\200\0\0\1\200\0\0\1Kv";

/* As nginx sends them. */
static void
make_request(const char *body, size_t body_len)
{
	begin(1);
	record(4, 1, S(pairs), 5);
	record(4, 1, NULL, 0, 0);
	if (body_len > 0)
		record(5, 1, body, body_len, 3);
	record(5, 1, NULL, 0, 0);
}

static void
test_whole(void)
{
	size_t body = 0;

	make_request("", 0);
	T_OK(look_at(b.n, &body) == GATE_WHOLE && body == 0, "no body: %zu", body);
	make_request("{\"a\":1}", 7);
	T_OK(look_at(b.n, &body) == GATE_WHOLE && body == 7, "a body: %zu", body);
	for (size_t n = 0; n < b.n; n++)
		T_OK(look_at(n, &body) == GATE_PART, "first %zu of %zu bytes", n, b.n);
	bytes("\1", 1);
	T_OK(look() == GATE_BROKEN, "a byte more");
	begin(0xffff);
	record(4, 0xffff, NULL, 0, 0);
	record(5, 0xffff, "x", 1, 255);
	record(5, 0xffff, "yz", 2, 0);
	record(5, 0xffff, NULL, 0, 0);
	T_OK(look_at(b.n, &body) == GATE_WHOLE && body == 3, "other id, padding: %zu", body);
	for (size_t last = 8; last <= 16; last += 8) { /* the ends of STDIN and PARAMS */
		make_request("", 0);
		b.s[b.n - last + 6] = 1;
		T_OK(look() == GATE_BROKEN, "padding where a stream ends");
	}
	b.n = 0;
	record(1, 1, S("\0\1\1\0\0\0\0\0"), 8);
	T_OK(look() == GATE_BROKEN, "padding of BEGIN");
	make_request("", 0);
	b.s[10] = 0xfe;
	T_OK(look() == GATE_WHOLE, "flags are the library's to judge");
}

/* Pairs cut into two records at every byte, and one byte a record. */
static void
test_cut_pairs(void)
{
	size_t len = sizeof(pairs) - 1;

	for (size_t cut = 1; cut < len; cut++) {
		begin(1);
		record(4, 1, pairs, cut, 0);
		record(4, 1, pairs + cut, len - cut, 7);
		record(4, 1, NULL, 0, 0);
		record(5, 1, NULL, 0, 0);
		T_OK(look() == GATE_WHOLE, "cut at %zu", cut);
		begin(1);
		record(4, 1, pairs, cut, 0);
		record(4, 1, NULL, 0, 0);
		record(5, 1, NULL, 0, 0);
		/* what is left may happen to end with a pair */
		T_OK((look() == GATE_WHOLE) == (cut == 9 || cut == 12 || cut == 24), "only %zu",
		    cut);
	}
	begin(1);
	for (size_t i = 0; i < len; i++)
		record(4, 1, pairs + i, 1, 0);
	record(4, 1, NULL, 0, 0);
	record(5, 1, NULL, 0, 0);
	T_OK(look() == GATE_WHOLE, "a byte each");
}

/* Lengths that lie are found at once, not when that many bytes have come. */
static const struct {
	const char *what, *s;
	size_t n;
	enum gate g;
} lies[] = {
	{ "the pair that aborts libfcgi", S("\xff\xff\xff\xfe\xff\xff\xff\xfe"), GATE_BROKEN },
	{ "the pair of the CVE", S("\xff\xff\xff\xff\xff\xff\xff\xff"), GATE_BROKEN },
	{ "2 GB of name", S("\xff\xff\xff\x00\x10"), GATE_BROKEN },
	{ "2 GB of value", S("\x01\xff\xff\xff\x00"), GATE_BROKEN },
	{ "just too long", S("\x80\x01\x00\x00\x00"), GATE_BROKEN },
	{ "just not too long", S("\x80\x00\xff\xfb\x00"), GATE_PART },
	{ "one more than that", S("\x80\x00\xff\xfb\x01"), GATE_BROKEN },
	{ "half a length", S("\xff\xff\xff"), GATE_PART },
	{ "nothing of it there", S("\x7f\x7f"), GATE_PART },
};

static void
test_lies(void)
{
	for (size_t i = 0; i < COUNT(lies); i++) {
		begin(1);
		record(4, 1, lies[i].s, lies[i].n, 0);
		T_OK(look() == lies[i].g, "%s", lies[i].what);
		record(4, 1, NULL, 0, 0);
		T_OK(look() == GATE_BROKEN, "%s, ended", lies[i].what);
	}
}

/* One field of the second, third ... record is wrong. */
static const struct {
	const char *what;
	int type, id;
	size_t n;
} wrongs[] = {
	{ "second BEGIN", 1, 1, 8 },
	{ "ABORT", 2, 1, 0 },
	{ "END", 3, 1, 8 },
	{ "STDIN before PARAMS end", 5, 1, 0 },
	{ "STDOUT", 6, 1, 0 },
	{ "STDERR", 7, 1, 0 },
	{ "DATA", 8, 1, 0 },
	{ "GET_VALUES", 9, 0, 0 },
	{ "UNKNOWN_TYPE", 11, 0, 8 },
	{ "type 0", 0, 1, 0 },
	{ "type 255", 255, 1, 0 },
	{ "another request", 4, 2, 0 },
	{ "no request", 4, 0, 0 },
	{ "id of which half is right", 4, 0x101, 0 },
};

static void
test_order(void)
{
	for (size_t i = 0; i < COUNT(wrongs); i++) {
		begin(1);
		record(wrongs[i].type, wrongs[i].id, "12345678", wrongs[i].n, 0);
		T_OK(look() == GATE_BROKEN, "%s", wrongs[i].what);
		b.n = 0;
		if (wrongs[i].type != 1) {
			record(wrongs[i].type, wrongs[i].id, "12345678", wrongs[i].n, 0);
			T_OK(look() == GATE_BROKEN, "%s at first", wrongs[i].what);
		}
	}
	make_request("", 0);
	b.n -= 8;
	record(4, 1, NULL, 0, 0);
	T_OK(look() == GATE_BROKEN, "PARAMS after their end");
	make_request("", 0);
	b.n -= 8;
	record(5, 2, NULL, 0, 0);
	T_OK(look() == GATE_BROKEN, "STDIN of another request");
}

static void
test_begin(void)
{
	static const struct {
		const char *what, *s;
		size_t n;
		int id;
	} rows[] = {
		{ "authorizer", S("\0\2\1\0\0\0\0\0"), 1 },
		{ "filter", S("\0\3\1\0\0\0\0\0"), 1 },
		{ "role 257", S("\1\1\1\0\0\0\0\0"), 1 },
		{ "role 0", S("\0\0\1\0\0\0\0\0"), 1 },
		{ "short", S("\0\1\1\0\0\0\0"), 1 },
		{ "long", S("\0\1\1\0\0\0\0\0\0"), 1 },
		{ "empty", S(""), 1 },
		{ "id 0", S("\0\1\1\0\0\0\0\0"), 0 },
	};
	size_t body;

	for (size_t i = 0; i < COUNT(rows); i++) {
		b.n = 0;
		record(1, rows[i].id, rows[i].s, rows[i].n, 0);
		T_OK(look() == GATE_BROKEN, "%s", rows[i].what);
	}
	begin(1);
	for (int version = 0; version < 256; version++) {
		b.s[0] = (unsigned char)version;
		T_OK((look() == GATE_PART) == (version == 1), "version %d", version);
		T_OK((look_at(1, &body) == GATE_PART) == (version == 1), "version %d, one byte",
		    version);
	}
}

/* A request with that many bytes of parameters (one pair), of body, and of more records. */
static enum gate
of_size(size_t params, size_t body, size_t records)
{
	static const char zeros[65535];
	unsigned char lengths[5] = { 0x80, 0, (unsigned char)((params - 5) >> 8),
		(unsigned char)(params - 5), 0 };

	begin(1);
	record(4, 1, lengths, 5, 255);
	for (size_t left = params - 5, step; left > 0; left -= step) {
		step = left < sizeof(zeros) ? left : sizeof(zeros);
		record(4, 1, zeros, step, 255);
	}
	record(4, 1, NULL, 0, 0);
	for (; records > 0; records--, body--)
		record(5, 1, zeros, 1, 255);
	for (size_t step; body > 0; body -= step) {
		step = body < sizeof(zeros) ? body : sizeof(zeros);
		record(5, 1, zeros, step, 255);
	}
	record(5, 1, NULL, 0, 0);
	return look();
}

static void
test_limits(void)
{
	T_OK(of_size(GATE_PARAMS_MAX, GATE_BODY_MAX, 0) == GATE_WHOLE, "both at their most");
	T_OK(of_size(GATE_PARAMS_MAX - 1, GATE_BODY_MAX + 1, 0) == GATE_BROKEN, "body");
	T_OK(of_size(6, GATE_BODY_MAX, 300) == GATE_BROKEN, "records");
	T_OK(of_size(GATE_PARAMS_MAX, GATE_BODY_MAX, GATE_RECORDS_MAX - 6) == GATE_WHOLE, "all");
	T_OK(b.n <= GATE_PEEK_MAX, "%zu bytes do not fit a peek", b.n);
	T_OK(of_size(GATE_PARAMS_MAX, GATE_BODY_MAX, GATE_RECORDS_MAX - 5) == GATE_BROKEN,
	    "one more");
	begin(1);
	for (int i = 0; i < 66; i++)
		record(4, 1, "\0\0", 2, 0);
	T_OK(look() == GATE_PART, "empty pairs");
	begin(1);
	for (int i = 0; i < 300; i++)
		record(4, 1, "\0\0", 2, 0);
	T_OK(look() == GATE_BROKEN, "no end of records");
}

/* Change bytes at random: no crash, no wrong read, and the answer is never about bytes beyond. */
static void
test_random(void)
{
	uint64_t seed = 4;
	size_t whole = 0;

	for (int i = 0; i < 40000; i++) {
		make_request("{\"a\":1}", 7);
		for (uint64_t k = 1 + t_random(&seed) % 3; k > 0; k--)
			b.s[t_random(&seed) % b.n] = (unsigned char)t_random(&seed);
		whole += look() == GATE_WHOLE;
	}
	T_OK(whole > 0 && whole < 30000, "%zu whole", whole);
}

int
main(void)
{
	test_whole();
	test_cut_pairs();
	test_lies();
	test_order();
	test_begin();
	test_limits();
	test_random();
	return T_DONE("gate");
}
