#include <openssl/err.h>
#include <stdio.h>

#include "sipprobe/tls/tls_record.h"

static const char *const failure_names[TLS_FAILURES] = {
	[TLS_FAILURE_NONE] = "none",
	[TLS_FAILURE_EXPIRED] = "expired",
	[TLS_FAILURE_NOT_YET_VALID] = "not_yet_valid",
	[TLS_FAILURE_UNTRUSTED] = "untrusted",
	[TLS_FAILURE_NAME] = "name",
	[TLS_FAILURE_VERSION] = "version",
	[TLS_FAILURE_HANDSHAKE] = "handshake",
	[TLS_FAILURE_TIMEOUT] = "timeout",
	[TLS_FAILURE_OTHER] = "other",
};

static const struct {
	const char *name;
	enum tls_failure cause;
} faults[TLS_FAULTS] = {
	[TLS_FAULT_NONE] = {"", TLS_FAILURE_NONE},
	[TLS_FAULT_EXPIRED] = {"expired", TLS_FAILURE_EXPIRED},
	[TLS_FAULT_ISSUER_EXPIRED] = {"issuer_expired", TLS_FAILURE_EXPIRED},
	[TLS_FAULT_NOT_YET_VALID] = {"not_yet_valid", TLS_FAILURE_NOT_YET_VALID},
	[TLS_FAULT_SELF_SIGNED] = {"self_signed", TLS_FAILURE_UNTRUSTED},
	[TLS_FAULT_ROOT] = {"root", TLS_FAILURE_UNTRUSTED},
	[TLS_FAULT_INTERMEDIATE] = {"intermediate", TLS_FAILURE_UNTRUSTED},
	[TLS_FAULT_PURPOSE] = {"purpose", TLS_FAILURE_UNTRUSTED},
	[TLS_FAULT_WEAK] = {"weak", TLS_FAILURE_UNTRUSTED},
	[TLS_FAULT_LARGE] = {"large", TLS_FAILURE_OTHER},
	[TLS_FAULT_CHAIN] = {"chain", TLS_FAILURE_UNTRUSTED},
	[TLS_FAULT_NO_CERTIFICATE] = {"no_certificate", TLS_FAILURE_UNTRUSTED},
	[TLS_FAULT_NAME] = {"name", TLS_FAILURE_NAME},
	[TLS_FAULT_VERSION] = {"version", TLS_FAILURE_VERSION},
	[TLS_FAULT_NOT_TLS] = {"not_tls", TLS_FAILURE_OTHER},
	[TLS_FAULT_OURS_WANTED] = {"ours_wanted", TLS_FAILURE_HANDSHAKE},
	[TLS_FAULT_OURS_UNTRUSTED] = {"ours_untrusted", TLS_FAILURE_HANDSHAKE},
	[TLS_FAULT_OURS_PURPOSE] = {"ours_purpose", TLS_FAILURE_HANDSHAKE},
	[TLS_FAULT_OURS_EXPIRED] = {"ours_expired", TLS_FAILURE_HANDSHAKE},
	[TLS_FAULT_OURS_REFUSED] = {"ours_refused", TLS_FAILURE_HANDSHAKE},
	[TLS_FAULT_PARAMETERS] = {"parameters", TLS_FAILURE_HANDSHAKE},
	[TLS_FAULT_SERVER_NAME] = {"server_name", TLS_FAILURE_HANDSHAKE},
	[TLS_FAULT_REFUSED] = {"refused", TLS_FAILURE_HANDSHAKE},
	[TLS_FAULT_CLOSED] = {"closed", TLS_FAILURE_HANDSHAKE},
	[TLS_FAULT_TIMEOUT] = {"timeout", TLS_FAILURE_TIMEOUT},
	[TLS_FAULT_OTHER] = {"other", TLS_FAILURE_OTHER},
};

/* RFC 8446 section 6, RFC 5246 section 7.2; OpenSSL 3.0 does not know all of them. */
static const struct {
	int code;
	const char *name;
} alerts[] = {
	{10, "unexpected message"},
	{20, "bad record mac"},
	{21, "decryption failed"},
	{22, "record overflow"},
	{30, "decompression failure"},
	{40, "handshake failure"},
	{41, "no certificate"},
	{42, "bad certificate"},
	{43, "unsupported certificate"},
	{44, "certificate revoked"},
	{45, "certificate expired"},
	{46, "certificate unknown"},
	{47, "illegal parameter"},
	{48, "unknown ca"},
	{49, "access denied"},
	{50, "decode error"},
	{51, "decrypt error"},
	{60, "export restriction"},
	{70, "protocol version"},
	{71, "insufficient security"},
	{80, "internal error"},
	{86, "inappropriate fallback"},
	{90, "user canceled"},
	{100, "no renegotiation"},
	{109, "missing extension"},
	{110, "unsupported extension"},
	{111, "certificate unobtainable"},
	{112, "unrecognized name"},
	{113, "bad certificate status response"},
	{114, "bad certificate hash value"},
	{115, "unknown psk identity"},
	{116, "certificate required"},
	{120, "no application protocol"},
};

