/* cron/mail: what hostile names, titles and texts can do to a message, which must be nothing. */
#include "cron/mail.h"

#include "t.h"

#define ID       "0b5a3a4e-6f0d-4c2e-9a51-3a8f1f0c7d11"
#define BOUNDARY "=_" ID

static struct arena a;

static const char *
message(const char *from, const char *subject, const char *text, const char *html)
{
	struct mail_sender sender = { NULL, NULL };
	struct letter l = { .id = ID,
		.from = &sender,
		.to = "owner@example.com",
		.subject = subject,
		.text = text,
		.html = html,
		.host = "carillon.example",
		.created = 1700000000 };
	const char *got;
	size_t n;

	if (!mail_sender_read(&a, from, &sender)) {
		T_OK(false, "sender %s is refused", from);
		return "";
	}
	mail_headers_read(&a, NULL, &l);
	got = mail_message(&a, &l, &n);
	T_OK(strlen(got) == n, "no NUL in %s", subject);
	return got;
}

/* The header field called name, with its continuation lines; NULL when there is none. */
static const char *
field(const char *m, const char *name)
{
	size_t n = strlen(name);
	const char *end;

	for (; strncmp(m, "\r\n", 2) != 0; m = strstr(m, "\r\n") + 2) {
		if (strncmp(m, name, n) != 0 || m[n] != ':')
			continue;
		for (end = m;
		     (end = strstr(end, "\r\n")) != NULL && (end[2] == ' ' || end[2] == '\t');
		     end++)
			;
		return arena_ndup(&a, m + n + 2, (size_t)(end - m) - n - 2);
	}
	return NULL;
}

/* Every line of m ends with CRLF and has at most 998 bytes; the header has exactly our fields. */
static void
check_shape(const char *m, const char *what)
{
	static const char *const fields[] = { "From: ", "To: ", "Subject: ", "Date: ",
		"Message-ID: ", "Auto-Submitted: ", "MIME-Version: ", "Content-Type: " };
	size_t seen = 0, boundaries = 0;
	bool head = true;

	while (*m != '\0') {
		size_t n = strcspn(m, "\r\n");

		T_OK(n <= 998, "%s: line of %zu", what, n);
		T_OK(m[n] == '\r' && m[n + 1] == '\n', "%s: line end", what);
		if (n == 0)
			head = false;
		if (head && m[0] != ' ') {
			T_OK(seen < COUNT(fields) &&
				strncmp(m, fields[seen], strlen(fields[seen])) == 0,
			    "%s: header line %.*s", what, (int)n, m);
			seen++;
		}
		T_OK(!head || n <= 78, "%s: header line of %zu", what, n);
		T_OK(!head || strspn(m, " ") < n || n == 0, "%s: line of spaces", what);
		if (!head && strncmp(m, "--" BOUNDARY, strlen("--" BOUNDARY)) == 0)
			boundaries++;
		m += n + (m[n] == '\r') + (m[n] != '\0');
	}
	T_OK(seen == COUNT(fields), "%s: %zu fields", what, seen);
	T_OK(boundaries == 3, "%s: %zu boundaries", what, boundaries);
}

static void
test_whole(void)
{
	static const char want[] = "From: \"Carillon\"\r\n <carillon@example.com>\r\n"
				   "To: owner@example.com\r\n"
				   "Subject: Your code\r\n"
				   "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
				   "Message-ID: <" ID "@carillon.example>\r\n"
				   "Auto-Submitted: auto-generated\r\n"
				   "MIME-Version: 1.0\r\n"
				   "Content-Type: multipart/alternative;\r\n"
				   " boundary=\"" BOUNDARY "\"\r\n\r\n"
				   "--" BOUNDARY "\r\n"
				   "Content-Type: text/plain; charset=utf-8\r\n"
				   "Content-Transfer-Encoding: 8bit\r\n\r\n"
				   "123456\r\nGr\xc3\xbc\xc3\x9f"
				   "e\r\n\r\n"
				   "--" BOUNDARY "\r\n"
				   "Content-Type: text/html; charset=utf-8\r\n"
				   "Content-Transfer-Encoding: 8bit\r\n\r\n"
				   "<p>123456</p>\r\n\r\n"
				   "--" BOUNDARY "--\r\n";
	const char *got = message("Carillon <carillon@example.com>", "Your code",
	    "123456\nGr\xc3\xbc\xc3\x9f"
	    "e\n",
	    "<p>123456</p>");

	T_SAME(got, want, "the whole message");
	check_shape(got, "whole");
}

