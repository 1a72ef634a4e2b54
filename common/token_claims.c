#include "token_claims.h"

#include "json.h"

#define SECONDS_DIGITS 15 /* of a time, at most; what has more is read by json-c */

/* ---- base64url ---- */

#define LETTERS        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* 1 + the value of a letter, 0 of what is none. */
static unsigned
value_of(unsigned char letter)
{
	static unsigned char values[256];

	if (values['A'] == 0)
		for (unsigned char i = 0; LETTERS[i] != '\0'; i++)
			values[(unsigned char)LETTERS[i]] = i + 1;
	return values[letter];
}

/* Canonical: no padding, and no bits set beyond the last byte (RFC 4648 3.5). */
int
claims_decode(const char *s, size_t n, unsigned char *out, size_t max)
{
	unsigned bits = 0;
	int have = 0;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned value = value_of((unsigned char)s[i]);

		if (value == 0)
			return -1;
		bits = bits << 6 | (value - 1);
		if ((have += 6) < 8)
			continue;
		have -= 8;
		if (len == max)
			return -1;
		out[len++] = (unsigned char)(bits >> have);
	}
	return have == 6 || (bits & ((1U << have) - 1)) != 0 ? -1 : (int)len;
}

/* ---- as token_make writes them ---- */

struct reading {
	const char *s, *end; /* what is left */
};

static bool
read_word(struct reading *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->s) < n || memcmp(r->s, word, n) != 0)
		return false;
	r->s += n;
	return true;
}

static bool
read_uuid(struct reading *r, char out[UUID_LEN + 1])
{
	if (r->end - r->s < UUID_LEN || !text_uuid(r->s, UUID_LEN, out))
		return false;
	r->s += UUID_LEN;
	return true;
}

static bool
read_seconds(struct reading *r, int64_t *out)
{
	const char *from = r->s;
	int64_t v = 0;

	while (r->s < r->end && *r->s >= '0' && *r->s <= '9' && r->s - from < SECONDS_DIGITS)
		v = v * 10 + (*r->s++ - '0');
	*out = v;
	return r->s > from && (*from != '0' || r->s == from + 1);
}

/* ASCII without an escape, up to the quotation mark behind it. */
static bool
read_plain(struct reading *r, const char **out, size_t *n)
{
	*out = r->s;
	while (r->s < r->end && *r->s >= ' ' && *r->s <= '~' && *r->s != '"' && *r->s != '\\')
		r->s++;
	*n = (size_t)(r->s - *out);
	return r->s < r->end && *r->s == '"';
}

static bool
read_ours(struct arena *a, const char *json, size_t n, struct token *out)
{
	struct reading r = { json, json + n };
	const char *email;
	size_t len;

	if (!read_word(&r, "{\"sub\":\"") || !read_uuid(&r, out->user) ||
	    !read_word(&r, "\",\"email\":\"") || !read_plain(&r, &email, &len) ||
	    !read_word(&r, "\",\"iat\":") || !read_seconds(&r, &out->issued) ||
	    !read_word(&r, ",\"exp\":") || !read_seconds(&r, &out->expires) ||
	    !read_word(&r, ",\"jti\":\"") || !read_uuid(&r, out->session) ||
	    !read_word(&r, "\"}") || r.s != r.end)
		return false;
	out->email = arena_ndup(a, email, len);
	return true;
}

/* ---- any others ---- */

static const char *
claim_text(json_object *claims, const char *name)
{
	json_object *v;

	if (!json_object_object_get_ex(claims, name, &v) ||
	    !json_object_is_type(v, json_type_string))
		return NULL;
	return json_object_get_string(v);
}

static bool
claim_uuid(json_object *claims, const char *name, char out[UUID_LEN + 1])
{
	const char *s = claim_text(claims, name);

	return s != NULL && text_uuid(s, strlen(s), out);
}

static bool
claim_int(json_object *claims, const char *name, int64_t *out)
{
	json_object *v;

	if (!json_object_object_get_ex(claims, name, &v) || !json_object_is_type(v, json_type_int))
		return false;
	*out = json_object_get_int64(v);
	return true;
}

static bool
read_any(struct arena *a, const char *json, size_t n, struct token *out)
{
	SCOPED(json_object_put) json_object *claims = NULL;
	const char *email;
	bool ok;

	claims = json_read(json, n, &ok);
	if (!ok || !json_object_is_type(claims, json_type_object) ||
	    !claim_uuid(claims, "sub", out->user) || !claim_uuid(claims, "jti", out->session) ||
	    !claim_int(claims, "iat", &out->issued) || !claim_int(claims, "exp", &out->expires) ||
	    (email = claim_text(claims, "email")) == NULL)
		return false;
	out->email = arena_dup(a, email);
	return true;
}

bool
claims_read(struct arena *a, const char *json, size_t n, struct token *out)
{
	return read_ours(a, json, n, out) || read_any(a, json, n, out);
}
