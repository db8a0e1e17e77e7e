/* Names in a certificate that no honest authority signs: what they prove, and look like.
 */
#include "sipprobe/tls/tls_identity.h"

#include <openssl/x509v3.h>
#include <string.h>

#include "tests/unit/tap.h"

static const struct {
	int type;
	const char *text;
	size_t len;
	bool proves; /* sbc.example */
	const char *shown;
} cases[] = {
	{GEN_DNS, "sbc.example", 11, true, "sbc.example"},
	{GEN_URI, "sip:sbc.example", 15, true, "sbc.example"},
	{GEN_URI, "sip:sbc.example:5061", 20, true, "sbc.example"},
	{GEN_DNS, "sbc.example\0.evil", 17, false, "sbc.example?.evil"},
	{GEN_URI, "sip:sbc.example\0.evil", 21, false, "no name"},
	{GEN_URI, "sip:sbc.example:5061\0", 21, false, "no name"},
	{GEN_URI, "sip:\0sbc.example", 16, false, "no name"},
};

static X509 *certificate(size_t i)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	X509 *cert = X509_new();

	ASN1_STRING_set(text, cases[i].text, (int)cases[i].len);
	GENERAL_NAME_set0_value(name, cases[i].type, text);
	sk_GENERAL_NAME_push(names, name);
	X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0);
	GENERAL_NAMES_free(names);
	return cert;
}

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		X509 *cert = certificate(i);
		char text[128];

		tls_identity_list(cert, text, sizeof(text));
		is_str(text, cases[i].shown, "what is shown of it");
		is_int(tls_identity_match(cert, "sbc.example"), cases[i].proves,
		       cases[i].proves ? "which proves the name" : "which does not");
		X509_free(cert);
	}
	return tap_done();
}