static const struct {
	const char *what, *subject, *want;
} subjects[] = {
	{ "plain", "3 new issues in Demo Project", "3 new issues in Demo Project" },
	{ "empty", "", "" },
	{ "injection by CRLF", "x\r\nBcc: all@example.com", "x Bcc: all@example.com" },
	{ "by LF", "x\nBcc: all@example.com", "x Bcc: all@example.com" },
	{ "by CR", "x\rBcc: all@example.com", "x Bcc: all@example.com" },
	{ "a second header and a body", "x\r\n\r\n<b>body</b>", "x <b>body</b>" },
	{ "by NEL",
	    "x\xc2\x85"
	    "Bcc: y",
	    "x Bcc: y" },
	{ "by line separator",
	    "x\xe2\x80\xa8"
	    "Bcc: y",
	    "x Bcc: y" },
	{ "right-to-left override", "gpj\xe2\x80\xae.exe", "gpj .exe" },
	{ "only line ends", "\r\n\r\n", "" },
	{ "spaces around", "  a  b  ", "a b" },
	{ "folding",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb c",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb c" },
	{ "letters",
	    "Gr\xc3\xbc\xc3\x9f"
	    "e",
	    "=?UTF-8?B?R3LDvMOfZQ==?=" },
	{ "a letter at the cut", "123456789012345678901234567890123456789\xc3\xa9",
	    "=?UTF-8?B?MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5?=\r\n =?UTF-8?B?w6k=?=" },
	{ "no half of a letter", "12345678901234567890123456789012345678\xc3\xa9",
	    "=?UTF-8?B?MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg=?=\r\n =?UTF-8?B?w6k=?=" },
	{ "a false encoded word",
	    "=?UTF-8?B?QkNDOiB4?=", "=?UTF-8?B?PT9VVEYtOD9CP1FrTkRPaUI0Pz0=?=" },
};

static void
test_subjects(void)
{
	for (size_t i = 0; i < COUNT(subjects); i++) {
		const char *m = message("a@example.com", subjects[i].subject, "t", "<p>t</p>");

		T_SAME(field(m, "Subject"), subjects[i].want, subjects[i].what);
		check_shape(m, subjects[i].what);
	}
}

/* Subjects of every length, of one-, two-, three- and four-byte characters, with and without spaces. */
static void
test_lengths(void)
{
	static const char *const letters[] = { "x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x94\x94",
		"x ", "xyz " };

	for (size_t k = 0; k < COUNT(letters); k++)
		for (int n = 0; n < 400; n += 7) {
			char s[2000] = "";
			size_t len = strlen(letters[k]);

			for (int i = 0; i < n; i++)
				memcpy(s + (size_t)i * len, letters[k], len + 1);
			check_shape(message("a@example.com", s, "t", NULL), s);
			arena_reset(&a);
		}
}

static const struct {
	const char *from, *want;
} senders[] = {
	{ "a@example.com", "a@example.com" },
	{ "<a@example.com>", "a@example.com" },
	{ "A <a@example.com>", "\"A\"\r\n <a@example.com>" },
	{ "\"A, B\" <a@example.com>", "\"A, B\"\r\n <a@example.com>" },
	{ "A \"B\" C <a@example.com>", "\"A \\\"B\\\" C\"\r\n <a@example.com>" },
	{ "A\r\nBcc: x@y <a@example.com>", "\"A  Bcc: x@y\"\r\n <a@example.com>" },
	{ "\xc3\x84rger <a@example.com>", "=?UTF-8?B?w4RyZ2Vy?=\r\n <a@example.com>" },
	{ "A\\ <a@example.com>", "\"A\\\\\"\r\n <a@example.com>" },
};

static const char *const no_senders[] = { "", "x", "A <a@example.com", "A <x> <a@example.com>",
	"A <>", "a@example.com, b@example.com", "a@example.com\r\nBcc: x@y",
	"A <a@exa\nmple.com>" };

static void
test_senders(void)
{
	struct mail_sender s;

	for (size_t i = 0; i < COUNT(senders); i++) {
		const char *m = message(senders[i].from, "s", "t", NULL);

		T_SAME(field(m, "From"), senders[i].want, senders[i].from);
		check_shape(m, senders[i].from);
	}
	for (size_t i = 0; i < COUNT(no_senders); i++)
		T_OK(!mail_sender_read(&a, no_senders[i], &s), "%s", no_senders[i]);
	check_shape(
	    message("A name of such a length that the line it stands on has to be folded, and then "
		    "some more of it, because names can be long <a@example.com>",
		"s", "t", NULL),
	    "long name");
}

