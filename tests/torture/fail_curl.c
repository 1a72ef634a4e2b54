/* fail_curl - calls to libcurl that fail; only carillon-cron makes any. */
#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>

#include "fail_calls.h"

#define LIBCURL_CALL(type, name, params, args, failure) \
	INSTEAD(type, name, params) \
	{ \
		return fails(LIBCURL, #name) ? (failure) : __real_##name args; \
	}

/* What tests/lib/failing.mjs counts too. */
static const struct ending {
	CURLcode rc;
	bool done;  /* the other side got all of it, and answered */
	bool heard; /* the answer came, or its beginning */
} endings[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, false, false },
	{ CURLE_COULDNT_CONNECT, false, false },
	{ CURLE_OUT_OF_MEMORY, false, false },
	{ CURLE_OPERATION_TIMEDOUT, false, false },
	{ CURLE_SEND_ERROR, true, false },
	{ CURLE_RECV_ERROR, true, false },
	{ CURLE_OPERATION_TIMEDOUT, true, false },
	{ CURLE_OUT_OF_MEMORY, true, false },
	{ CURLE_PARTIAL_FILE, true, true },
	{ CURLE_RECV_ERROR, true, true },
};

static const struct ending *ending; /* of the last transfer, if it was made to fail */

INSTEAD(CURLcode, curl_easy_perform, (CURL * curl))
{
	ending = NULL;
	if (!fails(TRANSFER, "curl_easy_perform"))
		return __real_curl_easy_perform(curl);
	ending = &endings[control->way];
	snprintf(control->name, sizeof(control->name), "%s: %s", ending->done ? "sent" : "not sent",
	    curl_easy_strerror(ending->rc));
	if (ending->done)
		(void)__real_curl_easy_perform(curl);
	return ending->rc;
}

#undef curl_easy_getinfo
#undef curl_easy_setopt

INSTEAD(CURLcode, curl_easy_getinfo, (CURL * curl, CURLINFO info, ...))
{
	va_list ap;
	void *to;

	va_start(ap, info);
	to = va_arg(ap, void *);
	va_end(ap);
	if (fails(LIBCURL, "curl_easy_getinfo"))
		return CURLE_BAD_FUNCTION_ARGUMENT;
	if (ending != NULL && !ending->heard && info == CURLINFO_RESPONSE_CODE)
		*(long *)to = 0;
	else if (ending != NULL && !ending->done && info == CURLINFO_REQUEST_SIZE)
		*(long *)to = 0;
	else
		return __real_curl_easy_getinfo(curl, info, to);
	return CURLE_OK;
}

/* Every kind of value that we set is passed in 64 bits: pointers, long, curl_off_t. */
INSTEAD(CURLcode, curl_easy_setopt, (CURL * curl, CURLoption option, ...))
{
	va_list ap;
	void *value;

	va_start(ap, option);
	value = va_arg(ap, void *);
	va_end(ap);
	return fails(LIBCURL, "curl_easy_setopt") ? CURLE_OUT_OF_MEMORY
						  : __real_curl_easy_setopt(curl, option, value);
}

LIBCURL_CALL(CURLcode, curl_global_init, (long flags), (flags), CURLE_FAILED_INIT)
LIBCURL_CALL(CURL *, curl_easy_init, (void), (), NULL)
LIBCURL_CALL(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *s),
    (list, s), NULL)
LIBCURL_CALL(CURLHcode, curl_easy_header,
    (CURL * curl, const char *name, size_t at, unsigned origin, int request,
	struct curl_header **out),
    (curl, name, at, origin, request, out), CURLHE_OUT_OF_MEMORY)
LIBCURL_CALL(CURLU *, curl_url, (void), (), NULL)
LIBCURL_CALL(CURLUcode, curl_url_get, (const CURLU *u, CURLUPart what, char **part, unsigned flags),
    (u, what, part, flags), CURLUE_OUT_OF_MEMORY)
LIBCURL_CALL(CURLUcode, curl_url_set, (CURLU * u, CURLUPart part, const char *s, unsigned flags),
    (u, part, s, flags), CURLUE_OUT_OF_MEMORY)
