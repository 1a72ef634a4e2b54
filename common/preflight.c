#include "preflight.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#define WEIGHTS_TOTAL 100
#define VARIATIONS    2

/* The array in text, or NULL.  The caller owns it. */
static json_object *
read_list(const char *text)
{
	SCOPED(json_object_put) json_object *v = NULL;
	bool ok;

	if (text != NULL)
		v = json_read(text, strlen(text), &ok);
	return json_object_is_type(v, json_type_array) ? TAKE(v) : NULL;
}

static size_t
count(json_object *list)
{
	return list != NULL ? json_object_array_length(list) : 0;
}

static struct preflight_check
check_any(struct arena *a, const char *name, const char *noun, const char *text)
{
	SCOPED(json_object_put) json_object *list = read_list(text);
	size_t n = count(list);

	if (n == 0)
		return (struct preflight_check){ name, false, arena_fmt(a, "No %s is set", noun) };
	return (struct preflight_check){ name, true,
		n == 1 ? arena_fmt(a, "1 %s is set", noun)
		       : arena_fmt(a, "%zu %ss are set", n, noun) };
}

/* The sum of the whole, non-negative weights. */
static uint64_t
total(json_object *variations)
{
	uint64_t sum = 0;
	json_object *weight;

	for (size_t i = 0; i < count(variations); i++)
		if (json_object_object_get_ex(json_object_array_get_idx(variations, i), "weight",
			&weight) &&
		    json_object_is_type(weight, json_type_int) && json_object_get_int64(weight) > 0)
			sum += (uint64_t)json_object_get_int64(weight);
	return sum;
}

static struct preflight_check
check_variations(struct arena *a, const char *text)
{
	SCOPED(json_object_put) json_object *list = read_list(text);
	struct preflight_check c = { "variations", false, NULL };
	size_t n = count(list);
	uint64_t sum = total(list);

	if (n < VARIATIONS)
		c.detail = arena_fmt(a, "%s set, at least %d are needed",
		    n == 0 ? "No variation is" : "1 variation is", VARIATIONS);
	else if (sum != WEIGHTS_TOTAL)
		c.detail = arena_fmt(a, "The variations' weights total %" PRIu64 ", not %d", sum,
		    WEIGHTS_TOTAL);
	else
		c.detail = arena_fmt(a, "%zu variations are set, their weights total %d", n,
		    WEIGHTS_TOTAL);
	c.passes = n >= VARIATIONS && sum == WEIGHTS_TOTAL;
	return c;
}

void
preflight_run(struct arena *a, const struct preflight_of *of, struct preflight *p)
{
	p->checks[0] = (struct preflight_check){ "snippet", of->snippet_seen,
		of->snippet_seen ? "The snippet has been seen" : "The snippet has not been seen" };
	p->checks[1] = check_any(a, "url_rules", "URL rule", of->url_rules);
	p->checks[2] = check_variations(a, of->variations);
	p->checks[3] = check_any(a, "metrics", "metric", of->metrics);
	p->passes = true;
	for (size_t i = 0; i < PREFLIGHT_CHECKS; i++)
		p->passes = p->passes && p->checks[i].passes;
}

static void
run_row(struct arena *a, const struct db_rows *rows, int row, struct preflight *p)
{
	struct preflight_of of = {
		.snippet_seen = rows_text(rows, row, "snippet_seen_at") != NULL,
		.url_rules = rows_text(rows, row, "url_rules"),
		.variations = rows_text(rows, row, "variations"),
		.metrics = rows_text(rows, row, "metrics"),
	};

	preflight_run(a, &of, p);
}

const char *
preflight_refusal(struct arena *a, const struct db_rows *rows, int row)
{
	struct preflight p;
	const char *said = NULL;

	run_row(a, rows, row, &p);
	for (size_t i = 0; i < PREFLIGHT_CHECKS; i++)
		if (!p.checks[i].passes)
			said = arena_fmt(a, "%s%s%c%s", said != NULL ? said : "",
			    said != NULL ? "; " : "", tolower(p.checks[i].detail[0]),
			    p.checks[i].detail + 1);
	return said;
}

void
preflight_json(struct out *o, const struct db_rows *rows, int row)
{
	struct preflight p;

	run_row(o->a, rows, row, &p);
	out_open(o, '{');
	out_key(o, "passes");
	out_bool(o, p.passes);
	out_key(o, "checks");
	out_open(o, '[');
	for (size_t i = 0; i < PREFLIGHT_CHECKS; i++) {
		out_open(o, '{');
		out_key(o, "name");
		out_text(o, p.checks[i].name);
		out_key(o, "passes");
		out_bool(o, p.checks[i].passes);
		out_key(o, "detail");
		out_text(o, p.checks[i].detail);
		out_close(o, '}');
	}
	out_close(o, ']');
	out_close(o, '}');
}