static const struct {
	const char *address;
	bool good;
} addresses[] = {
	{ "owner@example.com", true },
	{ "o.w+n_e-r@example.com", true },
	{ "carillon@localhost", true },
	{ "\xc3\xa4@example.com", true },
	{ "", false },
	{ "owner", false },
	{ "@example.com", false },
	{ "owner@", false },
	{ "a@b@example.com", false },
	{ "a@example.com,b@example.com", false },
	{ "a@example.com;b", false },
	{ "a@example.com\r\nBcc:b", false },
	{ "a@example.com\nBcc: b@example.com", false },
	{ "a b@example.com", false },
	{ "<a@example.com>", false },
	{ "\"a\"@example.com", false },
	{ "a@example.com(c)", false },
	{ "a\\@example.com", false },
	{ "a@ex\x7f"
	  "ample.com",
	    false },
	{ "a@ex\xe2\x80\xae"
	  "ample.com",
	    false },
	{ "a@ex\xc2\x85"
	  "ample.com",
	    false },
	{ "a@ex\xc2\x9b"
	  "ample.com",
	    false },
	{ "a@ex\xff"
	  "ample.com",
	    false },
};

static void
test_addresses(void)
{
	for (size_t i = 0; i < COUNT(addresses); i++)
		T_OK(mail_is_address(&a, addresses[i].address) == addresses[i].good, "%s",
		    addresses[i].address);
}

/* What the two parts of a message hold, decoded from quoted-printable where it is that. */
static const char *
part(const char *m, int which)
{
	const char *s = m, *end;
	bool quoted;
	char *out;
	size_t n = 0;

	for (int i = 0; i <= which; i++)
		s = strstr(s, "\r\n--" BOUNDARY) + 4;
	end = strstr(s, "\r\n--" BOUNDARY);
	quoted = strncmp(strstr(s, "Encoding: "), "Encoding: q", 11) == 0;
	s = strstr(s, "\r\n\r\n") + 4;
	out = arena_alloc(&a, (size_t)(end - s) + 1);
	for (; s < end; s++) {
		if (quoted && strncmp(s, "=\r\n", 3) == 0)
			s += 2;
		else if (quoted && *s == '=') {
			char hex[3] = { s[1], s[2], '\0' };

			out[n++] = (char)strtol(hex, NULL, 16);
			s += 2;
		} else
			out[n++] = *s;
	}
	return out;
}

static void
test_bodies(void)
{
	static const struct {
		const char *what, *text, *want;
	} bodies[] = {
		{ "line ends", "a\nb\r\nc\rd", "a\r\nb\r\nc\r\nd\r\n" },
		{ "boundary", "a\r\n--" BOUNDARY "--\r\nb", "a\r\n--" BOUNDARY "--\r\nb\r\n" },
		{ "controls",
		    "a\x01"
		    "b\x1b[2Jc\td\x7f",
		    "a b [2Jc\td \r\n" },
		{ "empty", "", "" },
		{ "dots", ".\n.\n", ".\r\n.\r\n" },
		{ "From", "From me", "From me\r\n" },
	};

	for (size_t i = 0; i < COUNT(bodies); i++) {
		const char *m = message("a@example.com", "s", bodies[i].text, bodies[i].text);

		T_SAME(part(m, 0), bodies[i].want, bodies[i].what);
		T_SAME(part(m, 1), bodies[i].want, bodies[i].what);
		check_shape(m, bodies[i].what);
	}
}

/* Lines around the limit, and of every kind of byte at every place of a quoted line. */
static void
test_long_lines(void)
{
	static const char mix[] = "a =\t\xc3\xa9. ";

	for (int n = 990; n < 1100; n++) {
		char *s = arena_alloc(&a, (size_t)n + 20);
		const char *m;

		for (int i = 0; i < n; i++)
			s[i] = mix[i % (int)(sizeof(mix) - 1)];
		memcpy(s + n, "\nend \n", 7);
		m = message("a@example.com", "s", s, NULL);
		check_shape(m, "long line");
		T_OK(strncmp(part(m, 0), s, (size_t)n) == 0, "line of %d", n);
		T_SAME(part(m, 0) + n, "\r\nend \r\n", "after it");
		T_OK((strstr(m, "Encoding: ")[10] == 'q') == (n > 998), "line of %d", n);
		arena_reset(&a);
	}
}

