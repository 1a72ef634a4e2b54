/* common/token: what is accepted and, mostly, what is not. */
#include "token.h"

#include <sodium.h>

#include "t.h"
#include "token_claims.h"

#define NOW     1700000100
#define K1      "0123456789abcdef0123456789abcdef"
#define K2      "the old secret, as long as it must be"

#define USER    "01234567-89ab-cdef-0123-456789abcdef"
#define SESSION "fedcba98-7654-3210-fedc-ba9876543210"
#define HEADER  "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define KID(k)  "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"" k "\"}"
#define CLAIMS \
	"{\"sub\":\"" USER \
	"\",\"email\":\"owner@example.com\",\"iat\":1700000000,\"exp\":1700086400,\"jti\":\"" SESSION \
	"\"}"

static struct arena scratch;

static const struct token_keys one = { 1, { { NULL, K1 } } };
static const struct token_keys named = { 2, { { "b", K1 }, { "a", K2 } } };
static const struct token_keys rotating = { 2, { { "b", K1 }, { NULL, K2 } } };
static const struct token_keys alike = { 2, { { "", K1 }, { NULL, K2 } } };

static const char *
base64url(const void *bytes, size_t n)
{
	char *s = arena_alloc(&scratch,
	    sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING));

	return sodium_bin2base64(s,
	    sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING), bytes, n,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* A token made by other means than token_make(). */
static const char *
sign(const char *header, const char *claims, const char *key)
{
	const char *s = arena_fmt(&scratch, "%s.%s", base64url(header, strlen(header)),
	    base64url(claims, strlen(claims)));
	crypto_auth_hmacsha256_state st;
	unsigned char mac[32];

	crypto_auth_hmacsha256_init(&st, (const unsigned char *)key, strlen(key));
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)s, strlen(s));
	crypto_auth_hmacsha256_final(&st, mac);
	return arena_fmt(&scratch, "%s.%s", s, base64url(mac, 32));
}

static enum token_status
check(const char *text, const struct token_keys *keys)
{
	struct token t = { .user = "untouched" };
	enum token_status st = token_check(&scratch, text, strlen(text), keys, NOW, &t);

	T_OK((st == TOKEN_OK) == (strcmp(t.user, "untouched") != 0), "%s", text);
	return st;
}

