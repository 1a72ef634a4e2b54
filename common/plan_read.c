/* plan: what a body may say. */
#include "moment.h"
#include "plan.h"
#include "text.h"

static int
refuse(struct req *rq, struct reply *rp, const struct plan *p, const char *what, const char *key)
{
	return http_fail(rq, rp, 400, "%s field: %s.%.*s", what, p->kind->end_key,
	    (int)text_prefix(key, FIELD_SHOWN_MAX), key);
}

static bool
read_at(struct req *rq, json_object *v, struct plan *p)
{
	char at[MOMENT_LEN + 1];
	const char *s;
	int64_t ms;

	if (!json_object_is_type(v, json_type_string))
		return false;
	s = json_object_get_string(v);
	if (!moment_parse(s, strlen(s), &ms))
		return false;
	moment_format(ms, at);
	p->end_at = arena_dup(rq->a, at);
	return true;
}

/* A member of the end: 0, or the status answered.  *days: it counts days. */
static int
read_member(struct req *rq, struct reply *rp, struct plan *p, const char *key, json_object *v,
    bool *days)
{
	if (strcmp(key, "at") == 0)
		return read_at(rq, v, p) ? 0 : refuse(rq, rp, p, "Invalid", key);
	if (strcmp(key, "days_after") == 0) {
		if (!json_object_is_type(v, json_type_int))
			return refuse(rq, rp, p, "Invalid", key);
		p->end_days = json_object_get_int64(v);
		*days = true;
		return 0;
	}
	if (strcmp(key, "time") == 0) {
		if (!json_object_is_type(v, json_type_string))
			return refuse(rq, rp, p, "Invalid", key);
		p->end_time = json_object_get_string(v);
		return 0;
	}
	return refuse(rq, rp, p, "Unknown", key);
}

static int
read_end(struct req *rq, struct reply *rp, struct plan *p)
{
	json_object *end = json_object_object_get(rq->body, p->kind->end_key);
	bool days = false;

	p->end_at = NULL; /* field_read() left the object's text here */
	if (end == NULL)
		return 0;
	json_object_object_foreach(end, key, v)
	{
		if (read_member(rq, rp, p, key, v, &days) != 0)
			return rp->status;
	}
	if (p->end_at != NULL && (days || p->end_time != NULL))
		return http_fail(rq, rp, 400, "Invalid field: %s", p->kind->end_key);
	if (p->end_at == NULL && !days)
		return refuse(rq, rp, p, "Missing", p->end_time == NULL ? "at" : "days_after");
	if (p->end_at == NULL && p->end_time == NULL)
		return refuse(rq, rp, p, "Missing", "time");
	return 0;
}

int
plan_read(struct req *rq, struct reply *rp, struct plan *p)
{
	enum zone_status st;

	if (field_read(rq, rp, p->kind->fields, p) != 0 || read_end(rq, rp, p) != 0)
		return rp->status;
	st = zone_load(rq->a, p->zone_name, &p->zone);
	if (st == ZONE_BROKEN) {
		http_fail(rq, rp, 503, "The time zones are not available");
		rp->retry_after = "60";
		return rp->status;
	}
	return 0;
}
