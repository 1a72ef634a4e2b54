#include "tls.h"

#include <curl/curl.h>

/* What OpenSSL calls X509_V_ERR_...; its headers are not needed for anything else. */
enum {
	NO_ISSUER = 2,
	NOT_YET = 9,
	EXPIRED = 10,
	SELF_SIGNED = 18,
	SELF_SIGNED_IN_CHAIN = 19,
	NO_ISSUER_HERE = 20,
	NO_FIRST_ISSUER = 21
};

bool
tls_set_up(void *curl, const char *ca_file)
{
	/* the folder of the system's authorities, libcurl's default, counts beside this file */
	return (ca_file == NULL || curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file) == CURLE_OK) &&
	    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
}

bool
tls_is_refused(int rc)
{
	return rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_USE_SSL_FAILED ||
	    rc == CURLE_SSL_CACERT_BADFILE;
}

static const char *
why_not_believed(long verdict)
{
	switch (verdict) {
	case NOT_YET:
		return "the server's certificate is not valid yet";
	case EXPIRED:
		return "the server's certificate has expired";
	case NO_ISSUER:
	case SELF_SIGNED:
	case SELF_SIGNED_IN_CHAIN:
	case NO_ISSUER_HERE:
	case NO_FIRST_ISSUER:
		return "nobody we know vouches for the server's certificate (see CARILLON_CA_FILE)";
	case 0: /* the chain was sound, or was not yet looked at */
	case 1:
		return "the server's certificate is for another name";
	default:
		return "the server's certificate is not valid";
	}
}

const char *
tls_why(void *curl, int rc)
{
	long verdict = 0;

	if (rc == CURLE_SSL_CACERT_BADFILE)
		return "CARILLON_CA_FILE cannot be read";
	if (rc == CURLE_USE_SSL_FAILED)
		return "the mail server offers no TLS (tls=off in CARILLON_MAIL_URL goes without)";
	if (rc != CURLE_PEER_FAILED_VERIFICATION)
		return curl_easy_strerror((CURLcode)rc);
	curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &verdict);
	return why_not_believed(verdict);
}
