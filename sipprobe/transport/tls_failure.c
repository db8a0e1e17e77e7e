#include <openssl/err.h>
#include <stdio.h>

#include "sipprobe/transport/tls_record.h"

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
	ALERT_ACCESS_DENIED = 49,
	ALERT_PROTOCOL_VERSION = 70,
	ALERT_CERTIFICATE_REQUIRED = 116,
};

static const struct {
	int reason; /* of ERR_LIB_SSL */
	enum tls_failure failure;
	const char *text;
} reasons[] = {
	{SSL_R_UNEXPECTED_EOF_WHILE_READING, TLS_FAILURE_HANDSHAKE,
	 "connection closed by the peer during the handshake"},
	{SSL_R_WRONG_VERSION_NUMBER, TLS_FAILURE_OTHER, "peer does not speak TLS"},
	{SSL_R_HTTP_REQUEST, TLS_FAILURE_OTHER, "peer does not speak TLS"},
	{SSL_R_HTTPS_PROXY_REQUEST, TLS_FAILURE_OTHER, "peer does not speak TLS"},
	{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, TLS_FAILURE_UNTRUSTED,
	 "peer showed no certificate"},
	{SSL_R_NO_SHARED_CIPHER, TLS_FAILURE_OTHER, "no cipher in common"},
};

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

static enum tls_failure say_alert(const SSL *ssl, int code, char *text, size_t size)
{
	bool late = SSL_is_init_finished(ssl) && code != ALERT_CERTIFICATE_REQUIRED &&
		    (code < ALERT_HANDSHAKE_FAILURE || code > ALERT_ACCESS_DENIED);

	snprintf(text, size, "%s by the peer: alert %s",
		 late ? "TLS ended" : "handshake refused", alert_name(code));
	return code == ALERT_PROTOCOL_VERSION ? TLS_FAILURE_VERSION
					      : TLS_FAILURE_HANDSHAKE;
}

static enum tls_failure say_version(const struct tls_record *rec, char *text, size_t size)
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
	return TLS_FAILURE_VERSION;
}

static enum tls_failure say_reason(int code, char *text, size_t size)
{
	const char *words;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].reason != code)
			continue;
		snprintf(text, size, "%s", reasons[i].text);
		return reasons[i].failure;
	}
	words = ERR_reason_error_string(ERR_peek_error());
	snprintf(text, size, "TLS failed: %s", words ? words : "unknown error");
	return TLS_FAILURE_OTHER;
}

enum tls_failure tls_failure_of(SSL *ssl, char *text, size_t size)
{
	const struct tls_record *rec = tls_record_of(ssl);
	unsigned long error = ERR_peek_error();
	int code = ERR_GET_REASON(error);

	if (rec->failure != TLS_FAILURE_NONE) {
		snprintf(text, size, "%s", rec->text);
		return rec->failure;
	}
	if (ERR_GET_LIB(error) != ERR_LIB_SSL)
		return say_reason(0, text, size);
	if (code > SSL_AD_REASON_OFFSET && code <= SSL_AD_REASON_OFFSET + UINT8_MAX)
		return say_alert(ssl, code - SSL_AD_REASON_OFFSET, text, size);
	if (code == SSL_R_UNSUPPORTED_PROTOCOL || code == SSL_R_VERSION_TOO_LOW)
		return say_version(rec, text, size);
	return say_reason(code, text, size);
}