enum {
	ALERT_HANDSHAKE_FAILURE = 40,
	ALERT_NO_CERTIFICATE = 41,
	ALERT_BAD_CERTIFICATE = 42,
	ALERT_UNSUPPORTED_CERTIFICATE = 43,
	ALERT_CERTIFICATE_REVOKED = 44,
	ALERT_CERTIFICATE_EXPIRED = 45,
	ALERT_CERTIFICATE_UNKNOWN = 46,
	ALERT_ILLEGAL_PARAMETER = 47,
	ALERT_UNKNOWN_CA = 48,
	ALERT_ACCESS_DENIED = 49,
	ALERT_PROTOCOL_VERSION = 70,
	ALERT_INSUFFICIENT_SECURITY = 71,
	ALERT_UNRECOGNIZED_NAME = 112,
	ALERT_CERTIFICATE_REQUIRED = 116,
};

/* What an alert says of our certificate, if the peer had asked for one; else of us. */
static const struct {
	int code;
	enum tls_fault shown; /* we showed one */
	enum tls_fault bare;  /* the peer asked for one and we have none */
	enum tls_fault unasked;
} alert_faults[] = {
	{ALERT_HANDSHAKE_FAILURE, TLS_FAULT_PARAMETERS, TLS_FAULT_OURS_WANTED,
	 TLS_FAULT_PARAMETERS},
	{ALERT_NO_CERTIFICATE, TLS_FAULT_OURS_REFUSED, TLS_FAULT_OURS_WANTED,
	 TLS_FAULT_OURS_WANTED},
	{ALERT_BAD_CERTIFICATE, TLS_FAULT_OURS_REFUSED, TLS_FAULT_OURS_WANTED,
	 TLS_FAULT_REFUSED},
	{ALERT_UNSUPPORTED_CERTIFICATE, TLS_FAULT_OURS_PURPOSE, TLS_FAULT_OURS_WANTED,
	 TLS_FAULT_REFUSED},
	{ALERT_CERTIFICATE_REVOKED, TLS_FAULT_OURS_REFUSED, TLS_FAULT_REFUSED,
	 TLS_FAULT_REFUSED},
	{ALERT_CERTIFICATE_EXPIRED, TLS_FAULT_OURS_EXPIRED, TLS_FAULT_REFUSED,
	 TLS_FAULT_REFUSED},
	{ALERT_CERTIFICATE_UNKNOWN, TLS_FAULT_OURS_REFUSED, TLS_FAULT_OURS_WANTED,
	 TLS_FAULT_REFUSED},
	{ALERT_UNKNOWN_CA, TLS_FAULT_OURS_UNTRUSTED, TLS_FAULT_REFUSED,
	 TLS_FAULT_REFUSED},
	{ALERT_ACCESS_DENIED, TLS_FAULT_OURS_REFUSED, TLS_FAULT_OURS_WANTED,
	 TLS_FAULT_REFUSED},
	{ALERT_CERTIFICATE_REQUIRED, TLS_FAULT_OURS_REFUSED, TLS_FAULT_OURS_WANTED,
	 TLS_FAULT_OURS_WANTED},
	{ALERT_ILLEGAL_PARAMETER, TLS_FAULT_PARAMETERS, TLS_FAULT_PARAMETERS,
	 TLS_FAULT_PARAMETERS},
	{ALERT_INSUFFICIENT_SECURITY, TLS_FAULT_PARAMETERS, TLS_FAULT_PARAMETERS,
	 TLS_FAULT_PARAMETERS},
	{ALERT_PROTOCOL_VERSION, TLS_FAULT_VERSION, TLS_FAULT_VERSION, TLS_FAULT_VERSION},
	{ALERT_UNRECOGNIZED_NAME, TLS_FAULT_SERVER_NAME, TLS_FAULT_SERVER_NAME,
	 TLS_FAULT_SERVER_NAME},
};