static const struct {
	const char *what, *header, *key;
	const struct token_keys *keys;
	enum token_status st;
} headers[] = {
	{ "ours", HEADER, K1, &one, TOKEN_OK },
	{ "another key", HEADER, K2, &one, TOKEN_BAD_MAC },
	{ "named", KID("b"), K1, &named, TOKEN_OK },
	{ "the old one", KID("a"), K2, &named, TOKEN_OK },
	{ "no name is the first key", HEADER, K1, &named, TOKEN_OK },
	{ "no name is not the second", HEADER, K2, &named, TOKEN_BAD_MAC },
	{ "names crossed", KID("a"), K1, &named, TOKEN_BAD_MAC },
	{ "names crossed back", KID("b"), K2, &named, TOKEN_BAD_MAC },
	{ "unknown name", KID("c"), K1, &named, TOKEN_BAD_HEADER },
	{ "empty name", KID(""), K1, &named, TOKEN_BAD_HEADER },
	{ "a name where keys have none", KID("b"), K1, &one, TOKEN_BAD_HEADER },
	{ "first named, old one not: new", KID("b"), K1, &rotating, TOKEN_OK },
	{ "first named, old one not: old", HEADER, K2, &rotating, TOKEN_OK },
	{ "neither is named: new", HEADER, K1, &alike, TOKEN_OK },
	{ "neither is named: old", HEADER, K2, &alike, TOKEN_OK },
	{ "none", "{\"alg\":\"none\",\"typ\":\"JWT\"}", K1, &one, TOKEN_BAD_HEADER },
	{ "HS512", "{\"alg\":\"HS512\",\"typ\":\"JWT\"}", K1, &one, TOKEN_BAD_HEADER },
	{ "RS256", "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", K1, &one, TOKEN_BAD_HEADER },
	{ "other order", "{\"typ\":\"JWT\",\"alg\":\"HS256\"}", K1, &one, TOKEN_BAD_HEADER },
	{ "white space", "{\"alg\": \"HS256\",\"typ\":\"JWT\"}", K1, &one, TOKEN_BAD_HEADER },
	{ "more", "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"x\":1}", K1, &one, TOKEN_BAD_HEADER },
	{ "less", "{\"alg\":\"HS256\"}", K1, &one, TOKEN_BAD_HEADER },
	{ "crit", "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":[\"x\"]}", K1, &one,
	    TOKEN_BAD_HEADER },
	{ "nothing", "", K1, &one, TOKEN_BAD_HEADER },
};

#define WITH(sub, email, iat, exp, jti) \
	"{\"sub\":" sub ",\"email\":" email ",\"iat\":" iat ",\"exp\":" exp ",\"jti\":" jti "}"
#define U "\"" USER "\""
#define E "\"a@b.c\""
#define J "\"" SESSION "\""

static const struct {
	const char *what, *claims;
	enum token_status st;
} claims[] = {
	{ "ours", CLAIMS, TOKEN_OK },
	{ "another claim", WITH(U, E, "1", "1700086400,\"x\":[1]", J), TOKEN_OK },
	{ "not yet over", WITH(U, E, "1", "1700000101", J), TOKEN_OK },
	{ "over now", WITH(U, E, "1", "1700000100", J), TOKEN_EXPIRED },
	{ "long over", WITH(U, E, "1", "2", J), TOKEN_EXPIRED },
	{ "before 1970", WITH(U, E, "1", "-1700000101", J), TOKEN_EXPIRED },
	{ "for ever", WITH(U, E, "1", "9223372036854775807", J), TOKEN_OK },
	{ "beyond", WITH(U, E, "1", "9223372036854775808", J), TOKEN_MALFORMED },
	{ "exp is text", WITH(U, E, "1", "\"1700086400\"", J), TOKEN_MALFORMED },
	{ "exp is a fraction", WITH(U, E, "1", "1700086400.5", J), TOKEN_MALFORMED },
	{ "exp is a power", WITH(U, E, "1", "17e8", J), TOKEN_MALFORMED },
	{ "exp is null", WITH(U, E, "1", "null", J), TOKEN_MALFORMED },
	{ "exp is true", WITH(U, E, "1", "true", J), TOKEN_MALFORMED },
	{ "iat is text", WITH(U, E, "\"1\"", "1700086400", J), TOKEN_MALFORMED },
	{ "sub is no uuid", WITH("\"1\"", E, "1", "1700086400", J), TOKEN_MALFORMED },
	{ "sub is a number", WITH("1", E, "1", "1700086400", J), TOKEN_MALFORMED },
	{ "sub is a list", WITH("[" U "]", E, "1", "1700086400", J), TOKEN_MALFORMED },
	{ "jti is no uuid", WITH(U, E, "1", "1700086400", "\"\""), TOKEN_MALFORMED },
	{ "email is a number", WITH(U, "1", "1", "1700086400", J), TOKEN_MALFORMED },
	{ "email is null", WITH(U, "null", "1", "1700086400", J), TOKEN_MALFORMED },
	{ "no sub", "{\"email\":" E ",\"iat\":1,\"exp\":1700086400,\"jti\":" J "}",
	    TOKEN_MALFORMED },
	{ "no exp", "{\"sub\":" U ",\"email\":" E ",\"iat\":1,\"jti\":" J "}", TOKEN_MALFORMED },
	{ "no jti", "{\"sub\":" U ",\"email\":" E ",\"iat\":1,\"exp\":1700086400}",
	    TOKEN_MALFORMED },
	{ "exp twice",
	    "{\"sub\":" U ",\"email\":" E ",\"iat\":1,\"exp\":1,\"exp\":1700086400,\"jti\":" J "}",
	    TOKEN_MALFORMED },
	{ "list", "[" CLAIMS "]", TOKEN_MALFORMED },
	{ "null", "null", TOKEN_MALFORMED },
	{ "empty object", "{}", TOKEN_MALFORMED },
	{ "nothing", "", TOKEN_MALFORMED },
	{ "white space before", " " CLAIMS, TOKEN_OK },
	{ "white space after", CLAIMS "\n", TOKEN_OK },
	{ "another order",
	    "{\"exp\":1700086400,\"sub\":" U ",\"jti\":" J ",\"iat\":1,\"email\":" E "}",
	    TOKEN_OK },
	{ "email with an escape", WITH(U, "\"a\\u0040b.c\"", "1", "1700086400", J), TOKEN_OK },
	{ "email beyond ASCII", WITH(U, "\"\u00e9@b.c\"", "1", "1700086400", J), TOKEN_OK },
	{ "email is no UTF-8", WITH(U, "\"\xff@b.c\"", "1", "1700086400", J), TOKEN_MALFORMED },
	{ "email with a tab", WITH(U, "\"\t@b.c\"", "1", "1700086400", J), TOKEN_MALFORMED },
	{ "capital letters",
	    WITH("\"01234567-89AB-CDEF-0123-456789ABCDEF\"", E, "1", "1700086400", J), TOKEN_OK },
	{ "zeros before", WITH(U, E, "1", "01700086400", J), TOKEN_MALFORMED },
	{ "15 digits", WITH(U, E, "0", "123456789012345", J), TOKEN_OK },
	{ "16 digits", WITH(U, E, "0", "1234567890123456", J), TOKEN_OK },
	{ "no digit", WITH(U, E, "1", "", J), TOKEN_MALFORMED },
	{ "cut short", "{\"sub\":" U ",\"email\":\"a@b.c", TOKEN_MALFORMED },
	{ "more behind", CLAIMS "}", TOKEN_MALFORMED },
	{ "NaN", WITH(U, E, "1", "NaN", J), TOKEN_MALFORMED },
};

/* Made elsewhere, so that we do not only agree with ourselves. */
static const char golden[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiIwMTIzNDU2Ny04OWFiLWNkZWYtMDEyMy00NTY3ODlhYmNkZWYiLCJlbWFpbCI6Im93bmVyQGV4YW1wbGUuY29t"
    "IiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwODY0MDAsImp0aSI6ImZlZGNiYTk4LTc2NTQtMzIxMC1mZWRjLWJhOTg3"
    "NjU0MzIxMCJ9.MZxDqxCWaPy_bVIl0nv9Ga-ZRTWLaEDs_O6THFn-lck";

static void
test_golden(void)
{
	struct token t = { .email = NULL };

	T_OK(token_check(&scratch, golden, strlen(golden), &one, NOW, &t) == TOKEN_OK, "golden");
	T_SAME(t.user, USER, "sub");
	T_SAME(t.session, SESSION, "jti");
	T_SAME(t.email, "owner@example.com", "email");
	T_OK(t.issued == 1700000000 && t.expires == 1700086400, "times");
	T_SAME(token_make(&scratch, &t, &one), golden, "made again");
	T_SAME(token_make(&scratch, &t, &named), sign(KID("b"), CLAIMS, K1), "made with a name");
}

/* Cut anywhere, one character changed anywhere, one more anywhere: never a token. */
static void
test_hostile(void)
{
	size_t n = strlen(golden);
	char *s = arena_alloc(&scratch, n + 2);
	struct token t;

	for (size_t i = 0; i < n; i++) {
		memcpy(s, golden, i);
		T_OK(token_check(&scratch, s, i, &one, NOW, &t) != TOKEN_OK, "first %zu bytes", i);
		for (int c = 0; c < 256; c++) {
			memcpy(s, golden, n);
			s[i] = (char)c;
			T_OK(s[i] == golden[i] ||
				token_check(&scratch, s, n, &one, NOW, &t) != TOKEN_OK,
			    "%02x at %zu", c, i);
			memmove(s + i + 1, golden + i, n - i);
			T_OK(token_check(&scratch, s, n + 1, &one, NOW, &t) != TOKEN_OK,
			    "%02x more at %zu", c, i);
		}
	}
}

/* Every length, and each with one letter for another: as libsodium reads it. */
static void
test_base64(void)
{
	unsigned char bytes[64], ours[64], theirs[64];
	size_t len;

	for (size_t n = 0; n < 80; n++)
		for (int c = 0; c < 128; c++) {
			char text[81];
			int got;

			memset(text, 'A', n);
			text[n / 2] = (char)c;
			text[n] = '\0';
			got = claims_decode(text, n, ours, 48);
			T_OK((got >= 0) ==
				(sodium_base642bin(theirs, 48, text, n, NULL, &len, NULL,
				     sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0),
			    "%zu with %02x", n, c);
			T_OK(got < 0 || ((size_t)got == len && memcmp(ours, theirs, len) == 0),
			    "%zu with %02x: other bytes", n, c);
		}
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		const char *text;

		randombytes_buf(bytes, n);
		text = base64url(bytes, n);
		T_OK(claims_decode(text, strlen(text), ours, n) == (int)n &&
			memcmp(ours, bytes, n) == 0,
		    "%s", text);
		T_OK(n == 0 || claims_decode(text, strlen(text), ours, n - 1) < 0, "no room: %s",
		    text);
	}
	T_OK(claims_decode("\xc1\xc1\xc1\xc1", 4, ours, sizeof(ours)) < 0, "beyond ASCII");
}

static void
test_shapes(void)
{
	const char *h = base64url(HEADER, strlen(HEADER)), *c = base64url(CLAIMS, strlen(CLAIMS));
	const char *good = sign(HEADER, CLAIMS, K1), *mac = strrchr(good, '.') + 1;
	char *s, longest[TOKEN_TEXT_MAX + 2];

	T_OK(check("", &one) == TOKEN_MALFORMED, "nothing");
	T_OK(check("..", &one) == TOKEN_MALFORMED, "dots");
	T_OK(check(arena_fmt(&scratch, "%s.%s", h, c), &one) == TOKEN_MALFORMED, "two parts");
	T_OK(check(arena_fmt(&scratch, "%s.%s.", h, c), &one) == TOKEN_MALFORMED, "no MAC");
	T_OK(check(arena_fmt(&scratch, "%s.", good), &one) == TOKEN_MALFORMED, "four parts");
	T_OK(check(arena_fmt(&scratch, "%s=", good), &one) == TOKEN_MALFORMED, "padding");
	T_OK(check(arena_fmt(&scratch, " %s", good), &one) == TOKEN_BAD_HEADER, "space before");
	T_OK(check(arena_fmt(&scratch, "%s.%.*s", h, 42, mac), &one) == TOKEN_MALFORMED,
	    "short MAC");
	/* the last character of 32 bytes holds four bits: the two others must be 0 */
	s = arena_dup(&scratch, good);
	s[strlen(s) - 1]++;
	T_OK(check(s, &one) == TOKEN_MALFORMED, "not canonical");
	memset(longest, 'A', sizeof(longest));
	longest[10] = longest[20] = '.';
	longest[TOKEN_TEXT_MAX + 1] = '\0';
	T_OK(check(longest, &one) == TOKEN_MALFORMED, "too long");
	longest[TOKEN_TEXT_MAX] = '\0';
	T_OK(check(longest, &one) == TOKEN_MALFORMED, "not too long");
}

static void
test_digests(void)
{
	const char *const texts[] = { "owner@example.com", "123456", NULL };
	const char *const moved[] = { "owner@example.com1", "23456", NULL };

	T_SAME(token_hash(&scratch, "car_agent_x"),
	    "\\x491cd3e94ddb6e1fb1595a67434fe6dc861f3211c2c6a403b4e7ccc2ec0ca236", "SHA-256");
	T_SAME(token_tag(&scratch, "hello, you", 5), "\"7eba74f2264d88eff5cde46b5643e6c0\"",
	    "the same in every process");
	T_SAME(token_digest(&scratch, "hello, you", 5), "2cf24dba5fb0a30e26e83b2ac5b9e29e",
	    "as many bytes as were told");
	T_SAME(token_mac(&scratch, K1, texts),
	    "\\x44ea26b306362868814b4c707ef9694d928a11b61d893dd27af38f456516bc62", "HMAC");
	T_OK(strcmp(token_mac(&scratch, K1, texts), token_mac(&scratch, K1, moved)) != 0,
	    "where one text ends counts");
}

static void
test_api_keys(void)
{
	static const struct {
		const char *s;
		bool is;
	} rows[] = {
		{ "car_agent_0123456789abcdef0123456789abcdef0123456789abcdef", true },
		{ "car_client_0123456789abcdef0123456789abcdef0123456789abcdef", true },
		{ "car_agent_0123456789abcdef0123456789abcdef0123456789abcde", false },
		{ "car_agent_0123456789abcdef0123456789abcdef0123456789abcdef0", false },
		{ "car_agent_0123456789ABCDEF0123456789abcdef0123456789abcdef", false },
		{ "car_agent_0123456789abcdef0123456789abcdef0123456789abcdeg", false },
		{ "car_other_0123456789abcdef0123456789abcdef0123456789abcdef", false },
		{ "CAR_agent_0123456789abcdef0123456789abcdef0123456789abcdef", false },
		{ "car_agent_", false },
		{ "", false },
	};
	const char *a = token_api_key(&scratch, "car_client_");

	for (size_t i = 0; i < COUNT(rows); i++)
		T_OK(token_is_api_key(rows[i].s, strlen(rows[i].s)) == rows[i].is, "%s", rows[i].s);
	T_OK(!token_is_api_key("car_agent_0123456789abcdef0123456789abcdef0123456789abcde\0", 58),
	    "NUL");
	T_OK(token_is_api_key(a, strlen(a)), "%s", a);
	T_OK(strcmp(a, token_api_key(&scratch, "car_client_")) != 0, "the same twice");
}

int
main(void)
{
	arena_init(&scratch, 16 * 1024 * 1024);
	for (size_t i = 0; i < COUNT(headers); i++)
		T_OK(check(sign(headers[i].header, CLAIMS, headers[i].key), headers[i].keys) ==
			headers[i].st,
		    "%s", headers[i].what);
	for (size_t i = 0; i < COUNT(claims); i++)
		T_OK(check(sign(HEADER, claims[i].claims, K1), &one) == claims[i].st, "%s",
		    claims[i].what);
	test_golden();
	test_hostile();
	test_base64();
	test_shapes();
	test_digests();
	test_api_keys();
	arena_free(&scratch);
	return T_DONE("token");
}
