#include "optout.h"

#include <string.h>

#define PURPOSE "unsubscribe e-mail"

void
optout_sign(const struct token_keys *keys, const char *user, const char *type,
    char out[OPTOUT_LEN + 1])
{
	struct seal s = { .purpose = PURPOSE, .about = type, .n = 1 };
	char text[SEAL_MAX + 1];

	snprintf(s.id[0], sizeof(s.id[0]), "%s", user);
	seal_sign(keys, &s, text);
	memcpy(out, text, OPTOUT_LEN + 1);
}

bool
optout_check(const struct token_keys *keys, const char *text, const char *type,
    char user[UUID_LEN + 1])
{
	struct seal s = { .purpose = PURPOSE, .about = type, .n = 1 };

	if (!seal_check(keys, text, &s))
		return false;
	memcpy(user, s.id[0], sizeof(s.id[0]));
	return true;
}