static const struct {
	int reason; /* of ERR_LIB_SSL */
	enum tls_fault fault;
	const char *text;
} reasons[] = {
	{SSL_R_UNEXPECTED_EOF_WHILE_READING, TLS_FAULT_CLOSED,
	 "connection closed by the peer during the handshake"},
	{SSL_R_WRONG_VERSION_NUMBER, TLS_FAULT_NOT_TLS, "peer does not speak TLS"},
	{SSL_R_HTTP_REQUEST, TLS_FAULT_NOT_TLS, "peer does not speak TLS"},
	{SSL_R_HTTPS_PROXY_REQUEST, TLS_FAULT_NOT_TLS, "peer does not speak TLS"},
	{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, TLS_FAULT_NO_CERTIFICATE,
	 "peer showed no certificate"},
	{SSL_R_EXCESSIVE_MESSAGE_SIZE, TLS_FAULT_LARGE,
	 "a message of the peer's handshake is too long"},
	{SSL_R_NO_SHARED_CIPHER, TLS_FAULT_OTHER, "no cipher in common"},
};

enum tls_failure tls_failure_of_fault(enum tls_fault f)
{
	return f < TLS_FAULTS ? faults[f].cause : TLS_FAILURE_OTHER;
}

const char *tls_fault_name(enum tls_fault f)
{
	return f < TLS_FAULTS ? faults[f].name : "";
}

const char *tls_failure_name(enum tls_failure f)
{
	return failure_names[f];
}

static const char *alert_name(int code)
{
	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
		if (alerts[i].code == code)
			return alerts[i].name;
	return "of an unknown kind";
}

/* A peer that asked for a certificate and got none, or got ours, means that. */
static enum tls_fault alert_fault(const SSL *ssl, const struct tls_record *rec, int code)
{
	bool shown = rec->asked && SSL_get_certificate(ssl);

	for (size_t i = 0; i < sizeof(alert_faults) / sizeof(alert_faults[0]); i++)
		if (alert_faults[i].code == code)
			return shown	    ? alert_faults[i].shown
			       : rec->asked ? alert_faults[i].bare
					    : alert_faults[i].unasked;
	return TLS_FAULT_REFUSED;
}

static enum tls_fault say_alert(const SSL *ssl, const struct tls_record *rec, int code,
				char *text, size_t size)
{
	bool late = SSL_is_init_finished(ssl) && code != ALERT_CERTIFICATE_REQUIRED &&
		    (code < ALERT_HANDSHAKE_FAILURE || code > ALERT_ACCESS_DENIED);

	snprintf(text, size, "%s by the peer: alert %s",
		 late ? "TLS ended" : "handshake refused", alert_name(code));
	return alert_fault(ssl, rec, code);
}

static enum tls_fault say_version(const struct tls_record *rec, char *text, size_t size)
{
	switch (rec->peer_version) {
	case SSL3_VERSION:
		snprintf(text, size, "peer offers SSL 3.0 only");
		break;
	case TLS1_VERSION:
	case TLS1_1_VERSION:
	case TLS1_2_VERSION:
		snprintf(text, size, "peer offers TLS 1.%d only",
			 rec->peer_version - TLS1_VERSION);
		break;
	default:
		snprintf(text, size, "no TLS version in common");
	}
	return TLS_FAULT_VERSION;
}

static enum tls_fault say_reason(int code, char *text, size_t size)
{
	const char *words;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].reason != code)
			continue;
		snprintf(text, size, "%s", reasons[i].text);
		return reasons[i].fault;
	}
	words = ERR_reason_error_string(ERR_peek_error());
	snprintf(text, size, "TLS failed: %s", words ? words : "unknown error");
	return TLS_FAULT_OTHER;
}

enum tls_fault tls_fault_of(SSL *ssl, char *text, size_t size)
{
	const struct tls_record *rec = tls_record_of(ssl);
	unsigned long error = ERR_peek_error();
	int code = ERR_GET_REASON(error);

	if (rec->fault != TLS_FAULT_NONE) {
		snprintf(text, size, "%s", rec->text);
		return rec->fault;
	}
	if (ERR_GET_LIB(error) != ERR_LIB_SSL)
		return say_reason(0, text, size);
	if (code > SSL_AD_REASON_OFFSET && code <= SSL_AD_REASON_OFFSET + UINT8_MAX)
		return say_alert(ssl, rec, code - SSL_AD_REASON_OFFSET, text, size);
	if (code == SSL_R_UNSUPPORTED_PROTOCOL || code == SSL_R_VERSION_TOO_LOW)
		return say_version(rec, text, size);
	return say_reason(code, text, size);
}

enum tls_failure tls_failure_of(SSL *ssl, char *text, size_t size)
{
	return tls_failure_of_fault(tls_fault_of(ssl, text, size));
}
