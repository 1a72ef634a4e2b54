#include "array.h"

#include <string.h>

void
array_init(struct array *x, struct arena *a, size_t expect)
{
	out_init(&x->o, a, expect);
	x->n = 0;
}

/* All are quoted: which words need it depends on the type. */
void
array_add(struct array *x, const char *s)
{
	struct out *o = &x->o;

	out_raw(o, x->n++ == 0 ? "{" : ",", 1);
	if (s == NULL) {
		out_raw(o, "NULL", 4);
		return;
	}
	out_raw(o, "\"", 1);
	while (*s != '\0') {
		size_t plain = strcspn(s, "\"\\");

		out_raw(o, s, plain);
		s += plain;
		if (*s == '\0')
			break;
		out_raw(o, "\\", 1);
		out_raw(o, s++, 1);
	}
	out_raw(o, "\"", 1);
}

const char *
array_text(struct array *x)
{
	out_raw(&x->o, x->n == 0 ? "{}" : "}", x->n == 0 ? 3 : 2); /* with the NUL */
	return x->o.s;
}
