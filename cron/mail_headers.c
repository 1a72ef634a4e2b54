#include <string.h>

#include "json.h"
#include "mail.h"

#define VALUE_MAX 900 /* a line of a message has at most 998 bytes */

/* What a payload may add to its message, in this order. */
static const char *const allowed[] = { "In-Reply-To", "References", "List-Unsubscribe",
	"List-Unsubscribe-Post" };

/* What is sent when the payload says nothing. */
static const struct mail_header automatic = { "Auto-Submitted", "auto-generated" };

static bool
is_value(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return false;
	return n > 0 && n <= VALUE_MAX;
}

static const char *
value_of(struct arena *a, json_object *o, const char *name)
{
	json_object *v;
	const char *s;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, name, &v) ||
	    !json_object_is_type(v, json_type_string))
		return NULL;
	s = json_object_get_string(v);
	return is_value(s) ? arena_dup(a, s) : NULL;
}

void
mail_headers_read(struct arena *a, const char *json, struct letter *l)
{
	SCOPED(json_object_put) json_object *o = NULL;
	struct mail_header *h = l->headers;
	bool ok;

	if (json != NULL)
		o = json_read(json, strlen(json), &ok);
	for (size_t i = 0; i < COUNT(allowed); i++)
		if ((h->value = value_of(a, o, allowed[i])) != NULL)
			h++->name = allowed[i];
	h->name = automatic.name;
	if ((h->value = value_of(a, o, automatic.name)) == NULL)
		h->value = automatic.value;
	l->nheaders = (size_t)(h - l->headers) + 1;
}
