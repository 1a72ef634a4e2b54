/* experiments: made and edited. */
#include "cgi/experiments/experiments.h"

#include "field.h"
#include "lifecycle.h"
#include "queries.h"
#include "version.h"

#define NAME_CHARS       200 /* of experiments, variations and metrics */
#define HYPOTHESIS_CHARS 4000
#define URL_RULES_MAX    50
#define URL_RULE_CHARS   2000
#define VARIATIONS_MAX   20
#define METRICS_MAX      50
#define WEIGHT_MAX       100

struct experiment_change {
	struct change c;
	const char *name, *hypothesis, *url_rules, *variations, *metrics;
	const char *version; /* that the caller has seen, or NULL */
	const char *changed; /* the version afterwards */
};

/* ---- lists ---- */

static bool
are_texts(json_object *list, size_t max)
{
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (!field_is_text(json_object_array_get_idx(list, i), 1, max))
			return false;
	return true;
}

static bool
are_url_rules(json_object *list)
{
	return are_texts(list, URL_RULE_CHARS);
}

static bool
are_metrics(json_object *list)
{
	return are_texts(list, NAME_CHARS);
}

/* A variation's name, or NULL: it has two members, a name and a weight. */
static const char *
variation_name(json_object *v)
{
	json_object *name, *weight;

	if (!json_object_is_type(v, json_type_object) || json_object_object_length(v) != 2 ||
	    !json_object_object_get_ex(v, "name", &name) || !field_is_text(name, 1, NAME_CHARS) ||
	    !json_object_object_get_ex(v, "weight", &weight) ||
	    !json_object_is_type(weight, json_type_int) || json_object_get_int64(weight) < 0 ||
	    json_object_get_int64(weight) > WEIGHT_MAX)
		return NULL;
	return json_object_get_string(name);
}

/* No two have the same name.  The list is no longer than VARIATIONS_MAX. */
static bool
are_variations(json_object *list)
{
	const char *names[VARIATIONS_MAX];

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		names[i] = variation_name(json_object_array_get_idx(list, i));
		if (names[i] == NULL)
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(names[k], names[i]) == 0)
				return false;
	}
	return true;
}

/* ---- POST /v1/projects/{project}/experiments ---- */

/* Everything but the name, which only a new one must have. */
#define DETAIL_FIELDS \
	TEXT(struct experiment_change, hypothesis, NULLABLE, 0, HYPOTHESIS_CHARS), \
	    LIST(struct experiment_change, url_rules, OPTIONAL, URL_RULES_MAX, are_url_rules), \
	    LIST(struct experiment_change, variations, OPTIONAL, VARIATIONS_MAX, are_variations), \
	    LIST(struct experiment_change, metrics, OPTIONAL, METRICS_MAX, are_metrics)

static const struct field add_fields[] = {
	TEXT(struct experiment_change, name, REQUIRED, 1, NAME_CHARS),
	DETAIL_FIELDS,
	{ 0 },
};

/* The end of both bodies. */
static enum db_status
keep(struct db_tx *tx, struct experiment_change *w, const struct db_rows *made, const char *action)
{
	struct change *c = &w->c;
	struct arena *a = c->rq->a;

	c->after = row_object(a, made, 0, experiment_json);
	w->changed = arena_dup(a, rows_text(made, 0, "version"));
	return change_audit(tx, c, action, "experiment", rows_text(made, 0, "id"));
}

static enum db_status
add_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *made = NULL;
	struct experiment_change *w = ctx;
	struct change *c = &w->c;
	enum db_status st;

	if ((st = change_enter(tx, c, &q_experiments_enter, RIGHT_EDIT, NULL)) != DB_OK)
		return st;
	st = db_exec(tx, &q_experiment_add,
	    DB_ARGS(c->id, c->rq->user, w->name, w->hypothesis, w->url_rules, w->variations,
		w->metrics),
	    &made);
	return st == DB_OK ? keep(tx, w, made, "experiment.created") : st;
}

static int
reply(struct req *rq, struct reply *rp, enum db_status st, struct experiment_change *w, int status)
{
	if (change_reply(rq, rp, st, &w->c, status, "experiment") == status)
		rp->etag = version_etag(rq->a, w->changed);
	return rp->status;
}

int
add_experiment(struct req *rq, struct reply *rp)
{
	struct experiment_change w = { 0 };

	if (field_read(rq, rp, add_fields, &w) != 0 || change_begin(&w.c, rq, rp, "Project") != 0)
		return rp->status;
	return reply(rq, rp, db_tx(rq->db, add_body, &w), &w, 201);
}

/* ---- PATCH /v1/experiments/{id} ---- */

static const struct field change_fields[] = {
	TEXT(struct experiment_change, name, OPTIONAL, 1, NAME_CHARS),
	DETAIL_FIELDS,
	INT(struct experiment_change, version, NULLABLE),
	{ 0 },
};

static enum db_status
change_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *old = NULL, *new = NULL;
	struct experiment_change *w = ctx;
	struct change *c = &w->c;
	struct req *rq = c->rq;
	enum lifecycle_edit may;
	enum db_status st;

	if ((st = change_open(tx, c, &q_experiment_enter, &q_experiment_show, RIGHT_EDIT, &old)) !=
		DB_OK ||
	    (st = change_version(c, old, w->version)) != DB_OK)
		return st;
	may = lifecycle_edit(rows_text(old, 0, "status"));
	if (may == EDIT_NOTHING)
		return change_refuse(c, 422,
		    arena_fmt(rq->a, "An experiment that is %s cannot be edited",
			rows_text(old, 0, "status")));
	c->before = row_object(rq->a, old, 0, experiment_json);
	st = db_exec(tx, &q_experiment_change,
	    DB_ARGS(c->id, rq->user, w->name, w->hypothesis,
		field_null(rq, "hypothesis") ? "true" : "false", w->url_rules, w->variations,
		w->metrics, may == EDIT_WORDS ? "true" : "false"),
	    &new);
	if (st == DB_NONE)
		return change_refuse(c, 422,
		    arena_fmt(rq->a,
			"url_rules, variations and metrics of an experiment that is %s stay as they are",
			rows_text(old, 0, "status")));
	return st == DB_OK ? keep(tx, w, new, "experiment.updated") : st;
}

int
change_experiment(struct req *rq, struct reply *rp)
{
	struct experiment_change w = { 0 };

	if (field_read(rq, rp, change_fields, &w) != 0 ||
	    change_begin(&w.c, rq, rp, "Experiment") != 0)
		return rp->status;
	return reply(rq, rp, db_tx(rq->db, change_body, &w), &w, 200);
}
