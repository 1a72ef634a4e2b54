/* optout_test - links that stop mail: only what was signed, only for what it was signed. */
#include "optout.h"

#include "t.h"

#define USER  "0b5a3a4e-6f0d-4c2e-9a51-3a8f1f0c7d11"
#define TYPE  "feedback.new"
#define OLD   "old-old-old-old-old-old-old-old-old"
#define FRESH "new-new-new-new-new-new-new-new-new"

static const struct token_keys old = { 1, { { NULL, OLD } } };
static const struct token_keys fresh = { 1, { { "b", FRESH } } };
static const struct token_keys both = { 2, { { "b", FRESH }, { "a", OLD } } };

static bool
fits(const struct token_keys *keys, const char *text, const char *type)
{
	char user[UUID_LEN + 1] = "untouched";
	bool ok = optout_check(keys, text, type, user);

	T_SAME(user, ok ? USER : "untouched", text);
	return ok;
}

int
main(void)
{
	static const char *const garbage[] = { "", "x", "=", USER,
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\xff",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	char text[OPTOUT_LEN + 2], other[OPTOUT_LEN + 1];

	optout_sign(&old, USER, TYPE, text);
	T_OK(strlen(text) == OPTOUT_LEN, "%s", text);
	T_OK(fits(&old, text, TYPE), "its own key");
	T_OK(fits(&both, text, TYPE), "a key that is being replaced");
	T_OK(!fits(&fresh, text, TYPE), "another key");
	T_OK(!fits(&old, text, "issue.new"), "another type");
	optout_sign(&both, USER, TYPE, other);
	T_OK(strcmp(text, other) != 0 && fits(&fresh, other, TYPE), "the first key signs");
	for (size_t i = 0; i < OPTOUT_LEN; i++) {
		char was = text[i];

		text[i] = was == 'A' ? 'B' : 'A';
		T_OK(!fits(&old, text, TYPE), "a wrong letter at %zu", i);
		text[i] = was;
	}
	text[OPTOUT_LEN] = 'A';
	text[OPTOUT_LEN + 1] = '\0';
	T_OK(!fits(&old, text, TYPE), "a letter more");
	text[OPTOUT_LEN - 1] = '\0';
	T_OK(!fits(&old, text, TYPE), "a letter less");
	for (size_t i = 0; i < COUNT(garbage); i++)
		T_OK(!fits(&both, garbage[i], TYPE), "garbage %zu", i);
	return T_DONE("optout");
}
