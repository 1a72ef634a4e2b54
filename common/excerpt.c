#include "excerpt.h"

#include <string.h>

#include "text.h"

const char *
excerpt_fold(struct arena *a, const char *s)
{
	const char *line = text_one_line(a, s != NULL ? s : "");
	char *out = arena_alloc(a, strlen(line) + 1);
	size_t n = 0;

	for (; *line != '\0'; line++)
		if (*line != ' ' || (n > 0 && out[n - 1] != ' '))
			out[n++] = *line;
	if (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return out;
}

const char *
excerpt_cut(struct arena *a, const char *s, size_t max)
{
	return arena_ndup(a, s, text_prefix(s, max));
}

const char *
excerpt_said(struct arena *a, const char *name, const char *email, const char *text, size_t max)
{
	const char *who = excerpt_fold(a, name);

	if (who[0] == '\0')
		who = excerpt_fold(a, email);
	if (who[0] == '\0')
		who = "Someone";
	return excerpt_cut(a, arena_fmt(a, "%s: %s", who, excerpt_fold(a, text)), max);
}
