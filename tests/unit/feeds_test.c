/* feeds_test - the writers of XML and iCalendar: well-formed whatever they are given. */
#include "cgi/feeds/ical.h"
#include "cgi/feeds/xml.h"
#include "text.h"

#include "t.h"

#define UNFIT  "\xef\xbf\xbd"
#define MONKEY "\xf0\x9f\x99\x88"

static struct arena scratch;

static const char *
taken(const struct out *o)
{
	return arena_ndup(&scratch, o->s, o->n);
}

/* ---- XML ---- */

static const struct {
	const char *what, *text, *want;
} xml_texts[] = {
	{ "nothing", "", "" },
	{ "words", "a b", "a b" },
	{ "markup", "<b>&amp;\"'</b>", "&lt;b&gt;&amp;amp;&quot;'&lt;/b&gt;" },
	{ "the end of a CDATA section", "]]>", "]]&gt;" },
	{ "line ends and a tab", "a\r\nb\rc\nd\te", "a&#13;&#10;b&#13;c&#10;d&#9;e" },
	{ "controls", "a\x01\x08\x0b\x0c\x1f\x7f", "a" UNFIT UNFIT UNFIT UNFIT UNFIT "\x7f" },
	{ "U+FFFD stays, U+FFFE and U+FFFF go", "\xef\xbf\xbd\xef\xbf\xbe\xef\xbf\xbf",
	    UNFIT UNFIT UNFIT },
	{ "U+FEFF and U+FF3E stay", "\xef\xbb\xbf\xef\xbc\xbe", "\xef\xbb\xbf\xef\xbc\xbe" },
	{ "letters of every length", "a\xc3\xa4\xe6\x97\xa5" MONKEY,
	    "a\xc3\xa4\xe6\x97\xa5" MONKEY },
	{ "no UTF-8", "a\xff\xc3", "a" UNFIT UNFIT },
};

static void
test_xml(void)
{
	for (size_t i = 0; i < COUNT(xml_texts); i++) {
		struct out o;

		out_init(&o, &scratch, 8);
		xml_text(&o, "t", xml_texts[i].text);
		T_SAME(taken(&o), arena_fmt(&scratch, "<t>%s</t>\n", xml_texts[i].want),
		    xml_texts[i].what);
		out_init(&o, &scratch, 8);
		xml_empty(&o, "t", (const char *const[]){ "a", xml_texts[i].text, NULL });
		T_SAME(taken(&o), arena_fmt(&scratch, "<t a=\"%s\"/>\n", xml_texts[i].want),
		    xml_texts[i].what);
	}
}

/* ---- iCalendar ---- */

static const struct {
	const char *what, *text, *want;
} ical_rows[] = {
	{ "nothing", "", "" },
	{ "words", "a: \"b\" c=d", "a: \"b\" c=d" },
	{ "what has a meaning", "a;b,c\\d", "a\\;b\\,c\\\\d" },
	{ "line ends", "a\nb\r\nc\rd\n\re", "a\\nb\\nc\\nd\\n\\ne" },
	{ "another property", "x\r\nATTENDEE:mailto:e@example.com",
	    "x\\nATTENDEE:mailto:e@example.com" },
	{ "controls, and a tab", "\x01\t\x0b\x1f\x7f", UNFIT "\t" UNFIT UNFIT UNFIT },
	{ "no UTF-8", "a\xff\xc3", "a" UNFIT UNFIT },
};

static void
test_ical(void)
{
	struct out o;

	for (size_t i = 0; i < COUNT(ical_rows); i++) {
		out_init(&o, &scratch, 8);
		ical_text(&o, "X", ical_rows[i].text);
		T_SAME(taken(&o), arena_fmt(&scratch, "X:%s\r\n", ical_rows[i].want),
		    ical_rows[i].what);
	}
	out_init(&o, &scratch, 8);
	ical_texts(&o, "C", (const char *const[]){ "a,b", "c;d", NULL });
	ical_raw(&o, "URL", "http://example.com/a;b,c\rX:1\n");
	ical_moment(&o, "DTSTART", "2024-01-15 10:00:00.129+00");
	T_SAME(taken(&o),
	    "C:a\\,b,c\\;d\r\nURL:http://example.com/a;b,c" UNFIT "X:1" UNFIT "\r\n"
	    "DTSTART:20240115T100000Z\r\n",
	    "other types");
}

/* Every line as long as it may be, no character cut, and the whole comes out again. */
static void
check_folds(const char *text)
{
	const char *s, *end, *unfolded = "";
	struct out o;

	out_init(&o, &scratch, 8);
	ical_text(&o, "SUMMARY", text);
	for (s = taken(&o); *s != '\0'; s = end + 2) {
		size_t lead = unfolded[0] != '\0';

		end = strstr(s, "\r\n");
		T_OK(end != NULL && end - s <= 75 && (end[2] == '\0' || end - s > 75 - 4),
		    "a line of %d bytes", end != NULL ? (int)(end - s) : -1);
		T_OK(text_is_utf8(s, (size_t)(end - s)), "cut inside a character");
		T_OK(!lead || *s == ' ', "a line goes on with a space");
		unfolded =
		    arena_fmt(&scratch, "%s%.*s", unfolded, (int)(end - s - (long)lead), s + lead);
	}
	T_SAME(unfolded, arena_fmt(&scratch, "SUMMARY:%s", text), "unfolded");
}

static void
test_folding(void)
{
	static const char *const letters[] = { "a", "\xc3\xa4", "\xe6\x97\xa5", MONKEY,
		"a" MONKEY };

	for (size_t i = 0; i < COUNT(letters); i++) {
		const char *text = "";

		for (int n = 0; n < 120; n++) {
			check_folds(text);
			text = arena_fmt(&scratch, "%s%s", text, letters[i]);
		}
	}
}

/* A backslash is never parted from what it is for. */
static void
test_escapes(void)
{
	const char *text = "";

	for (int n = 0; n < 160; n++) {
		struct out o;

		text = arena_fmt(&scratch, "%s%s", text, n % 2 == 0 ? "," : "ab\n");
		out_init(&o, &scratch, 8);
		ical_text(&o, "SUMMARY", text);
		T_OK(strstr(taken(&o), "\\\r\n") == NULL, "%d", n);
	}
}

int
main(void)
{
	arena_init(&scratch, 64 << 20);
	test_xml();
	test_ical();
	test_folding();
	test_escapes();
	arena_free(&scratch);
	return T_DONE("feeds");
}
