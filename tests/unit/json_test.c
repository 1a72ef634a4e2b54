/* common/json, the writer: escapes, commas, growth; what it writes, the reader reads. */
#include "json.h"

#include "t.h"

static struct arena scratch;

static const char *
written(const struct out *o)
{
	return arena_ndup(&scratch, o->s, o->n);
}

static const struct {
	const char *s, *json;
} texts[] = {
	{ NULL, "null" }, { "", "\"\"" }, { "a", "\"a\"" }, { "1234567", "\"1234567\"" },
	{ "12345678", "\"12345678\"" }, { "123456789", "\"123456789\"" },
	{ "say \"x\" \\ /", "\"say \\\"x\\\" \\\\ /\"" }, { "\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"" },
	{ "\x01\x0b\x1f\x7f ", "\"\\u0001\\u000b\\u001f\x7f \"" },
	{ "\"\"\"\"\"\"\"\"\"", "\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\"" },
	{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x94", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x94\"" },
	{ "1234567\n1234567", "\"1234567\\n1234567\"" },
	{ "!#[]^~\xa2\xdc\xa0", "\"!#[]^~\xa2\xdc\xa0\"" }, /* neighbours of " \ and space */
};

static const struct {
	int64_t v;
	const char *json;
} ints[] = {
	{ 0, "0" },
	{ 7, "7" },
	{ -1, "-1" },
	{ 1234567890, "1234567890" },
	{ INT64_MAX, "9223372036854775807" },
	{ INT64_MIN, "-9223372036854775808" },
};

static void
test_values(void)
{
	struct out o;

	for (size_t i = 0; i < COUNT(texts); i++) {
		out_init(&o, &scratch, 0);
		out_text(&o, texts[i].s);
		T_SAME(written(&o), texts[i].json, texts[i].s != NULL ? texts[i].s : "NULL");
	}
	for (size_t i = 0; i < COUNT(ints); i++) {
		out_init(&o, &scratch, 0);
		out_int(&o, ints[i].v);
		T_SAME(written(&o), ints[i].json, ints[i].json);
	}
	out_init(&o, &scratch, 0);
	out_moment(&o, "2024-01-15 10:00:00.12+00");
	out_moment(&o, NULL);
	T_SAME(written(&o), "\"2024-01-15T10:00:00.120Z\",null", "moment");
}

static void
test_commas(void)
{
	struct out o;

	out_init(&o, &scratch, 0);
	out_open(&o, '{');
	out_key(&o, "list");
	out_open(&o, '[');
	for (int i = 0; i < 2; i++) {
		out_open(&o, '{');
		out_key(&o, "id");
		out_int(&o, i);
		out_key(&o, "data");
		out_json(&o, "{\"a\":1}");
		out_key(&o, "none");
		out_json(&o, NULL);
		out_close(&o, '}');
	}
	out_open(&o, '[');
	out_close(&o, ']');
	out_bool(&o, true);
	out_bool(&o, false);
	out_text(&o, "x");
	out_moment(&o, "2024-01-15 10:00:00+00");
	out_close(&o, ']');
	out_key(&o, "more");
	out_open(&o, '{');
	out_close(&o, '}');
	out_key(&o, "end");
	out_text(&o, NULL);
	out_close(&o, '}');
	T_SAME(written(&o),
	    "{\"list\":[{\"id\":0,\"data\":{\"a\":1},\"none\":null},{\"id\":1,\"data\":{\"a\":1},"
	    "\"none\":null},[],true,false,\"x\",\"2024-01-15T10:00:00.000Z\"],\"more\":{},\"end\":null}",
	    "commas");
	out_init(&o, &scratch, 0);
	out_raw(&o, "", 0);
	out_raw(&o, "[1", 2);
	out_raw(&o, ",2]", 3);
	T_SAME(written(&o), "[1,2]", "raw");
}

/* Text at random, long and short, comes back the same from the reader. */
static void
test_round_trips(void)
{
	uint64_t seed = 2;
	char text[600];

	for (int i = 0; i < 3000; i++) {
		size_t n = t_random(&seed) % sizeof(text);
		/* mostly plain, sometimes dense with escapes */
		uint64_t dense = t_random(&seed) % 3 == 0 ? 2 : 40;
		struct out o;
		bool ok;

		for (size_t j = 0; j < n; j++)
			text[j] = (char)(t_random(&seed) % dense == 0 ? 1 + t_random(&seed) % 127
								      : 'a' + t_random(&seed) % 26);
		if (n > 0)
			text[n - 1] = '\0';
		out_init(&o, &scratch, t_random(&seed) % 700);
		out_open(&o, '[');
		out_text(&o, n > 0 ? text : "");
		out_close(&o, ']');
		SCOPED(json_object_put) json_object *v = json_read(o.s, o.n, &ok);
		T_OK(ok, "round %d: %.*s", i, (int)o.n, o.s);
		if (ok)
			T_SAME(json_object_get_string(json_object_array_get_idx(v, 0)),
			    n > 0 ? text : "", "round trip");
		arena_reset(&scratch);
	}
}

/* Every byte at every place of a word of eight. */
static void
test_every_byte(void)
{
	for (int c = 1; c < 256; c++)
		for (size_t at = 0; at < 10; at++) {
			char text[] = "..........";
			struct out o;
			bool plain = c >= 0x20 && c != '"' && c != '\\';

			text[at] = (char)c;
			out_init(&o, &scratch, 0);
			out_text(&o, text);
			T_OK((o.n == 12 && memcmp(o.s + 1, text, 10) == 0) == plain,
			    "byte %02x at %zu", c, at);
			arena_reset(&scratch);
		}
}

int
main(void)
{
	arena_init(&scratch, 1024 * 1024);
	test_values();
	test_commas();
	test_round_trips();
	test_every_byte();
	arena_free(&scratch);
	return T_DONE("json");
}