static void
test_html(void)
{
	const char *m = message("a@example.com", "s", "<script>alert('1')</script> & \"q\"", NULL);

	T_OK(strstr(part(m, 1), "<script") == NULL, "%s", part(m, 1));
	T_OK(strstr(part(m, 1), "&lt;script&gt;") != NULL && strstr(part(m, 1), "&amp;") != NULL,
	    "%s", part(m, 1));
}

static void
test_hosts(void)
{
	static const char *const hosts[][2] = {
		{ "http://127.0.0.1:8080", "127.0.0.1" },
		{ "https://carillon.example", "carillon.example" },
		{ "https://carillon.example/path", "carillon.example" },
		{ "http://[::1]:8080", "localhost" },
		{ "http://user@host/", "localhost" },
		{ "http://a>\r\nBcc: x/", "localhost" },
		{ "carillon.example", "localhost" },
		{ "http://", "localhost" },
	};

	for (size_t i = 0; i < COUNT(hosts); i++)
		T_SAME(mail_host(&a, hosts[i][0]), hosts[i][1], hosts[i][0]);
}

static const struct {
	const char *json, *want; /* "Name=value" each, in order */
} header_rows[] = {
	{ NULL, "Auto-Submitted=auto-generated " },
	{ "{}", "Auto-Submitted=auto-generated " },
	{ "[]", "Auto-Submitted=auto-generated " },
	{ "not JSON", "Auto-Submitted=auto-generated " },
	{ "{\"Auto-Submitted\":\"auto-replied\"}", "Auto-Submitted=auto-replied " },
	{ "{\"List-Unsubscribe-Post\":\"x\",\"List-Unsubscribe\":\"<https://a.example/u>\",\"References\":\"<a@b>\","
	  "\"In-Reply-To\":\"<a@b>\"}",
	    "In-Reply-To=<a@b> References=<a@b> List-Unsubscribe=<https://a.example/u> "
	    "List-Unsubscribe-Post=x Auto-Submitted=auto-generated " },
	{ "{\"Bcc\":\"x@example.com\",\"references\":\"<a@b>\",\"X-A\":\"b\"}",
	    "Auto-Submitted=auto-generated " },
	{ "{\"References\":\"<a@b>\\r\\nBcc: x@example.com\"}", "Auto-Submitted=auto-generated " },
	{ "{\"References\":\"<a@b>\\tx\"}", "Auto-Submitted=auto-generated " },
	{ "{\"References\":\"\\u00fc\"}", "Auto-Submitted=auto-generated " },
	{ "{\"References\":\"\"}", "Auto-Submitted=auto-generated " },
	{ "{\"References\":1}", "Auto-Submitted=auto-generated " },
	{ "{\"References\":null}", "Auto-Submitted=auto-generated " },
};

static void
test_headers(void)
{
	for (size_t i = 0; i < COUNT(header_rows); i++) {
		struct letter l = { .id = ID };
		const char *got = "";

		mail_headers_read(&a, header_rows[i].json, &l);
		for (size_t n = 0; n < l.nheaders; n++)
			got = arena_fmt(&a, "%s%s=%s ", got, l.headers[n].name, l.headers[n].value);
		T_SAME(got, header_rows[i].want, header_rows[i].json);
	}
}

/* For a way that carries seven bits a byte. */
static void
test_seven_bit(void)
{
	struct mail_sender sender = { NULL, "carillon@example.com" };
	struct letter l = { .id = ID,
		.from = &sender,
		.to = "owner@example.com",
		.subject = "Gr\xc3\xbc\xc3\x9f"
			   "e",
		.text = "Gr\xc3\xbc\xc3\x9f"
			"e = 1\n",
		.html = "<p>plain</p>\n",
		.host = "carillon.example",
		.created = 1700000000,
		.seven_bit = true };
	const char *got;
	size_t n;

	mail_headers_read(&a, NULL, &l);
	got = mail_message(&a, &l, &n);
	for (size_t i = 0; i < n; i++)
		T_OK((unsigned char)got[i] < 0x80, "byte %zu", i);
	T_OK(strstr(got, "\r\nGr=C3=BC=C3=9Fe =3D 1\r\n") != NULL, "%s", got);
	T_OK(strstr(got, "8bit\r\n\r\n<p>plain</p>\r\n") != NULL, "%s", got);
}

int
main(void)
{
	arena_init(&a, 64 * 1024 * 1024);
	test_whole();
	test_subjects();
	test_lengths();
	test_senders();
	test_addresses();
	test_bodies();
	test_long_lines();
	test_html();
	test_hosts();
	test_headers();
	test_seven_bit();
	arena_free(&a);
	return T_DONE("mail");
}
