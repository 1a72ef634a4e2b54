/* common/text: UTF-8, ids, addresses, links, what is shown, query strings, cookies, lists. */
#include "text.h"

#include "t.h"

static struct arena scratch;

/* A string literal with its length: some rows hold a NUL. */
#define S(s) s, sizeof(s) - 1

static const struct {
	const char *what, *s;
	size_t n;
	bool ok;
} utf8[] = {
	{ "nothing", S(""), true },
	{ "ASCII", S("abc\x7f"), true },
	{ "NUL", S("a\0b"), false },
	{ "U+0080", S("\xc2\x80"), true },
	{ "U+07FF", S("\xdf\xbf"), true },
	{ "U+0800", S("\xe0\xa0\x80"), true },
	{ "U+D7FF", S("\xed\x9f\xbf"), true },
	{ "U+E000", S("\xee\x80\x80"), true },
	{ "U+FFFF", S("\xef\xbf\xbf"), true },
	{ "U+10000", S("\xf0\x90\x80\x80"), true },
	{ "U+10FFFF", S("\xf4\x8f\xbf\xbf"), true },
	{ "overlong NUL", S("\xc0\x80"), false },
	{ "overlong slash", S("\xc0\xaf"), false },
	{ "overlong 7f", S("\xc1\xbf"), false },
	{ "overlong in three", S("\xe0\x9f\xbf"), false },
	{ "overlong in four", S("\xf0\x8f\xbf\xbf"), false },
	{ "first surrogate", S("\xed\xa0\x80"), false },
	{ "last surrogate", S("\xed\xbf\xbf"), false },
	{ "surrogate pair", S("\xed\xa0\xbd\xed\xb4\x94"), false },
	{ "U+110000", S("\xf4\x90\x80\x80"), false },
	{ "lead f5", S("\xf5\x80\x80\x80"), false },
	{ "lead ff", S("\xff"), false },
	{ "lead fe", S("\xfe\x83\xbf\xbf\xbf\xbf\xbf"), false },
	{ "lone continuation", S("a\x80"), false },
	{ "cut after 1 of 2", S("\xc3"), false },
	{ "cut after 2 of 3", S("\xe2\x82"), false },
	{ "cut after 3 of 4", S("\xf0\x9f\x94"), false },
	{ "ASCII inside",
	    S("\xe2\x82"
	      "a"),
	    false },
	{ "lead inside", S("\xe2\xe2\x82\xac"), false },
	{ "third byte bad", S("\xf0\x9f\x41\x94"), false },
	{ "fourth byte bad", S("\xf0\x9f\x94\xc0"), false },
	{ "mixed", S("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x94z"), true },
};

static const struct {
	const char *s;
	size_t n;
	const char *id; /* NULL: refused */
} uuids[] = {
	{ S("01234567-89ab-cdef-0123-456789abcdef"), "01234567-89ab-cdef-0123-456789abcdef" },
	{ S("01234567-89AB-CDEF-0123-456789ABCDEF"), "01234567-89ab-cdef-0123-456789abcdef" },
	{ S("0123456789abcdef0123456789abcdef"), NULL },
	{ S("{01234567-89ab-cdef-0123-456789abcdef}"), NULL },
	{ S("01234567-89ab-cdef-0123-456789abcde"), NULL },
	{ S("01234567-89ab-cdef-0123-456789abcdef0"), NULL },
	{ S("01234567-89ab-cdef-0123-456789abcdeg"), NULL },
	{ S("01234567_89ab-cdef-0123-456789abcdef"), NULL },
	{ S("0123456-789ab-cdef-0123-456789abcdef"), NULL },
	{ S("01234567-89ab-cdef-0123-456789abcde\0"), NULL },
	{ S("-----------------------------------6"), NULL },
	{ S(""), NULL },
};

