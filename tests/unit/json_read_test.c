/*
 * common/json, the reader: what is JSON and what json-c only takes for it (control characters,
 * NaN, the same key twice, bad UTF-8, huge numbers ...).
 */
#include "json.h"

#include "t.h"

#define S(s) s, sizeof(s) - 1

static const struct {
	const char *what, *s;
	size_t n;
	bool ok;
} texts[] = {
	/* values */
	{ "object", S("{}"), true },
	{ "array", S("[]"), true },
	{ "null", S("null"), true },
	{ "true", S("true"), true },
	{ "false", S("false"), true },
	{ "number", S("0"), true },
	{ "string", S("\"\""), true },
	{ "white space", S(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : null } \t\r\n"), true },
	{ "all kinds", S("{\"a\":[1,-2.5e3,true,false,null,\"x\",{}],\"\":{\"b\":[[]]}}"), true },
	{ "nothing", S(""), false },
	{ "only space", S("  "), false },
	{ "byte order mark", S("\xef\xbb\xbf{}"), false },
	{ "NUL after", S("{}\0"), false },
	{ "NUL before", S("\0{}"), false },
	{ "form feed", S("{}\f"), false },
	{ "no-break space", S("{}\xc2\xa0"), false },
	{ "UTF-16", S("{\0}\0"), false },
	/* words */
	{ "True", S("True"), false },
	{ "nul", S("nul"), false },
	{ "nulll", S("nulll"), false },
	{ "NULL", S("NULL"), false },
	{ "NaN", S("NaN"), false },
	{ "Infinity", S("Infinity"), false },
	{ "-Infinity", S("-Infinity"), false },
	{ "NaN inside", S("{\"a\":NaN}"), false },
	{ "Infinity inside", S("[-Infinity]"), false },
	{ "undefined", S("undefined"), false },
	{ "bare word", S("{\"a\":b}"), false },
	/* what is left over or missing */
	{ "trailing comma in array", S("[1,]"), false },
	{ "trailing comma in object", S("{\"a\":1,}"), false },
	{ "leading comma", S("[,1]"), false },
	{ "two commas", S("[1,,2]"), false },
	{ "no comma", S("[1 2]"), false },
	{ "no colon", S("{\"a\" 1}"), false },
	{ "two colons", S("{\"a\"::1}"), false },
	{ "no value", S("{\"a\":}"), false },
	{ "no key", S("{:1}"), false },
	{ "key without quotes", S("{a:1}"), false },
	{ "key is a number", S("{1:1}"), false },
	{ "single quotes", S("{'a':1}"), false },
	{ "single quoted value", S("{\"a\":'x'}"), false },
	{ "two values", S("{}{}"), false },
	{ "bracket after", S("{}]"), false },
	{ "wrong bracket", S("[1}"), false },
	{ "not closed", S("[1"), false },
	{ "slash comment", S("{}//x"), false },
	{ "star comment", S("/*x*/{}"), false },
	{ "hash comment", S("#x\n{}"), false },
	{ "comment inside", S("[1/*x*/]"), false },
	/* numbers */
	{ "-0", S("-0"), true },
	{ "fraction", S("0.5"), true },
	{ "exponents", S("[1e5,1E+5,1.5e-5,-0.0,0e0]"), true },
	{ "int64 max", S("9223372036854775807"), true },
	{ "int64 min", S("-9223372036854775808"), true },
	{ "above int64", S("9223372036854775808"), false },
	{ "below int64", S("-9223372036854775809"), false },
	{ "a thousand digits",
	    S("[1111111111111111111111111111111111111111111111111111111111111111111"
	      "1111111111111111111111111111111111111111111111111111111111111111]"),
	    false },
	{ "many decimals", S("0.1000000000000000055511151231257827021181583404541015625"), true },
	{ "1e308", S("1e308"), true },
	{ "1e309", S("1e309"), false },
	{ "-1e400", S("-1e400"), false },
	{ "1e-300", S("1e-300"), true },
	{ "1e-400", S("1e-400"), false },
	{ "+1", S("+1"), false },
	{ "01", S("01"), false },
	{ "-01", S("-01"), false },
	{ "00", S("00"), false },
	{ "0x10", S("0x10"), false },
	{ ".5", S(".5"), false },
	{ "5.", S("5."), false },
	{ "1.e5", S("1.e5"), false },
	{ "1e", S("1e"), false },
	{ "1e+", S("1e+"), false },
	{ "1e5.5", S("1e5.5"), false },
	{ "-", S("-"), false },
	{ "--1", S("--1"), false },
	{ "- 1", S("- 1"), false },
	{ "1_000", S("1_000"), false },
	/* strings */
	{ "every escape", S("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\""), true },
	{ "slash", S("\"/\""), true },
	{ "DEL", S("\"\x7f\""), true },
	{ "characters", S("\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x94\""), true },
	{ "hex in both cases", S("\"\\u00Ff\\uABCD\""), true },
	{ "surrogate pair", S("\"\\ud83d\\udd14\""), true },
	{ "last pair", S("\"\\uDBFF\\uDFFF\""), true },
	{ "escaped NUL", S("\"\\u0000\""), false },
	{ "escaped NUL in a key", S("{\"a\\u0000\":1}"), false },
	{ "NUL inside", S("\"a\0b\""), false },
	{ "newline inside", S("\"a\nb\""), false },
	{ "tab inside", S("\"a\tb\""), false },
	{ "0x1f inside", S("\"\x1f\""), false },
	{ "lone high surrogate", S("\"\\ud83d\""), false },
	{ "high and text", S("\"\\ud83dabcdef\""), false },
	{ "high and escape", S("\"\\ud83d\\n\\n\\n\""), false },
	{ "high and high", S("\"\\ud83d\\ud83d\""), false },
	{ "high and other", S("\"\\ud83d\\u0041\""), false },
	{ "lone low surrogate", S("\"\\udd14\""), false },
	{ "pair reversed", S("\"\\udd14\\ud83d\""), false },
	{ "bad escape", S("\"\\x41\""), false },
	{ "escaped quote only", S("\"\\'\""), false },
	{ "short hex", S("\"\\u12\""), false },
	{ "not hex", S("\"\\u12g4\""), false },
	{ "signed hex", S("\"\\u+123\""), false },
	{ "at sign for hex", S("\"\\u004@\""), false },
	{ "escape at the end", S("\"\\"), false },
	{ "not closed string", S("\"abc"), false },
	{ "overlong NUL", S("\"\xc0\x80\""), false },
	{ "overlong slash", S("\"\xe0\x80\xaf\""), false },
	{ "UTF-8 surrogate", S("\"\xed\xa0\x80\""), false },
	{ "above U+10FFFF", S("\"\xf4\x90\x80\x80\""), false },
	{ "cut character", S("\"\xe2\x82\""), false },
	{ "bad UTF-8 in a key", S("{\"\xff\":1}"), false },
	/* keys */
	{ "same key twice", S("{\"a\":1,\"a\":1}"), false },
	{ "same key, one escaped", S("{\"a\":1,\"\\u0061\":2}"), false },
	{ "same key, inside", S("[{\"x\":{\"a\":1,\"b\":2,\"a\":3}}]"), false },
	{ "empty key twice", S("{\"\":1,\"\":2}"), false },
	{ "same key null", S("{\"a\":null,\"a\":null}"), false },
	{ "same key, other objects", S("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"), true },
	{ "other case", S("{\"a\":1,\"A\":1}"), true },
};

/* Read a copy of exactly n bytes, so that the sanitizer sees a step beyond. */
static json_object *
read_copy(const char *s, size_t n, bool *ok)
{
	char *copy = malloc(n > 0 ? n : 1);
	json_object *v;

	if (copy == NULL)
		abort();
	memcpy(copy, s, n);
	v = json_read(copy, n, ok);
	free(copy);
	return v;
}

static bool
reads(const char *s, size_t n)
{
	bool ok;

	json_object_put(read_copy(s, n, &ok));
	return ok;
}

static void
test_texts(void)
{
	for (size_t i = 0; i < COUNT(texts); i++)
		T_OK(reads(texts[i].s, texts[i].n) == texts[i].ok, "%s", texts[i].what);
}

/* No beginning of a text that ends with a bracket is a text. */
static void
test_cut(void)
{
	static const char s[] =
	    "{\"a\":[1,-2.5e3,true,null,\"x\\u00e4\\ud83d\\udd14\xc3\xa4\",{}],\"b\":{}}";

	for (size_t n = 0; n < sizeof(s) - 1; n++)
		T_OK(!reads(s, n), "first %zu bytes", n);
	T_OK(reads(s, sizeof(s) - 1), "all of it");
}

/* n opening brackets, the value 1, n closing ones */
static bool
reads_depth(size_t n, const char *open, char close)
{
	size_t len = strlen(open);
	char s[1024];

	for (size_t i = 0; i < n; i++)
		memcpy(s + i * len, open, len);
	s[n * len] = '1';
	memset(s + n * len + 1, close, n);
	return reads(s, n * len + 1 + n);
}

static bool
reads_array_of(size_t n)
{
	static char s[3 * JSON_VALUES_MAX];

	s[0] = '[';
	for (size_t i = 0; i < n; i++)
		memcpy(s + 1 + 2 * i, "1,", 2);
	s[2 * n] = ']';
	return reads(s, 2 * n + 1);
}

static void
test_limits(void)
{
	char deep[5000];

	for (size_t n = 1; n <= JSON_DEPTH_MAX; n++) {
		T_OK(reads_depth(n, "[", ']'), "array in %zu levels", n);
		T_OK(reads_depth(n, "{\"k\":", '}'), "object in %zu levels", n);
	}
	T_OK(!reads_depth(JSON_DEPTH_MAX + 1, "[", ']'), "too deep an array");
	T_OK(!reads_depth(JSON_DEPTH_MAX + 1, "{\"k\":", '}'), "too deep an object");
	memset(deep, '[', sizeof(deep));
	T_OK(!reads(deep, sizeof(deep)), "only brackets");
	T_OK(reads_array_of(JSON_VALUES_MAX - 1), "as many values as may be");
	T_OK(!reads_array_of(JSON_VALUES_MAX), "one more");
}

static void
test_counts(void)
{
	size_t values, members;
	bool ok = json_check(S("{\"a\":[1,{\"b\":null}],\"c\":\"x\"}"), &values, &members);

	T_OK(ok && values == 6 && members == 3, "%zu values, %zu members", values, members);
}

/* What the strings and numbers become. */
static void
test_values(void)
{
	SCOPED(json_object_put) json_object *v = NULL;
	bool ok;

	v = read_copy(
	    S("[\"\\ud83d\\udd14\\u00e4\\/\\n\",-9223372036854775808,9223372036854775807,-0]"),
	    &ok);
	T_OK(ok, "read");
	if (!ok)
		return;
	T_SAME(json_object_get_string(json_object_array_get_idx(v, 0)),
	    "\xf0\x9f\x94\x94\xc3\xa4/\n", "string");
	T_OK(json_object_get_int64(json_object_array_get_idx(v, 1)) == INT64_MIN, "min");
	T_OK(json_object_get_int64(json_object_array_get_idx(v, 2)) == INT64_MAX, "max");
	T_OK(json_object_is_type(json_object_array_get_idx(v, 1), json_type_int), "type");
	v = (json_object_put(v), read_copy(S("null"), &ok));
	T_OK(ok && v == NULL, "null is valid");
	v = read_copy(S("nul"), &ok);
	T_OK(!ok && v == NULL, "and told from an error");
}

/* Texts at random from a small alphabet of parts: what the check passes, json-c reads, with the
 * only exception of a key given twice; and nothing crashes. */
static void
test_random(void)
{
	static const char *const parts[] = { "{", "}", "[", "]", ":", ",", "\"a\"", "\"\\u0061\"",
		"\"", "\\", "1", "-", "0", ".5", "e1", "null", "true", "false", " ", "\n",
		"\xc3\xa4", "\xc3", "\"b\":", "{\"c\":1}", "[1,2]", "NaN", "'", "/*", "\\ud83d",
		"\\udd14" };
	uint64_t seed = 3;
	size_t good = 0;
	char s[512];

	for (int round = 0; round < 60000; round++) {
		size_t n = 0, values, members;

		for (size_t i = t_random(&seed) % 12; i > 0; i--) {
			const char *part = parts[t_random(&seed) % COUNT(parts)];

			memcpy(s + n, part, strlen(part));
			n += strlen(part);
		}
		if (!json_check(s, n, &values, &members))
			T_OK(!reads(s, n), "%.*s", (int)n, s);
		else if (members < 2)
			T_OK(++good > 0 && reads(s, n), "%.*s", (int)n, s);
	}
	T_OK(good > 1000, "only %zu of them were JSON", good);
}

int
main(void)
{
	test_texts();
	test_cut();
	test_limits();
	test_counts();
	test_values();
	test_random();
	return T_DONE("json_read");
}
