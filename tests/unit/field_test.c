/* common/field: each type's right and wrong values; unknown, missing and null keys. */
#include "t.h"
#include "t_thing.h"

#define ID "01234567-89ab-cdef-0123-456789abcdef"

static struct arena scratch;

static const struct {
	const struct field *fields;
	const char *body, *error; /* NULL: it reads */
} cases[] = {
	{ optional, NULL, NULL },
	{ optional, "{}", NULL },
	{ required, NULL, "Missing field: title" },
	{ required, "{}", "Missing field: title" },
	{ required, "{\"title\":\"\"}", "Missing field: kind" },
	{ required, "{\"kind\":\"agent\",\"title\":\"\"}", NULL },
	{ required, "{\"kind\":\"agent\",\"title\":null}", "Invalid field: title" },
	{ required, "{\"kind\":\"agent\",\"title\":\"\",\"read\":null}", NULL },
	/* keys */
	{ optional, "{\"x\":1}", "Unknown field: x" },
	{ optional, "{\"title\":\"a\",\"x\":1}", "Unknown field: x" },
	{ optional, "{\"\":1}", "Unknown field: " },
	{ optional, "{\"Title\":\"a\"}", "Unknown field: Title" },
	{ optional, "{\"title \":\"a\"}", "Unknown field: title " },
	{ optional, "{\"x\\\"y\\n\":1}", "Unknown field: x\"y\n" },
	{ optional, "{\"123456789012345678901234567890123456789012345678901234567890\":1}",
	    "Unknown field: 12345678901234567890123456789012345678901234567890" },
	/* text: characters, not bytes */
	{ optional, "{\"title\":\"a\"}", NULL },
	{ optional, "{\"title\":\"12345\"}", NULL },
	{ optional,
	    "{\"title\":\"\xf0\x9f\x94\x94\xf0\x9f\x94\x94\xf0\x9f\x94\x94\xf0\x9f\x94\x94\xc3\xa4\"}",
	    NULL },
	{ optional, "{\"title\":\"123456\"}", "Invalid field: title" },
	{ optional, "{\"title\":\"\"}", "Invalid field: title" },
	{ optional, "{\"title\":null}", "Invalid field: title" },
	{ optional, "{\"title\":7}", "Invalid field: title" },
	{ optional, "{\"title\":true}", "Invalid field: title" },
	{ optional, "{\"title\":[\"a\"]}", "Invalid field: title" },
	{ optional, "{\"title\":{\"a\":\"a\"}}", "Invalid field: title" },
	{ optional, "{\"note\":null}", NULL },
	{ optional, "{\"note\":\"\"}", NULL },
	{ optional, "{\"note\":false}", "Invalid field: note" },
	/* bool */
	{ optional, "{\"read\":true}", NULL },
	{ optional, "{\"read\":false}", NULL },
	{ optional, "{\"read\":\"true\"}", "Invalid field: read" },
	{ optional, "{\"read\":1}", "Invalid field: read" },
	{ optional, "{\"read\":0}", "Invalid field: read" },
	{ optional, "{\"read\":null}", "Invalid field: read" },
	{ optional, "{\"read\":{}}", "Invalid field: read" },
	/* the others */
	{ optional, "{\"id\":\"" ID "\"}", NULL },
	{ optional, "{\"id\":\"x\"}", "Invalid field: id" },
	{ optional, "{\"id\":\"\"}", "Invalid field: id" },
	{ optional, "{\"id\":5}", "Invalid field: id" },
	{ optional, "{\"email\":\"a@b.c\"}", NULL },
	{ optional, "{\"email\":\"a\"}", "Invalid field: email" },
	{ optional, "{\"email\":\"a@b.c\\r\\nBcc: d@e.f\"}", "Invalid field: email" },
	{ optional, "{\"email\":[]}", "Invalid field: email" },
	{ optional, "{\"at\":\"2024-01-15T10:00:00Z\"}", NULL },
	{ optional, "{\"at\":null}", NULL },
	{ optional, "{\"at\":\"2024-01-15T10:00:00\"}", "Invalid field: at" },
	{ optional, "{\"at\":\"2024-02-30T10:00:00Z\"}", "Invalid field: at" },
	{ optional, "{\"at\":1705312800}", "Invalid field: at" },
	{ optional, "{\"kind\":\"client\"}", NULL },
	{ optional, "{\"kind\":\"Client\"}", "Invalid field: kind" },
	{ optional, "{\"kind\":\"\"}", "Invalid field: kind" },
	{ optional, "{\"kind\":null}", "Invalid field: kind" },
	{ optional, "{\"kind\":0}", "Invalid field: kind" },
	{ optional, "{\"data\":{}}", NULL },
	{ optional, "{\"data\":null}", NULL },
	{ optional, "{\"data\":{\"a\":\"1234567890123\"}}", "Invalid field: data" },
	{ optional, "{\"data\":{ \"a\" : \"123456789012\" }}", NULL },
	{ optional, "{\"data\":[]}", "Invalid field: data" },
	{ optional, "{\"data\":\"{}\"}", "Invalid field: data" },
	{ optional, "{\"data\":7}", "Invalid field: data" },
	/* lists */
	{ optional, "{\"list\":[]}", NULL },
	{ optional, "{\"list\":[\"a\",\"b\",\"a\"]}", NULL },
	{ optional, "{\"list\":[\"a\",\"b\",\"c\",\"d\"]}", "Invalid field: list" },
	{ optional, "{\"list\":[\"\xc3\xa4\xc3\xa4\xc3\xa4\"]}", NULL },
	{ optional, "{\"list\":[\"1234\"]}", "Invalid field: list" },
	{ optional, "{\"list\":[\"\"]}", "Invalid field: list" },
	{ optional, "{\"list\":[\"a\",null]}", "Invalid field: list" },
	{ optional, "{\"list\":[\"a\",1]}", "Invalid field: list" },
	{ optional, "{\"list\":[[\"a\"]]}", "Invalid field: list" },
	{ optional, "{\"list\":{}}", "Invalid field: list" },
	{ optional, "{\"list\":\"a\"}", "Invalid field: list" },
	{ optional, "{\"list\":\"[]\"}", "Invalid field: list" },
	{ optional, "{\"list\":null}", "Invalid field: list" },
	{ optional, "{\"list\":3}", "Invalid field: list" },
	/* whole numbers */
	{ optional, "{\"version\":0}", NULL },
	{ optional, "{\"version\":-1}", NULL },
	{ optional, "{\"version\":9223372036854775807}", NULL },
	{ optional, "{\"version\":null}", NULL },
	{ optional, "{\"version\":1.0}", "Invalid field: version" },
	{ optional, "{\"version\":1e2}", "Invalid field: version" },
	{ optional, "{\"version\":\"1\"}", "Invalid field: version" },
	{ optional, "{\"version\":true}", "Invalid field: version" },
	{ optional, "{\"version\":[]}", "Invalid field: version" },
	{ optional, "{\"note\":[]}", "Invalid field: note" },
	{ optional, "{\"note\":5}", "Invalid field: note" },
};