static const struct {
	const char *s;
	size_t n;
	const char *address; /* NULL: refused */
} emails[] = {
	{ S("owner@example.com"), "owner@example.com" },
	{ S("Owner.Name+Tag@Example.COM"), "owner.name+tag@example.com" },
	{ S("o'brien@example.ie"), "o'brien@example.ie" },
	{ S("a@b"), "a@b" },
	{ S("a@localhost"), "a@localhost" },
	{ S("x@1.2.3.4"), "x@1.2.3.4" },
	{ S("a_b-c@d-e.f"), "a_b-c@d-e.f" },
	{ S("123456789012345678901234567890123456789012345678901234567890abcd@x.y"),
	    "123456789012345678901234567890123456789012345678901234567890abcd@x.y" },
	{ S("123456789012345678901234567890123456789012345678901234567890abcde@x.y"), NULL },
	{ S("a@123456789012345678901234567890123456789012345678901234567890abc.y"),
	    "a@123456789012345678901234567890123456789012345678901234567890abc.y" },
	{ S("a@123456789012345678901234567890123456789012345678901234567890abcd.y"), NULL },
	{ S(""), NULL },
	{ S("@"), NULL },
	{ S("a"), NULL },
	{ S("a@"), NULL },
	{ S("@b.c"), NULL },
	{ S("a@b@c"), NULL },
	{ S(".a@b.c"), NULL },
	{ S("a.@b.c"), NULL },
	{ S("a..b@c.d"), NULL },
	{ S("a@.b"), NULL },
	{ S("a@b."), NULL },
	{ S("a@b..c"), NULL },
	{ S("a@-b.c"), NULL },
	{ S("a@b-.c"), NULL },
	{ S("a@b_c.d"), NULL },
	{ S("a b@c.d"), NULL },
	{ S(" a@b.c"), NULL },
	{ S("a@b.c "), NULL },
	{ S("a@b.c\n"), NULL },
	{ S("a\r\nBcc: x@y.z@b.c"), NULL },
	{ S("\"a\"@b.c"), NULL },
	{ S("a\\@b.c"), NULL },
	{ S("<a@b.c>"), NULL },
	{ S("A <a@b.c>"), NULL },
	{ S("a,b@c.d"), NULL },
	{ S("a@[127.0.0.1]"), NULL },
	{ S("a\0b@c.d"), NULL },
	{ S("a@b.c\0"), NULL },
	{ S("\xc3\xa4@b.c"), NULL },
	{ S("a@\xc3\xa4.de"), NULL },
	{ S("a\x7f@b.c"), NULL },
};

static const struct {
	const char *s;
	bool ok;
} links[] = {
	{ "/", true },
	{ "/dashboard/issues?project=1&x=%20#top", true },
	{ "/a//b", true },
	{ "/a.b", true },
	{ "/\xc3\xa4", true },
	{ "", false },
	{ "dashboard", false },
	{ "//evil.example", false },
	{ "/\\evil.example", false },
	{ "\\\\evil.example", false },
	{ "/a\\b", false },
	{ "https://evil.example", false },
	{ "javascript:alert(1)", false },
	{ " /a", false },
	{ "/a b", false },
	{ "/\t/evil.example", false },
	{ "/\n/evil.example", false },
	{ "/a\r\nSet-Cookie: x", false },
	{ "/a\x01", false },
	{ "/a\x7f", false },
	{ "/../x", false },
	{ "/a/..", false },
	{ "/a..b", false },
};

