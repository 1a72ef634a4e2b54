/* edit - flags are made, edited, archived and deleted. */
#include <string.h>

#include "cgi/flags/flags.h"
#include "plan.h"
#include "queries.h"
#include "version.h"

#define KEY_CHARS     100
#define NAME_CHARS    200
#define FLAG_BYTES    (16 * 1024)  /* of one flag's variations */
#define PROJECT_BYTES (512 * 1024) /* of all of a project's: they are served together */
#define PROJECT_FLAGS 1000

static const char *const kinds[] = { "boolean", "string", "number", "json", NULL };

static const char on_off[] =
    "[{\"name\":\"on\",\"value\":true},{\"name\":\"off\",\"value\":false}]";

bool
flag_key_ok(const char *key)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t n = strlen(key);

	/* A path with . or .. as a segment never arrives. */
	return n >= 1 && n <= KEY_CHARS && strspn(key, allowed) == n && strcmp(key, ".") != 0 &&
	    strcmp(key, "..") != 0;
}

/* ---- what every change shares ---- */

/* Its row is locked, and in now as it is then; c->before is the object.  DB_NONE: refused. */
static enum db_status
enter(struct db_tx *tx, struct flag_change *w, enum right right, struct db_rows **now)
{
	struct change *c = &w->c;
	enum db_status st = change_open(tx, c, &q_flag_enter, &q_flag_show, right, now);

	if (st != DB_OK)
		return st;
	c->before = row_object(c->rq->a, *now, 0, flag_json);
	return DB_OK;
}

enum db_status
flag_after(struct db_tx *tx, struct flag_change *w, const char *id)
{
	SCOPED(rows_free) struct db_rows *now = NULL;
	struct req *rq = w->c.rq;
	enum db_status st = db_exec(tx, &q_flag_show, DB_ARGS(id, rq->user), &now);

	if (st != DB_OK)
		return st;
	w->c.after = row_object(rq->a, now, 0, flag_json);
	w->etag = version_etag(rq->a, rows_text(now, 0, "version"));
	return DB_OK;
}

static int
reply(struct req *rq, struct reply *rp, enum db_status st, struct flag_change *w, int status)
{
	if (change_reply(rq, rp, st, &w->c, status, "flag") == status)
		rp->etag = w->etag;
	return rp->status;
}

static bool
is_archived(const struct db_rows *now)
{
	return strcmp(rows_text(now, 0, "status"), "ARCHIVED") == 0;
}

/* Where w is silent, a flag keeps what it has. */
static const char *
merged(const char *new, const struct db_rows *now, const char *column)
{
	return new != NULL || now == NULL ? new : rows_text(now, 0, column);
}

/*
 * DB_OK, or refused: the flag as it would be breaks a rule.  now is its row, or NULL for a
 * new one, to which w is complete.
 */
static enum db_status
check_rules(struct db_tx *tx, struct flag_change *w, const struct db_rows *now)
{
	SCOPED(rows_free) struct db_rows *room = NULL;
	struct change *c = &w->c;
	json_object *list = json_object_object_get(c->rq->body, "variations");
	const char *why;
	enum db_status st;

	if (list != NULL &&
	    (why = variations_rule(c->rq->a, merged(w->kind, now, "kind"), list)) != NULL)
		return change_refuse(c, 422, why);
	st = db_exec(tx, &q_flag_room,
	    DB_ARGS(now != NULL ? rows_text(now, 0, "project_id") : c->id, c->rq->user,
		now != NULL ? c->id : NULL, merged(w->variations, now, "variations"),
		merged(w->default_on, now, "default_on"),
		merged(w->default_off, now, "default_off")),
	    &room);
	if (st != DB_OK)
		return st;
	if (!rows_bool(room, 0, "names_on"))
		return change_refuse(c, 422, "default_on must name a variation");
	if (!rows_bool(room, 0, "names_off"))
		return change_refuse(c, 422, "default_off must name a variation");
	if (rows_int(room, 0, "wanted") > FLAG_BYTES)
		return change_refuse(c, 422, "variations may take at most 16 KiB");
	if (rows_int(room, 0, "taken") + rows_int(room, 0, "wanted") > PROJECT_BYTES)
		return change_refuse(c, 422, "variations of a project may take at most 512 KiB");
	if (rows_int(room, 0, "flags") >= PROJECT_FLAGS)
		return change_refuse(c, 422, "A project may have at most 1000 flags");
	return DB_OK;
}

/* ---- POST /v1/projects/{project}/flags ---- */

static const struct field add_fields[] = {
	TEXT(struct flag_change, key, REQUIRED, 1, KEY_CHARS),
	TEXT(struct flag_change, name, REQUIRED, 1, NAME_CHARS),
	WORD(struct flag_change, kind, REQUIRED, kinds),
	LIST(struct flag_change, variations, OPTIONAL, SIZE_MAX, variations_ok),
	TEXT(struct flag_change, default_on, OPTIONAL, 1, VARIATION_NAME_CHARS),
	TEXT(struct flag_change, default_off, OPTIONAL, 1, VARIATION_NAME_CHARS),
	{ 0 },
};

/* 0 with every member of w set, or the status already answered. */
static int
complete(struct req *rq, struct reply *rp, struct flag_change *w)
{
	json_object *list = json_object_object_get(rq->body, "variations");

	if (!flag_key_ok(w->key))
		return http_fail(rq, rp, 400, "Invalid field: key");
	if (list == NULL && strcmp(w->kind, "boolean") != 0)
		return http_fail(rq, rp, 400, "Missing field: variations");
	if (list == NULL)
		w->variations = on_off;
	if (w->default_on == NULL)
		w->default_on = list != NULL ? variations_default(w->kind, list, true) : "on";
	if (w->default_off == NULL)
		w->default_off = list != NULL ? variations_default(w->kind, list, false) : "off";
	return 0;
}