/* Read body; rp gets the answer. */
static int
read_into(const struct field *fields, const char *body, struct thing *th, struct reply *rp)
{
	static json_object *last; /* lives until the next call, as strings of th point into it */
	struct req rq = { .a = &scratch };
	bool ok = true;

	json_object_put(last);
	last = body != NULL ? json_read(body, strlen(body), &ok) : NULL;
	T_OK(ok, "%s is no JSON", body);
	rq.body = last;
	*rp = (struct reply){ .status = 0 };
	return field_read(&rq, rp, fields, th);
}

static void
test_cases(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *what = cases[i].body != NULL ? cases[i].body : "no body";
		struct thing th = { .title = NULL };
		struct reply rp;
		int status = read_into(cases[i].fields, cases[i].body, &th, &rp);
		bool ok;

		T_OK(status == (cases[i].error != NULL ? 400 : 0) && rp.status == status, "%s: %d",
		    what, status);
		if (status == 0 || cases[i].error == NULL)
			continue;
		SCOPED(json_object_put) json_object *v = json_read(rp.body.s, rp.body.n, &ok);
		T_SAME(json_object_get_string(json_object_object_get(v, "error")), cases[i].error,
		    what);
	}
}

static void
test_values(void)
{
	struct thing th = { .note = "kept" };
	struct reply rp;

	T_OK(
	    read_into(optional,
		"{\"title\":\"\\u00e4\",\"read\":false,\"id\":\"01234567-89AB-CDEF-0123-456789ABCDEF\","
		"\"email\":\"A@B.C\",\"at\":\"2024-01-15T10:00:00.1234+01:00\",\"kind\":\"client\","
		"\"data\":{ \"a\" : [1.50, \"/\"]},\"list\":[ \"/\" , \"b\" ],\"version\":-0}",
		&th, &rp) == 0,
	    "all");
	T_SAME(th.title, "\xc3\xa4", "title");
	T_SAME(th.note, "kept", "note");
	T_OK(th.read == NO, "read");
	T_SAME(th.id, ID, "id");
	T_SAME(th.email, "a@b.c", "email");
	T_SAME(th.at, "2024-01-15T09:00:00.123Z", "at");
	T_OK(th.kind == kinds[1], "kind is the table's own");
	T_SAME(th.data, "{\"a\":[1.50,\"/\"]}", "data");
	T_SAME(th.list, "[\"/\",\"b\"]", "list");
	T_SAME(th.version, "0", "version");
	th = (struct thing){ .note = "kept" };
	T_OK(read_into(optional, "{\"note\":null,\"read\":true}", &th, &rp) == 0, "null");
	T_SAME(th.note, "kept", "null counts as absent");
	T_OK(th.read == YES && th.title == NULL && th.data == NULL, "the others");
}

static void
test_null(void)
{
	bool ok;
	SCOPED(json_object_put) json_object *v = json_read("{\"a\":null,\"b\":0}", 16, &ok);
	struct req rq = { .a = &scratch, .body = v };

	T_OK(field_null(&rq, "a"), "null");
	T_OK(!field_null(&rq, "b"), "a value");
	T_OK(!field_null(&rq, "c"), "absent");
	rq.body = NULL;
	T_OK(!field_null(&rq, "a"), "no body");
}

int
main(void)
{
	arena_init(&scratch, 1024 * 1024);
	test_cases();
	test_values();
	test_null();
	T_SAME(field_flag(ABSENT), NULL, "absent");
	T_SAME(field_flag(YES), "true", "yes");
	T_SAME(field_flag(NO), "false", "no");
	arena_free(&scratch);
	return T_DONE("field");
}