static const struct {
	const char *what, *s, *line;
} lines[] = {
	{ "plain", "3 new issues in Demo Project", "3 new issues in Demo Project" },
	{ "header injection", "a\r\nBcc: x", "a  Bcc: x" },
	{ "C0 and DEL",
	    "a\x01\x1f\x7f"
	    "b\t",
	    "a   b " },
	{ "C1", "a\xc2\x85\xc2\x80\xc2\x9f\xc2\xa0", "a   \xc2\xa0" },
	{ "separators",
	    "a\xe2\x80\xa8\xe2\x80\xa9"
	    "b",
	    "a  b" },
	{ "marks", "\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "   " },
	{ "embeddings", "\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae", "     " },
	{ "isolates", "\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9", "    " },
	{ "neighbours", "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa", NULL },
	{ "characters", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x94", NULL },
	{ "bad UTF-8",
	    "a\xff"
	    "b\xe2\x82",
	    "a?b??" },
};

static const struct {
	const char *s, *html;
} htmls[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "<b title=\"x\" id='y'>&amp;</b>",
	    "&lt;b title=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;&lt;/b&gt;" },
	{ "\xc3\xa4", "\xc3\xa4" },
};

static const struct {
	const char *query, *name, *value;
	size_t n;
} queries[] = {
	{ NULL, "a", NULL, 0 },
	{ "", "a", NULL, 0 },
	{ "a=1", "a", S("1") },
	{ "a=1&b=2", "b", S("2") },
	{ "a", "a", S("") },
	{ "a=", "a", S("") },
	{ "a=b=c", "a", S("b=c") },
	{ "aa=1", "a", NULL, 0 },
	{ "A=1", "a", NULL, 0 },
	{ "a=1&a=2", "a", NULL, 0 },
	{ "a=1&b&a=1", "a", NULL, 0 },
	{ "a=1&%61=1", "a", NULL, 0 },
	{ "a=1&a=2&a=3", "a", NULL, 0 },
	{ "a=1&a=2&b=3", "b", S("3") },
	{ "&&a=1&", "a", S("1") },
	{ "=1", "", S("1") },
	{ "a=x+y%20z", "a", S("x y z") },
	{ "a=%2B%26%3d", "a", S("+&=") },
	{ "%61b=1", "ab", S("1") },
	{ "a=%00", "a", S("\0") },
	{ "a=1%00b", "a", S("1\0b") },
	{ "a%00=1", "a", NULL, 0 },
	{ "a=%", "a", S("%") },
	{ "a=%4", "a", S("%4") },
	{ "a=%4&b=1", "a", S("%4") },
	{ "a=%zz%4g", "a", S("%zz%4g") },
	{ "a=%%41", "a", S("%A") },
	{ "a=%e2%82%AC", "a", S("\xe2\x82\xac") },
	{ "a=1;b=2", "b", NULL, 0 },
};

static const struct {
	const char *header, *name, *value; /* NULL: absent */
} cookies[] = {
	{ NULL, "token", NULL },
	{ "", "token", NULL },
	{ "token=abc", "token", "abc" },
	{ "a=1; token=abc; b=2", "token", "abc" },
	{ "a=1;token=abc;b=2", "token", "abc" },
	{ " \ttoken=abc \t", "token", "abc" },
	{ "token=", "token", "" },
	{ "token=a=b", "token", "a=b" },
	{ "token", "token", NULL },
	{ "Token=abc", "token", NULL },
	{ "xtoken=abc", "token", NULL },
	{ "tokenx=abc", "token", NULL },
	{ "__Host-token=abc", "token", NULL },
	{ "__Host-token=abc; token=x", "__Host-token", "abc" },
	{ "token=a; token=b", "token", NULL },
	{ "token=a; token=a", "token", NULL },
	{ "token=a; token", "token", "a" },
	{ "a=token=b", "token", NULL },
	{ ";;; ;token=x;;", "token", "x" },
};

static const struct {
	const char *header, *token;
	bool has;
} lists[] = {
	{ NULL, "a", false },
	{ "", "a", false },
	{ "handling=strict", "handling=strict", true },
	{ "handling=lenient", "handling=strict", false },
	{ "respond-async, Handling=Strict ; foo=bar, wait=5", "handling=strict", true },
	{ "handling=strict;wait=5", "handling=strict", true },
	{ "x;handling=strict", "handling=strict", false },
	{ "x;a,handling=strict", "handling=strict", true },
	{ "handling=strictly", "handling=strict", false },
	{ "xhandling=strict", "handling=strict", false },
	{ ",,\thandling=strict\t,", "handling=strict", true },
	{ "\"a-1\", \"a-2\"", "\"a-2\"", true },
	{ "W/\"a-2\"", "\"a-2\"", false },
	{ "*", "*", true },
};

static void
test_utf8(void)
{
	for (size_t i = 0; i < COUNT(utf8); i++) {
		/* a copy of just that many bytes: reading past them is found */
		char *copy = arena_alloc(&scratch, utf8[i].n);

		memcpy(copy, utf8[i].s, utf8[i].n);
		T_OK(text_is_utf8(copy, utf8[i].n) == utf8[i].ok, "%s", utf8[i].what);
	}
}

/* The bytes of code point c as UTF-8 has them, also where it forbids them. */
static size_t
encode(uint32_t c, char s[4])
{
	static const unsigned lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		s[i] = (char)(0x80 | (c & 0x3f));
	s[0] = (char)(lead[n] | c);
	return n;
}

static void
test_every_character(void)
{
	uint32_t wrong = 0;
	char s[4];

	for (uint32_t c = 1; c <= 0x120000; c++) {
		size_t n = encode(c, s), want = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) ? n : 0;

		if (text_char(s, n) != want || text_char(s, n - 1) != 0)
			wrong = c;
	}
	T_OK(wrong == 0, "U+%04X", (unsigned)wrong);
}

static void
test_kinds(void)
{
	char id[UUID_LEN + 1], address[EMAIL_MAX + 1], link[TEXT_LINK_MAX + 2] = "/";

	for (size_t i = 0; i < COUNT(uuids); i++) {
		memcpy(id, "as it was", 10);
		T_OK(text_uuid(uuids[i].s, uuids[i].n, id) == (uuids[i].id != NULL), "%s",
		    uuids[i].s);
		T_SAME(id, uuids[i].id != NULL ? uuids[i].id : "as it was", uuids[i].s);
	}
	for (size_t i = 0; i < COUNT(emails); i++) {
		const char *want = emails[i].address != NULL ? emails[i].address : "as it was";

		memcpy(address, "as it was", 10);
		T_OK(text_email(emails[i].s, emails[i].n, address) == (emails[i].address != NULL),
		    "%s", emails[i].s);
		T_SAME(address, want, emails[i].s);
	}
	for (size_t i = 0; i < COUNT(links); i++)
		T_OK(text_is_link(links[i].s) == links[i].ok, "%s", links[i].s);
	memset(link + 1, 'a', TEXT_LINK_MAX);
	T_OK(!text_is_link(link), "too long a link");
	link[TEXT_LINK_MAX] = '\0';
	T_OK(text_is_link(link), "the longest link");
}

