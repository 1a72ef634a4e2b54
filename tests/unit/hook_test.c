/* hook_test - the signature of webhooks: a known one, every wrong one, both ends of the skew. */
#include "hook.h"

#include "t.h"

/* The example of the Standard Webhooks and Svix documentation. */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID     "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define BODY   "{\"test\": 2432232314}"
#define SIGN   "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define AT     1614265330

static const struct {
	const char *what, *secret, *id, *at, *signatures, *body;
	int64_t now;
	enum hook_status want;
} rows[] = {
	{ "the known one", SECRET, ID, "1614265330", SIGN, BODY, AT, HOOK_OK },
	{ "second of three", SECRET, ID, "1614265330", "v1,AAAA " SIGN " v2,x", BODY, AT, HOOK_OK },
	{ "two spaces", SECRET, ID, "1614265330", "v1,AAAA  " SIGN "  ", BODY, AT, HOOK_OK },
	{ "300 s late", SECRET, ID, "1614265330", SIGN, BODY, AT + 300, HOOK_OK },
	{ "301 s late", SECRET, ID, "1614265330", SIGN, BODY, AT + 301, HOOK_STALE },
	{ "300 s early", SECRET, ID, "1614265330", SIGN, BODY, AT - 300, HOOK_OK },
	{ "301 s early", SECRET, ID, "1614265330", SIGN, BODY, AT - 301, HOOK_STALE },
	{ "forged and late", SECRET, ID, "1614265330", "v1,AAAA", BODY, AT + 999, HOOK_FORGED },
	{ "no id", SECRET, NULL, "1614265330", SIGN, BODY, AT, HOOK_UNSIGNED },
	{ "empty id", SECRET, "", "1614265330", SIGN, BODY, AT, HOOK_UNSIGNED },
	{ "no time", SECRET, ID, NULL, SIGN, BODY, AT, HOOK_UNSIGNED },
	{ "a time that is none", SECRET, ID, "soon", SIGN, BODY, AT, HOOK_UNSIGNED },
	{ "a negative time", SECRET, ID, "-1614265330", SIGN, BODY, AT, HOOK_UNSIGNED },
	{ "a time with a tail", SECRET, ID, "1614265330x", SIGN, BODY, AT, HOOK_UNSIGNED },
	{ "a time without end", SECRET, ID, "1614265330161426533016142653301614265330", SIGN, BODY,
	    AT, HOOK_UNSIGNED },
	{ "no signature", SECRET, ID, "1614265330", NULL, BODY, AT, HOOK_UNSIGNED },
	{ "an empty list", SECRET, ID, "1614265330", "", BODY, AT, HOOK_FORGED },
	{ "spaces only", SECRET, ID, "1614265330", "   ", BODY, AT, HOOK_FORGED },
	{ "another version", SECRET, ID, "1614265330",
	    "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", BODY, AT, HOOK_FORGED },
	{ "no version", SECRET, ID, "1614265330",
	    "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", BODY, AT, HOOK_FORGED },
	{ "a beginning", SECRET, ID, "1614265330", "v1,g0hM9SsE", BODY, AT, HOOK_FORGED },
	{ "more behind it", SECRET, ID, "1614265330", SIGN "=", BODY, AT, HOOK_FORGED },
	{ "another letter", SECRET, ID, "1614265330",
	    "v1,h0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", BODY, AT, HOOK_FORGED },
	{ "another id", SECRET, "msg_x", "1614265330", SIGN, BODY, AT, HOOK_FORGED },
	{ "another time", SECRET, ID, "1614265331", SIGN, BODY, AT, HOOK_FORGED },
	{ "the same time, written otherwise", SECRET, ID, "01614265330", SIGN, BODY, AT,
	    HOOK_FORGED },
	{ "another body", SECRET, ID, "1614265330", SIGN, BODY " ", AT, HOOK_FORGED },
	{ "another secret", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ID, "1614265330", SIGN, BODY,
	    AT, HOOK_FORGED },
	{ "no secret", NULL, ID, "1614265330", SIGN, BODY, AT, HOOK_FORGED },
	{ "an empty secret", "whsec_", ID, "1614265330", SIGN, BODY, AT, HOOK_FORGED },
};

static const struct {
	const char *s;
	bool want;
} secrets[] = {
	{ SECRET, true },
	{ "whsec_AAAAAAAAAAAAAAAAAAAAAA==", true },          /* 16 bytes */
	{ "whsec_AAAAAAAAAAAAAAAAAAAA", false },             /* 15 */
	{ "whsec_AAAAAAAAAAAAAAAAAAAAAA", false },           /* no padding */
	{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa_w", false }, /* base64url */
	{ "whsec_MDEyMzQ1Njc5O\xa9\xb9\x96\xa6\xcd\xad\x93\xa7g==", false },
	{ "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false },
	{ "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false },
	{ "", false },
};

static void
test_own(struct arena *a)
{
	const char *one = hook_secret(a), *two = hook_secret(a);
	char sign[HOOK_SIGN_MAX];
	struct hook_headers h = { "d-1", "1700000000", sign };

	T_OK(strcmp(one, two) != 0, "two secrets are two");
	T_OK(hook_is_secret(one) && strlen(one) == 6 + 44, "%s", one);
	T_OK(hook_sign(one, "d-1", 1700000000, "\0b", 2, sign), "any bytes");
	T_OK(hook_verify(one, &h, "\0b", 2, 1700000000) == HOOK_OK, "what we sign we believe");
	T_OK(hook_verify(one, &h, "\0c", 2, 1700000000) == HOOK_FORGED, "behind a NUL too");
	T_OK(hook_verify(two, &h, "\0b", 2, 1700000000) == HOOK_FORGED, "under one secret only");
	T_OK(!hook_sign("whsec_x", "d-1", 1, "", 0, sign), "no secret signs nothing");
}

int
main(void)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct hook_headers h = { rows[i].id, rows[i].at, rows[i].signatures };
		enum hook_status got = hook_verify(rows[i].secret, &h, rows[i].body,
		    strlen(rows[i].body), rows[i].now);

		T_OK(got == rows[i].want, "%s: %d", rows[i].what, (int)got);
	}
	for (size_t i = 0; i < COUNT(secrets); i++)
		T_OK(hook_is_secret(secrets[i].s) == secrets[i].want, "%s", secrets[i].s);
	test_own(&a);
	arena_free(&a);
	return T_DONE("hook");
}