static enum db_status
add_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *made = NULL;
	struct flag_change *w = ctx;
	struct change *c = &w->c;
	const char *id;
	enum db_status st;

	if ((st = change_enter(tx, c, &q_flags_enter, RIGHT_EDIT, NULL)) != DB_OK ||
	    (st = check_rules(tx, w, NULL)) != DB_OK)
		return st;
	st = db_exec(tx, &q_flag_add,
	    DB_ARGS(c->id, c->rq->user, w->key, w->name, w->kind, w->variations, w->default_on,
		w->default_off),
	    &made);
	if (st == DB_NONE)
		return change_refuse(c, 409, "The project has a flag with this key");
	if (st != DB_OK)
		return st;
	id = rows_text(made, 0, "id");
	if ((st = flag_after(tx, w, id)) != DB_OK)
		return st;
	return change_audit(tx, c, "flag.created", "flag", id);
}

int
add_flag(struct req *rq, struct reply *rp)
{
	struct flag_change w = { 0 };

	if (field_read(rq, rp, add_fields, &w) != 0 || complete(rq, rp, &w) != 0 ||
	    change_begin(&w.c, rq, rp, "Project") != 0)
		return rp->status;
	return reply(rq, rp, db_tx(rq->db, add_body, &w), &w, 201);
}

/* ---- PATCH /v1/flags/{id} ---- */

static const struct field change_fields[] = {
	TEXT(struct flag_change, name, OPTIONAL, 1, NAME_CHARS),
	LIST(struct flag_change, variations, OPTIONAL, SIZE_MAX, variations_ok),
	TEXT(struct flag_change, default_on, OPTIONAL, 1, VARIATION_NAME_CHARS),
	TEXT(struct flag_change, default_off, OPTIONAL, 1, VARIATION_NAME_CHARS),
	INT(struct flag_change, version, NULLABLE),
	{ 0 },
};

static enum db_status
change_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *now = NULL;
	struct flag_change *w = ctx;
	struct change *c = &w->c;
	enum db_status st;

	if ((st = enter(tx, w, RIGHT_EDIT, &now)) != DB_OK ||
	    (st = change_version(c, now, w->version)) != DB_OK)
		return st;
	if (is_archived(now))
		return change_refuse(c, 422, "The flag is archived");
	if ((st = check_rules(tx, w, now)) != DB_OK)
		return st;
	st = db_exec(tx, &q_flag_change,
	    DB_ARGS(c->id, c->rq->user, w->name, w->variations, w->default_on, w->default_off),
	    NULL);
	if ((st != DB_OK && st != DB_NONE) || (st = flag_after(tx, w, c->id)) != DB_OK)
		return st;
	return change_audit(tx, c, "flag.updated", "flag", c->id);
}

int
change_flag(struct req *rq, struct reply *rp)
{
	struct flag_change w = { 0 };

	if (field_read(rq, rp, change_fields, &w) != 0 || change_begin(&w.c, rq, rp, "Flag") != 0)
		return rp->status;
	return reply(rq, rp, db_tx(rq->db, change_body, &w), &w, 200);
}

/*
 * ---- POST /v1/flags/{id}/archive ----
 *
 * What is scheduled outlives this, and a deletion: cron finds the resource unavailable when its
 * moment comes, and tells the scheduler.
 */

const struct field flag_version_fields[] = {
	INT(struct flag_change, version, NULLABLE),
	{ 0 },
};

static enum db_status
archive_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *now = NULL;
	struct flag_change *w = ctx;
	struct change *c = &w->c;
	enum db_status st;

	if ((st = enter(tx, w, RIGHT_PUBLISH, &now)) != DB_OK ||
	    (st = change_version(c, now, w->version)) != DB_OK)
		return st;
	if (!is_archived(now)) {
		st = db_exec(tx, &q_flag_archive, DB_ARGS(c->id, c->rq->user), NULL);
		if (st != DB_OK)
			return st;
	}
	if ((st = flag_after(tx, w, c->id)) != DB_OK)
		return st;
	return change_audit(tx, c, "flag.archived", "flag", c->id);
}

int
archive_flag(struct req *rq, struct reply *rp)
{
	struct flag_change w = { 0 };

	if (field_read(rq, rp, flag_version_fields, &w) != 0 ||
	    change_begin(&w.c, rq, rp, "Flag") != 0)
		return rp->status;
	return reply(rq, rp, db_tx(rq->db, archive_body, &w), &w, 200);
}

/* ---- DELETE /v1/flags/{id} ---- */

static enum db_status
remove_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *now = NULL;
	struct flag_change *w = ctx;
	struct change *c = &w->c;
	enum db_status st;

	if ((st = enter(tx, w, RIGHT_PUBLISH, &now)) != DB_OK ||
	    (st = change_version(c, now, w->version)) != DB_OK ||
	    (st = db_exec(tx, &q_flag_remove, DB_ARGS(c->id, c->rq->user), NULL)) != DB_OK)
		return st;
	return change_audit(tx, c, "flag.deleted", "flag", c->id);
}

int
remove_flag(struct req *rq, struct reply *rp)
{
	struct flag_change w = { 0 };

	if (field_read(rq, rp, flag_version_fields, &w) != 0 ||
	    change_begin(&w.c, rq, rp, "Flag") != 0)
		return rp->status;
	return change_gone(rq, rp, db_tx(rq->db, remove_body, &w), &w.c, w.c.id);
}