/* 254 bytes are the most an address may have. */
static void
test_longest_email(void)
{
	char s[300], out[EMAIL_MAX + 1];

	memset(s, 'a', sizeof(s));
	s[64] = '@';
	s[64 + 64] = s[64 + 128] = '.';
	s[64 + 188] = '.';
	T_OK(text_email(s, EMAIL_MAX, out), "254 bytes");
	T_OK(strlen(out) == EMAIL_MAX, "%zu bytes", strlen(out));
	T_OK(!text_email(s, EMAIL_MAX + 1, out), "255 bytes");
}

static void
test_shown(void)
{
	for (size_t i = 0; i < COUNT(lines); i++)
		T_SAME(text_one_line(&scratch, lines[i].s),
		    lines[i].line != NULL ? lines[i].line : lines[i].s, lines[i].what);
	for (size_t i = 0; i < COUNT(htmls); i++)
		T_SAME(text_html(&scratch, htmls[i].s), htmls[i].html, htmls[i].s);
	T_SAME(text_clean(&scratch, S("a\0b\xff\xe2\x82\xac\xe2\x82")), "a?b?\xe2\x82\xac??",
	    "clean");
	T_SAME(text_clean(&scratch, S("")), "", "clean nothing");
	T_SAME(text_count(&scratch, 0, "day"), "0 days", "none");
	T_SAME(text_count(&scratch, 1, "day"), "1 day", "one");
	T_SAME(text_count(&scratch, INT64_MAX, "day"), "9223372036854775807 days", "many");
	T_OK(text_length("") == 0 && text_length("a\xc3\xa4\xf0\x9f\x94\x94") == 3, "length");
	T_OK(text_prefix("a\xc3\xa4\xe2\x82\xac", 0) == 0, "prefix 0");
	T_OK(text_prefix("a\xc3\xa4\xe2\x82\xac", 1) == 1, "prefix 1");
	T_OK(text_prefix("a\xc3\xa4\xe2\x82\xac", 2) == 3, "prefix 2");
	T_OK(text_prefix("a\xc3\xa4\xe2\x82\xac", 3) == 6, "prefix 3");
	T_OK(text_prefix("a\xc3\xa4\xe2\x82\xac", 9) == 6, "prefix 9");
}

static void
test_query(void)
{
	const char *at = "b=2&&%61%00x=1&c&=%zz&d%ff=", *none = NULL;
	size_t n;

	for (size_t i = 0; i < COUNT(queries); i++) {
		const char *value = text_query(&scratch, queries[i].query, queries[i].name, &n);

		T_OK((value != NULL) == (queries[i].value != NULL), "%s", queries[i].query);
		if (value != NULL && queries[i].value != NULL)
			T_OK(n == queries[i].n && memcmp(value, queries[i].value, n) == 0, "%s: %s",
			    queries[i].query, value);
	}
	T_SAME(text_query_next(&scratch, &at), "b", "first");
	T_SAME(text_query_next(&scratch, &at), "a?x", "a name with a NUL");
	T_SAME(text_query_next(&scratch, &at), "c", "no value");
	T_SAME(text_query_next(&scratch, &at), "", "no name");
	T_SAME(text_query_next(&scratch, &at), "d?", "no UTF-8");
	T_SAME(text_query_next(&scratch, &at), NULL, "end");
	T_SAME(text_query_next(&scratch, &at), NULL, "end again");
	T_SAME(text_query_next(&scratch, &none), NULL, "no query");
}

static void
test_headers(void)
{
	size_t n;

	for (size_t i = 0; i < COUNT(cookies); i++) {
		const char *v = text_cookie(cookies[i].header, cookies[i].name, &n);

		T_SAME(v != NULL ? arena_ndup(&scratch, v, n) : NULL, cookies[i].value,
		    cookies[i].header);
	}
	for (size_t i = 0; i < COUNT(lists); i++)
		T_OK(text_has_token(lists[i].header, lists[i].token) == lists[i].has, "row %zu: %s",
		    i, lists[i].token);
}

int
main(void)
{
	arena_init(&scratch, 1024 * 1024);
	test_utf8();
	test_every_character();
	test_kinds();
	test_longest_email();
	test_shown();
	test_query();
	test_headers();
	arena_free(&scratch);
	return T_DONE("text");
}
