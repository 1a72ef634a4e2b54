/* seal_test - signed ends of links: only what was signed, only for what it was signed. */
#include "seal.h"

#include "t.h"

#define ONE   "0b5a3a4e-6f0d-4c2e-9a51-3a8f1f0c7d11"
#define TWO   "7d1c2e64-0000-4fff-8abc-def012345678"
#define OLD   "old-old-old-old-old-old-old-old-old"
#define FRESH "new-new-new-new-new-new-new-new-new"

static const struct token_keys old = { 1, { { NULL, OLD } } };
static const struct token_keys fresh = { 1, { { "b", FRESH } } };
static const struct token_keys both = { 2, { { "b", FRESH }, { "a", OLD } } };

static struct seal
made(const char *purpose, const char *about, size_t n, const char *first, const char *second)
{
	struct seal s = { .purpose = purpose, .about = about, .n = n };

	snprintf(s.id[0], sizeof(s.id[0]), "%s", first);
	snprintf(s.id[1], sizeof(s.id[1]), "%s", second);
	return s;
}

/* Whether text is good for that, and says then what it was made of, and nothing otherwise. */
static bool
fits(const struct token_keys *keys, const char *text, const char *purpose, const char *about,
    size_t n)
{
	struct seal s = made(purpose, about, n, "untouched", "untouched");
	bool ok = seal_check(keys, text, &s);

	T_SAME(s.id[0], ok ? ONE : "untouched", text);
	T_SAME(s.id[1], ok && n == 2 ? TWO : "untouched", text);
	return ok;
}

static void
test_letters(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char was = text[i];

		text[i] = was == 'A' ? 'B' : 'A';
		T_OK(!fits(&old, text, "feed", "atom", 2), "a wrong letter at %zu", i);
		text[i] = (char)(was | 0x80);
		T_OK(!fits(&old, text, "feed", "atom", 2), "no letter at %zu", i);
		text[i] = was;
	}
	text[n] = 'A';
	text[n + 1] = '\0';
	T_OK(!fits(&old, text, "feed", "atom", 2), "a letter more");
	text[n - 1] = '\0';
	T_OK(!fits(&old, text, "feed", "atom", 2), "a letter less");
	text[0] = '\0';
	T_OK(!fits(&old, text, "feed", "atom", 2), "nothing");
}

int
main(void)
{
	struct seal two = made("feed", "atom", 2, ONE, TWO);
	struct seal one = made("feed", "atom", 1, ONE, "");
	struct seal turned = made("feed", "atom", 2, TWO, ONE);
	char text[SEAL_MAX + 2], other[SEAL_MAX + 1];

	seal_sign(&old, &two, text);
	T_OK(strlen(text) == SEAL_LEN(2) && SEAL_LEN(2) == 64, "%s", text);
	T_OK(fits(&old, text, "feed", "atom", 2), "its own key");
	T_OK(fits(&both, text, "feed", "atom", 2), "a key that is being replaced");
	T_OK(!fits(&fresh, text, "feed", "atom", 2), "another key");
	T_OK(!fits(&old, text, "feed", "calendar", 2), "about something else");
	T_OK(!fits(&old, text, "food", "atom", 2), "for something else");
	T_OK(!fits(&old, text, "feed", "atom", 1), "fewer ids");
	seal_sign(&old, &turned, other);
	T_OK(strcmp(text + 43, other + 43) != 0, "the order of the ids counts");
	seal_sign(&old, &one, other);
	T_OK(strlen(other) == SEAL_LEN(1) && SEAL_LEN(1) == 43, "%s", other);
	T_OK(fits(&old, other, "feed", "atom", 1), "one id");
	T_OK(!fits(&old, other, "feed", "atom", 2), "more ids");
	seal_sign(&both, &two, other);
	T_OK(fits(&fresh, other, "feed", "atom", 2), "the first key signs");
	test_letters(text, SEAL_LEN(2));
	return T_DONE("seal");
}
